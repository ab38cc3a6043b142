"""What a worker is asked: which file, which page, with what. Nothing here loads a PDF library."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

P = TypeVar("P")


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfSource:
    """A PDF file, and the name of the environment variable that holds its password, if any."""

    path: Path
    password_env: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageJob(Generic[P]):
    """One page to read (0-based) and what the work needs to know about it."""

    page_index: int
    payload: P
