"""What the README says of commands, reasons, exit codes, settings and files is what there is."""

from __future__ import annotations

import ast
import dataclasses
import json
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from mmskin_build import errors
from mmskin_build.cli import cli
from mmskin_build.config import Config
from mmskin_build.dataset.card import MEANINGS
from mmskin_build.dataset.judge import HELD
from mmskin_build.pdf.isolation import FAILURES
from mmskin_build.pdf.reader import PAGE_FLAGS
from mmskin_build.public.reasons import REASONS as PUBLIC_REASONS
from mmskin_build.vqa.reasons import REASONS as PAIR_REASONS

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SOURCE = ROOT / "src" / "mmskin_build"
DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "data/*.md", "manual_review/*.md", "schemas/*.md", "docs/*.md")
    for path in ROOT.glob(pattern)
)


def commands(group: click.Group, path: tuple[str, ...] = ("mmskin",)) -> Iterator[str]:
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield " ".join((*path, name))


def reject_reasons() -> set[str]:
    """Reasons in the code: of `REASONS` tables and in calls that make a reject or a failure."""
    found = set(FAILURES)
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Dict):
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                if ast.unparse(target).endswith("REASONS"):
                    keys = [key for key in node.value.keys if isinstance(key, ast.Constant)]
                    found |= {str(key.value) for key in keys}
            elif isinstance(node, ast.Call):
                name = ast.unparse(node.func).rsplit(".", 1)[-1].lstrip("_").lower()
                if name in ("reject", "pagefailure", "failed"):
                    named = [word.value for word in node.keywords if word.arg == "reason"]
                    for value in [*node.args, *named]:
                        if isinstance(value, ast.Constant) and re.fullmatch(
                            r"[a-z]+(_[a-z]+)+", str(value.value)
                        ):
                            found.add(str(value.value))
    return found


def test_the_card_of_a_release_explains_every_reason() -> None:
    others = set(PAIR_REASONS) | set(PUBLIC_REASONS)  # of questions and of public sets
    assert reject_reasons() - set(MEANINGS) - others == set()


def exit_codes() -> set[int]:
    found = {0, 1, 2, errors.EXIT_PARTIAL, errors.EXIT_INTERRUPTED}
    waiting: list[type[errors.MmskinError]] = [errors.MmskinError]
    while waiting:
        kind = waiting.pop()
        found.add(kind.exit_code)
        waiting += kind.__subclasses__()
    return found


def tree() -> str:
    start = README.index("## What lies where")
    return README[start:].split("```")[1]


@pytest.mark.parametrize("command", sorted(commands(cli)))
def test_the_readme_names_every_command(command: str) -> None:
    assert re.search(rf"\b{command}\b", README), f"describe `{command}` in README.md"


def test_the_readme_names_no_command_that_is_not_there() -> None:
    known = set(commands(cli)) | {"mmskin"}
    groups = {name for name, command in cli.commands.items() if isinstance(command, click.Group)}
    code = "\n".join(re.findall(r"```.*?```|`[^`]+`", README, re.S))
    for words in re.findall(r"\bmmskin ([a-z]+)(?: ([a-z]+(?:-[a-z]+)*))?", code):
        name = " ".join(words).strip() if words[0] in groups else words[0]
        assert f"mmskin {name}" in known or name in groups, f"README.md: no command mmskin {name}"


def test_the_readme_explains_every_reject_reason() -> None:
    reasons = reject_reasons()
    assert {"too_small", "page_timed_out", "nonphoto"} <= reasons
    missing = {reason for reason in reasons if f"| `{reason}` |" not in README}
    assert missing == set()


def test_the_readme_explains_every_page_flag() -> None:
    assert {flag for flag in PAGE_FLAGS if f"| `{flag}` |" not in README} == set()


def test_the_readme_explains_every_exit_code() -> None:
    assert {code for code in exit_codes() if f"\n| {code} |" not in README} == set()


def test_the_help_lists_every_exit_code() -> None:
    epilog = cli.epilog or ""
    listed = epilog[epilog.index("Exit codes:") :]
    found = {int(code) for code in re.findall(r"(?:^|\s)(\d+) [a-z]", listed)}
    assert found == exit_codes()


def test_the_readme_lists_every_setting_with_its_default() -> None:
    missing = []
    for section in dataclasses.fields(Config):
        values = getattr(Config(), section.name)
        for field in dataclasses.fields(values):
            value = getattr(values, field.name)
            shown = json.dumps(value) if isinstance(value, (str, tuple)) else str(value)
            if f"| `{section.name}.{field.name}` | `{shown}` |" not in README:
                missing.append(f"{section.name}.{field.name} = {shown}")
    assert missing == []


def test_everything_in_the_readme_tree_exists() -> None:
    folder = ROOT
    for line in tree().strip().splitlines():
        words = re.findall(r"[\w.]+\.(?:py|md|toml|sh)\b|^ *[\w/]+/(?= |$)", line)
        depth = (len(line) - len(line.lstrip())) // 2
        for word in (word.strip() for word in words):
            if word.endswith("/"):
                folder = ROOT if depth == 0 else SOURCE
                folder = folder / word
                assert folder.is_dir(), f"README.md tree: {word} is not there"
                continue
            places = (folder, SOURCE, ROOT, ROOT / "data", ROOT / "manual_review", ROOT / "tools")
            assert any((place / word).is_file() for place in places), (
                f"README.md tree: {word} is not there"
            )


def test_every_room_and_module_stands_in_the_readme_tree() -> None:
    named = tree()
    for path in sorted(SOURCE.iterdir()):
        if path.name.startswith(("__", "py.typed")):
            continue
        assert path.name + "/" * path.is_dir() in named, f"{path.name} is not in the README's tree"
    for room in ("pdf", "figures", "audit"):
        for path in sorted((SOURCE / room).glob("[!_]*.py")):
            assert path.name in named, f"{room}/{path.name} is not in the README's tree"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if not re.match(r"[a-z]+:", target):
            assert (document.parent / target).exists(), f"{document.name}: {target} is not there"


def test_make_targets_that_are_written_about_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.M))
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        code = "\n".join(re.findall(r"```.*?```|`[^`]+`", text, re.S))
        assert set(re.findall(r"(?:^|`)make ([a-z-]+)", code, re.M)) <= targets, document.name


def test_every_test_that_a_document_names_is_there() -> None:
    named = [
        (document.name, module, name)
        for document in DOCUMENTS
        for module, name in re.findall(
            r"`(test_\w+\.py)::(test_\w+)`", document.read_text(encoding="utf-8")
        )
    ]
    assert len(named) > 20
    for document, module, name in named:
        source = (ROOT / "tests" / module).read_text(encoding="utf-8")
        assert f"def {name}(" in source, f"{document}: {module} has no {name}"


def test_the_readme_explains_what_a_person_has_to_decide() -> None:
    start = README.index("(`held` of a record)")
    table = README[start : README.index("How a page was read")]
    assert {reason for reason in HELD if f"`{reason}`" not in table} == set()
