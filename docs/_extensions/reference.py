"""Fills pages from the code and from files, so that they cannot say what is not so.

A page of ``reference/`` asks for a part by a line ``<!-- from the code: NAME -->``; `PARTS` has the
functions that write it, in Markdown. A page of ``project/`` asks for a file of the repository by
``<!-- from the file: PATH -->``; its links are turned to the pages of the site. Both
are held against the code by ``tests/test_docs.py``.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import io
import itertools
import json
import posixpath
import re
import tokenize
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import annotated_types
import click

from mmskin_build import config, errors
from mmskin_build.cli import cli
from mmskin_build.config import Config
from mmskin_build.dataset.card import MEANINGS
from mmskin_build.dataset.judge import HELD
from mmskin_build.dataset.schemas import SCHEMAS, json_schemas
from mmskin_build.pdf.isolation import FAILURES
from mmskin_build.pdf.reader import PAGE_FLAGS
from mmskin_build.public.reasons import REASONS as PUBLIC_REASONS
from mmskin_build.vqa.reasons import REASONS as PAIR_REASONS

ROOT = Path(__file__).resolve().parents[2]

_PLACE = re.compile(r"^<!-- from the code: ([a-z-]+) -->$", re.MULTILINE)
_FILE = re.compile(r"^<!-- from the file: (\S+) -->$", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_CODE = re.compile(r"(`{1,2}[^`\n]+`{1,2})")


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table; bars within cells are escaped."""
    cells = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    lines = [list(head), ["---"] * len(list(head)), *cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def prose(docstring: str | None) -> str:
    """Return a docstring without its sections (``Raises`` and others), as Markdown."""
    text = re.split(r"\n\s*(?:Args|Raises|Returns):\n", docstring or "")[0]
    lines = [line.strip() for line in text.strip().splitlines()]
    parts = _CODE.split("\n".join(lines))
    words = [part.replace("<", "&lt;") for part in parts[::2]]  # no markup
    code = [f"`{part.strip('`')}`" for part in parts[1::2]]
    return "".join(
        part for pair in itertools.zip_longest(words, code, fillvalue="") for part in pair
    )


# --- settings -------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One line of ``mmskin.toml``; `allowed` is "" where its type says all."""

    key: str
    default: str
    allowed: str
    meaning: str


def settings() -> dict[str, list[Setting]]:
    """Return all settings by section; the meaning is the remark on the field's own line."""
    remarks = _remarks(Path(config.__file__).read_text(encoding="utf-8"))
    found: dict[str, list[Setting]] = {}
    for section in dataclasses.fields(Config):
        defaults = getattr(Config(), section.name)
        types = typing.get_type_hints(type(defaults), include_extras=True)
        found[section.name] = [
            Setting(
                key=f"{section.name}.{field.name}",
                default=_toml(getattr(defaults, field.name)),
                allowed=_allowed(types[field.name]),
                meaning=remarks.get((type(defaults).__name__, field.name), ""),
            )
            for field in dataclasses.fields(defaults)
        ]
    return found


def _toml(value: object) -> str:
    return json.dumps(value) if isinstance(value, (str, tuple)) else str(value)


def _allowed(hint: Any) -> str:
    """What a type allows beyond itself: the choices, or the range."""
    if typing.get_origin(hint) is typing.Literal:
        return ", ".join(f"`{choice}`" for choice in typing.get_args(hint))
    limits = []
    for limit in getattr(hint, "__metadata__", ()):
        if isinstance(limit, annotated_types.Interval):
            limits.append(f"{limit.ge} to {limit.le}")
        elif isinstance(limit, annotated_types.Gt):
            limits.append(f"above {limit.gt}")
        elif isinstance(limit, annotated_types.Ge):
            limits.append(f"{limit.ge} or more")
    return ", ".join(limits)


def _remarks(source: str) -> dict[tuple[str, str], str]:
    """The remark of each field of each class: behind it, else on the lines above it."""
    found: dict[tuple[str, str], str] = {}
    owner, above, field = "", [], ""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        line = token.line
        if named := re.match(r"class (\w+)", line):
            owner = named[1]
        if token.type == tokenize.COMMENT:
            words = token.string.lstrip("#: ").strip()
            if line.lstrip().startswith("#"):
                above.append(words)
            elif declared := re.match(r"    (\w+): ", line):
                found[owner, declared[1]] = words
        elif token.type == tokenize.NEWLINE:
            if declared := re.match(r"    (\w+): ", line):
                field = declared[1]
                if above:
                    found.setdefault((owner, field), " ".join(above))
            above = []
    return found


def write_settings() -> str:
    """All settings, a table a section."""
    parts = []
    for section, rows in settings().items():
        about = prose(type(getattr(Config(), section)).__doc__)
        cells = [(f"`{row.key}`", f"`{row.default}`", row.allowed, row.meaning) for row in rows]
        head = ("key", "default", "allowed", "what it is")
        parts.append(f"## [{section}]\n\n{about}\n\n{table(head, cells)}")
    return "\n".join(parts)


# --- reasons, flags, exit codes -------------------------------------------------------------------


def write_reasons(meanings: Mapping[str, str]) -> str:
    """A table of reasons with their meanings."""
    return table(("reason", "what it means"), ((f"`{k}`", v) for k, v in meanings.items()))


def left_out() -> dict[str, str]:
    """Why figures, pictures and pages are left out, pages last."""
    return {k: v for k, v in MEANINGS.items() if k not in FAILURES} | dict(FAILURES)


def write_exit_codes() -> str:
    """All exit codes, with the exceptions that end in them."""
    by_code: dict[int, list[str]] = {}
    for kind in _kinds(errors.MmskinError):
        by_code.setdefault(kind.exit_code, []).append(f"`{kind.__name__}`")
    rows = (
        (str(code), words, ", ".join(by_code.get(code, [])))
        for code, words in sorted(errors.EXIT_CODES.items())
    )
    return table(("code", "when", "exception"), rows)


def _kinds(kind: type[errors.MmskinError]) -> Iterator[type[errors.MmskinError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _kinds(below)


# --- record schemas -------------------------------------------------------------------------------


def write_schemas() -> str:
    """All files that are written, field by field, and the types that they share."""
    parts: list[str] = []
    shared: dict[str, Any] = {}
    for name, (kind, _) in SCHEMAS.items():
        schema = json.loads(json_schemas()[f"{name}.schema.json"])
        shared |= schema.get("$defs", {})
        about = f"{prose(schema['description'])}\n\n{prose(kind.__doc__)}"
        parts.append(f"## {name}\n\n{about}\n\n{_fields(schema)}")
    parts.append("## Types within them\n")
    for name, schema in sorted(shared.items()):
        if schema.get("properties"):
            parts.append(f"### {name}\n\n{prose(schema.get('description'))}\n\n{_fields(schema)}")
    return "\n".join(parts)


def _fields(schema: Mapping[str, Any]) -> str:
    required = set(schema.get("required", ()))
    rows = [
        (f"`{name}`", _type(field), "required" if name in required else _default(field))
        for name, field in schema["properties"].items()
    ]
    return table(("field", "type", "default"), rows)


def _default(field: Mapping[str, Any]) -> str:
    return f"`{json.dumps(field['default'])}`" if "default" in field else ""


def _type(field: Mapping[str, Any]) -> str:
    """The type of a field in words."""
    if "$ref" in field:
        name = str(field["$ref"]).rsplit("/", 1)[-1]
        return "box" if name == "Bbox" else f"[{name}](#{name.lower()})"
    if "anyOf" in field:
        return " or ".join(_type(one) for one in field["anyOf"])
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    if field.get("type") == "array":
        if "prefixItems" in field:
            return "[" + ", ".join(_type(one) for one in field["prefixItems"]) + "]"
        return f"list of {_type(field['items'])}" if field.get("items") else "list"
    if field.get("type") == "object":
        inner = field.get("additionalProperties")
        return f"{_type(inner)} by name" if isinstance(inner, dict) else "object"
    return str(field.get("type", "anything"))


# --- commands -------------------------------------------------------------------------------------


def commands(
    group: click.Group = cli, path: tuple[str, ...] = ("mmskin",)
) -> Iterator[tuple[str, click.Command]]:
    """Every command that can be called, with its full name, in order of names."""
    for name, command in sorted(group.commands.items()):
        full = (*path, name)
        if not isinstance(command, click.Group) or command.invoke_without_command:
            yield " ".join(full), command
        if isinstance(command, click.Group):
            yield from commands(command, full)


def write_commands() -> str:
    """All commands with their first sentence, each with a link to the rest."""
    rows = (
        (f"[`{name}`](#{name.replace(' ', '-')})", command.get_short_help_str(limit=120))
        for name, command in commands()
    )
    return table(("command", "what it does"), rows)


def write_options() -> str:
    """Every command in full: how it is called, what it does, its own options, examples."""
    parts = []
    for name, command in commands():
        context = click.Context(command, info_name=name)
        usage = " ".join([name, *command.collect_usage_pieces(context)])
        parts.append(f"### {name}\n\n```\n{usage}\n```\n\n{_help(command.help or '')}\n")
        own = [row for row in _options(command) if row not in _common_options()]
        if own:
            parts.append(table(("option", "what it does"), own))
        if command.epilog:
            parts.append(_help(command.epilog) + "\n")
    return "\n".join(parts)


def write_common_options() -> str:
    """The options that all commands have."""
    return table(("option", "what it does"), _common_options())


@functools.cache
def _common_options() -> list[tuple[str, str]]:
    """The options that every command has, with what their help says."""
    options: list[set[tuple[str, str]]] = [set(_options(command)) for _, command in commands()]
    return sorted(options[0].intersection(*options[1:]))


def _options(command: click.Command) -> list[tuple[str, str]]:
    """The options of a command as its help has them; arguments stand in its usage."""
    context = click.Context(command)
    options = [one for one in command.params if isinstance(one, click.Option)]
    records = [option.get_help_record(context) for option in options]
    return [(f"`{names}`", text) for names, text in filter(None, records)]


def _help(text: str) -> str:
    r"""A help text as Markdown: what click prints as it stands (after ``\b``) becomes a block."""
    parts = []
    for paragraph in re.split(r"\n\s*\n", inspect.cleandoc(text)):
        if paragraph.startswith("\b\n"):
            parts.append(f"```\n{paragraph[2:]}\n```")
        else:
            parts.append(prose(" ".join(paragraph.split())))
    return "\n\n".join(parts)


PARTS: Mapping[str, Callable[[], str]] = {
    "commands": write_commands,
    "options": write_options,
    "common-options": write_common_options,
    "settings": write_settings,
    "left-out": lambda: write_reasons(left_out()),
    "held": lambda: write_reasons(HELD),
    "pairs": lambda: write_reasons(PAIR_REASONS),
    "public": lambda: write_reasons(PUBLIC_REASONS),
    "page-flags": lambda: write_reasons(PAGE_FLAGS),
    "exit-codes": write_exit_codes,
    "schemas": write_schemas,
}


#: Files of the repository that are pages of ``project/``.
FILES = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "data/README.md": "data-folder.md",
    "manual_review/GUIDE.md": "guide.md",
    "schemas/CHANGELOG.md": "schemas.md",
}


def read_file(name: str) -> str:
    """Return a file of the repository as a page of ``project/``, with links that lead there."""

    def turned(link: re.Match[str]) -> str:
        if re.match(r"[a-z]+:|#", link[1]):
            return link[0]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(name), link[1]))
        if path in FILES:
            return f"]({FILES[path]})"
        return f"](../{path[5:]})" if path.startswith("docs/") else f"](../../{path})"

    return _LINK.sub(turned, (ROOT / name).read_text(encoding="utf-8"))


def fill(text: str) -> str:
    """Return a page with every part and file that it asks for.

    Raises:
        KeyError: If it asks for a part that there is not.
    """
    text = _PLACE.sub(lambda found: PARTS[found[1]](), text)
    return _FILE.sub(lambda found: read_file(found[1]), text)


def setup(app: Any) -> dict[str, bool]:
    """Let Sphinx fill each page as it reads it; pages that were filled are read every time."""

    def read(app: Any, name: str, source: list[str]) -> None:
        filled = fill(source[0])
        if filled != source[0]:
            source[0] = filled
            app.env.note_reread()

    app.connect("source-read", read)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
