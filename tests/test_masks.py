"""A masked picture takes the place of the original, which leaves no trace in the record."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from builders import make_record
from mmskin_build.dataset.masks import mask_record
from mmskin_build.errors import StorageError
from mmskin_build.store import pixel_digest, to_json


def test_the_region_is_gone_and_the_rest_is_as_it_was(tmp_path: Path) -> None:
    rgb = np.random.default_rng(1).integers(0, 255, (200, 300, 3), dtype=np.uint8)
    original = tmp_path / "original.png"
    cv2.imwrite(str(original), rgb[..., ::-1])
    record = make_record(image_sha256=pixel_digest(rgb))
    masked, made = mask_record(record, [(100, 50, 200, 150)], original, tmp_path / "out")
    after = cv2.imread(str(tmp_path / "out" / f"{masked.image_sha256}.png"))[..., ::-1]
    assert pixel_digest(np.ascontiguousarray(after)) == masked.image_sha256 == made.image_sha256
    assert np.array_equal(after[:, :80], rgb[:, :80])
    assert after[60:140, 110:190].std() < 0.5 * rgb[60:140, 110:190].std()
    assert made.made_from == record.image_sha256
    assert record.image_sha256.encode() not in to_json(masked)
    assert "masked" in {flag.name for flag in masked.flags.sensitive}


def test_a_damaged_original_stops_the_stage(tmp_path: Path) -> None:
    original = tmp_path / "original.png"
    original.write_bytes(b"no picture")
    with pytest.raises(StorageError, match="mmskin build --check"):
        mask_record(make_record(), [(0, 0, 9, 9)], original, tmp_path / "out")
