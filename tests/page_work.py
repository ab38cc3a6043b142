"""Work for the workers of `pdf.isolation`, in a module that they can import by name."""

from __future__ import annotations

import ctypes
import os
import re
import threading
import time
from pathlib import Path

import pymupdf

from mmskin_build.errors import ConfigError, InputPdfError
from mmskin_build.pdf.document import Document, open_document
from mmskin_build.pdf.jobs import PageJob


def act(document: Document, job: PageJob[str]) -> str:
    """Do the deed that the payload names; by default read the page."""
    match job.payload:
        case "crash":
            ctypes.string_at(0)
        case "exit":
            os._exit(3)
        case "hang":
            threading.Event().wait()
        case "hang in C":
            re.match(r"(a+)+$", "a" * 64 + "b")  # exponential, holds the interpreter throughout
        case "allocate":
            return str(len(bytearray(10 << 30)))
        case "allocate in C":
            square = pymupdf.IRect(0, 0, 15_000, 15_000)  # 675 MB in RGB
            return str([pymupdf.Pixmap(pymupdf.csRGB, square) for _ in range(9)])
        case "mistake":
            return "a" + 1  # type: ignore[operator]
        case "bad page":
            raise InputPdfError("page of 300 inches\nis over the limit")
        case "bad setting":
            raise ConfigError("ocr_language: Klingon is not installed")
        case "unpicklable":
            return threading.Lock()  # type: ignore[return-value]
        case "pid":
            return str(os.getpid())
    return f"{job.page_index}:{document.pdf[job.page_index].get_text().strip()}"


def crash_once(document: Document, job: PageJob[Path]) -> str:
    if job.page_index == 1 and not job.payload.exists():
        job.payload.touch()
        ctypes.string_at(0)
    return act(document, PageJob(page_index=job.page_index, payload="read"))


def meet(document: Document, job: PageJob[Path]) -> int:
    """On the first page, wait until another worker is there, a minute at most."""
    if job.page_index == 0:
        (job.payload / str(os.getpid())).touch()
        end = time.monotonic() + 60
        while len(list(job.payload.iterdir())) < 2 and time.monotonic() < end:
            time.sleep(0.01)
    return len(list(job.payload.iterdir()))


def crash_on_opening(path: Path, password: str | None) -> Document:
    ctypes.string_at(0)
    raise AssertionError("unreachable")


def count_opening(path: Path, password: str | None) -> Document:
    with path.with_suffix(".opened").open("a") as log:
        log.write("x")
    return open_document(path, password)
