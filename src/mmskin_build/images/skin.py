"""Tell skin from other things by its color, on all skin tones.

Skin of every tone lies in one narrow band of the red and blue differences (Cr, Cb); tones differ in
lightness (Chai and Ngan, IEEE Trans. Circuits Syst. Video Technol. 9, 1999). The band is widened
here for inflamed, tanned and very dark skin. Wood, brick and tissue on a slide pass, too: the mask
says where skin may be, never that it is a person.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

RgbImage = NDArray[np.uint8]

_SIDE_PX = 128  # the share of skin needs no more
_CR = (130, 190)  # red difference
_CB = (70, 130)  # blue difference
_DARK_MIN = 25  # below this no color is left
_RED_LEAD = 4  # red is above blue, gray is not skin


def find_skin(rgb: RgbImage) -> NDArray[np.bool_]:
    """Return where a picture ``(H, W, 3) uint8`` may show skin, as ``(H, W)``."""
    luma, cr, cb = cv2.split(cv2.cvtColor(rgb, cv2.COLOR_RGB2YCrCb))
    lead = rgb[..., 0].astype(np.int16) - rgb[..., 2]
    found = (cr >= _CR[0]) & (cr <= _CR[1]) & (cb >= _CB[0]) & (cb <= _CB[1])
    return np.asarray(found & (luma >= _DARK_MIN) & (lead >= _RED_LEAD))


def skin_share(rgb: RgbImage) -> float:
    """Return the share of a picture ``(H, W, 3) uint8`` that may be skin, in [0, 1]."""
    scale = min(1.0, _SIDE_PX / max(rgb.shape[:2]))
    size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
    small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    return float(find_skin(small).mean())
