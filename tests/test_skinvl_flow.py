"""The flow trains, merges and evaluates as the commands do, one after the other at the GPU."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("skinvl_cases", reason="the extra 'train' is not installed")

from mmskin_build.cli import run
from mmskin_build.dataset.released import read_manifest, released_versions
from skinvl_cases import write_examples
from tiny_books import KEEP_EVERYTHING, draw_book, write_settings

_RUN = """
import json, sys
from pathlib import Path
from mmskin_build.flows.environment import prepare
data = Path(sys.argv[1])
prepare(data / "work")
from mmskin_build.flows.train_skinvl import run_training
from mmskin_build.config import Workspace, load_config
for made in run_training(
    Workspace(data), load_config(Path(sys.argv[2])), sys.argv[3], "tiny"
):
    print(made)
"""


@pytest.mark.slow
def test_the_flow_fine_tunes_and_merges_and_does_nothing_twice(tmp_path: Path) -> None:
    examples = write_examples(tmp_path / "examples")
    settings = tmp_path / "mmskin.toml"
    settings.write_text(
        f"[train]\nworkers = 0\nepochs = 4\npublic_data = [{json.dumps(str(examples))}]\n"
    )
    command = [sys.executable, "-c", _RUN, str(tmp_path / "data"), str(settings), "pub"]
    env = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}
    made = []
    for _ in range(2):
        done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=300)
        assert done.returncode == 0, done.stderr
        merged = Path(done.stdout.strip().splitlines()[-2])
        made.append({path.name: path.stat().st_mtime_ns for path in merged.iterdir()})
    assert merged.name == "skinvl-pub-merged" and made[0] == made[1]
    assert {"config.json", "README.md", "skinvl.json"} <= made[0].keys()
    report = Path(done.stdout.strip().splitlines()[-1])
    assert report == tmp_path / "data" / "evaluations" / merged.name / "index.html"
    assert report.is_file()  # of no set, since there is none


@pytest.mark.slow
def test_the_flow_asks_about_the_last_build_and_releases_it_first(tmp_path: Path) -> None:
    train = {"workers": 0, "epochs": 2}
    settings = write_settings(tmp_path / "mmskin.toml", {**KEEP_EVERYTHING, "train": train})
    data = tmp_path / "data"
    where = ["--data", str(data), "--config", str(settings), "--quiet"]
    draw_book(tmp_path / "book.pdf")
    assert run(["books", "add", str(tmp_path / "book.pdf"), "--id", "bk1", *where[:4]]) == 0
    assert run(["build", *where]) == 0
    command = [sys.executable, "-c", _RUN, str(data), str(settings), "mm"]
    env = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}
    for _ in range(2):  # the second time there is nothing to release
        done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=300)
        assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip().splitlines()[-2]).name == "skinvl-mm-merged"
    # All pictures of the book are noise of one kind, which leaves nothing to tell apart.
    report = Path(done.stdout.strip().splitlines()[-1]).read_text("utf-8")
    assert "not done: mm-skin-supervised" in report and "mm-skin: zero-shot, likelihood" in report
    releases = data / "releases" / "mm-skin"
    assert released_versions(releases) == ["1.0.0"]
    assert read_manifest(releases / "1.0.0").subsets["MM-Skin-O"].entries > 0
