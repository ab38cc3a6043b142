"""What a person is asked: one task a question, with all that its screen shows.

A task is known by the content it is about (`decisions.content_key`), so that the same doubt of the
next build is the same task. `ground` is the digest of what a reviewer sees; a verdict bears it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from mmskin_build.decisions import CaptionPlace, Decision
from mmskin_build.geometry import Bbox
from mmskin_build.records import Demographics, Evidence

TaskKind = Literal[
    "sensitive", "figure", "annotated", "modality", "demographics", "duplicate", "qa", "sample"
]
KINDS: tuple[TaskKind, ...] = get_args(TaskKind)

#: What a task of each kind may be answered with.
CHOICES: dict[TaskKind, tuple[str, ...]] = {
    "sensitive": ("keep", "mask", "drop"),
    "figure": ("accepted", "caption", "no_caption", "no_figure"),
    "annotated": ("clean", "marks", "drop"),
    "modality": ("clinical", "dermoscopic", "pathological", "other", "nonphoto"),
    "demographics": ("accepted", "changed"),
    "duplicate": ("same", "different"),
    "qa": ("accepted", "changed", "rejected"),
    "sample": ("right", "wrong"),
}
#: Seconds that one answer takes, until reviewers have shown it.
SECONDS: dict[TaskKind, float] = {
    "sensitive": 6.0,
    "figure": 15.0,
    "annotated": 3.0,
    "modality": 2.0,
    "demographics": 10.0,
    "duplicate": 5.0,
    "qa": 12.0,
    "sample": 8.0,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPage:
    """A page that the screen can show; sizes in points."""

    page_index: int
    label: str
    width_pt: float
    height_pt: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPicture:
    """A picture in question: `bbox` on its page in points, `boxes` in its pixels."""

    item_id: str
    image_sha256: str | None
    book_id: str
    page_index: int
    bbox: Bbox
    width_px: int = 0
    height_px: int = 0
    label: str | None = None
    text: str | None = None
    boxes: tuple[tuple[int, int, int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One question.

    `mark` are the characters of `caption` in question. `why` names the doubts; those in `asked`
    hold the picture until they are settled. `captions` are those that may be chosen instead.
    `proposed` is the program's choice with its `confidence`. Tasks of one `group` are looked at
    together. `gain` is the expected change to the release, in pictures; `seconds` what it costs.
    `double` tasks are given to two reviewers; a task with a `known` answer measures attention and
    proposes another. `before` is a verdict whose ground has changed since.
    """

    id: str
    kind: TaskKind
    book_id: str
    book_sha256: str
    page_index: int
    bbox: Bbox | None = None
    figure_id: str | None = None
    figure_label: str | None = None
    record_id: str | None = None
    pictures: tuple[TaskPicture, ...] = ()
    pages: tuple[TaskPage, ...] = ()
    caption: str = ""
    mark: tuple[int, int] | None = None
    caption_place: CaptionPlace | None = None
    captions: tuple[CaptionPlace, ...] = ()
    proposed: str = ""
    why: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    confidence: float = 0.0
    patient: Demographics | None = None
    question: str | None = None
    answer: str | None = None
    ground: str = ""
    group: str = ""
    blocks: bool = False
    gain: float = 0.0
    seconds: float = 0.0
    double: bool = False
    known: str | None = None
    before: Decision | None = None
