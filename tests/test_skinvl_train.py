"""Training learns, goes on to the bit, and stops or turns back where something is wrong."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("skinvl_cases", reason="the extra 'train' is not installed")

import torch
from safetensors.torch import load_file

from mmskin_build.config import Config, TrainConfig, Workspace
from mmskin_build.errors import ConfigError, ModelError, TrainingError, TrainingStopped
from mmskin_build.skinvl import trainer as trainer_module
from mmskin_build.skinvl.guard import LossGuard
from mmskin_build.skinvl.journal import read_log
from mmskin_build.skinvl.optimizer import learning_rate_share
from mmskin_build.skinvl.plan import make_plan, micro_batches
from mmskin_build.skinvl.run import Run, prepare_run
from mmskin_build.skinvl.state import (
    OPTIMIZER,
    find_checkpoints,
    read_checkpoint,
    truncate_log,
)
from mmskin_build.skinvl.train import train
from skinvl_cases import entry, make_run, with_cfg, write_examples

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder with the tiny model and the examples; each test has a run of its own."""
    return tmp_path_factory.mktemp("train")


def final_bytes(run: Run) -> bytes:
    last = find_checkpoints(run.out / "checkpoints")[0]
    names = ("adapter_model.safetensors", "projector.safetensors", OPTIMIZER)
    return b"".join((last / name).read_bytes() for name in names)


def stop_after(step: int) -> Callable[[dict[str, Any]], None]:
    def report(entry: dict[str, Any]) -> None:
        if entry["step"] == step:
            os.kill(os.getpid(), signal.SIGTERM)

    return report


# ------------------------------------------------------------------------------- going on


def test_a_run_that_was_stopped_and_goes_on_ends_with_the_same_bits(folder: Path) -> None:
    settings = {"lora_dropout": 0.1, "epochs": 6}
    whole = make_run(folder, "whole", **settings)
    train(whole)
    run = make_run(folder, "stopped", **settings)
    for step in (3, 7):
        with pytest.raises(TrainingStopped, match=r"--resume goes on") as stopped:
            # The signal arrives after the step that it is reported with is checked: one more.
            train(run, resume=True, report=stop_after(step))
        assert stopped.value.exit_code == 75
        assert find_checkpoints(run.out / "checkpoints")[0].name == f"step_{step + 1:06d}"
    done = train(run, resume=True)
    assert final_bytes(run) == final_bytes(whole)
    assert [e["step"] for e in read_log(run.out)] == list(range(1, done.steps + 1))
    assert [e["loss"] for e in read_log(run.out)] == [e["loss"] for e in read_log(whole.out)]
    assert train(run, resume=True).steps == done.steps  # finished already: nothing changes
    assert final_bytes(run) == final_bytes(whole)


@pytest.mark.slow
def test_a_run_killed_at_any_step_ends_with_the_same_bits(tmp_path: Path) -> None:
    """Killed after steps 2 and 9, and in the middle of writing a checkpoint."""
    done = subprocess.run(
        [sys.executable, TESTS / "skinvl_kill.py", tmp_path, "2", "-2", "9"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(TESTS), "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    whole, killed = done.stdout.split()
    assert whole == killed


def test_a_damaged_checkpoint_is_not_gone_on_from(folder: Path) -> None:
    run = make_run(folder, "damaged", epochs=4)
    whole = train(run)
    kept = final_bytes(run)
    newest = find_checkpoints(run.out / "checkpoints")[0]
    file = newest / OPTIMIZER
    file.write_bytes(file.read_bytes()[:-8])
    with pytest.raises(ModelError, match="not the file that was written"):
        read_checkpoint(newest)
    said: list[str] = []
    assert train(run, resume=True, say=said.append).steps == whole.steps
    assert "trying the checkpoint before it" in said[0]
    assert final_bytes(run) == kept


def test_a_checkpoint_that_is_not_whole_is_not_seen(folder: Path) -> None:
    run = make_run(folder, "half", epochs=2)
    train(run)
    newest = find_checkpoints(run.out / "checkpoints")[0]
    (newest / "meta.json").unlink()
    assert newest not in find_checkpoints(run.out / "checkpoints")


def test_a_run_goes_on_only_as_the_same_run(folder: Path) -> None:
    run = make_run(folder, "same", epochs=2)
    train(run)
    with pytest.raises(TrainingError, match="holds a run already"):
        train(run)
    with pytest.raises(TrainingError, match="other data or settings"):
        train(make_run(folder, "same", epochs=2, learning_rate=0.5), resume=True)
    with pytest.raises(TrainingError, match="another base model"):
        train(dataclasses.replace(run, base="0" * 64), resume=True)


def test_the_last_checkpoints_and_the_best_are_kept(folder: Path) -> None:
    run = make_run(folder, "kept", epochs=6, checkpoint_steps=2, keep_last=2)
    done = train(run)
    steps = {int(path.name[5:]) for path in find_checkpoints(run.out / "checkpoints")}
    last = {len(run.steps), (len(run.steps) - 1) // 2 * 2}
    assert last <= steps and steps <= last | {done.best_step}


# ------------------------------------------------------------------------------- equal work


def test_rows_at_once_and_workers_do_not_change_what_is_learned(folder: Path) -> None:
    one = make_run(folder, "micro1", epochs=3, micro_rows=1)
    many = make_run(folder, "micro9", epochs=3, workers=2)
    assert one.plan.micro_rows == 1 and many.plan.micro_rows > 1
    train(one)
    train(many)
    for first, second in zip(read_log(one.out), read_log(many.out), strict=True):
        assert first["loss"] == pytest.approx(second["loss"], rel=1e-4)


@pytest.mark.slow
def test_two_processes_have_the_losses_of_one(folder: Path) -> None:
    """The launcher's template with CPUs for GPUs, over gloo; uneven steps are part of it."""
    write_examples(folder / "examples")
    (folder / "mmskin.toml").write_text(
        "[train]\nworkers = 0\nbatch = 6\nepochs = 4\nmicro_rows = 1\n"
    )
    template = (ROOT / "data" / "accelerate.template.yaml").read_text(encoding="utf-8")
    cpus = template.replace("MULTI_GPU", "MULTI_CPU").replace("use_cpu: false", "use_cpu: true")
    assert cpus.count("CPU") == 1 and "use_cpu: true" in cpus and "num_processes: 2" in cpus
    (folder / "cpus.yaml").write_text(cpus)
    command = ["-m", "mmskin_build", "train", "--variant", "mm", "--model", "tiny", "--json"]
    command += ["--data-file", str(folder / "examples" / "vqa.json")]
    command += ["--config", str(folder / "mmskin.toml"), "--data", str(folder / "data")]
    launch = ["-m", "accelerate.commands.launch", "--config_file", str(folder / "cpus.yaml")]
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    logs = []
    for name, start in (("single", []), ("double", launch)):
        out = folder / "runs" / name
        subprocess.run(
            [sys.executable, *start, *command, "--out", str(out)],
            check=True,
            capture_output=True,
            env=env,
            timeout=240,
        )
        logs.append([entry["loss"] for entry in read_log(out)])
    assert len(logs[0]) == len(logs[1]) > 3
    assert logs[1] == pytest.approx(logs[0], rel=1e-5)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch compiles with g++")
def test_compiled_layers_learn_what_plain_ones_learn(folder: Path) -> None:
    plain = make_run(folder, "plain", epochs=2, compile="off", lora_dropout=0.0)
    compiled = make_run(folder, "compiled", epochs=2, compile="on", lora_dropout=0.0)
    assert compiled.plan.compiled and not plain.plan.compiled
    train(plain)
    train(compiled)
    for first, second in zip(read_log(plain.out), read_log(compiled.out), strict=True):
        assert first["loss"] == pytest.approx(second["loss"], rel=1e-5)


def test_all_processes_get_equally_many_micro_batches() -> None:
    for rows in range(1, 9):
        parts = [micro_batches(tuple(range(rows)), 2, rank, 3) for rank in range(3)]
        assert len({len(part) for part in parts}) == 1
        real = [at for part in parts for _, step in part if step for at in step]
        assert sorted(real) == list(range(rows))
        numbers = [number for part in parts for number, _ in part]
        assert len(numbers) == len(set(numbers))


def test_the_schedule_is_that_of_transformers() -> None:
    from transformers import get_cosine_schedule_with_warmup

    weight = torch.nn.Parameter(torch.ones(1))
    adam = torch.optim.AdamW([weight], lr=1.0)
    schedule = get_cosine_schedule_with_warmup(adam, math.ceil(0.03 * 70), 70)
    for step in range(70):
        assert learning_rate_share(step, 70, 0.03) == pytest.approx(schedule.get_last_lr()[0])
        adam.step()
        schedule.step()


def test_a_step_of_the_optimizer_is_that_of_torch_with_clipping() -> None:
    from mmskin_build.skinvl.optimizer import MasterAdamW

    dice = torch.Generator().manual_seed(0)
    start = torch.randn(5, 4, generator=dice)
    ours, plain = torch.nn.Parameter(start.clone()), torch.nn.Parameter(start.clone())
    cfg = TrainConfig(learning_rate=0.01, weight_decay=0.1)
    optimizer = MasterAdamW({"x": ours}, cfg)
    adam = torch.optim.AdamW([plain], lr=0.01, weight_decay=0.1)
    for _ in range(4):
        gradient = 10 * torch.randn(5, 4, generator=dice)
        ours.grad, plain.grad = gradient.clone() * 8, gradient.clone()
        norm = optimizer.step(1.0, 1 / 8)
        wanted = torch.nn.utils.clip_grad_norm_([plain], 1.0)
        adam.step()
        assert norm == pytest.approx(float(wanted), rel=1e-5)
        assert torch.allclose(ours, plain, atol=1e-7)


# ------------------------------------------------------------------------------- trouble


def spoil(monkeypatch: pytest.MonkeyPatch, steps: set[int], value: float) -> None:
    """Make the loss of some steps what it should not be, however often they are made."""
    whole = trainer_module.Trainer.step

    def step(self: Any, number: int, batches: Any) -> dict[str, Any]:
        if number not in steps:
            return whole(self, number, batches)
        forward = self.loss.forward
        self.loss.forward = lambda **batch: forward(**batch) * value
        try:
            return whole(self, number, batches)
        finally:
            self.loss.forward = forward

    monkeypatch.setattr(trainer_module.Trainer, "step", step)


@pytest.mark.parametrize(("value", "step"), [(math.nan, 5), (math.inf, 0), (1e6, 25)])
def test_a_loss_that_leaps_rolls_back_and_leaves_the_step_out(
    folder: Path, monkeypatch: pytest.MonkeyPatch, value: float, step: int
) -> None:
    spoil(monkeypatch, {step}, value)
    run = make_run(folder, f"leap{step}", epochs=16)
    said: list[str] = []
    done = train(run, say=said.append)
    assert done.rollbacks == 1 and f"step {step + 1}: the loss is" in said[0]
    assert "leaving that step out" in said[0]
    logged = [entry["step"] for entry in read_log(run.out)]
    assert logged == [at + 1 for at in range(len(run.steps)) if at != step]
    assert done.last_loss < done.first_loss


def test_a_loss_that_leaps_again_and_again_stops_the_run(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(monkeypatch, {4, 5, 6, 7}, math.nan)
    with pytest.raises(TrainingError, match=r"stopped after 2 roll backs.*learning_rate"):
        train(make_run(folder, "again", epochs=8))
    with pytest.raises(TrainingError, match="stopped after 0 roll backs"):
        train(make_run(folder, "stop", epochs=8, on_divergence="stop"))


def test_the_guard_knows_a_spike_from_a_start() -> None:
    guard = LossGuard(4.0)
    assert all(guard.judge(loss, 1.0) is None for loss in (9.0, 2.0, 12.0, 0.1))  # too few yet
    guard = LossGuard(4.0, [0.01] * 20)
    assert guard.judge(0.3, 1.0) is None  # small ones may double
    assert "median" in str(guard.judge(0.9, 1.0))
    assert "norm nan" in str(guard.judge(0.01, math.nan))
    assert guard.judge(math.nan, 1.0) == "the loss is nan"


def test_examples_that_cannot_be_used_are_listed_before_anything_is_loaded(
    tmp_path: Path,
) -> None:
    path = write_examples(tmp_path / "examples")
    entries = json.loads(path.read_text())
    entries.append({**entry(9, (("Why?", ""),)), "image": "p0.png"})
    entries.append({**entry(8, (("Why?", "word " * 900),)), "image": "p0.png"})
    path.write_text(json.dumps(entries))
    (path.parent / "p1.png").write_bytes(b"no picture")
    with pytest.raises(TrainingError) as refused:
        make_run(tmp_path)
    for words in ("e9: no_answer", "e1: image_unreadable", "--skip-broken"):
        assert words in str(refused.value)
    path.write_text(json.dumps([e for e in entries if e["id"] not in ("e9", "e1")]))
    with pytest.raises(TrainingError, match=r"e8: row_too_long: \d+ tokens, 2048 are allowed"):
        make_run(tmp_path)
    path.write_text(json.dumps(entries))
    run = make_run(tmp_path, broken_examples="skip", epochs=1)
    assert {problem.id for problem in run.problems} == {"e9", "e1", "e8"}
    train(run)
    left_out = json.loads((run.out / "run.json").read_text())["left_out"]
    assert {problem["reason"] for problem in left_out} == {
        "no_answer",
        "image_unreadable",
        "row_too_long",
    }


def test_nothing_to_learn_from_is_said(tmp_path: Path) -> None:
    path = write_examples(tmp_path / "examples", ())
    with pytest.raises(TrainingError, match="nothing to learn from"):
        make_run(tmp_path, data=path)
    with pytest.raises(ConfigError, match=r"train\.public_data"):
        prepare_run("pub", Config(), Workspace(tmp_path / "data"), model="tiny")


def test_too_little_memory_is_said_before_loading_with_what_would_fit(folder: Path) -> None:
    run = make_run(folder, "memory")
    text = {"hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32}
    config = type(run.model.config)(
        text_config={
            "model_type": "mistral", "vocab_size": 32064, "num_attention_heads": 32,
            "num_key_value_heads": 8, **text,
        },
        vision_config={"model_type": "clip_vision_model"},
    )  # fmt: skip

    def plan(gib: float, **settings: Any) -> Any:
        return make_plan(
            run.rows, run.steps, config, TrainConfig(**settings), device=torch.device("cuda"),
            dtype=torch.bfloat16, free_bytes=int(gib * 2**30), ceiling=785.0,
        )  # fmt: skip

    with pytest.raises(TrainingError, match=r"12\.0 GiB of memory are free, at least .* GiB are"):
        plan(12)
    with pytest.raises(TrainingError, match=r"lora_rank = \d+ .*bf16"):
        plan(17)
    assert plan(20).checkpointing or plan(20).micro_rows >= 1
    assert 15 < plan(79).memory_gib < 79 and not plan(79).checkpointing
    assert plan(79, checkpointing="on").checkpointing


def test_the_work_of_a_question_is_the_measured_one(folder: Path) -> None:
    """20.4 TFLOP a question of 656 tokens in the 7B shape, counted by another program."""
    from mmskin_build.skinvl.plan import Counts, row_flop

    counts = Counts(
        language=32 * (2 * 4096 * 4096 + 2 * 4096 * 1024 + 3 * 4096 * 14336),
        embedding=32064 * 4096,
        adapters=32 * 128 * (2 * 8192 + 2 * 5120 + 3 * 18432),
        projector=1024 * 4096 + 4096 * 4096,
        vision=24 * 12 * 1024**2,
        attention=32 * 4096,
        places=577,
    )
    assert row_flop(656, counts) / 1e12 == pytest.approx(20.4, rel=0.05)


def test_a_torn_log_loses_only_what_is_not_true_any_more(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('{"step": 1, "loss": 2}\n{"step": 2, "loss": 1}\n{"step": 3, "lo')
    truncate_log(path, 1)
    assert path.read_text() == '{"step": 1, "loss": 2}\n'


def test_what_a_run_leaves_behind(folder: Path) -> None:
    run = make_run(folder, "left", epochs=2)
    done = train(run)
    page = done.summary.read_text()
    assert (
        "<polyline" in page and "questions a second" in page and "http" not in page.split("<h1>")[1]
    )
    told = json.loads((run.out / "run.json").read_text())
    assert told["settings"]["lora_rank"] == 16 and told["data_digest"] == run.data_digest
    about = json.loads((done.adapter / "skinvl.json").read_text())
    assert about["base"] == run.base and about["metrics"]["steps"] == done.steps
    assert (done.adapter / "adapter_config.json").is_file()
    assert str(folder) not in (done.adapter / "adapter_config.json").read_text()
    masters = load_file(done.adapter / "adapter_model.safetensors")
    assert all(tensor.dtype == torch.float32 for tensor in masters.values())
    line = read_log(run.out)[-1]
    assert {"loss", "questions_per_second", "mfu", "input_wait_share"} <= line.keys()
    assert any((run.out / "tensorboard").iterdir())


def test_precision_and_projector_are_settings(folder: Path) -> None:
    run = make_run(folder, "bf16", epochs=2, precision="bf16", projector_learning_rate=0.0)
    done = train(with_cfg(run, keep_last=1))
    assert math.isfinite(done.last_loss)
    assert load_file(done.adapter / "projector.safetensors") == {}


def test_the_best_checkpoint_is_chosen_by_validation(folder: Path) -> None:
    run = make_run(folder, "validated", epochs=8, keep_last=1)
    run = dataclasses.replace(run, validation=run.rows[:2])
    done = train(run)
    kept = {path.name for path in find_checkpoints(run.out / "checkpoints")}
    progress, _, _ = read_checkpoint(find_checkpoints(run.out / "checkpoints")[0])
    assert progress.best_loss is not None and progress.best_loss < done.first_loss
    assert f"step_{done.best_step:06d}" in kept
    # Looking at the validation rows changes nothing of what is learned.
    plain = make_run(folder, "unvalidated", epochs=8, keep_last=1)
    train(plain)
    assert final_bytes(plain) == final_bytes(run)
