"""Changed files of every kind are used or refused; each one that was neither has a test here."""

from __future__ import annotations

import ast
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmskin_build.cache import MANIFEST, read_entry
from mmskin_build.cli import run
from mmskin_build.config import load_config
from mmskin_build.dataset.card import cell
from mmskin_build.dataset.manifest import SUMS
from mmskin_build.dataset.released import read_parts
from mmskin_build.dataset.verify import verify_release
from mmskin_build.errors import BookRegistryError, ConfigError, SchemaError
from mmskin_build.store import parse_json

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 20.0  # of the run in every test; `make fuzz` takes as long as it takes
DEEP = b"[" * 100_000


def test_changed_files_are_used_or_refused(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="the extra 'train' is not installed")
    from fuzz import fuzz

    report = fuzz(files=400, seed=0, out=tmp_path, seconds=SECONDS)
    assert report.bad == []
    assert sum(report.counts.values()) > 10


# -------------------------------------------------------------------------- found by longer runs


def test_json_that_is_nested_too_deeply_is_no_json(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nested too deeply"):
        parse_json(DEEP)
    with pytest.raises(SchemaError):
        read_parts({"MM-Skin-O.json": DEEP})
    (tmp_path / MANIFEST).write_bytes(DEEP)
    assert read_entry(tmp_path) is None


@pytest.mark.parametrize("value", ["[" * 5000, "9" * 5000, "\x00"])
def test_toml_that_the_parser_gives_up_is_refused(tmp_path: Path, value: str) -> None:
    settings, books = tmp_path / "mmskin.toml", tmp_path / "books.toml"
    settings.write_text(f"[pdf]\nmax_pages = {value}\n")
    with pytest.raises(ConfigError, match=r"mmskin\.toml"):
        load_config(settings)
    books.write_text(f'[[book]]\nid = "bk1"\npage_count = {value}\n')
    from mmskin_build.books import read_registry

    with pytest.raises(BookRegistryError, match=r"books\.toml"):
        read_registry(books)


def test_a_checksum_of_an_endless_name_is_told(tmp_path: Path) -> None:
    from made_releases import make_release

    release = make_release(tmp_path, 3)
    sums = release / SUMS
    sums.chmod(0o644)
    with sums.open("a") as file:
        file.write(f"{'0' * 64}  {'x' * 5000}\n")
    missing = [line for line in verify_release(release).problems if line.endswith("x: missing")]
    assert len(missing) == 1


@pytest.mark.parametrize(
    "settings",
    [{}, {"lora_alpha": 8}, {"lora_alpha": 8, "r": 0}, {"lora_alpha": [8], "r": 4},
     {"lora_alpha": float("nan"), "r": 4}, {"lora_alpha": 10**400, "r": 1}],
)  # fmt: skip
def test_an_adapter_without_its_numbers_is_refused(
    tmp_path: Path, settings: dict[str, object]
) -> None:
    pytest.importorskip("torch", reason="the extra 'train' is not installed")
    from mmskin_build.errors import ModelError
    from mmskin_build.skinvl.lora import open_adapter

    content = json.dumps({"peft_type": "LORA", **settings})
    (tmp_path / "adapter_config.json").write_text(content)
    with pytest.raises(ModelError, match="lora_alpha and r"):
        open_adapter(tmp_path, None)


@pytest.mark.parametrize(
    "name", ["../model.safetensors", "/etc/passwd", "x" * 5000, 7, None, ["a"], "a/../b"]
)
def test_an_index_of_shards_names_files_of_its_folder_only(tmp_path: Path, name: object) -> None:
    pytest.importorskip("torch", reason="the extra 'train' is not installed")
    from mmskin_build.errors import ModelError
    from mmskin_build.skinvl.weights import find_shards

    index = tmp_path / "in" / "model.safetensors.index.json"
    index.parent.mkdir()
    (tmp_path / "model.safetensors").write_bytes(b"")
    index.write_text(json.dumps({"weight_map": {"a": name}}))
    with pytest.raises(ModelError):
        find_shards(index.parent)


@pytest.mark.parametrize(
    ("key", "value"),
    [("max_position_embeddings", [None]), ("hidden_size", "wide"), ("vocab_size", {}),
     ("mm_vision_select_layer", "last"), ("rope_theta", [])],
)  # fmt: skip
def test_a_checkpoint_with_settings_of_another_kind_is_refused(
    tmp_path: Path, key: str, value: object
) -> None:
    pytest.importorskip("torch", reason="the extra 'train' is not installed")
    from mmskin_build.errors import ModelError
    from mmskin_build.skinvl.convert import convert_checkpoint
    from mmskin_build.skinvl.tiny import write_tiny_checkpoint

    write_tiny_checkpoint(tmp_path / "in")
    path = tmp_path / "in" / "config.json"
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {key: value}))
    with pytest.raises(ModelError, match="in"):
        convert_checkpoint(tmp_path / "in", tmp_path / "out", vision_tower="checkpoint")
    assert not (tmp_path / "out").exists()


# ------------------------------------------------------------------------------ what never happens


def test_text_in_markdown_is_neither_html_nor_a_link() -> None:
    assert cell("<b>[a](javascript:x)|\n") == "&lt;b>[a]&#40;javascript:x)\\|"


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Every call in the program, with the module it stands in."""
    for folder in (ROOT / "src" / "mmskin_build", ROOT / "flows"):
        for path in sorted(folder.rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    yield path.relative_to(folder).as_posix(), node


def test_no_pickle_and_no_code_is_read_from_files() -> None:
    own_workers = {"pdf/process.py", "pdf/isolation.py"}
    found = []
    for module, call in calls():
        name = ast.unparse(call.func)
        options = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
        if name.split(".")[0] in ("pickle", "marshal", "shelve", "dill", "joblib"):
            wrong = "load" in name and module not in own_workers
        elif name == "torch.load":
            wrong = options.get("weights_only") != "True"
        else:
            wrong = (
                name in ("eval", "exec", "yaml.load", "os.system", "os.popen", "pandas.read_pickle")
                or options.get("allow_pickle") == "True"
                or options.get("shell") == "True"
                or options.get("trust_remote_code") == "True"
            )
        if wrong:
            found.append(f"{module}: {ast.unparse(call)[:80]}")
    assert found == []


def test_no_archive_is_unpacked_by_the_names_of_its_members() -> None:
    unpacking = ("extractall", "extract", "unpack_archive")
    assert [m for m, call in calls() if ast.unparse(call.func).split(".")[-1] in unpacking] == []


def test_a_pickle_that_would_run_code_is_refused_and_not_run(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="the extra 'train' is not installed")
    import pickle

    from mmskin_build.errors import ModelError
    from mmskin_build.skinvl.weights import iter_tensors

    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            return os.mkdir, (str(tmp_path / "owned"),)

    path = tmp_path / "pytorch_model.bin"
    path.write_bytes(pickle.dumps({"a": Evil()}))
    with pytest.raises(ModelError):
        list(iter_tensors(path))
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("name", ["../escape", "/tmp/escape", "a/../../b", "a\x00b"])
def test_a_member_or_an_id_never_becomes_a_path(tmp_path: Path, name: str) -> None:
    """The other doors have tests of their own: releases, exports, metadata, review, MM-Skin."""
    out = ["--data", str(tmp_path / "data")]
    assert run(["books", "add", "x.pdf", "--id", name, *out]) == 3
    assert run(["release", name, *out]) in (3, 9)
    assert list(tmp_path.iterdir()) in ([], [tmp_path / "data"])
