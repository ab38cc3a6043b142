from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mmskin_build.cache import MANIFEST, Entry, Stage, Store, make_temporary, read_entry
from mmskin_build.errors import StorageError


def stage(**changes: object) -> Stage:
    fields = {
        "name": "read_book",
        "version": "1",
        "config_sha256": "c",
        "inputs": {"book": "b"},
        "models": {"m": "1"},
    }
    return Stage(**(fields | changes))  # type: ignore[arg-type]


def write_two(folder: Path) -> None:
    (folder / "figures.jsonl").write_bytes(b'{"a":1}\n')
    (folder / "pictures").mkdir()
    (folder / "pictures" / "x.png").write_bytes(b"pixels")


def entries_under(root: Path) -> list[Path]:
    return sorted(path.parent for path in root.glob(f"*/??/*/{MANIFEST}"))


def refuse(folder: Path) -> None:
    raise AssertionError("computed again")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def test_a_stage_is_computed_once(store: Store) -> None:
    first = store.run(stage(), write_two)
    again = store.run(stage(), refuse)
    assert (first.fresh, again.fresh) == (True, False)
    assert first.outputs == again.outputs
    assert again.path("pictures/x.png").read_bytes() == b"pixels"
    with pytest.raises(KeyError):
        again.path("other.jsonl")


@pytest.mark.parametrize(
    "change",
    [
        {"name": "align_book"},
        {"version": "2"},
        {"config_sha256": "d"},
        {"inputs": {"book": "other"}},
        {"inputs": {"page": "b"}},
        {"models": {"m": "2"}},
    ],
)
def test_each_thing_that_a_stage_depends_on_changes_its_key(
    store: Store, change: dict[str, object]
) -> None:
    store.run(stage(), write_two)
    assert stage(**change).key != stage().key
    assert store.find(stage(**change)) is None


def test_the_key_does_not_depend_on_the_order_of_inputs() -> None:
    one = stage(inputs={"a": "1", "b": "2"})
    assert one.key == stage(inputs={"b": "2", "a": "1"}).key


def test_a_stage_that_fails_leaves_nothing(store: Store) -> None:
    def fail(folder: Path) -> None:
        write_two(folder)
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        store.run(stage(), fail)
    assert [path for path in store.root.rglob("*") if path.is_file()] == []
    assert store.run(stage(), write_two).fresh


@pytest.mark.parametrize("damage", ["shorter", "other bytes", "gone", "manifest torn"])
def test_a_damaged_entry_is_made_again(store: Store, damage: str) -> None:
    folder = store.run(stage(), write_two).folder
    target = folder / "figures.jsonl"
    match damage:
        case "shorter":
            target.write_bytes(b"{")
        case "other bytes":
            target.write_bytes(b'{"a":2}\n')
        case "gone":
            target.unlink()
        case "manifest torn":
            (folder / MANIFEST).write_bytes(b'{"key": ')
    assert store.find(stage()) is None
    with pytest.raises(StorageError, match="mmskin build"):
        store.entry("read_book", stage().key)
    assert store.run(stage(), write_two).fresh
    assert store.find(stage(), deep=True) is not None
    assert list((store.root / ".tmp").iterdir()) == []


def test_a_changed_picture_is_found_when_looking_deep(store: Store) -> None:
    folder = store.run(stage(), write_two).folder
    (folder / "pictures" / "x.png").write_bytes(b"pixelz")
    assert store.find(stage()) is not None
    assert store.find(stage(), deep=True) is None
    assert store.run(stage(), write_two, deep=True).fresh


def test_an_entry_without_manifest_is_not_there(store: Store) -> None:
    folder = store.folder(stage())
    folder.mkdir(parents=True)
    write_two(folder)
    assert store.find(stage()) is None
    assert store.run(stage(), write_two).fresh
    assert read_entry(folder, deep=True) is not None


def test_two_that_race_end_with_one_sound_entry(store: Store) -> None:
    together = threading.Barrier(4)
    ended: list[Entry] = []

    def produce(folder: Path) -> None:
        write_two(folder)
        together.wait()

    def run() -> None:
        ended.append(store.run(stage(), produce))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ended) == 4
    assert entries_under(store.root) == [store.folder(stage())]
    assert all(entry.outputs == ended[0].outputs for entry in ended)
    assert read_entry(store.folder(stage()), deep=True) is not None
    assert list((store.root / ".tmp").iterdir()) == []


def test_only_the_leavings_of_ended_processes_are_swept(store: Store) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    mine = make_temporary(store.root, "mine")
    theirs = mine.with_name(mine.name.replace(f".{os.getpid()}", f".{ended.pid}"))
    theirs.mkdir()
    elsewhere = mine.with_name(f"other@another-machine.{ended.pid}")
    elsewhere.mkdir()
    assert store.sweep() == 1
    assert sorted((store.root / ".tmp").iterdir()) == sorted([mine, elsewhere])


def test_a_store_that_cannot_be_made_names_its_place(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file")
    with pytest.raises(StorageError, match="a file stands where a folder is needed"):
        Store(tmp_path / "file").run(stage(), write_two)
