"""The changes between two releases in words: ``CHANGES.md`` and ``mmskin diff --format text``."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from mmskin_build.dataset.changes import Changes, FieldChange, RecordChange

_LONGEST_VALUE = 60  # characters of a value


def changes_page(
    version: str, parent: str | None, changes: Changes, *, with_values: bool = False
) -> str:
    """Return ``CHANGES.md``.

    Args:
        version: Of the later release.
        parent: That of the earlier one; None for the first release.
        changes: What differs.
        with_values: Tell the values of changed fields, not their names alone. A release keeps
            them out: what is taken back later must not stand in the notes of other versions.
    """
    if parent is None:
        return f"# Changes in {version}\n\nThe first release: {len(changes.added)} records.\n"
    lines = [f"# Changes from {parent} to {version}", "", summary_line(changes)]
    if changes.inputs:
        lines += ["", "## Inputs", "", *(f"- {line}" for line in changes.inputs)]
    lines += [*_by_cause("Added", changes.added), *_by_cause("Removed", changes.removed)]
    if changes.renamed:
        lines += ["", "## Renamed (same pixels)", ""]
        lines += [f"- {old} is now {new}" for old, new in changes.renamed]
    if changes.moved:
        lines += ["", "## Moved to another split", ""]
        lines += [
            f"- {record.id}: {field.before} to {field.after} ({', '.join(record.causes)})"
            for record, field in changes.moved
        ]
    if changes.joined:
        lines += ["", "## Groups joined", ""]
        for join in changes.joined:
            new = f"; new in it: {', '.join(join.new_records)}" if join.new_records else ""
            lines.append(f"- {' and '.join(join.joined)} are {join.group} ({join.why}{new})")
    edited = [r for r in changes.changed if any(f.field != "split" for f in r.fields)]
    for cause, records in _causes(edited):
        lines += ["", f"## Changed ({cause})", ""]
        lines += [f"- {record.id}: {_fields(record, with_values)}" for record in records]
    if changes.parts:
        lines += ["", "## Entries of other lists", ""]
    for part in changes.parts:
        added, removed, changed = len(part.added), len(part.removed), len(part.changed)
        lines.append(f"- {part.file}: {added} added, {removed} removed, {changed} changed")
    return "\n".join(lines) + "\n"


def summary_line(changes: Changes) -> str:
    """Return the numbers of records by what became of them."""
    return (
        f"{len(changes.added)} added, {len(changes.removed)} removed, {len(changes.renamed)} "
        f"renamed, {len(changes.changed)} changed ({len(changes.moved)} of them moved to another "
        f"split), {changes.same} as before; groups joined: {len(changes.joined)}."
    )


def short_value(value: Any) -> str:
    """Return a value in one short line."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def _by_cause(title: str, records: Sequence[RecordChange]) -> Iterator[str]:
    for cause, there in _causes(records):
        yield from ("", f"## {title} ({cause})", "", *(f"- {record.id}" for record in there))


def _causes(records: Sequence[RecordChange]) -> list[tuple[str, list[RecordChange]]]:
    found: dict[str, list[RecordChange]] = defaultdict(list)
    for record in records:
        found[", ".join(record.causes)].append(record)
    return sorted(found.items())


def _fields(record: RecordChange, with_values: bool) -> str:
    fields = [field for field in record.fields if field.field != "split"]
    if not with_values:
        return ", ".join(dict.fromkeys(field.field for field in fields))
    return "; ".join(map(_value_change, fields))


def _value_change(field: FieldChange) -> str:
    return f"{field.field} {short_value(field.before)!r} became {short_value(field.after)!r}"
