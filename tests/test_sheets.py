from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np

from mmskin_build.audit.sheets import SHOWN, THUMBNAIL_PX, SheetItem, choose, write_sheets

NASTY = '</section><script>alert("x")</script>'


def make_item(folder: Path, number: int, **fields: object) -> SheetItem:
    path = folder / f"{number}.png"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        pixels = np.full((300, 600, 3), number % 250, np.uint8)
        cv2.imwrite(str(path), pixels)
    defaults: dict[str, object] = {
        "name": f"bk1_1_{number}",
        "picture": path,
        "image_sha256": f"{number:064x}"[::-1],
        "figure_id": f"p0001-f{number}",
        "caption": f"Plaque {number}.",
        "note": "clinical 0.93",
        "confidence": number / 1000,
    }
    return SheetItem(**(defaults | fields))  # type: ignore[arg-type]


def test_each_sheet_shows_its_pictures_with_a_link_to_their_figure(tmp_path: Path) -> None:
    items = [make_item(tmp_path / "in", number) for number in (1, 2)]
    index = write_sheets({"clinical": items, "other": []}, tmp_path / "out", title="bk1")
    page = index.read_text()
    assert re.findall(r'href="(index\.html#figure=[^"]+)"', page) == [
        "index.html#figure=p0001-f1",
        "index.html#figure=p0001-f2",
    ]
    assert "other <b>0</b>" in page
    thumbnails = list((tmp_path / "out" / "thumbnails").glob("*.jpg"))
    assert len(thumbnails) == 2
    assert max(cv2.imread(str(thumbnails[0])).shape) == THUMBNAIL_PX


def test_a_caption_that_holds_markup_stays_text_and_no_script_may_run(tmp_path: Path) -> None:
    item = make_item(tmp_path / "in", 1, caption=NASTY, note=NASTY, name=NASTY)
    page = write_sheets({NASTY: [item]}, tmp_path / "out", title=NASTY).read_text()
    assert "<script" not in page
    assert "script-src" not in page and "default-src 'none'" in page


def test_a_held_picture_is_blurred_until_asked_for(tmp_path: Path) -> None:
    items = [make_item(tmp_path / "in", 1, veiled=True), make_item(tmp_path / "in", 2)]
    page = write_sheets({"face": items}, tmp_path / "out", title="bk1").read_text()
    assert page.count('class="veiled"') == 1


def test_a_damaged_picture_leaves_a_hole_and_old_thumbnails_go(tmp_path: Path) -> None:
    good, bad = make_item(tmp_path / "in", 1), make_item(tmp_path / "in", 2)
    bad.picture.write_bytes(b"no picture")
    write_sheets({"clinical": [good]}, tmp_path / "out", title="bk1")
    page = write_sheets({"clinical": [bad]}, tmp_path / "out", title="bk1").read_text()
    assert "no picture" in page
    assert list((tmp_path / "out" / "thumbnails").glob("*.jpg")) == []


def test_a_large_class_shows_its_least_sure_pictures_and_some_of_the_others(tmp_path: Path) -> None:
    items = [make_item(tmp_path, 1, confidence=n / 1000, name=f"{n:04}") for n in range(900)]
    shown = choose(items)
    assert len(shown) == len({item.name for item in shown}) == SHOWN
    assert [item.name for item in shown[:45]] == [f"{n:04}" for n in range(45)]
    assert shown[-1].confidence > 0.85
