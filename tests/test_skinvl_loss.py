"""Our rows, loss and gradients are those of transformers and peft on the same questions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("skinvl_cases", reason="the extra 'train' is not installed")

import torch
from PIL import Image

from mmskin_build.config import TrainConfig
from mmskin_build.skinvl.batches import Batch, branch_mask, collate_rows
from mmskin_build.skinvl.conversation import RowForm, TemplateName
from mmskin_build.skinvl.examples import Conversation
from mmskin_build.skinvl.lora import attach_adapters, trained_tensors
from mmskin_build.skinvl.loss import AnswerLoss
from mmskin_build.skinvl.model import ModelFolder, load_model
from mmskin_build.skinvl.optimizer import MasterAdamW
from mmskin_build.skinvl.pictures import picture_processor, prepare_pixels, read_pixels
from mmskin_build.skinvl.rows import Row, build_rows
from skinvl_cases import TALKS, tiny_folder, write_pictures

CLOSE = 1e-5
Gradients = dict[str, torch.Tensor]


class Case:
    """A tiny model with adapters that do something, and questions on four pictures."""

    def __init__(self, folder: Path) -> None:
        self.folder: ModelFolder = tiny_folder(folder)
        self.paths = write_pictures(folder / "pictures", len(TALKS))
        self.processor = picture_processor(self.folder.folder, "pad")
        self.talks = [
            Conversation(id=f"e{n}", image=self.paths[n], turns=turns)
            for n, turns in enumerate(TALKS)
        ]

    def model(self, **settings: Any) -> Any:
        base = load_model(self.folder.folder, device=torch.device("cpu"), dtype=torch.float32)
        cfg = TrainConfig(lora_rank=8, lora_alpha=16, lora_dropout=0.0, **settings)
        adapted = attach_adapters(base, cfg)
        dice = torch.Generator().manual_seed(3)
        with torch.no_grad():
            for name, parameter in trained_tensors(adapted).items():
                if "lora_B" in name:  # zero at the start, which would hide the adapters
                    parameter.copy_(0.1 * torch.randn(parameter.shape, generator=dice))
        return adapted

    def rows(self, form: RowForm, template: TemplateName = "mistral_instruct") -> tuple[Row, ...]:
        rows, problems = build_rows(
            self.talks, self.folder.tokenizer, template=template, form=form,
            image_id=self.folder.image_id, patches=4, max_length=2048, max_questions=16,
        )  # fmt: skip
        assert not problems
        return rows

    def batch(self, rows: Sequence[Row], pad_to: int = 8) -> Batch:
        pixels = [read_pixels(row.image, self.processor) for row in rows]
        pad = self.folder.config.text_config.pad_token_id
        return collate_rows(rows, pixels, image_id=self.folder.image_id, pad_id=pad, pad_to=pad_to)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return Case(tmp_path_factory.mktemp("loss"))


def ours(adapted: Any, batches: Sequence[Batch]) -> tuple[float, Gradients]:
    """Mean loss a learned token and its gradients, over all batches as one step."""
    tokens = sum(len(batch["targets"]) for batch in batches)
    adapted.train()
    adapted.zero_grad(set_to_none=True)
    total = 0.0
    for batch in batches:
        loss = AnswerLoss(adapted)(**batch) / tokens
        loss.backward()
        total += float(loss.detach())
    return total, gradients(adapted)


def gradients(adapted: Any) -> Gradients:
    named = trained_tensors(adapted)
    assert all(parameter.grad is not None for parameter in named.values())
    return {name: p.grad.clone() for name, p in named.items() if p.grad is not None}


def plain(adapted: Any, case: Case, rows: Sequence[Row]) -> tuple[float, Gradients]:
    """The same by transformers' and peft's own forward, labels and loss, on padded rows."""
    width = max(row.length for row in rows)
    pad = case.folder.config.text_config.pad_token_id
    ids = torch.full((len(rows), width), pad)
    mask, labels = torch.zeros_like(ids), torch.full_like(ids, -100)
    for at, row in enumerate(rows):
        ids[at, : row.length] = torch.from_numpy(row.ids)
        mask[at, : row.length] = 1
        learned = torch.from_numpy(row.learned)
        labels[at, : row.length][learned] = ids[at, : row.length][learned]
    pixels = torch.stack([read_pixels(row.image, case.processor) for row in rows])
    adapted.train()
    adapted.zero_grad(set_to_none=True)
    out = adapted(input_ids=ids, attention_mask=mask, pixel_values=pixels, labels=labels)
    out.loss.backward()
    return float(out.loss.detach()), gradients(adapted)


def assert_close(found: tuple[float, Gradients], wanted: tuple[float, Gradients]) -> None:
    assert found[0] == pytest.approx(wanted[0], abs=CLOSE)
    assert found[1].keys() == wanted[1].keys()
    for name, gradient in wanted[1].items():
        scale = max(1.0, float(gradient.abs().max()))
        assert float((found[1][name] - gradient).abs().max()) <= CLOSE * scale, name


def test_shared_rows_equal_separate_rows(case: Case) -> None:
    adapted = case.model()
    shared = ours(adapted, [case.batch(case.rows("shared"))])
    separate = ours(adapted, [case.batch(case.rows("separate"))])
    assert_close(shared, separate)
    assert len(case.rows("shared")) < len(case.rows("separate"))


@pytest.mark.parametrize(
    ("form", "template"),
    [("separate", "mistral_instruct"), ("separate", "v1"), ("dialogue", "v1")],
)
def test_our_loss_and_gradients_are_those_of_transformers_and_peft(
    case: Case, form: RowForm, template: TemplateName
) -> None:
    adapted = case.model()
    rows = case.rows(form, template)
    assert_close(ours(adapted, [case.batch(rows)]), plain(adapted, case, rows))


def test_shared_rows_equal_transformers_and_peft_on_separate_ones(case: Case) -> None:
    adapted = case.model()
    found = ours(adapted, [case.batch(case.rows("shared"))])
    assert_close(found, plain(adapted, case, case.rows("separate")))


def test_accumulation_keeps_the_effective_batch(case: Case) -> None:
    adapted = case.model()
    rows = case.rows("shared")
    whole = ours(adapted, [case.batch(rows)])
    assert_close(ours(adapted, [case.batch([row]) for row in rows]), whole)


def test_padding_changes_nothing(case: Case) -> None:
    adapted = case.model()
    rows = case.rows("shared")
    assert_close(ours(adapted, [case.batch(rows, 128)]), ours(adapted, [case.batch(rows, 1)]))


def test_checkpointing_gradients_changes_nothing(case: Case) -> None:
    rows = case.rows("shared")
    adapted = case.model()
    usual = ours(adapted, [case.batch(rows)])
    adapted.get_base_model().activation_checkpointing_enable({"use_reentrant": False})
    assert_close(ours(adapted, [case.batch(rows)]), usual)


def test_a_question_does_not_see_the_others_of_its_row(case: Case) -> None:
    """Another first question changes nothing for the second one."""
    adapted = case.model().eval()
    talk = case.talks[0]
    losses = []
    for question in ("What is shown?", "Something quite different and longer?"):
        changed = Conversation(id="x", image=talk.image, turns=((question, "Red."), talk.turns[1]))
        (row,), _ = build_rows(
            [changed], case.folder.tokenizer, template="v1", form="shared",
            image_id=case.folder.image_id, patches=4, max_length=512, max_questions=4,
        )  # fmt: skip
        batch = case.batch([row])
        kept = torch.from_numpy(row.branches[batch["predict_index"].numpy() + 1] == 2)
        batch["predict_index"], batch["targets"] = (
            batch["predict_index"][kept],
            batch["targets"][kept],
        )
        losses.append(float(AnswerLoss(adapted)(**batch).detach()) / int(kept.sum()))
    assert losses[0] == pytest.approx(losses[1], abs=CLOSE)


def test_the_mask_of_a_row_with_branches() -> None:
    mask = branch_mask(np.array([[0, 0, 1, 1, 2, -1]]))[0, 0]
    seen = {at: np.flatnonzero(row).tolist() for at, row in enumerate(mask)}
    assert seen == {0: [0], 1: [0, 1], 2: [0, 1, 2], 3: [0, 1, 2, 3], 4: [0, 1, 4], 5: [5]}


def test_only_adapters_of_the_decoder_and_the_projector_are_trained(case: Case) -> None:
    adapted = case.model()
    names = [name for name, p in adapted.named_parameters() if p.requires_grad]
    adapters = [name for name in names if "lora_" in name]
    layers = case.folder.config.text_config.num_hidden_layers
    assert len(adapters) == 2 * 7 * layers
    assert all("language_model.layers." in name for name in adapters)
    assert len(names) - len(adapters) == 4  # two linear maps with their biases
    frozen = case.model(projector_learning_rate=0.0)
    assert all("lora_" in name for name in trained_tensors(frozen))


def test_bf16_adapters_move_by_float32_masters(case: Case) -> None:
    base = load_model(case.folder.folder, device=torch.device("cpu"), dtype=torch.bfloat16)
    cfg = TrainConfig(lora_rank=4, lora_alpha=8, learning_rate=1e-5, weight_decay=0.0)
    adapted = attach_adapters(base, cfg)
    optimizer = MasterAdamW(trained_tensors(adapted), cfg)
    before = optimizer.masters()
    start = {name: value.clone() for name, value in before.items()}
    for _ in range(3):
        AnswerLoss(adapted)(**case.batch(case.rows("shared"))).backward()
        optimizer.step(1.0, 1e-3)
    for name, parameter in trained_tensors(adapted).items():
        assert parameter.dtype == torch.bfloat16
        assert torch.equal(parameter.detach(), optimizer.masters()[name].bfloat16())
    # Steps of 1e-5 are lost in bf16 near 0.1; in the masters none is.
    down = next(name for name in start if name.endswith("q_proj.lora_A.weight"))
    now = optimizer.masters()[down]
    assert (now != start[down]).all()
    assert (now.bfloat16() == start[down].bfloat16()).float().mean() > 0.5


def test_padded_pictures_are_upstreams_padded_pictures(case: Case) -> None:
    """LLaVA's expand2square, written down again, then the processor without padding."""
    image = Image.open(case.paths[3]).convert("RGB")
    wide = max(image.size)
    mean = tuple(int(value * 255) for value in case.processor.image_mean)
    square = Image.new("RGB", (wide, wide), mean)
    square.paste(image, ((wide - image.width) // 2, (wide - image.height) // 2))
    unpadded = picture_processor(case.folder.folder, "crop")
    wanted = prepare_pixels(np.asarray(square), unpadded)
    assert torch.equal(read_pixels(case.paths[3], case.processor), wanted)
    cropped = read_pixels(case.paths[3], unpadded)
    assert cropped.shape == wanted.shape and not torch.equal(cropped, wanted)
