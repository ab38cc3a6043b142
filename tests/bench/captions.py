"""How many captions a second each rule of `text/` reads, on one core.

usage: captions.py [--out FILE.json] [--seconds 3] [FILE.jsonl|FILE.txt ...]

Without files, the hand-made sentences of the tests are read, in all their languages; with files,
their lines (the "text" of JSON lines).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from demographic_sentences import ALL
from mmskin_build.records import Demographics
from mmskin_build.text.clean import clean_caption
from mmskin_build.text.demographics import extract_demographics
from mmskin_build.text.modality_words import find_modality_words
from mmskin_build.text.sensitive_words import find_sensitive_words
from mmskin_build.text.terms import extract_terms
from mmskin_build.text.top_coding import top_code

RULES: dict[str, Callable[[str], Any]] = {
    "demographics": lambda text: extract_demographics(text, None),
    "top_coding": lambda text: top_code(text, Demographics(), None),
    "clean": clean_caption,
    "terms": extract_terms,
    "modality_words": find_modality_words,
    "sensitive_words": find_sensitive_words,
}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--seconds", type=float, default=3.0)
    given = parser.parse_args(arguments)
    texts = [text for path in given.files for text in read(path)] or [text for text, *_ in ALL]
    result: dict[str, Any] = {
        "captions": len(texts),
        "mean_characters": round(sum(map(len, texts)) / len(texts), 1),
        "captions_a_second": {
            name: rate(rule, texts, given.seconds) for name, rule in RULES.items()
        },
    }
    print(json.dumps(result, indent=2))
    if given.out is not None:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def read(path: Path) -> list[str]:
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [json.loads(line)["text"] if line.startswith("{") else line for line in lines]


def rate(rule: Callable[[str], Any], texts: Sequence[str], seconds: float) -> float:
    """Captions a second of processor time, the tables compiled before."""
    for text in texts:
        rule(text)
    count, start = 0, time.process_time()
    while time.process_time() - start < seconds:
        for text in texts:
            rule(text)
        count += len(texts)
    return round(count / (time.process_time() - start), 1)


if __name__ == "__main__":
    main()
