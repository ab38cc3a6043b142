"""The pictures of the review: of the store, as thumbnails, veiled, and pages of the books.

Which file a picture is stands in a table by its digest; no name from a request becomes a path.
"""

from __future__ import annotations

import io
import math
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image, ImageDraw

from mmskin_build.books import book_source, read_books
from mmskin_build.cache import open_store
from mmskin_build.config import Config, Workspace
from mmskin_build.dataset.summary import BuildSummary
from mmskin_build.errors import MmskinError
from mmskin_build.geometry import Bbox
from mmskin_build.pdf.isolation import WorkerPool
from mmskin_build.pdf.jobs import PageJob, PdfSource
from mmskin_build.records import PageFailure
from mmskin_build.store import from_json, write_bytes

PAGE_WIDTH_PX = 1500  # enough to read captions when zoomed
THUMBNAIL_PX = 320
_VEIL_PX = 12  # longest side of what a veiled picture is made from: nobody is recognized in it
_QUALITY = 85
_COVER = (57, 64, 77)
_PICTURES = "pictures"
_MOST_PIXELS = 200_000_000


class PictureTable:
    """Where the pictures and pages of the last build are.

    Args:
        workspace: The workspace; a build that is finished later is seen.
        cfg: Limits for reading PDFs.
    """

    def __init__(self, workspace: Workspace, cfg: Config) -> None:
        """Read which pictures there are; the pool of workers starts with the first page."""
        self._workspace = workspace
        self._pool = WorkerPool(cfg.pdf, 1)
        self._mutex = threading.Lock()
        self._made: tuple[int, int] | None = None
        self._folders: dict[str, Path] = {}
        self._sources: dict[str, tuple[str, PdfSource]] = {}

    def close(self) -> None:
        """End the workers."""
        self._pool.close()

    def _refresh(self) -> None:
        with self._mutex:
            try:
                stat = self._workspace.current.stat()
            except OSError:
                return
            if (stat.st_mtime_ns, stat.st_size) == self._made:
                return
            try:
                content = self._workspace.current.read_bytes()
                summary = from_json(content, BuildSummary, str(self._workspace.current))
                self._folders = dict(_find_folders(self._workspace, summary))
                self._sources = {
                    book.id: (book.sha256, book_source(self._workspace, book))
                    for book in read_books(self._workspace)
                }
            except MmskinError:
                return  # a build is being written; what was known stays
            self._made = (stat.st_mtime_ns, stat.st_size)

    def path(self, image_sha256: str | None) -> Path | None:
        """Return the file of a picture; None where there is none."""
        self._refresh()
        folder = self._folders.get(image_sha256 or "")
        return None if folder is None else folder / f"{image_sha256}.png"

    def thumbnail(self, image_sha256: str | None) -> bytes | None:
        """Return a small JPEG of a picture, made once."""
        path = self.path(image_sha256)
        if path is None:
            return None
        kept = self._workspace.work / "review" / "thumbnails" / f"{path.stem[:40]}.jpg"
        if kept.is_file():
            return kept.read_bytes()
        jpeg = shrink(path, THUMBNAIL_PX)
        if jpeg is not None:
            write_bytes(kept, jpeg, durable=False)
        return jpeg

    def veiled(self, image_sha256: str | None) -> bytes | None:
        """Return a picture in which nobody can be recognized, as a JPEG."""
        path = self.path(image_sha256)
        return None if path is None else veil(path)

    def page(self, book_id: str, page_index: int) -> bytes | None:
        """Return a page of a book as a JPEG, made once; None where it cannot be drawn."""
        from mmskin_build.pdf.preview import draw_page

        self._refresh()
        found = self._sources.get(book_id)
        if found is None:
            return None
        sha256, source = found
        folder = self._workspace.work / "review" / "pages" / sha256[:32]
        kept = folder / f"p{page_index + 1:05d}w{PAGE_WIDTH_PX}.jpg"
        if kept.is_file():
            return kept.read_bytes()
        try:
            job = PageJob(page_index=page_index, payload=PAGE_WIDTH_PX)
            (drawn,) = self._pool.run(source, [job], draw_page)
        except MmskinError:
            return None
        if isinstance(drawn, PageFailure):
            return None
        write_bytes(kept, drawn.jpeg, durable=False)
        return drawn.jpeg


def _find_folders(workspace: Workspace, summary: BuildSummary) -> Mapping[str, Path]:
    store = open_store(workspace)
    found: dict[str, Path] = {}
    for book in summary.books:
        for stage in ("cut_pictures", "assemble_book"):
            if stage in book.stages:
                entry = store.entry(stage, book.stages[stage])
                folder = entry.folder / _PICTURES
                for name in entry.outputs:
                    if name.startswith(f"{_PICTURES}/"):
                        found[Path(name).stem] = folder
    return found


def cover(jpeg: bytes, boxes: Sequence[Bbox], width_pt: float) -> bytes:
    """Return a page's picture with regions painted over; `boxes` in points of the page."""
    with Image.open(io.BytesIO(jpeg)) as opened:
        page = opened.convert("RGB")
    scale = page.width / width_pt if width_pt > 0 else 1.0
    pen = ImageDraw.Draw(page)
    for box in boxes:
        pen.rectangle(
            [
                math.floor(box.x0 * scale) - 1,
                math.floor(box.y0 * scale) - 1,
                math.ceil(box.x1 * scale) + 1,
                math.ceil(box.y1 * scale) + 1,
            ],
            fill=_COVER,
        )
    return _jpeg(page)


def shrink(path: Path, longest_px: int) -> bytes | None:
    """Return a picture as a JPEG of at most that size; None where it cannot be read."""
    try:
        with Image.open(path) as opened:
            if opened.width * opened.height > _MOST_PIXELS:
                return None
            small = opened.convert("RGB")
            small.thumbnail((longest_px, longest_px))
    except (OSError, ValueError, Image.DecompressionBombError):
        return None
    return _jpeg(small)


def veil(path: Path) -> bytes | None:
    """Return a picture as a few soft patches of its colors, of its own shape."""
    try:
        with Image.open(path) as opened:
            width, height = opened.size
            if width * height > _MOST_PIXELS:
                return None
            scale = _VEIL_PX / max(width, height)
            few = opened.convert("RGB").resize(
                (max(1, round(width * scale)), max(1, round(height * scale))),
                Image.Resampling.BOX,
            )
    except (OSError, ValueError, Image.DecompressionBombError):
        return None
    wide = min(480, width)
    return _jpeg(few.resize((wide, max(1, round(wide * height / width)))))


def _jpeg(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()
