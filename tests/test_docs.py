"""What README and documentation say of commands, reasons, settings and files is what there is."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import reference
import test_layers
from mmskin_build import errors
from mmskin_build.cli import cli
from mmskin_build.dataset.card import MEANINGS
from mmskin_build.dataset.schemas import SCHEMAS
from mmskin_build.pdf.isolation import FAILURES
from mmskin_build.public.reasons import REASONS as PUBLIC_REASONS
from mmskin_build.vqa.reasons import REASONS as PAIR_REASONS

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCS = ROOT / "docs"
ARCHITECTURE = (DOCS / "architecture.md").read_text(encoding="utf-8")
SOURCE = ROOT / "src" / "mmskin_build"
DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "data/*.md", "manual_review/*.md", "schemas/*.md", "docs/**/*.md")
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
    start = ARCHITECTURE.index("## What lies where")
    return ARCHITECTURE[start:].split("```text")[1].split("```")[0]


def page(name: str) -> str:
    """A page of the documentation as the site shows it, filled from the code."""
    return reference.fill((DOCS / name).read_text(encoding="utf-8"))


COMMANDS = page("reference/commands.md")
REASONS = page("reference/reasons.md")


@pytest.mark.parametrize("command", sorted(commands(cli)))
def test_the_reference_has_every_command_with_its_options(command: str) -> None:
    start = COMMANDS.index(f"\n### {command}\n")
    told = COMMANDS[start : COMMANDS.find("\n### ", start + 1) % len(COMMANDS)]
    common = COMMANDS[: COMMANDS.index("## In full")]
    found = cli
    for word in command.split()[1:]:
        found = found.commands[word] if isinstance(found, click.Group) else found
    options = [name for one in found.params if isinstance(one, click.Option) for name in one.opts]
    assert len(options) >= 6
    assert [name for name in options if name not in told and name not in common] == []
    assert (found.help or "").split(".")[0].split("\n")[0] in told


def test_no_document_names_a_command_that_is_not_there() -> None:
    known = set(commands(cli)) | {"mmskin"}
    groups = {name for name, command in cli.commands.items() if isinstance(command, click.Group)}
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        code = "\n".join(re.findall(r"```.*?```|`[^`]+`", text, re.S))
        for words in re.findall(r"\bmmskin ([a-z]+)(?: ([a-z]+(?:-[a-z]+)*))?", code):
            name = " ".join(words).strip() if words[0] in groups else words[0]
            assert f"mmskin {name}" in known or name in groups, (
                f"{document.name}: no command mmskin {name}"
            )


def test_the_reference_explains_every_reject_reason() -> None:
    reasons = reject_reasons()
    assert {"too_small", "page_timed_out", "nonphoto"} <= reasons
    assert {reason for reason in reasons if f"| `{reason}` |" not in REASONS} == set()


def test_every_row_of_the_reference_says_something() -> None:
    for name in ("commands", "settings", "reasons", "exit-codes"):
        rows = [line for line in page(f"reference/{name}.md").splitlines() if line.startswith("| ")]
        assert len(rows) > 15, name
        for row in rows:
            cells = [cell.strip() for cell in row.strip("| ").replace("\\|", "/").split(" | ")]
            assert len(cells) > 1 and cells[0] and cells[-1], f"{name}: {row}"


def test_every_exit_code_is_explained() -> None:
    assert set(errors.EXIT_CODES) == exit_codes()


def test_the_help_lists_every_exit_code() -> None:
    epilog = cli.epilog or ""
    listed = epilog[epilog.index("Exit codes:") :]
    found = {int(code) for code in re.findall(r"(?:^|\s)(\d+) [a-z]", listed)}
    assert found == exit_codes()


def test_every_setting_has_a_remark() -> None:
    rows = [row for section in reference.settings().values() for row in section]
    assert len(rows) > 80
    assert [row.key for row in rows if not row.meaning] == []
    told = {row.key: row for row in rows}
    assert told["privacy.face"].allowed == "`keep`, `hold`, `drop`, `mask`"
    assert told["split.test_share"].allowed == "0 to 1"
    assert told["pdf.ocr_language"].default == '"eng"'
    assert "5 beams" in told["generate.decoding"].meaning  # from the line above the field


def test_the_reference_has_every_record_type() -> None:
    told = page("reference/records.md")
    for name in SCHEMAS:
        assert f"\n## {name}\n" in told
    for heading in re.findall(r"\]\(#(\w+)\)", told):  # links to types within
        assert re.search(rf"^### {heading}$", told, re.M | re.I), heading


def test_every_part_that_pages_ask_for_is_there_and_used() -> None:
    asked = {
        name
        for document in DOCUMENTS
        for name in re.findall(r"<!-- from the code: ([a-z-]+) -->", document.read_text("utf-8"))
    }
    assert asked == set(reference.PARTS)


def test_the_architecture_has_the_layers() -> None:
    table = ARCHITECTURE.split("<!-- layers -->")[1].split("<!-- end of layers -->")[0]
    rows = [re.findall(r"`(\w+)`", line.split("|")[2]) for line in table.strip().splitlines()[2:]]
    assert tuple(map(tuple, rows)) == test_layers.LAYERS


def test_every_page_is_in_the_navigation() -> None:
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    entries = re.findall(r"^(?:[^`\n]*<)?([a-z][a-z/-]+)>?$", index, re.M)
    pages = {str(path.relative_to(DOCS).with_suffix("")) for path in DOCS.rglob("*.md")}
    assert pages - {"index"} == set(entries)
    assert len(entries) == len(set(entries))


def test_files_of_the_repository_are_pages_whose_links_lead_somewhere() -> None:
    wanted = {path.read_text("utf-8").split(": ")[1][:-5] for path in DOCS.glob("project/*.md")}
    assert wanted == set(reference.FILES)
    for name in reference.FILES:
        for target in re.findall(r"\]\(([^)#\s]+)", reference.read_file(name)):
            if not re.match(r"[a-z]+:", target):
                assert (DOCS / "project" / target).exists(), f"{name}: {target}"


def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("sphinx", reason="the extra docs is not installed")
    site = tmp_path / "site"
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-n", "-W", "-q", "-b", "html", DOCS, site],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for path in sorted(site.rglob("*.html")):
        fetched = re.findall(
            r"<(?:script|link|img)\b[^>]*(?:src|href)=\"(https?:[^\"]+)", path.read_text()
        )
        assert fetched == [], f"{path.name} needs a network"


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 150


def test_everything_in_the_tree_exists() -> None:
    folder = ROOT
    for line in tree().strip().splitlines():
        words = re.findall(r"[\w.]+\.(?:py|md|toml|sh)\b|^ *[\w/]+/(?= |$)", line)
        depth = (len(line) - len(line.lstrip())) // 2
        for word in (word.strip() for word in words):
            if word.endswith("/"):
                folder = ROOT if depth == 0 else SOURCE
                folder = folder / word
                assert folder.is_dir(), f"architecture.md: {word} is not there"
                continue
            places = (folder, SOURCE, ROOT, ROOT / "data", ROOT / "manual_review", ROOT / "tools")
            assert any((place / word).is_file() for place in places), (
                f"architecture.md: {word} is not there"
            )


def test_every_room_and_module_stands_in_the_tree() -> None:
    named = tree()
    for path in sorted(SOURCE.iterdir()):
        if path.name.startswith(("__", "py.typed")):
            continue
        assert path.name + "/" * path.is_dir() in named, f"{path.name} is not in architecture.md"
    for room in ("pdf", "figures", "audit"):
        for path in sorted((SOURCE / room).glob("[!_]*.py")):
            assert path.name in named, f"{room}/{path.name} is not in architecture.md"


PACKAGES = sorted([*SOURCE.rglob("__init__.py"), ROOT / "flows" / "__init__.py"])


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.parent.name)
def test_the_docstring_of_each_package_names_all_that_is_in_it(package: Path) -> None:
    told = ast.get_docstring(ast.parse(package.read_text(encoding="utf-8"))) or ""
    words = set(re.findall(r"\w+", told))
    families = [word[:-1] for word in re.findall(r"\b(\w+_\*)", told)]  # export_*: one a form
    inside = [*package.parent.glob("[!_]*.py"), *(p.parent for p in package.parent.glob("*/*.py"))]
    names = sorted({path.stem for path in inside})
    known = [name for name in names if name in words or name.startswith(tuple(families))]
    assert names == known, f"{package}: {set(names) - set(known)}"
    for name in re.findall(r"^\d+\. `(\w+)`", told, re.M):
        assert name in [*names, "flows"], f"{package}: {name} is not there"


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
