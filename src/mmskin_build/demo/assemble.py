"""The file: pages of reportlab get their image objects, chapters are joined, labels are set.

Streams stay on disk while files are joined, so that memory does not grow with the book.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, Stream

from mmskin_build.demo.stored import EmbeddedImage


def add_images(path: Path, images: Sequence[Mapping[str, EmbeddedImage]], target: Path) -> None:
    """Copy the PDF at `path` to `target`; page for page, bind `images` to their names."""
    with pikepdf.open(path) as pdf:
        made: dict[int, pikepdf.Object] = {}
        for page, named in zip(pdf.pages, images, strict=True):
            if not named:
                continue
            objects = Dictionary()
            for name, image in named.items():
                # One object for the logo of all pages, as in a real book.
                if id(image) not in made:
                    made[id(image)] = pdf.make_indirect(_make_stream(pdf, image))
                objects[Name("/" + name)] = made[id(image)]
            page.obj.Resources.XObject = objects
        pdf.save(target, deterministic_id=True)


def _make_stream(pdf: Pdf, image: EmbeddedImage) -> Stream:
    entries: dict[str, object] = {
        "Type": Name.XObject,
        "Subtype": Name.Image,
        "Width": image.width,
        "Height": image.height,
        "Filter": Name("/" + image.filter),
    }
    channels = {"DeviceRGB": 3, "DeviceCMYK": 4}.get(image.color_space, 1)
    if image.color_space == "Indexed":
        table = pikepdf.String(image.palette)
        entries["ColorSpace"] = Array(
            [Name.Indexed, Name.DeviceRGB, len(image.palette) // 3 - 1, table]
        )
    elif image.color_space != "inside":
        entries["ColorSpace"] = Name("/" + image.color_space)
    if image.color_space != "inside":
        entries["BitsPerComponent"] = 8
    if image.predicted:
        entries["DecodeParms"] = Dictionary(
            Predictor=15, Colors=channels, BitsPerComponent=8, Columns=image.width
        )
    if image.inverted:
        entries["Decode"] = Array([1, 0] * channels)
    if image.mask is not None:
        entries["SMask"] = pdf.make_indirect(_make_stream(pdf, image.mask))
    return Stream(pdf, image.data, Dictionary({f"/{k}": v for k, v in entries.items()}))


def join_parts(
    parts: Sequence[Path],
    target: Path,
    *,
    title: str,
    roman_pages: int,
    chapters: Sequence[tuple[str, int]],
) -> None:
    """Write the pages of all `parts` to `target`.

    The first `roman_pages` are labelled i, ii, ..., the others 1, 2, ...; `chapters` are outline
    titles with their page index. An intermediate file is left beside the parts.
    """
    # qpdf's own job leaves the streams on disk; copying pages one by one would hold them all.
    joined = parts[0].with_name("joined.pdf")
    pages = [{"file": str(part), "range": "1-z"} for part in parts]
    pikepdf.Job(
        {"empty": "", "pages": pages, "deterministicId": "", "outputFile": str(joined)}
    ).run()
    # A mapped file would count as memory of this process.
    with pikepdf.open(joined, access_mode=pikepdf.AccessMode.stream) as book:
        labels = [0, Dictionary(S=Name.r)]
        if len(book.pages) > roman_pages:
            labels += [roman_pages, Dictionary(S=Name.D)]
        book.Root.PageLabels = Dictionary(Nums=Array(labels))
        with book.open_outline() as outline:
            outline.root.extend(
                pikepdf.OutlineItem(name, index)
                for name, index in chapters
                if index < len(book.pages)
            )
        book.docinfo["/Title"] = title
        book.save(
            target,
            deterministic_id=True,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
        )
