"""Records and questions as flat tables, written as Parquet a few rows at a time.

The same rows give the same bytes with the same version of pyarrow: nothing that it writes by itself
depends on a clock or a machine.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mmskin_build.dataset.export_questions import Question
from mmskin_build.dataset.export_source import Source
from mmskin_build.errors import MissingDependencyError
from mmskin_build.records import Label, Record

#: Kinds of columns: text, whole numbers, numbers, lists of texts, PNG files.
TEXT, WHOLE, NUMBER, TEXTS, BYTES = "string", "int32", "float64", "list", "bytes"

Row = dict[str, Any]
_GROUP_BYTES = 32 * 2**20  # of pictures in one row group, which is what is held in memory
_GROUP_ROWS = 1000
_RECORD_BYTES = 2000  # about what a record takes beside its picture


def _label(part: Callable[[Label], Any]) -> Callable[[Record], Any]:
    return lambda record: None if record.modality is None else part(record.modality)


#: Name, kind and value of each column that a record has.
RECORD_COLUMNS: tuple[tuple[str, str, Callable[[Record], Any]], ...] = (
    ("id", TEXT, lambda r: r.id),
    ("caption", TEXT, lambda r: r.caption),
    ("modality", TEXT, _label(lambda label: label.value)),
    ("modality_confidence", NUMBER, _label(lambda label: label.confidence)),
    ("modality_source", TEXT, _label(lambda label: label.source)),
    ("split", TEXT, lambda r: r.split),
    ("group_id", TEXT, lambda r: r.group_id),
    ("figure_caption", TEXT, lambda r: r.figure_caption),
    ("panel_text", TEXT, lambda r: r.panel_text),
    ("alignment_confidence", NUMBER, lambda r: r.alignment.confidence),
    ("age_years", NUMBER, lambda r: r.demographics.age_years),
    ("age_min", NUMBER, lambda r: r.demographics.age_min),
    ("age_max", NUMBER, lambda r: r.demographics.age_max),
    ("age_group", TEXT, lambda r: r.demographics.age_group),
    ("sex", TEXT, lambda r: r.demographics.sex),
    ("stain", TEXT, lambda r: r.terms.stain),
    ("magnification", TEXT, lambda r: r.terms.magnification),
    ("credit", TEXT, lambda r: r.terms.credit),
    ("sensitive", TEXTS, lambda r: [flag.name for flag in r.flags.sensitive]),
    ("annotated", TEXTS, lambda r: [flag.name for flag in r.flags.annotated]),
    ("quality", TEXTS, lambda r: [flag.name for flag in r.flags.quality]),
    ("width_px", WHOLE, lambda r: r.width_px),
    ("height_px", WHOLE, lambda r: r.height_px),
    ("image_sha256", TEXT, lambda r: r.image_sha256),
    ("book_id", TEXT, lambda r: r.provenance.book_id),
    ("book_sha256", TEXT, lambda r: r.provenance.book_sha256),
    ("page_index", WHOLE, lambda r: r.provenance.page_index),
    ("page_label", TEXT, lambda r: r.provenance.page_label),
    ("x0_pt", NUMBER, lambda r: r.provenance.bbox and r.provenance.bbox.x0),
    ("y0_pt", NUMBER, lambda r: r.provenance.bbox and r.provenance.bbox.y0),
    ("x1_pt", NUMBER, lambda r: r.provenance.bbox and r.provenance.bbox.x1),
    ("y1_pt", NUMBER, lambda r: r.provenance.bbox and r.provenance.bbox.y1),
    ("figure_id", TEXT, lambda r: r.provenance.figure_id),
    ("figure_label", TEXT, lambda r: r.provenance.figure_label),
    ("panel", TEXT, lambda r: r.provenance.panel),
    ("pixel_source", TEXT, lambda r: r.provenance.source),
    ("review", TEXT, lambda r: r.review.state),
)

QUESTION_COLUMNS = ("id", "kind", "question", "answer", "follows")


def record_row(record: Record) -> Row:
    """Return a record as one flat row."""
    return {name: value(record) for name, _, value in RECORD_COLUMNS}


def question_row(question: Question) -> Row:
    """Return a question as it stands in a table of its record."""
    return {name: getattr(question, name) for name in QUESTION_COLUMNS}


def arrow() -> Any:
    """Return pyarrow.

    Raises:
        MissingDependencyError: If it is not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise MissingDependencyError(
            "pyarrow is not installed, which writes Parquet; "
            "run: pip install 'mmskin-build[export]'"
        ) from None
    return pyarrow


def arrow_type(kind: str) -> Any:
    """Return pyarrow's type of a kind of column."""
    pa = arrow()
    types = {
        TEXT: pa.string(),
        WHOLE: pa.int32(),
        NUMBER: pa.float64(),
        TEXTS: pa.list_(pa.string()),
        BYTES: pa.binary(),
    }
    return types[kind]


def record_fields() -> list[Any]:
    """Return pyarrow's fields of `RECORD_COLUMNS`."""
    pa = arrow()
    return [pa.field(name, arrow_type(kind)) for name, kind, _ in RECORD_COLUMNS]


def question_fields() -> list[Any]:
    """Return pyarrow's fields of `QUESTION_COLUMNS`."""
    pa = arrow()
    return [pa.field(name, pa.string()) for name in QUESTION_COLUMNS]


def write_table(
    path: Path,
    fields: Sequence[Any],
    rows: Iterable[tuple[Row, int]],
    metadata: Mapping[str, object] | None = None,
) -> int:
    """Write rows as a Parquet file and return their number; a row group at a time is in memory.

    Args:
        path: The file.
        fields: pyarrow's fields.
        rows: Each row with the number of bytes of its picture, 0 if it has none.
        metadata: Of the schema, values as JSON.

    Raises:
        OSError: If the disk is full or the folder cannot be written.
    """
    pa = arrow()
    texts = {key: json.dumps(value) for key, value in (metadata or {}).items()}
    schema = pa.schema(fields, metadata=texts or None)
    # PNG files are compressed already; a second time costs time and gains nothing.
    packed = {name: "none" if _is_picture(name) else "zstd" for name in _leaves(schema)}
    count = 0
    # A file of Python's own, because its errors tell a full disk from others.
    with (
        path.open("wb") as file,
        pa.parquet.ParquetWriter(
            file, schema, compression=packed, use_dictionary=False, write_page_index=True
        ) as writer,
    ):
        for group in _groups(rows):
            writer.write_table(pa.Table.from_pylist(group, schema=schema))
            count += len(group)
    return count


def _is_picture(leaf: str) -> bool:
    return leaf in ("image.bytes", "png")


def _leaves(schema: Any) -> list[str]:
    """The paths of a schema's columns as Parquet has them."""
    pa = arrow()
    found: list[str] = []

    def visit(path: str, kind: Any) -> None:
        if pa.types.is_struct(kind):
            for field in kind:
                visit(f"{path}.{field.name}", field.type)
        elif pa.types.is_list(kind):
            visit(f"{path}.list.element", kind.value_type)
        else:
            found.append(path)

    for field in schema:
        visit(field.name, field.type)
    return found


def _groups(rows: Iterable[tuple[Row, int]]) -> Iterator[list[Row]]:
    group: list[Row] = []
    size = 0
    for row, added in rows:
        group.append(row)
        size += added
        if size >= _GROUP_BYTES or len(group) >= _GROUP_ROWS:
            yield group
            group, size = [], 0
    if group:
        yield group


def plan_shards(source: Source, records: Sequence[Record], shard_bytes: int) -> list[list[Record]]:
    """Divide records into runs whose pictures fill at most `shard_bytes`, at least one each.

    Raises:
        OSError: If a picture is missing.
    """
    shards: list[list[Record]] = []
    size = 0
    for record in records:
        added = (source.folder / record.image).stat().st_size + _RECORD_BYTES
        if not shards or size + added > shard_bytes:
            shards.append([])
            size = 0
        shards[-1].append(record)
        size += added
    return shards
