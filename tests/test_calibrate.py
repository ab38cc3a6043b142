"""Books are spoiled with their truth kept, and the model learns to tell right pairs from wrong."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from builders import make_body, make_caption_lines, make_image, make_page
from mmskin_build.calibrate import run, spoil
from mmskin_build.calibrate.examples import HALVES, Example, examples_of
from mmskin_build.calibrate.fit import SIGNS, fit_model
from mmskin_build.calibrate.labelled import LabelledBook, TrueFigure, corpus_book, label_files
from mmskin_build.calibrate.measure import calibration, held_out_models, measure_swaps
from mmskin_build.config import Config, FiguresConfig
from mmskin_build.errors import SchemaError
from mmskin_build.figures.confidence import (
    MODEL_FILE,
    judge_pair,
    lone_features,
    pair_features,
    read_model,
    shipped_model,
)
from mmskin_build.figures.facts import LoneFacts, PairFacts
from mmskin_build.geometry import Bbox
from mmskin_build.pdf.isolation import WorkerPool
from tiny_books import draw_book

CFG = FiguresConfig()
PLACES = ((72.0, 60.0), (72.0, 320.0))
LESIONS = ("a scaly plaque", "an eroded papule", "grouped vesicles", "a livid macule", "a weal")
SITES = ("shoulder", "forearm", "lower back", "index finger", "upper lip", "scalp", "left heel")


def draw_pages(document: str = "book", pages: int = 6) -> LabelledBook:
    """Two figures a page, one below the other, with running text beneath."""
    made, figures = [], []
    for index in range(pages):
        lines: list[Any] = list(make_body(72, 600, rows=8))
        images = []
        for place, (x0, y0) in enumerate(PLACES):
            number = 2 * index + place + 1
            text = (
                f"Clinical view of {LESIONS[number % 5]} on the {SITES[number % 7]}, case {number}."
            )
            caption = make_caption_lines(f"Figure {number}.", text, x0, y0 + 188, block=20 + place)
            lines += caption
            box = (x0, y0, x0 + 260, y0 + 180)
            images.append(make_image(box, order=place, image_key=f"{number:024x}"))
            figures.append(
                TrueFigure(
                    page=index,
                    bbox=Bbox(*box),
                    label=f"Figure {number}",
                    caption=text,
                    caption_bbox=caption[0].bbox,
                    caption_page=index,
                )
            )
        made.append(make_page(index, lines=lines, images=images))
    return LabelledBook(
        document=document,
        pages=tuple(made),
        figures=tuple(figures),
        labelled=frozenset(range(pages)),
    )


def outcome(book: LabelledBook) -> list[tuple[str, str, bool]]:
    return [(e.half, e.figure_id, e.right) for e in examples_of(book, CFG)]


def wrong(book: LabelledBook) -> list[str]:
    return [figure_id for half, figure_id, right in outcome(book) if half == "pair" and not right]


RNG = np.random.default_rng(1)
BOOK = draw_pages()


def test_every_pair_of_a_plain_book_is_right() -> None:
    assert outcome(BOOK) == [
        ("pair", f"p{page:04d}-f{number}", True) for page in range(6) for number in (1, 2)
    ]


def test_a_caption_whose_picture_is_lost_is_truly_alone() -> None:
    spoiled = spoil.lose_pictures(BOOK, [2], RNG)
    assert len(spoiled.figures) == len(BOOK.figures) - 1
    assert ("caption", "p0001-c1", True) in outcome(spoiled)


def test_a_picture_whose_caption_is_lost_is_truly_alone() -> None:
    spoiled = spoil.lose_captions(BOOK, [2], RNG)
    assert spoiled.figures[2].caption is None
    assert ("picture", "p0001-f1", True) in outcome(spoiled)


def test_swapped_captions_make_two_wrong_pairs_and_stay_on_the_page() -> None:
    spoiled = spoil.swap_captions(BOOK, [2], RNG)
    assert wrong(spoiled) == ["p0001-f1", "p0001-f2"]
    assert spoiled.figures[2].caption == BOOK.figures[2].caption
    assert spoiled.figures[2].caption_bbox == BOOK.figures[3].caption_bbox
    assert [len(page.lines) for page in spoiled.pages] == [len(page.lines) for page in BOOK.pages]


def test_swapped_numbers_leave_every_pair_right() -> None:
    spoiled = spoil.swap_numbers(BOOK, [2], RNG)
    assert wrong(spoiled) == []
    assert [f.label for f in spoiled.figures[2:4]] == ["Figure 4", "Figure 3"]
    texts = [line.text for line in spoiled.pages[1].lines]
    assert any(text.startswith("Figure 4. Clinical view of a livid macule") for text in texts)


def test_captions_of_another_page_are_swapped_too() -> None:
    assert spoil.neighbors(BOOK, [1]) == [(1, 2)]
    assert wrong(spoil.swap_captions(BOOK, [1], RNG)) == ["p0000-f2", "p0001-f1"]


def test_a_moved_caption_never_lands_on_a_figure_or_a_caption() -> None:
    for seed in range(30):
        rng = np.random.default_rng(seed)
        spoiled = spoil.push_captions(BOOK, range(12), rng)
        for page in spoiled.pages:
            here = [f for f in spoiled.figures if f.page == page.page_index]
            boxes = [f.bbox for f in here] + [f.caption_bbox for f in here if f.caption_bbox]
            for i, box in enumerate(boxes):
                assert all(box.intersect(other).area <= 4.0 for other in boxes[i + 1 :])


@pytest.mark.parametrize("harm", sorted(spoil.HARMS))
def test_harm_without_a_victim_changes_nothing(harm: str) -> None:
    assert spoil.HARMS[harm](BOOK, [], RNG) == BOOK


def test_the_same_seed_spoils_the_same() -> None:
    once = spoil.spoil_book(BOOK, np.random.default_rng(5))
    assert once == spoil.spoil_book(BOOK, np.random.default_rng(5))
    others = [spoil.spoil_book(BOOK, np.random.default_rng(seed)) for seed in range(8)]
    assert any(other != once for other in others)


# ------------------------------------------------------------------------------------ fit, measure


def many_examples(documents: int = 3, variants: int = 12) -> list[Example]:
    found: list[Example] = []
    for number in range(documents):
        book = draw_pages(f"book {number}", pages=8)
        for variant in range(variants):
            rng = np.random.default_rng([number, variant])
            found += examples_of(spoil.spoil_book(book, rng), CFG)
    return found


EXAMPLES = many_examples()


def test_a_fitted_model_prefers_right_pairs_and_keeps_the_signs() -> None:
    model = fit_model("pair", EXAMPLES)
    for name, sign in SIGNS["pair"].items():
        assert model.weights[name] * sign >= 0.0, name
    pairs = [(model.probability(e.features), e.right) for e in EXAMPLES if e.half == "pair"]
    mean = {r: np.mean([p for p, right in pairs if right == r]) for r in (True, False)}
    assert mean[True] > mean[False] + 0.2


def test_the_order_of_examples_does_not_matter() -> None:
    assert fit_model("pair", EXAMPLES) == fit_model("pair", EXAMPLES[::-1])


def test_a_model_of_one_kind_only_is_refused() -> None:
    with pytest.raises(ValueError, match="right and wrong"):
        fit_model("pair", [e for e in EXAMPLES if e.right])


def test_the_model_for_a_document_is_fitted_without_it() -> None:
    models = held_out_models("pair", EXAMPLES, folds=3)
    assert sorted(models) == ["book 0", "book 1", "book 2"]
    assert models["book 1"] == fit_model("pair", [e for e in EXAMPLES if e.document != "book 1"])


def test_calibration_counts_what_is_sure_and_how_far_off_it_is() -> None:
    found = calibration([0.95] * 4 + [0.55] * 2, [True, True, True, False, True, False])
    assert (found.count, found.sure, found.precision) == (6, round(4 / 6, 4), 0.75)
    assert found.error == pytest.approx((4 * 0.2 + 2 * 0.05) / 6, abs=1e-4)


def test_swaps_of_neighbors_are_told() -> None:
    swaps = measure_swaps([BOOK], lambda _: shipped_model("pair"), CFG, each=4)
    assert swaps.made == swaps.told_by_order == swaps.told == 4


# ------------------------------------------------------------------------------- the shipped model


def shipped() -> dict[str, Any]:
    text = resources.files("mmskin_build.figures").joinpath(MODEL_FILE).read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def test_the_shipped_model_weighs_what_is_computed() -> None:
    named = {
        "pair": pair_features(PairFacts()),
        "picture": lone_features(LoneFacts(half="picture")),
        "caption": lone_features(LoneFacts(half="caption")),
    }
    for half in HALVES:
        weights = shipped()["models"][half]["weights"]
        assert weights.keys() == named[half].keys() == SIGNS[half].keys()


def test_the_shipped_model_tells_how_it_was_made_and_what_was_measured() -> None:
    content = shipped()
    assert content["made_by"].startswith("mmskin calibrate --out FILE")
    pairs = content["measured"]["pair"]["held_out"]
    assert pairs["count"] == sum(content["examples"]["pair"].values())
    assert pairs["error"] <= 0.05 and pairs["precision"] >= 0.99
    for swaps in content["measured"]["swaps"].values():
        assert swaps["told"] >= 0.95 * swaps["made"] > 0


@pytest.mark.parametrize(
    "doubt",
    [
        {"order": "broken"},
        {"unfinished": True},
        {"words": 0, "order": "holds"},
        {"labeled": False, "order": None, "cost": 1.2},
        {"cost": 6.0, "picture_margin": -2.0, "spare_pictures": 1},
        {"pictures": 3, "loose_pt": 40.0, "order": "holds"},
    ],
    ids=["order", "breaks off", "no words", "no label", "better picture", "loose pictures"],
)
def test_what_a_person_would_doubt_is_listed_as_doubtful(doubt: dict[str, Any]) -> None:
    assert judge_pair(PairFacts()).confidence >= CFG.doubtful_below
    assert judge_pair(replace(PairFacts(), **doubt)).confidence < CFG.doubtful_below


# ------------------------------------------------------------------------------------- from files


def write_corpus(folder: Path, names: Sequence[str]) -> Path:
    (folder / "labels").mkdir()
    (folder / "pdfs").mkdir()
    for seed, name in enumerate(names):
        draw_book(folder / "pdfs" / f"{name}.pdf", figures=5, seed=seed)
        figures = []
        for page in range(5):
            number = 100 * seed + page + 1
            left = 72 + 5 * (number % 12)
            label = f"Figure 2.{page + 1}"
            figures.append(
                {
                    "page": page,
                    "bbox": [left, 112, left + 300, 312],
                    "label": label,
                    "caption": f"{label} Plaque number {number} on the left forearm.",
                    "caption_bbox": [left, 321, left + 300, 333],
                    "caption_page": page,
                }
            )
        truth = {"file": f"{name}.pdf", "pages": list(range(5)), "figures": figures}
        (folder / "labels" / f"{name}.json").write_text(json.dumps(truth))
    return folder


def test_a_labelled_document_is_read_with_its_truth(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path, ["one"])
    with WorkerPool(Config().pdf) as pool:
        book = corpus_book(pool, Config(), label_files(corpus)[0])
    assert book.figures[0].caption == "Plaque number 1 on the left forearm."
    assert outcome(book) == [("pair", f"p{page:04d}-f1", True) for page in range(5)]


def test_a_corpus_without_labels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match=r"labels/NAME\.json"):
        label_files(tmp_path)


def test_a_file_that_is_no_label_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "labels").mkdir()
    path = tmp_path / "labels" / "one.json"
    path.write_text('{"file": "one.pdf"}')
    with WorkerPool(Config().pdf) as pool, pytest.raises(SchemaError, match="no label file"):
        corpus_book(pool, Config(), path)


@pytest.mark.slow
def test_the_same_inputs_give_the_same_model(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path, ["one", "two"])
    stages: list[str] = []
    contents = []
    for workers in (1, 2):
        with WorkerPool(Config().pdf, workers) as pool:
            contents.append(
                run.calibrate(
                    pool,
                    Config(),
                    books=2,
                    corpus=corpus,
                    spoiled=30,
                    progress=lambda _, stage, *__: stages.append(stage),
                )
            )
    assert contents[0] == contents[1]
    assert {"read", "spoil_and_align"} == set(stages)
    for half in HALVES:
        model = read_model(contents[0]["models"][half])
        assert model.weights.keys() == SIGNS[half].keys()
    assert contents[0]["inputs"]["corpus_documents"] == 2
