"""What a network that learned a thousand kinds of things from photographs sees in a picture.

The network is EfficientNet-Lite0 (Tan and Le, ICML 2019; weights trained on ImageNet, Apache-2.0),
cut off after its 15th block, where cells answer to parts of things and to what they are made of.
``imagenet.json`` tells where it comes from. The mean of each channel over the picture is kept;
`bodyparts`, whose network knows people and little else, is asked beside it.

The picture comes without its margins and at one area, so that frames, size and file are not seen.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mmskin_build.errors import MissingDependencyError
from mmskin_build.images.read import crop_margins
from mmskin_build.pdf.process import is_out_of_memory

RgbImage = NDArray[np.uint8]
Map = NDArray[np.float32]

NETWORK_FILE, CARD_FILE = "imagenet.onnx", "imagenet.json"

SIDE_PX = 160  # the square root of the area on which the network looks
_STRIDE_PX = 32  # of one cell; sides are multiples of it
_MOST_SIDE_PX = 4 * SIDE_PX  # the longer side of very long pictures
CHANNELS = 192
_NAMES = tuple(f"things_{number}" for number in range(CHANNELS))
_MIDDLE, _RANGE = 127.0, 128.0  # of the values that the network learned from


def extract_imagenet(rgb: RgbImage, content: RgbImage | None = None) -> dict[str, float]:
    """Return the channels' means by name, always in the same order.

    Args:
        rgb: Pixels, (H, W, 3) uint8; `read.working_copy` is large enough.
        content: The picture without its margins, where somebody has it.

    Raises:
        MissingDependencyError: If onnxruntime or the network's file is not installed.
        ValueError: If the picture is empty.
    """
    if content is None:
        content = rgb if rgb.size == 0 else crop_margins(rgb)
    cells = see(content)
    means = cells.reshape(len(cells), -1).mean(axis=1, dtype=np.float64)
    return dict(zip(_NAMES, np.round(means, 4).tolist(), strict=True))


def select_things(described: Mapping[str, float]) -> dict[str, float]:
    """Return what `extract_imagenet` has added to a description, in its order."""
    return {name: described[name] for name in _NAMES}


def see(rgb: RgbImage) -> Map:
    """Return what the network sees in all of a picture, (channels, rows, columns).

    Raises:
        MissingDependencyError, ValueError: As for `extract_imagenet`.
    """
    height, width = rgb.shape[:2]
    if min(height, width) == 0:
        raise ValueError(f"a picture of {width} x {height} pixels shows nothing")
    scale = SIDE_PX / (height * width) ** 0.5
    size = (_fit(width * scale), _fit(height * scale))
    way = cv2.INTER_AREA if size[0] * size[1] < height * width else cv2.INTER_LINEAR
    small = cv2.resize(rgb, size, interpolation=way)
    blob = (np.asarray(small, np.float32) - _MIDDLE) / _RANGE
    (found,) = _session().run(None, {"picture": blob.transpose(2, 0, 1)[None]})
    return np.asarray(found[0], np.float32)


def _fit(length: float) -> int:
    return max(_STRIDE_PX, min(_MOST_SIDE_PX, round(length / _STRIDE_PX) * _STRIDE_PX))


@cache
def _session() -> Any:
    """The network on one thread, so that its sums do not depend on the machine's load."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    folder = resources.files(__package__)
    try:
        content = folder.joinpath(NETWORK_FILE).read_bytes()
        card = json.loads(folder.joinpath(CARD_FILE).read_text(encoding="utf-8"))
        if hashlib.sha256(content).hexdigest() != card["network_sha256"]:
            raise ValueError(f"{NETWORK_FILE} is not the file that {CARD_FILE} tells of")
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own errors share no base class
        if is_out_of_memory(error):
            raise MemoryError(str(error)) from None
        raise MissingDependencyError(
            f"the network of {NETWORK_FILE} cannot be loaded ({error}); install mmskin_build anew"
        ) from error
