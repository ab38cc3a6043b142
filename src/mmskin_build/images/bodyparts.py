"""Run the NudeNet detector on a picture and read what it says of the parts of a body.

The network (YOLOv8n, 320n.onnx inside the wheel ``nudenet``, AGPL-3.0) is run directly: the wheel's
own wrapper always feeds a square, and walks through its 2,100 answers in Python. Here the canvas
is only as large as the picture needs, which costs about a quarter less on a 4:3 picture.

The network learned from whole bodies, so a face that fills the frame is larger than any it knows.
On a canvas with a wide margin it is recognized again; see `find_parts` and its `share`.

What its inner layers see serves `embedding`. They are a third of the work: `look` runs that much,
and `read_parts` the rest where somebody asks for parts of a body.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mmskin_build.errors import MissingDependencyError
from mmskin_build.pdf.process import is_out_of_memory

RgbImage = NDArray[np.uint8]
Map = NDArray[np.float32]

PLAIN_SIDE_PX = 256  # of the canvas on which the picture alone is looked at, once for all

# The network's classes, in its order.
PARTS = (
    "female_genitalia_covered",
    "face_female",
    "buttocks_exposed",
    "female_breast_exposed",
    "female_genitalia_exposed",
    "male_breast_exposed",
    "anus_exposed",
    "feet_exposed",
    "belly_covered",
    "feet_covered",
    "armpits_covered",
    "armpits_exposed",
    "face_male",
    "belly_exposed",
    "male_genitalia_exposed",
    "anus_covered",
    "female_breast_covered",
    "buttocks_covered",
)
FACES = frozenset({"face_female", "face_male"})

# Ends of the second and third stage of the backbone: one cell for 8 and for 16 pixels a side.
LAYERS = ("/model.4/cv2/act/Mul_output_0", "/model.6/cv2/act/Mul_output_0")

_PICTURE, _ANSWERS = "images", "output0"  # the network's names for what it is shown and says
_STRIDE_PX = 32  # the canvas is a multiple of the network's coarsest grid
_MIN_CANVAS_PX = 64
_BOX_MIN = 0.02  # answers below this are not even boxes
_SAME_BOX_IOU = 0.45  # the wheel's own value


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One detected part; `box` (x0, y0, x1, y1) in pixels of the picture, origin top left."""

    name: str
    score: float
    box: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What one run of the network says: the best score of each of `PARTS`, and the boxes."""

    best: tuple[float, ...]
    boxes: tuple[Part, ...]

    def score(self, *names: str) -> float:
        """The best score in [0, 1] of any of the named parts."""
        return max(self.best[PARTS.index(name)] for name in names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """What the inner layers of the network saw in a picture, as far as one run has come.

    `maps` are those of `LAYERS`, (channels, rows, columns), each over the whole `canvas`, (height,
    width) in pixels. The `picture`, (height, width) in its own pixels, lies in the canvas `scale`
    times as large, its upper left at `corner` (x, y).
    """

    maps: tuple[Map, ...]
    canvas: tuple[int, int]
    picture: tuple[int, int]
    corner: tuple[int, int]
    scale: float


def find_parts(rgb: RgbImage, *, side_px: int = 320, share: float = 1.0) -> Parts:
    """Look for parts of a body in a picture ``(H, W, 3) uint8``.

    Args:
        rgb: The picture.
        side_px: Length of the canvas's longer side.
        share: How much of it the picture takes, in (0, 1]; the rest is a black margin around it.

    Raises:
        MissingDependencyError: If ``nudenet`` or its file of weights is not installed.
        ValueError: If the picture is empty.
    """
    return read_parts(look(rgb, side_px=side_px, share=share))


def look(rgb: RgbImage, *, side_px: int = PLAIN_SIDE_PX, share: float = 1.0) -> Glance:
    """Return what the inner layers see in a picture; arguments and errors as for `find_parts`."""
    canvas, corner, scale = _canvas_of(rgb, side_px, share)
    blob = canvas.transpose(2, 0, 1)[None].astype(np.float32)
    blob *= 1 / 255
    maps = _sessions()[0].run(list(LAYERS), {_PICTURE: blob})
    return Glance(
        maps=tuple(found[0] for found in maps),
        canvas=(canvas.shape[0], canvas.shape[1]),
        picture=(rgb.shape[0], rgb.shape[1]),
        corner=corner,
        scale=scale,
    )


def read_parts(seen: Glance) -> Parts:
    """Return what the network says of parts of a body, from what its inner layers saw."""
    maps = {name: cells[None] for name, cells in zip(LAYERS, seen.maps, strict=True)}
    (answers,) = _sessions()[1].run([_ANSWERS], maps)
    height, width = seen.picture
    return Parts(
        best=tuple(float(best) for best in answers[0][4:].max(axis=1)),
        boxes=_boxes(answers[0], seen.corner, seen.scale, (width, height)),
    )


def _canvas_of(
    rgb: RgbImage, side_px: int, share: float
) -> tuple[RgbImage, tuple[int, int], float]:
    """The canvas, where on it (x, y) the picture begins, and how much it was scaled."""
    height, width = rgb.shape[:2]
    if min(height, width) == 0:
        raise ValueError(f"a picture of {width} x {height} pixels shows no parts")
    scale = side_px * share / max(height, width)
    small_w, small_h = max(1, round(width * scale)), max(1, round(height * scale))
    mode = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    canvas = np.zeros((_grid(small_h / share), _grid(small_w / share), 3), np.uint8)
    left = 0 if share == 1.0 else (canvas.shape[1] - small_w) // 2
    top = 0 if share == 1.0 else (canvas.shape[0] - small_h) // 2
    canvas[top : top + small_h, left : left + small_w] = cv2.resize(
        rgb, (small_w, small_h), interpolation=mode
    )
    return canvas, (left, top), scale


def _boxes(
    answers: NDArray[np.float32],
    corner: tuple[int, int],
    scale: float,
    size: tuple[int, int],
) -> tuple[Part, ...]:
    """The boxes of the picture, best first, overlapping ones of the same class merged."""
    scores = answers[4:]
    found: list[Part] = []
    for row in np.flatnonzero(scores.max(axis=1) >= _BOX_MIN):
        columns = np.flatnonzero(scores[row] >= _BOX_MIN)
        x, y, w, h = answers[:4, columns].astype(float)
        x0, y0 = (x - w / 2 - corner[0]) / scale, (y - h / 2 - corner[1]) / scale
        rectangles = np.stack([x0, y0, w / scale, h / scale], axis=1)
        kept = cv2.dnn.NMSBoxes(
            rectangles.tolist(), scores[row, columns].tolist(), _BOX_MIN, _SAME_BOX_IOU
        )
        for index in np.asarray(kept).reshape(-1):
            left, top, wide, high = rectangles[index]
            found.append(
                Part(
                    name=PARTS[row],
                    score=float(scores[row, columns[index]]),
                    box=(
                        min(max(round(left), 0), size[0]),
                        min(max(round(top), 0), size[1]),
                        min(max(round(left + wide), 0), size[0]),
                        min(max(round(top + high), 0), size[1]),
                    ),
                )
            )
    return tuple(sorted(found, key=lambda part: (-part.score, part.name, part.box)))


def _grid(length: float) -> int:
    return max(_MIN_CANVAS_PX, -(-round(length) // _STRIDE_PX) * _STRIDE_PX)


@cache
def _sessions() -> tuple[Any, Any]:
    """The network up to `LAYERS` and from there on.

    Each runs on one thread, so that a picture's scores do not depend on the machine's load.
    """
    spec = importlib.util.find_spec("nudenet")
    if spec is None or spec.origin is None:
        raise MissingDependencyError(
            "the detector of faces and body parts is not installed; run: pip install nudenet"
        )
    import onnx
    import onnx.utils
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    try:
        network = onnx.utils.Extractor(onnx.load(str(Path(spec.origin).with_name("320n.onnx"))))
        first = network.extract_model([_PICTURE], list(LAYERS))
        rest = network.extract_model(list(LAYERS), [_ANSWERS])
        return tuple(
            onnxruntime.InferenceSession(
                part.SerializeToString(), options, providers=["CPUExecutionProvider"]
            )
            for part in (first, rest)
        )
    except Exception as error:  # onnxruntime's own errors share no base class
        if is_out_of_memory(error):
            raise MemoryError(str(error)) from None
        raise MissingDependencyError(
            f"the weights of nudenet cannot be loaded ({error}); install it anew: "
            "pip install --force-reinstall nudenet"
        ) from error
