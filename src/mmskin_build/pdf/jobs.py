"""What a worker is asked and what it answers: which file, which page, with what.

Nothing here loads a PDF library or an array: the program that asks reads no page itself, and should
not pay for what only its workers use.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar

from mmskin_build.config import PdfConfig
from mmskin_build.geometry import Bbox
from mmskin_build.records import Figure, Line, PageFailure

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mmskin_build.pdf.document import Document

P = TypeVar("P")
R = TypeVar("R")
PixelBox = tuple[int, int, int, int]  # x0, y0, x1, y1 from the top left


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


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfInfo:
    """What opening a PDF tells: its pages, and whether its structure had to be repaired."""

    page_count: int
    repaired: bool


class PagePool(Protocol):
    """Where pages are read: in processes of this machine (`isolation.WorkerPool`), or on many."""

    def inspect(self, source: PdfSource) -> PdfInfo:
        """Open a document and tell its number of pages."""

    def run(
        self,
        source: PdfSource,
        jobs: Sequence[PageJob[P]],
        work: Callable[[Document, PageJob[P]], R],
        on_page: Callable[[int], None] | None = None,
    ) -> list[R | PageFailure]:
        """Apply `work`, a function at the top level of a module, to each page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSettings:
    """What reading a page depends on; `language` are Tesseract codes joined by ``+``."""

    cfg: PdfConfig
    language: str


class PanelPart(NamedTuple):
    """A panel inside a picture: its box in pixels, and its letter where one was read."""

    box: PixelBox
    letter: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureView:
    """A picture of a figure as panels are looked for in it.

    `bbox` is what `rgb`, ``(H, W, 3) uint8``, shows, in points. `pieces` are pictures set edge to
    edge, in pixels. `printed` are single letters of the text layer over it, `beside` those near it
    that may be letters of its panels; `is_lettered` tells that its letter is known already.
    """

    rgb: NDArray[np.uint8]
    bbox: Bbox
    pieces: tuple[PixelBox, ...] = ()
    printed: tuple[tuple[str, Bbox], ...] = ()
    beside: tuple[tuple[str, Bbox], ...] = ()
    is_lettered: bool = False
    may_split: bool = True


#: Finds the panels in the pictures of one figure: the pictures, how many panels its caption names,
#: and their letters. For each picture its panels; the whole of it where it is one.
FindPanels = Callable[[Sequence[PictureView], int, Sequence[str]], Sequence[Sequence[PanelPart]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelRequest:
    """The figures of one page whose pixels are wanted.

    `expected` gives for each figure the number of panels that its caption names (0 when it names
    none), `letters` their letters where it names them so, `beside` such letters in the text layer
    near each of its pictures, empty where they are not wanted. `lines` are the visible lines of the
    page's text layer that reach into the figures; None reads them again. Pictures are written to
    ``out_dir/<image_sha256>.png``; None writes nothing.
    """

    figures: tuple[Figure, ...]
    expected: tuple[int, ...]
    letters: tuple[tuple[str, ...], ...]
    render_dpi: int
    find_panels: FindPanels
    beside: tuple[tuple[tuple[tuple[str, Bbox], ...], ...], ...] = ()
    lines: tuple[Line, ...] | None = None
    out_dir: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LookRequest:
    """What is wanted of one page: the network's boxes, other readings of `captions` (points)."""

    cfg: PdfConfig
    language: str
    layout: bool = False
    captions: tuple[Bbox, ...] = ()
    recognize: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutBox:
    """What the network takes for a caption or a picture; `bbox` in points.

    `lines` are those of the page inside, `image_share` is how much of it image objects cover.
    """

    kind: str
    bbox: Bbox
    lines: tuple[Line, ...] = ()
    image_share: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptionReading:
    """How other readers read the box of one caption; None where one could not, or was not asked."""

    bbox: Bbox
    pdfplumber: str | None = None
    tesseract: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondLook:
    """What the other readers say of one page; `boxes` is None where the network was not asked."""

    page_index: int
    boxes: tuple[LayoutBox, ...] | None = None
    readings: tuple[CaptionReading, ...] = ()
