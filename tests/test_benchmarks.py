"""The measuring itself: scorer, baselines, history and page of `make bench`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import bench_history
import bench_page
import pytest
import whole
from baselines import CAPTION, READERS, pair
from bench_history import Run, append_run, compare_with, read_history
from labelled_documents import your_own
from layout_pictures import draw_picture
from layout_sheet import Box, Truth
from pairs import Found, Labelled, rates, score, score_document
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from side_by_side import linked_captions

PICTURE = Box(100, 100, 300, 260)
CAPTION_TEXT = "Figure 2.1. Ring-shaped plaques on the back of the hand."


def truth(box: Box = PICTURE, caption: str = "Ring-shaped plaques.", page: int = 0) -> Truth:
    return Truth(page, box, "Figure 2.1", caption, None, "photo")


def run(machine: str = "m", extent: str = "default", **figures: float) -> Run:
    units: dict[str, Any] = {name: "share" if name == "f1" else "readings" for name in figures}
    return Run(
        date="2030-01-01T00:00:00+00:00",
        commit="0",
        extent=extent,
        machine=machine,
        load=0.1,
        versions={"python": "3.11"},
        figures=figures,
        units=units,
    )


# ------------------------------------------------------------------------------------------ scorer


def test_a_figure_counts_with_its_place_and_its_words() -> None:
    right = Found(0, PICTURE, None, "Figure 2.1. Ring-shaped plaques.")
    row, wrong = score([truth()], [right])
    assert (row["located"], row["correct"], wrong) == (1, 1, [])
    assert rates(row)["f1"] == 1.0
    for found in (
        Found(1, PICTURE, None, "Ring-shaped plaques."),  # another page
        Found(0, Box(300, 260, 500, 400), None, "Ring-shaped plaques."),  # another place
        Found(0, PICTURE, None, "A single nodule of the scalp."),  # other words
    ):
        row, wrong = score([truth()], [found])
        assert row["correct"] == 0
        assert wrong


def test_what_is_found_too_much_counts_against_precision_unless_it_is_to_be_ignored() -> None:
    found = [
        Found(0, PICTURE, None, "Ring-shaped plaques."),
        Found(0, Box(320, 100, 500, 260), None, "Table 1"),
        Found(7, PICTURE, None, "on a page that nobody labelled"),
    ]
    document = Labelled("a", Path("a.pdf"), frozenset({0}), (truth(),))
    assert rates(score_document(document, found)[0])["precision"] == 0.5
    ignoring = Labelled("a", Path("a.pdf"), frozenset({0}), (truth(),), ((0, found[1].bbox),))
    assert rates(score_document(ignoring, found)[0])["precision"] == 1.0


def test_where_only_a_label_is_printed_the_label_decides() -> None:
    bare = truth(caption="")
    assert score([bare], [Found(0, PICTURE, "FIG. 2.1", None)])[0]["correct"] == 1
    assert score([bare], [Found(0, PICTURE, "FIG. 2.2", None)])[0]["correct"] == 0


def test_labels_of_your_own_are_read_and_what_is_not_labelled_is_left_out(tmp_path: Path) -> None:
    figure = {"page": 0, "bbox": [1, 2, 30, 40], "label": "Fig. 1", "caption": "Fig. 1. A nodule."}
    content = {"pages": [0], "figures": [figure, {**figure, "ignore": True}]}
    (tmp_path / "a.json").write_text(json.dumps(content))
    (document,) = your_own([tmp_path / "a.pdf", tmp_path / "b.pdf"], tmp_path)
    assert [t.caption for t in document.truths] == ["A nodule."]
    assert document.ignored == ((0, Box(1, 2, 30, 40)),)
    (tmp_path / "b.json").write_text("[]")
    with pytest.raises(Exception, match=r"b\.json: no label file"):
        list(your_own([tmp_path / "b.pdf"], tmp_path))


# --------------------------------------------------------------------------------------- baselines


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Draw a picture with its caption, a logo, and a sentence that names the figure."""
    import numpy as np

    path = tmp_path_factory.mktemp("page") / "page.pdf"
    canvas = Canvas(str(path), pagesize=(500, 700), invariant=1)
    pixels = draw_picture(np.random.default_rng(1), 200, 160)
    image = ImageReader(Image.fromarray(pixels))
    canvas.drawImage(image, PICTURE.x0, 700 - PICTURE.y1, 200, 160)
    canvas.drawImage(image, 20, 660, 20, 20)
    canvas.setFont("Helvetica", 9)
    canvas.drawString(100, 700 - 275, CAPTION_TEXT)
    canvas.drawString(60, 300, "As a figure of speech, plaques may look like rings.")
    canvas.save()
    return path


@pytest.mark.parametrize("name", ["script", "pdfplumber", "pdfminer"])
def test_a_baseline_finds_a_plain_figure(name: str, page: Path) -> None:
    row, wrong = score([truth(caption=CAPTION_TEXT)], list(READERS[name](page)))
    assert (row["correct"], row["predicted"], wrong) == (1, 1, [])


def test_pictures_of_one_caption_are_one_figure_and_the_script_looks_below_only() -> None:
    left, right = Box(50, 50, 150, 150), Box(160, 50, 260, 150)
    below, above = (Box(50, 155, 260, 170), "below"), (Box(50, 20, 260, 45), "above")
    assert pair([left, right], [below], below=True) == [(left.union(right), "below")]
    assert pair([left], [above], below=True) == []
    assert pair([left], [above], below=False) == [(left, "above")]
    assert pair([left], [(Box(50, 400, 260, 420), "far")], below=False) == []


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("Fig. 3 A nodule", True),
        ("Abbildung 4. Knoten", True),
        ("Figures of merit", False),
        ("see Figure 3", False),
    ],
)
def test_a_caption_begins_with_a_word_and_a_number(text: str, begins: bool) -> None:
    assert bool(CAPTION.match(text)) is begins


def test_boxes_from_the_bottom_of_the_page_are_turned_over(page: Path) -> None:
    content = {
        "kids": [
            {"type": "image", "id": 4, "page number": 1, "bounding box": [100, 440, 300, 600]},
            {"type": "image", "id": 5, "page number": 1, "bounding box": [0, 0, 10, 10]},
            {"type": "list", "kids": [{"type": "caption", "linked content id": 4, "content": "c"}]},
        ]
    }
    assert linked_captions(content, page) == [Found(0, PICTURE, None, "c")]


# ----------------------------------------------------------------------------------------- history


def test_a_slowdown_is_told_against_the_median_of_the_last_runs(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    for cost in (99.0, 10.0, 10.2, 9.9, 30.0, 10.1):  # the first is forgotten, one was disturbed
        append_run(path, run(align=cost, f1=0.99))
    with path.open("a") as file:
        file.write("half a li\n")
    history = read_history(path)
    assert len(history) == 6
    (align, f1) = compare_with(history, run(align=12.0, f1=0.987))
    assert (align.usual, align.runs, align.worse) == (10.1, bench_history.LAST_RUNS, True)
    assert f1.worse is False  # within what counts as none
    (align, f1) = compare_with(history, run(align=8.0, f1=0.98))
    assert (align.worse, align.better, f1.worse) == (False, True, True)


def test_other_machines_and_other_extents_are_no_measure() -> None:
    history = [run(machine="other", align=1.0), run(extent="full", align=1.0)]
    assert compare_with(history, run(align=50.0)) == []


# -------------------------------------------------------------------------------------------- page


def pairs_report(who: str = "mmskin") -> dict[str, Any]:
    row = {"f1": 1.0, "precision": 1.0, "recall": 1.0, "located": 1.0, "figures": 3, "pages": 2}
    row |= {"cpu_s_per_page": 0.2, "times_ours": 1.0, "peak_mib": 200.0, "cpu_s": 2.0, "failed": []}
    rows = {name: dict(row) for name in (who, "layout", "pdfplumber")}
    return {"about": {who: "ours"}, "absent": {"x": "why"}, "sets": {"demo book": rows}}


def test_the_page_stands_alone_and_says_what_got_worse(tmp_path: Path) -> None:
    before, now = run(align=10.0), run(align=20.0)
    content = {
        "run": asdict(now),
        "reading_s_per_page": 0.02,
        "parts": {
            "pairs": {"wall_s": 1.0, "cpu_s": 1.0, "report": pairs_report()},
            "growth": {"wall_s": 1.0, "cpu_s": 1.0, "failed": "exit code 1: <script>"},
        },
    }
    path = tmp_path / "bench.html"
    bench_page.write_page(path, content, compare_with([before], now), [before, now])
    text = path.read_text("utf-8")
    assert "1 of 1 figures are worse" in " ".join(text.split())
    assert "2.00 times" in text
    assert text.count("<svg") == 2  # pairs and history
    assert "<script" not in text
    assert 'src="http' not in text and 'href="http' not in text


def test_parts_are_chosen_by_name_and_unknown_ones_refused() -> None:
    assert whole.chosen("growth cost") == ["cost", "growth"]
    assert set(whole.chosen("default")) < set(whole.chosen("full")) == set(whole.PARTS)
    with pytest.raises(SystemExit, match="names of parts: cost pairs"):
        whole.chosen("costs")


def test_each_part_is_a_script_that_is_there() -> None:
    for part in whole.PARTS.values():
        assert (whole.HERE / part.script).exists()


def test_a_part_that_fails_is_told_with_its_last_words(tmp_path: Path) -> None:
    code = "import sys; print('no room'); sys.exit(3)"
    ended = whole.run_part("x", [sys.executable, "-c", code], tmp_path / "x.json", tmp_path / "log")
    assert ended["failed"] == "exit code 3: no room"
    assert "report" not in ended


def test_figures_of_pairs_are_ratios_side_by_side() -> None:
    figures = {f.name: (f.value, f.unit) for f in whole.PARTS["pairs"].figures(pairs_report(), 0.1)}
    assert figures["F1 of pairs, demo book"] == (1.0, "share")
    assert figures["cost against layout, demo book"] == (1.0, "ratio")
