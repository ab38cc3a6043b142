"""Small PDF files drawn in code, good and bad ones."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf
import tomlkit
from PIL import Image, ImageDraw
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from mmskin_build.config import ImagesConfig, PrivacyConfig


def _keep(kind: type) -> dict[str, str]:
    return {f.name: "keep" for f in dataclasses.fields(kind) if str(f.type).endswith("Action")}


#: Settings that keep every picture: those of these books are noise, and would be held.
KEEP_EVERYTHING: dict[str, dict[str, Any]] = {
    "images": {"photo_from": 0.0, **_keep(ImagesConfig)},
    "privacy": _keep(PrivacyConfig),
}


def write_settings(path: Path, settings: dict[str, dict[str, Any]]) -> Path:
    path.write_text(tomlkit.dumps(settings))
    return path


def draw_book(path: Path, *, figures: int = 3, seed: int = 0, chapter: int = 2) -> Path:
    """One photograph a page with its caption below; same arguments, same bytes."""
    canvas = Canvas(str(path), pagesize=(612, 792), invariant=1)
    for number in range(1, figures + 1):
        draw_figure(canvas, f"Figure {chapter}.{number}", seed=100 * seed + number)
        canvas.setFont("Times-Roman", 11)
        for line in range(24):
            canvas.drawString(72, 420 - 14 * line, "Running text about the course of disease. " * 2)
        canvas.showPage()
    canvas.save()
    return path


def draw_figure(canvas: Canvas, label: str, *, seed: int) -> None:
    left = 72 + 5 * (seed % 12)
    pixels = np.random.default_rng(seed).integers(90, 220, (200, 300, 3), dtype=np.uint8)
    canvas.drawImage(ImageReader(Image.fromarray(pixels)), left, 480, 300, 200)
    canvas.setFont("Helvetica-Bold", 9)
    canvas.drawString(left, 462, label)
    canvas.setFont("Helvetica", 9)
    canvas.drawString(left + 58, 462, f"Plaque number {seed} on the left forearm.")


def encrypt(source: Path, target: Path, password: str) -> Path:
    with pikepdf.open(source) as pdf:
        pdf.save(target, encryption=pikepdf.Encryption(owner=password, user=password))
    return target


def draw_wide_page(path: Path) -> Path:
    """A page of 300 inches; PDF's own limit is 200."""
    canvas = Canvas(str(path), pagesize=(21_600, 792), invariant=1)
    canvas.drawString(72, 700, "wide")
    canvas.showPage()
    canvas.save()
    return path


def draw_bomb(path: Path, side_px: int = 40_000) -> Path:
    """A few kilobytes that unpack to an image of `side_px` squared."""
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page(page_size=(612, 792))
        rows = bytes((side_px + 7) // 8 * side_px)
        image = pikepdf.Stream(pdf, rows)
        for key, value in (
            ("/Type", pikepdf.Name.XObject),
            ("/Subtype", pikepdf.Name.Image),
            ("/Width", side_px),
            ("/Height", side_px),
            ("/ColorSpace", pikepdf.Name.DeviceGray),
            ("/BitsPerComponent", 1),
        ):
            image[key] = value
        page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im0=image))
        page.Contents = pikepdf.Stream(pdf, b"q 400 0 0 400 72 300 cm /Im0 Do Q")
        pdf.save(path, compress_streams=True)
    return path


def draw_scan(path: Path) -> Path:
    """A page that is one image with a line of text in it."""
    sheet = Image.new("L", (1275, 1650), 245)
    ImageDraw.Draw(sheet).text((200, 300), "Figure 1. A plaque on the arm.", fill=10, font_size=40)
    canvas = Canvas(str(path), pagesize=(612, 792), invariant=1)
    canvas.drawImage(ImageReader(sheet), 0, 0, 612, 792)
    canvas.showPage()
    canvas.save()
    return path
