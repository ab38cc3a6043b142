"""Take the pictures of docs/tutorial.md in Chromium, of the demo book.

python tools/draw_tutorial.py FOLDER

FOLDER is where the tutorial has been gone through (``make docs-pictures`` does both). Needs
Chromium with its driver, and selenium of the extra ``dev``.
"""

from __future__ import annotations

import argparse
import io
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.wait import WebDriverWait

OUT = Path(__file__).resolve().parent.parent / "docs" / "pictures"
MOST_BYTES = 100_000
WIDTH, HEIGHT = 1100, 700  # of the browser
COLORS = (256, 128, 64)  # of the palette, the first that keeps to MOST_BYTES
FIGURE_PAGE = "Page 8 of"  # has a figure with panels
WAIT = "setTimeout(arguments[0], 400)"  # milliseconds, for pictures that come into view
REVIEWED = "1 of 1"  # the one question about figure and caption


@contextmanager
def browser() -> Iterator[Any]:
    """Chromium without a window."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or shutil.which("google-chrome") or ""
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"):
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        yield driver
    finally:
        driver.quit()


def resize(driver: Any, height: int = HEIGHT) -> None:
    """Give the browser its size; a page is scrolled after that."""
    size = {"width": WIDTH, "height": height, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def take(driver: Any, name: str) -> None:
    """Write what is seen as a small PNG.

    Raises:
        SystemExit: If it is larger than a page should carry.
    """
    driver.execute_async_script(WAIT)
    seen = Image.open(io.BytesIO(driver.get_screenshot_as_png())).convert("RGB")
    for colors in COLORS:
        kept = io.BytesIO()
        seen.quantize(colors, dither=Image.Dither.NONE).save(kept, "PNG", optimize=True)
        if len(kept.getvalue()) <= MOST_BYTES:
            OUT.mkdir(parents=True, exist_ok=True)
            (OUT / f"{name}.png").write_bytes(kept.getvalue())
            print(f"{name}.png: {len(kept.getvalue()) // 1000} kB, {colors} colors")
            return
    raise SystemExit(f"{name}.png: larger than {MOST_BYTES} bytes")


def scroll_to(driver: Any, words: str) -> None:
    """Bring the heading that begins with `words` to the top, below the head of the page."""
    for _ in range(2):  # what is above takes its height when it has been seen
        driver.execute_script(
            "const found = [...document.querySelectorAll('h2, h3, strong, b')].find("
            "e => e.textContent.trim().startsWith(arguments[0]));"
            "const head = document.querySelector('header');"
            "window.scrollTo(0, found.getBoundingClientRect().top + window.scrollY - 12"
            " - (head ? head.offsetHeight : 0))",
            words,
        )
        driver.execute_async_script(WAIT)


def take_review(driver: Any, folder: Path) -> None:
    """A question of the review, as a reviewer called ada sees it."""
    command = [sys.executable, "-m", "mmskin_build", "review", "--reviewer", "ada", "--port", "0"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            driver.get(server.stdout.readline().strip())
            ready = "return document.documentElement.dataset.ready === 'yes'"
            WebDriverWait(driver, 30).until(lambda d: d.execute_script(ready))
            driver.find_element("link text", REVIEWED).click()
            WebDriverWait(driver, 30).until(lambda d: d.execute_script(ready))
            take(driver, "review")
        finally:
            server.terminate()


def main() -> None:
    """Take all pictures."""
    parser = argparse.ArgumentParser(description="Take the pictures of docs/tutorial.md.")
    parser.add_argument("folder", type=Path, help="where the tutorial has been gone through")
    folder = parser.parse_args().folder.resolve()
    with browser() as driver:
        resize(driver)
        driver.get((folder / "data/work/audit/bk1/index.html").as_uri())
        scroll_to(driver, FIGURE_PAGE)
        take(driver, "audit")
        driver.get((folder / "data/work/audit/bk1/pictures.html").as_uri())
        resize(driver, 560)
        take(driver, "pictures")
        resize(driver)
        take_review(driver, folder)
        driver.get((folder / "data/models/skinvl-mm/index.html").as_uri())
        resize(driver, 600)
        take(driver, "training")


if __name__ == "__main__":
    main()
