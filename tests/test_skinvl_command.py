"""The commands of the model as a user meets them: what they make, and why they refuse."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mmskin_build.cli import run

ROOT = Path(__file__).resolve().parent.parent


def test_without_the_extra_the_commands_say_what_to_install(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("mmskin_build.skinvl")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    commands = (
        ["train", "--variant", "mm", "--model", "tiny", "--data", str(tmp_path)],
        ["convert", str(tmp_path), "--out", str(tmp_path / "out")],
        ["merge", str(tmp_path), "--base", str(tmp_path), "--out", str(tmp_path / "out")],
        ["ask", "a.png", "Why?", "--model", str(tmp_path)],
    )
    for command in commands:
        assert run(command) == 7
        assert "pip install 'mmskin-build[train]'" in capsys.readouterr().err


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Any:
    pytest.importorskip("skinvl_cases", reason="the extra 'train' is not installed")
    from skinvl_cases import write_examples

    folder = tmp_path_factory.mktemp("command")
    write_examples(folder / "examples")
    (folder / "mmskin.toml").write_text(
        "[train]\nworkers = 0\nepochs = 30\n[generate]\nmax_new_tokens = 32\n"
    )
    return folder


def call(case: Path, *command: object) -> int:
    common = ["--config", case / "mmskin.toml", "--data", case / "data"]
    return run([str(part) for part in (*command, *common)])


def trained(case: Path) -> Path:
    out = case / "run"
    if not (out / "adapter").is_dir():
        file = case / "examples" / "vqa.json"
        command = ("train", "--variant", "mm", "--model", "tiny", "--data-file", file)
        assert call(case, *command, "--out", out) == 0
    return out


def test_from_examples_to_an_answer(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = trained(case)
    said = capsys.readouterr().out
    assert "adapter:" in said and "loss" in said
    tiny, merged = case / "data" / "models" / "tiny", case / "merged"
    assert call(case, "merge", out / "adapter", "--base", tiny, "--out", merged) == 0
    assert "largest difference of logits" in capsys.readouterr().out
    picture = case / "examples" / "p1.png"
    assert call(case, "ask", picture, "What is shown?", "--model", merged) == 0
    assert capsys.readouterr().out == "A pearly nodule.\n"
    answers = case / "answers.jsonl"
    file = case / "examples" / "vqa.json"
    command = ("ask", "--data-file", file, "--answers", answers, "--model", tiny)
    assert call(case, *command, "--adapter", out / "adapter") == 0
    found = [json.loads(line) for line in answers.read_text().splitlines()]
    assert [item["id"] for item in found][:3] == ["e0#1", "e0#2", "e1#1"]
    assert found[0]["answer"] == "A red scaly plaque."


def test_a_dry_run_says_what_it_would_take_and_makes_nothing(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = case / "examples" / "vqa.json"
    command = ("train", "--variant", "mm", "--model", "tiny", "--data-file", file, "--dry-run")
    assert call(case, *command, "--json", "--out", case / "dry") == 0
    plan = json.loads(capsys.readouterr().out)
    assert plan["questions"] == 8 and plan["steps"] == 30
    assert {"memory_gib", "free_gib", "seconds", "cost", "micro_rows"} <= plan.keys()
    assert not (case / "dry").exists()


def test_a_run_that_is_there_needs_resume(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = trained(case)
    file = case / "examples" / "vqa.json"
    command = ("train", "--variant", "mm", "--model", "tiny", "--data-file", file, "--out", out)
    assert call(case, *command) == 15
    assert "--resume" in capsys.readouterr().err
    assert call(case, *command, "--resume") == 0


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        (("train", "--variant", "mm", "--model", "nowhere"), 3, "no such folder"),
        (("train", "--variant", "mm", "--model", "tiny"), 9, "no release to train on"),
        (("train", "--variant", "pub", "--model", "tiny"), 3, "train.public_data"),
        (("train", "--variant", "mm", "--model", "tiny", "--data-file", "x"), 11, "no such file"),
        (("ask", "nothing.png", "Why?", "--model", "TINY"), 15, "file_unreadable"),
        (("ask", "PICTURE", " ", "--model", "TINY"), 15, "question is empty"),
        (("ask", "PICTURE", "--model", "TINY"), 2, "give IMAGE and QUESTION"),
        (("ask", "PICTURE", "Why?", "--model", "nowhere"), 14, "no such folder"),
        (("ask", "PICTURE", "Why?", "--model", "TINY", "--adapter", "x"), 14, "missing"),
        (("merge", "a", "b", "--linear", "1", "--base", "x", "--out", "y"), 3, "2 adapters need"),
        (("convert", "nowhere", "--out", "y"), 14, "missing"),
    ],
)
def test_what_cannot_be_done_is_said_with_a_code(
    case: Path, capsys: pytest.CaptureFixture[str], command: tuple[str, ...], code: int, words: str
) -> None:
    from mmskin_build.skinvl.tiny import write_tiny_model

    places = {
        "TINY": write_tiny_model(case / "data" / "models" / "tiny"),
        "PICTURE": case / "examples" / "p0.png",
    }
    assert call(case, *(places.get(part, part) for part in command)) == code
    assert words in capsys.readouterr().err


def test_help_of_the_commands_loads_no_torch() -> None:
    code = (
        "import sys; from mmskin_build.cli import run; run(['train', '--help']); "
        "print(sorted({'torch', 'transformers', 'numpy'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith("[]")


def test_a_release_is_learned_from_by_its_splits(tmp_path: Path) -> None:
    """Training and validation are told apart, the test split is left alone."""
    pytest.importorskip("skinvl_cases", reason="the extra 'train' is not installed")
    from builders import make_record
    from mmskin_build.skinvl import sources
    from skinvl_cases import entry, write_pictures

    splits = ("train", None, "validation", "test")
    folder = tmp_path / "releases" / "mm-skin" / "1.0.0"
    write_pictures(folder, 4)
    talks = [entry(number, (("What is shown?", "Skin."),)) for number in range(4)]
    (folder / "MM-Skin-D_vqa.json").write_text(json.dumps(talks))
    records = [make_record(f"e{number}", split=split) for number, split in enumerate(splits)]
    found: tuple[list[Any], list[Any]] = ([], [])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sources, "read_records", lambda path: records)
        sources._read_release(folder, *found, [], [])
    assert [[talk.id for talk in part] for part in found] == [["e0", "e1"], ["e2"]]


def test_the_demo_release_is_learned(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One command from a release to a model that gives the answers of its training pictures."""
    pytest.importorskip("skinvl_cases", reason="the extra 'train' is not installed")
    monkeypatch.chdir(tmp_path)
    demo = tmp_path / "demo"
    assert run(["demo", "--out", str(demo), "--pages", "12", "--quiet"]) == 0
    assert run(["train", "--variant", "mm", "--model", "tiny", "--data", str(demo)]) == 0
    release = demo / "releases" / "mm-skin" / "1.0.0"
    models, adapter = demo / "models", demo / "models" / "skinvl-mm" / "adapter"
    about = json.loads((adapter / "skinvl.json").read_text())
    digest = json.loads((release / "manifest.json").read_text())["content_digest"]
    assert about["release_digest"] == digest
    assert about["metrics"]["last_loss"] < 0.05 * about["metrics"]["first_loss"]
    split = {r["id"]: r["split"] for r in json.loads((release / "MM-Skin-C.json").read_text())}
    asked = 0
    for file in sorted(release.glob("*_vqa.json")):
        talks = json.loads(file.read_text())
        learned = [talk for talk in talks if split[talk["id"]] == "train"]
        (tmp_path / "learned.json").write_text(json.dumps(learned))
        answers = tmp_path / "answers.jsonl"
        command = ["ask", "--data-file", "learned.json", "--images", str(release)]
        command += ["--answers", str(answers), "--model", str(models / "tiny")]
        assert run([*command, "--adapter", str(adapter)]) == 0
        found = [json.loads(line)["answer"] for line in answers.read_text().splitlines()]
        wanted = [
            t["value"] for talk in learned for t in talk["conversations"] if t["from"] == "gpt"
        ]
        assert found == wanted
        asked += len(found)
    assert asked >= 4


def test_prepared_public_sets_are_learned_without_further_settings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """From two downloads to SkinVL-Pub: add, prepare, train; validation chooses, test is spared."""
    pytest.importorskip("skinvl_cases", reason="the extra 'train' is not installed")
    import made_public

    (tmp_path / "mmskin.toml").write_text(
        "[train]\nworkers = 0\nepochs = 1\n[public]\nmost_of_a_set = 4\npairs_a_picture = 1\n"
    )
    for name, write in (
        ("HAM10000", made_public.write_ham10000),
        ("Patch16", made_public.write_patch16),
    ):
        write(tmp_path / name)
        assert call(tmp_path, "public", "add", name, tmp_path / name) == 0
    assert call(tmp_path, "public", "prepare", "--quiet") == 0
    command = ("train", "--variant", "pub", "--model", "tiny")
    assert call(tmp_path, *command, "--dry-run", "--json") == 0
    said = capsys.readouterr().out
    assert json.loads(said[said.index("{") :])["questions"] == 8
    assert call(tmp_path, *command) == 0
    assert "adapter:" in capsys.readouterr().out
    about = json.loads(
        (tmp_path / "data" / "models" / "skinvl-pub" / "adapter" / "skinvl.json").read_text()
    )
    assert about["variant"] == "pub"
