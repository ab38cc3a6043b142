"""What the network of ImageNet sees: of the picture alone, of any picture, from a sound file."""

from __future__ import annotations

import collections
import importlib.util
import io
import os
import pickle
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from mmskin_build.errors import MissingDependencyError
from mmskin_build.images import imagenet
from mmskin_build.images.drawn_skin import draw_clinical, draw_dermoscopy
from mmskin_build.images.imagenet import extract_imagenet, see
from publisher_changes import enlarged, framed, mirrored, watermarked

TOOL = Path(__file__).parents[1] / "tools" / "make_imagenet.py"


def vector(rgb: np.ndarray) -> np.ndarray:
    return np.array(list(extract_imagenet(rgb).values()))


@pytest.mark.parametrize("change", [watermarked, framed, enlarged, mirrored])
def test_what_a_publisher_does_moves_it_less_than_another_picture_would(
    change: Callable[[np.ndarray], np.ndarray],
) -> None:
    shown = [
        draw(np.random.default_rng(seed))
        for seed in range(3)
        for draw in (draw_clinical, draw_dermoscopy)
    ]
    seen = np.array([vector(rgb) for rgb in shown])
    changed = np.array([vector(change(rgb)) for rgb in shown])
    scale = seen.std(axis=0) + 1e-3
    moved = np.linalg.norm((changed - seen) / scale, axis=1)
    apart = np.linalg.norm((seen[:, None] - seen[None]) / scale, axis=2)
    assert np.median(moved) < 0.6 * np.median(apart[apart > 0])


def test_it_is_named_the_same_for_every_picture_and_the_same_each_time() -> None:
    first, second = (draw_clinical(np.random.default_rng(seed)) for seed in (1, 2))
    assert list(extract_imagenet(first)) == list(extract_imagenet(second))
    assert extract_imagenet(first) == extract_imagenet(first) != extract_imagenet(second)


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (31, 700), (600, 400)])
@pytest.mark.parametrize("value", [0, 255])
def test_pictures_of_any_shape_are_seen(shape: tuple[int, int], value: int) -> None:
    assert np.isfinite(vector(np.full((*shape, 3), value, np.uint8))).all()


def test_an_empty_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="0 x 4 pixels"):
        extract_imagenet(np.zeros((4, 0, 3), np.uint8))


@pytest.fixture
def fresh() -> Iterator[None]:
    imagenet._session.cache_clear()
    yield
    imagenet._session.cache_clear()


@pytest.mark.usefixtures("fresh")
def test_a_file_that_is_not_the_one_of_its_card_is_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imagenet, "NETWORK_FILE", imagenet.CARD_FILE)
    with pytest.raises(MissingDependencyError, match="install mmskin_build anew"):
        see(np.zeros((64, 64, 3), np.uint8))


# ------------------------------------------------------------------------ the tool that makes it


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_imagenet", TOOL)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Named:
    """Pickles as a name of PyTorch's, which is not installed."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name


class Writer(pickle._Pickler):  # the one in Python lets a class be written as any name
    def save(self, obj: Any, save_persistent_id: bool = True) -> None:
        if isinstance(obj, Named):
            self.write(pickle.GLOBAL + f"{obj.module}\n{obj.name}\n".encode())
        elif isinstance(obj, Tensor):
            self.save(Named("torch._utils", "_rebuild_tensor_v2"))
            self.save((Storage(), 0, obj.shape, obj.strides, False, collections.OrderedDict()))
            self.write(pickle.REDUCE)
        elif isinstance(obj, Storage):
            self.save(("storage", Named("torch", "FloatStorage"), "7", "cpu", 6, None))
            self.write(pickle.BINPERSID)
        else:
            super().save(obj, save_persistent_id)


class Storage:
    pass


class Tensor:
    shape, strides = (2, 3), (1, 2)  # as TensorFlow's weights lie: turned


def write(*values: Any) -> bytes:
    file = io.BytesIO()
    for value in values:
        Writer(file, 2).dump(value)
    return file.getvalue()


def test_tensors_are_read_as_they_lie(tool: ModuleType) -> None:
    content = write(1, 1001, {}, {"a": Tensor()}, ["7"])
    content += struct.pack("<q", 6) + np.arange(6, dtype="<f4").tobytes()
    assert tool.read_tensors(content)["a"].tolist() == [[0, 2, 4], [1, 3, 5]]


def test_what_is_no_tensor_is_not_run(tool: ModuleType, tmp_path: Path) -> None:
    class Harm:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.mkdir, (str(tmp_path / "harm"),)

    with pytest.raises(pickle.UnpicklingError, match="no tensor"):
        tool.read_tensors(pickle.dumps(Harm(), 2))
    assert not (tmp_path / "harm").exists()
