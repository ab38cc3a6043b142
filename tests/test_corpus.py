"""Real, labelled documents come out as labelled, where a folder of them is at hand.

The folder (environment variable MMSKIN_CORPUS, else ``../shared/corpus`` beside the checkout) holds
``pdfs/*.pdf`` and ``labels/*.json``: ``{"file", "scanned", "pages", "figures": [{"page", "bbox",
"label", "caption", "ignore"}]}``, boxes in points from the top left. A figure is found when a pair
overlaps it (IoU 0.5) and bears its caption.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from rapidfuzz import fuzz

from mmskin_build.alignment import align_document
from mmskin_build.config import Config
from mmskin_build.figures.labels import parse_label
from mmskin_build.geometry import Bbox, iou
from mmskin_build.pdf.isolation import WorkerPool
from mmskin_build.pdf.jobs import PdfSource
from mmskin_build.records import Figure

_GIVEN = os.environ.get("MMSKIN_CORPUS")
CORPUS = Path(_GIVEN) if _GIVEN else Path(__file__).parents[2] / "shared" / "corpus"
FEW = 3
ENOUGH_FIGURES = 3
F1 = 0.95

Labels = dict[str, Any]


def digital_documents() -> list[Labels]:
    """The labels of documents with a text layer, the smallest files first."""
    if not (CORPUS / "labels").is_dir():
        pytest.skip(f"no labelled documents in {CORPUS}; set MMSKIN_CORPUS to a folder of them")
    found = [json.loads(path.read_text("utf-8")) for path in sorted(CORPUS.glob("labels/*.json"))]
    found = [labels for labels in found if not labels.get("scanned")]
    if not found:
        pytest.skip(f"{CORPUS}/labels holds no document with a text layer")
    return sorted(found, key=lambda labels: (pdf_of(labels).stat().st_size, labels["file"]))


def pdf_of(labels: Labels) -> Path:
    return CORPUS / "pdfs" / str(labels["file"])


def align(pool: WorkerPool, labels: Labels) -> Sequence[Figure]:
    source = PdfSource(path=pdf_of(labels))
    indices = range(pool.inspect(source).page_count)
    return align_document(
        pool, source, Config(), book_sha256=str(labels["doc"]), page_indices=indices
    ).figures


def is_found(true: dict[str, Any], figure: Figure) -> bool:
    if figure.page_index != true["page"] or figure.bbox is None:
        return False
    if iou(figure.bbox, Bbox(*true["bbox"])) < 0.5:
        return False
    printed = plain(true["caption"])
    if not printed:  # a plate that bears its label alone
        label = parse_label(true["label"] or "")
        found = parse_label(figure.label or "")
        return label is not None and found is not None and label.parts == found.parts
    return fuzz.ratio(printed, plain(figure.caption)) >= 90


def plain(caption: str | None) -> str:
    text = caption or ""
    label = parse_label(text)
    return re.sub(r"[^a-z0-9]+", "", text[label.end if label else 0 :].lower())


def count(labels: Labels, figures: Sequence[Figure]) -> tuple[int, int, int]:
    """Figures found, pairs told, figures labelled; on labelled pages, without the ignored."""
    on_pages = [f for f in labels["figures"] if f["page"] in labels["pages"]]
    wanted = [f for f in on_pages if not f.get("ignore")]
    ignored = [f for f in on_pages if f.get("ignore")]
    told = [
        figure
        for figure in figures
        if figure.status == "paired"
        and figure.bbox is not None
        and figure.page_index in labels["pages"]
        and not any(
            f["page"] == figure.page_index and iou(figure.bbox, Bbox(*f["bbox"])) >= 0.5
            for f in ignored
        )
    ]
    found = 0
    left = list(told)
    for true in wanted:
        match = next((figure for figure in left if is_found(true, figure)), None)
        if match is not None:
            left.remove(match)
            found += 1
    return found, len(told), len(wanted)


def f1(found: int, told: int, wanted: int) -> float:
    return 2 * found / (told + wanted) if told + wanted else 1.0


def test_small_labelled_documents_come_out_as_labelled() -> None:
    documents = [
        labels for labels in digital_documents() if len(labels["figures"]) >= ENOUGH_FIGURES
    ][:FEW]
    with WorkerPool(Config().pdf, 1) as pool:
        scores = {labels["file"]: f1(*count(labels, align(pool, labels))) for labels in documents}
    assert scores
    assert {file: score for file, score in scores.items() if score < F1} == {}


@pytest.mark.slow
def test_all_labelled_documents_come_out_as_labelled() -> None:
    documents = digital_documents()
    with WorkerPool(Config().pdf, 1) as pool:
        counts = [count(labels, align(pool, labels)) for labels in documents]
    assert f1(*(sum(column) for column in zip(*counts, strict=True))) >= F1
