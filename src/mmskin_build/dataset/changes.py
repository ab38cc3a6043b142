"""What differs between two releases, and why: the comparison behind versions, diffs, CHANGES.md.

Records are compared by id. What differs in their making alone (digest of the settings, version of
the program) is no change of the data, but may be the cause of one. A cause is told where something
recorded shows it: the book is another file, a person's verdict is new, settings or program differ.
Where several hold, all are named, the most specific first.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mmskin_build.dataset.groups import caption_keys
from mmskin_build.dataset.manifest import Manifest
from mmskin_build.dataset.summary import natural_order
from mmskin_build.records import Record
from mmskin_build.store import plain

BOOK_ADDED, BOOK_REMOVED = "book added", "book removed"
BOOK_FILE = "book file changed"
DECISION = "decision"
JOINED, DIVIDED = "duplicate joined", "group divided"
SETTINGS, PROGRAM = "settings changed", "program changed"
#: Neither book, verdict, settings nor version number differ.
NOT_RECORDED = "not recorded (a decision, or program code of the same version)"

_BY_THE_WAY = frozenset({"config_sha256", "code_version"})  # differ in all records at once
_BY_GROUP = frozenset({"group_id", "split"})  # differ by what else there is


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One value of a record, plain as in JSON; `field` may lead inside: ``modality.value``."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordChange:
    """A record that was added, removed or changed, and why; `fields` for changed ones."""

    id: str
    book: str
    causes: tuple[str, ...]
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupJoin:
    """Groups that were apart and are one: its new name, the old ones, the new records in it.

    `why` is ``same caption`` where records of two of them share one, else ``near duplicate``.
    """

    group: str
    joined: tuple[str, ...]
    new_records: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PartChange:
    """Ids of entries that differ in another list of the release, such as MM-Skin-O."""

    file: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Everything that differs, ids in natural order; `same` counts records without a change.

    `renamed` are old and new ids of the same pixels. `inputs` are sentences about books, settings
    and program.
    """

    added: tuple[RecordChange, ...]
    removed: tuple[RecordChange, ...]
    renamed: tuple[tuple[str, str], ...]
    changed: tuple[RecordChange, ...]
    joined: tuple[GroupJoin, ...]
    parts: tuple[PartChange, ...]
    inputs: tuple[str, ...]
    same: int

    @property
    def moved(self) -> tuple[tuple[RecordChange, FieldChange], ...]:
        """The changed records that stand on another side, with the change of `split`."""
        return tuple(
            (record, field)
            for record in self.changed
            for field in record.fields
            if field.field == "split"
        )


def compare(
    old: Sequence[Record],
    new: Sequence[Record],
    before: Manifest | None = None,
    after: Manifest | None = None,
    *,
    old_parts: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    new_parts: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
) -> Changes:
    """Compare two releases.

    Args:
        old: The records of the earlier one.
        new: Those of the later one.
        before: The manifest of the earlier one; without both, books are known by records alone.
        after: That of the later one.
        old_parts: Entries of other lists by file name, each with an ``id``.
        new_parts: The same of the later one.
    """
    olds = {record.id: record for record in old}
    news = {record.id: record for record in new}
    renamed = _renamed(olds, news)
    old_names, new_names = {pair[0] for pair in renamed}, {pair[1] for pair in renamed}
    joined = _joined(olds, new)
    why = _Causes(old, new, before, after, joined)
    changed = []
    for name in _sorted(olds.keys() & news.keys()):
        fields = tuple(_differing(olds[name], news[name]))
        if fields:
            changed.append(
                RecordChange(
                    id=name,
                    book=news[name].provenance.book_id,
                    causes=why.of_change(olds[name], news[name], fields),
                    fields=fields,
                )
            )
    return Changes(
        added=tuple(
            RecordChange(
                id=name, book=news[name].provenance.book_id, causes=why.of_addition(news[name])
            )
            for name in _sorted(news.keys() - olds.keys() - new_names)
        ),
        removed=tuple(
            RecordChange(
                id=name, book=olds[name].provenance.book_id, causes=why.of_removal(olds[name])
            )
            for name in _sorted(olds.keys() - news.keys() - old_names)
        ),
        renamed=renamed,
        changed=tuple(changed),
        joined=joined,
        parts=tuple(_part_changes(old_parts or {}, new_parts or {})),
        inputs=tuple(_inputs(before, after)) if before and after else (),
        same=len(olds.keys() & news.keys()) - len(changed),
    )


def _sorted(names: Iterable[str]) -> list[str]:
    return sorted(names, key=natural_order)


def _renamed(olds: Mapping[str, Record], news: Mapping[str, Record]) -> tuple[tuple[str, str], ...]:
    gone = [record for name, record in olds.items() if name not in news]
    come = {r.image_sha256: name for name, r in reversed([*news.items()]) if name not in olds}
    pairs = []
    for record in gone:
        new_id = come.pop(record.image_sha256, None)
        if new_id is not None:
            pairs.append((record.id, new_id))
    return tuple(sorted(pairs, key=lambda pair: natural_order(pair[0])))


def _joined(olds: Mapping[str, Record], new: Sequence[Record]) -> tuple[GroupJoin, ...]:
    members: dict[str, list[Record]] = defaultdict(list)
    for record in new:
        members[record.group_id].append(record)
    found = []
    for name in _sorted(members):
        earlier = {olds[r.id].group_id for r in members[name] if r.id in olds}
        if len(earlier) < 2:
            continue
        keys: dict[str, set[str]] = defaultdict(set)
        for record in members[name]:
            home = olds[record.id].group_id if record.id in olds else record.id
            for key in caption_keys(record):
                keys[key].add(home)
        found.append(
            GroupJoin(
                group=name,
                joined=tuple(_sorted(earlier)),
                new_records=tuple(_sorted(r.id for r in members[name] if r.id not in olds)),
                why="same caption" if any(len(h) > 1 for h in keys.values()) else "near duplicate",
            )
        )
    return tuple(found)


def _differing(old: Record, new: Record) -> Iterator[FieldChange]:
    for field in dataclasses.fields(Record):
        if field.name in _BY_THE_WAY:
            continue
        before, after = getattr(old, field.name), getattr(new, field.name)
        if before != after:
            yield from _inside(field.name, _plain(before), _plain(after))


def _plain(value: object) -> Any:
    return None if value is None else plain(value)


def _inside(name: str, before: Any, after: Any) -> Iterator[FieldChange]:
    """The values that differ, as deep as both sides have the same fields; lists are whole."""
    if isinstance(before, dict) and isinstance(after, dict) and before.keys() == after.keys():
        for key, value in before.items():
            if value != after[key]:
                yield from _inside(f"{name}.{key}", value, after[key])
    else:
        yield FieldChange(field=name, before=before, after=after)


def _part_changes(
    old: Mapping[str, Sequence[Mapping[str, Any]]], new: Mapping[str, Sequence[Mapping[str, Any]]]
) -> Iterator[PartChange]:
    for file in sorted(old.keys() | new.keys()):
        before = {str(entry.get("id")): entry for entry in old.get(file, ())}
        after = {str(entry.get("id")): entry for entry in new.get(file, ())}
        both = before.keys() & after.keys()
        change = PartChange(
            file=file,
            added=tuple(_sorted(after.keys() - before.keys())),
            removed=tuple(_sorted(before.keys() - after.keys())),
            changed=tuple(_sorted(name for name in both if before[name] != after[name])),
        )
        if change.added or change.removed or change.changed:
            yield change


# ------------------------------------------------------------------------------------ causes


def _inputs(before: Manifest, after: Manifest) -> Iterator[str]:
    """Say in which inputs two releases differ."""
    olds = {book.id: book for book in before.books}
    news = {book.id: book for book in after.books}
    for name in _sorted(olds.keys() | news.keys()):
        if name not in olds:
            yield f"book {name}: added ({news[name].title})"
        elif name not in news:
            yield f"book {name}: removed ({olds[name].title})"
        elif olds[name].sha256 != news[name].sha256:
            yield f"book {name}: another file"
    for room in sorted(before.config.keys() | after.config.keys()):
        one, other = before.config.get(room, {}), after.config.get(room, {})
        for key in sorted(one.keys() | other.keys()):
            if one.get(key) != other.get(key):
                yield f"setting {room}.{key}: {one.get(key)!r} became {other.get(key)!r}"
    if before.code_version != after.code_version:
        yield f"program: mmskin {before.code_version} became {after.code_version}"


class _Causes:
    """What is recorded of the inputs of two releases, asked for each record."""

    def __init__(
        self,
        old: Sequence[Record],
        new: Sequence[Record],
        before: Manifest | None,
        after: Manifest | None,
        joined: Sequence[GroupJoin],
    ) -> None:
        self._old_books = _books(old, before)
        self._new_books = _books(new, after)
        self._joined = {join.group for join in joined}
        homes: dict[str, set[str]] = defaultdict(set)
        earlier = {record.id: record.group_id for record in old}
        for record in new:
            if record.id in earlier:
                homes[earlier[record.id]].add(record.group_id)
        self._divided = {name for name, there in homes.items() if len(there) > 1}
        one, other = before and before.config, after and after.config
        self._settings = bool(one and other and one != other)
        self._program = bool(before and after and before.code_version != after.code_version)
        self._splits = bool(one and other and one.get("split") != other.get("split"))
        self._had_held = bool(before and before.left_out_held)

    def of_addition(self, record: Record) -> tuple[str, ...]:
        file = self._old_books.get(record.provenance.book_id)
        if file is None:
            return (BOOK_ADDED,)
        decided = self._had_held and record.review.state != "unreviewed"
        return self._general(file != record.provenance.book_sha256, decided)

    def of_removal(self, record: Record) -> tuple[str, ...]:
        file = self._new_books.get(record.provenance.book_id)
        if file is None:
            return (BOOK_REMOVED,)
        return self._general(file != record.provenance.book_sha256, is_decided=False)

    def of_change(self, old: Record, new: Record, fields: Sequence[FieldChange]) -> tuple[str, ...]:
        names = {field.field for field in fields}
        causes: list[str] = []
        if names & _BY_GROUP:
            if new.group_id in self._joined:
                causes.append(JOINED)
            elif old.group_id in self._divided:
                causes.append(DIVIDED)
            elif self._splits:
                causes.append(SETTINGS)
        if not causes or names - _BY_GROUP:
            is_other_file = old.provenance.book_sha256 != new.provenance.book_sha256
            more = self._general(is_other_file, old.review != new.review, old, new)
            causes.extend(cause for cause in more if cause not in causes)
        return tuple(causes)

    def _general(
        self,
        is_other_file: bool,
        is_decided: bool,
        old: Record | None = None,
        new: Record | None = None,
    ) -> tuple[str, ...]:
        settings, program = self._settings, self._program
        if old is not None and new is not None:
            settings = old.config_sha256 != new.config_sha256
            program = old.code_version != new.code_version
        told = (
            (BOOK_FILE, is_other_file),
            (DECISION, is_decided),
            (SETTINGS, settings),
            (PROGRAM, program),
        )
        return tuple(cause for cause, holds in told if holds) or (NOT_RECORDED,)


def _books(records: Sequence[Record], manifest: Manifest | None) -> dict[str, str]:
    """The books of a release, id to sha256; one that gave no record is in the manifest alone."""
    known = {book.id: book.sha256 for book in manifest.books} if manifest else {}
    return {r.provenance.book_id: r.provenance.book_sha256 for r in records} | known
