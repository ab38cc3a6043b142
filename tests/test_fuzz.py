"""Changed files of every kind are used or refused; each one that was neither has a test here."""

from __future__ import annotations

import ast
import csv
import json
import os
import zipfile
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
from mmskin_build.store import file_sha256, parse_json

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
     ("mm_vision_select_layer", "last"), ("rope_theta", []), ("hidden_size", -32),
     ("num_hidden_layers", 10**9), ("num_attention_heads", 0)],
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


@pytest.mark.parametrize(
    "content",
    [
        b"\x80\x02X\x02\x00\x00\x00\xff\xfe.",  # a text that is no UTF-8
        b"\x80\x02h\x83.",  # what was never remembered
        b"\x80\x02.",  # the end, with nothing made
        b"\x80\x02}K\x01K\x02s.",  # a table whose keys are no names
        b"\x80\x02}X\x01\x00\x00\x00aK\x02s.",  # a name with no tensor
        b"PK\x03\x04",
        b"",
    ],
)
def test_a_file_that_begins_as_pickled_weights_is_refused(tmp_path: Path, content: bytes) -> None:
    pytest.importorskip("torch", reason="the extra 'train' is not installed")
    from mmskin_build.errors import ModelError
    from mmskin_build.skinvl.weights import iter_tensors

    path = tmp_path / "pytorch_model.bin"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"pytorch_model\.bin: "):
        list(iter_tensors(path))


def test_a_checkpoint_of_a_training_that_is_damaged_below_true_digests_is_refused(
    tmp_path: Path,
) -> None:
    torch = pytest.importorskip("torch", reason="the extra 'train' is not installed")
    from mmskin_build.errors import ModelError
    from mmskin_build.skinvl import state

    progress = state.Progress(run="r", base="b", step=3, seed=1)
    masters = {"layer.lora_A.weight": torch.ones(2, 3)}
    folder = state.save_checkpoint(
        tmp_path, progress, masters=masters, moments=masters, adapter_config={}
    )
    assert state.read_checkpoint(folder)[0].step == 3
    path = folder / state.OPTIMIZER
    path.write_bytes(path.read_bytes().replace(b'"dtype"', b'"dtypo"'))
    meta = folder / "meta.json"
    told = json.loads(meta.read_bytes())
    told["files"][path.name] = file_sha256(path)
    meta.write_text(json.dumps(told))
    with pytest.raises(ModelError, match=path.name):
        state.read_checkpoint(folder)


def test_lines_of_a_training_log_that_broke_off_are_passed_over(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="the extra 'train' is not installed")
    from mmskin_build.skinvl.journal import LOG, read_log, write_summary
    from mmskin_build.skinvl.state import truncate_log

    good = [b'{"step": 1, "loss": 2.5}', b'{"step": 2, "loss": 1}', b'{"step": 3, "loss": 0.5}']
    big = b'{"step": 2, "loss": 1' + b"0" * 400 + b"}"
    bad = [
        b'{"step": 2, "lo',
        b"7",
        b'{"loss": []}',
        b"\xff",
        b"\0\0\0",
        b'{"step": "x"}',
        DEEP,
        big,
    ]
    (tmp_path / LOG).write_bytes(b"\n".join([good[0], *bad, good[1], good[2], b""]))
    assert [entry["loss"] for entry in read_log(tmp_path)] == [2.5, 1, 0.5]
    assert write_summary(tmp_path, title="t", verdict="v", tables=[]).is_file()
    truncate_log(tmp_path / LOG, 2)
    assert (tmp_path / LOG).read_bytes() == b"\n".join([*good[:2], b""])


@pytest.mark.parametrize("offset", [0, 1, 2**31, 2**32 - 2])
def test_an_archive_that_points_to_where_nothing_is_is_refused(tmp_path: Path, offset: int) -> None:
    from mmskin_build.errors import PublicSetError
    from mmskin_build.images.read import UnreadPicture
    from mmskin_build.public.sources import Source

    path = tmp_path / "given.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("table.csv", "a.jpg"):
            archive.writestr(name, b"file,label\n")
    content = bytearray(path.read_bytes())
    at = content.find(b"PK\x01\x02")
    while at >= 0:  # the place of each member, as the directory tells it
        content[at + 42 : at + 46] = offset.to_bytes(4, "little")
        at = content.find(b"PK\x01\x02", at + 4)
    path.write_bytes(content)
    seen = 0
    with Source([path], tmp_path / "scratch") as source:
        for entry in source.entries:
            if entry.name.endswith(".jpg"):
                assert isinstance(source.read_picture_file(entry), UnreadPicture)
            elif offset:
                with pytest.raises(PublicSetError, match=r"given\.zip"):
                    source.read_table(entry)
            seen += 1
    assert seen == 2


@pytest.mark.parametrize("name", ["given.zip", "given.tar", "given.tgz"])
@pytest.mark.parametrize(
    "content", [b"", b"\x1f\x8b\x08", b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\xff", b"PK"]
)
def test_an_archive_that_ends_in_its_head_is_refused(
    tmp_path: Path, name: str, content: bytes
) -> None:
    from mmskin_build.errors import PublicSetError
    from mmskin_build.public.sources import Source

    (tmp_path / name).write_bytes(content)
    with pytest.raises(PublicSetError, match=name):
        Source([tmp_path / name], tmp_path / "scratch")


def test_a_member_without_a_name_is_passed_over(tmp_path: Path) -> None:
    from mmskin_build.public.sources import Source

    path = tmp_path / "given.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("a.csv", "b.csv"):
            archive.writestr(name, b"file,label\n")
    content = path.read_bytes()
    at = content.find(b"PK\x01\x02")
    unnamed = bytearray(content[at : at + 46])
    unnamed[28:30] = b"\0\0"  # the length of the name
    end = bytearray(content[content.find(b"PK\x05\x06") :])
    size = int.from_bytes(end[12:16], "little") - len("a.csv")
    end[12:16] = size.to_bytes(4, "little")
    rest = content[at + 46 + len("a.csv") : content.find(b"PK\x05\x06")]
    path.write_bytes(content[:at] + bytes(unnamed) + rest + bytes(end))
    with Source([path], tmp_path / "scratch") as source:
        assert [entry.name for entry in source.entries] == ["b.csv"]


@pytest.mark.parametrize("value", ["[1]", "['a']", "[[1]]", "1" + "0" * 5000, "[" * 5000])
def test_a_register_of_public_sets_with_other_values_is_refused(tmp_path: Path, value: str) -> None:
    from mmskin_build.config import Workspace
    from mmskin_build.public.registry import read_registry

    (tmp_path / "public.toml").write_text(f"set = {value}\n")
    with pytest.raises(ConfigError, match=r"public\.toml"):
        read_registry(Workspace(tmp_path))


def test_a_table_of_classes_with_an_endless_cell_is_refused(tmp_path: Path) -> None:
    from mmskin_build.public.tables import read_table

    path = tmp_path / "S_test.csv"
    path.write_text(f"image,atributes,categories\n{'x' * 3_000_000},[],['a']\n")
    before = csv.field_size_limit(131_072)
    try:
        with pytest.raises(SchemaError, match=r"S_test\.csv line 1"):
            read_table(path)
    finally:
        csv.field_size_limit(before)


@pytest.mark.parametrize("name", ["x" * 5000, "a.png/b.png", "a\0b"])
def test_a_name_that_no_file_can_have_is_a_missing_file(tmp_path: Path, name: str) -> None:
    from made_public import picture
    from made_releases import make_release
    from mmskin_build.config import Config, Workspace
    from mmskin_build.evaluate.class_sets import read_class_set
    from mmskin_build.pdf.adobe import load_extract

    (tmp_path / "a.png").write_bytes(picture(1, ".png"))
    rows = ["image,atributes,categories", "a.png,[],['b']", f"\"{name}\",[],['c']", ""]
    (tmp_path / "S_test.csv").write_text("\n".join(rows))
    found = read_class_set("S", Workspace(tmp_path), Config(), tables=tmp_path)
    assert found.left_out == {"whose file is missing": 1}

    element = {"Path": "//Document/Figure", "Page": 0, "Bounds": [0, 0, 9, 9], "filePaths": [name]}
    whole = {"elements": [element], "extended_metadata": {"page_count": 1}}
    (tmp_path / "structuredData.json").write_text(json.dumps(whole))
    assert load_extract(tmp_path, 1)[0].rendition_missing

    release = make_release(tmp_path / "release", 3)
    path = release / "MM-Skin-C.json"
    entries = json.loads(path.read_bytes())
    entries[0] |= {"id": name, "image": f"images/{name}.png"}
    path.chmod(0o644)
    path.write_text(json.dumps(entries))
    assert any("missing" in line for line in verify_release(release).problems)


@pytest.mark.parametrize("name", ["answers.json", "answers.jsonl"])
@pytest.mark.parametrize("value", ["[" * 100_000, "1" + "0" * 400, "1" + "0" * 5000, "NaN"])
def test_answers_with_numbers_beyond_sense_are_read_or_refused(
    tmp_path: Path, name: str, value: str
) -> None:
    from mmskin_build.evaluate.answer_files import join_answers
    from mmskin_build.evaluate.predictions import Prediction

    item = Prediction(id="1", set="s", task="vqa", image="a.png", reference="Yes.", cluster="c")
    row = f'{{"id": "1", "prediction": "No.", "probabilities": {{"a": {value}}}}}'
    path = tmp_path / name
    path.write_text(f"[{row}]" if name.endswith("json") else row)
    try:
        (found,) = join_answers(path, [item]).predictions
    except SchemaError as error:
        assert name in str(error)
    else:
        assert found.prediction == "No."


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
