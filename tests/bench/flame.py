"""Where the processor time of a whole build goes: a flame graph and a table of its stages.

Usage: make bench-profile [BENCH_PDFS="a.pdf b.pdf"]   (or: python tests/bench/flame.py --out F)

`mmskin build` runs as a program of its own over the demo book, or over the given PDFs, with
one worker, under py-spy: a hundred times a second it looks at what every process is doing, Python
and C alike. A sample belongs to the innermost stage on its stack. Tesseract's own time is not seen.
Beside the JSON file lie the folded stacks (`.folded`) and the flame graph (`.svg`).
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from cost import demo_book

#: Functions that begin a stage, as they stand on a stack; the innermost one counts.
STAGES = {
    "reading pages": "read_page (mmskin_build/pdf/work.py)",
    "second look": "look_again (mmskin_build/pdf/work.py)",
    "cutting pictures": "cut_figures (mmskin_build/pdf/work.py)",
    "pairing": "pair_figures (mmskin_build/alignment.py)",
    "screens": "screen_file (mmskin_build/images/classify.py)",
    "records": "assemble_book (mmskin_build/steps.py)",
    "duplicates, review queue": "finish_build (mmskin_build/builds.py)",
}
#: Functions in which a process only waits, though py-spy may take it for busy.
_WAITING = frozenset(
    {
        "_listen (mmskin_build/pdf/process.py)",
        "poll (libc.so.6)",
        "PyThread_acquire_lock_timed (libpython3.11.so.1.0)",
    }
)
_FRAME = re.compile(r"(?!0x).+ \([^()]+\)")  # a function with its file, no command line, no address
_ROW_PX, _WIDTH_PX = 16, 1200
_LEAST_PX = 0.5  # narrower frames are not drawn
_COMMAND = "from mmskin_build.cli import main; main()"

Stacks = Mapping[tuple[str, ...], int]


def record(pdfs: Sequence[Path], folder: Path, rate: int) -> Stacks:
    """Build the books under py-spy; return how often each stack was seen, outermost first."""
    data, folded = folder / "data", folder / "stacks.folded"
    for number, pdf in enumerate(pdfs, start=1):
        add = ["books", "add", str(pdf.absolute()), "--id", f"bk{number}", "--data", str(data)]
        subprocess.run([sys.executable, "-c", _COMMAND, *add], check=True, capture_output=True)
    spy = [str(Path(sys.executable).with_name("py-spy")), "record", "--subprocesses", "--native"]
    options = ["--rate", str(rate), "--format", "raw", "--output", str(folded), "--"]
    build = ["build", "--data", str(data), "--workers", "1", "--quiet"]
    command = [*spy, *options, sys.executable, "-c", _COMMAND, *build]
    subprocess.run(command, check=True, capture_output=True)
    found: Counter[tuple[str, ...]] = Counter()
    for line in folded.read_text(encoding="utf-8").splitlines():
        stack, count = line.rsplit(" ", 1)
        frames = tuple(re.sub(r":\d+\)$", ")", f) for f in stack.split(";") if _FRAME.fullmatch(f))
        if _WAITING.isdisjoint(frames):
            found[frames] += int(count)
    return found


def by_stage(stacks: Stacks) -> Counter[str]:
    """Samples of each stage; "start and the rest" is what no stage has on its stack."""
    names = {function: stage for stage, function in STAGES.items()}
    found: Counter[str] = Counter()
    for stack, count in stacks.items():
        inner = next((names[frame] for frame in reversed(stack) if frame in names), None)
        found[inner or "start and the rest"] += count
    return found


def by_function(stacks: Stacks) -> Counter[str]:
    """Samples in which a function is anywhere on the stack, functions of ours and of libraries."""
    found: Counter[str] = Counter()
    for stack, count in stacks.items():
        for frame in set(stack):
            found[frame] += count
    return found


def draw(stacks: Stacks) -> str:
    """Draw a flame graph: a frame is as wide as the share of samples that it is in."""
    total = sum(stacks.values())
    ordered = sorted(stacks.items())
    boxes: list[str] = []
    deepest = 0

    def walk(first: int, last: int, depth: int, x: int) -> None:
        nonlocal deepest
        at = first
        while at < last:
            stack = ordered[at][0]
            end, width = at, 0
            name = stack[depth] if len(stack) > depth else None
            while end < last and ordered[end][0][depth : depth + 1] == stack[depth : depth + 1]:
                width += ordered[end][1]
                end += 1
            wide = width / total * _WIDTH_PX
            if name is not None and wide >= _LEAST_PX:
                deepest = max(deepest, depth)
                boxes.append(_box(name, x / total * _WIDTH_PX, wide, depth, width / total))
                walk(at, end, depth + 1, x)
            x += width
            at = end

    walk(0, len(ordered), 0, 0)
    height = (deepest + 1) * _ROW_PX
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH_PX}" height="{height}" '
        f'font-family="monospace" font-size="11">{"".join(boxes)}</svg>\n'
    )


def _box(name: str, x: float, wide: float, depth: int, share: float) -> str:
    hue = sum(name.encode()) % 55  # reds to yellows, one color a name
    text = escape(name[: max(0, int(wide / 7))])
    y = depth * _ROW_PX
    return (
        f'<g><title>{escape(name)} {share:.1%}</title><rect x="{x:.1f}" y="{y}" '
        f'width="{wide:.1f}" height="{_ROW_PX - 1}" fill="hsl({hue},80%,65%)"/>'
        f'<text x="{x + 2:.1f}" y="{y + 12}">{text}</text></g>'
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pdfs", nargs="*", type=Path, help="documents [the demo book]")
    parser.add_argument("--out", type=Path, required=True, help="JSON file for the numbers")
    parser.add_argument("--rate", type=int, default=100, help="looks a second")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        stacks = record(given.pdfs or [demo_book(folder)], folder, given.rate)
    total = sum(stacks.values())
    stages, functions = by_stage(stacks), by_function(stacks)
    for name, count in stages.most_common():
        print(f"{count / total:6.1%} {name}")
    print()
    for name, count in functions.most_common(60):
        print(f"{count / total:6.1%} {name[:100]}")
    given.out.parent.mkdir(parents=True, exist_ok=True)
    shares = {
        "samples": total,
        "stages": {name: count / total for name, count in stages.most_common()},
        "functions": {name: count / total for name, count in functions.most_common(200)},
    }
    given.out.write_text(json.dumps(shares, indent=2) + "\n", encoding="utf-8")
    folded = "".join(f"{';'.join(stack)} {count}\n" for stack, count in sorted(stacks.items()))
    given.out.with_suffix(".folded").write_text(folded, encoding="utf-8")
    given.out.with_suffix(".svg").write_text(draw(stacks), encoding="utf-8")


if __name__ == "__main__":
    main()
