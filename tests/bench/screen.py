"""Cost of screening a picture beside NudeNet alone: marks and sensitive parts, and the whole.

usage: screen.py [--pictures DIR] [--each N] [--out FILE]

DIR (else MMSKIN_IMAGES) holds folders of pictures by class. All run in this one process on one
core, one picture after another, each through everything before the next. Times are of the
processor, so that a busy machine does not count, and of the thread that does the work (the threads
of `wrapper` go on waiting for a while after it); `reading` is Tesseract's part. NudeNet alone is
its network at 320 px with one thread on a square canvas, with its boxes read (`direct`), the
wheel's own `NudeDetector.detect` (`wrapper`), and the same with its network on one thread
(`one_thread`): as it comes, its threads wait for each other, which costs the more the busier the
machine is. For marks and sensitive parts alone (`screen`),
modality is given as a classifier would: certain for dermoscopic and pathological pictures, unknown
for the rest. `whole` is all that `mmskin classify` does with a file: decoding it, its digest, its
kind, marks, sensitive parts with Tesseract's time, quality and fingerprint.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from mmskin_build.images.annotated import annotated_severity
from mmskin_build.images.bodyparts import find_parts
from mmskin_build.images.marks import Mark, find_marks
from mmskin_build.images.read import Picture, read_picture
from mmskin_build.images.screen import screen_picture
from mmskin_build.images.sensitive import find_sensitive
from mmskin_build.store import pixel_digest

RgbImage = NDArray[np.uint8]

CLASSES = ("clinical", "dermoscopic", "pathological", "faces", "annotated")
SIDE_PX = 320
ALONE = ("direct", "wrapper", "one_thread")  # ways to run NudeNet alone


def square(rgb: RgbImage) -> RgbImage:
    """The picture on a black square, as NudeNet's wrapper feeds it."""
    height, width = rgb.shape[:2]
    side = max(height, width)
    canvas = np.zeros((side, side, 3), np.uint8)
    canvas[:height, :width] = rgb
    return canvas


def screen_file(path: Path) -> None:
    """All that is done with one file."""
    found = read_picture(path)
    assert isinstance(found, Picture), path
    screen_picture(found.rgb)
    pixel_digest(found.rgb)


def ratios(row: dict[str, float]) -> dict[str, float]:
    """What the screen and the whole cost over each way to run NudeNet alone."""
    return {
        f"{what}_over_{name}": round(row[what] / row[name], 2)
        for what in ("screen", "whole")
        for name in ALONE
    }


def spent_s(threads: bool) -> tuple[float, float]:
    """Processor seconds of this thread, or all `threads`, and of children so far."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    own = time.process_time() if threads else time.thread_time()
    return own, children.ru_utime + children.ru_stime


def main() -> None:
    """Measure and print milliseconds a picture by class and step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=Path, default=os.environ.get("MMSKIN_IMAGES"))
    parser.add_argument("--each", type=int, default=20)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    if args.pictures is None:
        parser.error("name a folder by --pictures or MMSKIN_IMAGES")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    cv2.setNumThreads(1)
    threadpool_limits(1)  # as in the workers of `mmskin classify`
    import nudenet
    import onnxruntime
    from nudenet import NudeDetector

    wrapper, single = NudeDetector(), NudeDetector()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    single.onnx_session = onnxruntime.InferenceSession(
        Path(nudenet.__file__).with_name("320n.onnx"), options, providers=["CPUExecutionProvider"]
    )
    spent: dict[str, dict[str, float]] = {}
    marks: tuple[Mark, ...] = ()
    for kind in CLASSES:
        paths = sorted(p for p in (Path(args.pictures) / kind).iterdir() if p.is_file())
        step = max(1, len(paths) // args.each)
        paths = paths[::step][: args.each]
        pictures = [cv2.imread(str(p), cv2.IMREAD_COLOR) for p in paths]
        modality = {"clinical": 0.0, kind: 1.0} if kind in CLASSES[1:3] else {}
        times: dict[str, float] = dict.fromkeys(
            ("direct", "wrapper", "one_thread", "marks", "sensitive", "reading", "whole"), 0.0
        )
        files = zip([paths[0], *paths], [pictures[0], *pictures], strict=True)
        for number, (path, bgr) in enumerate(files):
            rgb = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)

            def look_for_marks(rgb: RgbImage = rgb) -> None:
                nonlocal marks
                marks = find_marks(rgb)

            def look_for_more(rgb: RgbImage = rgb, modality: dict[str, float] = modality) -> None:
                read = annotated_severity(marks) != "major"  # as `images.screen` does
                find_sensitive(rgb, modality, marks=marks, read_words=read)

            steps: dict[str, Callable[[], object]] = {
                "direct": lambda rgb=rgb: find_parts(square(rgb), side_px=SIDE_PX),
                "wrapper": lambda bgr=bgr: wrapper.detect(bgr),
                "one_thread": lambda bgr=bgr: single.detect(bgr),
                "marks": look_for_marks,
                "sensitive": look_for_more,
                "whole": lambda path=path: screen_file(path),
            }
            for name, run in steps.items():
                threads = name == "wrapper"
                before = spent_s(threads)
                run()
                own, children = (
                    now - then for now, then in zip(spent_s(threads), before, strict=True)
                )
                if number:  # the first run warms up
                    whole = name == "whole"
                    times[name] += own + (children if whole else 0.0)
                    times["reading"] += 0.0 if whole else children
        count = len(pictures)
        row = {name: round(1000 * total / count, 1) for name, total in times.items()}
        row["screen"] = round(row["marks"] + row["sensitive"] + row["reading"], 1)
        row |= ratios(row)
        row["pictures"] = count
        spent[kind] = row
    plain = [spent[kind] for kind in CLASSES]
    whole = {
        name: round(
            sum(row[name] * row["pictures"] for row in plain) / sum(r["pictures"] for r in plain), 1
        )
        for name in (*ALONE, "screen", "whole")
    }
    spent["all"] = whole | ratios(whole)
    text = json.dumps(spent, indent=1)
    print(text)
    if args.out:
        args.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
