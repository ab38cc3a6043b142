"""Questions by rule: records a second and its growth, on captions of the demo book's vocabulary.

usage: questions.py [--records 1375 2750 5500 11000] [--read N] [--out FILE]

--read prints N pairs with their captions, for a person to read.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from builders import make_record
from mmskin_build.config import VqaConfig
from mmskin_build.demo.text import make_caption
from mmskin_build.records import Label, Record
from mmskin_build.text.demographics import extract_demographics
from mmskin_build.vqa.drafts import RulesBackend
from mmskin_build.vqa.generate import Generated, generate_pairs

_MODALITIES = ("clinical", "dermoscopic", "pathological")


def draw(count: int, seed: int = 0) -> list[Record]:
    """Return records with drawn captions."""
    rng = np.random.default_rng(seed)
    made = []
    for number in range(count):
        modality: Any = _MODALITIES[int(rng.integers(3))]
        caption = make_caption(rng, modality, long=bool(rng.random() < 0.2))
        made.append(
            make_record(
                f"bk1_{seed}_{number}",
                caption=caption,
                figure_caption=caption,
                demographics=extract_demographics(caption),
                modality=Label(value=modality, confidence=0.95, source="rule"),
            )
        )
    return made


def ask(records: list[Record]) -> Generated:
    """Return the pairs of the rules on records."""
    cfg = VqaConfig()
    return generate_pairs(records, RulesBackend(cfg), cfg, {})


def main() -> None:
    """Print a table; write it as JSON with --out."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, nargs="+", default=[1375, 2750, 5500, 11_000])
    parser.add_argument("--read", type=int, default=0)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    rows = []
    for count in options.records:
        records = draw(count, seed=count)
        start = time.process_time()
        made = ask(records)
        seconds = time.process_time() - start
        report = made.report
        row = {
            "records": count,
            "seconds": round(seconds, 1),
            "ms_a_record": round(1000 * seconds / count, 2),
            "pairs": report.pairs,
            "yes_share": round(report.yes / max(report.yes + report.no, 1), 3),
            "openings": len(report.openings),
            "most_frequent_opening": round(max(report.openings.values()) / report.pairs, 3),
            "answer_words": report.answer_words,
            "rejects": report.rejects,
        }
        rows.append(row)
        print(row, flush=True)
        if options.read:
            captions = {record.id: record.figure_caption for record in records}
            for item in random.Random(0).sample(made.items, min(options.read, len(made.items))):
                print(
                    f"{captions[item.record_id]}\n   {item.kind}: {item.question} | {item.answer}"
                )
    if options.out is not None:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(rows, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
