"""What people decided, as it goes into metadata: by content, without a word of a caption.

A decision is a line of ``manual_review/decisions/*.jsonl``. Its texts (a caption that a person
chose, a part of it, a question) stand by reference to the released captions; notes and times taken
are left out, and so are answers to known cases, which decide nothing. Decisions on other books are
not passed on.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mmskin_build.dataset.references import CaptionRuns, Texts, refer_all, resolve_all
from mmskin_build.records import Record
from mmskin_build.store import parse_json, storage_errors

_PERSONAL = frozenset({"note", "seconds"})


def refer_decisions(
    folder: Path, records: Sequence[Record], books: Iterable[str], runs: CaptionRuns
) -> list[dict[str, Any]]:
    """Return the decisions of a folder as entries for metadata, by file and line.

    Args:
        folder: ``manual_review/decisions``; it need not be there.
        records: Of the release.
        books: The sha256 of its books.
        runs: Of the same records.

    Raises:
        StorageError: If a file cannot be read.
    """
    known = set(books)
    owners = _owners(records)
    entries = []
    for path in sorted(folder.glob("*.jsonl")):
        if path.name.startswith("."):
            continue
        with storage_errors(path):
            lines = path.read_bytes().split(b"\n")
        for line in lines:
            decision = _parse(line)
            if decision is None or decision.get("known") is not None:
                continue
            if decision.get("book_sha256") not in (None, *known):
                continue
            told = {key: value for key, value in decision.items() if key not in _PERSONAL}
            about = owners[_subject(decision)] or [""]
            entries.append(
                {
                    "id": decision["id"],
                    "file": path.name,
                    "sha256": _digest(told),
                    "decision": _shortest(told, about, runs),
                }
            )
    return entries


def resolve_decisions(
    entries: Iterable[Mapping[str, Any]], texts: Callable[[str], Texts]
) -> tuple[dict[str, bytes], list[str]]:
    """Return the content of each file with decisions, and the ids of those that lack words.

    Args:
        entries: As `refer_decisions` returned them.
        texts: The texts of a record by its id; raises KeyError for one that is not there.
    """
    files: dict[str, list[bytes]] = defaultdict(list)
    lacking = []
    for entry in entries:
        try:
            decision = resolve_all(entry["decision"], texts)
        except KeyError:
            decision = None
        if decision is None or _digest(decision) != entry["sha256"]:
            lacking.append(str(entry["id"]))
        else:
            line = json.dumps(decision, ensure_ascii=False, separators=(",", ":"))
            files[f"{Path(str(entry['file'])).stem}.jsonl"].append(line.encode() + b"\n")
    return {name: b"".join(lines) for name, lines in files.items()}, lacking


def _parse(line: bytes) -> dict[str, Any] | None:
    """A decision; None for a line that is none, as the review passes over it."""
    try:
        decision = parse_json(line)
    except ValueError:
        return None
    if not isinstance(decision, dict) or not isinstance(decision.get("id"), str):
        return None
    return decision


def _owners(records: Sequence[Record]) -> dict[Any, list[str]]:
    """The records by picture, and by page of their book."""
    owners: dict[Any, list[str]] = defaultdict(list)
    for record in records:
        origin = record.provenance
        owners[record.image_sha256].append(record.id)
        owners[origin.book_sha256, origin.page_index].append(record.id)
    return owners


def _subject(decision: Mapping[str, Any]) -> Any:
    picture = decision.get("image_sha256")
    return picture or (decision.get("book_sha256"), decision.get("page_index"))


def _shortest(told: dict[str, Any], owners: Sequence[str], runs: CaptionRuns) -> dict[str, Any]:
    """The form that leaves the fewest letters as they are, of those by each owner's captions."""
    forms = [refer_all(told, functools.partial(runs.refer_named, record_id=o)) for o in owners]
    return min(forms, key=_letters)


def _letters(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, list):
        return sum(map(_letters, value))
    return sum(map(_letters, value.values())) if isinstance(value, dict) else 0


def _digest(decision: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(decision, sort_keys=True).encode()).hexdigest()
