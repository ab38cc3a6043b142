"""The tables of the ISIC challenges: a column a class, 1.0 in that of the picture's."""

from __future__ import annotations

from collections.abc import Mapping

from mmskin_build.public.columns import Line, reject
from mmskin_build.records import Reject

_CHOSEN = 0.5


def read_one_hot(line: Line, names: Mapping[str, str]) -> str | Reject:
    """Return the name of the class that a row marks, or why there is none.

    Args:
        line: The row.
        names: Column to name of the class; columns that the table lacks are 0.
    """
    marked = [code for code in names if _number(line[code.casefold()]) > _CHOSEN]
    if len(marked) == 1:
        return names[marked[0]]
    if _number(line["unk"]) > _CHOSEN:
        return reject("label_missing", line.where, "UNK: none of the classes")
    detail = f"{len(marked)} of the columns {', '.join(names)} are marked"
    return reject("label_unknown" if marked else "label_missing", line.where, detail)


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return 0.0
