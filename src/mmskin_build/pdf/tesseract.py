"""Run Tesseract on a page image and read what it found.

The program is called directly: the image goes in through a pipe, the text comes back as hOCR, which
unlike the tab-separated output tells the height of each line's letters. Boxes are pixels of the
image that was given.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from xml.etree import ElementTree

import cv2
import numpy as np
from numpy.typing import NDArray

from mmskin_build.errors import ConfigError, InputPdfError, MissingDependencyError

_PROGRAM = "tesseract"
_AUTOMATIC_LAYOUT = "3"  # the default; 1 would add a costly look at the orientation
_ONE_BLOCK = "6"
_ORIENTATION = "0"
_LANGUAGES = re.compile(r"[A-Za-z0-9_]+(?:\+[A-Za-z0-9_]+)*")
_MISSING_LANGUAGE = re.compile(r"(?:Failed loading language|Error opening data file) '?([^'\s]+)")
_XHTML = "{http://www.w3.org/1999/xhtml}"
_LINE_CLASSES = frozenset(
    {"ocr_line", "ocr_caption", "ocr_header", "ocr_textfloat", "ocr_footer", "ocrx_line"}
)
_ORIENTATION_TRUST = 2.0  # Tesseract's own unit; below it the answer is a guess


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognizedWord:
    """One word; `box` (x0, y0, x1, y1) in pixels, `confidence` in [0, 1]."""

    text: str
    box: tuple[int, int, int, int]
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognizedLine:
    """One line; `height_px` from descenders to ascenders, `paragraph` counts from 0.

    `direction` is that of reading, as in `records.Line`: Tesseract also reads turned lines, without
    saying so.
    """

    words: tuple[RecognizedWord, ...]
    height_px: float
    paragraph: int
    direction: int = 0


def recognize_lines(
    gray: NDArray[np.uint8], dpi: float, language: str, time_limit_s: float, *, block: bool = False
) -> list[RecognizedLine]:
    """Recognize the text of an image ``(H, W) uint8``, dark on light.

    Args:
        gray: The image.
        dpi: Its resolution.
        language: Tesseract's language codes joined by ``+``.
        time_limit_s: Tesseract is ended when it takes longer.
        block: Whether the image is one block of text, so that no layout is looked for.

    Raises:
        MissingDependencyError: If Tesseract or one of the languages is not installed.
        InputPdfError: If Tesseract fails on this image or runs out of time.
    """
    check_language(language)
    mode = _ONE_BLOCK if block else _AUTOMATIC_LAYOUT
    options = ["-l", language, "--psm", mode, "--dpi", str(round(dpi)), "hocr"]
    return parse_hocr(_run(gray, options, time_limit_s))


def find_orientation(gray: NDArray[np.uint8], dpi: float, time_limit_s: float) -> int:
    """Return by how many degrees, clockwise, the image must be turned to be upright; 0 if unsure.

    Raises:
        MissingDependencyError: If Tesseract is not installed.
    """
    if "osd" not in installed_languages():
        return 0
    options = ["-l", "osd", "--psm", _ORIENTATION, "--dpi", str(round(dpi))]
    try:
        answer = _run(gray, options, time_limit_s)
    except InputPdfError:  # too few letters to tell
        return 0
    turn = re.search(r"Rotate: (\d+)", answer)
    trust = re.search(r"Orientation confidence: ([\d.]+)", answer)
    if turn is None or trust is None or float(trust[1]) < _ORIENTATION_TRUST:
        return 0
    return int(turn[1]) % 360


def check_language(language: str) -> None:
    """Refuse languages that Tesseract does not have here.

    Raises:
        ConfigError: If `language` is not a list of codes joined by ``+``.
        MissingDependencyError: If Tesseract or one of the languages is not installed.
    """
    if not _LANGUAGES.fullmatch(language):
        raise ConfigError(
            f"language {language!r} is not a list of Tesseract codes; write for instance "
            "'eng' or 'eng+deu'"
        )
    missing = [code for code in language.split("+") if code not in installed_languages()]
    if missing:
        raise MissingDependencyError(
            f"Tesseract has no language {', '.join(missing)}; install it "
            f"({how_to_install(missing)}) or name another language"
        )


def how_to_install(languages: Sequence[str] = ()) -> str:
    """Say how Tesseract, or languages of it, are installed on this system.

    >>> how_to_install(["chi_sim"]) if sys.platform == "linux" else "sudo apt install ..."
    'sudo apt install tesseract-ocr-chi-sim'
    """
    if sys.platform == "darwin":
        return "brew install tesseract-lang" if languages else "brew install tesseract"
    codes = [f"tesseract-ocr-{code.lower().replace('_', '-')}" for code in languages]
    return f"sudo apt install {' '.join(codes or ['tesseract-ocr'])}"


@cache
def installed_languages() -> frozenset[str]:
    """The language codes that Tesseract has here.

    Raises:
        MissingDependencyError: If Tesseract is not installed.
    """
    answer = subprocess.run(
        [_program(), "--list-langs"], capture_output=True, text=True, check=False
    )
    return frozenset(answer.stdout.split("\n")[1:]) - {""}


def parse_hocr(document: str) -> list[RecognizedLine]:
    """Read the lines out of Tesseract's hOCR.

    Raises:
        InputPdfError: If it is not well-formed.
    """
    try:
        root = ElementTree.fromstring(document)
    except ElementTree.ParseError as error:
        raise InputPdfError(f"Tesseract's answer cannot be read ({error})") from error
    lines: list[RecognizedLine] = []
    for number, paragraph in enumerate(_with_class(root, frozenset({"ocr_par"}))):
        for line in _with_class(paragraph, _LINE_CLASSES):
            words = tuple(
                RecognizedWord(
                    text=text,
                    box=_box(word.get("title", "")),
                    confidence=_number(word.get("title", ""), "x_wconf", 0.0) / 100,
                )
                for word in _with_class(line, frozenset({"ocrx_word"}))
                if (text := "".join(word.itertext()).strip())
            )
            if words:
                box = _box(line.get("title", ""))
                lines.append(
                    RecognizedLine(
                        words=words,
                        height_px=_number(line.get("title", ""), "x_size", box[3] - box[1]),
                        paragraph=number,
                        direction=_direction(words),
                    )
                )
    return lines


def _direction(words: Sequence[RecognizedWord]) -> int:
    """Tell by the boxes which way a line runs: a turned one is higher than wide."""
    first, last = words[0].box, words[-1].box
    width = max(word.box[2] for word in words) - min(word.box[0] for word in words)
    height = max(word.box[3] for word in words) - min(word.box[1] for word in words)
    if height < 2 * width or sum(len(word.text) for word in words) < 4:
        return 0
    return 270 if last[1] > first[1] else 90


def _with_class(element: ElementTree.Element, names: frozenset[str]) -> list[ElementTree.Element]:
    return [part for part in element.iter() if part.get("class") in names]


def _box(title: str) -> tuple[int, int, int, int]:
    match = re.search(r"bbox (-?\d+) (-?\d+) (-?\d+) (-?\d+)", title)
    return (int(match[1]), int(match[2]), int(match[3]), int(match[4])) if match else (0, 0, 0, 0)


def _number(title: str, name: str, default: float) -> float:
    match = re.search(rf"{name} (-?[\d.]+)", title)
    return float(match[1]) if match else default


def _program() -> str:
    program = shutil.which(_PROGRAM)
    if program is None:
        raise MissingDependencyError(
            f"Tesseract is needed to read scanned pages; install it ({how_to_install()})"
        )
    return program


def _run(gray: NDArray[np.uint8], options: list[str], time_limit_s: float) -> str:
    _, png = cv2.imencode(".png", gray, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    try:
        answer = subprocess.run(
            [_program(), "stdin", "stdout", *options],
            input=png.tobytes(),
            capture_output=True,
            timeout=time_limit_s,
            check=False,
            # More threads make Tesseract slower on the small images of single lines.
            env=os.environ | {"OMP_THREAD_LIMIT": "1"},
        )
    except subprocess.TimeoutExpired as error:
        raise InputPdfError(
            f"Tesseract did not end within {time_limit_s:.0f} s; raise page_time_limit_s "
            "under [pdf] in mmskin.toml"
        ) from error
    if answer.returncode != 0:
        noise = answer.stderr.decode(errors="replace")
        if missing := _MISSING_LANGUAGE.search(noise):
            raise MissingDependencyError(
                f"Tesseract cannot load the language data {missing[1]}; install it anew"
            )
        last = (noise.strip().splitlines() or ["no message"])[-1]
        raise InputPdfError(f"Tesseract failed with exit code {answer.returncode}: {last}")
    return answer.stdout.decode(errors="replace")
