from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from mmskin_build import cli

KEYS = ["text", "age_years", "age_min", "age_max", "age_group", "sex", "evidence"]


def run(source: Path | str, out: Path | str, *options: str) -> int:
    return cli.run(["demographics", "--in", str(source), "--out", str(out), *options])


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_each_line_is_answered_in_order(tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "new" / "out.jsonl"
    texts = ["Rosacea in a 51-year-old woman.", "", "A man in his 60s."]
    source.write_text("".join(json.dumps({"text": t, "x": 1}) + "\n" for t in texts), "utf-8")
    assert run(source, out) == 0
    found = lines(out)
    assert [line["text"] for line in found] == texts
    assert [list(line) for line in found] == [KEYS] * 3
    assert (found[0]["age_years"], found[0]["age_group"], found[0]["sex"]) == (
        51,
        "adult",
        "female",
    )
    assert (found[2]["age_years"], found[2]["age_min"], found[2]["age_max"]) == (None, 60, 69)
    assert found[0]["evidence"][0] == {"start": 13, "end": 24, "field": "age_years"}


def test_plain_text_is_one_sentence_a_line(tmp_path: Path) -> None:
    source, out = tmp_path / "in.txt", tmp_path / "out.jsonl"
    source.write_bytes(b"A boy aged 7.\r\n\r\n{odd brace\r\nFrau, 45 Jahre\r\n")
    assert run(source, out) == 0
    assert [line["text"] for line in lines(out)] == [
        "A boy aged 7.",
        "",
        "{odd brace",
        "Frau, 45 Jahre",
    ]


def test_it_reads_and_writes_the_standard_streams(
    monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("72岁男性\n".encode())))
    assert run("-", "-") == 0
    (line,) = capsysbinary.readouterr().out.splitlines()
    assert json.loads(line)["age_years"] == 72


def test_counts_are_json_on_demand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = tmp_path / "in.txt", tmp_path / "out.jsonl"
    source.write_text("A boy aged 7.\nA rash.\n")
    assert run(source, out, "--json") == 0
    assert json.loads(capsys.readouterr().out) == {
        "sentences": 2, "with_age": 1, "with_sex": 1, "out": str(out),
    }  # fmt: skip
    assert run(source, out, "--quiet") == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b'{"text": "a"}\n{"txt": 1}\n', "line 2"),
        (b'{"text": "a"}\n\n[1]\n', "line 3"),
        (b'{"text": "a"}\nnot json\n', "line 2"),
        (b'{"text": "\\ud800"}\n', "surrogate"),
        (b'{"text": "\xff"}\n', "UTF-8"),
        (b"[" * 100_000, "line 1"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_written(
    content: bytes, word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes(content)
    assert run(source, out) == 8
    assert word in capsys.readouterr().err
    assert not out.exists()


def test_a_missing_file_and_an_unknown_language_are_errors(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path / "none.jsonl", tmp_path / "out.jsonl") == 11
    source = tmp_path / "in.txt"
    source.write_text("A rash.\n")
    assert run(source, tmp_path / "out.jsonl", "--language", "eng+xyz") == 3
    assert "xyz" in capsys.readouterr().err
    assert run(source, tmp_path / "out.jsonl", "--language", "deu+eng") == 0
