"""What README and tutorial tell a reader to type is run, in order, in a fresh folder."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest

from mmskin_build.demo.book import write_demo_book
from snippets import (
    KINDS,
    MARKERS,
    ROOT,
    Snippet,
    missing_lines,
    read_snippets,
    run_page,
    wrong_words,
)

README = ROOT / "README.md"
TUTORIAL = ROOT / "docs" / "tutorial.md"
SNIPPETS = [snippet for page in (README, TUTORIAL) for snippet in read_snippets(page)]
HOW_TO = [snippet for page in sorted(ROOT.glob("docs/**/*.md")) for snippet in read_snippets(page)]


def test_every_fence_of_both_pages_is_a_snippet() -> None:
    for page in (README, TUTORIAL):
        fences = sum(line.startswith("```") for line in page.read_text("utf-8").splitlines())
        assert fences == 2 * sum(snippet.page == page.name for snippet in SNIPPETS)
    assert {snippet.kind for snippet in SNIPPETS} == set(KINDS)


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda one: one.name)
def test_a_snippet_says_how_it_is_run(snippet: Snippet) -> None:
    assert snippet.kind in KINDS, snippet.name
    assert snippet.marker is None or snippet.marker in MARKERS, snippet.name
    if snippet.marker == "not run":
        assert len(snippet.told.split()) > 3, f"{snippet.name}: give a reason"
    if snippet.kind == "toml":
        assert snippet.marker == "file", f"{snippet.name}: name the file"


@pytest.mark.parametrize("snippet", [*SNIPPETS, *HOW_TO], ids=lambda one: one.name)
def test_every_command_and_option_exists(snippet: Snippet) -> None:
    if snippet.kind in ("sh", ""):
        lines = [
            line for line in snippet.text.splitlines() if line.startswith(("mmskin ", "make "))
        ]
        for words in snippet.commands() if lines else []:
            assert wrong_words(words) is None, f"{snippet.name}: {' '.join(words)}"


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("mmskin build --engine dask", None),
        ("mmskin review status", None),
        ("mmskin vqa --json", None),
        ("mmskin biuld", "no command biuld"),
        ("mmskin books ad x.pdf", "no command ad"),
        ("mmskin release 1.0.0 --leave-out", "no option --leave-out"),
        ("make dmeo", "no target dmeo"),
        ("make bench BENCH_PDFS=a.pdf", None),
    ],
)
def test_a_wrong_command_is_seen(line: str, wrong: str | None) -> None:
    assert wrong_words(line.split()) == wrong


def test_what_a_page_shows_must_have_been_printed() -> None:
    printed = " kind    left \n ───────── \n figure     1 \n"
    assert missing_lines("kind left\nfigure 1\n", printed) == []
    assert missing_lines("kind left\nfigure 2\n", printed) == ["figure 2"]


def test_the_readme_does_what_it_says(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "books").mkdir(parents=True)
    write_demo_book(home / "books" / "rook.pdf", seed=1, pages=8)
    folder = tmp_path / "work"
    folder.mkdir()
    run_page(README, folder, home)
    assert (folder / "data" / "releases" / "mm-skin" / "1.0.0" / "manifest.json").is_file()


@pytest.mark.slow
def test_the_tutorial_does_what_it_says(tmp_path: Path) -> None:
    for package in ("torch", "transformers", "peft"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    if shutil.which("tesseract") is None:
        pytest.skip("tesseract is not installed")
    run_page(TUTORIAL, tmp_path, tmp_path)
    assert (tmp_path / "data" / "models" / "mm" / "README.md").is_file()
    assert (tmp_path / "other" / "releases" / "mm-skin" / "1.0.0").is_dir()
