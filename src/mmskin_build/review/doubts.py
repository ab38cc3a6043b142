"""The doubts of one built book as tasks: what the program is not sure of, and what holds pictures.

Whether a task is asked depends on what the program makes of a picture by itself (`Judged`), so that
a second reviewer is asked the same as the first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from mmskin_build.config import ReviewConfig
from mmskin_build.dataset.assemble import Judged, panel_id
from mmskin_build.dataset.figure_verdicts import CAPTION_TAKEN, Outcome, caption_place, place_of
from mmskin_build.dataset.summary import PageNote
from mmskin_build.dataset.verdicts import field_of
from mmskin_build.decisions import (
    CaptionPlace,
    Decision,
    DecisionField,
    Standing,
    content_key,
    ground_digest,
)
from mmskin_build.images.modality import MODALITIES
from mmskin_build.records import Book, Evidence, Figure, Panel
from mmskin_build.review.tasks import SECONDS, Task, TaskKind, TaskPage, TaskPicture
from mmskin_build.text.demographics import extract_demographics

GROUND_CHANGED = "ground_changed"
#: Why a task is asked, beside what holds a picture (`judge.HELD`).
WHY = {
    "low_confidence": "the program is not sure that picture and caption belong together",
    "no_caption_found": "no caption was found for this picture",
    "no_picture_found": "no picture was found for this caption",
    CAPTION_TAKEN: "its caption was given to another picture",
    "modality_unsure": "the program is not sure of the modality",
    "photo_unsure": "left out as no photograph, but not for sure",
    "other_unsure": "left out as another modality, but not for sure",
    "patient_unsure": "the caption tells of a patient; it is not sure that this picture shows them",
    "duplicate_unsure": "two pictures look alike, but not quite",
    "answer_unsure": "the answer is not certain to follow from the caption",
    GROUND_CHANGED: "what was decided about has changed since",
}
_MODALITY_SURE = 0.8  # confidence from which a modality is not asked about
_PHOTO_MAYBE = 0.2  # probability of a photograph from which a picture left out is asked about
_KNOWN_SURE = 0.98  # confidence from which a modality that the words name, too, is a known case
_PATIENT_GAIN = 0.2  # pictures that a settled patient is worth


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltBook:
    """What tasks are made from; `figures` after verdicts, `judged` the program's own view."""

    book: Book
    figures: Sequence[Figure]
    judged: Sequence[Judged]
    notes: Sequence[PageNote]
    outcomes: Sequence[Outcome]
    doubtful_below: float


def find_tasks(
    built: BuiltBook, standing: Mapping[str, Standing], cfg: ReviewConfig
) -> tuple[Task, ...]:
    """Return what is to be asked about the figures and pictures of one book.

    What was decided is not asked again, except of a second reviewer where that is due, and where
    the ground of the verdict has changed.
    """
    verdicts = {one.holds.id: one.holds for one in standing.values()}
    back: dict[tuple[str, str], Decision] = {}
    settled: set[tuple[str, str]] = set()
    for outcome in built.outcomes:
        key = (outcome.field, outcome.item_id or "")
        if outcome.outcome == GROUND_CHANGED and outcome.decision_id in verdicts:
            back[key] = verdicts[outcome.decision_id]
        elif outcome.outcome == "applied":
            settled.add(key)
    found: list[Task] = []
    for task, item_id in (*_figure_tasks(built, back), *_picture_tasks(built, back, cfg)):
        double = is_drawn(task.id, "double", cfg.double_share) and task.known is None
        one = standing.get(task.id)
        is_open = task.before is not None or (task.kind, item_id) not in settled
        if task.kind in ("modality", "annotated", "sensitive") and one is not None:
            asked = set(one.holds.details.get("reasons", "").split())
            is_open = task.kind != "modality" and not set(task.asked) <= asked
        again = one is not None and (one.is_disputed or (double and len(one.by_reviewer) < 2))
        if is_open or again:
            # What is only asked again blocks nothing.
            found.append(replace(task, double=double, blocks=task.blocks and is_open))
    return tuple(found)


def is_drawn(name: str, purpose: str, share: float) -> bool:
    """Return whether a name is among the share that is drawn for a purpose, always the same."""
    digest = hashlib.sha256(f"{purpose} {name}".encode()).digest()
    return int.from_bytes(digest[:4], "big") < share * 2**32


# --------------------------------------------------------------------------------------- figures


def _figure_tasks(
    built: BuiltBook, back: Mapping[tuple[str, str], Decision]
) -> Iterator[tuple[Task, str]]:
    disputed = {
        one.item_id.rpartition("#")[0]
        for one in built.judged
        if "panels_disputed" in one.judgement.held
    }
    places = [place for figure in built.figures if (place := caption_place(figure)) is not None]
    for figure in built.figures:
        before = back.get(("figure", figure.figure_id))
        why: list[str] = [GROUND_CHANGED] if before else []
        is_disputed = figure.figure_id in disputed
        if is_disputed:
            why.append("panels_disputed")
        if CAPTION_TAKEN in figure.flags and figure.bbox is not None:
            why.append(CAPTION_TAKEN)
        elif CAPTION_TAKEN in figure.flags:
            continue  # a caption that is nobody's now: the next build knows it by its picture only
        elif figure.confidence < built.doubtful_below and figure.kind == "photo":
            why.append(
                {
                    "paired": "low_confidence",
                    "image_without_caption": "no_caption_found",
                    "caption_without_image": "no_picture_found",
                }[figure.status]
            )
        if why:
            yield _figure_task(built, figure, why, is_disputed, before, places), figure.figure_id


def _figure_task(
    built: BuiltBook,
    figure: Figure,
    why: Sequence[str],
    is_disputed: bool,
    before: Decision | None,
    places: Sequence[CaptionPlace],
) -> Task:
    page_index, bbox = place_of(figure)
    place = caption_place(figure)
    around = {page_index - 1, page_index, page_index + 1}
    around |= {place.page_index} if place else set()
    count = max(1, len(figure.panels))
    doubt = 0.5 if is_disputed or before else 1.0 - figure.confidence
    return Task(
        id=content_key("figure", book_sha256=built.book.sha256, page_index=page_index, bbox=bbox),
        kind="figure",
        book_id=built.book.id,
        book_sha256=built.book.sha256,
        page_index=page_index,
        bbox=bbox,
        figure_id=figure.figure_id,
        figure_label=figure.label,
        pictures=tuple(
            _picture(built.book, figure, number, panel)
            for number, panel in enumerate(figure.panels)
        ),
        pages=_pages(built.notes, around),
        caption=figure.caption or "",
        caption_place=place,
        captions=tuple(other for other in places if other.page_index in around),
        proposed="no_caption" if figure.status == "image_without_caption" else "accepted",
        why=tuple(why),
        asked=("panels_disputed",) if is_disputed else (),
        evidence=figure.evidence,
        confidence=figure.confidence,
        ground=ground_digest(bbox, figure.label, figure.caption),
        group=f"{built.book.id} {figure.figure_id}",
        blocks=is_disputed,
        gain=round(count * doubt, 4),
        seconds=SECONDS["figure"],
        before=before,
    )


def _pages(notes: Sequence[PageNote], wanted: set[int]) -> tuple[TaskPage, ...]:
    return tuple(
        TaskPage(
            page_index=note.page_index,
            label=note.page_label,
            width_pt=note.width_pt,
            height_pt=note.height_pt,
        )
        for note in notes
        if note.page_index in wanted
    )


def _picture(book: Book, figure: Figure, number: int, panel: Panel) -> TaskPicture:
    width, height = panel.pixel_size or (0, 0)
    return TaskPicture(
        item_id=panel_id(figure, number),
        image_sha256=panel.image_sha256,
        book_id=book.id,
        page_index=figure.page_index,
        bbox=panel.bbox,
        width_px=width,
        height_px=height,
        label=panel.label,
        text=panel.text,
    )


# -------------------------------------------------------------------------------------- pictures


def _picture_tasks(
    built: BuiltBook, back: Mapping[tuple[str, str], Decision], cfg: ReviewConfig
) -> Iterator[tuple[Task, str]]:
    placed = {
        panel_id(figure, number): (figure, number, panel)
        for figure in built.figures
        for number, panel in enumerate(figure.panels)
    }
    for one in built.judged:
        figure, number, panel = placed[one.item_id]
        for kind, why, asked, gain in _questions(one, back):
            yield (
                _picture_task(built, one, (figure, number, panel), kind, why, asked, gain, back),
                one.item_id,
            )
        if _is_known(one) and is_drawn(one.image_sha256, "known", cfg.known_share):
            placed_panel = (figure, number, panel)
            task = _picture_task(
                built, one, placed_panel, "modality", ["modality_unsure"], [], 0.0, {}
            )
            right = one.judgement.modality.value
            wrong = [name for name in MODALITIES if name != right]
            pick = wrong[is_drawn(one.image_sha256, "which", 0.5)]
            yield replace(task, known=right, proposed=pick, gain=0.5), ""


def _questions(
    one: Judged, back: Mapping[tuple[str, str], Decision]
) -> Iterator[tuple[TaskKind, list[str], list[str], float]]:
    """What is asked about one picture: kind, why, what of it holds the picture, its worth."""
    judged = one.judgement
    asked: dict[DecisionField, list[str]] = {}
    if judged.reject is None:
        for reason in judged.held:
            asked.setdefault(field_of(reason), []).append(reason)
    gains: dict[TaskKind, float] = {"sensitive": 1.0, "annotated": 1.0, "modality": 1.0}
    doubts: dict[TaskKind, list[str]] = {
        kind: list(asked.get(kind, ())) for kind in ("sensitive", "annotated", "modality")
    }
    sure = judged.modality.confidence
    if judged.reject is None and not doubts["modality"] and sure < _MODALITY_SURE:
        doubts["modality"].append("modality_unsure")
        gains["modality"] = 1.0 - sure
    elif judged.reject is not None and judged.reject[0] == "other_modality":
        if sure < _MODALITY_SURE:
            doubts["modality"].append("other_unsure")
            gains["modality"] = 1.0 - sure
    elif judged.reject is not None and judged.reject[0] == "not_a_photograph":
        photo = _number_in(judged.reject[1])
        if photo >= _PHOTO_MAYBE:
            doubts["modality"].append("photo_unsure")
            gains["modality"] = photo
    for kind, why in doubts.items():
        if (kind, one.item_id) in back:
            why.append(GROUND_CHANGED)
        if why:
            yield kind, why, asked.get(kind, []), gains[kind]
    if judged.reject is None:
        why = [GROUND_CHANGED] if ("demographics", one.item_id) in back else []
        why += ["patient_unsure"] if is_patient_unsure(one) else []
        if why:
            yield "demographics", why, [], _PATIENT_GAIN


def _number_in(detail: str) -> float:
    try:
        return float(detail.rpartition(" ")[2])
    except ValueError:
        return 0.0


def is_patient_unsure(one: Judged) -> bool:
    """Whether the figure's caption tells of age or sex otherwise than its picture's record does."""
    told = extract_demographics(one.figure_caption)
    if (told.age_years, told.age_min, told.age_max, told.sex) == (None,) * 4:
        return False
    mine = one.demographics
    same_age = (told.age_years, told.age_min) == (mine.age_years, mine.age_min)
    return not (same_age and told.sex == mine.sex)


def _is_known(one: Judged) -> bool:
    judged = one.judgement
    return (
        judged.reject is None
        and not judged.held
        and judged.modality.confidence >= _KNOWN_SURE
        and judged.votes.words == judged.modality.value
    )


def _picture_task(
    built: BuiltBook,
    one: Judged,
    placed: tuple[Figure, int, Panel],
    kind: TaskKind,
    why: Sequence[str],
    asked: Sequence[str],
    gain: float,
    back: Mapping[tuple[str, str], Decision],
) -> Task:
    figure, number, panel = placed
    judged = one.judgement
    seen = {"sensitive": one.boxes, "annotated": one.marks}.get(kind, ())
    picture = replace(_picture(built.book, figure, number, panel), boxes=seen)
    before = back.get((kind, one.item_id))
    votes = judged.votes
    proposed = {
        "modality": judged.modality.value,
        "annotated": "drop",
        "sensitive": "keep",
        "demographics": "accepted",
    }[kind]
    flags = {"sensitive": judged.flags.sensitive, "annotated": judged.flags.annotated}
    evidence = [
        Evidence(name=flag.name, value=f"{flag.score:.2f}", weight=flag.score)
        for flag in flags.get(kind, ())
    ]
    if kind == "modality":
        evidence = [
            Evidence(name=name, value=f"{value:.2f}", weight=value)
            for name, value in zip(
                MODALITIES, (votes.clinical, votes.dermoscopic, votes.pathological), strict=True
            )
        ] + [Evidence(name="words", value=votes.words or "say nothing", weight=0.0)]
    place = caption_place(figure)
    return Task(
        id=content_key(kind, image_sha256=one.image_sha256),
        kind=kind,
        book_id=built.book.id,
        book_sha256=built.book.sha256,
        page_index=figure.page_index,
        bbox=panel.bbox,
        figure_id=figure.figure_id,
        figure_label=figure.label,
        record_id=one.record_id,
        pictures=(picture,),
        pages=_pages(built.notes, {figure.page_index, *([place.page_index] if place else [])}),
        caption=one.figure_caption,
        mark=_find_part(one.figure_caption, one.panel_text),
        caption_place=place,
        proposed=proposed,
        why=tuple(why),
        asked=tuple(asked),
        evidence=tuple(evidence),
        confidence=judged.modality.confidence if kind == "modality" else 0.0,
        patient=one.demographics if kind == "demographics" else None,
        ground=one.ground
        if kind == "demographics"
        else ground_digest(one.image_sha256, tuple(asked)),
        group=f"{built.book.id} {figure.figure_id}",
        blocks=bool(asked),
        gain=round(gain, 4),
        seconds=SECONDS[kind],
        before=before,
    )


def _find_part(whole: str, part: str | None) -> tuple[int, int] | None:
    start = whole.find(part) if part else -1
    return None if start < 0 or part is None else (start, start + len(part))
