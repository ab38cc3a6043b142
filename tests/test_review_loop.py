"""A verdict counts: build, decide, build again, release; and a changed book asks again."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from builders import make_decision
from mmskin_build import builds
from mmskin_build.books import add_book
from mmskin_build.config import Workspace, parse_config
from mmskin_build.dataset.figure_verdicts import caption_place
from mmskin_build.dataset.released import read_records
from mmskin_build.dataset.verdicts import patient_ground
from mmskin_build.decisions import CaptionPlace, Decision
from mmskin_build.pdf.isolation import WorkerPool
from mmskin_build.queues import report_verdicts
from mmskin_build.records import Record
from mmskin_build.review.decisions import DecisionLog
from mmskin_build.review.tasks import Task
from mmskin_build.store import file_sha256, read_jsonl
from tiny_books import KEEP_EVERYTHING, draw_figure

CFG = parse_config(KEEP_EVERYTHING | {"workspace": {"workers": 2}}, "the test's settings")
FIGURES = 15
FIELDS = (
    ["modality"] * 10 + ["annotated"] * 5 + ["mask"] * 3 + ["drop"] * 2
    + ["demographics"] * 5 + ["figure"] * 5
)  # fmt: skip


def draw(path: Path, seeds: list[int]) -> Path:
    canvas = Canvas(str(path), pagesize=(612, 792), invariant=1)
    for number, seed in enumerate(seeds, 1):
        draw_figure(canvas, f"Figure 2.{number}", seed=seed)
        canvas.setFont("Times-Roman", 11)
        for line in range(24):
            canvas.drawString(72, 420 - 14 * line, "Running text about the course of disease. " * 2)
        canvas.showPage()
    canvas.save()
    return path


def decide(record: Record, kind: str, place: CaptionPlace, number: int) -> Decision:
    where = record.provenance
    about = {
        "decision_id": f"d{number:02d}",
        "decided_at": f"2026-01-01T00:00:{number:02d}Z",
        "image_sha256": record.image_sha256,
        "book_sha256": where.book_sha256,
        "book_id": where.book_id,
        "page_index": where.page_index,
        "bbox": where.bbox,
        "record_id": record.id,
    }
    if kind == "mask":
        return make_decision("sensitive", "mask", boxes=((20, 20, 120, 120),), **about)
    if kind == "drop":
        return make_decision("sensitive", "drop", **about)
    if kind == "demographics":
        ground = patient_ground(record.figure_caption, record.panel_text)
        details = {"age_years": "61", "sex": "female"}
        return make_decision(kind, "changed", details=details, ground=ground, **about)
    if kind == "figure":
        return make_decision(
            kind, "accepted", caption=place, details={"text": f"Mended words {number}."}, **about
        )
    return make_decision(kind, {"modality": "dermoscopic", "annotated": "clean"}[kind], **about)


def queue(workspace: Workspace) -> list[Task]:
    return [
        task
        for path in sorted((workspace.review / "queue").glob("*.jsonl"))
        for task in read_jsonl(path, Task)
    ]


@pytest.mark.slow
def test_every_verdict_is_in_the_release_and_a_changed_book_asks_for_the_affected_ones(
    tmp_path: Path,
) -> None:
    workspace = Workspace(tmp_path / "data")
    (workspace.data / "books").mkdir(parents=True)
    seeds = {f"bk{n}": [100 * n + i for i in range(FIGURES)] for n in (1, 2)}
    with WorkerPool(CFG.pdf) as pool:
        for name, some in seeds.items():
            pdf = draw(workspace.data / "books" / f"{name}.pdf", some)
            add_book(workspace, pool, pdf, book_id=name)
    first, _ = builds.build(workspace, CFG)
    records = builds.read_records(workspace, first)
    assert len(records) == 2 * FIGURES == len(FIELDS)
    places = {
        (book.id, figure.figure_id): caption_place(figure)
        for book in first.books
        for figure in builds.read_alignment(workspace, book).figures
    }
    log = DecisionLog(workspace.review / "decisions")
    given: dict[str, tuple[str, Decision]] = {}
    for number, (record, kind) in enumerate(zip(records, FIELDS, strict=True)):
        where = record.provenance
        place = places[where.book_id, where.figure_id]
        assert place is not None
        decision = decide(record, kind, place, number)
        given[record.id] = (kind, decision)
        assert log.save(decision) is None

    second, outcomes = builds.build(workspace, CFG)
    assert {o.summary.id: o.computed for o in outcomes} == {
        "bk1": ("assemble_book",),
        "bk2": ("assemble_book",),
    }
    report = report_verdicts(workspace, second, first)
    assert sum(report.applied.values()) == sum(report.new.values()) == 30
    assert (report.came_back, report.lost) == ({}, {})
    release = builds.make_release(workspace, CFG, "1.0.0")
    released = {record.id: record for record in read_records(release)}
    assert len(released) == 28
    for name, (kind, decision) in given.items():
        if kind == "drop":
            assert name not in released
            continue
        record = released[name]
        assert decision.field in record.review.decided and record.review.reviewer == "ada"
        if kind == "modality":
            assert record.modality is not None
            assert (record.modality.value, record.modality.source) == ("dermoscopic", "human")
        elif kind == "annotated":
            assert all(flag.source == "human" for flag in record.flags.annotated)
        elif kind == "mask":
            assert record.image_sha256 != decision.image_sha256
            assert "masked" in {flag.name for flag in record.flags.sensitive}
        elif kind == "demographics":
            assert (record.demographics.age_years, record.demographics.sex) == (61.0, "female")
        else:
            assert record.caption.startswith("Mended words")
            assert record.alignment.source == "human"
    rejects = Counter(r for book in second.books for r in book.rejects.items())
    assert ("rejected_by_reviewer", 2) in rejects

    # The book changes: other pictures and words where a modality and a text were decided.
    changed = [n for n, kind in enumerate(FIELDS) if kind in ("modality", "figure")]
    one, two = changed[3], changed[-1] - FIGURES
    for name, number in (("bk1", one), ("bk2", two)):
        pdf = workspace.data / "books" / f"{name}.pdf"
        before = file_sha256(pdf)
        seeds[name][number] += 5000
        draw(pdf, seeds[name])
        toml = workspace.books_toml.read_text()
        workspace.books_toml.write_text(toml.replace(before, file_sha256(pdf)))
    third, _ = builds.build(workspace, CFG)
    report = report_verdicts(workspace, third, second)
    assert report.came_back == {"figure": 1, "modality": 1}
    assert report.lost == {} and sum(report.applied.values()) == 28
    back = [task for task in queue(workspace) if task.before is not None]
    assert sorted((task.book_id, task.kind, task.page_index) for task in back) == [
        ("bk1", "modality", one),
        ("bk2", "figure", two),
    ]
    assert {task.before.id for task in back if task.before} == {
        f"d{one:02d}",
        f"d{two + FIGURES:02d}",
    }
