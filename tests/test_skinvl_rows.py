"""Conversations become rows: what is spelled, what is learned, what is refused, in which order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("skinvl_cases", reason="the extra 'train' is not installed")

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from mmskin_build.config import TrainConfig
from mmskin_build.errors import SchemaError
from mmskin_build.skinvl.conversation import (
    TEMPLATES,
    TemplateName,
    choose_conventions,
    spell,
    tokenize_prefix,
    tokenize_question,
    tokenize_turn,
)
from mmskin_build.skinvl.examples import Conversation, check_pictures, read_conversations
from mmskin_build.skinvl.order import count_step_rows, cut_step, order_steps
from mmskin_build.skinvl.rows import Row, build_rows
from skinvl_cases import TALKS, entry, tiny_folder, write_examples, write_pictures

SENTENCES = (
    "A red plaque.",
    "  Two  spaces, naïve café – 5 µm; 3×4 ",
    "Yes",
    "</s> is written here, and <image> is, too",
    "Ends with [/INST] or ASSISTANT: words",
    "日本語の皮膚",
)


def byte_level() -> Any:
    """A tokenizer of the other family: GPT-2's, whose spaces belong to the next word."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=["<s>", "</s>", "<image>"], initial_alphabet=alphabet
    )
    tokenizer.train_from_iterator(
        [*SENTENCES, *(t.before_picture for t in TEMPLATES.values())], trainer
    )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>")


@pytest.fixture(scope="module")
def tokenizers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tiny_folder(tmp_path_factory.mktemp("model"))
    return {"sentencepiece": folder.tokenizer, "bytes": byte_level()}


# ------------------------------------------------------------------------------- spelling


def test_conversations_are_spelled_as_llava_spells_them() -> None:
    turns = [("Where?", "Arm."), ("Why?", "Sun.")]
    assert spell("mistral_instruct", turns) == (
        "[INST] <image>\nWhere? [/INST] Arm. </s>[INST] Why? [/INST] Sun. </s>"
    )
    assert spell("v1", turns) == (
        "A chat between a curious user and an artificial intelligence assistant. The assistant "
        "gives helpful, detailed, and polite answers to the user's questions. "
        "USER: <image>\nWhere? ASSISTANT: Arm.</s>USER: Why? ASSISTANT: Sun.</s>"
    )
    assert spell("mistral_instruct", [("Where?", None)]).endswith("Where? [/INST]")


def test_upstreams_mismatch_is_kept_only_by_its_preset() -> None:
    usual = choose_conventions(TrainConfig())
    assert (usual.template, usual.geometry) == (usual.asking_template, usual.asking_geometry)
    assert (usual.template, usual.geometry, usual.rows) == ("mistral_instruct", "pad", "shared")
    parity = choose_conventions(TrainConfig(preset="upstream-parity", template="mistral_instruct"))
    assert (parity.template, parity.geometry, parity.rows) == ("v1", "pad", "dialogue")
    assert (parity.asking_template, parity.asking_geometry) == ("mistral_instruct", "crop")


# ------------------------------------------------------------------------------- masks


@pytest.mark.parametrize("kind", ["sentencepiece", "bytes"])
@pytest.mark.parametrize("template", ["mistral_instruct", "v1"])
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("answer", SENTENCES)
def test_exactly_the_answer_and_its_end_are_learned(
    tokenizers: dict[str, Any], kind: str, template: TemplateName, first: bool, answer: str
) -> None:
    tokenizer = tokenizers[kind]
    question = "What is shown, " + answer[::-1] + "?"
    piece = tokenize_turn(tokenizer, template, question, answer, first=first)
    ids, learned = np.asarray(piece.ids), np.asarray(piece.learned)
    assert ids[-1] == tokenizer.eos_token_id and learned[-1]
    assert (ids[:-1] != tokenizer.eos_token_id).all()  # words that look like it stay words
    start = int(np.argmax(learned))
    assert learned[start:].all() and not learned[:start].any()
    # The tokenizer's own reading of both halves: characters of the spelled text, by its offsets.
    form = TEMPLATES[template]
    asked = (form.first_question if first else form.next_question).format(question)
    whole = asked + form.answer.format(answer)
    offsets = tokenizer(
        whole, add_special_tokens=False, split_special_tokens=True, return_offsets_mapping=True
    )["offset_mapping"]
    assert [begin >= len(asked) for begin, _ in offsets] == list(learned[:-1])
    spans = zip(offsets, learned[:-1], strict=True)
    covered = {at for (begin, end), on in spans if on for at in range(begin, end)}
    assert covered == set(range(len(asked), len(whole)))
    # And read back as text: the learned half is the answer.
    assert tokenizer.decode(ids[start:-1]).strip() == answer.strip()


@pytest.mark.parametrize("kind", ["sentencepiece", "bytes"])
@pytest.mark.parametrize("template", ["mistral_instruct", "v1"])
@pytest.mark.parametrize("answer", SENTENCES)
def test_asking_gives_the_model_the_tokens_it_was_trained_on(
    tokenizers: dict[str, Any], kind: str, template: TemplateName, answer: str
) -> None:
    trained = tokenize_turn(tokenizers[kind], template, "What is shown?", answer)
    asked = tokenize_question(tokenizers[kind], template, "What is shown?")
    assert trained.ids[: trained.learned.index(True)] == asked.ids


def test_the_prefix_holds_the_picture_once(tokenizers: dict[str, Any]) -> None:
    prefix = tokenize_prefix(tokenizers["sentencepiece"], "mistral_instruct", 384, 4)
    assert prefix.ids[0] == 1 and prefix.ids[-4:] == (384,) * 4 and prefix.ids.count(384) == 4
    assert not any(prefix.learned)


# ------------------------------------------------------------------------------- rows


def talks(count: int = 1) -> list[Conversation]:
    return [
        Conversation(id=f"e{n}", image=Path(f"p{n % 2}.png"), turns=TALKS[n % len(TALKS)])
        for n in range(count)
    ]


def rows_of(tokenizer: Any, form: Any, said: list[Conversation], **options: Any) -> Any:
    usual = {"template": "mistral_instruct", "max_length": 2048, "max_questions": 16}
    return build_rows(said, tokenizer, form=form, image_id=384, patches=4, **{**usual, **options})


def test_a_shared_row_holds_all_questions_of_a_picture(tokenizers: dict[str, Any]) -> None:
    said = talks(4)
    rows, problems = rows_of(tokenizers["sentencepiece"], "shared", said)
    assert problems == () and [row.image.name for row in rows] == ["p0.png", "p1.png"]
    assert sum(row.questions for row in rows) == sum(len(talk.turns) for talk in said)
    for row in rows:
        start = int((row.branches == 0).sum())
        assert (row.ids == 384).sum() == 4 and (row.branches[:start] == 0).all()
        for branch in range(1, row.questions + 1):
            places = np.flatnonzero(row.branches == branch)
            assert (np.diff(places) == 1).all()
            assert row.positions[places].tolist() == list(range(start, start + len(places)))
            assert not row.learned[places[0]] and row.learned[places].any()


def test_the_same_tokens_are_learned_in_every_form_but_for_dialogues_order(
    tokenizers: dict[str, Any],
) -> None:
    said = talks(4)
    shared, _ = rows_of(tokenizers["sentencepiece"], "shared", said)
    separate, _ = rows_of(tokenizers["sentencepiece"], "separate", said)
    assert all(row.questions == 1 for row in separate)

    def learned(rows: tuple[Row, ...]) -> list[tuple[int, ...]]:
        found = [
            tuple(row.ids[(row.branches == branch) & row.learned].tolist())
            for row in rows
            for branch in range(1, row.questions + 1)
        ]
        return sorted(found)

    assert learned(shared) == learned(separate)
    dialogue, _ = rows_of(tokenizers["sentencepiece"], "dialogue", said)
    assert len(dialogue) == len(said)
    assert [int(row.learned.sum()) for row in dialogue] == [
        sum(
            len(ids) for ids in learned(rows_of(tokenizers["sentencepiece"], "separate", [talk])[0])
        )
        for talk in said
    ]


def test_rows_end_where_tokens_or_questions_are_enough(tokenizers: dict[str, Any]) -> None:
    said = [Conversation(id="e", image=Path("p.png"), turns=TALKS[0] * 6)]
    whole, _ = rows_of(tokenizers["sentencepiece"], "shared", said)
    assert len(whole) == 1
    short, problems = rows_of(
        tokenizers["sentencepiece"], "shared", said, max_length=whole[0].length // 2
    )
    assert (
        problems == () and len(short) > 1 and all(r.length <= whole[0].length // 2 for r in short)
    )
    few, _ = rows_of(tokenizers["sentencepiece"], "shared", said, max_questions=5)
    assert [row.questions for row in few] == [5, 5, 2]
    for rows in (short, few):
        assert sum(row.questions for row in rows) == 12
        assert all((row.ids == 384).sum() == 4 for row in rows)  # no picture token is ever cut


def test_what_is_too_long_is_refused_with_its_id(tokenizers: dict[str, Any]) -> None:
    long = Conversation(
        id="long", image=Path("p.png"), turns=(("Short?", "Yes."), ("Why?", "because " * 200))
    )
    rows, problems = rows_of(tokenizers["sentencepiece"], "shared", [long], max_length=128)
    assert [row.questions for row in rows] == [1]
    assert [(p.id, p.reason) for p in problems] == [("long#2", "row_too_long")]
    assert "128 are allowed" in problems[0].detail
    rows, problems = rows_of(tokenizers["sentencepiece"], "dialogue", [long], max_length=128)
    assert rows == () and [p.id for p in problems] == ["long"]


# ------------------------------------------------------------------------------- order


def fake_rows(count: int) -> list[Row]:
    dice = np.random.default_rng(0)
    rows = []
    for number in range(count):
        length = int(dice.integers(20, 200))
        blank = np.zeros(length, np.int32)
        rows.append(
            Row(
                id=str(number), image=Path("p"), ids=blank, positions=blank, branches=blank,
                learned=np.zeros(length, np.bool_), questions=int(dice.integers(1, 5)),
            )
        )  # fmt: skip
    return rows


def test_each_row_comes_once_an_epoch_in_an_order_that_seed_and_epoch_decide() -> None:
    rows = fake_rows(500)
    steps = order_steps(rows, rows_a_step=16, seed=1, epoch=0)
    assert sorted(at for step in steps for at in step) == list(range(500))
    assert steps == order_steps(rows, rows_a_step=16, seed=1, epoch=0)
    assert steps != order_steps(rows, rows_a_step=16, seed=1, epoch=1)
    assert steps != order_steps(rows, rows_a_step=16, seed=2, epoch=0)
    assert sorted(len(step) for step in steps) == [500 % 16, *[16] * (500 // 16)]


def test_a_batch_is_counted_in_questions_or_in_dialogues() -> None:
    rows = fake_rows(500)
    mean = sum(row.questions for row in rows) / 500
    assert count_step_rows(rows, 16, "shared") == round(16 / mean)
    assert count_step_rows(rows, 16, "separate") == count_step_rows(rows, 16, "dialogue") == 16
    assert count_step_rows(rows, 1, "shared") == 1


def test_rows_of_a_step_are_of_like_length() -> None:
    rows = fake_rows(2000)
    steps = order_steps(rows, rows_a_step=16, seed=0, epoch=0)
    padded = sum(max(rows[at].length for at in step) * len(step) for step in steps)
    assert padded < 1.15 * sum(row.length for row in rows)  # shuffled alone it would be over 1.5
    assert cut_step((1, 2, 3), 2) == ((1, 2), (3,))


# ------------------------------------------------------------------------------- examples


def test_our_form_and_upstreams_are_read(tmp_path: Path) -> None:
    path = write_examples(tmp_path)
    read, problems = read_conversations(path)
    assert problems == () and [talk.turns for talk in read] == list(TALKS)
    read, problems = read_conversations(path, tmp_path / "elsewhere")
    assert read[0].image == tmp_path / "elsewhere" / "p0.png"
    late = entry(0, TALKS[0])
    late["conversations"][0]["value"] = "What is shown?\n<image>"
    path.write_text(json.dumps([late]))
    assert read_conversations(path)[0][0].turns[0][0] == "What is shown?"


def broken(**changes: Any) -> dict[str, Any]:
    return {**entry(0, TALKS[0]), **changes}


def turns(*said: tuple[object, object]) -> list[dict[str, object]]:
    return [{"from": who, "value": text} for who, text in said]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("not an entry", "no_conversation"),
        (broken(conversations=[]), "no_conversation"),
        (broken(conversations=turns(("human", 5), ("gpt", "x"))), "no_conversation"),
        (broken(image=None), "no_image"),
        (broken(image="../secret.png"), "image_outside"),
        (broken(image="/etc/passwd"), "image_outside"),
        (broken(conversations=turns(("human", "Why?"))), "no_answer"),
        (broken(conversations=turns(("human", "Why?"), ("gpt", "  "))), "no_answer"),
        (broken(conversations=turns(("human", "<image>\n "), ("gpt", "x"))), "no_question"),
        (broken(conversations=turns(("gpt", "x"), ("human", "Why?"))), "roles_out_of_order"),
        (broken(conversations=turns(("human", "a"), ("human", "b"))), "roles_out_of_order"),
        (
            broken(conversations=turns(("human", "<image><image>a"), ("gpt", "b"))),
            "several_pictures",
        ),
        (broken(conversations=turns(("human", "a"), ("gpt", "<image>"))), "several_pictures"),
    ],
)
def test_an_entry_that_cannot_be_used_is_a_problem_with_its_id(
    tmp_path: Path, given: Any, reason: str
) -> None:
    path = tmp_path / "vqa.json"
    path.write_text(json.dumps([entry(1, TALKS[1]), given]))
    read, problems = read_conversations(path)
    assert [talk.id for talk in read] == ["e1"]
    assert [problem.reason for problem in problems] == [reason]
    assert problems[0].id in ("e0", "vqa.json[1]")


@pytest.mark.parametrize("content", ["{}", "[", "null", "\xff"])
def test_a_file_that_is_no_array_stops_the_run(tmp_path: Path, content: str) -> None:
    (tmp_path / "vqa.json").write_bytes(content.encode("latin-1"))
    with pytest.raises(SchemaError, match=r"vqa\.json"):
        read_conversations(tmp_path / "vqa.json")


def test_missing_and_broken_pictures_are_found_before_the_first_step(tmp_path: Path) -> None:
    path = write_examples(tmp_path)
    paths = write_pictures(tmp_path, 4)
    paths[1].unlink()
    paths[2].write_bytes(paths[2].read_bytes()[:60])
    good, problems = check_pictures(read_conversations(path)[0], workers=2)
    assert [talk.id for talk in good] == ["e0", "e3"]
    assert [(p.id, p.reason) for p in problems] == [
        ("e1", "image_missing"),
        ("e2", "image_unreadable"),
    ]
