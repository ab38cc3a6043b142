"""The whole way of a book with the network refused, and with markup in every name and caption.

`tests/faults/shim` refuses and notes every try to look up a name or to connect, in the commands and
in all processes that they start.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from hostile_words import EVIL, executable_nodes, policy_of
from mmskin_build.cli.exports import FORMS
from mmskin_build.config import Workspace
from mmskin_build.review.desk import Desk
from review_desk import ask, running
from tiny_books import KEEP_EVERYTHING, draw_figure, write_settings

SHIM = Path(__file__).parent / "faults" / "shim"
RUN = """
import json, sys
from mmskin_build import cli
for command in json.loads(sys.argv[1]):
    code = cli.run(command)
    if code:
        sys.exit(f"{command[:2]}: {code}")
"""
FILE = "<img src=x onerror=alert(1)>.pdf"


def draw_evil_book(path: Path) -> Path:
    canvas = Canvas(str(path), pagesize=(612, 792), invariant=1)
    for number, text in enumerate(EVIL, start=1):
        draw_figure(canvas, f"Figure 2.{number}", seed=number)
        canvas.setFont("Helvetica", 9)
        canvas.drawString(132 + 5 * number, 450, f"{text} on the arm of a 40-year-old man.")
        canvas.setFont("Times-Roman", 11)
        for line in range(20):
            canvas.drawString(72, 420 - 14 * line, "Running text about the course of disease. " * 2)
        canvas.showPage()
    canvas.save()
    return path


def forms() -> list[str]:
    """The forms of exports whose packages are installed."""
    has_arrow = importlib.util.find_spec("pyarrow") is not None
    return [form for form in FORMS if form != "parquet" or has_arrow]


class Went:
    """A workspace that all commands have gone through, and what the shim has noted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.workspace = Workspace(folder / "data")
        self.log = folder / "network.log"
        self.environment = os.environ | {
            "PYTHONPATH": str(SHIM),
            "MMSKIN_FAULT": json.dumps({"kind": "no_network", "log": str(self.log)}),
        }
        self.environment.pop("PREFECT_API_URL", None)

    def mmskin(self, *commands: list[str]) -> None:
        """Run commands one after another in one child, which costs one start."""
        given = ["--data", str(self.workspace.data), "--config", str(self.folder / "keep.toml")]
        whole = [[*command, *given, "--workers", "1", "-q"] for command in commands]
        done = subprocess.run(
            [sys.executable, "-c", RUN, json.dumps(whole)],
            env=self.environment,
            capture_output=True,
            text=True,
            cwd=self.folder,
        )
        assert done.returncode == 0, done.stderr

    def tries(self) -> str:
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""


@pytest.fixture(scope="module")
def went(tmp_path_factory: pytest.TempPathFactory) -> Went:
    folder = tmp_path_factory.mktemp("refused")
    settings = {**KEEP_EVERYTHING, "review": {"known_share": 0.0}}
    write_settings(folder / "keep.toml", settings)
    went = Went(folder)
    pdf = draw_evil_book(folder / FILE)
    release = str(went.workspace.releases / "mm-skin" / "1.0.0")
    title = ["--title", EVIL[0], "--publisher", EVIL[1], "--rights", EVIL[3]]
    went.mmskin(
        ["books", "add", str(pdf), "--id", "bk1", *title],
        ["build"],
        ["vqa"],
        ["audit", "--csv"],
        ["release", "1.0.0", "--leave-out-held"],
        ["verify", release],
        ["diff", release, release, "--format", "html", "--out", str(folder / "diff.html")],
        *(["export", "1.0.0", "--to", form] for form in forms()),
        ["doctor"],
    )
    return went


def test_the_shim_refuses_what_it_is_to_refuse(went: Went, tmp_path: Path) -> None:
    log = tmp_path / "log"
    spec = json.dumps({"kind": "no_network", "log": str(log)})
    code = "import socket\ntry: socket.create_connection(('127.0.0.1', 9))\nexcept OSError: pass"
    subprocess.run(
        [sys.executable, "-c", code],
        env=went.environment | {"MMSKIN_FAULT": spec},
        check=True,
    )
    assert "127.0.0.1" in log.read_text()


def test_nothing_but_what_names_an_address_uses_the_network(went: Went) -> None:
    assert went.tries() == ""


def test_every_form_was_exported(went: Went) -> None:
    folders = [path for path in (went.workspace.data / "exports").rglob("*") if path.is_dir()]
    assert {form for form in forms() if any(form in path.name for path in folders)} == set(forms())


def test_the_review_is_answered_without_a_network(
    went: Went, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PYTHONPATH", "MMSKIN_FAULT"):
        monkeypatch.setenv(name, went.environment[name])
    desk = Desk(went.workspace)
    (task, *_) = [desk.task(row) for row in desk.index.rows]
    answer = {
        "task": task.id,
        "id": "ab" * 16,
        "value": task.proposed,
        "ground": task.ground,
        "made_on": "",
        "details": {},
    }
    with running(went.workspace) as server:
        for path in ("/", "/next", f"/task/{task.id}", f"/thumbnail/{task.id}/0"):
            assert ask(server.port, "GET", path)[0] in (200, 303)
        status, _, body = ask(server.port, "POST", "/decide", {"answers": [answer]})
        assert status == 200, body
        pages = [ask(server.port, "GET", path)[2].decode() for path in ("/", f"/task/{task.id}")]
    assert went.tries() == ""
    assert [list(executable_nodes(page)) for page in pages] == [[], []]


# ------------------------------------------------------------------------------ markup stays text


def test_the_search_for_executable_nodes_finds_them() -> None:
    for evil in EVIL[:3]:
        assert list(executable_nodes(f"<p>{evil}</p>")), evil
    assert list(executable_nodes('<a href=" java\nscript:alert(1)">x</a>'))
    assert list(executable_nodes(f'<p title="{EVIL[4]}">'))
    assert not list(executable_nodes("<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"))


def test_reports_of_a_book_with_markup_in_its_words_run_nothing(went: Went) -> None:
    pages = sorted((went.workspace.work / "audit").rglob("*.html"))
    assert len(pages) >= 2
    shown = "".join(page.read_text(encoding="utf-8") for page in pages)
    assert "alert(1)" in shown  # the captions are there, as text
    for path in pages:
        page = path.read_text(encoding="utf-8")
        assert list(executable_nodes(page)) == [], path.name
        policy = policy_of(page)
        assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == ("'none'",)
        assert "'unsafe-inline'" not in policy.get("script-src", ())


def test_the_card_and_the_differences_of_a_release_run_nothing(went: Went) -> None:
    release = went.workspace.releases / "mm-skin" / "1.0.0"
    pages = [went.folder / "diff.html", *release.glob("*.md"), *release.glob("card/*.svg")]
    pages += [path for path in (went.workspace.data / "exports").rglob("*.md")]
    assert len(pages) > 2
    for path in pages:
        page = path.read_text(encoding="utf-8")
        # Markdown passes HTML on, and makes links; a caption or title must do neither.
        assert list(executable_nodes(page)) == [], path.name
        assert "](javascript:" not in page, path.name
