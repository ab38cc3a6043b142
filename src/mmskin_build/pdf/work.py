"""What workers do with a page, by names that cost nothing to import.

The program that hands out the pages sends a function by its name. It never runs it, so the PDF
library and all that reads pixels are loaded where the function runs, and nowhere else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmskin_build.pdf.document import Document
    from mmskin_build.pdf.jobs import (
        LookRequest,
        PageJob,
        PixelRequest,
        ReadSettings,
        SecondLook,
    )
    from mmskin_build.records import Figure, Page


def read_page(document: Document, job: PageJob[ReadSettings]) -> Page:
    """Read one page (`reader.read_page`)."""
    from mmskin_build.pdf import reader

    return reader.read_page(document, job)


def look_again(document: Document, job: PageJob[LookRequest]) -> SecondLook:
    """Ask other readers about one page (`second_look.look_again`)."""
    from mmskin_build.pdf import second_look

    return second_look.look_again(document, job)


def cut_figures(document: Document, job: PageJob[PixelRequest]) -> tuple[Figure, ...]:
    """Complete the panels of one page's figures (`pixels.cut_figures`)."""
    from mmskin_build.pdf import pixels

    return pixels.cut_figures(document, job)
