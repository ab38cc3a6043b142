"""Adobe PDF Extract's ``structuredData.json``: lines of text and boxes of figures, page by page.

What the format says (Adobe's JSON Schema 1.1.0, ``extractJSONOutputSchema2.json``, its form with
styling, ``extractJSONOutputSchemaStylingInfo.json``, and "Extract PDF" among the how-tos, all at
https://developer.adobe.com/document-services/docs/overview/pdf-extract-api/):

* ``elements`` stand in reading order. ``Page`` counts from 0. ``Path`` ends in the element's kind,
  as in ``//Document/Sect[2]/Figure[3]``; ``Sub`` is one line of a paragraph, ``ParagraphSpan`` a
  part of a paragraph that breaks off, ``StyleSpan`` a part in another style. With styling, a
  paragraph has ``Kids``, each with its own box, font and text.
* Boxes are ``[left, bottom, right, top]`` in PDF user space: origin bottom left, ``/Rotate`` not
  applied, the CropBox not taken off. ``ClipBounds`` is what a clip path leaves of ``Bounds``.
* ``Text`` has neither line ends nor line boxes; ``CharBounds``, where asked for, has a box a
  character. ``Font`` is that of the first character, ``TextSize`` that of the last, ``Rotation``
  is clockwise. A link's target may stand before its text as ``(<target>)``.
* Running heads are left out. A file has at most 400 pages (150 if scanned), so a book may come in
  parts: ``DIR/structuredData.json``, or a folder in DIR for each part, by number.

There is no word about captions: they are found as in any other book. Renditions (``filePaths``) are
drawings of the page like ours, at best as good, and are not used; one that is missing is noted.
"""

from __future__ import annotations

import hashlib
import re
import textwrap
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

from pydantic import Field, FiniteFloat, NonNegativeInt, TypeAdapter, ValidationError

from mmskin_build.errors import AdobeExtractError
from mmskin_build.geometry import Bbox, turn_back, turn_upright, union_all
from mmskin_build.records import Line, Span
from mmskin_build.store import is_file

JSON_NAME = "structuredData.json"

_MEND = "give the folder with what Adobe PDF Extract made of this PDF, unpacked"
_KIND = re.compile(r"([^/\[\]]+)(?:\[\d+\])?$")
_INLINE = re.compile(
    r"/(?:(?:Paragraph|Style|Hyphen|ExtraChar)?Span|Sub|Reference)(?:\[\d+\])?(?=/|$).*"
)
_LINK = re.compile(r"\(<[^<>\s]*>\)")
_LIGATURES = {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0xFB00, 0xFB07)}
_SUBSET = re.compile(r"^[A-Z]{6}\+")
_BOLD_WEIGHT = 600
_BOLD_NAME = re.compile(r"bold|black|heavy|demi", re.IGNORECASE)
_LEADING = 1.2  # of the text size, where no line height is given
_WIDEST_EM = 0.7  # a line of capitals; narrower text fills fewer lines
_FAR_EM = 2.5  # widest gap within a line
_SAME_LINE = 0.5  # common height of two pieces of one line

_FARTHEST_PT = 1e6  # from the origin, and the largest size; a page's sides have at most 14,400
_LEAST_PITCH_PT = 0.1  # from line to line: no text is so small

Measure = Annotated[FiniteFloat, Field(ge=-_FARTHEST_PT, le=_FARTHEST_PT)]
Rect = tuple[Measure, Measure, Measure, Measure]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Font:
    name: str = ""
    italic: bool = False
    weight: int = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attributes:
    line_height: Annotated[Measure, Field(alias="LineHeight")] = 0.0
    text_position: Annotated[str, Field(alias="TextPosition")] = "Normal"
    bbox: Annotated[Rect | None, Field(alias="BBox")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Element:
    path: Annotated[str, Field(alias="Path")]
    page: Annotated[NonNegativeInt | None, Field(alias="Page")] = None
    bounds: Annotated[Rect | None, Field(alias="Bounds")] = None
    clip_bounds: Annotated[Rect | None, Field(alias="ClipBounds")] = None
    char_bounds: Annotated[tuple[Rect, ...], Field(alias="CharBounds")] = ()
    text: Annotated[str, Field(alias="Text")] = ""
    text_size: Annotated[Measure, Field(alias="TextSize", gt=0)] = 10.0
    font: Annotated[_Font, Field(alias="Font")] = field(default_factory=_Font)
    rotation: Annotated[FiniteFloat, Field(alias="Rotation")] = 0.0
    attributes: _Attributes = field(default_factory=_Attributes)
    files: Annotated[tuple[str, ...], Field(alias="filePaths")] = ()
    kids: Annotated[tuple[_Element, ...], Field(alias="Kids")] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Boxes:
    crop: Annotated[Rect | None, Field(alias="CropBox")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _PageFacts:
    page_number: NonNegativeInt
    width: Measure
    height: Measure
    is_scanned: bool = False
    boxes: _Boxes = field(default_factory=_Boxes)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Metadata:
    page_count: NonNegativeInt


@dataclass(frozen=True, slots=True, kw_only=True)
class _Extract:
    elements: tuple[_Element, ...]
    extended_metadata: _Metadata
    pages: tuple[_PageFacts, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AdobePage:
    """What Adobe read on one page; boxes in PDF user space in points, but with y downwards.

    That is ``(left, -top, right, -bottom)``; `direction` of a line is likewise before ``/Rotate``.
    `crop` is the CropBox in that form, None where not told; `width_pt` and `height_pt` are its
    sides in either order, 0 where not told. `where` names file and page for messages.
    """

    where: str
    lines: tuple[Line, ...] = ()
    figures: tuple[Bbox, ...] = ()
    crop: Bbox | None = None
    width_pt: float = 0.0
    height_pt: float = 0.0
    scanned: bool = False
    rendition_missing: bool = False


def part_files(folder: Path) -> tuple[Path, ...]:
    """Return the ``structuredData.json`` of `folder`, or of its parts in the order of the book.

    Raises:
        AdobeExtractError: If there is none.
    """
    whole = folder / JSON_NAME
    parts = [whole] if whole.is_file() else sorted(folder.glob(f"*/{JSON_NAME}"), key=_by_number)
    if not parts:
        raise AdobeExtractError(f"{folder}: there is no {JSON_NAME} in it; {_MEND}")
    return tuple(parts)


def _by_number(path: Path) -> list[tuple[int, str]]:
    pieces = re.findall(r"\d+|\D+", path.parent.name)
    return [(int(piece), "") if piece.isdigit() else (-1, piece) for piece in pieces]


def digest_extract(folder: Path) -> str:
    """Return a digest of all that `load_extract` depends on; errors as there."""
    digest = hashlib.sha256()
    for path in part_files(folder):
        digest.update(hashlib.sha256(_read(path)).digest())
        names = sorted(p.relative_to(path.parent).as_posix() for p in path.parent.glob("figures/*"))
        digest.update("\n".join(names).encode())
    return digest.hexdigest()


def load_extract(folder: Path, page_count: int) -> tuple[AdobePage, ...]:
    """Read Adobe's output for a PDF of `page_count` pages, one `AdobePage` a page.

    Raises:
        AdobeExtractError: If a file is missing, of another form, or made of another number of
            pages; the message names the file, the element and what to do.
    """
    pages: list[AdobePage] = []
    parts = part_files(folder)
    for path in parts:
        pages.extend(_load_part(path, page_count))
    if len(pages) != page_count:
        raise AdobeExtractError(
            f"{', '.join(map(str, parts))}: made of {len(pages)} pages, the PDF has {page_count}; "
            f"{_MEND}"
        )
    return tuple(pages)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise AdobeExtractError(f"{path}: cannot be read: {error.strerror}") from None


def _load_part(path: Path, most_pages: int) -> list[AdobePage]:
    try:
        extract = TypeAdapter(_Extract).validate_json(_read(path))
    except ValidationError as error:
        first = error.errors()[0]
        place = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in first["loc"])
        raise AdobeExtractError(
            f"{path}: {place.lstrip('.') or 'the file'}: {first['msg']}; this is not the output of "
            f"Adobe PDF Extract; {_MEND}"
        ) from None
    count = extract.extended_metadata.page_count
    if count > most_pages:
        raise AdobeExtractError(f"{path}: made of {count} pages, the PDF has {most_pages}; {_MEND}")
    lines: dict[int, list[Line]] = defaultdict(list)
    figures: dict[int, list[Bbox]] = defaultdict(list)
    missing: set[int] = set()
    blocks: dict[tuple[int, str], int] = {}
    for number, element in enumerate(extract.elements):
        where = f"{path}: elements[{number}]"
        for part in _with_kids(element, element):
            if part.page is None:
                continue
            if part.page >= count:
                raise AdobeExtractError(
                    f"{where}: Page {part.page}, but the file tells of {count} pages; {_MEND}"
                )
            kind = _KIND.search(part.path)
            if kind is not None and kind[1] == "Figure":
                box = _box(part.clip_bounds or part.bounds or part.attributes.bbox, where)
                if not box.is_empty:
                    figures[part.page].append(box)
                if any(not is_file(path.parent / name) for name in part.files):
                    missing.add(part.page)
            elif part.text.strip() and part.bounds and "/Watermark" not in part.path:
                key = (part.page, _INLINE.sub("", element.path))
                block = blocks.setdefault(key, len(blocks))
                _add_lines(lines[part.page], part, block, where)
    facts = {page.page_number: page for page in extract.pages}
    return [
        AdobePage(
            where=f"{path}: page {index}",
            lines=tuple(lines[index]),
            figures=tuple(figures[index]),
            crop=_box(fact.boxes.crop, str(path)) if fact and fact.boxes.crop else None,
            width_pt=fact.width if fact else 0.0,
            height_pt=fact.height if fact else 0.0,
            scanned=fact is not None and fact.is_scanned,
            rendition_missing=index in missing,
        )
        for index, fact in ((index, facts.get(index)) for index in range(count))
    ]


def _with_kids(element: _Element, parent: _Element) -> Iterator[_Element]:
    """Yield `element`, or its kids in its stead; they inherit page and line height."""
    attributes = element.attributes
    if not attributes.line_height:
        attributes = replace(attributes, line_height=parent.attributes.line_height)
    page = parent.page if element.page is None else element.page
    element = replace(element, page=page, attributes=attributes)
    if element.kids and not element.text:
        for kid in element.kids:
            yield from _with_kids(kid, element)
    else:
        yield element


def _box(rect: Rect | None, where: str) -> Bbox:
    left, bottom, right, top = rect or (0.0, 0.0, 0.0, 0.0)
    if right < left or top < bottom:
        raise AdobeExtractError(
            f"{where}: the box {list(rect or ())} is not [left, bottom, right, top]; {_MEND}"
        )
    return Bbox(left, -top, right, -bottom)


# ------------------------------------------------------------------------------- lines of text


def _add_lines(lines: list[Line], element: _Element, block: int, where: str) -> None:
    """Append the printed lines of `element`; what goes on in the last line is joined to it."""
    direction = round(-element.rotation / 90) * 90 % 360
    box = turn_upright(_box(element.bounds, where), direction, 0, 0)
    if box.is_empty:
        return
    last = lines[-1] if lines and lines[-1].block == block else None
    before = turn_upright(last.bbox, direction, 0, 0) if last else None
    text = element.text
    pieces: list[tuple[str, Bbox]] = []
    if len(element.char_bounds) in (len(text), len(text.rstrip())):
        chars = [Bbox(left, -top, right, -low) for left, low, right, top in element.char_bounds]
        upright_chars = [turn_upright(char, direction, 0, 0) for char in chars]
        pieces = _split_at_chars(text, upright_chars, element.text_size)
    pieces = pieces or _split_evenly(_LINK.sub("", text), box, element, before)
    for text, upright in pieces:
        span = _span(element, text, turn_back(upright, direction, 0, 0).rounded())
        if last is not None and before is not None and _goes_on(before, upright, span.size_pt):
            lines[-1] = _join(last, span, direction)
        else:
            lines.append(Line(spans=(span,), bbox=span.bbox, direction=direction, block=block))
        last = before = None


def _goes_on(before: Bbox, after: Bbox, size_pt: float) -> bool:
    """Whether `after` stands in the line `before`; where that ends may be an estimate."""
    common = before.y_overlap(after)
    level = common >= _SAME_LINE * min(before.height, after.height)
    return level and after.x0 >= before.x0 + size_pt


def _join(line: Line, span: Span, direction: int) -> Line:
    tail = line.spans[-1]
    upright = turn_upright(tail.bbox, direction, 0, 0)
    end = max(upright.x0, min(upright.x1, turn_upright(span.bbox, direction, 0, 0).x0))
    cut = replace(tail, bbox=turn_back(upright._replace(x1=end), direction, 0, 0))
    spans = (*line.spans[:-1], cut, span)
    return replace(line, spans=spans, bbox=union_all(s.bbox for s in spans))


def _split_at_chars(text: str, boxes: list[Bbox], size_pt: float) -> list[tuple[str, Bbox]]:
    """Begin a line where a character lies below the line so far, or far from its end."""
    pieces: list[tuple[str, Bbox]] = []
    start, line = 0, None
    for index, (char, box) in enumerate(zip(text, boxes, strict=False)):
        if char.isspace() or box.is_empty:
            continue
        if line is None:
            line = box
        elif not line.y0 <= box.center[1] <= line.y1 or abs(box.x0 - line.x1) > _FAR_EM * size_pt:
            # A word that goes on in the next line was hyphenated; Adobe takes the hyphen out.
            broken = text[index - 1].isalpha() and char.isalpha()
            pieces.append((text[start:index].rstrip() + ("\u00ad" if broken else ""), line))
            start, line = index, box
        else:
            line = line.union(box)
    if line is not None:
        pieces.append((text[start:], line))
    return pieces


def _split_evenly(
    text: str, box: Bbox, element: _Element, before: Bbox | None
) -> list[tuple[str, Bbox]]:
    """Divide a paragraph's box into lines of one height, and its words among them."""
    size = element.text_size
    pitch = max(element.attributes.line_height or _LEADING * size, _LEAST_PITCH_PT)
    count = max(1, round((box.height - _LEADING * size) / pitch) + 1)
    step, indent = box.height / count, 0.0
    first = Bbox(box.x0, box.y0, box.x1, box.y0 + step)
    if before is not None and before.y_overlap(first) >= _SAME_LINE * min(before.height, step):
        indent = min(max(0.0, before.x1 - box.x0), box.width)  # a label stands before it
    # A font may be taller than its size says: the words must be enough for the lines.
    reach = indent + _WIDEST_EM * size * len(text)
    count = min(count, 1 + int(reach / max(box.width, 1.0)))
    if count == 1:
        return [(text, box)]
    step = box.height / count
    width = max(1, len(text) // count)
    while True:
        gap = " " * round(indent / box.width * width)
        rows = textwrap.wrap(
            text, width, initial_indent=gap, break_long_words=False, break_on_hyphens=False
        )
        if len(rows) <= count:
            break
        width += 1
    height = min(step, _LEADING * size)
    longest = max(map(len, rows))
    pieces = []
    for number, row in enumerate(rows):
        y0 = box.y0 + number * step + (step - height) / 2
        x0 = box.x0 + (indent if number == 0 else 0.0)
        end = box.x1 if number < len(rows) - 1 else box.x0 + box.width * len(row) / longest
        pieces.append((row.strip(), Bbox(x0, y0, max(end, x0 + size / 2), y0 + height)))
    # Spaces at both ends hold this piece and its neighbours in the line apart.
    head, tail = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    pieces[0] = (head + pieces[0][0], pieces[0][1])
    pieces[-1] = (pieces[-1][0] + tail, pieces[-1][1])
    return pieces


def _span(element: _Element, text: str, bbox: Bbox) -> Span:
    font = _SUBSET.sub("", element.font.name)
    return Span(
        text=text.translate(_LIGATURES),
        bbox=bbox,
        font=font,
        size_pt=round(element.text_size, 2),
        bold=element.font.weight >= _BOLD_WEIGHT or bool(_BOLD_NAME.search(font)),
        italic=element.font.italic,
        superscript=element.attributes.text_position == "Sup",
    )
