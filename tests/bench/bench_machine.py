"""What was measured where: machine, versions, commit; processor time of programs that ended."""

from __future__ import annotations

import os
import platform
import re
import resource
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path

import psutil

PACKAGES = (
    "mmskin-build",
    "pymupdf",
    "pdfplumber",
    "numpy",
    "opencv-python-headless",
    "onnxruntime",
    "scikit-learn",
)


def processors() -> int:
    """Return how many processors this process may use; all there are where no system says it."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def children_cpu_s() -> float:
    """Return processor seconds of all programs that this one started and that ended."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def machine() -> str:
    """Describe the machine so that the same one has the same words."""
    model = platform.processor() or platform.machine()
    told = Path("/proc/cpuinfo")
    if told.exists():
        found = re.search(r"^model name\s*:\s*(.+)$", told.read_text("utf-8"), re.M)
        model = found[1].strip() if found else model
    memory = round(psutil.virtual_memory().total / 2**30)
    system = f"{platform.system()} {platform.machine()}"
    return f"{model}, {processors()} processors, {memory} GiB, {system}"


def versions() -> dict[str, str]:
    """Return the versions that the numbers depend on."""
    said = {name: version(name) for name in PACKAGES}
    program = shutil.which("tesseract")
    if program:
        shown = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
        said["tesseract"] = (shown.stdout or shown.stderr).split("\n")[0].removeprefix("tesseract ")
    return {"python": platform.python_version(), **said}


def commit() -> str:
    """Return the commit that was measured, with + where files were changed; "" outside git."""
    try:
        args = [
            "git",
            "-C",
            str(Path(__file__).parent),
            "describe",
            "--always",
            "--abbrev=12",
            "--dirty=+",
        ]
        shown = subprocess.run(args, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return shown.stdout.strip() if shown.returncode == 0 else ""
