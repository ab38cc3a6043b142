"""The command that reads ages and sexes out of sentences: demographics."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from mmskin_build.cli.console import print_json, print_table, progress_bars
from mmskin_build.cli.options import Settings, common_options
from mmskin_build.errors import ConfigError, SchemaError

_STANDARD = "-"
_SHOWN_EVERY = 200  # lines between two steps of the progress bar
_AGE_FIELDS = ("age_years", "age_min", "age_max", "age_group")
_PATH = click.Path(path_type=Path, allow_dash=True)


@click.command(
    epilog="""\b
Examples:
  mmskin demographics --in sentences.jsonl --out found.jsonl
  mmskin demographics --in captions.txt --out found.jsonl --language deu
  echo "Rosacea in a 51-year-old woman." | mmskin demographics --in - --out -

\b
Each line of --in is a JSON object with "text" (other keys are left alone), or, where the file does
not end in .jsonl or .json, may be a plain sentence. Each line of --out answers one line of --in:
  text, age_years, age_min, age_max, age_group, sex, evidence: [{start, end, field}]
age_years is null where only a range or a word is told ("in his 60s": age_min 60, age_max 69);
evidence has the characters of text that tell each value."""
)
@click.option("--in", "source", type=_PATH, required=True, help="JSONL or plain text; - is stdin.")
@click.option("--out", type=_PATH, required=True, help="JSONL to write; - is stdout.")
@click.option(
    "--language",
    help="Tesseract's codes joined by +, as eng+deu [told from the words; English always].",
)
@common_options
def demographics(source: Path, out: Path, language: str | None, settings: Settings) -> None:
    """Read age and sex of the patient from captions.

    One caption a line. Never the age of a lesion, a relative, a population, or at onset: what is
    not told of the patient shown is null.
    """
    import json

    from mmskin_build.store import plain, write_bytes
    from mmskin_build.text.demographics import extract_demographics
    from mmskin_build.text.languages import is_known

    for code in (language or "").replace(",", "+").split("+"):
        if code and not is_known(code):
            raise ConfigError(
                f"--language {code}: there is no table of patterns for it; known are eng, deu, fra,"
                " spa, chi_sim, chi_tra"
            )
    to_stdout = str(out) == _STANDARD
    texts = list(_texts(source))
    answers: list[bytes] = []
    with_age = with_sex = 0
    with progress_bars(settings) as show:
        for number, text in enumerate(texts, start=1):
            found = plain(extract_demographics(text, language))
            with_age += any(found[name] is not None for name in _AGE_FIELDS)
            with_sex += found["sex"] is not None
            answers.append(json.dumps({"text": text, **found}, ensure_ascii=False).encode())
            if number % _SHOWN_EVERY == 0 or number == len(texts):
                show(source.name, "sentences", number, len(texts))
    counts = {"sentences": len(texts), "with_age": with_age, "with_sex": with_sex}
    content = b"".join(answer + b"\n" for answer in answers)
    if to_stdout:
        sys.stdout.buffer.write(content)
        return
    write_bytes(out, content)
    if settings.as_json:
        print_json({**counts, "out": str(out)})
    elif not settings.quiet:
        print_table(
            ["sentences", "with an age", "with a sex", "written"], [[*counts.values(), str(out)]]
        )


def _texts(source: Path) -> Iterator[str]:
    """The sentences of a file, one a line; an empty line is a sentence in plain text only.

    Raises:
        SchemaError: If a line is no sentence; the message has its number.
        StorageError: If the file cannot be read.
    """
    from mmskin_build.store import storage_errors

    if str(source) == _STANDARD:
        raw = sys.stdin.buffer.read()
    else:
        with storage_errors(source):
            raw = source.read_bytes()
    must_be_json = source.suffix in (".jsonl", ".json", ".ndjson")
    lines = raw.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    if lines and not lines[-1].strip():
        lines.pop()
    for number, line in enumerate(lines, start=1):
        if must_be_json and not line.strip():
            continue
        yield _text(line.removesuffix(b"\r"), f"{source} line {number}", must_be_json=must_be_json)


def _text(line: bytes, where: str, *, must_be_json: bool) -> str:
    from mmskin_build.store import parse_json

    try:
        sentence = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SchemaError(f"{where}: not UTF-8 ({error.reason}); save the file as UTF-8") from None
    if not must_be_json and not sentence.lstrip().startswith("{"):
        return sentence
    try:
        value: Any = parse_json(sentence)
    except ValueError as error:
        if not must_be_json:
            return sentence
        raise SchemaError(f'{where}: not JSON ({error}); a line is {{"text": "..."}}') from None
    if not isinstance(value, dict) or not isinstance(value.get("text"), str):
        if not must_be_json:
            return sentence
        raise SchemaError(f'{where}: no "text" that is a string; a line is {{"text": "..."}}')
    text: str = value["text"]
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise SchemaError(
            f'{where}: "text" has half of a surrogate pair; write the whole character'
        )
    return text


COMMANDS = (demographics,)
