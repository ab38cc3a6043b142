"""The container holds the program and nothing else; `make test-container` builds and uses it."""

from __future__ import annotations

import fnmatch
import re
import shlex
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
Instruction = tuple[str, str]
#: What a user keeps beside the sources, and what must not be in an image whatever is built.
PRIVATE = (
    "data/books.toml",
    "data/books/rook.pdf",
    "data/work/build.json",
    "data/releases/mm-skin/1.0.0/manifest.json",
    "manual_review/decisions/anna.jsonl",
    "mmskin.toml",
    ".env",
    ".git/config",
    ".venv/bin/python",
    "tests/test_container.py",
    "book.pdf",
    "src/book.pdf",
)


def instructions() -> list[list[Instruction]]:
    """Return the instructions of each stage of the Dockerfile."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text("utf-8"), flags=re.M)
    stages: list[list[Instruction]] = []
    for line in text.replace("\\\n", " ").splitlines():
        if not line.strip():
            continue
        name, _, rest = line.strip().partition(" ")
        if name == "FROM":
            stages.append([])
        if stages:
            stages[-1].append((name, rest.strip()))
    return stages


def values(stage: list[Instruction], name: str) -> list[str]:
    return [rest for told, rest in stage if told == name]


def is_sent(path: str) -> bool:
    """Whether a file goes to the builder: the last line of .dockerignore that matches decides.

    A line matches a file or a folder above it from the root; one with ``**/`` at any depth.
    """
    parts = Path(path).parts
    sent = True
    for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        pattern = line.strip().removeprefix("!")
        depths = range(len(parts)) if pattern.startswith("**/") else range(1)
        places = [
            Path(*parts[a:b]).as_posix() for a in depths for b in range(a + 1, len(parts) + 1)
        ]
        if any(fnmatch.fnmatchcase(place, pattern.removeprefix("**/")) for place in places):
            sent = line.startswith("!")
    return sent


def test_nothing_private_goes_into_an_image() -> None:
    assert [path for path in PRIVATE if is_sent(path)] == []


def test_what_is_copied_is_there_and_is_sent() -> None:
    build, _ = instructions()
    copied = [name for line in values(build, "COPY") for name in line.split()[:-1]]
    assert set(copied) >= {"pyproject.toml", "setup.py", "constraints.txt", "src", "flows"}
    for name in copied:
        assert (ROOT / name).exists(), name
        assert is_sent(name), name
    assert is_sent("src/mmskin_build/cli/__init__.py")
    assert is_sent("flows/build_dataset.py")


def test_the_program_runs_as_nobody_in_particular_in_its_own_folder() -> None:
    *_, final = instructions()
    assert values(final, "ENTRYPOINT") == ['["mmskin"]']
    (user,) = values(final, "USER")
    assert int(user.split(":")[0]) > 0
    assert values(final, "VOLUME") == ['["/work"]']
    assert values(final, "WORKDIR") == ["/work"]
    names = [name for name, _ in final]
    assert names.index("RUN") < names.index("USER")  # packages come in as root, nothing else


def test_what_builds_stays_in_the_first_stage() -> None:
    *_, final = instructions()
    packages = {word for line in values(final, "RUN") for word in shlex.split(line)}
    assert "tesseract-ocr" in packages
    assert not packages & {"python3-pip", "python3-venv", "build-essential", "gcc", "git", "curl"}
    (copied,) = values(final, "COPY")
    assert copied == "--from=build /opt/mmskin /opt/mmskin"


def test_both_stages_stand_on_one_base() -> None:
    assert {values(stage, "FROM")[0].split()[0] for stage in instructions()} == {"${BASE}"}


def test_the_label_has_the_version_of_the_package() -> None:
    *_, final = instructions()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert f"VERSION={project['version']}" in values(final, "ARG")
    assert project["license"] in values(final, "LABEL")[0]


@pytest.mark.parametrize("word", ["password", "secret", "token", "api_key"])
def test_no_secret_is_named(word: str) -> None:
    assert word not in (ROOT / "Dockerfile").read_text("utf-8").lower()
