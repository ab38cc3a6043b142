"""Words that say the same and words that shut each other out (``vocabulary/relations.json``)."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mmskin_build.vqa.words import find_words

_FILE = Path(__file__).parent / "vocabulary" / "relations.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Relations:
    """By key: the words that say the same, those that say the contrary; by site: its parts.

    `broad` are names of diseases that others are kinds of.
    """

    same: Mapping[str, frozenset[str]]
    opposite: Mapping[str, frozenset[str]]
    within: Mapping[str, frozenset[str]]
    broad: frozenset[str]


@functools.cache
def load_relations() -> Relations:
    """Read the file; an opposite of a word is one of all that say the same."""
    content = json.loads(_FILE.read_text("utf-8"))
    same: dict[str, set[str]] = {}
    for line in content["same"]:
        keys = {_key(word) for word in line}
        for key in keys:
            same.setdefault(key, set()).update(keys)
    opposite: dict[str, set[str]] = {}
    for one, other in content["opposite"]:
        for left, right in ((_key(one), _key(other)), (_key(other), _key(one))):
            opposite.setdefault(left, set()).add(right)
    return Relations(
        same={key: frozenset(keys) for key, keys in same.items()},
        opposite={key: frozenset(keys) for key, keys in opposite.items()},
        within={name: frozenset(parts) for name, parts in content["within"].items()},
        broad=frozenset(content["broad"]),
    )


def _key(word: str) -> str:
    """The key of a word; of a compound, that of its first part ("well-demarcated")."""
    return next(token.key for token in find_words(word) if token.is_word)


def same_keys(key: str) -> frozenset[str]:
    """Return the keys of all words that say the same, the given one too."""
    return load_relations().same.get(key, frozenset()) | {key}


def opposite_keys(key: str) -> frozenset[str]:
    """Return the keys of the words that a word shuts out."""
    return load_relations().opposite.get(key, frozenset())


def is_within(part: str, whole: str) -> bool:
    """Whether a body site lies in another one.

    >>> is_within("nasal ala", "face"), is_within("wrist", "leg")
    (True, False)
    """
    within = load_relations().within
    inside = within.get(whole, frozenset())
    return part in inside or any(part in within.get(site, ()) for site in inside)
