"""Pictures that are drawn by code to learn from: what a book prints beside its photographs.

Charts, tables, maps, diagrams, line drawings, shaded illustrations, screenshots, logos and pages of
text. Real ones of few sources would teach the look of those sources.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

RgbImage = NDArray[np.uint8]
Rng = np.random.Generator
Color = tuple[int, int, int]

_FLESH = ((236, 196, 170), (214, 150, 120), (190, 60, 60), (240, 220, 190), (205, 130, 140))
_SYLLABLES = (
    "der",
    "ma",
    "to",
    "lo",
    "gy",
    "epi",
    "the",
    "li",
    "um",
    "ke",
    "ra",
    "tin",
    "no",
    "de",
)


def draw_nonphoto(rng: Rng) -> RgbImage:
    """Draw one picture that is no photograph, (H, W, 3) uint8; `rng` decides which and how."""
    width, height = (int(v) for v in rng.integers(240, 512, 2))
    tint = int(rng.integers(235, 256))
    paper = (
        (255, 255, 255) if rng.random() < 0.7 else (tint, tint, int(rng.integers(215, tint + 1)))
    )
    image = Image.new("RGB", (width, height), paper)
    draw = _KINDS[int(rng.integers(0, len(_KINDS)))]
    draw(image, rng)
    rgb = np.array(image, np.uint8)
    return _scanned(rgb, rng) if rng.random() < 0.25 else rgb


def _scanned(rgb: RgbImage, rng: Rng) -> RgbImage:
    """Paper and scanner: uneven light, grain, soft edges."""
    height, width = rgb.shape[:2]
    light = cv2.resize(rng.uniform(0.9, 1.0, (3, 3)).astype(np.float32), (width, height))
    soft = cv2.GaussianBlur(rgb, (0, 0), float(rng.uniform(0.5, 1.2))).astype(np.float32)
    return np.asarray(
        np.clip(soft * light[..., None] + rng.normal(0, 4, rgb.shape), 0, 255), np.uint8
    )


def _words(rng: Rng, most: int) -> str:
    words = [
        "".join(rng.choice(_SYLLABLES, rng.integers(1, 4)))
        for _ in range(int(rng.integers(1, most + 1)))
    ]
    return " ".join(words).capitalize()


def _font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(max(7, round(size)))


def _color(rng: Rng, *, dark: bool = False) -> Color:
    low, high = (0, 120) if dark else (30, 245)
    red, green, blue = (int(v) for v in rng.integers(low, high, 3))
    return red, green, blue


def _chart(image: Image.Image, rng: Rng) -> None:
    """Lines, bars or points between axes."""
    canvas = ImageDraw.Draw(image)
    w, h = image.size
    x0, y0, x1, y1 = 0.12 * w, 0.1 * h, 0.95 * w, 0.85 * h
    if rng.random() < 0.3:
        canvas.rectangle((x0, y0, x1, y1), fill=(234, 234, 242))
    for step in np.linspace(0, 1, int(rng.integers(4, 8))):
        at = y1 + (y0 - y1) * step
        if rng.random() < 0.4:
            canvas.line((x0, at, x1, at), fill=(200, 200, 200))
        canvas.text((0.02 * w, at - 5), f"{step * 10:.1f}", (40, 40, 40), font=_font(h * 0.035))
    series, count = int(rng.integers(1, 5)), int(rng.integers(4, 30))
    kind = rng.integers(0, 3)
    for number in range(series):
        color = _color(rng) if rng.random() < 0.8 else (60 * number, 60 * number, 60 * number)
        heights = np.clip(np.cumsum(rng.normal(0.02, 0.1, count)) + rng.uniform(0.2, 0.6), 0.02, 1)
        xs = x0 + (x1 - x0) * (np.arange(count) + 0.5) / count
        ys = y1 - (y1 - y0) * heights
        if kind == 0:
            canvas.line(list(zip(xs, ys, strict=True)), fill=color, width=int(rng.integers(1, 4)))
        elif kind == 1:
            broad = (x1 - x0) / count / (series + 1)
            for x, y in zip(xs + number * broad - broad * series / 2, ys, strict=True):
                canvas.rectangle((x, y, x + broad, y1), fill=color, outline=(0, 0, 0))
        else:
            size = rng.uniform(2, 5)
            for x, y in zip(
                rng.uniform(x0, x1, 4 * count), rng.uniform(y0, y1, 4 * count), strict=True
            ):
                canvas.ellipse((x - size, y - size, x + size, y + size), fill=color)
    canvas.line((x0, y0, x0, y1, x1, y1), fill=(0, 0, 0), width=int(rng.integers(1, 3)))
    canvas.text((0.35 * w, 0.02 * h), _words(rng, 4), (0, 0, 0), font=_font(h * 0.05))
    canvas.text((0.4 * w, 0.9 * h), _words(rng, 3), (0, 0, 0), font=_font(h * 0.04))


def _heat_map(image: Image.Image, rng: Rng) -> None:
    canvas = ImageDraw.Draw(image)
    w, h = image.size
    count = int(rng.integers(3, 12))
    ramp = np.array([_color(rng), _color(rng)])
    for row in range(count):
        for column in range(count):
            share = rng.random() if row != column else 1.0
            color = tuple(int(v) for v in ramp[0] * share + 255 * (1 - share))
            box = (0.15 * w + 0.7 * w * column / count, 0.1 * h + 0.75 * h * row / count)
            canvas.rectangle(
                (*box, box[0] + 0.7 * w / count, box[1] + 0.75 * h / count), fill=color
            )
            if count < 7:
                canvas.text(
                    (box[0] + 4, box[1] + 4), f"{share:.2f}", (0, 0, 0), font=_font(h * 0.03)
                )
    canvas.text((0.3 * w, 0.9 * h), _words(rng, 3), (0, 0, 0), font=_font(h * 0.04))


def _table(image: Image.Image, rng: Rng) -> None:
    canvas = ImageDraw.Draw(image)
    w, h = image.size
    rows, columns = int(rng.integers(4, 14)), int(rng.integers(2, 6))
    shaded, ruled = rng.random() < 0.5, rng.random() < 0.5
    for row in range(rows):
        y = 0.05 * h + 0.9 * h * row / rows
        if shaded and row % 2 == 0:
            canvas.rectangle((0.03 * w, y, 0.97 * w, y + 0.9 * h / rows), fill=(228, 236, 246))
        canvas.line((0.03 * w, y, 0.97 * w, y), fill=(90, 90, 90))
        for column in range(columns):
            x = 0.05 * w + 0.92 * w * column / columns
            if ruled:
                canvas.line((x - 4, y, x - 4, y + 0.9 * h / rows), fill=(90, 90, 90))
            canvas.text((x, y + 3), _words(rng, 2), (0, 0, 0), font=_font(0.35 * h / rows))


def _text(image: Image.Image, rng: Rng) -> None:
    """Lines of print, or one formula on an empty sheet."""
    canvas = ImageDraw.Draw(image)
    w, h = image.size
    size = float(rng.uniform(8, 16))
    if rng.random() < 0.35:
        canvas.text((0.2 * w, 0.45 * h), _words(rng, 4), (0, 0, 0), font=_font(size))
        return
    for y in np.arange(0.04 * h, 0.95 * h, 1.5 * size):
        canvas.text((0.04 * w, y), _words(rng, int(w / size / 2)), (0, 0, 0), font=_font(size))


def _flow_chart(image: Image.Image, rng: Rng) -> None:
    canvas = ImageDraw.Draw(image)
    w, h = image.size
    last = None
    for _ in range(int(rng.integers(4, 12))):
        x, y = rng.uniform(0.05, 0.75) * w, rng.uniform(0.05, 0.85) * h
        box = (x, y, x + rng.uniform(0.12, 0.25) * w, y + rng.uniform(0.06, 0.14) * h)
        if last is not None:
            canvas.line((last[2], last[3], x, y), fill=(20, 20, 20), width=2)
        fill = _color(rng) if rng.random() < 0.6 else (255, 255, 255)
        if rng.random() < 0.5:
            canvas.rectangle(box, fill=fill, outline=(0, 0, 0), width=2)
        else:
            canvas.ellipse(box, fill=fill, outline=(0, 0, 0), width=2)
        canvas.text((x + 4, y + 4), _words(rng, 2), (0, 0, 0), font=_font(h * 0.03))
        last = box


def _outline(
    rng: Rng, size: tuple[int, int], reach: float, rough: float
) -> list[tuple[float, float]]:
    """A closed smooth curve around a random center."""
    turn = np.linspace(0, 2 * np.pi, 90)
    radius = np.ones_like(turn)
    for order in range(2, 7):
        radius += rough / order * rng.normal() * np.cos(order * turn + rng.uniform(0, 6.3))
    center = rng.uniform(0.25, 0.75, 2) * size
    stretch = reach * min(size) * np.exp(rng.normal(0, 0.3, 2))
    xs = center[0] + np.clip(radius, 0.2, 2) * stretch[0] * np.cos(turn)
    ys = center[1] + np.clip(radius, 0.2, 2) * stretch[1] * np.sin(turn)
    return list(zip(xs.tolist(), ys.tolist(), strict=True))


def _map(image: Image.Image, rng: Rng) -> None:
    canvas = ImageDraw.Draw(image)
    if rng.random() < 0.5:
        canvas.rectangle((0, 0, *image.size), fill=(190, 215, 235))
    for _ in range(int(rng.integers(3, 9))):
        fill = _color(rng) if rng.random() < 0.6 else (235, 235, 225)
        canvas.polygon(
            _outline(rng, image.size, rng.uniform(0.1, 0.35), 0.7), fill=fill, outline=(60, 60, 60)
        )
    for _ in range(int(rng.integers(3, 12))):
        x, y = rng.uniform(0.05, 0.9, 2) * image.size
        canvas.ellipse((x, y, x + 5, y + 5), fill=(200, 30, 30))
        canvas.text((x + 7, y - 4), _words(rng, 1), (0, 0, 0), font=_font(image.height * 0.03))


def _line_drawing(image: Image.Image, rng: Rng) -> None:
    """Ink: outlines, hatching, dots."""
    canvas = ImageDraw.Draw(image)
    thick = int(rng.integers(1, 4))
    for _ in range(int(rng.integers(2, 9))):
        curve = _outline(rng, image.size, rng.uniform(0.1, 0.4), 0.5)
        canvas.line(curve, fill=(0, 0, 0), width=thick)
        (x, y), step = curve[0], rng.uniform(3, 8)
        if rng.random() < 0.5:
            for number in range(int(rng.integers(5, 40))):
                canvas.line((x + number * step, y, x + number * step + 12, y + 18), fill=(0, 0, 0))
        if rng.random() < 0.4:
            for px, py in rng.normal((x, y), 0.1 * image.height, (60, 2)):
                canvas.point((px, py), fill=(0, 0, 0))
    _labels(canvas, image.size, rng)


def _labels(canvas: ImageDraw.ImageDraw, size: tuple[int, int], rng: Rng) -> None:
    for _ in range(int(rng.integers(0, 9))):
        foot = rng.uniform(0.2, 0.8, 2) * size
        x = float(rng.choice([0.02, 0.75])) * size[0]
        canvas.line((x + 30, foot[1] - 10, *foot), fill=(20, 20, 20))
        canvas.text((x, foot[1] - 15), _words(rng, 2), (0, 0, 0), font=_font(size[1] * 0.035))


def _illustration(image: Image.Image, rng: Rng) -> None:
    """Shaded bodies in the colors of flesh, as an anatomist's draftsman or a program draws them."""
    w, h = image.size
    rgb = np.array(image, np.float32)
    for _ in range(int(rng.integers(2, 8))):
        shape = Image.new("L", (w, h), 0)
        curve = _outline(rng, image.size, rng.uniform(0.1, 0.4), 0.5)
        ImageDraw.Draw(shape).polygon(curve, fill=255)
        mask = np.asarray(shape, np.float32)[..., None] / 255
        base = np.array(
            _FLESH[int(rng.integers(0, len(_FLESH)))] if rng.random() < 0.7 else _color(rng)
        )
        slope = (
            np.linspace(-1, 1, w)[None, :, None] * rng.normal()
            + np.linspace(-1, 1, h)[:, None, None] * rng.normal()
        )
        depth = cv2.GaussianBlur(mask, (0, 0), 0.06 * h)[..., None] - 0.7
        shaded = base + 18 * slope + rng.uniform(0, 90) * np.minimum(depth, 0)
        rgb = rgb * (1 - mask) + np.clip(shaded, 0, 255) * mask
        if rng.random() < 0.7:
            edge = Image.fromarray(rgb.astype(np.uint8))
            ImageDraw.Draw(edge).line(curve, fill=(70, 40, 30), width=int(rng.integers(1, 3)))
            rgb = np.array(edge, np.float32)
    image.paste(Image.fromarray(np.clip(rgb, 0, 255).astype(np.uint8)))
    _labels(ImageDraw.Draw(image), image.size, rng)


def _screenshot(image: Image.Image, rng: Rng) -> None:
    canvas = ImageDraw.Draw(image)
    w, h = image.size
    dark = rng.random() < 0.3
    ground, ink = ((30, 32, 38), (220, 220, 220)) if dark else ((240, 241, 243), (30, 30, 30))
    canvas.rectangle((0, 0, w, h), fill=ground)
    canvas.rectangle((0, 0, w, 0.08 * h), fill=_color(rng, dark=True))
    canvas.rectangle((0, 0.08 * h, 0.25 * w, h), fill=(55, 60, 70) if dark else (255, 255, 255))
    for y in np.arange(0.12, 0.9, 0.07):
        canvas.text((0.02 * w, y * h), _words(rng, 2), ink, font=_font(0.035 * h))
        if rng.random() < 0.7:
            canvas.text((0.3 * w, y * h), _words(rng, 6), ink, font=_font(0.035 * h))
    for _ in range(int(rng.integers(1, 5))):
        x, y = rng.uniform(0.3, 0.7) * w, rng.uniform(0.15, 0.8) * h
        canvas.rounded_rectangle((x, y, x + 0.2 * w, y + 0.08 * h), 5, fill=_color(rng))


def _logo(image: Image.Image, rng: Rng) -> None:
    canvas = ImageDraw.Draw(image)
    w, h = image.size
    if rng.random() < 0.3:
        canvas.rectangle((0, 0, w, h), fill=_color(rng))
    for _ in range(int(rng.integers(1, 4))):
        canvas.polygon(_outline(rng, image.size, rng.uniform(0.1, 0.3), 0.2), fill=_color(rng))
    canvas.text((0.1 * w, 0.6 * h), _words(rng, 1), _color(rng, dark=True), font=_font(0.2 * h))


def _formula(image: Image.Image, rng: Rng) -> None:
    """Structural formulas, circuits, trees: straight thin lines and letters."""
    canvas = ImageDraw.Draw(image)
    x, y = rng.uniform(0.2, 0.5, 2) * image.size
    for _ in range(int(rng.integers(6, 25))):
        turn = np.pi / 3 * rng.integers(0, 6)
        to = (x + 0.08 * image.width * np.cos(turn), y + 0.08 * image.width * np.sin(turn))
        canvas.line((x, y, *to), fill=(0, 0, 0), width=2)
        x, y = to
        if rng.random() < 0.3:
            canvas.text(
                (x, y), str(rng.choice(list("NOHCSP"))), (0, 0, 0), font=_font(image.height * 0.05)
            )


_KINDS: tuple[Callable[[Image.Image, Rng], None], ...] = (
    _chart,
    _chart,
    _heat_map,
    _table,
    _text,
    _flow_chart,
    _map,
    _line_drawing,
    _line_drawing,
    _illustration,
    _illustration,
    _illustration,
    _screenshot,
    _logo,
    _formula,
)
