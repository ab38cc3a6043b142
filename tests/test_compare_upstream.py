"""Which published pairs a release has, misses and contradicts."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from made_upstream import CAPTIONS, Rgb, copy_of, draw, made_pictures, make_upstream
from mmskin_build.cli import run
from mmskin_build.dataset.compare_upstream import (
    REPORT,
    TABLE,
    ComparedPair,
    Comparison,
    compare_upstream,
    count_outcomes,
    write_comparison,
)
from mmskin_build.dataset.import_upstream import import_upstream
from mmskin_build.errors import ReleaseError, SchemaError

OTHER = "Sections show a dense lymphocytic infiltrate with epidermotropism of atypical cells."


def release_of(
    tmp_path: Path,
    captions: Mapping[str, str] = CAPTIONS,
    pictures: Mapping[str, Rgb] | None = None,
) -> Path:
    """A release in ``data/releases/mm-skin`` to look pairs up in."""
    rows = [(f"{name}.png", caption, "clinical") for name, caption in captions.items()]
    made = {n: rgb for n, rgb in made_pictures().items() if n in captions}
    source = make_upstream(tmp_path / "ours", pictures=pictures or made, rows=rows)
    return import_upstream(source, tmp_path / "data" / "releases", "mm-skin", "1.0.0").release


def by_id(found: Comparison) -> dict[str, ComparedPair]:
    return {pair.id: pair for pair in found.pairs}


def test_a_release_with_the_same_pairs_has_them_all(tmp_path: Path) -> None:
    found = compare_upstream(make_upstream(tmp_path / "MM-Skin"), release_of(tmp_path))
    assert {(p.outcome, p.by) for p in found.pairs} == {("has", "pixels")}
    assert [p.id for p in found.pairs] == [p.record_id for p in found.pairs]
    assert found.only_here == ()


def test_pictures_are_known_again_at_another_size_and_under_another_name(tmp_path: Path) -> None:
    names = {name: f"bk7_{number}" for number, name in enumerate(CAPTIONS)}
    release = release_of(
        tmp_path,
        {names[n]: caption for n, caption in CAPTIONS.items()},
        {names[n]: copy_of(rgb) for n, rgb in made_pictures().items()},
    )
    found = compare_upstream(make_upstream(tmp_path / "MM-Skin"), release)
    assert {(p.outcome, p.by) for p in found.pairs} == {("has", "fingerprint")}
    assert {p.id: p.record_id for p in found.pairs} == names
    assert all((p.picture_similarity or 0) > 0.5 for p in found.pairs)


def test_the_same_picture_with_another_caption_is_a_contradiction(tmp_path: Path) -> None:
    release = release_of(tmp_path, {**CAPTIONS, "bk2_5": OTHER})
    pair = by_id(compare_upstream(make_upstream(tmp_path / "MM-Skin"), release))["bk2_5"]
    assert (pair.outcome, pair.by, pair.record_id) == ("contradicts", "pixels", "bk2_5")
    assert pair.similarity is not None and pair.similarity < 60
    assert (pair.published_caption, pair.release_caption) == (CAPTIONS["bk2_5"], OTHER)


@pytest.mark.parametrize(
    "change",
    [
        str.upper,
        lambda text: "Fig. 3.1 " + text,
        lambda text: text.replace("e", "c", 2),
        lambda text: text.replace(" ", "  ").replace(".", ""),
        lambda text: f"A, {OTHER} B, {text} C, the same lesion in dermoscopy, magnified ten times.",
        lambda text: text[: text.index(" ", 12)],
    ],
)
def test_a_label_a_part_and_misread_letters_are_no_contradiction(
    tmp_path: Path, change: object
) -> None:
    assert callable(change)
    release = release_of(tmp_path, {n: change(caption) for n, caption in CAPTIONS.items()})
    found = compare_upstream(make_upstream(tmp_path / "MM-Skin"), release)
    assert {p.outcome for p in found.pairs} == {"has"}


def test_what_is_not_there_is_missed_and_what_is_more_is_told(tmp_path: Path) -> None:
    ours = {n: caption for n, caption in CAPTIONS.items() if n != "bk1_1"} | {"bk9_1": OTHER}
    pictures = {**made_pictures(), "bk9_1": draw(77)}
    del pictures["bk1_1"]
    release = release_of(tmp_path, ours, pictures)
    found = compare_upstream(make_upstream(tmp_path / "MM-Skin"), release)
    assert by_id(found)["bk1_1"] == ComparedPair(id="bk1_1", outcome="misses", by="nothing")
    assert found.only_here == ("bk9_1",)
    counted = {(row.outcome, row.by): row.pairs for row in count_outcomes(found)}
    assert counted == {("has", "pixels"): 5, ("misses", "nothing"): 1}


def test_a_picture_that_nobody_knows_is_looked_up_by_its_caption(tmp_path: Path) -> None:
    pictures = {**made_pictures(), "bk2_5": draw(55)}
    release = release_of(tmp_path, pictures=pictures)
    pair = by_id(compare_upstream(make_upstream(tmp_path / "MM-Skin"), release))["bk2_5"]
    assert (pair.outcome, pair.by, pair.record_id) == ("has", "caption", "bk2_5")


def test_a_missing_picture_is_looked_up_by_its_caption(tmp_path: Path) -> None:
    source = make_upstream(tmp_path / "MM-Skin")
    (source / "dataset" / "bk1_1.png").unlink()
    found = compare_upstream(source, release_of(tmp_path))
    assert found.unread == {"picture_missing": 1}
    assert by_id(found)["bk1_1"].by == "caption"


def test_one_record_answers_for_one_caption_only(tmp_path: Path) -> None:
    """Two unknown pictures with the caption of one record: one of them is missed."""
    rows = [("bk1_1.png", OTHER, ""), ("bk1_2.png", OTHER, "")]
    source = make_upstream(
        tmp_path / "MM-Skin", pictures={"bk1_1": draw(31), "bk1_2": draw(32)}, rows=rows
    )
    release = release_of(tmp_path, {"bk1_9": OTHER}, {"bk1_9": draw(33)})
    found = compare_upstream(source, release)
    assert [(p.outcome, p.record_id) for p in found.pairs] == [("has", "bk1_9"), ("misses", None)]


def test_a_short_caption_identifies_nothing(tmp_path: Path) -> None:
    rows = [("bk1_1.png", "Psoriasis of the scalp.", "")]
    source = make_upstream(tmp_path / "MM-Skin", pictures={"bk1_1": draw(31)}, rows=rows)
    release = release_of(tmp_path, {"bk1_9": "Psoriasis of the scalp."}, {"bk1_9": draw(33)})
    assert [p.outcome for p in compare_upstream(source, release).pairs] == ["misses"]


def test_of_records_with_one_picture_the_one_with_the_caption_counts(tmp_path: Path) -> None:
    shown = draw(40)
    release = release_of(
        tmp_path, {"bk1_1": OTHER, "bk1_7": CAPTIONS["bk1_1"]}, {"bk1_1": shown, "bk1_7": shown}
    )
    rows = [("bk1_1.png", CAPTIONS["bk1_1"], "")]
    source = make_upstream(tmp_path / "MM-Skin", pictures={"bk1_1": shown}, rows=rows)
    (pair,) = compare_upstream(source, release).pairs
    assert (pair.outcome, pair.record_id) == ("has", "bk1_7")


def test_a_copy_with_the_caption_goes_before_the_very_pixels_with_another(tmp_path: Path) -> None:
    shown = draw(40)
    release = release_of(
        tmp_path,
        {"bk1_1": OTHER, "bk1_7": CAPTIONS["bk1_1"]},
        {"bk1_1": copy_of(shown), "bk1_7": shown},
    )
    rows = [("bk1_1.png", CAPTIONS["bk1_1"], "")]
    source = make_upstream(tmp_path / "MM-Skin", pictures={"bk1_1": copy_of(shown)}, rows=rows)
    (pair,) = compare_upstream(source, release).pairs
    assert (pair.outcome, pair.by, pair.record_id) == ("has", "fingerprint", "bk1_7")


def test_a_blank_picture_is_compared_without_a_traceback(tmp_path: Path) -> None:
    blank = {"bk1_1": np.full((40, 40, 3), 200, np.uint8)}
    source = make_upstream(
        tmp_path / "MM-Skin", pictures=blank, rows=[("bk1_1.png", CAPTIONS["bk1_1"], "")]
    )
    assert len(compare_upstream(source, release_of(tmp_path)).pairs) == 1


def test_json_and_csv_have_a_row_a_pair(tmp_path: Path) -> None:
    release = release_of(tmp_path, {**CAPTIONS, "bk2_5": OTHER})
    found = compare_upstream(make_upstream(tmp_path / "MM-Skin"), release)
    write_comparison(found, tmp_path / "out")
    page = json.loads((tmp_path / "out" / REPORT).read_bytes())
    with (tmp_path / "out" / TABLE).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == [pair["id"] for pair in page["pairs"]]
    assert sum(row["pairs"] for row in page["outcomes"]) == page["published"] == len(rows)
    assert [row["outcome"] for row in rows].count("contradicts") == 1


def test_the_command_shows_the_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    release_of(tmp_path, {**CAPTIONS, "bk2_5": OTHER})
    source = make_upstream(tmp_path / "MM-Skin")
    asked = ["compare", "upstream", str(source), "--data", str(tmp_path / "data")]
    assert run([*asked, "--out", str(tmp_path / "out")]) == 0
    told = capsys.readouterr().out
    assert "contradicts" in told and "83.3%" in told and "6 published pairs" in told
    assert (tmp_path / "out" / TABLE).is_file()
    assert run([*asked, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["published"] == 6
    assert run([*asked, "--release", "9.9.9"]) == ReleaseError.exit_code
    assert run(["compare", "upstream", str(tmp_path / "none"), *asked[3:]]) == SchemaError.exit_code
