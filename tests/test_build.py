from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from mmskin_build import builds, cli, steps
from mmskin_build.books import add_book, read_books
from mmskin_build.cache import open_store, read_entry
from mmskin_build.config import Config, FiguresConfig, Workspace, WorkspaceConfig, parse_config
from mmskin_build.dataset import pictures
from mmskin_build.dataset.released import read_manifest
from mmskin_build.dataset.verify import verify_or_raise
from mmskin_build.errors import EXIT_PARTIAL, BookRegistryError, ReleaseError
from mmskin_build.pdf.isolation import WorkerPool
from mmskin_build.records import Record, Reject
from mmskin_build.store import read_jsonl
from tiny_books import KEEP_EVERYTHING, draw_book, write_settings

ONE_WORKER = parse_config(KEEP_EVERYTHING | {"workspace": {"workers": 1}}, "the test's settings")
ALL = steps.STAGES


def make_workspace(folder: Path, books: int = 2, figures: int = 2) -> Workspace:
    """A data folder with small books, each with its own pictures."""
    workspace = Workspace(folder / "data")
    (workspace.data / "books").mkdir(parents=True)
    with WorkerPool(ONE_WORKER.pdf) as pool:
        for number in range(1, books + 1):
            pdf = draw_book(
                workspace.data / "books" / f"{number}.pdf", figures=figures, seed=number
            )
            add_book(workspace, pool, pdf, book_id=f"bk{number}")
    return workspace


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two registered books, not built."""
    return make_workspace(tmp_path_factory.mktemp("drawn")).data


@pytest.fixture(scope="module")
def built(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, built with one worker and released."""
    data = tmp_path_factory.mktemp("built") / "data"
    shutil.copytree(drawn, data)
    builds.build(Workspace(data), ONE_WORKER)
    builds.make_release(Workspace(data), ONE_WORKER, "1.0.0")
    return data


@pytest.fixture
def workspace(built: Path, tmp_path: Path) -> Workspace:
    """A copy of the built folder that a test may change."""
    shutil.copytree(built, tmp_path / "data")
    return Workspace(tmp_path / "data")


def release_files(data: Path, version: str = "1.0.0") -> dict[str, bytes]:
    folder = data / "releases" / "mm-skin" / version
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def computed(
    workspace: Workspace, cfg: Config = ONE_WORKER
) -> tuple[dict[str, tuple[str, ...]], str]:
    summary, outcomes = builds.build(workspace, cfg)
    return {o.summary.id: o.computed for o in outcomes if o.computed}, summary.content_digest


def test_books_become_a_release_that_holds(built: Path) -> None:
    release = built / "releases" / "mm-skin" / "1.0.0"
    check = verify_or_raise(release)
    assert check.records == 4
    summary = builds.read_build(Workspace(built))
    assert [book.figures for book in summary.books] == [{"paired": 2}] * 2
    assert read_manifest(release).build_digest == summary.content_digest
    entries = json.loads((release / "MM-Skin-C.json").read_text())
    assert [entry["id"] for entry in entries] == ["bk1_2_1", "bk1_2_2", "bk2_2_1", "bk2_2_2"]
    assert entries[0]["caption"] == "Plaque number 101 on the left forearm."


def test_no_id_is_lost_on_the_way(built: Path) -> None:
    workspace = Workspace(built)
    for book in builds.read_build(workspace).books:
        alignment = builds.read_alignment(workspace, book)
        entry = open_store(workspace).entry("assemble_book", book.stages["assemble_book"])
        ended = {r.provenance.figure_id for r in read_jsonl(entry.path(steps.RECORDS), Record)}
        ended |= {r.item_id for r in read_jsonl(entry.path(steps.REJECTS), Reject)}
        assert {figure.figure_id for figure in alignment.figures} <= ended


def test_nothing_that_is_written_names_its_folder(built: Path) -> None:
    for path in (built / "work" / "store").rglob("*.json*"):
        assert str(built).encode() not in path.read_bytes(), path
    for name, content in release_files(built).items():
        assert str(built).encode() not in content, name


def test_another_folder_and_two_workers_give_the_same_bytes(
    built: Path, drawn: Path, tmp_path: Path
) -> None:
    data = tmp_path / "somewhere" / "else"
    shutil.copytree(drawn, data)
    two = dataclasses.replace(ONE_WORKER, workspace=WorkspaceConfig(workers=2))
    builds.build(Workspace(data), two)
    builds.make_release(Workspace(data), two, "1.0.0")
    assert release_files(data) == release_files(built)
    assert (data / "work" / "build.json").read_bytes() == (
        built / "work" / "build.json"
    ).read_bytes()


def test_a_second_build_computes_nothing(workspace: Workspace) -> None:
    before = workspace.current.read_bytes()
    assert computed(workspace)[0] == {}
    assert workspace.current.read_bytes() == before


def test_a_changed_book_is_computed_alone(workspace: Workspace) -> None:
    before = builds.read_build(workspace).content_digest
    pdf = draw_book(workspace.data / "books" / "2.pdf", figures=3, seed=9)
    text = workspace.books_toml.read_text()
    start = text.index('id = "bk2"')
    workspace.books_toml.write_text(text[: text.rindex("[[book]]", 0, start)])
    with WorkerPool(ONE_WORKER.pdf) as pool:
        add_book(workspace, pool, pdf, book_id="bk2")
    again, digest = computed(workspace)
    assert again == {"bk2": ALL}
    assert digest != before


def test_a_book_more_leaves_the_others_alone(workspace: Workspace) -> None:
    pdf = draw_book(workspace.data / "books" / "3.pdf", figures=1, seed=3)
    with WorkerPool(ONE_WORKER.pdf) as pool:
        add_book(workspace, pool, pdf, book_id="bk10")
    assert computed(workspace)[0] == {"bk10": ALL}
    ids = [book.id for book in builds.read_build(workspace).books]
    assert ids == ["bk1", "bk2", "bk10"]


def test_a_setting_computes_only_the_stages_that_see_it(workspace: Workspace) -> None:
    cfg = dataclasses.replace(ONE_WORKER, figures=FiguresConfig(doubtful_below=0.5))
    # The figures come out the same, so nothing is to be looked at in the pictures again.
    again = tuple(name for name in ALL[1:] if name != "screen_pictures")
    assert computed(workspace, cfg)[0] == {"bk1": again, "bk2": again}
    with pytest.raises(ReleaseError, match="settings have changed"):
        builds.make_release(workspace, ONE_WORKER, "1.1.0")


def test_a_new_title_computes_only_the_records(workspace: Workspace) -> None:
    text = workspace.books_toml.read_text()
    workspace.books_toml.write_text(text.replace('title = "1"', 'title = "One"'))
    assert computed(workspace)[0] == {"bk1": ("assemble_book",)}


def test_skipped_pages_are_not_read(workspace: Workspace) -> None:
    text = workspace.books_toml.read_text()
    workspace.books_toml.write_text(text.replace('title = "1"', 'title = "1"\nskip_pages = ["1"]'))
    assert set(computed(workspace)[0]) == {"bk1"}
    (first, _) = builds.read_build(workspace).books
    assert (first.page_count, first.records) == (1, 1)


def test_damage_in_the_store_is_mended(workspace: Workspace) -> None:
    before = builds.read_build(workspace)
    folder = workspace.store / "align_book"
    for path in folder.rglob(steps.FIGURES):
        path.write_bytes(path.read_bytes()[:-5])
    again, digest = computed(workspace)
    assert again == {"bk1": ("align_book",), "bk2": ("align_book",)}
    assert digest == before.content_digest


def test_a_damaged_picture_is_found_by_release_and_mended_by_check(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = sorted(workspace.store.rglob("*.png"))[0]
    content = bytearray(picture.read_bytes())
    content[-20] ^= 1
    picture.write_bytes(content)
    settings = write_settings(workspace.data.parent / "keep.toml", KEEP_EVERYTHING)
    arguments = ["--data", str(workspace.data), "--config", str(settings), "--quiet"]
    assert cli.run(["release", "1.1.0", *arguments]) == 11
    assert "mmskin build --check" in capsys.readouterr().err
    assert cli.run(["build", "--check", *arguments]) == 0
    assert cli.run(["release", "1.1.0", *arguments]) == 0


def test_a_version_is_given_or_chosen(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = write_settings(workspace.data.parent / "keep.toml", KEEP_EVERYTHING)
    arguments = ["--data", str(workspace.data), "--config", str(settings), "--quiet"]
    assert cli.run(["release", "--next", *arguments]) == 0
    assert "1.0.1: 4 records" in capsys.readouterr().out
    assert cli.run(["release", *arguments]) == 2
    assert cli.run(["release", "--next", "1.0.2", *arguments]) == 2


def test_a_release_takes_the_fingerprints_of_its_build(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(rgb: object) -> None:
        raise AssertionError("made again")

    monkeypatch.setattr(pictures, "fingerprint", refuse)
    builds.make_release(workspace, ONE_WORKER, None)


def test_a_book_that_cannot_be_used_is_listed_and_the_others_go_on(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = (workspace.data / "books" / name for name in ("1.pdf", "2.pdf"))
    first.unlink()
    second.write_bytes(second.read_bytes() + b"\n")
    third = draw_book(workspace.data / "books" / "3.pdf", figures=1, seed=3)
    with WorkerPool(ONE_WORKER.pdf) as pool:
        add_book(workspace, pool, third, book_id="bk3")
    settings = write_settings(workspace.data.parent / "keep.toml", KEEP_EVERYTHING)
    arguments = ["--data", str(workspace.data), "--config", str(settings), "--json"]
    assert cli.run(["build", *arguments]) == EXIT_PARTIAL
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    status = {book["id"]: (book["status"], book["message"]) for book in told["books"]}
    assert status["bk3"] == ("built", "")
    assert status["bk1"][0] == status["bk2"][0] == "rejected"
    assert str(first) in status["bk1"][1]
    assert "not the file that was registered" in status["bk2"][1]
    builds.make_release(workspace, ONE_WORKER, "2.0.0")
    manifest = read_manifest(workspace.releases / "mm-skin" / "2.0.0")
    assert list(manifest.left_out_books) == ["bk1", "bk2"]


def test_a_build_without_books_names_the_command(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    with pytest.raises(BookRegistryError, match="mmskin books add"):
        builds.build(workspace, ONE_WORKER)
    workspace.books_toml.write_text('[[book]]\nid = "bk1"\ntitle = "Wanted"\n')
    with pytest.raises(BookRegistryError, match="mmskin books add"):
        builds.build(workspace, ONE_WORKER)
    assert [path.name for path in tmp_path.iterdir()] == ["books.toml"]


def test_progress_counts_every_page(workspace: Workspace) -> None:
    shutil.rmtree(workspace.work)
    told: list[tuple[str, str, int, int]] = []
    builds.build(workspace, ONE_WORKER, lambda *event: told.append(event))
    read = [event[2:] for event in told if event[:2] == ("bk1", "read_book")]
    assert read == [(0, 2), (1, 2), (2, 2)]
    assert {event[1] for event in told} == set(ALL)


def test_a_lost_id_is_a_mistake_of_the_program() -> None:
    from mmskin_build.alignment import check_conserved

    check_conserved("stage", ["a", "b"], ["b", "a"])
    for ended in (["a"], ["a", "b", "c"], ["a", "a", "b"]):
        with pytest.raises(RuntimeError, match="stage lost"):
            check_conserved("stage", ["a", "b"], ended)


def test_all_entries_of_the_store_are_sound(built: Path) -> None:
    folders = [path.parent for path in (built / "work" / "store").glob("*/??/*/manifest.json")]
    assert len(folders) == 2 * len(ALL) + 1
    assert all(read_entry(folder, deep=True) for folder in folders)
    assert len(read_books(Workspace(built))) == 2
