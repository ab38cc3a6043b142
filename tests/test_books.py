from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, cast

import pytest

from mmskin_build.books import (
    add_book,
    book_path,
    check_book,
    pages_to_read,
    read_books,
    read_registry,
)
from mmskin_build.config import PdfConfig, Workspace
from mmskin_build.errors import (
    BookRegistryError,
    ChangedBookError,
    ConfigError,
    InputPdfError,
    MissingBookError,
)
from mmskin_build.pdf.isolation import WorkerPool
from mmskin_build.pdf.jobs import PdfInfo, PdfSource
from mmskin_build.records import Book
from mmskin_build.store import file_sha256
from tiny_books import draw_book

TEMPLATE = Path(__file__).resolve().parent.parent / "data" / "books.template.toml"


class TwelvePages:
    """Stands in for the pool: every file has twelve pages."""

    def inspect(self, source: PdfSource) -> PdfInfo:
        return PdfInfo(page_count=12, repaired=False)


def add(workspace: Workspace, pdf: Path, book_id: str = "bk1", **given: Any) -> Book:
    return add_book(workspace, cast(WorkerPool, TwelvePages()), pdf, book_id=book_id, given=given)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "data")


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    path = tmp_path / "rook.pdf"
    path.write_bytes(b"%PDF- one")
    return path


def test_an_added_book_is_read_back(workspace: Workspace, pdf: Path) -> None:
    book = add(workspace, pdf, "bk15", title="Rook's", language="eng+lat", skip_pages=("1-4",))
    assert read_books(workspace) == (book,)
    assert book.sha256 == file_sha256(pdf)
    assert (book.page_count, book.title, book.rights) == (12, "Rook's", "owned copy")
    check_book(workspace, book)


def test_the_pages_of_a_real_file_are_counted(workspace: Workspace, tmp_path: Path) -> None:
    pdf = draw_book(tmp_path / "book.pdf", figures=3)
    with WorkerPool(PdfConfig()) as pool:
        assert add_book(workspace, pool, pdf, book_id="bk1").page_count == 3
        pdf.write_text("no PDF")
        with pytest.raises(InputPdfError, match=r"book\.pdf"):
            add_book(workspace, pool, pdf, book_id="bk2")
    assert [book.id for book in read_books(workspace)] == ["bk1"]


def test_a_path_within_the_data_folder_is_kept_relative(workspace: Workspace) -> None:
    inside = workspace.data / "books" / "a.pdf"
    inside.parent.mkdir(parents=True)
    inside.write_bytes(b"%PDF-")
    book = add(workspace, inside)
    assert book.path == "books/a.pdf"
    assert book_path(workspace, book) == inside


def test_the_title_is_the_name_of_the_file_unless_said(workspace: Workspace, pdf: Path) -> None:
    assert add(workspace, pdf).title == "rook"


def test_comments_and_order_are_kept(workspace: Workspace, pdf: Path) -> None:
    workspace.data.mkdir()
    workspace.books_toml.write_text(
        '# mine\n[[book]]\nid = "zz"  # wanted\ntitle = "Later"\nedition = "2nd"\n\n# the end\n'
    )
    add(workspace, pdf, "aa")
    text = workspace.books_toml.read_text()
    assert "# mine" in text and "# wanted" in text and "# the end" in text
    assert [book.id for book in read_registry(workspace.books_toml)] == ["zz", "aa"]
    assert [book.id for book in read_books(workspace)] == ["aa"]


def test_an_entry_without_a_file_is_filled_in(workspace: Workspace, pdf: Path) -> None:
    workspace.data.mkdir()
    workspace.books_toml.write_bytes(TEMPLATE.read_bytes())
    book = add(workspace, pdf, "bk15")
    assert book.title == "Rook's Textbook of Dermatology"
    assert len(read_registry(workspace.books_toml)) == 15
    assert read_books(workspace) == (book,)
    assert workspace.books_toml.read_text().startswith("# The 15 books of MM-Skin")


def test_the_template_lists_the_fifteen_titles() -> None:
    books = read_registry(TEMPLATE)
    assert [book.id for book in books] == [f"bk{number}" for number in range(1, 16)]
    assert len({book.title for book in books}) == 15
    assert {book.path for book in books} == {""}


def test_an_id_or_a_file_is_registered_once(workspace: Workspace, pdf: Path) -> None:
    add(workspace, pdf, "bk1")
    with pytest.raises(BookRegistryError, match="registered as bk1 already"):
        add(workspace, pdf, "bk2")
    pdf.write_bytes(b"%PDF- other")
    with pytest.raises(BookRegistryError, match="choose another --id"):
        add(workspace, pdf, "bk1")


@pytest.mark.parametrize("book_id", ["BK1", "1bk", "bk_1", "bk 1", "", "../x", "bk1-"])
def test_an_id_that_cannot_be_part_of_a_name_is_refused(
    workspace: Workspace, pdf: Path, book_id: str
) -> None:
    with pytest.raises(ConfigError, match="an id is small letters and digits"):
        add(workspace, pdf, book_id)
    assert not workspace.books_toml.exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("books = 3\n", "'book'"),
        ("[book]\nid = 'bk1'\n", r"\[\[book\]\]"),
        ("[[book]]\nid = 'bk1'\ntitel = 'T'\n", "'title'"),
        ("[[book]]\nid = 'bk1'\n", "bk1: title"),
        ("[[book]]\ntitle = 'T'\n", "number 1: id"),
        ("[[book]]\nid = 'bk1'\ntitle = 3\n", "bk1: title"),
        ("[[book]]\nid = 'Bk1'\ntitle = 'T'\n", "small letters"),
        ("[[book]]\nid = 'bk1'\ntitle = 'T'\npath = 'x.pdf'\n", "mmskin books add x.pdf --id bk1"),
        ("[[book]]\nid = 'bk1'\ntitle = 'T'\nskip_pages = ['x']\n", "skip_pages: 'x'"),
        ("[[book]]\nid = 'bk1'\ntitle = 'T'\n" * 2, "twice"),
        ("[[book]\n", "not valid TOML"),
    ],
)
def test_a_wrong_registry_names_file_entry_and_mend(
    workspace: Workspace, text: str, said: str
) -> None:
    workspace.data.mkdir()
    workspace.books_toml.write_text(text)
    with pytest.raises(BookRegistryError, match=said) as caught:
        read_books(workspace)
    assert str(workspace.books_toml) in str(caught.value)


def test_one_file_under_two_ids_is_refused(workspace: Workspace, pdf: Path) -> None:
    add(workspace, pdf)
    text = workspace.books_toml.read_text()
    entry = text[text.rindex("[[book]]") :]
    workspace.books_toml.write_text(text + entry.replace("bk1", "bk2"))
    with pytest.raises(BookRegistryError, match="bk1 and bk2 are the same file"):
        read_books(workspace)


def test_without_a_registry_the_next_command_is_told(workspace: Workspace) -> None:
    with pytest.raises(BookRegistryError, match="mmskin books add"):
        read_books(workspace)


def test_a_changed_and_a_missing_file_are_told_apart(workspace: Workspace, pdf: Path) -> None:
    book = add(workspace, pdf)
    pdf.write_bytes(b"%PDF- changed")
    with pytest.raises(ChangedBookError, match=f"bk1: {pdf}"):
        check_book(workspace, book)
    pdf.unlink()
    with pytest.raises(MissingBookError, match=f"bk1: {pdf}"):
        check_book(workspace, book)
    pdf.mkdir()
    with pytest.raises(InputPdfError, match="not a file"):
        check_book(workspace, book)


@pytest.mark.parametrize(
    ("skip", "kept"),
    [
        ((), [0, 1, 2, 3, 4]),
        (("1",), [1, 2, 3, 4]),
        (("1-2", "5"), [2, 3]),
        (("2\u20133", "3-4"), [0, 4]),
        (("1-5",), []),
    ],
)
def test_pages_to_skip_count_from_one(skip: tuple[str, ...], kept: list[int]) -> None:
    book = Book(id="bk1", title="", path="", sha256="", page_count=5, skip_pages=skip)
    assert list(pages_to_read(book)) == kept


@pytest.mark.parametrize("entry", ["0", "6", "3-2", "0-2", "4-9", "xii", "", "1-", "-1", "1,2"])
def test_pages_that_are_not_there_are_refused(workspace: Workspace, pdf: Path, entry: str) -> None:
    book = Book(id="bk1", title="", path="", sha256="", page_count=5, skip_pages=(entry,))
    with pytest.raises(ValueError, match="page"):
        pages_to_read(book)
    too_far = {"6": "13", "4-9": "4-13"}  # the added book has twelve pages
    with pytest.raises(ConfigError, match="--skip-pages"):
        add(workspace, pdf, skip_pages=(too_far.get(entry, entry),))
    assert not workspace.books_toml.exists()


def test_the_written_file_is_plain_toml(workspace: Workspace, pdf: Path) -> None:
    add(workspace, pdf, title='A "title" with \\ and \n')
    (entry,) = tomllib.loads(workspace.books_toml.read_text())["book"]
    assert entry["title"] == 'A "title" with \\ and \n'
    assert set(entry) == {"id", "title", "path", "sha256", "page_count"}
