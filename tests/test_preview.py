from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from mmskin_build.errors import InputPdfError
from mmskin_build.pdf.document import Document, open_document
from mmskin_build.pdf.jobs import PageJob
from mmskin_build.pdf.preview import draw_page


@pytest.fixture
def document(tmp_path: Path) -> Iterator[Document]:
    """Pages plain, rotated, with a CropBox, very tall; each with a red square at the upper left."""
    path = tmp_path / "pages.pdf"
    with pikepdf.new() as pdf:
        for width, height in ((200, 100), (200, 100), (200, 100), (10, 14_000)):
            page = pdf.add_blank_page(page_size=(width, height))
            square = f"1 0 0 rg 0 {height - 20} 20 20 re f".encode()
            page.contents_add(pdf.make_stream(square))
        pdf.pages[1].rotate(90, relative=False)
        pdf.pages[2].cropbox = [0, 50, 100, 100]
        pdf.save(path)
    opened = open_document(path)
    yield opened
    opened.close()


def draw(document: Document, page_index: int, width_px: int) -> Image.Image:
    picture = draw_page(document, PageJob(page_index=page_index, payload=width_px))
    image = Image.open(io.BytesIO(picture.jpeg))
    assert image.format == "JPEG"
    assert image.size == (picture.width_px, picture.height_px)
    return image.convert("RGB")


def is_red(image: Image.Image, x: int, y: int) -> bool:
    red, green, blue = image.getpixel((x, y))  # type: ignore[misc]
    return red > 200 and green < 60 and blue < 60


def test_a_page_is_drawn_at_the_width_asked_for(document: Document) -> None:
    image = draw(document, 0, 400)
    assert image.size == (400, 200)
    assert is_red(image, 20, 20)
    assert not is_red(image, 60, 60)


def test_a_rotated_page_is_drawn_as_it_is_shown(document: Document) -> None:
    picture = draw_page(document, PageJob(page_index=1, payload=200))
    assert (picture.width_pt, picture.height_pt) == (100, 200)
    image = draw(document, 1, 200)
    assert image.size == (200, 400)
    assert is_red(image, 180, 20)  # the upper left has turned to the right


def test_only_the_crop_box_is_drawn(document: Document) -> None:
    picture = draw_page(document, PageJob(page_index=2, payload=300))
    assert (picture.width_pt, picture.height_pt) == (100, 50)
    assert is_red(draw(document, 2, 300), 30, 30)


def test_a_very_tall_page_stays_small(document: Document) -> None:
    image = draw(document, 3, 900)
    assert image.height <= 8_001
    assert image.width >= 1


def test_a_page_that_is_not_there_is_an_error_that_names_it(document: Document) -> None:
    with pytest.raises(InputPdfError, match=r"pages\.pdf: page 10 cannot be drawn"):
        draw_page(document, PageJob(page_index=9, payload=100))


def test_a_width_of_nothing_is_refused(document: Document) -> None:
    with pytest.raises(ValueError, match="at least 1 pixel"):
        draw_page(document, PageJob(page_index=0, payload=0))
