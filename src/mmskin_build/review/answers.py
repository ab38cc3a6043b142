"""What a browser sends becomes a decision, or a reason why not: nothing is taken on trust."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from mmskin_build.decisions import CaptionPlace, Decision, PanelVerdict
from mmskin_build.errors import MmskinError
from mmskin_build.geometry import Bbox, iou
from mmskin_build.review.tasks import CHOICES, Task

_ID = re.compile(r"[0-9a-f]{16,40}")
_MOST_BOXES = 64
_LONGEST_TEXT = 20_000  # characters
_LEAST_SIDE = 3.0  # points or pixels of a drawn box
_SAME_CAPTION = 0.8  # IoU
_MOST_SECONDS = 600.0  # whoever takes longer was away
_DETAILS: Mapping[str, tuple[str, ...]] = {
    "figure": ("text",),
    "demographics": ("age_years", "age_min", "age_max", "age_group", "sex"),
    "qa": ("question", "answer", "reason"),
    "sample": ("reason",),
}
_NUMBERS = ("age_years", "age_min", "age_max")
SEXES = ("", "female", "male", "both")
AGE_GROUPS = ("", "neonate", "infant", "child", "adolescent", "adult", "elderly")


class AnswerError(MmskinError):
    """What was sent is no answer to the task; the message says what is wrong."""


def read_answer(sent: Mapping[str, Any], task: Task, *, reviewer: str, decided_at: str) -> Decision:
    """Return the decision that a browser sent as an answer to a task.

    Raises:
        AnswerError: If it is none.
    """
    decision_id = sent.get("id")
    if not isinstance(decision_id, str) or not _ID.fullmatch(decision_id):
        raise AnswerError("the answer has no id")
    value = sent.get("value")
    if value not in CHOICES[task.kind]:
        raise AnswerError(f"{value!r} is no answer here; there are {', '.join(CHOICES[task.kind])}")
    if sent.get("ground") != task.ground:
        raise AnswerError("the task has changed since it was shown; load it again")
    details = _details(sent, task)
    if task.asked and task.kind in ("sensitive", "annotated"):
        details["reasons"] = " ".join(task.asked)
    boxes = _boxes(sent.get("boxes"), task) if task.kind == "sensitive" else ()
    if value == "mask" and not boxes:
        raise AnswerError("draw at least one box to mask")
    caption = _caption(sent, task) if task.kind == "figure" else None
    panels = _panels(sent.get("panels"), task) if task.kind == "figure" else ()
    picture = task.pictures[0] if task.pictures else None
    made_on, note = (_text(sent.get(name, ""), name) for name in ("made_on", "note"))
    return Decision(
        id=decision_id,
        field=task.kind,
        value=str(value),
        reviewer=reviewer,
        decided_at=decided_at,
        ground=task.ground,
        image_sha256=picture.image_sha256 if picture else None,
        other_sha256=task.pictures[1].image_sha256 if task.kind == "duplicate" else None,
        book_sha256=task.book_sha256,
        book_id=task.book_id,
        page_index=task.page_index,
        bbox=task.bbox,
        question=task.question,
        answer=task.answer,
        record_id=task.record_id,
        details=details,
        caption=caption,
        panels=panels,
        boxes=boxes,
        made_on=made_on,
        overrides=sent.get("overrides") is True,
        known=task.known,
        proposed=task.proposed,
        seconds=_seconds(sent.get("seconds")),
        note=note,
    )


def _seconds(value: Any) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
        return round(min(float(value), _MOST_SECONDS), 1)
    return None


def _details(sent: Mapping[str, Any], task: Task) -> dict[str, str]:
    given = sent.get("details") or {}
    if not isinstance(given, Mapping):
        raise AnswerError("details are named texts")
    found: dict[str, str] = {}
    for name in _DETAILS.get(task.kind, ()):
        text = given.get(name)
        if text is None or text == "":
            continue
        text = _text(text, name)
        if name in _NUMBERS and not re.fullmatch(r"\d{1,3}(\.\d{1,3})?", text):
            raise AnswerError(f"{name}: {text!r} is no number of years")
        if name == "sex" and text not in SEXES or name == "age_group" and text not in AGE_GROUPS:
            raise AnswerError(f"{name}: {text!r} is not one of the choices")
        found[name] = text
    return found


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT or "\0" in value:
        raise AnswerError(f"{what}: no text, or too long")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise AnswerError(f"{what}: half a character") from None
    return value


def _numbers(value: Any, what: str) -> tuple[float, float, float, float]:
    is_list = isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 4
    if not is_list or not all(
        isinstance(n, int | float) and not isinstance(n, bool) and math.isfinite(n) for n in value
    ):
        raise AnswerError(f"{what} has four numbers")
    x0, y0, x1, y1 = (float(n) for n in value)
    if x1 - x0 < _LEAST_SIDE or y1 - y0 < _LEAST_SIDE:
        raise AnswerError(f"{what} is too small")
    return x0, y0, x1, y1


def _boxes(given: Any, task: Task) -> tuple[tuple[int, int, int, int], ...]:
    if given is None:
        return ()
    if not isinstance(given, Sequence) or isinstance(given, str) or len(given) > _MOST_BOXES:
        raise AnswerError(f"boxes are a list of at most {_MOST_BOXES}")
    picture = task.pictures[0]
    found = []
    for one in given:
        x0, y0, x1, y1 = _numbers(one, "a box")
        left, top = max(0, math.floor(x0)), max(0, math.floor(y0))
        right, low = min(picture.width_px, math.ceil(x1)), min(picture.height_px, math.ceil(y1))
        if right <= left or low <= top:
            raise AnswerError("a box lies outside of the picture")
        found.append((left, top, right, low))
    return tuple(found)


def _caption(sent: Mapping[str, Any], task: Task) -> CaptionPlace | None:
    """The caption that was chosen, as the queue has it; for an accepted figure its own."""
    value = sent.get("value")
    if value == "accepted":
        return task.caption_place
    if value != "caption":
        return None
    number = sent.get("caption")
    if number is None and task.caption_place is not None:
        return task.caption_place
    if number is None and (sent.get("details") or {}).get("text"):
        return None  # typed by hand
    if not isinstance(number, int) or isinstance(number, bool):
        raise AnswerError("choose a caption, or type one")
    if not 0 <= number < len(task.captions):
        raise AnswerError("there is no such caption")
    return task.captions[number]


def _panels(given: Any, task: Task) -> tuple[PanelVerdict, ...]:
    if given is None:
        return ()
    if not isinstance(given, Sequence) or isinstance(given, str) or len(given) > _MOST_BOXES:
        raise AnswerError(f"panels are a list of at most {_MOST_BOXES}")
    page = next((p for p in task.pages if p.page_index == task.page_index), None)
    found: list[PanelVerdict] = []
    for one in given:
        if not isinstance(one, Mapping):
            raise AnswerError("a panel has a box")
        x0, y0, x1, y1 = _numbers(one.get("bbox"), "a panel")
        if page is not None and page.width_pt > 0:
            x0, x1 = max(0.0, x0), min(page.width_pt, x1)
            y0, y1 = max(0.0, y0), min(page.height_pt, y1)
        if x1 - x0 < _LEAST_SIDE or y1 - y0 < _LEAST_SIDE:
            raise AnswerError("a panel lies outside of the page")
        label, text = one.get("label") or None, one.get("text") or None
        if label is not None and not (isinstance(label, str) and re.fullmatch(r"\w{1,3}", label)):
            raise AnswerError(f"{label!r} is no letter of a panel")
        text = None if text is None else _text(text, "a panel's words")
        found.append(PanelVerdict(bbox=Bbox(x0, y0, x1, y1).rounded(), label=label, text=text))
    if any(
        iou(one.bbox, other.bbox) > _SAME_CAPTION
        for i, one in enumerate(found)
        for other in found[:i]
    ):
        raise AnswerError("two panels lie on each other")
    return tuple(found)
