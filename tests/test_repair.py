"""`mmskin doctor --repair`: damage is found, what can be made again is, the rest is kept."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mmskin_build import builds, cli, repair, store
from mmskin_build.config import Config, Workspace
from mmskin_build.dataset.release import IMAGES
from mmskin_build.errors import StorageError
from mmskin_build.repair import find_damage
from mmskin_build.vqa.reply_cache import Reply, ReplyCache
from tiny_books import KEEP_EVERYTHING, draw_book, write_settings


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a build, a release, decisions and replies."""
    folder = tmp_path_factory.mktemp("whole")
    pdf = draw_book(folder / "data" / "book.pdf", figures=3) if mkdir(folder / "data") else None
    settings = write_settings(folder / "keep.toml", KEEP_EVERYTHING)
    for command in (["books", "add", str(pdf), "--id", "bk1"], ["build"], ["release", "1.0.0"]):
        assert mmskin(folder, *command) == 0
    decisions = folder / "manual_review" / "decisions"
    decisions.mkdir()
    (decisions / "ann.jsonl").write_bytes(b"")
    cache = ReplyCache(folder / "data" / "work" / "vqa_replies.sqlite")
    for number in range(200):
        cache.keep(f"key {number}", Reply(text=f"reply {number} " * 20))
    cache.close()
    assert settings.exists()
    return folder


def mkdir(path: Path) -> bool:
    path.mkdir(parents=True)
    return True


def mmskin(folder: Path, *arguments: str) -> int:
    given = ["--data", str(folder / "data"), "--config", str(folder / "keep.toml"), "--quiet"]
    return cli.run([*arguments, *given, "--workers", "1"])


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    shutil.copytree(whole, tmp_path / "copy")
    return tmp_path / "copy"


def entry_file(folder: Path, pattern: str) -> Path:
    return next(iter(sorted((folder / "data" / "work" / "store").glob(pattern))))


def flip(path: Path, at: float = 0.5) -> None:
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[int(at * len(content))] ^= 4
    path.write_bytes(content)


def found(folder: Path) -> dict[str, str]:
    return {d.what: d.found for d in find_damage(Workspace(folder / "data"))}


def kept(folder: Path) -> dict[str, bytes]:
    """All that no repair may touch."""
    roots = (folder / "data" / "releases", folder / "manual_review" / "decisions")
    files = [folder / "data" / "book.pdf", folder / "data" / "books.toml"]
    files += [path for root in roots for path in sorted(root.rglob("*")) if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_a_sound_folder_has_no_damage_and_is_left_as_it_is(folder: Path) -> None:
    workspace = Workspace(folder / "data")
    before = kept(folder), workspace.current.read_bytes()
    assert find_damage(workspace) == ()
    assert mmskin(folder, "doctor", "--repair") == 0
    assert (kept(folder), workspace.current.read_bytes()) == before


@pytest.mark.parametrize(
    "pattern", ["read_book/*/*/pages.jsonl.gz", "cut_pictures/*/*/pictures/*.png",
                "align_book/*/*/manifest.json", "join_books/*/*/records.jsonl"],
)  # fmt: skip
@pytest.mark.parametrize("how", ["flipped", "truncated", "deleted"])
def test_a_damaged_stage_output_is_made_again_the_same(
    folder: Path, pattern: str, how: str
) -> None:
    workspace = Workspace(folder / "data")
    before = workspace.current.read_bytes()
    path = entry_file(folder, pattern)
    match how:
        case "flipped":
            flip(path)
        case "truncated":
            path.write_bytes(path.read_bytes()[:-7])
        case "deleted":
            path.unlink()
    assert found(folder).keys() == {"stage output", "last build"}
    assert path.parent.exists()  # nothing was changed by looking
    assert mmskin(folder, "doctor", "--repair") == 0
    assert find_damage(workspace) == ()
    if pattern.startswith("join_books"):  # one of them is enough: the others take the same way
        assert mmskin(folder, "build") == 0
        assert workspace.current.read_bytes() == before


def test_what_ended_processes_left_is_removed_and_what_others_do_is_not(folder: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    name = store.process_name().removesuffix(str(os.getpid())) + str(ended.pid)
    work = folder / "data" / "work"
    mine = work / f".build.json.0a@{store.process_name()}.tmp"
    theirs = work / f".build.json.0a@{name}.tmp"
    entry = work / "store" / ".tmp" / f"read_book-0a@{name}"
    entry.mkdir(parents=True)
    for path in (mine, theirs, entry / "pages.jsonl"):
        path.write_bytes(b"{")
    assert found(folder).keys() == {"unfinished"}
    assert mmskin(folder, "doctor", "--repair") == 0
    assert (mine.exists(), theirs.exists(), entry.exists()) == (True, False, False)


def test_a_queue_that_cannot_be_read_is_made_again(folder: Path) -> None:
    path = folder / "manual_review" / "queue" / "bk1.jsonl"
    before = path.read_bytes()
    path.write_bytes(b'{"id": ')
    assert found(folder).keys() == {"queue"}
    assert mmskin(folder, "doctor", "--repair") == 0
    assert path.read_bytes() == before


def test_decisions_with_a_broken_line_are_copied_and_not_changed(folder: Path) -> None:
    path = folder / "manual_review" / "decisions" / "ann.jsonl"
    path.write_bytes(b'{"not": "a decision"}\n{"field": "cap')
    before = kept(folder)
    assert "line 2: breaks off" in found(folder)["decisions"]
    for _ in range(2):
        assert mmskin(folder, "doctor", "--repair") == 0
    assert kept(folder) == before
    (copy,) = (folder / "manual_review" / repair.SET_ASIDE).iterdir()
    assert copy.read_bytes() == path.read_bytes()


def test_a_last_build_that_leads_nowhere_is_removed(folder: Path) -> None:
    workspace = Workspace(folder / "data")
    before = workspace.current.read_bytes()
    shutil.rmtree(workspace.store / "assemble_book")
    assert "assemble_book" in found(folder)["last build"]
    workspace.current.write_bytes(before[:100])
    assert found(folder).keys() == {"last build"}
    assert mmskin(folder, "doctor", "--repair") == 0
    assert mmskin(folder, "build") == 0
    assert workspace.current.read_bytes() == before


def test_replies_are_saved_from_a_damaged_file(folder: Path) -> None:
    path = folder / "data" / "work" / "vqa_replies.sqlite"
    content = bytearray(path.read_bytes())
    content[4096 * 5 : 4096 * 6] = bytes(4096)  # one page of the table
    path.write_bytes(content)
    assert "replies" in found(folder)
    assert mmskin(folder, "doctor", "--repair") == 0
    assert find_damage(Workspace(folder / "data")) == ()
    with sqlite3.connect(path) as file:
        rows = file.execute("SELECT key, text FROM replies").fetchall()
    assert len(rows) > 100
    assert all(text.startswith(f"reply {key.split()[1]} ") for key, text in rows)


def test_a_damaged_index_of_duplicates_is_removed(folder: Path) -> None:
    workspace = Workspace(folder / "data")
    workspace.duplicates.write_bytes(b"SQLite format 3\0" + bytes(5000))
    assert found(folder).keys() == {"duplicates"}
    assert mmskin(folder, "doctor", "--repair") == 0
    assert not workspace.duplicates.exists()


def test_books_and_releases_are_named_and_never_changed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    release = folder / "data" / "releases" / "mm-skin" / "1.0.0"
    flip(next(iter(sorted((release / IMAGES).iterdir()))))
    flip(folder / "data" / "book.pdf")
    before = kept(folder)
    capsys.readouterr()
    assert mmskin(folder, "doctor", "--repair", "--json") == 11
    told = {d["what"]: d for d in json.loads(capsys.readouterr().out)["damages"]}
    assert told.keys() == {"book", "release"}
    assert all(d["by_person"] and not d["done"] for d in told.values())
    assert kept(folder) == before


def test_without_repair_nothing_is_changed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "manual_review" / "queue" / "bk1.jsonl").write_bytes(b"{")
    flip(entry_file(folder, "assemble_book/*/*/records.jsonl"))

    def state() -> dict[str, Any]:
        return {str(p): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}

    before = state()
    assert mmskin(folder, "doctor") == 11
    assert "mmskin doctor --repair" in capsys.readouterr().out
    assert state() == before


def test_a_register_that_is_no_toml_stops_no_look(folder: Path) -> None:
    (folder / "data" / "books.toml").write_bytes(b"[[book]\n")
    assert found(folder).keys() == {"register"}
    assert repair.repair(Workspace(folder / "data"), Config())[0].done is False
    assert builds.read_build_before(Workspace(folder / "data")) is not None


# ------------------------------------------------------------------- links, folders, permissions


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder of the user's own, which links lead to."""
    path = tmp_path / "outside"
    path.mkdir()
    (path / "precious.txt").write_text("mine")
    return path


def test_a_link_is_removed_and_never_what_it_leads_to(folder: Path, outside: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    name = store.process_name().removesuffix(str(os.getpid())) + str(ended.pid)
    work = folder / "data" / "work"
    entry = next(iter((work / "store").glob("align_book/*/*")))
    shutil.rmtree(entry)
    entry.symlink_to(outside)
    pictures = entry_file(folder, "cut_pictures/*/*/pictures")
    (pictures / "more").symlink_to(outside)  # of an entry that is damaged for another reason
    flip(entry_file(folder, "cut_pictures/*/*/pictures/*.png"))
    (work / "store" / ".tmp").mkdir(exist_ok=True)
    (work / "store" / ".tmp" / f"read_book-0a@{name}").symlink_to(outside)
    assert found(folder).keys() == {"stage output", "unfinished", "last build"}
    assert mmskin(folder, "doctor", "--repair") == 0
    assert find_damage(Workspace(folder / "data")) == ()
    assert not entry.is_symlink()
    assert (outside / "precious.txt").read_text() == "mine"


def test_a_folder_in_the_place_of_a_file_is_removed(folder: Path) -> None:
    for path in (Workspace(folder / "data").current, folder / "manual_review/queue/bk1.jsonl"):
        path.unlink()
        (path / "deeper").mkdir(parents=True)
    assert found(folder).keys() == {"last build", "queue"}
    mmskin(folder, "doctor", "--repair")
    assert found(folder).keys() == set()


def test_a_file_in_the_place_of_the_store_is_removed(folder: Path) -> None:
    place = folder / "data" / "work" / "store"
    shutil.rmtree(place)
    place.write_bytes(b"")
    assert "is no folder" in found(folder)["stage output"]
    assert mmskin(folder, "doctor", "--repair") == 0
    assert not place.exists()


def test_folders_that_may_not_be_entered_are_removed(folder: Path) -> None:
    pictures = entry_file(folder, "cut_pictures/*/*/pictures")
    flip(entry_file(folder, "cut_pictures/*/*/pictures/*.png"))
    pictures.chmod(0)
    assert mmskin(folder, "doctor", "--repair") == 0
    assert not pictures.exists()


# ----------------------------------------------------------------- what a person has to look after


def test_a_register_cut_off_to_sound_toml_is_told(folder: Path) -> None:
    register = folder / "data" / "books.toml"
    lines = register.read_text().splitlines(keepends=True)
    kept = [line for line in lines if line.startswith(("[[book]]", "id =", "title ="))]
    register.write_text("".join(kept))
    assert "has no file for bk1" in found(folder)["register"]
    assert mmskin(folder, "doctor", "--repair") == 11
    assert register.read_text() == "".join(kept)


@pytest.mark.parametrize(
    ("name", "what"),
    [("withdrawn.jsonl", "withdrawn"), ("exports.jsonl", "exports"), ("public.toml", "register")],
)
def test_a_list_of_the_users_that_breaks_off_is_told_and_kept(
    folder: Path, name: str, what: str
) -> None:
    path = folder / "data" / name
    path.write_bytes(b'{"release": "a", "rec')
    assert found(folder).keys() == {what}
    assert mmskin(folder, "doctor", "--repair") == 11
    assert path.read_bytes() == b'{"release": "a", "rec'


def test_a_withdrawal_that_was_interrupted_is_told(folder: Path) -> None:
    home = folder / "data" / "releases" / "mm-skin"
    (home / ".withdrawing").mkdir()
    (home / "1.0.0").rename(home / ".withdrawing" / "1.0.0.old")
    assert found(folder) == {"release": "a withdrawal was interrupted"}
    before = kept(folder)
    assert mmskin(folder, "doctor", "--repair") == 11
    assert kept(folder) == before


def test_decisions_that_were_set_aside_are_no_longer_to_be_mended(folder: Path) -> None:
    (folder / "manual_review" / "decisions" / "ann.jsonl").write_bytes(b'{"field": "cap')
    assert mmskin(folder, "doctor") == 11
    assert mmskin(folder, "doctor", "--repair") == 0
    assert mmskin(folder, "doctor") == 0


# ----------------------------------------------------------------------------- what fails meanwhile


def test_what_cannot_be_mended_says_why_and_all_else_is(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flip(entry_file(folder, "align_book/*/*/manifest.json"))
    flip(entry_file(folder, "join_books/*/*/records.jsonl"))
    (folder / "manual_review" / "queue" / "bk1.jsonl").write_bytes(b"{")
    real = shutil.rmtree

    def refuse(path: Path, *given: Any) -> None:
        if "align_book" in str(path):
            raise OSError(28, "No space left on device", str(path))
        real(path, *given)

    monkeypatch.setattr(repair.shutil, "rmtree", refuse)
    done = {(d.what, d.done): d.mend for d in repair.repair(Workspace(folder / "data"), Config())}
    assert done.keys() == {
        ("stage output", True), ("stage output", False), ("last build", True), ("queue", True),
    }  # fmt: skip
    assert "the disk is full" in done["stage output", False]


def test_a_queue_that_cannot_be_written_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*given: Any) -> None:
        raise StorageError("queue: the disk is full")

    (folder / "manual_review" / "queue" / "bk1.jsonl").write_bytes(b"{")
    monkeypatch.setattr(repair, "write_build_queue", full)
    (damage,) = repair.repair(Workspace(folder / "data"), Config())
    assert (damage.what, damage.done) == ("queue", False)
    assert "not made again: queue: the disk is full" in damage.mend


def test_what_cannot_be_looked_at_is_told_and_all_else_is_looked_at(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*given: Any) -> None:
        raise PermissionError(13, "Permission denied", "decisions")

    monkeypatch.setattr(repair, "read_decisions", fail)
    (folder / "manual_review" / "queue" / "bk1.jsonl").write_bytes(b"{")
    assert found(folder).keys() == {"decisions", "queue"}


def test_how_much_was_read_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--data", str(folder / "data"), "--config", str(folder / "keep.toml")]
    assert cli.run(["doctor", *given]) == 0
    assert "MB of stage outputs were read, in" in capsys.readouterr().err
    seen = []
    find_damage(Workspace(folder / "data"), lambda book, stage, done, total: seen.append(stage))
    assert repair.STORE in seen
