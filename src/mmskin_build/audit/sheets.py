"""Contact sheets: the pictures of a book as thumbnails, by modality and by flag.

A person sees at one glance what is in the wrong class. ``pictures.html`` stands beside the report's
``index.html`` and links each thumbnail to its figure there; it opens from disk, holds no script and
fetches nothing. Pictures that the privacy screen holds are blurred until a person asks for them.
Thumbnails are named after their picture's digest and made once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

import cv2
import numpy as np
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from mmskin_build.audit.report import policy_digest
from mmskin_build.store import storage_errors, write_bytes

SHOWN = 90  # thumbnails of one sheet
THUMBNAIL_PX = 220  # longest side
_JPEG_QUALITY = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetItem:
    """One picture: its file, what stands below it, and how sure its class is (0 to 1).

    `figure_id` is the figure of the report that it belongs to. A `veiled` picture is shown blurred.
    """

    name: str
    picture: Path
    image_sha256: str
    figure_id: str
    caption: str
    note: str
    confidence: float
    veiled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tile:
    item: SheetItem
    thumbnail: str | None
    link: str


def write_sheets(sheets: Mapping[str, Sequence[SheetItem]], out: Path, *, title: str) -> Path:
    """Write ``pictures.html`` with a sheet for each name into the folder `out` and return it.

    A sheet of more than `SHOWN` pictures shows that many, the least sure ones first and the others
    evenly spread over the confidences; it says how many there are in all.

    Raises:
        StorageError: If the folder cannot be written.
    """
    folder = out / "thumbnails"
    shown = {name: choose(items) for name, items in sheets.items()}
    thumbnails = {
        item.image_sha256: _thumbnail(item, folder) for items in shown.values() for item in items
    }
    _remove_others(folder, {name for name in thumbnails.values() if name is not None})
    templates = files("mmskin_build.audit") / "templates"
    style = "".join(
        (templates / name).read_text(encoding="utf-8") for name in ("report.css", "pictures.css")
    )
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string((templates / "pictures.html.j2").read_text(encoding="utf-8"))
    page = template.render(
        title=title,
        style=Markup(style),
        style_digest=policy_digest(style),
        sheets=[
            {
                "name": name,
                "count": len(sheets[name]),
                "tiles": [
                    _Tile(
                        item=item,
                        thumbnail=thumbnails[item.image_sha256],
                        link=f"index.html#figure={quote(item.figure_id)}",
                    )
                    for item in items
                ],
            }
            for name, items in shown.items()
        ],
    )
    index = out / "pictures.html"
    write_bytes(index, page.encode())
    return index


def choose(items: Sequence[SheetItem], most: int = SHOWN) -> list[SheetItem]:
    """Return at most `most` pictures, the least sure first; half of them are the least sure ones.

    The other half is spread evenly over the rest, so that a class that is sure and wrong shows.
    """
    ordered = sorted(items, key=lambda item: (item.confidence, item.name))
    if len(ordered) <= most:
        return ordered
    doubtful, rest = ordered[: most // 2], ordered[most // 2 :]
    step = len(rest) / (most - len(doubtful))
    return doubtful + [rest[int(number * step)] for number in range(most - len(doubtful))]


def _thumbnail(item: SheetItem, folder: Path) -> str | None:
    """Make the thumbnail of a picture unless it is there; None where the picture is unreadable."""
    path = folder / f"{item.image_sha256[:32]}.jpg"
    if not path.is_file():
        try:
            encoded = np.frombuffer(item.picture.read_bytes(), np.uint8)
            bgr = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
        except (OSError, cv2.error):
            return None
        if bgr is None:
            return None
        height, width = bgr.shape[:2]
        scale = min(1.0, THUMBNAIL_PX / max(height, width))
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = cv2.resize(bgr, size, interpolation=cv2.INTER_AREA)
        _, jpeg = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
        write_bytes(path, jpeg.tobytes(), durable=False)
    return path.name


def _remove_others(folder: Path, keep: set[str]) -> None:
    """Delete the thumbnails of pictures that the sheets no longer show."""
    with storage_errors(folder):
        for path in sorted(folder.glob("*.jpg")):
            if path.name not in keep:
                path.unlink()
