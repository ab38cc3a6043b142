"""What a user would write or install instead, each kept as good as its idea allows.

Usage: python tests/bench/baselines.py NAME OUT a.pdf b.pdf ...

Writes OUT/<number>.jsonl for each document, in the order given, and prints processor seconds and
pages. `side_by_side` runs each as a program of its own.

Each finds boxes of pictures and blocks of text on a page; a block that begins like a caption (words
for "figure" in ten languages and a number) takes the pictures that lie nearest to it, and pictures
of one caption are one figure. They differ in who reads the page:

``script``      PyMuPDF's image objects, captions below the picture only: the half page of code that
                papers on textbook data describe
``layout``      PyMuPDF's layout network, which tells captions and pictures itself; pages without
                text are read by Tesseract first
``pdfplumber``  image objects, lines put together to blocks by their distance
``pdfminer``    image objects and text boxes of pdfminer's layout analysis
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from layout_sheet import Box
from pairs import Found, write_found

CAPTION = re.compile(
    r"^\s*(?:supplementary\s+)?(?:fig|figure|figura|figuur|plate|photo|image|abb|abbildung|bild"
    r"|tafel|tavola|afbeelding|ryc|rys|рис|图|図)\b\.?\s*[a-z]?\d",
    re.IGNORECASE,
)
LEAST_PT = 40.0  # shorter sides are those of logos, rules and bullets
MOST_OF_PAGE = 0.9  # of its area: the picture is the page, as in a scan
FARTHEST_PT = 120.0  # from a picture to its caption
Words = tuple[Box, str]  # a block of text and where it stands


def pair(pictures: Sequence[Box], captions: Sequence[Words], below: bool) -> list[tuple[Box, str]]:
    """Give each picture the nearest caption, and unite the pictures of each caption.

    With `below` a caption must begin under the picture and share some of its width; otherwise the
    distance of the boxes counts, on any side.
    """
    of_caption: dict[int, Box] = {}
    for picture in pictures:
        near = [
            (_distance(picture, box), number)
            for number, (box, _) in enumerate(captions)
            if not below
            or (box.y0 >= picture.y1 - 2 and box.x0 < picture.x1 and box.x1 > picture.x0)
        ]
        if near and min(near)[0] <= FARTHEST_PT:
            number = min(near)[1]
            united = of_caption.get(number)
            of_caption[number] = picture if united is None else united.union(picture)
    return [(box, captions[number][1]) for number, box in sorted(of_caption.items())]


def _is_below(picture: Box, box: Box) -> bool:
    return box.y0 >= picture.y1 - 2 and box.x0 < picture.x1 and box.x1 > picture.x0


def _distance(a: Box, b: Box) -> float:
    across = max(b.x0 - a.x1, a.x0 - b.x1, 0.0)
    down = max(b.y0 - a.y1, a.y0 - b.y1, 0.0)
    return float((across**2 + down**2) ** 0.5)


def is_picture(box: Box, width: float, height: float) -> bool:
    """Whether a box has the size of a picture on a page of that size."""
    wide, high = box.x1 - box.x0, box.y1 - box.y0
    return min(wide, high) >= LEAST_PT and wide * high <= MOST_OF_PAGE * width * height


def one_line(text: str) -> str:
    """Join the lines of a block, words that were parted at their ends too."""
    return " ".join(re.sub(r"(?<=[a-z])-\n(?=[a-z])", "", text.strip()).split())


def _found(index: int, pairs: Sequence[tuple[Box, str]]) -> Iterator[Found]:
    for box, text in pairs:
        yield Found(index, box, None, one_line(text))


# ----------------------------------------------------------------------------- who reads a page


def read_script(path: Path) -> Iterator[Found]:
    """Pair PyMuPDF's image objects with the nearest text block below."""
    import pymupdf

    with pymupdf.open(path) as document:
        for page in document:
            turn = page.rotation_matrix
            wide, high = page.rect.width, page.rect.height
            pictures = [Box(*pymupdf.Rect(i["bbox"])) for i in page.get_image_info()]
            captions = [
                (Box(*(pymupdf.Rect(block[:4]) * turn)), str(block[4]))
                for block in page.get_text("blocks")
                if block[6] == 0 and CAPTION.match(block[4])
            ]
            pictures = [box for box in pictures if is_picture(box, wide, high)]
            yield from _found(page.number, pair(pictures, captions, below=True))


def read_layout(path: Path) -> Iterator[Found]:
    """Pair the network's pictures and captions; pages without text are read by Tesseract."""
    import pymupdf
    import pymupdf.layout  # noqa: F401  # makes `get_layout` work

    with pymupdf.open(path) as document:
        for page in document:
            scan = not page.get_text().strip()
            if scan:
                readable = pymupdf.open("pdf", page.get_pixmap(dpi=200).pdfocr_tobytes())
                page_read = readable[0]
            else:
                page_read = page
            # The extent of pictures comes from image objects and paths; a scan is one object.
            page_read.get_layout(filter_img_bboxes=not scan, expand_by_vectors=True)
            pictures, captions = [], []
            for *sides, kind in page_read.layout_information or ():
                rect = pymupdf.Rect(sides)
                box = Box(*(rect * page_read.rotation_matrix))
                if kind == "picture" and is_picture(box, page.rect.width, page.rect.height):
                    pictures.append(box)
                elif kind != "picture":
                    text = page_read.get_text("text", clip=rect)
                    # The network calls panel letters captions, and some captions running text.
                    if (kind == "caption" and len(text.split()) > 2) or CAPTION.match(text):
                        captions.append((box, text))
            yield from _found(page.number, pair(pictures, captions, below=False))


def read_pdfplumber(path: Path) -> Iterator[Found]:
    """Pair pdfplumber's images with blocks of its lines."""
    import pdfplumber

    with pdfplumber.open(path) as document:
        for index, page in enumerate(document.pages):
            pictures = [
                box
                for image in page.images
                for box in [Box(image["x0"], image["top"], image["x1"], image["bottom"])]
                if is_picture(box, float(page.width), float(page.height))
            ]
            captions = [words for words in _blocks(page.extract_words()) if CAPTION.match(words[1])]
            yield from _found(index, pair(pictures, captions, below=False))
            page.close()


def _blocks(words: Sequence[dict[str, Any]]) -> list[Words]:
    """Put words together to lines, and lines to blocks, by distances in heights of the letters."""
    lines: list[Words] = []
    for word in words:
        box = Box(word["x0"], word["top"], word["x1"], word["bottom"])
        last = lines[-1][0] if lines else None
        high = box.y1 - box.y0
        if last and abs(last.y1 - box.y1) < high / 2 and -high < box.x0 - last.x1 < 1.5 * high:
            lines[-1] = (last.union(box), f"{lines[-1][1]} {word['text']}")
        else:
            lines.append((box, word["text"]))
    blocks: list[Words] = []
    for box, text in sorted(lines, key=lambda line: (line[0].y0, line[0].x0)):
        high = box.y1 - box.y0
        for number in range(len(blocks) - 1, -1, -1):
            above = blocks[number][0]
            overlaps = box.x0 < above.x1 and box.x1 > above.x0
            if overlaps and -high < box.y0 - above.y1 < 0.6 * high and not CAPTION.match(text):
                blocks[number] = (above.union(box), f"{blocks[number][1]}\n{text}")
                break
        else:
            blocks.append((box, text))
    return blocks


def read_pdfminer(path: Path) -> Iterator[Found]:
    """Pair the images and text boxes of pdfminer's layout analysis."""
    from pdfminer.high_level import extract_pages
    from pdfminer.layout import LTFigure, LTImage, LTTextBox

    for index, page in enumerate(extract_pages(path)):
        pictures: list[Box] = []
        captions: list[Words] = []

        def flipped(item: Any, top: float = page.y1, left: float = page.x0) -> Box:
            return Box(item.x0 - left, top - item.y1, item.x1 - left, top - item.y0)

        queue = list(page)
        while queue:
            item = queue.pop(0)
            if isinstance(item, LTImage) and is_picture(flipped(item), page.width, page.height):
                pictures.append(flipped(item))
            elif isinstance(item, LTFigure):
                queue += list(item)
            elif isinstance(item, LTTextBox) and CAPTION.match(item.get_text()):
                captions.append((flipped(item), item.get_text()))
        yield from _found(index, pair(pictures, captions, below=False))


READERS: dict[str, Callable[[Path], Iterator[Found]]] = {
    "script": read_script,
    "layout": read_layout,
    "pdfplumber": read_pdfplumber,
    "pdfminer": read_pdfminer,
}


def main(arguments: Sequence[str]) -> None:
    name, out, *paths = arguments
    Path(out).mkdir(parents=True, exist_ok=True)
    failed = []
    for number, path in enumerate(paths):
        found: list[Found] = []
        try:
            found.extend(READERS[name](Path(path)))
        except Exception as error:  # an unreadable document counts as nothing found
            failed.append(f"{Path(path).name}: {type(error).__name__}: {error}")
        write_found(Path(out) / f"{number}.jsonl", found)
    print(json.dumps({"cpu_s": time.process_time(), "failed": failed}))


if __name__ == "__main__":
    main(sys.argv[1:])
