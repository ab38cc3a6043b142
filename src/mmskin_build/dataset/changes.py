"""What a release adds, removes and changes against its parent: ``CHANGES.md``."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mmskin_build.dataset.summary import natural_order
from mmskin_build.records import Record

_BY_THE_WAY = frozenset({"config_sha256", "code_version"})  # differ in all records at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Ids in natural order; `renamed` old to new with the same pixels, `changed` id to fields."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    renamed: tuple[tuple[str, str], ...]
    changed: tuple[tuple[str, tuple[str, ...]], ...]
    same: int


def compare(old: Sequence[Record], new: Sequence[Record]) -> Changes:
    """Compare two releases by id; settings and code version alone do not count as a change."""
    before = {record.id: record for record in old}
    after = {record.id: record for record in new}
    gone = [record for record in old if record.id not in after]
    come = {r.image_sha256: r.id for r in reversed(new) if r.id not in before}
    renamed = []
    for record in gone:
        new_id = come.pop(record.image_sha256, None)
        if new_id is not None:
            renamed.append((record.id, new_id))
    old_names, new_names = {pair[0] for pair in renamed}, {pair[1] for pair in renamed}
    changed = []
    for name in _sorted(before.keys() & after.keys()):
        fields = _differing(before[name], after[name])
        if fields:
            changed.append((name, fields))
    return Changes(
        added=tuple(_sorted(after.keys() - before.keys() - new_names)),
        removed=tuple(_sorted(before.keys() - after.keys() - old_names)),
        renamed=tuple(sorted(renamed, key=lambda pair: natural_order(pair[0]))),
        changed=tuple(changed),
        same=len(before.keys() & after.keys()) - len(changed),
    )


def _sorted(names: Iterable[str]) -> list[str]:
    return sorted(names, key=natural_order)


def _differing(old: Record, new: Record) -> tuple[str, ...]:
    names = (field.name for field in dataclasses.fields(Record))
    return tuple(
        name
        for name in names
        if name not in _BY_THE_WAY and getattr(old, name) != getattr(new, name)
    )


def changes_page(version: str, parent: str | None, changes: Changes) -> str:
    """Return ``CHANGES.md``."""
    if parent is None:
        return f"# Changes in {version}\n\nThe first release: {len(changes.added)} records.\n"
    parts = [
        f"# Changes from {parent} to {version}\n",
        f"{len(changes.added)} added, {len(changes.removed)} removed, "
        f"{len(changes.renamed)} renamed, {len(changes.changed)} changed, "
        f"{changes.same} as before.",
    ]
    for title, lines in (
        ("Added", [f"- {name}" for name in changes.added]),
        ("Removed", [f"- {name}" for name in changes.removed]),
        ("Renamed (same pixels)", [f"- {old} is now {new}" for old, new in changes.renamed]),
        ("Changed", [f"- {name}: {', '.join(fields)}" for name, fields in changes.changed]),
    ):
        if lines:
            parts += [f"\n## {title}\n", *lines]
    return "\n".join(parts) + "\n"
