"""Cost of scoring and comparing answers to a generated table of upstream's size."""

from __future__ import annotations

import argparse
import csv
import json
import random
import resource
import tempfile
import time
from pathlib import Path

from mmskin_build.cli import run

_STARTS = ("What is shown", "Where is the lesion", "Is there scale", "What type of lesion is seen")
_TEXT = (
    "the a plaque papule nodule erythematous scaly red brown on trunk left right arm face with "
    "well-defined border and central ulceration surrounded by fine telangiectasia epidermis"
)
_WORDS = _TEXT.split()


def main() -> None:
    """Write the table and two files of answers, then time `mmskin evaluate vqa` and `compare`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5452)
    parser.add_argument("--preset", default="upstream")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    chance = random.Random(0)
    told: dict[str, float] = {"rows": given.rows}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [
            (f"bk{1 + at % 15}_{at * 4 // 5}.png", f"{chance.choice(_STARTS)} {at}?",
             " ".join(chance.choices(_WORDS, k=chance.randint(8, 36))).capitalize() + ".")
            for at in range(given.rows)
        ]  # fmt: skip
        _write(folder / "test.csv", "answer", rows)
        images = sorted({row[0] for row in rows})
        kinds = ("clinical", "dermoscopy", "pathology")
        with (folder / "caption.csv").open("w", newline="") as file:
            csv.writer(file).writerows(
                [("image", "modality"), *((i, chance.choice(kinds)) for i in images)]
            )
        for model, kept in (("good", 0.7), ("poor", 0.4)):
            said = [(*r[:2], _changed(r[2], kept, chance)) for r in rows]
            _write(folder / f"{model}.csv", "prediction", said)
            told[f"vqa_{model}_s"] = _timed(
                ["evaluate", "vqa", "--answers", str(folder / f"{model}.csv"), "--table",
                 str(folder / "test.csv"), "--captions", str(folder / "caption.csv"), "--preset",
                 given.preset, "--data", str(folder / "data"), "-q", "--json"]
            )  # fmt: skip
        base = folder / "data" / "evaluations"
        told["compare_s"] = _timed(
            ["evaluate", "compare", str(base / "good"), str(base / "poor"), "--data",
             str(folder / "data"), "--json"]
        )  # fmt: skip
    told["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    content = json.dumps({key: round(value, 1) for key, value in told.items()}, indent=2)
    print(content)
    if given.out is not None:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(content + "\n")


def _write(path: Path, column: str, rows: list[tuple[str, str, str]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("image", "question", column), *rows])


def _changed(text: str, kept: float, chance: random.Random) -> str:
    return " ".join(w if chance.random() < kept else chance.choice(_WORDS) for w in text.split())


def _timed(arguments: list[str]) -> float:
    import contextlib
    import os

    start = time.process_time()
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        if run(arguments) != 0:
            raise SystemExit(f"failed: {' '.join(arguments)}")
    return time.process_time() - start


if __name__ == "__main__":
    main()
