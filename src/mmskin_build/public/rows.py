"""Rows of tables and pictures of a source find each other; what is left over is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath

from mmskin_build.public.about import Reading, Row
from mmskin_build.public.columns import Line, reject
from mmskin_build.public.sources import Entry, Source
from mmskin_build.records import Reject

ReadRow = Callable[[Line, Entry], Row | Reject]


class Pictures:
    """The pictures of a source, by what tables call them; each is found once.

    Args:
        source: What the user gave.
        key: What a picture is known by, in small letters; its name without ending by default.
        keep: Which pictures belong to the set.
    """

    def __init__(
        self,
        source: Source,
        key: Callable[[Entry], str] | None = None,
        keep: Callable[[Entry], bool] = lambda entry: True,
    ) -> None:
        """List the pictures; of two with one name the first counts."""
        self.by_name: dict[str, Entry] = {}
        self._again: list[Entry] = []
        self._used: set[str] = set()
        for entry in source.pictures():
            if not keep(entry):
                continue
            name = key(entry) if key is not None else PurePosixPath(entry.name).stem.casefold()
            if name in self.by_name:
                self._again.append(entry)
            else:
                self.by_name[name] = entry

    def is_used(self, name: str) -> bool:
        """Whether a row has named the picture; from now on one has."""
        used = name in self._used
        self._used.add(name)
        return used

    def left_over(self) -> list[Reject]:
        """Return the pictures that no row names, and those whose name was there before."""
        return [
            reject("picture_without_row", entry.name, "no row of the tables names it")
            for name, entry in sorted(self.by_name.items())
            if name not in self._used
        ] + [
            reject("picture_repeated", entry.name, "the same name before") for entry in self._again
        ]


def collect_rows(
    tables: Sequence[tuple[Sequence[Line], ReadRow]],
    pictures: Pictures,
    name_of: Callable[[Line], str],
) -> Reading:
    """Read the rows of tables whose pictures are there.

    Args:
        tables: The lines of each table with what reads them.
        pictures: The pictures of the source.
        name_of: What a line calls its picture.
    """
    rows: list[Row] = []
    rejects: list[Reject] = []
    listed = 0
    for lines, read_row in tables:
        listed += len(lines)
        for line in lines:
            name = name_of(line)
            entry = pictures.by_name.get(name.casefold())
            if pictures.is_used(name.casefold()):
                rejects.append(reject("row_repeated", line.where, f"{name} once more"))
                continue
            if entry is None:
                detail = f"no picture is called {name!r}"
                rejects.append(reject("row_without_picture", line.where, detail))
                continue
            row = read_row(line, entry)
            if isinstance(row, Row):
                rows.append(row)
            else:
                rejects.append(row)
    rejects += pictures.left_over()
    return Reading(rows=tuple(rows), rejects=tuple(rejects), listed=listed)


def label_of_code(line: Line, code: str, names: Mapping[str, str]) -> str | Reject:
    """Return the plain name of a code, or why there is none; letter case does not matter."""
    folded = {known.casefold(): name for known, name in names.items()}
    label = folded.get(code.casefold())
    if label is not None:
        return label
    known = ", ".join(sorted(names))
    return reject("label_unknown", line.where, f"{code!r} is none of the codes {known}")
