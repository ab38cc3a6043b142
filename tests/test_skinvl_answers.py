"""A trained model reproduces what it learned, merged and unmerged, in batches and one by one."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("skinvl_cases", reason="the extra 'train' is not installed")

import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file
from transformers import LlavaForConditionalGeneration

from mmskin_build.config import GenerateConfig
from mmskin_build.errors import ModelError, StorageError
from mmskin_build.skinvl import generate as generate_module
from mmskin_build.skinvl.generate import (
    Asked,
    answer_questions,
    load_answerer,
    read_answers,
)
from mmskin_build.skinvl.layout import PROJECTOR
from mmskin_build.skinvl.lora import ADAPTER, apply_adapters, open_adapter
from mmskin_build.skinvl.merge import merge_adapters
from mmskin_build.skinvl.model import load_model
from mmskin_build.skinvl.tiny import write_tiny_model
from mmskin_build.skinvl.train import Trained, train
from skinvl_cases import TALKS, make_run

SHORT = GenerateConfig(max_new_tokens=32, batch=8)


@dataclass(frozen=True)
class Case:
    """A run that has learned `TALKS`."""

    base: Path
    done: Trained
    asked: tuple[Asked, ...]
    answers: tuple[str, ...]


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    folder = tmp_path_factory.mktemp("answers")
    run = make_run(folder, epochs=40, checkpoint_steps=1000)
    asked = tuple(
        Asked(id=f"e{n}#{at}", image=str(folder / "examples" / f"p{n}.png"), question=question)
        for n, turns in enumerate(TALKS)
        for at, (question, _) in enumerate(turns)
    )
    answers = tuple(answer for turns in TALKS for _, answer in turns)
    return Case(base=run.model.folder, done=train(run), asked=asked, answers=answers)


def test_the_loss_falls_and_the_answers_are_the_trained_ones(case: Case) -> None:
    assert case.done.last_loss < 0.05 * case.done.first_loss
    answerer = load_answerer(case.base, adapter=case.done.adapter)
    found = answer_questions(answerer, case.asked, SHORT)
    assert tuple(item.answer for item in found) == case.answers
    # The same question has other answers on other pictures, so the pictures were seen.
    same = {item.answer for item in found if item.question == "What is shown?"}
    assert len(same) == len(TALKS)


def test_batches_do_not_change_answers(case: Case) -> None:
    answerer = load_answerer(case.base, adapter=case.done.adapter)
    one = answer_questions(answerer, case.asked, GenerateConfig(max_new_tokens=32, batch=1))
    assert one == answer_questions(answerer, case.asked, SHORT)


def test_upstreams_sampling_is_the_same_each_time(case: Case) -> None:
    answerer = load_answerer(case.base, adapter=case.done.adapter)
    cfg = GenerateConfig(decoding="upstream", max_new_tokens=24)
    first = answer_questions(answerer, case.asked[:2], cfg)
    torch.manual_seed(99)
    assert answer_questions(answerer, case.asked[:2], cfg) == first


def test_a_stopped_run_of_questions_goes_on_line_by_line(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answerer = load_answerer(case.base, adapter=case.done.adapter)
    cfg = GenerateConfig(max_new_tokens=32, batch=2)
    whole, made = generate_module._generate, [0]

    def count(*args: Any) -> list[str]:
        made[0] += 1
        if made[0] == 3:
            raise KeyboardInterrupt
        return whole(*args)

    monkeypatch.setattr(generate_module, "_generate", count)
    out = tmp_path / "answers.jsonl"
    with pytest.raises(KeyboardInterrupt):
        answer_questions(answerer, case.asked, cfg, out=out)
    partial = tmp_path / ".answers.jsonl.partial"
    assert not out.exists()
    partial.write_bytes(partial.read_bytes()[:-5])  # a crash in the middle of a line
    seen: list[int] = []
    found = answer_questions(
        answerer, case.asked, cfg, out=out, tell=lambda done, total: seen.append(done)
    )
    assert seen[0] == 3 and read_answers(out) == found and not partial.exists()
    assert tuple(item.answer for item in found) == case.answers


def test_answers_of_another_model_are_not_gone_on_from(case: Case, tmp_path: Path) -> None:
    answerer = load_answerer(case.base, adapter=case.done.adapter)
    out = tmp_path / "answers.jsonl"
    (tmp_path / ".answers.jsonl.partial").write_text('{"key":"x","number":0,"answer":"Lie."}\n')
    assert answer_questions(answerer, case.asked[:1], SHORT, out=out)[0].answer != "Lie."


# ------------------------------------------------------------------------------- merging


def test_a_merged_model_is_the_unmerged_one(case: Case, tmp_path: Path) -> None:
    merged = merge_adapters(case.base, [(case.done.adapter, 1.0)], tmp_path / "merged")
    assert merged.logit_difference is not None and merged.logit_difference < 1e-4
    answerer = load_answerer(tmp_path / "merged")
    found = answer_questions(answerer, case.asked, SHORT)
    assert tuple(item.answer for item in found) == case.answers
    # Against peft's own merge, tensor by tensor.
    base = LlavaForConditionalGeneration.from_pretrained(case.base)
    plain = PeftModel.from_pretrained(base, case.done.adapter).merge_and_unload().state_dict()
    plain.update(load_file(case.done.adapter / "projector.safetensors"))
    ours = LlavaForConditionalGeneration.from_pretrained(tmp_path / "merged").state_dict()
    assert ours.keys() == plain.keys()
    for name, tensor in plain.items():
        assert torch.allclose(ours[name], tensor, atol=1e-5), name
    card = (tmp_path / "merged" / "README.md").read_text()
    assert "train.lora_rank | 16" in card and "data_digest" in card and merged.base in card


def test_several_adapters_are_added_with_their_weights(case: Case, tmp_path: Path) -> None:
    halves = [(case.done.adapter, 0.5), (case.done.adapter, 0.5)]
    merge_adapters(case.base, halves, tmp_path / "halves")
    merge_adapters(case.base, [(case.done.adapter, 1.0)], tmp_path / "whole")
    merge_adapters(case.base, [(case.done.adapter, 0.0)], tmp_path / "none")
    states = {
        name: LlavaForConditionalGeneration.from_pretrained(path).state_dict()
        for name, path in (
            ("base", case.base), ("halves", tmp_path / "halves"),
            ("whole", tmp_path / "whole"), ("none", tmp_path / "none"),
        )
    }  # fmt: skip
    for name, tensor in states["base"].items():
        assert torch.allclose(states["halves"][name], states["whole"][name], atol=1e-6)
        assert torch.equal(states["none"][name], tensor)
    assert not torch.equal(
        states["whole"][PROJECTOR + "linear_1.weight"],
        states["base"][PROJECTOR + "linear_1.weight"],
    )


def test_dare_drops_a_share_and_keeps_the_mean(case: Case, tmp_path: Path) -> None:
    merge_adapters(case.base, [(case.done.adapter, 1.0)], tmp_path / "linear", check=False)
    for name in ("first", "again"):
        merge_adapters(case.base, [(case.done.adapter, 1.0)], tmp_path / name, dare=0.5, seed=4)
    key = "model.language_model.layers.1.mlp.up_proj.weight"
    base, linear, first, again = (
        LlavaForConditionalGeneration.from_pretrained(path).state_dict()[key]
        for path in (case.base, tmp_path / "linear", tmp_path / "first", tmp_path / "again")
    )
    assert torch.equal(first, again)
    moved = first - base
    kept = moved != 0
    assert 0.4 < float(kept.float().mean()) < 0.6
    assert torch.allclose(moved[kept], 2 * (linear - base)[kept], atol=1e-5)


def test_a_merge_in_bf16_rounds_once(case: Case, tmp_path: Path) -> None:
    half = tmp_path / "half"
    shutil.copytree(case.base, half)
    for file in half.glob("model-*.safetensors"):
        save_file(
            {name: t.bfloat16() for name, t in load_file(file).items()}, file, {"format": "pt"}
        )
    settings = json.loads((half / "config.json").read_text())
    (half / "config.json").write_text(json.dumps({**settings, "dtype": "bfloat16"}))
    adapter = tmp_path / "adapter"
    shutil.copytree(case.done.adapter, adapter)
    (adapter / "meta.json").unlink()  # it names the float32 base
    merge_adapters(half, [(adapter, 1.0)], tmp_path / "merged")
    opened = open_adapter(adapter, None)
    key = "model.language_model.layers.0.self_attn.q_proj"
    down, up = (opened.tensors[f"base_model.model.{key}.lora_{x}.weight"] for x in "AB")
    states = [
        load_model(path, device=torch.device("cpu"), dtype=torch.bfloat16).state_dict()
        for path in (half, tmp_path / "merged")
    ]
    wanted = (states[0][f"{key}.weight"].float() + opened.scale * (up @ down)).bfloat16()
    assert torch.equal(states[1][f"{key}.weight"], wanted)


def test_an_adapter_for_another_base_is_refused(case: Case, tmp_path: Path) -> None:
    other = write_tiny_model(tmp_path / "other", seed=5)
    with pytest.raises(ModelError, match="was trained on the base"):
        merge_adapters(other, [(case.done.adapter, 1.0)], tmp_path / "out")
    with pytest.raises(ModelError, match="was trained on the base"):
        load_answerer(other, adapter=case.done.adapter)
    assert not (tmp_path / "out").exists()


def test_an_adapter_that_does_not_fit_is_refused_by_name(case: Case, tmp_path: Path) -> None:
    adapter = tmp_path / "adapter"
    shutil.copytree(case.done.adapter, adapter)
    tensors = load_file(adapter / ADAPTER)
    name = sorted(tensors)[0]
    extra = name.replace("layers.0", "layers.7")
    save_file({**tensors, extra: tensors[name].clone()}, adapter / ADAPTER)
    with pytest.raises(ModelError, match=extra):
        merge_adapters(case.base, [(adapter, 1.0)], tmp_path / "out")
    save_file({**tensors, name: torch.zeros(16, 7)}, adapter / ADAPTER)
    with pytest.raises(ModelError, match=r"makes .* the base has"):
        merge_adapters(case.base, [(adapter, 1.0)], tmp_path / "out")
    (adapter / ADAPTER).write_bytes(b"\x10")
    with pytest.raises(ModelError, match="cannot be read"):
        merge_adapters(case.base, [(adapter, 1.0)], tmp_path / "out")
    (adapter / "adapter_config.json").write_text('{"peft_type": "LORA", "use_dora": true}')
    with pytest.raises(ModelError, match="no plain LoRA adapter"):
        merge_adapters(case.base, [(adapter, 1.0)], tmp_path / "out")
    assert list(tmp_path.glob(".out*")) == []
    with pytest.raises(StorageError, match="exists already"):
        merge_adapters(case.base, [(case.done.adapter, 1.0)], case.base)


def test_a_merge_that_went_wrong_is_not_kept(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mmskin_build.skinvl import merge as merge_module

    whole = merge_module._merge_tensor

    def wrong(name: str, *args: Any) -> torch.Tensor:
        merged = whole(name, *args)
        return merged * 1.5 if "layers.1.mlp.up_proj" in name else merged

    monkeypatch.setattr(merge_module, "_merge_tensor", wrong)
    with pytest.raises(ModelError, match="logits differ"):
        merge_adapters(case.base, [(case.done.adapter, 1.0)], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_adapters_with_other_names_of_the_base_are_merged_too(case: Case, tmp_path: Path) -> None:
    """A folder saved by transformers itself has older names; the merge keeps and finds them."""
    saved = tmp_path / "saved"
    shutil.copytree(case.base, saved)
    for file in saved.glob("model*"):
        file.unlink()
    loaded = LlavaForConditionalGeneration.from_pretrained(case.base)
    model = LlavaForConditionalGeneration(loaded.config)  # one that remembers no names
    model.load_state_dict(loaded.state_dict())
    model.save_pretrained(saved)
    (name,) = (path for path in saved.glob("*.safetensors"))
    assert not set(load_file(name)) & set(model.state_dict())  # other names indeed
    adapter = tmp_path / "adapter"
    shutil.copytree(case.done.adapter, adapter)
    (adapter / "meta.json").unlink()
    merge_adapters(saved, [(adapter, 1.0)], tmp_path / "a")
    merge_adapters(case.base, [(adapter, 1.0)], tmp_path / "b")
    first, second = (
        LlavaForConditionalGeneration.from_pretrained(tmp_path / x).state_dict() for x in "ab"
    )
    assert all(torch.equal(first[name], tensor) for name, tensor in second.items())


def test_weights_of_adapters_are_those_of_peft(case: Case) -> None:
    """Unmerged adapters with weights add up, as the merge is compared with."""
    opened = open_adapter(case.done.adapter, None)
    device = torch.device("cpu")
    ids = torch.tensor([[1, 40, 50, 60]])
    found = []
    for weights in ((1.0,), (0.25, 0.75)):
        model = load_model(case.base, device=device, dtype=torch.float32)
        adapted = apply_adapters(model, [(opened, weight) for weight in weights]).eval()
        found.append(adapted(input_ids=ids).logits)
    assert torch.allclose(found[0], found[1], atol=1e-4)


def test_a_model_is_asked_as_its_preset_says(tmp_path: Path) -> None:
    """Upstream's mismatch survives training and merging, and only where it was asked for."""
    for preset, wanted in (
        ("one-convention", ("mistral_instruct", "pad")),
        ("upstream-parity", ("mistral_instruct", "crop")),
    ):
        run = make_run(tmp_path, preset, preset=preset, epochs=1)
        done = train(run)
        merged = tmp_path / f"{preset}-merged"
        merge_adapters(run.model.folder, [(done.adapter, 1.0)], merged, check=False)
        for answerer in (
            load_answerer(run.model.folder, adapter=done.adapter),
            load_answerer(merged),
        ):
            assert (answerer.template, answerer.geometry) == wanted
    other = make_run(tmp_path, "v1", template="v1", epochs=1)
    adapters = [
        (tmp_path / "runs" / "one-convention" / "adapter", 0.5),
        (train(other).adapter, 0.5),
    ]
    with pytest.raises(ModelError, match="different conventions"):
        merge_adapters(other.model.folder, adapters, tmp_path / "mixed", check=False)
