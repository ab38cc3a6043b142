"""Pictures drawn by code: skin, dermoscopy, histology, a face.

All are ``(height, width, 3) uint8`` RGB. They resemble their kind in color, texture and layout, so
that a picture is not mistaken for a drawing, and no two draws are alike. Only numpy arithmetic and
Pillow's drawing are used: the same generator state gives the same bytes.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from mmskin_build.demo.text import Modality

Rgb = npt.NDArray[np.uint8]
Field = npt.NDArray[np.float32]

SKIN_TONES = ((224, 180, 156), (206, 156, 130), (178, 124, 96), (232, 196, 178), (140, 94, 72))
LESION_TONES = ((172, 74, 74), (150, 84, 110), (112, 66, 48), (190, 104, 88), (96, 58, 56))
DRAPES = ((40, 84, 96), (48, 104, 72), (34, 36, 44), (86, 110, 150), (170, 172, 168))


def make_noise(rng: np.random.Generator, width: int, height: int, cell_px: int) -> Field:
    """Return smooth noise ``(height, width)`` of unit variance with features of `cell_px`."""
    rows, columns = height // cell_px + 3, width // cell_px + 3
    coarse = rng.standard_normal((rows, columns)).astype(np.float32)
    size = ((columns - 1) * cell_px, (rows - 1) * cell_px)
    smooth = np.asarray(Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC))
    return np.asarray(smooth[:height, :width], dtype=np.float32)


def _canvas(width: int, height: int, color: tuple[int, int, int]) -> Field:
    return np.broadcast_to(np.array(color, np.float32), (height, width, 3)).copy()


def _blend(image: Field, mask: Field, color: tuple[int, int, int]) -> None:
    image += mask[..., None] * (np.array(color, np.float32) - image)


def _finish(image: Field) -> Rgb:
    # An even value hides nothing and lets lossless compression halve the file.
    return np.asarray(np.clip(image, 0, 255).astype(np.uint8) & 0xFE, dtype=np.uint8)


def _blob(rng: np.random.Generator, distance: Field, angle: Field, radius: float) -> Field:
    """Soft mask of a lesion with an irregular border; `distance` in pixels from its middle."""
    edge = np.full_like(distance, radius)
    for wave in range(2, 7):
        edge += (
            radius
            * 0.12
            * float(rng.normal())
            / wave
            * 2
            * np.cos(wave * angle + float(rng.uniform(0, 6.3)))
        )
    softness = max(2.0, radius * float(rng.uniform(0.06, 0.25)))
    return np.asarray(1 / (1 + np.exp(np.clip((distance - edge) / softness, -30, 30))), np.float32)


def _grid(width: int, height: int) -> tuple[Field, Field]:
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    return x, y


def draw_clinical(rng: np.random.Generator, width: int, height: int) -> Rgb:
    """Draw a patch of skin with a few lesions, sometimes a limb before a drape."""
    tone = SKIN_TONES[int(rng.integers(len(SKIN_TONES)))]
    image = _canvas(width, height, tone)
    x, y = _grid(width, height)
    light = (x - width * rng.uniform(0.2, 0.8)) ** 2 + (y - height * rng.uniform(0.2, 0.8)) ** 2
    shade = 18 - 70 * light / (width * width) + 6 * make_noise(rng, width, height, width // 5)
    shade += 5 * make_noise(rng, width, height, 9) + 4 * make_noise(rng, width, height, 3)
    image += shade[..., None]
    # A lesion must stand out: of two draws the one further from the skin's own tone.
    drawn = [LESION_TONES[int(i)] for i in rng.integers(len(LESION_TONES), size=2)]
    color = max(drawn, key=lambda c: sum(abs(a - b) for a, b in zip(c, tone, strict=True)))
    count = int(rng.choice([1, 2, 4, 9, 16]))
    largest = width * 0.28 / count**0.5
    for _ in range(count):
        dx = x - float(rng.uniform(0.2, 0.8)) * width
        dy = y - float(rng.uniform(0.2, 0.8)) * height
        distance = np.sqrt(dx * dx + dy * dy)
        mask = _blob(rng, distance, np.arctan2(dy, dx), largest * float(rng.uniform(0.5, 1.0)))
        if rng.random() < 0.3:  # an annular lesion clears in the middle
            mask = mask * np.clip(distance / largest, 0.4, 1)
        _blend(image, mask * 0.82, color)
        scale = make_noise(rng, width, height, 5)
        image += (mask * np.clip(scale - 0.9, 0, 1.2) * 55)[..., None]
    if rng.random() < 0.45:
        _add_drape(rng, image, x, y)
    return _finish(image)


def _add_drape(rng: np.random.Generator, image: Field, x: Field, y: Field) -> None:
    height, width = x.shape
    slope, bend = float(rng.normal(0, 0.15)), float(rng.uniform(0.02, 0.06)) * width
    edge = 0.16 * height + slope * (x - width / 2) + bend * np.sin(x / width * 5)
    drape = DRAPES[int(rng.integers(len(DRAPES)))]
    folds = 5 * make_noise(rng, width, height, 24)
    for mask in (y < edge, y > height - 0.7 * edge):
        outside = np.asarray(mask, np.float32)
        _blend(image, outside, drape)
        image += (outside * folds)[..., None]


def draw_dermoscopic(rng: np.random.Generator, width: int, height: int) -> Rgb:
    """Draw a pigmented lesion with a network, seen through a round dermoscope."""
    tone = SKIN_TONES[int(rng.integers(4))]
    image = _canvas(width, height, tone)
    x, y = _grid(width, height)
    image += (6 * make_noise(rng, width, height, 12) + 4 * make_noise(rng, width, height, 3))[
        ..., None
    ]
    dx = x - width * float(rng.uniform(0.42, 0.58))
    dy = y - height * float(rng.uniform(0.42, 0.58))
    distance, angle = np.sqrt(dx * dx + dy * dy), np.arctan2(dy, dx)
    lesion = _blob(rng, distance, angle, height * float(rng.uniform(0.24, 0.34)))
    pigment = ((128, 78, 52), (104, 70, 58), (150, 96, 60), (96, 62, 66))
    _blend(image, lesion * 0.8, pigment[int(rng.integers(len(pigment)))])
    pitch = float(rng.uniform(7, 11))
    warp_x = x + 5 * make_noise(rng, width, height, 30)
    warp_y = y + 5 * make_noise(rng, width, height, 30)
    net = np.maximum(np.cos(warp_x * 6.28 / pitch), np.cos((warp_y + 0.5 * warp_x) * 6.28 / pitch))
    _blend(image, lesion * np.clip(net - 0.45, 0, 1), (58, 32, 26))
    veil = np.clip(make_noise(rng, width, height, height // 4) - 0.4, 0, 1)
    _blend(image, lesion * veil * 0.6, (92, 110, 140))
    dots = np.clip(make_noise(rng, width, height, 6) - 1.7, 0, 1)
    _blend(image, lesion * dots, (40, 24, 24))
    fx, fy = x - width / 2, y - height / 2
    outside = np.clip((np.sqrt(fx * fx + fy * fy) - 0.56 * height) / 3, 0, 1)
    _blend(image, np.asarray(outside, np.float32), (6, 6, 8))
    return _finish(image)


def draw_histology(rng: np.random.Generator, width: int, height: int) -> Rgb:
    """Draw a section stained with haematoxylin and eosin: epidermis, collagen, nuclei."""
    image = _canvas(width, height, (240, 206, 222))
    x, y = _grid(width, height)
    streak = np.sin((y + 0.4 * x + 14 * make_noise(rng, width, height, 40)) / 4.2)
    _blend(image, np.asarray(np.clip(streak, 0, 1) * 0.55, np.float32), (222, 140, 178))
    image += (4 * make_noise(rng, width, height, 3))[..., None]
    top = 0.10 * height + 5 * np.sin(x / 31) + 6 * make_noise(rng, width, height, 60)
    depth = float(rng.uniform(0.16, 0.3)) * height
    ridge = depth * (1 + 0.5 * np.sin(x / float(rng.uniform(14, 26))))
    epidermis = np.asarray((y > top) & (y < top + ridge), np.float32)
    if rng.random() < 0.75:
        _blend(image, epidermis * 0.8, (176, 104, 164))
        _blend(image, np.asarray(y < top, np.float32) * 0.9, (238, 232, 236))
    picture = Image.fromarray(_finish(image))
    pen = ImageDraw.Draw(picture)
    nuclei = int(width * height / 190)
    centers = rng.uniform(0, 1, (nuclei, 2)) * (width, height)
    cluster = make_noise(rng, width, height, 36)
    sizes = rng.uniform(1.2, 2.8, (nuclei, 2))
    for (cx, cy), (rx, ry) in zip(centers, sizes, strict=True):
        row, column = int(cy), int(cx)
        if cluster[row, column] + 1.4 * epidermis[row, column] > 0.35 and cy > top[row, column]:
            pen.ellipse((cx - rx, cy - ry, cx + rx, cy + ry), fill=(84, 50, 124))
    return np.asarray(picture, dtype=np.uint8) & np.uint8(0xFE)


def draw_face(rng: np.random.Generator, width: int, height: int) -> tuple[Rgb, tuple[int, ...]]:
    """Draw a face with a rash; also return the box of both eyes in pixels."""
    picture = Image.fromarray(_finish(_canvas(width, height, (118, 138, 150))))
    pen = ImageDraw.Draw(picture)
    tone = SKIN_TONES[int(rng.integers(4))]
    cx, cy, rx, ry = width / 2, height * 0.52, width * 0.27, height * 0.42
    hair = (56, 40, 32)
    pen.ellipse((cx - rx * 1.14, cy - ry * 1.12, cx + rx * 1.14, cy + ry * 0.7), fill=hair)
    pen.rectangle((cx - rx * 0.4, cy + ry * 0.7, cx + rx * 0.4, height), fill=tone)
    pen.ellipse((cx - rx, cy - ry * 0.9, cx + rx, cy + ry), fill=tone)
    eye_y = cy - ry * 0.14
    for side in (-1, 1):
        ex = cx + side * rx * 0.42
        pen.ellipse((ex - rx * 0.2, eye_y - ry * 0.07, ex + rx * 0.2, eye_y + ry * 0.07), "white")
        pen.ellipse((ex - rx * 0.08, eye_y - ry * 0.07, ex + rx * 0.08, eye_y + ry * 0.07), hair)
        pen.line((ex - rx * 0.24, eye_y - ry * 0.16, ex + rx * 0.24, eye_y - ry * 0.18), hair, 4)
        pen.ellipse((cx + side * rx * 1.02 - 8, eye_y, cx + side * rx * 1.02 + 8, eye_y + 40), tone)
    pen.line((cx, eye_y + 4, cx - rx * 0.14, cy + ry * 0.28), (150, 100, 84), 3)
    pen.line((cx - rx * 0.14, cy + ry * 0.28, cx + rx * 0.1, cy + ry * 0.3), (150, 100, 84), 3)
    pen.ellipse((cx - rx * 0.32, cy + ry * 0.5, cx + rx * 0.32, cy + ry * 0.6), (164, 82, 84))
    image = np.asarray(picture, np.float32).copy()
    x, y = _grid(width, height)
    for side in (-1, 1):
        dx, dy = x - (cx + side * rx * 0.5), y - (cy + ry * 0.22)
        rash = _blob(rng, np.sqrt(dx * dx + dy * dy), np.arctan2(dy, dx), rx * 0.3)
        _blend(image, rash * 0.6, (186, 78, 76))
    image += (5 * make_noise(rng, width, height, 4))[..., None]
    eyes = (cx - rx * 0.75, eye_y - ry * 0.12, cx + rx * 0.75, eye_y + ry * 0.12)
    return _finish(image), tuple(round(v) for v in eyes)


def draw_logo(size_px: int = 96) -> Rgb:
    """Draw the publisher's device: a ring with three strokes."""
    picture = Image.new("RGB", (size_px, size_px), "white")
    pen = ImageDraw.Draw(picture)
    pen.ellipse((4, 4, size_px - 5, size_px - 5), outline=(20, 60, 110), width=size_px // 12)
    for part in (0.35, 0.5, 0.65):
        pen.line(
            (size_px * part, size_px * 0.3, size_px * part, size_px * 0.7),
            fill=(20, 60, 110),
            width=size_px // 16,
        )
    return np.asarray(picture, dtype=np.uint8)


def draw_picture(rng: np.random.Generator, modality: Modality, width: int, height: int) -> Rgb:
    """Draw a picture of `modality`, ``(height, width, 3) uint8``."""
    draw = {
        "clinical": draw_clinical,
        "dermoscopic": draw_dermoscopic,
        "pathological": draw_histology,
    }
    return draw[modality](rng, width, height)
