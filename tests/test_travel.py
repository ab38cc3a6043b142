"""What workers without a common folder fetch is what the program has, and nothing is left of it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("distributed", reason="the extra 'dask' is not installed")

from mmskin_build.flows import spread, travel

from dask_programs import make_data
from mmskin_build import remote as remote_module
from mmskin_build.books import adobe_path, book_path, push_book, read_books
from mmskin_build.config import Config, ImagesConfig, PdfConfig, Workspace
from mmskin_build.errors import (
    ChangedBookError,
    DamagedObjectError,
    InputPdfError,
    StorageError,
)
from mmskin_build.pdf import work
from mmskin_build.pdf.adobe import digest_extract
from mmskin_build.pdf.jobs import PageJob, PdfSource, ReadSettings
from mmskin_build.remote import Remote, open_remote


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Two books on the program's machine; this process is also the worker, with another home."""
    monkeypatch.setattr(remote_module, "_PAUSES_S", (0.0, 0.0))
    monkeypatch.setattr(travel, "_home", lambda: tmp_path / "machine" / "mmskin")
    data = make_data(tmp_path, figures=1)
    return Workspace(data, (tmp_path / "shared").as_uri())


def remote_of(workspace: Workspace) -> Remote:
    return open_remote(workspace.remote)


def objects(workspace: Workspace, prefix: str) -> list[str]:
    found = remote_of(workspace).fs.find(remote_of(workspace).root)
    names = [path.removeprefix(remote_of(workspace).root + "/") for path in found]
    return sorted(name for name in names if name.startswith(prefix))


def left(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "machine" / "mmskin" / ".tmp").glob("*"))


def write_adobe(folder: Path) -> Path:
    for number in (2, 10):
        part = folder / f"part {number}"
        (part / "figures").mkdir(parents=True)
        (part / "structuredData.json").write_text(json.dumps({"elements": [number]}))
        (part / "figures" / f"fileoutpart{number}.png").write_bytes(b"rendition")
    return folder


def test_a_worker_lays_out_what_the_program_has(workspace: Workspace, tmp_path: Path) -> None:
    decisions = workspace.review / "decisions"
    decisions.mkdir(parents=True)
    (decisions / "ann.jsonl").write_text('{"a": 1}\n')
    (decisions / "bob.jsonl").write_text('{"b": 1}\n')
    model = tmp_path / "model.json"
    model.write_text("{}")
    cfg = Config(images=ImagesConfig(modality_model=str(model)))
    registry = workspace.books_toml
    adobe = write_adobe(tmp_path / "adobe")
    registry.write_text(registry.read_text() + f'adobe = "{adobe}"\n')
    plain, with_adobe = read_books(workspace)
    parcel = travel.send_parcel(workspace, cfg)
    for book in (plain, with_adobe):
        sent = travel.send_book(workspace, book, parcel)
        with travel.settle(sent, book) as settled:
            there = settled.workspace
            assert there.data != workspace.data and there.remote == workspace.remote
            assert book_path(there, settled.book).read_bytes() == settled.path.read_bytes()
            assert settled.path.read_bytes() == book_path(workspace, book).read_bytes()
            for name in ("ann.jsonl", "bob.jsonl"):
                read = (there.review / "decisions" / name).read_text()
                assert read == (decisions / name).read_text()
            assert settled.model is not None and settled.model.read_text() == "{}"
            folder = adobe_path(there, settled.book)
            if book is with_adobe:
                assert folder is not None and digest_extract(folder) == digest_extract(adobe)
            else:
                assert folder is None
        assert left(tmp_path) == []
    assert len(objects(workspace, "books/")) == 2
    again = travel.send_parcel(workspace, cfg)
    assert again == parcel and len(objects(workspace, "files/")) == 3


def test_without_decisions_and_models_none_travel(workspace: Workspace) -> None:
    parcel = travel.send_parcel(workspace, Config())
    assert parcel == travel.Parcel(url=workspace.remote, decisions=None, model=None)
    assert objects(workspace, "files/") == []


def test_a_book_that_has_changed_is_not_sent(workspace: Workspace) -> None:
    (book, _) = read_books(workspace)
    book_path(workspace, book).write_text("changed")
    with pytest.raises(ChangedBookError):
        travel.send_book(workspace, book, travel.send_parcel(workspace, Config()))
    assert objects(workspace, "books/") == []


def test_a_book_that_was_cut_off_there_is_sent_again(workspace: Workspace) -> None:
    (book, _) = read_books(workspace)
    remote = remote_of(workspace)
    assert push_book(workspace, book, remote) and not push_book(workspace, book, remote)
    (name,) = objects(workspace, "books/")
    Path(remote._path(name)).write_bytes(b"%PDF-")
    assert push_book(workspace, book, remote)


def test_a_book_of_other_bytes_is_not_taken(workspace: Workspace, tmp_path: Path) -> None:
    (book, _) = read_books(workspace)
    remote = remote_of(workspace)
    push_book(workspace, book, remote)
    (name,) = objects(workspace, "books/")
    path = Path(remote._path(name))
    path.write_bytes(b"x" * path.stat().st_size)
    with pytest.raises(DamagedObjectError, match="has other bytes than its name tells"):
        travel.place_book(remote, book.sha256, tmp_path / "here")
    assert list((tmp_path / "here").iterdir()) == []
    remote.remove(name)
    with pytest.raises(StorageError, match="is not there any more"):
        travel.place_book(remote, book.sha256, tmp_path / "here")


def test_a_machine_keeps_few_books_and_takes_none_away_from_a_call(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(travel, "_KEPT_BOOKS", 1)
    one, two = read_books(workspace)
    remote = remote_of(workspace)
    for book in (one, two):
        push_book(workspace, book, remote)
    first = travel.place_book(remote, one.sha256, tmp_path / "call1")
    kept = tmp_path / "machine" / "mmskin" / "books"
    os.utime(kept / first.name, (1, 1))
    travel.place_book(remote, two.sha256, tmp_path / "call2")
    assert [path.stem for path in kept.iterdir()] == [two.sha256]
    assert first.read_bytes() == book_path(workspace, one).read_bytes()
    assert travel.place_book(remote, one.sha256, tmp_path / "call3").exists()


def test_pictures_pass_from_worker_to_worker(workspace: Workspace, tmp_path: Path) -> None:
    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    mine.mkdir()
    (mine / f"{64 * 'a'}.png").write_bytes(b"picture")
    name = travel.pass_on(workspace.remote, mine)
    travel.take(workspace.remote, name, theirs)
    assert [path.read_bytes() for path in theirs.iterdir()] == [b"picture"]
    travel.forget(workspace.remote, name)
    travel.forget(workspace.remote, name)  # nothing is there, and nothing happens
    with pytest.raises(StorageError, match="is not there any more"):
        travel.take(workspace.remote, name, theirs)
    assert left(tmp_path) == []


def pages_call(workspace: Workspace, shown: str, **more: Any) -> spread.PagesCall:
    (book, _) = read_books(workspace)
    push_book(workspace, book, remote_of(workspace))
    sha256 = more.get("sha256", book.sha256)
    settings = ReadSettings(cfg=PdfConfig(), language="eng")
    return spread.PagesCall(
        source=PdfSource(path=Path("/not/here.pdf")),
        jobs=(PageJob(page_index=0, payload=settings),),
        work=work.read_page,
        limits=PdfConfig(),
        code=spread.program_code(),
        apart=spread.Apart(url=workspace.remote, book_sha256=sha256, shown=shown, model=None),
    )


def test_a_range_fetches_its_book(workspace: Workspace, tmp_path: Path) -> None:
    done = spread.read_range(pages_call(workspace, "/home/me/rook.pdf"))
    assert [page.page_index for page in done.results] == [0]
    assert done.pictures is None and objects(workspace, "passing/") == []
    assert left(tmp_path) == []


def test_what_is_wrong_with_a_book_names_the_users_path(
    workspace: Workspace, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7\nnothing")
    remote = remote_of(workspace)
    sha256 = "b" * 64
    call = pages_call(workspace, "/home/me/rook.pdf", sha256=sha256)
    kept = tmp_path / "machine" / "mmskin" / "books" / f"{sha256}.pdf"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(broken.read_bytes())
    assert remote.size(f"books/{sha256}.pdf") is None
    with pytest.raises(InputPdfError) as caught:
        spread.read_range(call)
    assert str(caught.value).startswith("/home/me/rook.pdf: ")
    assert str(tmp_path) not in str(caught.value)
