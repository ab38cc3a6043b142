"""Seconds and peak memory of each export of a large generated release, beside plain copying.

Usage: make bench-exports [EXPORT_RECORDS=12000]   (or: python tests/bench/exports.py --out FILE)

The release is noise of 300 x 230 pixels stored without compression (207 kB a picture) with two
questions a record. Each export is a program of its own; its peak is the largest resident set that
the system counted for it (nothing below that of this program, some 25 MiB, can be seen). Copying is
`cp -r` of the pictures, run before and after the exports, with what was written brought to the disk
in between.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_FORMS = ("upstream", "llava", "huggingface", "webdataset", "croissant", "parquet", "metadata")
_MAKE = """\
import sys
from pathlib import Path
from made_releases import make_release
make_release(Path(sys.argv[1]), int(sys.argv[2]), side_px=(230, 300), compressed=False)
"""
_MIB = 1024  # of the kilobytes that the system counts


def run(command: Sequence[str]) -> dict[str, float]:
    """Run a program and return its seconds and its peak in MiB."""
    os.sync()
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)}: ended with {status}")
    seconds = time.perf_counter() - start
    return {"seconds": round(seconds, 1), "peak_mib": round(usage.ru_maxrss / _MIB)}


def folder_mib(folder: Path) -> int:
    """Return the size of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) // 2**20


def measure(folder: Path, records: int) -> dict[str, Any]:
    """Make the release and every export of it, one after the other."""
    data = folder / "data"
    made = run([sys.executable, "-c", _MAKE, str(data), str(records)])
    shutil.rmtree(data / "pictures")
    release = data / "releases" / "made" / "1.0.0"
    found: dict[str, Any] = {
        "records": records,
        "pictures_mib": folder_mib(release / "images"),
        "made": made,
        "copy": run(["cp", "-r", str(release / "images"), str(folder / "copy")]),
    }
    shutil.rmtree(folder / "copy")
    command = [sys.executable, "-m", "mmskin_build", "export", "--quiet", "--name", "made"]
    for form in _FORMS:
        out = folder / form
        args = [*command, "--data", str(data), "--to", form, "--out", str(out)]
        found[form] = run(args) | {"mib": folder_mib(out)}
        shutil.rmtree(out)
        print(form, json.dumps(found[form]), flush=True)
    found["copy_again"] = run(["cp", "-r", str(release / "images"), str(folder / "copy")])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--out", type=Path, help="JSON file for the numbers")
    parser.add_argument("--records", type=int, default=12_000)
    parser.add_argument("--folder", type=Path, help="where there is room for twice the release")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        found = measure(Path(folder), given.records)
    text = json.dumps(found, indent=2)
    print(text)
    if given.out is not None:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
