"""An open PDF. Only inside a worker of `isolation`: opening alone can crash or hang."""

from __future__ import annotations

from pathlib import Path

import pymupdf

from mmskin_build.config import PdfConfig
from mmskin_build.errors import EncryptedPdfError, InputPdfError
from mmskin_build.pdf.painting import Painting, hold_only_streams
from mmskin_build.records import Line

_KEPT_FILE_BYTES = 64 * 1024 * 1024  # of larger files nothing is kept: held pictures take memory
_KEPT_ITEMS = 20_000  # pictures, paths and lines kept of one file, of some 400 bytes each
_PDF_HEADER_WINDOW = 1024  # bytes in which "%PDF-" must stand (PDF 1.7, implementation note 13)


class Document:
    """An open PDF. Only for use inside one worker process; not for threads."""

    def __init__(self, path: Path, pdf: pymupdf.Document) -> None:
        """Wrap an opened `pdf`; use `open_document`."""
        self.path = path
        self.pdf = pdf
        self._kept: dict[int, tuple[Painting, tuple[Line, ...]]] = {}
        self._room = _KEPT_ITEMS if path.stat().st_size <= _KEPT_FILE_BYTES else 0

    @property
    def page_count(self) -> int:
        """Number of pages."""
        return int(self.pdf.page_count)

    @property
    def repaired(self) -> bool:
        """Whether the file's structure was damaged and rebuilt while opening."""
        return bool(self.pdf.is_repaired)

    def keep_read(self, page_index: int, painting: Painting, lines: tuple[Line, ...]) -> None:
        """Keep what was read of a page with pictures until they are cut, while there is room."""
        items = len(painting.images) + len(painting.paths) + len(lines)
        if painting.images and items <= self._room and hold_only_streams(painting):
            self._room -= items
            self._kept[page_index] = (painting, lines)

    def take_read(self, page_index: int) -> tuple[Painting | None, tuple[Line, ...] | None]:
        """Give away what was kept of a page: what it paints and its visible lines, None if not."""
        painting, lines = self._kept.pop(page_index, (None, None))
        if painting is not None and lines is not None:
            self._room += len(painting.images) + len(painting.paths) + len(lines)
        return painting, lines

    def close(self) -> None:
        """Close the file."""
        self._kept.clear()
        self.pdf.close()


def open_document(path: Path, password: str | None = None) -> Document:
    """Open `path`, with `password` where it is encrypted.

    Raises:
        InputPdfError: If it is empty, not a PDF, damaged beyond repair or has no pages.
        EncryptedPdfError: If the password is missing or wrong.
    """
    pymupdf.TOOLS.mupdf_display_errors(False)
    pymupdf.TOOLS.mupdf_display_warnings(False)
    try:
        with path.open("rb") as stream:
            head = stream.read(_PDF_HEADER_WINDOW)
    except OSError as error:
        raise InputPdfError(
            f"{path}: cannot be read ({error.strerror}); check the path and its permissions"
        ) from error
    if not head:
        raise InputPdfError(f"{path}: the file is empty; fetch it again")
    if b"%PDF-" not in head:
        raise InputPdfError(f"{path}: not a PDF (no %PDF- header); give the PDF file of the book")
    try:
        pdf = pymupdf.open(path, filetype="pdf")
        locked = bool(pdf.needs_pass)
        if locked and not (password and pdf.authenticate(password)):
            if password:
                raise EncryptedPdfError(f"{path}: the given password does not open it")
            raise EncryptedPdfError(
                f"{path}: encrypted; name the environment variable that holds its password "
                "(password_env in data/books.toml, or --password-env)"
            )
        page_count = pdf.page_count
    except EncryptedPdfError:
        raise
    except Exception as error:
        raise InputPdfError(
            f"{path}: damaged beyond repair ({_one_line(error)}); fetch the file again, "
            "or rewrite it with `qpdf IN OUT`"
        ) from error
    if page_count < 1:
        raise InputPdfError(f"{path}: has no pages; fetch the file again")
    return Document(path, pdf)


def load_page(document: Document, index: int, cfg: PdfConfig) -> pymupdf.Page:
    """Load one page.

    Raises:
        InputPdfError: If the page is not there or larger than the configured limit.
    """
    page: pymupdf.Page = document.pdf.load_page(index)
    width, height = page.rect.width, page.rect.height
    if not (0 < width <= cfg.max_page_side_pt and 0 < height <= cfg.max_page_side_pt):
        raise InputPdfError(
            f"page index {index}: {width:.0f} x {height:.0f} pt is outside the "
            f"limit of {cfg.max_page_side_pt:.0f} pt a side (pdf.max_page_side_pt)"
        )
    return page


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
