"""Pictures become what the vision tower reads, the same in training and in asking.

`pad` sets the picture in a square of the processor's mean color, as LLaVA's `expand2square` does,
and resizes that; `crop` resizes the shorter side and cuts the centre out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from transformers import LlavaImageProcessorPil

from mmskin_build.errors import TrainingError
from mmskin_build.images.read import UnreadPicture, read_picture
from mmskin_build.skinvl.conversation import Geometry


def picture_processor(folder: Path, geometry: Geometry) -> Any:
    """Return the processor of a model folder for a geometry."""
    return LlavaImageProcessorPil.from_pretrained(
        folder, do_pad=geometry == "pad", local_files_only=True
    )


def read_pixels(path: Path, processor: Any) -> torch.Tensor:
    """Return a picture file as (3, S, S) float32.

    Raises:
        TrainingError: If the file cannot be decoded; it could when the run began.
    """
    found = read_picture(path)
    if isinstance(found, UnreadPicture):
        raise TrainingError(f"{path}: {found.reason} ({found.detail}); put the picture back")
    return prepare_pixels(found.rgb, processor)


def prepare_pixels(rgb: np.ndarray[Any, np.dtype[np.uint8]], processor: Any) -> torch.Tensor:
    """Return pixels, (H, W, 3) uint8, as (3, S, S) float32."""
    pixels = processor(Image.fromarray(rgb), return_tensors="pt")["pixel_values"]
    return torch.as_tensor(pixels[0], dtype=torch.float32)
