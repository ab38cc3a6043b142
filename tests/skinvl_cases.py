"""Pictures, conversations and models in small for the tests of `skinvl`; needs the extra."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra 'train' is not installed")

import torch
from PIL import Image

from mmskin_build.config import Config, TrainConfig, Workspace
from mmskin_build.skinvl.model import ModelFolder, read_model_folder
from mmskin_build.skinvl.run import Run, prepare_run
from mmskin_build.skinvl.tiny import write_tiny_model

torch.set_num_threads(1)

# Words of our own; each picture has other answers to the same questions.
TALKS: tuple[tuple[tuple[str, str], ...], ...] = (
    (("What is shown?", "A red scaly plaque."), ("How old is the patient?", "34 years old.")),
    (("What is shown?", "A pearly nodule."), ("Which sex is told?", "The patient is male.")),
    (("What is shown?", "Nests of basaloid cells."),),
    (("How old is the patient?", "An infant."), ("Where is it?", "On the elbow."))
    + (("What is shown?", "A brown macule with a network."),),
)


def write_pictures(folder: Path, count: int) -> list[Path]:
    """Write drawn pictures of several shapes, each with colors of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(count):
        dice = np.random.default_rng(number)
        rgb = np.zeros((40, 28 + 9 * number, 3), np.uint8)
        rgb[...] = dice.integers(0, 255, 3)
        rgb[6:24, 4:20] = dice.integers(0, 255, 3)
        paths.append(folder / f"p{number}.png")
        Image.fromarray(rgb).save(paths[-1])
    return paths


def entry(number: int, turns: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    """One conversation in LLaVA's form."""
    talk: list[dict[str, str]] = []
    for question, answer in turns:
        head = "" if talk else "<image>\n"
        talk += [{"from": "human", "value": head + question}, {"from": "gpt", "value": answer}]
    return {"id": f"e{number}", "image": f"p{number}.png", "conversations": talk}


def write_examples(folder: Path, talks: tuple[tuple[tuple[str, str], ...], ...] = TALKS) -> Path:
    """Write pictures and a file of conversations on them."""
    write_pictures(folder, len(talks))
    path = folder / "vqa.json"
    path.write_text(json.dumps([entry(number, turns) for number, turns in enumerate(talks)]))
    return path


def tiny_folder(folder: Path) -> ModelFolder:
    """A tiny model, made once."""
    return read_model_folder(write_tiny_model(folder / "tiny"))


def make_run(folder: Path, out: str = "run", data: Path | None = None, **settings: Any) -> Run:
    """A run of the tiny model on `TALKS`, or on the examples of `data`."""
    usual = {"workers": 0, "batch": 6, "epochs": 10, "checkpoint_steps": 4}
    cfg = Config(train=TrainConfig(**{**usual, **settings}))
    file = data if data is not None else folder / "examples" / "vqa.json"
    if not file.exists():
        write_examples(file.parent)
    workspace = Workspace(folder / "data")
    return prepare_run("mm", cfg, workspace, model="tiny", data=[file], out=folder / "runs" / out)


def with_cfg(run: Run, **settings: Any) -> Run:
    """The same run with other settings of the loop."""
    return dataclasses.replace(run, cfg=dataclasses.replace(run.cfg, **settings))
