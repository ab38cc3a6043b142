"""Lists of plain words (``vocabulary/words.json``): grammar, generic words, what may follow."""

from __future__ import annotations

import functools
import json
from pathlib import Path

from mmskin_build.vqa.words import key_of

_FILE = Path(__file__).parent / "vocabulary" / "words.json"


@functools.cache
def plain_words(name: str) -> frozenset[str]:
    """Return the words of a list."""
    words: list[str] = json.loads(_FILE.read_text("utf-8"))[name]
    return frozenset(words)


@functools.cache
def word_keys(name: str) -> frozenset[str]:
    """Return the keys of the words of a list."""
    return frozenset(key_of(word) for word in plain_words(name))
