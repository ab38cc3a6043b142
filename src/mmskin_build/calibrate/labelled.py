"""Books with their truth, generated or labelled by hand, in one form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mmskin_build.alignment import read_pages
from mmskin_build.config import Config
from mmskin_build.demo.book import write_demo_book
from mmskin_build.demo.truth import DemoTruth
from mmskin_build.errors import SchemaError
from mmskin_build.figures.labels import parse_label
from mmskin_build.geometry import Bbox
from mmskin_build.pdf.jobs import PagePool, PdfSource
from mmskin_build.records import Page
from mmskin_build.store import parse_json

GENERATED = "generated"  # how the names of generated documents begin


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueFigure:
    """A figure as it is: boxes in points, `caption` without its label, None where it has none.

    Figures with `ignore` count neither way.
    """

    page: int
    bbox: Bbox
    label: str | None
    caption: str | None
    caption_bbox: Bbox | None
    caption_page: int | None
    ignore: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledBook:
    """A book's pages and its figures; only the pages of `labelled` have a known truth.

    `document` names what the book was made from: everything with one name is held out together.
    """

    document: str
    pages: tuple[Page, ...]
    figures: tuple[TrueFigure, ...]
    labelled: frozenset[int]


def generated_book(
    pool: PagePool, cfg: Config, folder: Path, seed: int, pages: int
) -> LabelledBook:
    """Draw the book of `seed` with `pages` pages in `folder`, and read it back.

    Raises:
        ValueError: If there are too few pages for a book.
        MissingDependencyError: If Tesseract, which reads its scanned pages, is missing.
    """
    path = folder / f"book{seed}.pdf"
    truth = write_demo_book(path, seed=seed, pages=pages, keep_pixels=False)
    found, _ = read_pages(pool, PdfSource(path=path), cfg, range(pages), None, None)
    path.unlink()
    return LabelledBook(
        document=f"{GENERATED} {seed}",
        pages=found,
        figures=_from_demo(truth),
        labelled=frozenset(range(pages)),
    )


def _from_demo(truth: DemoTruth) -> tuple[TrueFigure, ...]:
    return tuple(
        TrueFigure(
            page=figure.page,
            bbox=Bbox(*figure.bbox),
            label=figure.label,
            caption=figure.caption_text,
            caption_bbox=None if figure.caption_bbox is None else Bbox(*figure.caption_bbox),
            caption_page=figure.caption_page,
            ignore=figure.ignore,
        )
        for figure in truth.figures
    )


def label_files(corpus: Path) -> list[Path]:
    """Return the label files of a corpus: ``labels/*.json`` beside ``pdfs/``.

    Raises:
        SchemaError: If there are none.
    """
    found = sorted((corpus / "labels").glob("*.json"))
    if not found:
        raise SchemaError(
            f"{corpus}: no labels/*.json; give a folder with labels/NAME.json and pdfs/NAME.pdf"
        )
    return found


def corpus_book(pool: PagePool, cfg: Config, labels: Path) -> LabelledBook:
    """Read one document that was labelled by hand; its PDF stands in ``../pdfs``.

    Raises:
        SchemaError: If the label file has not the form of one.
        InputPdfError: If the PDF cannot be read.
    """
    try:
        truth = parse_json(labels.read_text(encoding="utf-8"))
        name, pages = str(truth["file"]), [int(page) for page in truth["pages"]]
        figures = tuple(_from_label(entry) for entry in truth["figures"])
    except (ValueError, KeyError, TypeError) as error:
        raise SchemaError(
            f"{labels}: no label file of a document ({error!r}); it needs file, pages, figures"
        ) from error
    source = PdfSource(path=labels.parent.parent / "pdfs" / name)
    count = pool.inspect(source).page_count
    found, _ = read_pages(pool, source, cfg, range(count), None, None)
    return LabelledBook(document=name, pages=found, figures=figures, labelled=frozenset(pages))


def _from_label(entry: dict[str, object]) -> TrueFigure:
    text = entry.get("caption")
    caption = None
    if isinstance(text, str) and text.strip():
        label = parse_label(text)
        caption = text[label.end :].strip() if label else text.strip()
    page = entry.get("caption_page")
    return TrueFigure(
        page=int(str(entry["page"])),
        bbox=_box(entry["bbox"]),
        label=str(entry["label"]) if entry.get("label") else None,
        caption=caption,
        caption_bbox=_box(entry["caption_bbox"]) if entry.get("caption_bbox") else None,
        caption_page=None if page is None else int(str(page)),
        ignore=bool(entry.get("ignore")),
    )


def _box(value: object) -> Bbox:
    if not isinstance(value, Sequence) or len(value) != 4:
        raise ValueError(f"a box has four numbers, not {value!r}")
    return Bbox(*(float(number) for number in value))
