from __future__ import annotations

import csv
import dataclasses
import errno
import io
import json
import re
import shutil
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from PIL import Image

from made_releases import OPEN, make_release, read_json, seal, write_anyway
from mmskin_build import cli
from mmskin_build.dataset import exports
from mmskin_build.dataset.export_upstream import name_pictures
from mmskin_build.dataset.exports import (
    FORMATS,
    NOTE,
    export_release,
    find_release,
    renew_export,
)
from mmskin_build.dataset.parts import digest_files
from mmskin_build.dataset.released import read_manifest, read_records
from mmskin_build.errors import (
    MissingDependencyError,
    MmskinError,
    ReleaseError,
    ReleaseExistsError,
    SchemaError,
    StorageError,
    VerificationError,
)
from mmskin_build.records import Record
from mmskin_build.store import plain

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_release(tmp_path_factory.mktemp("made"))


@pytest.fixture(scope="module")
def records(release: Path) -> dict[str, Record]:
    return {record.id: record for record in read_records(release)}


@pytest.fixture(scope="module")
def exported(release: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The release in every form, in shards of a few pictures."""
    folder = tmp_path_factory.mktemp("exported")
    small = {"huggingface": {"shard_mb": 1}, "webdataset": {"shard_mb": 1}}
    return {
        form: export_release(release, form, folder / form, **small.get(form, {}))
        for form in FORMATS
    }


@pytest.fixture
def own(release: Path, tmp_path: Path) -> Path:
    """A copy of the release that a test may spoil."""
    shutil.copytree(release, tmp_path / "own" / "1.0.0")
    return tmp_path / "own" / "1.0.0"


def png(release: Path, record: Record) -> bytes:
    return (release / record.image).read_bytes()


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# ---------------------------------------------------------------- each form by its own library


def test_upstream_is_what_the_scripts_of_mm_skin_read(
    release: Path, exported: dict[str, Path], records: dict[str, Record]
) -> None:
    folder = exported["upstream"]
    names = pd.read_csv(folder / "names.csv").set_index("record_id")["image"]
    assert set(names.index) == set(records)
    assert names.is_unique
    assert names.str.fullmatch(r"dataset/bk\d+_\d+_\d+\.png").all()
    for name, record in records.items():
        assert (folder / names[name]).read_bytes() == png(release, record)
    captions = pd.read_csv(folder / "caption.csv", keep_default_na=False)
    assert list(captions.columns) == ["image", "caption", "modality"]
    by_image = captions.set_index("image")
    for name, record in records.items():
        row = by_image.loc[names[name]]
        assert row["caption"] == record.caption
        assert row["modality"] == (record.modality.value if record.modality else "")
    with (folder / "MM-Skin_test.csv").open(newline="", encoding="utf-8") as file:
        asked = list(csv.DictReader(file))
    assert list(asked[0]) == ["image", "question", "answer"]
    test_images = {names[r.id] for r in records.values() if r.split == "test"}
    assert {row["image"] for row in asked} == test_images
    talks = read_json(folder / "vqa_MM.json")
    assert {talk["image"] for talk in talks} == set(names) - test_images
    assert len({talk["id"] for talk in talks}) == len(talks)
    for talk in talks:
        check_llava(talk, folder)


def check_llava(talk: dict[str, Any], folder: Path) -> None:
    """What LLaVA's loader expects of an entry."""
    assert list(talk) == ["id", "image", "conversations"]
    assert Image.open(folder / talk["image"]).mode == "RGB"
    turns = talk["conversations"]
    assert [turn["from"] for turn in turns] == ["human", "gpt"] * (len(turns) // 2)
    assert turns[0]["value"].startswith("<image>\n")
    assert sum(turn["value"].count("<image>") for turn in turns) == 1


def test_llava_has_each_side_with_every_question(
    release: Path, exported: dict[str, Path], records: dict[str, Record]
) -> None:
    folder = exported["llava"]
    seen: list[str] = []
    for side in ("train", "validation", "test"):
        talks = read_json(folder / f"{side}.json")
        for talk in talks:
            check_llava(talk, folder)
            record = records[Path(talk["image"]).stem]
            assert record.split == side
            assert (folder / talk["image"]).read_bytes() == png(release, record)
            seen.append(talk["id"])
    described = {name.removesuffix(":C") for name in seen if name.endswith(":C")}
    assert described == set(records)
    assert sum(name.endswith(":O") for name in seen) == len(records) - 1
    told = read_json(release / "MM-Skin-D_vqa.json")
    assert sum(name.endswith(":D") for name in seen) == len(told)


def test_a_caption_does_not_precede_the_questions_that_it_answers(
    exported: dict[str, Path], records: dict[str, Record]
) -> None:
    for talk in read_json(exported["llava"] / "train.json"):
        caption = records[Path(talk["image"]).stem].caption
        says_all = [turn["value"] == caption for turn in talk["conversations"]]
        assert not any(says_all) or len(says_all) == 2


def test_a_question_that_refers_to_another_comes_after_it(own: Path, tmp_path: Path) -> None:
    entries = read_json(own / OPEN)
    by_record: dict[str, list[dict[str, Any]]] = {}
    for entry in entries:
        by_record.setdefault(entry["record_id"], []).append(entry)
    for first, second in by_record.values():
        first["follows"], second["follows"] = second["id"], None
    write_anyway(own / OPEN, json.dumps(entries).encode())
    seal(own, read_manifest(own))
    folder = export_release(own, "upstream", tmp_path / "out", subset=["O"])
    for talk in read_json(folder / "vqa_MM.json"):
        first, second = by_record[talk["id"].removesuffix(":O")]
        said = [turn["value"].removeprefix("<image>\n") for turn in talk["conversations"]]
        assert said == [second["question"], second["answer"], first["question"], first["answer"]]
    asked = pd.read_csv(folder / "MM-Skin_test.csv")
    assert asked["question"].str.startswith("Where is").all()  # nobody asks a follow-up alone
    assert asked["image"].is_unique


def test_datasets_loads_every_record_with_its_types(
    release: Path,
    exported: dict[str, Path],
    records: dict[str, Record],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    import datasets

    datasets.disable_progress_bars()
    folder = str(exported["huggingface"])
    captions = datasets.load_dataset(folder, cache_dir=str(tmp_path))  # the first is the default
    assert isinstance(captions["train"].features["image"], datasets.Image)
    seen = set()
    for side, rows in captions.items():
        for row in rows.cast_column("image", datasets.Image(decode=False)):
            record = records[row["id"]]
            assert row["image"]["bytes"] == png(release, record)
            assert (row["caption"], row["split"]) == (record.caption, side)
            assert row["age_years"] == record.demographics.age_years
            assert row["sensitive"] == ["face"]
            assert row["page_index"] == record.provenance.page_index
            seen.add(row["id"])
    assert seen == set(records)
    assert captions["train"][0]["image"].size == (32, 24)
    vqa = datasets.load_dataset(folder, "vqa", cache_dir=str(tmp_path))
    asked = [(q["id"], q["answer"]) for rows in vqa.values() for r in rows for q in r["questions"]]
    assert sorted(asked) == sorted((e["id"], e["answer"]) for e in read_json(release / OPEN))
    told = datasets.load_dataset(folder, "demographics", cache_dir=str(tmp_path))
    ids = {row["id"] for rows in told.values() for row in rows}
    assert ids == {entry["id"] for entry in read_json(release / "MM-Skin-D.json")}


def test_the_shards_alone_tell_datasets_their_types(exported: dict[str, Path]) -> None:
    import datasets

    shard = next((exported["huggingface"] / "vqa").glob("train-*.parquet"))
    rows = datasets.Dataset.from_parquet(str(shard), keep_in_memory=True)
    assert isinstance(rows.features["image"], datasets.Image)
    assert list(rows[0]["questions"][0]) == ["id", "kind", "question", "answer", "follows"]


def test_webdataset_streams_every_record(
    release: Path, exported: dict[str, Path], records: dict[str, Record]
) -> None:
    import webdataset

    folder = exported["webdataset"]
    index = read_json(folder / "index.json")
    seen = set()
    for side in index["datasets"]:
        for shard in side["shardlist"]:
            samples = list(webdataset.WebDataset(str(folder / shard["url"]), shardshuffle=False))
            assert len(samples) == shard["nsamples"]
            for sample in samples:
                record = records[sample["__key__"]]
                assert record.split == side["name"]
                assert sample["png"] == png(release, record)
                assert sample["txt"].decode() == record.caption
                told = json.loads(sample["json"])
                asked = told.pop("questions")
                assert told == plain(record)
                assert {q["part"] for q in asked} <= {"O", "D"}
                seen.add(record.id)
    assert seen == set(records)


def test_shards_keep_their_size(tmp_path: Path) -> None:
    release = make_release(tmp_path, 12, side_px=(300, 400))  # about 360 kB of noise a picture
    folder = export_release(release, "webdataset", tmp_path / "out", shard_mb=1)
    for path in folder.glob("*.tar"):
        with tarfile.open(path) as tar:
            members = tar.getnames()
        assert path.stat().st_size <= 1_050_000
        assert len(members) in (3, 6)
    assert len(list(folder.glob("made-train-*.tar"))) > 1
    folder = export_release(release, "huggingface", tmp_path / "hf", shard_mb=1)
    shards = sorted(path.name for path in (folder / "captions").glob("train-*"))
    assert len(shards) > 1
    assert all(name.endswith(f"-of-{len(shards):05d}.parquet") for name in shards)


@pytest.mark.parametrize("embed", [False, True])
def test_pandas_reads_the_tables(
    release: Path, records: dict[str, Record], tmp_path: Path, embed: bool
) -> None:
    folder = export_release(release, "parquet", tmp_path / "out", embed=embed)
    table = pd.read_parquet(folder / "records.parquet")
    assert set(table["id"]) == set(records)
    for row in table.to_dict("records"):
        record = records[row["id"]]
        content = row["png"] if embed else (folder / row["image"]).read_bytes()
        assert content == png(release, record)
        assert row["caption"] == record.caption
        assert row["x1_pt"] == record.provenance.bbox.x1
    assert (folder / "images").exists() != embed
    asked = pd.read_parquet(folder / "questions.parquet")
    assert set(asked["part"]) == {"C", "O", "D"}
    of_o = asked[asked["part"] == "O"]
    assert list(of_o["question"]) == [entry["question"] for entry in read_json(release / OPEN)]
    sides = {name: record.split for name, record in records.items()}
    assert (asked["split"] == asked["record_id"].map(sides)).all()


# ----------------------------------------------------------------------- what holds for all forms


def test_every_export_says_what_it_is_made_of(release: Path, exported: dict[str, Path]) -> None:
    manifest = read_manifest(release)
    for form, folder in exported.items():
        note = read_json(folder / NOTE)
        assert note["format"] == form
        assert note["release"] == "made/1.0.0"
        assert note["content_digest"] == manifest.content_digest
        assert note["options"]["subset"] == ["C", "O", "D"]


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_release_gives_the_same_bytes(
    form: str, exported: dict[str, Path], tmp_path: Path
) -> None:
    """In another folder, another process, another language and another time zone."""
    release = make_release(tmp_path / "again")
    sized = ["--shard-mb", "1"] if "shard-mb" in FORMATS[form].options else []
    out = tmp_path / "elsewhere"
    command = ["export", "--name", "made", "--data", str(tmp_path / "again"), "--to", form]
    subprocess.run(
        [sys.executable, "-m", "mmskin_build", *command, *sized, "--out", str(out)],
        env={"LC_ALL": "tr_TR.UTF-8", "TZ": "Asia/Tokyo", "PATH": "/usr/bin:/bin"},
        check=True,
        capture_output=True,
    )
    assert release.is_dir()
    assert digest_files(out) == digest_files(exported[form])


def test_a_subset_and_a_side_alone(
    release: Path, records: dict[str, Record], tmp_path: Path
) -> None:
    folder = export_release(
        release, "llava", tmp_path / "out", subset=["D"], split=["validation", "test"]
    )
    assert left(folder) == [NOTE, "images", "test.json", "validation.json"]
    talks = read_json(folder / "test.json")
    assert {talk["id"].rpartition(":")[2] for talk in talks} == {"D"}
    kept = {f"{name}.png" for name, r in records.items() if r.split != "train"}
    assert set(left(folder / "images")) == kept
    folder = export_release(release, "huggingface", tmp_path / "hf", subset=["C"])
    assert left(folder) == ["README.md", "captions", NOTE]


def test_a_release_without_open_questions_is_exported_without(tmp_path: Path) -> None:
    release = make_release(tmp_path, 8, questions=False)
    folder = export_release(release, "huggingface", tmp_path / "out")
    assert not (folder / "vqa").exists()
    with pytest.raises(ReleaseError, match=r"no MM-Skin-O \(.*--subset"):
        export_release(release, "llava", tmp_path / "o", subset=["O"])


def test_upstream_names_never_collide() -> None:
    ids = ["bk2_1_1", "bk10_1_1", "rook_1_1", "bk02_1_1", "an-atlas_1_1", "bk2_1_1_a", "bkx_1_1"]
    names = name_pictures(ids)
    assert len(set(names.values())) == len(ids)
    assert names["bk2_1_1"] == "dataset/bk2_1_1.png"
    assert names["bk10_1_1"] == "dataset/bk10_1_1.png"
    assert names["bk2_1_1_a"] == "dataset/bk2_1_1_a.png"
    assert all(re.fullmatch(r"dataset/bk\d+_1_1(_a)?\.png", name) for name in names.values())
    assert name_pictures(ids[::-1]) == {name: names[name] for name in ids[::-1]}


# ------------------------------------------------------------------------------------- the ledger


def test_the_ledger_names_each_export_once(release: Path, tmp_path: Path) -> None:
    ledger = tmp_path / "data" / "exports.jsonl"
    out = tmp_path / "out"
    for _ in range(2):
        export_release(release, "llava", out, replace=True, ledger=ledger)
    export_release(release, "parquet", tmp_path / "table", ledger=ledger)
    lines = [json.loads(line) for line in ledger.read_text().splitlines()]
    assert lines == [
        {"release": "made/1.0.0", "to": "llava", "path": str(out)},
        {"release": "made/1.0.0", "to": "parquet", "path": str(tmp_path / "table")},
    ]


def test_the_ledger_knows_of_an_export_before_it_has_its_name(
    release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = tmp_path / "exports.jsonl"
    ledger.write_bytes(b'{"release": "broken')  # what a full disk left

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(exports, "_publish", interrupt)
    with pytest.raises(KeyboardInterrupt):
        export_release(release, "llava", tmp_path / "out", ledger=ledger)
    assert json.loads(ledger.read_text().splitlines()[1])["path"] == str(tmp_path / "out")
    assert left(tmp_path) == ["exports.jsonl"]


@pytest.mark.parametrize("form", FORMATS)
def test_an_export_is_made_again_as_it_was(
    form: str, release: Path, own: Path, tmp_path: Path
) -> None:
    options: dict[str, dict[str, Any]] = {
        "llava": {"subset": ["C"], "split": ["train"]},
        "webdataset": {"shard_mb": 3},
        "parquet": {"embed": True, "split": ["test", "train"]},
    }
    folder = export_release(release, form, tmp_path / "out", **options.get(form, {}))
    before = digest_files(folder)
    assert digest_files(renew_export(folder, release)) == before
    seal(own, dataclasses.replace(read_manifest(own), rejects={"nonphoto": 5}))
    note = read_json(renew_export(folder, own) / NOTE)
    assert note["sums_sha256"] == read_manifest(own).sums_sha256
    (folder / NOTE).write_text("{}")
    with pytest.raises(SchemaError, match="does not say how"):
        renew_export(folder, release)


# -------------------------------------------------------------------------------------- bad input


def test_an_unknown_version_is_told_with_those_there_are(release: Path) -> None:
    releases = release.parent.parent
    with pytest.raises(ReleaseError, match=r"no version 9\.9\.9; there are 1\.0\.0"):
        find_release(releases, "made", "9.9.9")
    assert find_release(releases, "made", None) == release
    with pytest.raises(ReleaseError, match="no release yet; make one"):
        find_release(releases, "other", None)


def test_a_folder_without_a_manifest_is_no_release(release: Path, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    with pytest.raises(VerificationError, match=r"not a release.*manifest\.json"):
        export_release(tmp_path / "none", "llava", tmp_path / "out")
    with pytest.raises(VerificationError, match=r"name a version: .*1\.0\.0"):
        export_release(release.parent, "llava", tmp_path / "out")


@pytest.mark.parametrize("form", [form for form in FORMATS if form != "metadata"])
def test_an_edited_picture_is_named(form: str, own: Path, tmp_path: Path) -> None:
    path = own / "images" / "bk1_1_4.png"
    write_anyway(path, path.read_bytes() + b"\0")
    with pytest.raises(VerificationError, match=r"images/bk1_1_4\.png: its bytes were changed"):
        export_release(own, form, tmp_path / "out")
    path.unlink()
    with pytest.raises((VerificationError, StorageError), match=r"images/bk1_1_4\.png"):
        export_release(own, form, tmp_path / "out")
    assert left(tmp_path) == ["own"]


@pytest.mark.parametrize("name", ["MM-Skin-C.json", "MM-Skin-O.json", "SHA256SUMS"])
def test_an_edited_file_is_named(name: str, own: Path, tmp_path: Path) -> None:
    write_anyway(own / name, (own / name).read_bytes().replace(b"a", b"b", 1))
    with pytest.raises(VerificationError, match=name):
        export_release(own, "llava", tmp_path / "out")


def test_an_id_that_could_leave_the_folder_is_refused(own: Path, tmp_path: Path) -> None:
    entries = read_json(own / "MM-Skin-C.json")
    entries[0]["id"] = "../../bk1"
    write_anyway(own / "MM-Skin-C.json", json.dumps(entries).encode())
    seal(own, read_manifest(own))
    with pytest.raises(VerificationError, match="is no id"):
        export_release(own, "upstream", tmp_path / "out")


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"{}", "not a list"), (b'[{"id": 3}]', "entry 0: id is not a text"), (b"[", "not valid")],
)
def test_questions_of_another_form_are_told(
    content: bytes, told: str, own: Path, tmp_path: Path
) -> None:
    write_anyway(own / OPEN, content)
    seal(own, read_manifest(own))
    with pytest.raises(SchemaError, match=rf"MM-Skin-O\.json.*{told}"):
        export_release(own, "parquet", tmp_path / "out")


def test_questions_in_a_circle_are_told(own: Path, tmp_path: Path) -> None:
    entries = read_json(own / OPEN)
    entries[4]["follows"] = entries[4]["id"]
    write_anyway(own / OPEN, json.dumps(entries).encode())
    seal(own, read_manifest(own))
    with pytest.raises(SchemaError, match=r"MM-Skin-O\.json: .*circle"):
        export_release(own, "llava", tmp_path / "out")


@pytest.mark.parametrize(
    ("form", "options", "told"),
    [
        (
            "croissant",
            {"subset": ["C"]},
            "--subset does not go with --to croissant; it is for upstream",
        ),
        ("metadata", {"split": ["test"]}, "--split does not go with --to metadata"),
        ("llava", {"shard_mb": 5}, "--shard-mb does not go with .* huggingface, webdataset"),
        ("webdataset", {"embed": True}, "--embed does not go with .* for parquet"),
        ("webdataset", {"shard_mb": 0}, "at least"),
        ("llava", {"subset": ["X"]}, "--subset X: choose of C, O, D"),
        ("llava", {"split": ["dev"]}, "--split dev: choose of train"),
        ("tfrecord", {}, "no such form"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    form: str, options: dict[str, Any], told: str, release: Path, tmp_path: Path
) -> None:
    with pytest.raises(ReleaseError, match=told):
        export_release(release, form, tmp_path / "out", **options)
    assert left(tmp_path) == []


def test_what_is_there_is_exchanged_only_where_that_is_asked_for(
    release: Path, tmp_path: Path
) -> None:
    out = export_release(release, "llava", tmp_path / "out")
    with pytest.raises(ReleaseExistsError, match="--replace exchanges it"):
        export_release(release, "llava", out)
    (out / "old").touch()
    export_release(release, "parquet", out, replace=True)
    assert left(out) == [NOTE, "images", "questions.parquet", "records.parquet"]
    assert left(tmp_path) == ["out"]
    (tmp_path / "mine").mkdir()
    with pytest.raises(ReleaseExistsError, match="is no export"):
        export_release(release, "llava", tmp_path / "mine", replace=True)


def test_nothing_is_written_into_a_release(own: Path) -> None:
    for out in (own, own / "images" / "x", own.parent):
        with pytest.raises(ReleaseError, match="never edited"):
            export_release(own, "llava", out, replace=True)


@pytest.mark.parametrize("form", FORMATS)
def test_a_full_disk_leaves_nothing_and_says_so(
    form: str, release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_open = Path.open

    def full(path: Path, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        if ".tmp" in path.parts and "w" in mode:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return real_open(path, mode, *args, **kwargs)

    class Full(io.RawIOBase):
        def __init__(self, *args: object, **kwargs: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "open", full)
    if form == "webdataset":
        monkeypatch.setattr(tarfile, "bltn_open", Full)
    with pytest.raises(StorageError, match="disk is full: free some space"):
        export_release(release, form, tmp_path / "out")
    assert left(tmp_path) == []


def test_of_two_at_once_one_wins_and_the_other_says_so(release: Path, tmp_path: Path) -> None:
    errors: list[MmskinError] = []
    gate = threading.Barrier(2)

    def run() -> None:
        def meet(done: int, total: int) -> None:
            if done == total:
                gate.wait(timeout=30)

        try:
            export_release(release, "llava", tmp_path / "out", progress=meet)
        except MmskinError as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [type(error) for error in errors] == [ReleaseExistsError]
    assert "another process" in str(errors[0])
    assert len(left(tmp_path / "out" / "images")) == 30
    assert left(tmp_path) == ["out"]


def test_a_killed_export_leaves_nothing_under_its_name(release: Path, tmp_path: Path) -> None:
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from mmskin_build.dataset.exports import export_release\n"
        "kill = lambda done, total: done == 9 and os.kill(os.getpid(), signal.SIGKILL)\n"
        "export_release(Path(sys.argv[1]), 'webdataset', Path(sys.argv[2]), progress=kill)\n"
    )
    out = tmp_path / "out"
    done = subprocess.run([sys.executable, "-c", code, str(release), str(out)], check=False)
    assert done.returncode == -9
    assert left(tmp_path) == [".tmp"]
    export_release(release, "webdataset", out)
    assert left(tmp_path) == ["out"]


def test_a_missing_package_is_named_with_the_extra(
    release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    for form in ("parquet", "huggingface"):
        with pytest.raises(MissingDependencyError, match=r"pip install 'mmskin-build\[export\]'"):
            export_release(release, form, tmp_path / "out")
    assert left(tmp_path) == []


def test_a_record_without_a_side_is_refused(own: Path, tmp_path: Path) -> None:
    entries = read_json(own / "MM-Skin-C.json")
    entries[3]["split"] = None
    write_anyway(own / "MM-Skin-C.json", json.dumps(entries).encode())
    seal(own, read_manifest(own))
    with pytest.raises(ReleaseError, match="has no side"):
        export_release(own, "llava", tmp_path / "out")


# ---------------------------------------------------------------------------- command, documents


def test_the_command_writes_below_the_data_folder(
    release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    shutil.copytree(release.parent.parent, data / "releases")
    arguments = ["--name", "made", "--data", str(data)]
    assert cli.run(["export", "--to", "llava", "--json", *arguments]) == 0
    told = json.loads(capsys.readouterr().out)
    folder = data / "exports" / "made" / "1.0.0" / "llava"
    assert told["export"] == str(folder)
    assert told["counts"]["pictures"] == 30
    assert (folder / "train.json").is_file()
    assert (data / "exports.jsonl").is_file()
    assert cli.run(["export", "1.0.0", "--to", "llava", *arguments]) == 9
    assert "--replace" in capsys.readouterr().err
    assert cli.run(["export", "--to", "upstream", "--subset", "C", *arguments]) == 0
    assert cli.run(["export", "2.0.0", "--to", "upstream", *arguments]) == 9


def test_the_form_names_of_the_command_are_those_that_there_are() -> None:
    (option,) = [p for p in cli.cli.commands["export"].params if p.name == "to"]
    assert tuple(option.type.choices) == tuple(FORMATS)


def test_progress_reaches_the_end_in_every_form(release: Path, tmp_path: Path) -> None:
    for form in FORMATS:
        seen: list[tuple[int, int]] = []
        export_release(
            release, form, tmp_path / form, progress=lambda *pair, seen=seen: seen.append(pair)
        )
        assert seen == [(done, len(seen)) for done in range(1, len(seen) + 1)]
        assert len(seen) >= 30


def snippets() -> Iterator[str]:
    text = (ROOT / "docs" / "exports.md").read_text(encoding="utf-8")
    yield from re.findall(r"```python\n(.*?)```", text, re.S)


def test_the_snippets_of_the_document_run(
    exported: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    place = tmp_path / "data" / "exports" / "mm-skin" / "1.0.0"
    place.mkdir(parents=True)
    for form, folder in exported.items():
        shutil.copytree(folder, place / form)
    for path in (place / "webdataset").glob("made-*.tar"):
        path.rename(path.with_name(path.name.replace("made", "mm-skin")))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    found = list(snippets())
    assert len(found) >= 5
    for snippet in found:
        exec(compile(snippet, "docs/exports.md", "exec"), {})
