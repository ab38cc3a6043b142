"""Checkpoints of both layouts become folders that transformers loads, exactly or not at all."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

pytest.importorskip("skinvl_cases", reason="the extra 'train' is not installed")

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer, LlavaForConditionalGeneration

from mmskin_build.errors import ModelError, StorageError
from mmskin_build.skinvl.convert import convert_checkpoint
from mmskin_build.skinvl.layout import EMBEDDING, HEAD, VISION, module_name
from mmskin_build.skinvl.model import load_model, read_model_folder
from mmskin_build.skinvl.tiny import Weights, write_tiny_checkpoint, write_tiny_clip
from mmskin_build.skinvl.weights import find_shards, fingerprint, iter_tensors


@pytest.fixture
def published(tmp_path: Path) -> Path:
    write_tiny_checkpoint(tmp_path / "published")
    return tmp_path / "published"


def tensors_of(folder: Path) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = {}
    for file in find_shards(folder).files:
        for name, tensor in iter_tensors(folder / file):
            new = module_name(name)
            assert new is not None
            found[new] = tensor
    return found


def change_shard(folder: Path, number: int, change: dict[str, torch.Tensor | None]) -> None:
    """Put other tensors into a shard and its index; None takes one out."""
    file = folder / f"model-{number:05d}-of-00002.safetensors"
    index_path = folder / "model.safetensors.index.json"
    index = json.loads(index_path.read_text())
    state = load_file(file)
    for name, tensor in change.items():
        if tensor is None:
            state.pop(name)
            index["weight_map"].pop(name)
        else:
            state[name] = tensor
            index["weight_map"][name] = file.name
    save_file(state, file, metadata={"format": "pt"})
    index_path.write_text(json.dumps(index))


@pytest.mark.parametrize("weights", ["safetensors", "bin"])
def test_every_tensor_arrives_as_it_was(tmp_path: Path, weights: Weights) -> None:
    write_tiny_checkpoint(tmp_path / "a", weights=weights)
    done = convert_checkpoint(tmp_path / "a", tmp_path / "b", vision_tower="checkpoint")
    source = tensors_of(tmp_path / "a")
    model, found = LlavaForConditionalGeneration.from_pretrained(
        tmp_path / "b", output_loading_info=True
    )
    assert not any(found.values())
    state = model.state_dict()
    assert set(state) == set(source) and done.tensors == len(source)
    for name, tensor in source.items():
        rows = slice(0, tensor.shape[0])
        assert torch.equal(state[name][rows], tensor), name
        if name not in (EMBEDDING, HEAD):
            assert state[name].shape == tensor.shape


def test_pickled_and_plain_shards_make_the_same_model(tmp_path: Path) -> None:
    for weights in ("safetensors", "bin"):
        write_tiny_checkpoint(tmp_path / weights, weights=weights)
        convert_checkpoint(
            tmp_path / weights, tmp_path / f"{weights}-out", vision_tower="checkpoint"
        )
    first, second = (tensors_of(tmp_path / f"{w}-out") for w in ("safetensors", "bin"))
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_what_the_model_computes_is_what_the_published_weights_compute(published: Path) -> None:
    """The language model alone, in Mistral's own class, gives the same logits."""
    from transformers import MistralForCausalLM

    out = published.parent / "out"
    convert_checkpoint(published, out, vision_tower="checkpoint")
    llava = load_model(out, device=torch.device("cpu"), dtype=torch.float32)
    mistral = MistralForCausalLM(llava.config.text_config)
    words = {
        name.replace("model.language_model.", "model."): tensor
        for name, tensor in llava.state_dict().items()
        if "language_model" in name or name == HEAD
    }
    mistral.load_state_dict(words)
    ids = torch.tensor([[1, 40, 50, 60, 70]])
    assert torch.equal(mistral(ids).logits, llava(input_ids=ids).logits)
    assert llava.config.text_config.rope_parameters["rope_theta"] == 1_000_000.0
    assert llava.config.text_config.sliding_window is None


def test_the_vocabulary_is_padded_and_the_tokenizer_knows_it(published: Path) -> None:
    out = published.parent / "out"
    done = convert_checkpoint(published, out, vision_tower="checkpoint")
    folder = read_model_folder(out)
    assert folder.tokenizer.convert_tokens_to_ids(["<image>", "<pad>"]) == [
        done.vocabulary,
        done.vocabulary + 1,
    ]
    assert folder.image_id == done.vocabulary
    assert done.padded_vocabulary % 64 == 0 and done.padded_vocabulary >= done.vocabulary + 2
    rows = tensors_of(out)[EMBEDDING]
    assert torch.allclose(rows[done.vocabulary], rows[: done.vocabulary].mean(dim=0))
    before = AutoTokenizer.from_pretrained(published)
    text = "A pearly nodule; naïve [INST]\nwords"
    assert folder.tokenizer(text)["input_ids"] == before(text)["input_ids"]


def test_the_vision_tower_is_a_recorded_choice(published: Path, tmp_path: Path) -> None:
    write_tiny_clip(tmp_path / "clip", seed=7)
    own = convert_checkpoint(published, tmp_path / "own", vision_tower="checkpoint")
    taken = convert_checkpoint(
        published, tmp_path / "taken", vision_tower="openai", clip=tmp_path / "clip"
    )
    assert (own.vision_tower, own.clip, own.unused) == ("checkpoint", None, 0)
    assert taken.clip == fingerprint(tmp_path / "clip") and taken.unused > 0
    clip = load_file(tmp_path / "clip" / "model.safetensors")
    for name, tensor in tensors_of(tmp_path / "taken").items():
        if name.startswith(VISION):
            assert torch.equal(tensor, clip["vision_model." + name.removeprefix(VISION)])
    recorded = json.loads((tmp_path / "taken" / "conversion.json").read_text())
    assert recorded["vision_tower"] == "openai"


def test_a_conversion_gives_the_same_bytes_each_time(published: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        convert_checkpoint(published, tmp_path / name, vision_tower="checkpoint")
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert files == sorted(path.name for path in (tmp_path / "two").iterdir())
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def norm(size: int = 32) -> torch.Tensor:
    return torch.ones(size)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model.norm.weight": None}, "model.language_model.norm.weight"),
        ({"model.norm.weight": norm(31)}, "model.language_model.norm.weight is (31,), not (32,)"),
        ({"model.layers.9.mlp.up_proj.weight": norm()}, "layers.9.mlp.up_proj.weight that LLaVA"),
        ({"model.mm_projector.0.weight": None}, "multi_modal_projector.linear_1.weight"),
    ],
)
def test_a_wrong_tensor_is_refused_by_name(
    published: Path, change: dict[str, torch.Tensor | None], words: str
) -> None:
    (name,) = change
    index = json.loads((published / "model.safetensors.index.json").read_text())["weight_map"]
    change_shard(published, int(index.get(name, "model-00001")[6:11]), change)
    with pytest.raises(ModelError, match=words.replace("(", r"\(").replace(")", r"\)")):
        convert_checkpoint(published, published.parent / "out", vision_tower="checkpoint")
    assert not (published.parent / "out").exists()


def test_a_tensor_that_is_there_twice_is_refused(published: Path) -> None:
    first, second = (load_file(published / f"model-0000{n}-of-00002.safetensors") for n in (1, 2))
    name = sorted(first)[0]
    save_file({**second, name: first[name]}, published / "model-00002-of-00002.safetensors")
    with pytest.raises(ModelError, match=f"{name} is there twice"):
        convert_checkpoint(published, published.parent / "out", vision_tower="checkpoint")


@pytest.mark.parametrize("weights", ["safetensors", "bin"])
def test_a_truncated_shard_is_refused(tmp_path: Path, weights: Weights) -> None:
    write_tiny_checkpoint(tmp_path / "a", weights=weights)
    file = tmp_path / "a" / find_shards(tmp_path / "a").files[1]
    file.write_bytes(file.read_bytes()[:-3000])
    with pytest.raises(ModelError, match=f"{file.name}.*(breaks off|damaged)"):
        convert_checkpoint(tmp_path / "a", tmp_path / "b", vision_tower="checkpoint")


def test_a_pickle_that_would_run_code_is_refused_and_not_run(tmp_path: Path) -> None:
    write_tiny_checkpoint(tmp_path / "a", weights="bin")
    trap = tmp_path / "trap"

    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str, ...]]:
            return (Path(str(trap)).touch, ())

    torch.save({"x": Evil()}, tmp_path / "a" / find_shards(tmp_path / "a").files[0])
    with pytest.raises(ModelError, match="damaged"):
        convert_checkpoint(tmp_path / "a", tmp_path / "b", vision_tower="checkpoint")
    assert not trap.exists()


def test_other_models_and_folders_are_refused(published: Path, tmp_path: Path) -> None:
    def refused(words: str, folder: Path = published) -> None:
        with pytest.raises(ModelError, match=words):
            convert_checkpoint(folder, tmp_path / "out", vision_tower="checkpoint")

    settings = json.loads((published / "config.json").read_text())

    def rewrite(**changes: object) -> None:
        (published / "config.json").write_text(json.dumps({**settings, **changes}))

    refused("missing; is .* a model folder", tmp_path / "nowhere")
    rewrite(model_type="llama")
    refused("type 'llama', not LLaVA-Med")
    rewrite(mm_projector_type="linear")
    refused("projector is 'linear'")
    rewrite(vocab_size=400)
    refused("tells a vocabulary of 400")
    rewrite(num_hidden_layers=3)
    refused("no tensor for model.language_model.layers.2")
    rewrite()
    words = json.loads((published / "tokenizer_config.json").read_text())
    words["additional_special_tokens"] = ["<extra>"]
    (published / "tokenizer_config.json").write_text(json.dumps(words))
    refused("the tokenizer knows 385 entries, the model 384")
    with pytest.raises(StorageError, match="exists already"):
        convert_checkpoint(published, published, vision_tower="checkpoint")
    with pytest.raises(ModelError, match="--clip"):
        convert_checkpoint(published, tmp_path / "out", vision_tower="openai")


def test_a_checkpoint_without_a_vision_tower_needs_openais(published: Path, tmp_path: Path) -> None:
    for number in (1, 2):
        file = published / f"model-0000{number}-of-00002.safetensors"
        state = {n: t for n, t in load_file(file).items() if "vision_tower" not in n}
        change = {n: None for n in load_file(file) if n not in state}
        change_shard(published, number, dict(change))
    with pytest.raises(ModelError, match="--vision-tower openai"):
        convert_checkpoint(published, tmp_path / "out", vision_tower="checkpoint")
    write_tiny_clip(tmp_path / "clip")
    convert_checkpoint(published, tmp_path / "out", vision_tower="openai", clip=tmp_path / "clip")


def test_a_model_folder_that_does_not_fit_is_refused(published: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    convert_checkpoint(published, out, vision_tower="checkpoint")
    with pytest.raises(ModelError, match="mmskin convert"):
        read_model_folder(published)
    with pytest.raises(ModelError, match="no such folder"):
        read_model_folder(tmp_path / "nowhere")
    settings = json.loads((out / "config.json").read_text())
    settings["image_token_index"] = 5
    (out / "config.json").write_text(json.dumps(settings))
    with pytest.raises(ModelError, match="<image> as 384, the model .* as 5"):
        read_model_folder(out)
    shutil.copytree(out, tmp_path / "cut")
    file = tmp_path / "cut" / find_shards(out).files[0]
    file.write_bytes(file.read_bytes()[:-10])
    with pytest.raises(ModelError, match="breaks off within"):
        fingerprint(tmp_path / "cut")
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_model(tmp_path / "cut", device=torch.device("cpu"), dtype=torch.float32)
