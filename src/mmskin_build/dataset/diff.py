"""Two releases side by side: ``mmskin diff`` as text, JSON, or one HTML page with thumbnails."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jinja2 import Environment, StrictUndefined

from mmskin_build.dataset.changes import Changes, compare
from mmskin_build.dataset.changes_page import changes_page, short_value, summary_line
from mmskin_build.dataset.manifest import Manifest
from mmskin_build.dataset.pictures import Progress, decode_picture, map_in_threads, no_progress
from mmskin_build.dataset.released import Released, read_released
from mmskin_build.dataset.versions import Step, needed_step
from mmskin_build.errors import ReleaseError
from mmskin_build.records import Record
from mmskin_build.store import pretty_json

# Of each section of the page; the rest is counted, and the JSON has it.
SHOWN_ROWS = 200
# Of the whole page: some 4 kB each, so that it stays below 2 MB.
SHOWN_PICTURES = 300
THUMBNAIL_PX = 96  # longest side
_JPEG_QUALITY = 75
_VEILED_FROM = 0.5  # a sensitive flag of this score or more blurs a thumbnail until asked for


# Earlier id, later id ("" where there is none), causes, and field with both values.
_Entry = tuple[str, str, str, Sequence[tuple[str, str, str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """What differs from the release in folder `a` to that in `b`; records by id."""

    a: Path
    b: Path
    before: Manifest
    after: Manifest
    olds: dict[str, Record]
    news: dict[str, Record]
    changes: Changes
    step: Step


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A line of the page: `pictures` are data URIs, earlier release first."""

    id: str
    pictures: tuple[str, ...]
    is_veiled: bool
    caption: str
    causes: str
    details: tuple[tuple[str, str, str], ...] = ()


def diff_releases(a: Path, b: Path, progress: Progress = no_progress) -> Diff:
    """Compare the release in folder `a` with the later one in `b`.

    Raises:
        ReleaseError: If one of them holds no manifest.
        StorageError: If a file cannot be read.
        SchemaError: If one does not have its form.
    """
    found: list[tuple[Manifest, Released]] = []
    for number, folder in enumerate((a, b), 1):
        released = read_released(folder)
        if released.manifest is None:
            raise ReleaseError(f"{folder}: not a release")
        found.append((released.manifest, released))
        progress("read releases", number, 2)
    (before, old), (after, new) = found
    changes = compare(
        old.records, new.records, before, after, old_parts=old.parts, new_parts=new.parts
    )
    return Diff(
        a=a,
        b=b,
        before=before,
        after=after,
        olds={record.id: record for record in old.records},
        news={record.id: record for record in new.records},
        changes=changes,
        step=needed_step(changes),
    )


def diff_text(diff: Diff) -> str:
    """Return the diff as Markdown, with the values of changed fields."""
    page = changes_page(_name(diff.after), _name(diff.before), diff.changes, with_values=True)
    return f"{page}\nStep by Croissant 1.1: {diff.step}\n"


def diff_json(diff: Diff) -> bytes:
    """Return the diff as one JSON object, complete."""
    changes = diff.changes
    return pretty_json(
        {
            "before": _told(diff.before),
            "after": _told(diff.after),
            "step": diff.step,
            "counts": {
                "added": len(changes.added),
                "removed": len(changes.removed),
                "renamed": len(changes.renamed),
                "changed": len(changes.changed),
                "moved": len(changes.moved),
                "groups_joined": len(changes.joined),
                "same": changes.same,
            },
            "inputs": list(changes.inputs),
            "added": [_without_fields(record) for record in changes.added],
            "removed": [_without_fields(record) for record in changes.removed],
            "renamed": [{"before": old, "after": new} for old, new in changes.renamed],
            "changed": [dataclasses.asdict(record) for record in changes.changed],
            "moved": [
                {"id": r.id, "before": f.before, "after": f.after, "causes": list(r.causes)}
                for r, f in changes.moved
            ],
            "groups_joined": [dataclasses.asdict(join) for join in changes.joined],
            "parts": [dataclasses.asdict(part) for part in changes.parts],
        }
    )


def _name(manifest: Manifest) -> str:
    return f"{manifest.name} {manifest.version}"


def _told(manifest: Manifest) -> dict[str, Any]:
    return {
        "name": manifest.name,
        "version": manifest.version,
        "content_digest": manifest.content_digest,
        "records": manifest.counts.get("records", 0),
    }


def _without_fields(record: object) -> dict[str, Any]:
    told = dataclasses.asdict(record)  # type: ignore[call-overload]
    return {key: value for key, value in told.items() if key != "fields"}


# -------------------------------------------------------------------------------------- HTML


def diff_html(diff: Diff, progress: Progress = no_progress) -> bytes:
    """Return the diff as one page that opens from disk and fetches nothing.

    Pictures with a sensitive flag are blurred until a person asks for them.
    """
    changes = diff.changes
    moved_alone = {r.id for r, _ in changes.moved if len(r.fields) == 1}
    edited = [r for r in changes.changed if r.id not in moved_alone]
    moves = {record.id: field for record, field in changes.moved}
    sections: list[tuple[str, int, list[_Entry]]] = []

    def section(title: str, rows: Iterable[_Entry], size: int) -> None:
        if size:
            sections.append((title, size, [*islice(rows, SHOWN_ROWS)]))

    section(
        "Removed",
        ((r.id, "", ", ".join(r.causes), ()) for r in changes.removed),
        len(changes.removed),
    )
    section(
        "Changed",
        (
            (
                r.id,
                r.id,
                ", ".join(r.causes),
                [(f.field, short_value(f.before), short_value(f.after)) for f in r.fields],
            )
            for r in edited
        ),
        len(edited),
    )
    section(
        "Moved to another split",
        (
            (r.id, r.id, ", ".join(r.causes), [("split", str(f.before), str(f.after))])
            for r, f in changes.moved
        ),
        len(moves),
    )
    section(
        "Renamed, same pixels",
        ((old, new, "", [("id", old, new)]) for old, new in changes.renamed),
        len(changes.renamed),
    )
    section(
        "Added", (("", r.id, ", ".join(r.causes), ()) for r in changes.added), len(changes.added)
    )
    wanted = [(old, new) for _, _, rows in sections for old, new, _, _ in rows][:SHOWN_PICTURES]
    thumbnails = dict(
        zip(
            wanted,
            map_in_threads(
                lambda pair: _thumbnails(diff, *pair), wanted, "draw thumbnails", progress
            ),
            strict=True,
        )
    )
    shown = [
        {
            "title": title,
            "size": size,
            "rows": [
                _row(diff, old, new, causes, details, thumbnails.get((old, new), ()))
                for old, new, causes, details in rows
            ],
        }
        for title, size, rows in sections
    ]
    templates = files("mmskin_build.dataset") / "templates"
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string((templates / "diff.html.j2").read_text(encoding="utf-8"))
    page = template.render(
        before=_name(diff.before),
        after=_name(diff.after),
        summary=summary_line(changes),
        step=diff.step,
        inputs=changes.inputs,
        sections=shown,
        joined=changes.joined[:SHOWN_ROWS],
        joined_count=len(changes.joined),
        parts=changes.parts,
        pictures_shown=len(wanted),
        pictures_count=sum(size for _, size, _ in sections),
    )
    return page.encode()


def _row(
    diff: Diff,
    old: str,
    new: str,
    causes: str,
    details: Sequence[tuple[str, str, str]],
    pictures: tuple[str, ...],
) -> _Row:
    record = diff.news[new] if new else diff.olds[old]
    return _Row(
        id=record.id,
        pictures=pictures,
        is_veiled=any(flag.score >= _VEILED_FROM for flag in record.flags.sensitive),
        caption=short_value(record.caption),
        causes=causes,
        details=tuple(details),
    )


def _thumbnails(diff: Diff, old: str, new: str) -> tuple[str, ...]:
    """The pictures of a row as data URIs; one where both are the same, none that is not there."""
    paths: dict[str, Path] = {}
    if old:
        paths[diff.olds[old].image_sha256] = diff.a / diff.olds[old].image
    if new:
        paths.setdefault(diff.news[new].image_sha256, diff.b / diff.news[new].image)
    return tuple(uri for uri in map(_data_uri, paths.values()) if uri)


def _data_uri(path: Path) -> str:
    try:
        rgb = decode_picture(path.read_bytes())
    except OSError:
        return ""
    if rgb is None:
        return ""
    scale = min(1.0, THUMBNAIL_PX / max(rgb.shape[:2]))
    size = max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale))
    small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA))
    _, jpeg = cv2.imencode(".jpg", small[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return "data:image/jpeg;base64," + base64.b64encode(jpeg.tobytes()).decode("ascii")
