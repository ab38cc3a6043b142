"""The published MM-Skin becomes a release like any other, with all that is wrong in it told."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from builders import make_provenance
from made_upstream import (
    CAPTIONS,
    caption_rows,
    copy_of,
    draw,
    made_pictures,
    make_upstream,
    save,
    write_table,
)
from mmskin_build.cli import run
from mmskin_build.dataset.exports import export_release
from mmskin_build.dataset.import_upstream import ImportedRelease, import_upstream
from mmskin_build.dataset.released import read_manifest, read_records
from mmskin_build.dataset.verify import verify_or_raise, verify_release
from mmskin_build.dataset.withdrawn import Tombstone
from mmskin_build.errors import ReleaseError, ReleaseExistsError, SchemaError, VerificationError
from mmskin_build.records import Record, Reject
from mmskin_build.store import read_jsonl


def imported(folder: Path, tmp_path: Path, **options: Any) -> ImportedRelease:
    name, version = options.pop("name", "published"), options.pop("version", "1.0.0")
    return import_upstream(folder, tmp_path / "releases", name, version, **options)


def records_of(found: ImportedRelease) -> dict[str, Record]:
    return {record.id: record for record in read_records(found.release)}


def rejects_of(found: ImportedRelease) -> list[tuple[str, str]]:
    return [(r.reason, r.item_id) for r in read_jsonl(found.rejects_file, Reject)]


def test_what_was_published_is_a_sound_release(tmp_path: Path) -> None:
    source = make_upstream(tmp_path / "MM-Skin")
    found = imported(source, tmp_path)
    check = verify_or_raise(found.release)
    records = records_of(found)
    assert check.records == found.records == len(CAPTIONS)
    assert {name: record.caption for name, record in records.items()} == CAPTIONS
    assert found.rejects == {}
    told = [records[name].modality for name in CAPTIONS]
    assert [kind and kind.value for kind in told] == [
        "clinical", "clinical", "pathological", "dermoscopic", None, "clinical"
    ]  # fmt: skip
    assert {name for name, r in records.items() if r.split == "test"} == {"bk2_5"}
    assert records["bk1_2_a"].group_id == records["bk1_2_b"].group_id == "bk1_2"
    where = records["bk2_c3_4"].provenance
    assert (where.book_id, where.book_sha256, where.page_index, where.bbox, where.source) == (
        "bk2", "", None, None, "imported"
    )  # fmt: skip
    assert "no program has looked for faces" in (found.release / "README.md").read_text()


def test_pictures_keep_their_bytes(tmp_path: Path) -> None:
    source = make_upstream(tmp_path / "MM-Skin")
    found = imported(source, tmp_path)
    for name in CAPTIONS:
        stored = found.release / "images" / f"{name}.png"
        assert stored.read_bytes() == (source / "dataset" / f"{name}.png").read_bytes()


def test_what_is_no_plain_png_is_stored_as_one_with_the_pixels_a_viewer_shows(
    tmp_path: Path,
) -> None:
    pictures = made_pictures()
    rgba = np.dstack([pictures.pop("bk1_1"), np.full((150, 200), 255, np.uint8)])
    rgba[:50, :, 3] = 0
    source = make_upstream(tmp_path / "MM-Skin", pictures=pictures)
    Image.fromarray(rgba).save(source / "dataset" / "bk1_1.png")
    (source / "dataset" / "bk2_5.png").unlink()
    save(source / "dataset" / "bk2_5.jpg", pictures["bk2_5"])
    found = imported(source, tmp_path)
    verify_or_raise(found.release)
    assert found.records == len(CAPTIONS)
    shown = cv2.imread(str(found.release / "images" / "bk1_1.png"))
    assert shown is not None and (shown[:50] == 255).all()


def test_pictures_may_lie_beside_the_tables_and_columns_in_any_order(tmp_path: Path) -> None:
    source = make_upstream(tmp_path / "MM-Skin", inside=".")
    rows = [(caption, "7", name, kind) for name, caption, kind in caption_rows()]
    write_table(source / "caption.csv", ("Caption", "page", "image", "modality"), rows)
    found = imported(source, tmp_path)
    assert {name: r.caption for name, r in records_of(found).items()} == CAPTIONS


def test_questions_have_the_form_of_mm_skin_o(tmp_path: Path) -> None:
    found = imported(make_upstream(tmp_path / "MM-Skin"), tmp_path)
    entries = json.loads((found.release / "MM-Skin-O.json").read_bytes())
    talks = json.loads((found.release / "MM-Skin-O_vqa.json").read_bytes())
    assert len(entries) == found.questions == 2 * len(CAPTIONS)
    by_id = {entry["id"]: entry for entry in entries}
    assert by_id["bk1_1_q1"]["question"] == "What is seen?"
    assert by_id["bk1_1_q1"] | {"kind": "other", "backend": "imported"} == by_id["bk1_1_q1"]
    assert by_id["bk1_1_q2"]["follows"] == "bk1_1_q1"
    assert by_id["bk2_5_q2"]["follows"] is None
    assert {e["record_id"] for e in entries if e["split"] == "test"} == {"bk2_5"}
    first = talks[0]["conversations"]
    assert first[0]["value"].startswith("<image>\n") and len(first) == 4
    assert read_manifest(found.release).subsets["MM-Skin-O"].entries == len(entries)


def test_what_cannot_be_used_is_rejected_with_its_reason(tmp_path: Path) -> None:
    pictures = made_pictures()
    del pictures["bk1_1"]
    rows = [
        *caption_rows(),
        ("bk2_5.png", CAPTIONS["bk2_5"], ""),
        ("bk2_c3_4.png", "Quite another caption.", "dermoscopy"),
        ("../../etc/passwd", "A name that leads elsewhere.", "clinical"),
        ("figure 3.png", "A name of another form.", "clinical"),
        ("bk4_1.png", "  ", "clinical"),
    ]
    source = make_upstream(tmp_path / "MM-Skin", pictures=pictures, rows=rows)
    (source / "dataset" / "bk1_2_a.png").write_bytes(b"no picture")
    save(source / "dataset" / "bk9_9.png", draw(99))
    with (source / "caption.csv").open("ab") as file:
        file.write(b"bk5_1.png,only two\n")
        file.write(b"bk5_2.png,Caf\xe9 au lait spots,clinical\n")
    found = imported(source, tmp_path)
    assert set(rejects_of(found)) == {
        ("row_repeated", "bk2_5"),
        ("row_contradicts", "bk2_c3_4"),
        ("name_unknown", "caption.csv row 9"),
        ("name_unknown", "caption.csv row 10"),
        ("caption_empty", "bk4_1"),
        ("row_malformed", "caption.csv row 12"),
        ("row_malformed", "caption.csv row 13"),
        ("picture_missing", "bk1_1"),
        ("not_a_picture", "bk1_2_a"),
        ("image_without_caption", "bk9_9"),
        ("question_without_picture", "bk1_1"),
        ("question_without_picture", "bk1_2_a"),
    }
    assert found.rejects == dict(Counter(reason for reason, _ in rejects_of(found)))
    assert read_manifest(found.release).rejects == found.rejects
    assert records_of(found)["bk2_c3_4"].caption == CAPTIONS["bk2_c3_4"]
    verify_or_raise(found.release)


def test_a_modality_that_nobody_knows_leaves_the_record_without_one(tmp_path: Path) -> None:
    rows = [(name, caption, "X") for name, caption, _ in caption_rows()]
    found = imported(make_upstream(tmp_path / "MM-Skin", rows=rows), tmp_path)
    assert all(record.modality is None for record in records_of(found).values())
    assert found.rejects == {"modality_unknown": len(CAPTIONS)}


@pytest.mark.parametrize("content", [b"{", b'{"a": 1}', b"\xff\xfe", b"[" * 100_000])
def test_talks_that_are_no_json_are_a_reject(tmp_path: Path, content: bytes) -> None:
    source = make_upstream(tmp_path / "MM-Skin")
    (source / "vqa_MM.json").write_bytes(content)
    found = imported(source, tmp_path)
    assert rejects_of(found) == [("table_unreadable", "vqa_MM.json")]
    assert found.questions == 2


@pytest.mark.parametrize(
    "talk",
    [
        7,
        {"conversations": []},
        {"image": "bk1_1.png"},
        {"image": "bk1_1.png", "conversations": [{"from": "human", "value": "Alone?"}]},
        {"image": "bk1_1.png", "conversations": [{"from": "gpt", "value": "a"}] * 2},
        {"image": "bk1_1.png", "conversations": ["a", "b"]},
    ],
)
def test_a_talk_of_another_form_is_a_reject(tmp_path: Path, talk: object) -> None:
    source = make_upstream(tmp_path / "MM-Skin")
    (source / "vqa_MM.json").write_text(json.dumps([talk]))
    assert rejects_of(imported(source, tmp_path)) == [("row_malformed", "vqa_MM.json talk 0")]


def test_without_a_test_table_all_train_and_the_release_says_so(tmp_path: Path) -> None:
    source = make_upstream(tmp_path / "MM-Skin")
    (source / "MM-Skin_test.csv").unlink()
    found = imported(source, tmp_path)
    assert found.sides == {"train": len(CAPTIONS)}
    assert "all pictures are in training" in (found.release / "CHANGES.md").read_text()


@pytest.mark.parametrize("content", [None, b"", b"image,text\nbk1_1.png,a\n"])
def test_without_captions_there_is_nothing_to_import(tmp_path: Path, content: bytes | None) -> None:
    source = make_upstream(tmp_path / "MM-Skin")
    (source / "caption.csv").unlink()
    if content is not None:
        (source / "caption.csv").write_bytes(content)
    with pytest.raises(SchemaError, match=r"caption\.csv"):
        imported(source, tmp_path)
    assert list((tmp_path / "releases").rglob("manifest.json")) == []


def test_without_a_picture_there_is_nothing_to_import(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="picture_missing"):
        imported(make_upstream(tmp_path / "MM-Skin", pictures={}), tmp_path)


def leaking_folder(folder: Path) -> Path:
    """The test has a near duplicate of a training picture, and a panel of a training figure."""
    pictures = made_pictures()
    pictures["bk2_5"] = copy_of(pictures["bk1_1"])
    return make_upstream(folder, pictures=pictures, tested=("bk2_5", "bk1_2_b"))


def test_a_division_that_leaks_is_told_and_not_sound(tmp_path: Path) -> None:
    found = imported(leaking_folder(tmp_path / "MM-Skin"), tmp_path)
    assert (found.leaks.groups, found.leaks.train, found.leaks.test) == (2, 2, 2)
    records = records_of(found)
    assert records["bk2_5"].group_id == records["bk1_1"].group_id
    assert records["bk2_5"].split == "test" != records["bk1_1"].split
    assert "The published division leaks: 2 groups" in (found.release / "CHANGES.md").read_text()
    assert "leaks: 2 groups" in read_manifest(found.release).notes["division"]
    problems = verify_release(found.release).problems
    assert any("The published division leaks: 2 groups" in problem for problem in problems)
    assert any("is in test and in train" in problem for problem in problems)
    with pytest.raises(VerificationError, match="--resplit mends that"):
        verify_or_raise(found.release)


def test_a_mended_division_is_sound_and_moves_nothing_else(tmp_path: Path) -> None:
    source = leaking_folder(tmp_path / "MM-Skin")
    as_published = records_of(imported(source, tmp_path))
    found = imported(source, tmp_path, name="mended", resplit=True)
    verify_or_raise(found.release)
    records = records_of(found)
    moved = {n for n in records if records[n].split != as_published[n].split}
    assert moved == {"bk2_5", "bk1_2_b"}
    entries = json.loads((found.release / "MM-Skin-O.json").read_bytes())
    assert {e["split"] for e in entries if e["record_id"] in moved} == {"train"}
    assert "are in training here" in (found.release / "CHANGES.md").read_text()


def test_the_very_same_pixels_on_both_sides_are_counted(tmp_path: Path) -> None:
    pictures = made_pictures()
    pictures["bk2_5"] = pictures["bk10_30_26"]
    source = make_upstream(tmp_path / "MM-Skin", pictures=pictures)
    assert imported(source, tmp_path).leaks.exact == 1
    mended = imported(source, tmp_path, name="mended", resplit=True)
    verify_or_raise(mended.release)
    assert mended.sides == {"train": len(CAPTIONS)}


def test_a_test_picture_with_training_talks_is_told(tmp_path: Path) -> None:
    source = make_upstream(tmp_path / "MM-Skin")
    rows = [("dataset/bk1_1.png", "What is shown?", "Papules.")]
    write_table(source / "MM-Skin_test.csv", ("image", "question", "answer"), rows)
    found = imported(source, tmp_path)
    assert found.leaks.questioned == 1
    assert "1 pictures of the published test table" in (found.release / "CHANGES.md").read_text()


def test_a_withdrawn_picture_does_not_come_back(tmp_path: Path) -> None:
    source = make_upstream(tmp_path / "MM-Skin")
    gone = records_of(imported(source, tmp_path))["bk1_1"]
    tombstone = Tombstone(
        record_id="bk7_1",
        image_sha256=gone.image_sha256,
        trace=None,
        reason="a face",
        withdrawn_on="2026-01-02",
    )
    found = imported(source, tmp_path, version="1.0.1", withdrawn=(tombstone,))
    assert ("withdrawn", "bk1_1") in rejects_of(found)
    verify_or_raise(found.release, withdrawn={gone.image_sha256})


def test_the_same_folder_gives_the_same_bytes(tmp_path: Path) -> None:
    source = make_upstream(tmp_path / "MM-Skin")
    one = imported(source, tmp_path / "a").release
    other = imported(source, tmp_path / "b").release
    assert (one / "manifest.json").read_bytes() == (other / "manifest.json").read_bytes()


def test_a_release_is_never_replaced_and_the_next_one_tells_what_changed(tmp_path: Path) -> None:
    source = make_upstream(tmp_path / "MM-Skin")
    imported(source, tmp_path)
    with pytest.raises(ReleaseExistsError):
        imported(source, tmp_path)
    write_table(source / "caption.csv", ("image", "caption", "modality"), caption_rows()[1:])
    found = imported(source, tmp_path, version="2.0.0")
    assert "1 removed" in (found.release / "CHANGES.md").read_text()


@pytest.mark.parametrize("form", ["upstream", "llava", "huggingface", "parquet", "webdataset"])
def test_an_imported_release_is_exported_like_any_other(tmp_path: Path, form: str) -> None:
    found = imported(make_upstream(tmp_path / "MM-Skin"), tmp_path)
    out = export_release(found.release, form, tmp_path / form)
    assert json.loads((out / "export.json").read_bytes())["content_digest"]


def test_no_metadata_are_exported_that_no_book_could_be_rebuilt_from(tmp_path: Path) -> None:
    found = imported(make_upstream(tmp_path / "MM-Skin"), tmp_path)
    with pytest.raises(ReleaseError, match="was imported"):
        export_release(found.release, "metadata", tmp_path / "out")


def test_croissant_reads_an_imported_release(tmp_path: Path) -> None:
    mlcroissant = pytest.importorskip("mlcroissant")
    found = imported(make_upstream(tmp_path / "MM-Skin"), tmp_path)
    dataset = mlcroissant.Dataset(str(found.release / "croissant.json"))
    assert len(list(dataset.records("captions"))) == len(CAPTIONS)


def test_pages_and_boxes_are_missing_of_imported_records_only() -> None:
    with pytest.raises(ValueError, match="imported record only"):
        make_provenance(bbox=None)
    with pytest.raises(ValueError, match="imported record only"):
        make_provenance(page_index=None)


def test_the_command_tells_counts_and_leaks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = leaking_folder(tmp_path / "MM-Skin")
    data = ["--data", str(tmp_path / "data")]
    assert run(["import", "upstream", str(source), *data]) == 0
    told = capsys.readouterr()
    assert "6 records, 12 questions" in told.out
    assert "2 groups on both sides" in told.err
    release = tmp_path / "data" / "releases" / "mmskin-published" / "1.0.0"
    assert run(["verify", str(release), *data]) == VerificationError.exit_code
    assert "The published division leaks" in capsys.readouterr().err
    mended = ["--version", "2.0.0", "--resplit", "--json"]
    assert run(["import", "upstream", str(source), *data, *mended]) == 0
    assert json.loads(capsys.readouterr().out)["sides"] == {"train": 6}
