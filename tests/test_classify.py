"""`mmskin classify`: one line a picture, whole or not at all, whatever lies in the folder."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image

from mmskin_build.cli import run
from mmskin_build.config import ImagesConfig, PrivacyConfig
from mmskin_build.dataset.judge import judge_picture
from mmskin_build.errors import EXIT_PARTIAL, StorageError
from mmskin_build.images import screen
from mmskin_build.images.classify import find_pictures, screen_files
from mmskin_build.images.drawn import draw_nonphoto
from mmskin_build.images.drawn_skin import draw_clinical, draw_dermoscopy
from mmskin_build.images.marks import Mark
from mmskin_build.images.modality import MODALITIES
from mmskin_build.images.screen import screen_picture
from mmskin_build.store import pixel_digest

FIELDS = [
    "file", "sha256", "photo", "sort", "modality", "probabilities", "annotated", "marks", "face",
    "sensitive", "quality", "held", "reasons", "notes", "reject",
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pictures = tmp_path / "pictures"
    (pictures / "deep").mkdir(parents=True)
    rng = np.random.default_rng
    Image.fromarray(draw_dermoscopy(rng(1))).save(pictures / "b.png")
    Image.fromarray(draw_clinical(rng(2))).save(pictures / "deep" / "a.jpg")
    Image.fromarray(draw_nonphoto(rng(3))).save(pictures / "c.webp", lossless=True)
    (pictures / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    (pictures / "empty.jpg").touch()
    (pictures / "notes.txt").write_text("not a picture")
    (pictures / ".hidden.png").write_bytes(b"")
    return pictures


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_each_picture_has_one_line_and_bad_ones_a_reason(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "labels.jsonl"
    assert run(["classify", str(folder), "--out", str(out), "--workers", "1", "-q"]) == EXIT_PARTIAL
    lines = read(out)
    assert [line["file"] for line in lines] == [
        "b.png", "broken.png", "c.webp", "deep/a.jpg", "empty.jpg",
    ]  # fmt: skip
    assert all(list(line) == FIELDS for line in lines)
    good = {line["file"]: line for line in lines if line["reject"] is None}
    assert {line["file"]: line["reject"] for line in lines if line["reject"]} == {
        "broken.png": "not_a_picture",
        "empty.jpg": "file_empty",
    }
    assert good["b.png"]["modality"] == "dermoscopic"
    assert good["deep/a.jpg"]["modality"] == "clinical"
    assert good["c.webp"]["photo"] < 0.5 < good["b.png"]["photo"]
    for line in good.values():
        assert set(line["probabilities"]) == set(MODALITIES)
        assert 0 <= sum(line["probabilities"].values()) <= 1.001
    assert good["b.png"]["sha256"] == pixel_digest(np.asarray(Image.open(folder / "b.png")))


def test_the_result_does_not_depend_on_the_number_of_workers(folder: Path) -> None:
    files = find_pictures([folder])
    assert screen_files(files, workers=1) == screen_files(files, workers=2)


def test_a_killed_run_leaves_no_process_behind(folder: Path, tmp_path: Path) -> None:
    for number in range(60):
        shutil.copy(folder / "b.png", folder / f"more{number}.png")
    command = [sys.executable, "-m", "mmskin_build", "classify", str(folder), "--workers", "1"]
    process = subprocess.Popen([*command, "--quiet", "--out", str(tmp_path / "labels.jsonl")])
    mine = psutil.Process(process.pid)
    children: list[psutil.Process] = []
    while process.poll() is None and len(children) < 2:  # the worker, and who counts semaphores
        children = mine.children(recursive=True)
        time.sleep(0.05)
    assert len(children) >= 2
    process.kill()
    process.wait()
    assert psutil.wait_procs(children, timeout=60)[1] == []


@pytest.mark.parametrize("detector", ["find_marks", "find_sensitive", "assess_quality"])
def test_a_detector_that_raises_holds_the_picture_and_the_others_go_on(
    detector: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raises(*args: object, **kwargs: object) -> None:
        raise RuntimeError("no weights")

    rgb = draw_clinical(np.random.default_rng(4))
    sound = screen_picture(rgb)
    assert sound.failed == ()
    monkeypatch.setattr(screen, detector, raises)
    found = screen_picture(rgb)
    assert len(found.failed) == 1
    assert found.modality == sound.modality
    assert "detector_failed" in judge_picture(found, ImagesConfig(), PrivacyConfig()).held


def test_words_of_the_caption_make_a_person_look(folder: Path) -> None:
    rgb = draw_clinical(np.random.default_rng(4))
    told = screen_picture(rgb, hints=("genitals",))
    assert "genitals" in judge_picture(told, ImagesConfig(), PrivacyConfig()).held
    kept = PrivacyConfig(genitals="keep")
    assert "genitals" not in judge_picture(told, ImagesConfig(), kept).held


def test_what_a_page_paints_over_a_picture_is_a_mark(folder: Path) -> None:
    rgb = draw_clinical(np.random.default_rng(4))
    arrow = Mark(kind="arrow", box=(10, 10, 60, 40), score=1.0)
    found = screen_picture(rgb, painted=(arrow,))
    assert found.marks[0] == arrow
    assert "annotated_major" in judge_picture(found, ImagesConfig(), PrivacyConfig()).held


def test_files_named_twice_or_alike_are_each_told_once(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    Image.new("RGB", (20, 20)).save(other / "b.png")
    names = [file.name for file in find_pictures([folder, other, other / "b.png"])]
    assert len(names) == len(set(names)) == 6
    with pytest.raises(StorageError, match="no such"):
        find_pictures([tmp_path / "missing"])


def test_a_bad_model_file_ends_the_run_and_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    model, out = tmp_path / "model.json", tmp_path / "labels.jsonl"
    model.write_text('{"form": 99}')
    assert run(["classify", str(folder), "--out", str(out), "--model", str(model), "-q"]) == 8
    assert not out.exists()
