from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from mmskin_build import cli, errors, store
from mmskin_build.cli.console import print_table
from mmskin_build.records import Figure, Reject
from mmskin_build.store import file_sha256, read_jsonl
from tiny_books import draw_bomb, draw_book, draw_scan, draw_wide_page, encrypt


def commands(group: click.Group, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = [path]
    for name, command in sorted(group.commands.items()):
        inside = (*path, name)
        found += commands(command, inside) if isinstance(command, click.Group) else [inside]
    return found


def files_under(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    return draw_book(tmp_path / "book.pdf", figures=2)


# ------------------------------------------------------------------------------------- manners


@pytest.mark.parametrize("path", commands(cli.cli), ids=" ".join)
def test_every_command_explains_itself(path: tuple[str, ...]) -> None:
    done = CliRunner().invoke(cli.cli, [*path, "--help"])
    assert done.exit_code == 0
    assert done.output.startswith("Usage: ")
    listed = done.output.partition("Commands:\n")[2].partition("\n\n")[0]
    assert "..." not in listed, "a summary is cut off"


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["align"], ["build", "--engine", "magic"], ["align", "--workers", "0"]],
)
def test_wrong_usage_ends_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(arguments) == 2
    assert "Error: " in capsys.readouterr().err


def test_an_unexpected_error_is_one_line_unless_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("by nought")

    monkeypatch.setattr(cli.options, "load_config", fail)
    assert cli.run(["config"]) == 1
    said = capsys.readouterr().err
    assert "unexpected ZeroDivisionError: by nought" in said
    assert "--debug" in said and "Traceback" not in said
    with pytest.raises(ZeroDivisionError):
        cli.run(["config", "--debug"])


def test_an_interrupt_ends_with_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli.options, "load_config", interrupt)
    assert cli.run(["config"]) == 130
    assert "interrupted" in capsys.readouterr().err


def test_a_reader_that_goes_away_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "mmskin_build", "config"], stdout=writing, stderr=subprocess.PIPE
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_settings_in_force_are_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mmskin.toml").write_text("[pdf]\nmax_pages = 7\n")
    monkeypatch.setenv("MMSKIN_CONFIG", str(tmp_path / "mmskin.toml"))
    assert cli.run(["config", "--workers", "3", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["pdf"]["max_pages"] == 7
    assert shown["workspace"]["workers"] == 3


def test_a_table_keeps_whole_words_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(["name", "number"], [["x" * 70, 1], ["[bold]", 22]])
    out = capsys.readouterr().out
    assert "x" * 70 in out and "[bold]" in out


# --------------------------------------------------------------------------------------- align


def test_align_writes_figures_and_rejects_by_digest(
    pdf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert cli.run(["align", str(pdf), "--out", str(out), "--json", "--workers", "1"]) == 0
    (told,) = json.loads(capsys.readouterr().out)["files"]
    digest = file_sha256(pdf)
    assert files_under(out) == [f"{digest}.jsonl", f"{digest}.rejects.jsonl"]
    figures = read_jsonl(out / f"{digest}.jsonl", Figure)
    assert [figure.label for figure in figures] == ["Figure 2.1", "Figure 2.2"]
    assert {figure.status for figure in figures} == {"paired"}
    assert told["sha256"] == digest
    assert told["figures"] == {"paired": 2}
    assert told["pages"] == 2


def test_align_writes_pictures_when_asked(pdf: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert cli.run(["align", str(pdf), "--out", str(out), "--quiet", "--pictures"]) == 0
    figures = read_jsonl(out / f"{file_sha256(pdf)}.jsonl", Figure)
    wanted = {f"{panel.image_sha256}.png" for figure in figures for panel in figure.panels}
    assert {path.name for path in (out / "pictures").iterdir()} == wanted


def test_a_bad_file_does_not_stop_the_good_ones(
    pdf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.pdf"
    bad.write_text("no PDF")
    out = tmp_path / "out"
    assert cli.run(["align", str(bad), str(pdf), "--out", str(out)]) == errors.EXIT_PARTIAL
    shown = capsys.readouterr()
    assert "book.pdf" in shown.out
    assert "bad.pdf" in shown.err
    assert len(files_under(out)) == 2


def test_files_read_at_the_same_time_come_out_as_one_by_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pdfs = [draw_book(tmp_path / f"{n}.pdf", figures=n) for n in (3, 1, 2)]
    (tmp_path / "bad.pdf").write_text("no PDF")
    names = [str(path) for path in (pdfs[0], tmp_path / "bad.pdf", *pdfs[1:])]
    told, written = [], []
    for workers in ("1", "2"):
        out = tmp_path / f"out{workers}"
        code = cli.run(["align", *names, "--out", str(out), "--workers", workers, "--json"])
        assert code == errors.EXIT_PARTIAL
        told.append(json.loads(capsys.readouterr().out)["files"])
        written.append({path.name: path.read_bytes() for path in out.iterdir()})
    assert told[0] == told[1]
    assert [file["file"] for file in told[0]] == names
    assert written[0] == written[1]
    assert len(written[0]) == 6


def test_a_page_over_the_limit_is_rejected_and_the_file_goes_on(tmp_path: Path) -> None:
    out = tmp_path / "out"
    wide = draw_wide_page(tmp_path / "wide.pdf")
    assert cli.run(["align", str(wide), "--out", str(out), "--quiet"]) == 0
    (reject,) = read_jsonl(out / f"{file_sha256(wide)}.rejects.jsonl", Reject)
    assert (reject.item_id, reject.reason, reject.page_index) == ("page00000", "page_unreadable", 0)
    assert "200 inches" in reject.detail or "14400" in reject.detail


def test_a_decompression_bomb_is_rejected_and_the_file_goes_on(tmp_path: Path) -> None:
    out = tmp_path / "out"
    bomb = draw_bomb(tmp_path / "bomb.pdf")
    assert bomb.stat().st_size < 2_000_000
    assert cli.run(["align", str(bomb), "--out", str(out), "--quiet"]) == 0
    (reject,) = read_jsonl(out / f"{file_sha256(bomb)}.rejects.jsonl", Reject)
    assert reject.reason == "page_unreadable"
    assert "40000 x 40000" in reject.detail


# ----------------------------------------------------------------------------------- bad input


def no_pdf(folder: Path) -> Path:
    (folder / "bad.pdf").write_text("Dear reader,\n")
    return folder / "bad.pdf"


def empty(folder: Path) -> Path:
    (folder / "bad.pdf").touch()
    return folder / "bad.pdf"


def truncated(folder: Path) -> Path:
    whole = draw_book(folder / "whole.pdf", figures=1).read_bytes()
    (folder / "bad.pdf").write_bytes(whole[:120])
    return folder / "bad.pdf"


def locked(folder: Path) -> Path:
    return encrypt(draw_book(folder / "whole.pdf", figures=1), folder / "bad.pdf", "secret")


def pageless(folder: Path) -> Path:
    (folder / "bad.pdf").write_bytes(
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    )
    return folder / "bad.pdf"


def a_folder(folder: Path) -> Path:
    (folder / "bad.pdf").mkdir()
    return folder / "bad.pdf"


BAD_PDFS: list[tuple[str, Callable[[Path], Path], int, str]] = [
    ("not a PDF", no_pdf, 4, "not a PDF"),
    ("empty", empty, 4, "empty"),
    ("truncated", truncated, 4, "bad.pdf"),
    ("no password", locked, 5, "--password-env"),
    ("no pages", pageless, 4, "page"),
    ("a folder", a_folder, 4, "folder"),
    ("not there", lambda folder: folder / "bad.pdf", 6, "no such file"),
]


@pytest.mark.parametrize(
    ("make", "code", "said"), [case[1:] for case in BAD_PDFS], ids=[case[0] for case in BAD_PDFS]
)
def test_a_pdf_that_cannot_be_used_ends_with_its_code_and_writes_nothing(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    make: Callable[[Path], Path],
    code: int,
    said: str,
) -> None:
    bad = make(tmp_path)
    out, data = tmp_path / "out", tmp_path / "data"
    assert cli.run(["align", str(bad), "--out", str(out)]) == code
    shown = capsys.readouterr().err
    assert str(bad) in shown and said in shown
    assert "Traceback" not in shown
    assert cli.run(["books", "add", str(bad), "--id", "bk1", "--data", str(data)]) == code
    assert str(bad) in capsys.readouterr().err
    assert files_under(out) == files_under(data) == []


def test_a_wrong_password_is_told_from_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["align", str(locked(tmp_path)), "--out", str(tmp_path / "out"), "--quiet"]
    monkeypatch.setenv("BOOK_PASSWORD", "guess")
    assert cli.run([*arguments, "--password-env", "BOOK_PASSWORD"]) == 5
    assert "BOOK_PASSWORD" in capsys.readouterr().err
    assert files_under(tmp_path / "out") == []
    monkeypatch.setenv("BOOK_PASSWORD", "secret")
    assert cli.run([*arguments, "--password-env", "BOOK_PASSWORD"]) == 0
    assert len(files_under(tmp_path / "out")) == 2


def test_too_many_pages_name_the_setting(
    pdf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = tmp_path / "mmskin.toml"
    settings.write_text("[pdf]\nmax_pages = 1\n")
    out = tmp_path / "out"
    assert cli.run(["align", str(pdf), "--out", str(out), "--config", str(settings)]) == 4
    assert "max_pages" in capsys.readouterr().err
    assert files_under(out) == []


def test_an_unknown_setting_ends_with_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = tmp_path / "mmskin.toml"
    settings.write_text("[pdf]\nmax_page = 1\n")
    assert cli.run(["build", "--config", str(settings)]) == 3
    said = capsys.readouterr().err
    assert str(settings) in said and "'pdf.max_pages'" in said


def test_a_language_that_tesseract_lacks_ends_with_7_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scan = draw_scan(tmp_path / "scan.pdf")
    out = tmp_path / "out"
    assert cli.run(["align", str(scan), "--out", str(out), "--language", "tlh"]) == 7
    said = capsys.readouterr().err
    assert "tlh" in said and "Traceback" not in said
    assert files_under(out) == []


def test_an_unwritable_folder_ends_with_11(
    pdf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").write_text("a file")
    assert cli.run(["align", str(pdf), "--out", str(tmp_path / "out" / "inner")]) == 11
    said = capsys.readouterr().err
    assert str(tmp_path / "out") in said and "--out" in said


def test_a_full_disk_ends_with_11_and_leaves_nothing(
    pdf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    data = tmp_path / "data"
    assert cli.run(["books", "add", str(pdf), "--id", "bk1", "--data", str(data), "-q"]) == 0
    monkeypatch.setattr(store.os, "fsync", full)
    assert cli.run(["build", "--data", str(data), "--workers", "1"]) == 11
    assert "disk is full" in capsys.readouterr().err
    assert files_under(data) == ["books.toml"]


# --------------------------------------------------------------------------------------- books


def test_books_are_added_listed_and_checked(
    pdf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ["--data", str(tmp_path / "data")]
    assert cli.run(["books", "list", *data]) == 0
    assert "mmskin books add" in capsys.readouterr().out
    add = ["books", "add", str(pdf), "--id", "bk1", "--title", "Mine", "--skip-pages", "2"]
    assert cli.run([*add, *data, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["skip_pages"] == ["2"]
    assert cli.run(["books", "list", *data]) == 0
    assert "Mine" in capsys.readouterr().out
    assert cli.run(["books", "check", *data]) == 0
    assert cli.run([*add, *data]) == 3
    pdf.write_text("changed")
    assert cli.run(["books", "check", *data]) == 6
    assert "not the file that was registered" in capsys.readouterr().err


def test_releasing_before_building_names_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ["--data", str(tmp_path / "data")]
    assert cli.run(["release", "1.0.0", *data]) == 9
    assert "run: mmskin build" in capsys.readouterr().err
    assert cli.run(["verify", str(tmp_path)]) == 10
    assert files_under(tmp_path) == []


# ---------------------------------------------------------------------------------------- demo


@pytest.mark.slow
def test_the_demo_is_equal_to_its_truth_and_can_be_shown_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["demo", "--out", str(tmp_path / "demo"), "--json", "--quiet"]
    code = cli.run(arguments)
    told = json.loads(capsys.readouterr().out)
    assert told["score"]["misses"] == []
    assert (code, told["perfect"]) == (0, True)
    assert Path(told["audit"]).is_file()
    assert cli.run(["verify", told["release"]]) == 0
    capsys.readouterr()
    cli.run(arguments)
    again = json.loads(capsys.readouterr().out)
    assert again["release"] == told["release"]
