"""Pairs in a file, one JSON object a line, and their verdicts, line for line."""

from __future__ import annotations

import json
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmskin_build.store import parse_json, plain, storage_errors
from mmskin_build.vqa.ground import check_pair
from mmskin_build.vqa.pair_sets import check_sets
from mmskin_build.vqa.reasons import Verdict, reject

_FIELDS = ("caption", "question", "answer")
_FORM = '{"caption": "...", "question": "...", "answer": "..."}'


@dataclass(frozen=True, slots=True, kw_only=True)
class PairLine:
    """One line of a file: a pair, or what is wrong with the line; `number` counts from 1."""

    number: int
    pair: dict[str, Any] | None
    fault: str = ""


def read_pairs(source: Path) -> tuple[PairLine, ...]:
    """Read the lines of a file; an empty one is left out, a bad one is kept with its fault.

    Raises:
        StorageError: If the file cannot be read.
    """
    with storage_errors(source):
        raw = source.read_bytes().removeprefix(b"\xef\xbb\xbf")
    return tuple(
        _line(number, line) for number, line in enumerate(raw.split(b"\n"), 1) if line.strip()
    )


def check_lines(lines: Sequence[PairLine]) -> list[Verdict]:
    """Check all pairs of a file: each against its caption, and those on one picture together.

    Pairs with the same `record_id`, else the same `image`, else the same caption are on one
    picture.
    """
    alone = [_check(line) for line in lines]
    pairs = [
        (_picture(line.pair), line.pair["question"], line.pair["answer"])
        if line.pair is not None
        else (None, "", "")
        for line in lines
    ]
    return check_sets(pairs, alone)


def verdict_line(verdict: Verdict) -> bytes:
    """Return a verdict as one line of JSON: accept, reason, detail, evidence."""
    value = plain(verdict)
    content = {key: value[key] for key in ("accept", "reason", "detail", "evidence")}
    return json.dumps(content, ensure_ascii=False).encode() + b"\n"


def _check(line: PairLine) -> Verdict:
    if line.pair is None:
        return reject("malformed", f"line {line.number}: {line.fault}")
    modality = line.pair.get("modality")
    return check_pair(
        *(line.pair[name] for name in _FIELDS),
        modality=modality if isinstance(modality, str) else None,
    )


def _picture(pair: dict[str, Any]) -> Hashable:
    for name in ("record_id", "image"):
        if isinstance(pair.get(name), str):
            return name, pair[name]
    return "caption", pair["caption"]


def _line(number: int, line: bytes) -> PairLine:
    try:
        value = parse_json(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        return PairLine(number=number, pair=None, fault=f"not UTF-8 ({error.reason})")
    except ValueError as error:
        return PairLine(number=number, pair=None, fault=f"not JSON ({error}); a line is {_FORM}")
    if not isinstance(value, dict):
        return PairLine(number=number, pair=None, fault=f"not an object; a line is {_FORM}")
    for name in _FIELDS:
        if not isinstance(value.get(name), str):
            return PairLine(number=number, pair=None, fault=f'no "{name}" that is a string')
        if any("\ud800" <= letter <= "\udfff" for letter in value[name]):
            return PairLine(
                number=number, pair=None, fault=f'"{name}" has half of a surrogate pair'
            )
    return PairLine(number=number, pair=value)
