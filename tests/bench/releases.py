"""Seconds and peak memory of writing, verifying and comparing large generated releases.

Usage: make bench-releases [RELEASE_RECORDS=12000]   (or: python tests/bench/releases.py --out FILE)

The release is noise of 300 x 230 pixels stored without compression (207 kB a picture), with the
fingerprints that a build has. Writing is shown in its parts, and beside copying the same pictures
with ``cp``, brought to the disk as a release is, before and after. Each step is a program of its
own; its peak is the largest resident set that the system counted for it. The second release leaves
out a hundredth, edits a hundredth and adds a hundredth.

`--leaks N` plants near duplicates of N pictures in another book instead (crops, other light, JPEG,
mirrored), joins, splits, and counts those on two sides.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import cv2
import numpy as np

from made_releases import BOOKS, made_pictures, made_record
from mmskin_build.config import Config, DatasetConfig, SplitConfig
from mmskin_build.dataset.leaks import find_crossings, find_joins_to_make, join_released
from mmskin_build.dataset.pictures import Picture
from mmskin_build.dataset.release import write_release
from mmskin_build.dataset.splits import assign_splits
from mmskin_build.dataset.summary import BookSummary, BuildSummary
from mmskin_build.images.fingerprint import fingerprint
from mmskin_build.store import file_sha256

_SIDE_PX = (230, 300)
_CONFIG = Config(dataset=DatasetConfig(name="made"), split=SplitConfig(test_share=0.2))
_MIB = 1024  # of the kilobytes that the system counts


def prepare(folder: Path, count: int) -> None:
    """Write pictures, and records with their fingerprints: what a build leaves."""
    shop = folder / "pictures"
    shop.mkdir(parents=True)
    made = []
    for number, (rgb, png) in enumerate(made_pictures(count, _SIDE_PX, compressed=False)):
        record = made_record(number, rgb)
        path = shop / f"{record.id}.png"
        path.write_bytes(png)
        made.append((record, file_sha256(path), fingerprint(rgb)))
    (folder / "made.pickle").write_bytes(pickle.dumps(made))


def write(folder: Path, number: int) -> None:
    """Write the first or the second release; print seconds and processor seconds of each part."""
    made = pickle.loads((folder / "made.pickle").read_bytes())
    hundredth = len(made) // 100
    end = len(made) - hundredth
    kept = made[:end] if number == 1 else made[hundredth:]
    records = [record for record, _, _ in kept]
    if number == 2:
        edited = (dataclasses.replace(r, caption=f"Other: {r.caption}") for r in records)
        records[:hundredth] = [next(edited) for _ in range(hundredth)]
    files = folder / "pictures"
    pictures = {r.id: Picture(path=files / f"{r.id}.png", sha256=d) for r, d, _ in kept}
    times = [_clocks()]
    parts: list[str] = []

    def tell(what: str, done: int, total: int) -> None:
        if not parts or parts[-1] != what:
            parts.append(what)
            times.append(times[-1])
        times[-1] = _clocks()

    write_release(
        folder / "releases",
        None,
        cfg=_CONFIG,
        summary=BuildSummary(
            books=tuple(
                BookSummary(id=b.id, title=b.title, sha256=b.sha256, status="built") for b in BOOKS
            ),
            content_digest="ef" * 32,
        ),
        books=BOOKS,
        records=records,
        pictures=pictures,
        prints={record.image_sha256: print_ for record, _, print_ in kept},
        progress=tell,
    )
    parts.append("the rest")
    times.append(_clocks())
    found = {
        part: [round(b - a, 1) for a, b in zip(before, after, strict=True)]
        for part, before, after in zip(parts, times, times[1:], strict=False)
    }
    whole = [round(b - a, 1) for a, b in zip(times[0], times[-1], strict=True)]
    print(json.dumps(found | {"all": whole}))


def _clocks() -> tuple[float, float]:
    """Seconds, and processor seconds of this program."""
    return time.perf_counter(), time.process_time()


def plant(count: int) -> dict[str, int]:
    """Plant near duplicates of pictures of one book in another; count what crosses the splits."""
    rng = np.random.default_rng(5)
    records, prints = [], {}
    for number in range(count):
        noise = rng.integers(0, 255, (24, 32, 3), dtype=np.uint8)
        rgb = cv2.resize(noise, (640, 480), interpolation=cv2.INTER_CUBIC)
        cut = rgb[: -int(rng.integers(1, 48)), int(rng.integers(1, 64)) :]
        changed = np.clip(cut * rng.uniform(0.7, 1.1) + rng.uniform(-10, 10), 0, 255)
        if number % 3 == 0:
            changed = changed[:, ::-1]
        quality = int(rng.integers(40, 90))
        _, jpeg = cv2.imencode(
            ".jpg", changed.astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, quality]
        )
        copy = np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR))
        for place, picture in enumerate((rgb, copy)):
            record = made_record(2 * number + place, np.ascontiguousarray(picture))
            records.append(record)
            prints[record.image_sha256] = fingerprint(np.ascontiguousarray(picture))
    joins = find_joins_to_make(records, prints)
    kept = assign_splits(join_released(records, joins), _CONFIG.split, {})
    alone = assign_splits(records, _CONFIG.split, {})
    pairs = list(zip(kept[::2], kept[1::2], strict=True))
    return {
        "planted": count,
        "joined": sum(one.group_id == other.group_id for one, other in pairs),
        "on_two_sides": sum(one.split != other.split for one, other in pairs),
        "on_two_sides_without_joining": sum(
            a.split != b.split for a, b in zip(alone[::2], alone[1::2], strict=True)
        ),
        "crossings_told": len(find_crossings(kept, joins)),
        "groups": len({record.group_id for record in kept}),
    }


def run(command: Sequence[str]) -> dict[str, Any]:
    """Run a program; return its seconds, its peak in MiB, and the parts that it printed."""
    os.sync()
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    said = process.stdout.read() if process.stdout else ""
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)}: ended with {status}")
    found: dict[str, Any] = {
        "seconds": round(time.perf_counter() - start, 1),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 1),
        "peak_mib": round(usage.ru_maxrss / _MIB),
    }
    if said.startswith("{"):
        found["parts"] = json.loads(said)
    return found


def measure(folder: Path, count: int) -> dict[str, Any]:
    """Write two releases, verify the first, compare both."""
    again = [sys.executable, __file__, "--folder", str(folder), "--records", str(count), "--step"]
    run([*again, "prepare"])
    pictures, copied = folder / "pictures", folder / "copied"
    copy = ["sh", "-c", f"cp -r '{pictures}' '{copied}' && sync -f '{copied}'"]
    first, second = (folder / "releases" / "made" / name for name in ("1.0.0", "2.0.0"))
    mmskin = [sys.executable, "-m", "mmskin_build"]
    found: dict[str, Any] = {"records": count}
    for name, command in (
        ("copy", copy),
        ("write", [*again, "write"]),
        ("copy_again", copy),
        ("verify", [*mmskin, "verify", "--quiet", str(first)]),
        ("write_second", [*again, "write-second"]),
        ("diff_text", [*mmskin, "diff", str(first), str(second), "--out", str(folder / "d.md")]),
        (
            "diff_html",
            [*mmskin, "diff", str(first), str(second), "--format", "html"]
            + ["--out", str(folder / "d.html")],
        ),
    ):
        shutil.rmtree(copied, ignore_errors=True)
        found[name] = run(command)
        print(name, json.dumps(found[name]), file=sys.stderr, flush=True)
    found["html_kib"] = (folder / "d.html").stat().st_size // 1024
    return found


def table(found: dict[str, Any]) -> str:
    """The steps with seconds, processor seconds, peak, and how often copying goes into them."""
    copies = [found["copy"]["seconds"], found["copy_again"]["seconds"]]
    mean = sum(copies) / len(copies)
    lines = [f"{'step':28} {'seconds':>8} {'CPU':>7} {'MiB':>5}  times copying"]

    def add(name: str, seconds: float, cpu: float, peak: int | None) -> None:
        lines.append(
            f"{name:28} {seconds:8.1f} {cpu:7.1f} {'' if peak is None else peak:>5}  "
            f"{seconds / mean:.2f}"
        )

    for name, step in found.items():
        if isinstance(step, dict):
            add(name, step["seconds"], step["cpu_seconds"], step["peak_mib"])
            for part, (seconds, cpu) in step.get("parts", {}).items():
                add(f"  {part}", seconds, cpu, None)
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--out", type=Path, help="JSON file for the numbers")
    parser.add_argument("--records", type=int, default=12_000)
    parser.add_argument("--leaks", type=int, help="plant that many near duplicates instead")
    parser.add_argument("--folder", type=Path, help="where there is room: four releases")
    parser.add_argument("--step", choices=("prepare", "write", "write-second"), help="used within")
    given = parser.parse_args()
    if given.step == "prepare":
        prepare(given.folder, given.records)
        return
    if given.step:
        write(given.folder, 1 if given.step == "write" else 2)
        return
    if given.leaks:
        found = plant(given.leaks)
    else:
        with tempfile.TemporaryDirectory(dir=given.folder) as folder:
            found = measure(Path(folder), given.records)
    text = json.dumps(found, indent=2)
    print(text if given.leaks else table(found))
    if given.out is not None:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
