"""Draw arrows, letters, contours and bars on a picture, as books do, and tell where they are.

For training the weights of `marks` and for the tests: what is drawn is known to the pixel, so no
picture of anybody needs a label. Shapes are drawn four times too large and reduced, so that their
edges are as smooth as a typesetter's; the page's JPEG compression comes last.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

RgbImage = NDArray[np.uint8]
Mask = NDArray[np.uint8]
Draw = Callable[["Sheet"], None]

_FINE = 4  # how much larger shapes are drawn than shown
_WORDS = (
    "Epidermis", "Lumen", "Dermis", "nerve", "Hair follicle", "Basal layer", "pustule",
    "Stratum corneum", "vessel", "tumor", "Papillary layer", "edema", "N", "LM",
    "Sebaceous gland", "margin of excision",
)  # fmt: skip
_OWNERS = (
    "Skin Atlas", "MedPictures", "© 2019 A. Author", "DermaLib", "www.skin-atlas.example",
    "Courtesy of A. Author", "https://pictures.example/derm", "Health Service",
)  # fmt: skip
_LETTERS = "ABCDEFGHabcdefgh12345"
_INKS = (
    (0, 0, 0), (0, 0, 0), (0, 0, 0), (255, 255, 255), (255, 255, 255), (255, 255, 0), (255, 0, 0),
    (0, 255, 0), (0, 0, 255), (0, 255, 255), (255, 128, 0), (20, 20, 20), (240, 230, 40),
    (60, 60, 60),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnMark:
    """One drawn mark; `mask` (H, W) bool, `minor` as `annotated` should find."""

    kind: str
    mask: NDArray[np.bool_]
    minor: bool


@dataclass(slots=True, kw_only=True)
class Sheet:
    """A picture being drawn on; lengths are given as shares of its longer side."""

    canvas: Mask  # (_FINE * H, _FINE * W), how much ink lies at each point
    rng: np.random.Generator
    fonts: Sequence[str]
    stroke: float  # share of the longer side
    ground: Mask | None = None  # as `canvas`: what lies below the ink in the opposite color

    @property
    def side(self) -> int:
        """Longer side in fine pixels."""
        return int(max(self.canvas.shape))

    def width(self, factor: float = 1.0) -> int:
        """Stroke width in fine pixels, at least one pixel of the picture."""
        return max(_FINE, round(self.stroke * factor * self.side))

    def spot(self, margin: float = 0.08) -> tuple[float, float]:
        """A random point (x, y) in fine pixels, `margin` (share of each side) off the edges."""
        height, width = self.canvas.shape
        return (
            float(self.rng.uniform(margin, 1 - margin) * width),
            float(self.rng.uniform(margin, 1 - margin) * height),
        )

    def line(self, points: Sequence[tuple[float, float]], *, closed: bool = False) -> None:
        """Draw a polyline with the sheet's stroke."""
        array = np.array(points, np.float64).round().astype(np.int32)
        cv2.polylines(self.canvas, [array], closed, 255, self.width(), cv2.LINE_AA)

    def fill(self, points: Sequence[tuple[float, float]]) -> None:
        """Fill a polygon."""
        array = np.array(points, np.float64).round().astype(np.int32)
        cv2.fillPoly(self.canvas, [array], 255, cv2.LINE_AA)

    def words(self, text: str, at: tuple[float, float], height: float) -> tuple[int, int, int, int]:
        """Write `text` with its top left at `at` (fine pixels), `height` as share of the side.

        Returns:
            The box (x0, y0, x1, y1) of the words in fine pixels.
        """
        size = max(6 * _FINE, round(height * self.side))
        name = self.fonts[int(self.rng.integers(len(self.fonts)))] if self.fonts else ""
        font = ImageFont.truetype(name, size) if name else ImageFont.load_default(size)
        page = Image.fromarray(self.canvas)
        pen = ImageDraw.Draw(page)
        left, top, right, bottom = pen.textbbox(at, text, font=font)
        over_x = max(0.0, right - self.canvas.shape[1] + size * 0.2)
        over_y = max(0.0, bottom - self.canvas.shape[0] + size * 0.2)
        at = (max(0.0, at[0] - over_x), max(0.0, at[1] - over_y))
        left, top, right, bottom = pen.textbbox(at, text, font=font)
        pen.text(at, text, fill=255, font=font)
        self.canvas[:] = np.asarray(page)
        return (round(left), round(top), round(right), round(bottom))


def _toward(start: tuple[float, float], angle: float, length: float) -> tuple[float, float]:
    return (start[0] + math.cos(angle) * length, start[1] + math.sin(angle) * length)


def _head(sheet: Sheet, tip: tuple[float, float], angle: float, length: float) -> None:
    """The head of an arrow whose tip points along `angle`; filled, barbed or open."""
    spread = sheet.rng.uniform(0.3, 0.6)
    left = _toward(tip, angle + math.pi - spread, length)
    right = _toward(tip, angle + math.pi + spread, length)
    style = sheet.rng.integers(3)
    if style == 0:
        sheet.fill([tip, left, right])
    elif style == 1:
        sheet.fill([tip, left, _toward(tip, angle + math.pi, length * 0.6), right])
    else:
        sheet.line([left, tip, right])


def draw_arrow(sheet: Sheet) -> None:
    """An arrow with a shaft: thin with a head, or a solid block."""
    tip, angle = sheet.spot(), float(sheet.rng.uniform(0, 2 * math.pi))
    length = sheet.rng.uniform(0.05, 0.25) * sheet.side
    if sheet.rng.random() < 0.15:  # comes in from beyond the edge
        length *= 3
    back = angle + math.pi
    if sheet.rng.random() < 0.3:
        half, head = length * sheet.rng.uniform(0.06, 0.14), length * sheet.rng.uniform(0.3, 0.5)
        neck, end, side = _toward(tip, back, head), _toward(tip, back, length), angle + math.pi / 2
        sheet.fill(
            [tip, _toward(neck, side, 2.2 * half), _toward(neck, side, half)]
            + [_toward(end, side, half), _toward(end, side, -half)]
            + [_toward(neck, side, -half), _toward(neck, side, -2.2 * half)]
        )
        return
    head = max(sheet.width(4.0), length * sheet.rng.uniform(0.15, 0.35))
    sheet.line([_toward(tip, back, head * 0.6), _toward(tip, back, length)])
    _head(sheet, tip, angle, head)


def draw_arrowhead(sheet: Sheet) -> None:
    """A triangle without a shaft."""
    tip, angle = sheet.spot(), float(sheet.rng.uniform(0, 2 * math.pi))
    length, spread = sheet.rng.uniform(0.025, 0.06) * sheet.side, sheet.rng.uniform(0.25, 0.55)
    corners = [_toward(tip, angle + sign * spread, length) for sign in (-1, 1)]
    sheet.fill([tip, *corners])


def draw_asterisk(sheet: Sheet) -> None:
    """An asterisk, or a star."""
    middle, size = sheet.spot(), sheet.rng.uniform(0.015, 0.035) * sheet.side
    arms, turn = int(sheet.rng.choice([5, 6])), float(sheet.rng.uniform(0, 1))
    for arm in range(arms):
        sheet.line([middle, _toward(middle, turn + 2 * math.pi * arm / arms, size)])


def draw_circle(sheet: Sheet) -> None:
    """A circle or an ellipse around something."""
    x, y = sheet.spot(0.15)
    axes = sheet.rng.uniform(0.04, 0.2, 2) * sheet.side
    if sheet.rng.random() < 0.5:
        axes[1] = axes[0]
    angles = np.linspace(0, 2 * math.pi, 90, endpoint=False)
    sheet.line(
        [(x + math.cos(a) * axes[0], y + math.sin(a) * axes[1]) for a in angles], closed=True
    )


def draw_contour(sheet: Sheet) -> None:
    """An outline by hand, at times dashed."""
    x, y = sheet.spot(0.2)
    radius = sheet.rng.uniform(0.06, 0.22) * sheet.side
    waves = [(k, sheet.rng.uniform(0, 0.25 / k), sheet.rng.uniform(0, 6.3)) for k in range(2, 7)]
    angles = np.linspace(0, 2 * math.pi, 160, endpoint=False)
    points = []
    for angle in angles:
        r = radius * (1 + sum(a * math.sin(k * angle + p) for k, a, p in waves))
        points.append((x + math.cos(angle) * r, y + math.sin(angle) * r))
    if sheet.rng.random() < 0.35:
        step = int(sheet.rng.choice([8, 10, 16]))
        for start in range(0, 160, step):
            sheet.line(points[start : start + step // 2 + 1])
    else:
        sheet.line(points, closed=True)


def draw_box(sheet: Sheet) -> None:
    """A drawn rectangle."""
    x, y = sheet.spot(0.1)
    w, h = sheet.rng.uniform(0.06, 0.3, 2) * sheet.side
    sheet.line([(x, y), (x + w, y), (x + w, y + h), (x, y + h)], closed=True)


def draw_bracket(sheet: Sheet) -> None:
    """A bracket along a layer, with a word."""
    x, y = sheet.spot(0.15)
    h, arm = sheet.rng.uniform(0.08, 0.3) * sheet.side, sheet.rng.uniform(0.01, 0.04) * sheet.side
    sheet.line([(x - arm, y), (x, y), (x, y + h), (x - arm, y + h)])
    sheet.line([(x, y + h / 2), (x + arm, y + h / 2)])
    sheet.words(_word(sheet), (x + 1.5 * arm, y + h / 2 - 0.015 * sheet.side), 0.035)


def draw_label(sheet: Sheet) -> None:
    """A word, alone or at the end of a leader line."""
    at, height = sheet.spot(0.12), float(sheet.rng.uniform(0.025, 0.06))
    x0, y0, x1, y1 = sheet.words(_word(sheet), at, height)
    if sheet.rng.random() < 0.6:
        angle = float(sheet.rng.uniform(0, 2 * math.pi))
        start = (float(x1 if math.cos(angle) > 0 else x0), (y0 + y1) / 2)
        end = _toward(start, angle, sheet.rng.uniform(0.05, 0.25) * sheet.side)
        sheet.line([start, end])


def draw_letter(sheet: Sheet) -> None:
    """A letter beside what it names, inside the picture."""
    letter = _LETTERS[sheet.rng.integers(len(_LETTERS))]
    sheet.words(letter, sheet.spot(0.2), float(sheet.rng.uniform(0.03, 0.08)))


def draw_corner_letter(sheet: Sheet) -> None:
    """The letter of a panel in its corner: plain, in brackets, on a plate or a disc, in a ring."""
    letter = _LETTERS[sheet.rng.integers(len(_LETTERS))]
    text = letter if sheet.rng.random() < 0.7 else f"({letter})"
    gap, height = sheet.rng.uniform(0.01, 0.05) * sheet.side, float(sheet.rng.uniform(0.04, 0.1))
    high, wide = sheet.canvas.shape
    right, low = sheet.rng.random() < 0.3, sheet.rng.random() < 0.4
    size = height * sheet.side
    box = sheet.words(
        text, (wide - gap - size if right else gap, high - gap - 1.3 * size if low else gap), height
    )
    style = sheet.rng.random()
    if style < 0.3:
        _draw_plate(sheet, box, to_edge=sheet.rng.random() < 0.5)
    elif style < 0.5:
        _draw_disc(sheet, box, filled=sheet.rng.random() < 0.7)


def _draw_plate(sheet: Sheet, box: tuple[int, int, int, int], *, to_edge: bool) -> None:
    """A rectangle below a letter, which may reach the edges of the picture."""
    x0, y0, x1, y1 = box
    high, wide = sheet.canvas.shape
    rim = round(sheet.rng.uniform(0.1, 0.5) * (y1 - y0))
    left, top, right, low = x0 - rim, y0 - rim, x1 + rim, y1 + rim
    if to_edge:
        left, right = (0, right) if x0 < wide - x1 else (left, wide)
        top, low = (0, low) if y0 < high - y1 else (top, high)
    sheet.ground = np.zeros_like(sheet.canvas)
    cv2.rectangle(sheet.ground, (left, top), (right, low), 255, -1)


def _draw_disc(sheet: Sheet, box: tuple[int, int, int, int], *, filled: bool) -> None:
    """A disc below a letter, or a ring around it."""
    x0, y0, x1, y1 = box
    middle = ((x0 + x1) // 2, (y0 + y1) // 2)
    radius = round(math.hypot(x1 - x0, y1 - y0) * sheet.rng.uniform(0.55, 0.75))
    if filled:
        sheet.ground = np.zeros_like(sheet.canvas)
        cv2.circle(sheet.ground, middle, radius, 255, -1, cv2.LINE_AA)
    else:
        cv2.circle(sheet.canvas, middle, radius, 255, sheet.width(0.7), cv2.LINE_AA)


def draw_scale_bar(sheet: Sheet) -> None:
    """A bar near the edge, with or without ends and its length in words."""
    high, wide = sheet.canvas.shape
    length = sheet.rng.uniform(0.08, 0.25) * wide
    gap = sheet.rng.uniform(0.03, 0.07) * sheet.side
    right, low = sheet.rng.random() < 0.7, sheet.rng.random() < 0.8
    x = wide - gap - length if right else gap
    y = high - gap if low else gap + 0.04 * sheet.side
    thick = max(_FINE, sheet.rng.uniform(0.004, 0.014) * sheet.side)
    sheet.fill([(x, y), (x + length, y), (x + length, y + thick), (x, y + thick)])
    if sheet.rng.random() < 0.3:
        for end in (x, x + length):
            sheet.line([(end, y - 2 * thick), (end, y + 3 * thick)])
    if sheet.rng.random() < 0.5:
        text = str(sheet.rng.choice(["100 µm", "1 cm", "50 um", "5 mm", "200µm"]))
        sheet.words(text, (x, y - 0.045 * sheet.side), 0.033)


def draw_watermark(sheet: Sheet) -> None:
    """The owner's name or address near a corner, with or without a sign; the caller makes it faint.

    One in four is an address in small letters on a strip along the lower edge.
    """
    name = str(sheet.rng.choice(_OWNERS))
    high, wide = sheet.canvas.shape
    if sheet.rng.random() < 0.25:
        size = float(sheet.rng.uniform(0.02, 0.035))
        at = (float(sheet.rng.choice([0.01, 0.5]) * wide), high - 1.5 * size * sheet.side)
        _, top, _, _ = sheet.words(name, at, size)
        if sheet.rng.random() < 0.6:
            sheet.ground = np.zeros_like(sheet.canvas)
            sheet.ground[max(0, round(top - 0.3 * size * sheet.side)) :] = 255
        return
    x = float(sheet.rng.choice([0.03, 0.6]) * wide)
    y = float(sheet.rng.uniform(0.82, 0.9) * high)
    size = float(sheet.rng.uniform(0.03, 0.05))
    _, top, _, bottom = sheet.words(name, (x, y), size)
    if sheet.rng.random() < 0.5:
        sheet.words("All about the skin", (x, float(bottom)), size * 0.5)
    if sheet.rng.random() < 0.4:
        _draw_sign(sheet, (x + 1.5 * size * sheet.side, top - 1.6 * size * sheet.side))


def _draw_sign(sheet: Sheet, middle: tuple[float, float]) -> None:
    """A disc cut into stripes, as a company's sign."""
    radius = round(0.045 * sheet.side)
    x, y = round(middle[0]), round(middle[1])
    cv2.circle(sheet.canvas, (x, y), radius, 255, -1, cv2.LINE_AA)
    step = max(3, radius // 5)
    for row in range(y - radius, y + radius, 2 * step):
        cut = sheet.canvas[max(0, row) : max(0, row + step), max(0, x - radius) : x + radius + 1]
        cut[:] = 0


def _tone(kind: str, ink: NDArray[np.float32]) -> float:
    """How bright a kind of mark is in the end; watermarks are white."""
    return 255.0 if kind == "watermark" else float(ink.mean())


def _word(sheet: Sheet) -> str:
    return str(_WORDS[sheet.rng.integers(len(_WORDS))])


MAJOR: dict[str, Draw] = {
    "arrow": draw_arrow,
    "arrowhead": draw_arrowhead,
    "asterisk": draw_asterisk,
    "circle": draw_circle,
    "contour": draw_contour,
    "box": draw_box,
    "bracket": draw_bracket,
    "label": draw_label,
    "letter": draw_letter,
}
MINOR: dict[str, Draw] = {
    "corner_letter": draw_corner_letter,
    "scale_bar": draw_scale_bar,
    "watermark": draw_watermark,
}


def draw_marks(
    rgb: RgbImage, kinds: Sequence[str], rng: np.random.Generator, fonts: Sequence[str] = ()
) -> tuple[RgbImage, tuple[DrawnMark, ...]]:
    """Draw one mark of each of `kinds` on a copy of a picture ``(H, W, 3) uint8``.

    Args:
        rgb: The picture.
        kinds: Keys of `MAJOR` or `MINOR`; all marks of one picture share color and stroke.
        rng: Where sizes, places and colors come from.
        fonts: Paths of TrueType fonts to write with; Pillow's own where there are none.

    Returns:
        The picture, JPEG-compressed, and what was drawn.
    """
    height, width = rgb.shape[:2]
    ink = np.array(_INKS[rng.integers(len(_INKS))], np.float32)
    mean = rgb.reshape(-1, 3).mean(axis=0)
    if float(np.abs(ink - mean).max()) < 80:  # nobody draws what cannot be seen
        ink = np.array((0, 0, 0) if mean.mean() > 110 else (255, 255, 255), np.float32)
    stroke = float(rng.uniform(0.003, 0.009))
    result = rgb.astype(np.float32)
    drawn = []
    for kind in kinds:
        canvas = np.zeros((height * _FINE, width * _FINE), np.uint8)
        sheet = Sheet(canvas=canvas, rng=rng, fonts=fonts, stroke=stroke)
        (MAJOR | MINOR)[kind](sheet)
        if sheet.ground is not None:
            below = cv2.resize(sheet.ground, (width, height), interpolation=cv2.INTER_AREA)
            under = below.astype(np.float32)[..., None] / 255
            back = 255.0 if _tone(kind, ink) < 128 else 0.0
            result = np.asarray(result * (1 - under) + back * under, np.float32)
        ink_share = cv2.resize(sheet.canvas, (width, height), interpolation=cv2.INTER_AREA)
        alpha = ink_share.astype(np.float32)[..., None] / 255
        color, strength = ink, 1.0
        if kind == "watermark":
            color, strength = np.array((255, 255, 255), np.float32), float(rng.uniform(0.4, 0.85))
        if kind == "label" and rng.random() < 0.15:  # on a plate
            rows, columns = (
                np.flatnonzero(alpha.any(axis=(1, 2))),
                np.flatnonzero(alpha.any(axis=(0, 2))),
            )
            if rows.size and columns.size:
                plate = 255.0 if ink.mean() < 128 else 0.0
                result[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = plate
        result = np.asarray(result * (1 - alpha * strength) + color * alpha * strength, np.float32)
        mask = alpha[..., 0] > 0.5
        if sheet.ground is not None:
            mask |= under[..., 0] > 0.5
        drawn.append(DrawnMark(kind=kind, mask=mask, minor=kind in MINOR))
    quality = int(rng.uniform(60, 96))
    flat = np.clip(result, 0, 255).round().astype(np.uint8)
    _, coded = cv2.imencode(
        ".jpg", cv2.cvtColor(flat, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality]
    )
    decoded = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
    return np.ascontiguousarray(decoded[..., ::-1]), tuple(drawn)
