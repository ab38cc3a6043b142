"""The pages of the review as HTML. All text of books reaches them escaped."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from mmskin_build.dataset.judge import HELD
from mmskin_build.decisions import Decision, Standing, key_of
from mmskin_build.review.answers import AGE_GROUPS, SEXES
from mmskin_build.review.desk import Desk, Filter, in_short
from mmskin_build.review.doubts import WHY
from mmskin_build.review.index import Row
from mmskin_build.review.tasks import KINDS, Task, TaskKind

#: What a kind of task is called, and what is asked.
TITLES: Mapping[TaskKind, tuple[str, str]] = {
    "sensitive": ("Privacy", "May this picture be seen?"),
    "figure": ("Figure and caption", "Is this the caption of this figure?"),
    "annotated": ("Marks", "Is anything drawn on the picture?"),
    "modality": ("Modality", "What kind of picture is this?"),
    "demographics": ("Patient", "Whose age and sex does the picture show?"),
    "duplicate": ("Duplicates", "Do both show the same picture?"),
    "qa": ("Question and answer", "Does the caption say so?"),
    "sample": ("Spot check", "Do picture and caption belong together?"),
}
#: The buttons of each kind: value, key, words. They are saved at once.
BUTTONS: Mapping[TaskKind, tuple[tuple[str, str, str], ...]] = {
    "sensitive": (
        ("keep", "1", "Keep: nobody is recognized"),
        ("mask", "2", "Mask: draw boxes"),
        ("drop", "3", "Leave out"),
    ),
    "figure": (
        ("accepted", "Y", "Accept as shown"),
        ("caption", "C", "Another caption"),
        ("no_caption", "N", "It has no caption"),
        ("no_figure", "X", "Not a figure"),
    ),
    "annotated": (
        ("clean", "1", "Nothing is drawn on it"),
        ("marks", "2", "Marks, but keep it"),
        ("drop", "3", "Leave out"),
    ),
    "modality": (
        ("clinical", "1", "Clinical"),
        ("dermoscopic", "2", "Dermoscopic"),
        ("pathological", "3", "Pathological"),
        ("other", "4", "Another kind"),
        ("nonphoto", "5", "No photograph"),
    ),
    "demographics": (("accepted", "Y", "Accept"), ("changed", "E", "Change")),
    "duplicate": (("same", "Y", "The same"), ("different", "N", "Different")),
    "qa": (
        ("accepted", "Y", "Accept"),
        ("changed", "E", "Edit"),
        ("rejected", "N", "Reject"),
    ),
    "sample": (("right", "Y", "Right"), ("wrong", "N", "Wrong")),
}
WRONG: Mapping[TaskKind, tuple[str, ...]] = {
    "qa": ("not in the caption", "wrong", "unclear question", "says nothing"),
    "sample": ("another caption", "another panel's words", "cut wrongly", "no caption"),
}
GALLERY: tuple[TaskKind, ...] = ("modality", "annotated", "sensitive")
TILES = 24
_UNSAFE = "<>&\u2028\u2029"


@functools.cache
def _environment() -> Environment:
    folder = files("mmskin_build.review") / "templates"
    sources = {
        entry.name: entry.read_text(encoding="utf-8")
        for entry in folder.iterdir()
        if entry.name.endswith(".j2")
    }
    environment = Environment(
        loader=DictLoader(sources),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["minutes"] = in_minutes
    environment.filters["in_short"] = in_short
    environment.filters["because"] = because
    return environment


def in_minutes(seconds: float) -> str:
    """Return a time in words.

    >>> in_minutes(20), in_minutes(300), in_minutes(9000)
    ('less than a minute', 'about 5 minutes', 'about 2.5 hours')
    """
    if seconds < 60:
        return "less than a minute"
    if seconds < 5400:
        return f"about {round(seconds / 60)} minutes"
    return f"about {seconds / 3600:.1f} hours"


def because(reason: str) -> str:
    """Return a doubt in words."""
    return HELD.get(reason) or WHY.get(reason) or reason.replace("_", " ")


def data_block(value: object) -> Markup:
    """Return JSON for a data block of a page: no text in it can end the block."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign in _UNSAFE:
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)


def _render(name: str, desk: Desk, reviewer: str, wanted: Filter, **values: Any) -> str:
    return (
        _environment()
        .get_template(name)
        .render(
            reviewer=reviewer,
            wanted=wanted,
            progress=desk.progress(wanted),
            kinds=desk.kinds(),
            books=desk.books(),
            titles=TITLES,
            gallery_kinds=GALLERY,
            **values,
        )
    )


def query_of(wanted: Filter) -> str:
    """Return a filter as the query of an address; kinds and ids of books need no escaping."""
    parts = [f"kind={wanted.kind}"] if wanted.kind else []
    parts += [f"book={wanted.book_id}"] if wanted.book_id else []
    return "?" + "&".join(parts) if parts else ""


def home_page(desk: Desk, reviewer: str, wanted: Filter) -> str:
    """Return the first page: what is left by kind and book."""
    table = [
        (book_id, [(kind, desk.progress(Filter(kind=kind, book_id=book_id))) for kind in KINDS])
        for book_id in ("", *desk.books())
    ]
    return _render(
        "home.html.j2",
        desk,
        reviewer,
        wanted,
        table=table,
        all_kinds=KINDS,
        bad_lines=sorted(desk.log.bad_lines.values(), key=lambda b: (b.file, b.line)),
        disputes=len(desk.disputes()),
    )


def done_page(desk: Desk, reviewer: str, wanted: Filter) -> str:
    """Return the page that says that nothing is left of what a filter takes."""
    return _render("done.html.j2", desk, reviewer, wanted)


def list_page(
    desk: Desk,
    reviewer: str,
    wanted: Filter,
    *,
    recent: Sequence[Decision] = (),
    disputes: Sequence[tuple[Row, Standing]] = (),
    which: str,
) -> str:
    """Return the last decisions of a reviewer, or those on which two differ."""
    rows = desk.index.by_id
    return _render(
        "list.html.j2",
        desk,
        reviewer,
        wanted,
        which=which,
        recent=[(decision, rows.get(key_of(decision))) for decision in recent],
        disputes=disputes,
    )


def task_page(desk: Desk, row: Row, task: Task, reviewer: str, wanted: Filter) -> str:
    """Return the screen of one task."""
    standing = desk.standing(row)
    blind = task.double or task.known is not None
    shown = None
    if standing is not None and not task.known:
        mine = standing.by_reviewer.get(reviewer)
        shown = mine if blind and not standing.is_disputed else standing.holds
    siblings = [] if task.known or task.before else desk.siblings(row, reviewer)
    start, end = task.mark or (0, 0)
    own = next(
        (i for i, place in enumerate(task.captions) if place == task.caption_place),
        None,
    )
    data = {
        "id": task.id,
        "kind": task.kind,
        "ground": task.ground,
        "madeOn": "" if standing is None or task.known else standing.holds.id,
        "proposed": task.proposed,
        "query": query_of(wanted),
        "page": task.page_index,
        "own": own,
        "caption": task.caption,
        "captions": [
            {"page": p.page_index, "bbox": list(p.bbox), "label": p.label or "", "text": p.text}
            for p in task.captions
        ],
        "pictures": [
            {
                "bbox": list(picture.bbox),
                "page": picture.page_index,
                "width": picture.width_px,
                "height": picture.height_px,
                "label": picture.label or "",
                "text": picture.text or "",
                "boxes": [list(box) for box in picture.boxes],
            }
            for picture in task.pictures
        ],
        "siblings": [{"id": other.id, "ground": other.ground} for other in siblings],
    }
    return _render(
        "task.html.j2",
        desk,
        reviewer,
        wanted,
        task=task,
        row=row,
        title=TITLES[task.kind],
        buttons=[
            button
            for button in BUTTONS[task.kind]
            if button[0] != "accepted" or task.kind != "figure" or task.caption_place
        ],
        reasons=WRONG.get(task.kind, ()),
        shown=shown,
        veiled=[desk.is_veiled(picture.image_sha256) for picture in task.pictures],
        veils={page.page_index: desk.veils(task.book_id, page.page_index) for page in task.pages},
        before_mark=task.caption[:start],
        marked=task.caption[start:end],
        after_mark=task.caption[end:],
        siblings=siblings,
        sexes=SEXES,
        age_groups=AGE_GROUPS,
        data=data_block(data),
    )


def gallery_page(
    desk: Desk, rows: Sequence[Row], tasks: Sequence[Task], reviewer: str, wanted: Filter
) -> str:
    """Return the grid of tasks with one proposal."""
    kind = rows[0].kind
    standings = [desk.log.standing(row.id) for row in rows]
    data = {
        "kind": kind,
        "query": query_of(wanted),
        "proposed": rows[0].proposed,
        "tiles": [
            {
                "id": task.id,
                "ground": task.ground,
                "madeOn": "" if standing is None or row.known else standing.holds.id,
                "proposed": task.proposed,
            }
            for row, task, standing in zip(rows, tasks, standings, strict=True)
        ],
    }
    return _render(
        "gallery.html.j2",
        desk,
        reviewer,
        wanted,
        kind=kind,
        title=TITLES[kind],
        buttons=BUTTONS[kind],
        proposed=rows[0].proposed,
        words=next(
            (words.lower() for value, _, words in BUTTONS[kind] if value == rows[0].proposed),
            rows[0].proposed,
        ),
        tasks=tasks,
        veiled=[desk.is_veiled(task.pictures[0].image_sha256) for task in tasks],
        data=data_block(data),
    )


def help_page(desk: Desk, reviewer: str, wanted: Filter) -> str:
    """Return the keys and how to decide, in short."""
    return _render("help.html.j2", desk, reviewer, wanted, buttons=BUTTONS)
