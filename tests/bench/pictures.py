"""Pictures a second on one core, by stage, over a folder of pictures.

usage: python tests/bench/pictures.py DIR [--most N]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import cv2

from mmskin_build.images.bodyparts import look, read_parts
from mmskin_build.images.classify import find_pictures
from mmskin_build.images.description import describe_picture
from mmskin_build.images.embedding import extract_embedding
from mmskin_build.images.features import extract_features
from mmskin_build.images.kinds import classify_kind
from mmskin_build.images.read import Picture, read_picture, working_copy
from mmskin_build.images.screen import screen_picture
from mmskin_build.store import pixel_digest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--most", type=int, default=100)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    files = find_pictures([args.folder])
    files = files[:: max(1, len(files) // args.most)]
    read = [read_picture(file.path) for file in files]
    pictures = [found.rgb for found in read if isinstance(found, Picture)]
    small = [working_copy(rgb) for rgb in pictures]
    seen = [look(rgb) for rgb in pictures]
    features = [describe_picture(rgb) for rgb in small]
    classify_kind(features[0])  # the model is read once
    stages: dict[str, Callable[[int], object]] = {
        "read": lambda i: read_picture(files[i].path),
        "digest": lambda i: pixel_digest(pictures[i]),
        "working copy": lambda i: working_copy(pictures[i]),
        "features": lambda i: extract_features(small[i]),
        "network, inner layers": lambda i: look(pictures[i]),
        "network, parts of a body": lambda i: read_parts(seen[i]),
        "embedding": lambda i: extract_embedding(small[i], seen[i]),
        "kinds": lambda i: classify_kind(features[i]),
        "screen (all after reading)": lambda i: screen_picture(pictures[i]),
    }
    print(f"{len(pictures)} pictures; processor time of one core")
    for name, stage in stages.items():
        start = time.process_time()
        for index in range(len(pictures)):
            stage(index)
        each = (time.process_time() - start) / len(pictures)
        print(f"{name:28s} {each * 1000:8.2f} ms {1 / max(each, 1e-9):10.0f} pictures/s")


if __name__ == "__main__":
    main()
