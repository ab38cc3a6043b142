"""The whole alignment of the demo book against a committed golden file.

Where `test_demo_*` ask whether the result is right, this asks whether it has changed: boxes,
evidence, confidence, letters, words, overlays, rejects. Make the file again with
``UPDATE_GOLDEN=1 python -m pytest tests/test_golden.py`` (``make golden``) and read the difference.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from mmskin_build.alignment import align_document
from mmskin_build.config import Config
from mmskin_build.demo.book import write_demo_book
from mmskin_build.pdf.isolation import WorkerPool
from mmskin_build.pdf.jobs import PdfSource
from mmskin_build.records import Alignment, Figure
from mmskin_build.store import plain

GOLDEN = Path(__file__).parent / "golden" / "demo_alignment.json"
PAGES, SEED = 40, 1
POINTS, PROBABILITY = 0.5, 0.02  # what boxes and probabilities may differ by


@pytest.fixture(scope="module")
def alignment(tmp_path_factory: pytest.TempPathFactory) -> Alignment:
    path = tmp_path_factory.mktemp("golden") / "demo.pdf"
    write_demo_book(path, seed=SEED, pages=PAGES, keep_pixels=False)
    cfg = Config()
    with WorkerPool(cfg.pdf, 1) as pool:
        return align_document(
            pool,
            PdfSource(path=path),
            cfg,
            book_sha256="0" * 64,
            page_indices=range(PAGES),
        )


def golden_form(alignment: Alignment) -> dict[str, Any]:
    """What is compared: no digest of pixels, which another decoder may change by a grey level."""
    return {
        "figures": [figure_form(figure) for figure in alignment.figures],
        "rejects": [plain(reject) for reject in alignment.rejects],
    }


def figure_form(figure: Figure) -> dict[str, Any]:
    form: dict[str, Any] = plain(figure)
    is_scan = any(panel.source == "scan" for panel in figure.panels)
    if is_scan:  # Tesseract's words and boxes differ from version to version
        for key in ("caption", "caption_bbox", "bbox", "evidence", "panels", "confidence"):
            form.pop(key)
        return form
    for panel in form["panels"]:
        panel.pop("image_sha256")
    form["evidence"] = [item["name"] for item in form["evidence"]]
    return form


def differences(golden: Any, found: Any, where: str = "") -> list[str]:
    """Say in words where two JSON values differ; numbers may differ a little."""
    if isinstance(golden, dict) and isinstance(found, dict):
        keys = sorted(set(golden) | set(found))
        return [
            line
            for key in keys
            for line in differences(golden.get(key), found.get(key), f"{where}/{key}")
        ]
    if isinstance(golden, list) and isinstance(found, list) and len(golden) == len(found):
        return [
            line
            for index, (a, b) in enumerate(zip(golden, found, strict=True))
            for line in differences(a, b, f"{where}/{index}")
        ]
    if isinstance(golden, float) and isinstance(found, float):
        slack = PROBABILITY if where.endswith("/confidence") else POINTS
        return [] if abs(golden - found) <= slack else [f"{where}: {golden} became {found}"]
    return [] if golden == found else [f"{where}: {golden!r} became {found!r}"]


def test_the_demo_book_is_aligned_as_before(alignment: Alignment) -> None:
    found = json.loads(json.dumps(golden_form(alignment)))
    if os.environ.get("UPDATE_GOLDEN"):
        assert not os.environ.get("CI"), "golden files are renewed by a person, who reads them"
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert differences(golden, found) == []


def test_a_change_is_told() -> None:
    golden = {"figures": [{"label": "Figure 1", "bbox": [0.0, 1.0], "confidence": 0.99}]}
    moved = {"figures": [{"label": "Figure 2", "bbox": [0.0, 2.0], "confidence": 0.9}]}
    assert differences(golden, golden) == []
    assert differences(golden, moved) == [
        "/figures/0/bbox/1: 1.0 became 2.0",
        "/figures/0/confidence: 0.99 became 0.9",
        "/figures/0/label: 'Figure 1' became 'Figure 2'",
    ]
