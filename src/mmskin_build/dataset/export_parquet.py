"""Flat Parquet tables: ``records.parquet`` and ``questions.parquet``, for pandas and its kin.

``image`` of a record is the name of its picture below the folder; with `embed` there is no such
folder, and the column ``png`` holds the file itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mmskin_build.dataset.export_questions import read_questions
from mmskin_build.dataset.export_source import Source, copy_pictures, read_all
from mmskin_build.dataset.export_tables import (
    BYTES,
    Row,
    arrow,
    arrow_type,
    question_fields,
    question_row,
    record_fields,
    record_row,
    write_table,
)

RECORDS, QUESTIONS = "records.parquet", "questions.parquet"


def write_parquet(source: Source, folder: Path, *, embed: bool = False) -> dict[str, int]:
    """Write the export into `folder` and return its counts.

    Raises:
        MissingDependencyError: If pyarrow is not installed.
        VerificationError: If a file of the release was changed.
        OSError: If the disk is full or the folder cannot be written.
    """
    pa = arrow()
    picture = pa.field("png", arrow_type(BYTES)) if embed else pa.field("image", pa.string())

    def rows() -> Iterator[tuple[Row, int]]:
        if not embed:
            yield from (({**record_row(r), "image": r.image}, 0) for r in source.records)
            return
        for record, png in read_all(source, source.records):
            yield {**record_row(record), "png": png}, len(png)

    if not embed:
        copy_pictures(source, folder, {record.id: record.image for record in source.records})
    count = write_table(folder / RECORDS, [*record_fields(), picture], rows())
    sides = {record.id: record.split for record in source.records}
    head = [pa.field(name, pa.string()) for name in ("record_id", "part", "split")]

    def asked() -> Iterator[tuple[Row, int]]:
        for q in read_questions(source):
            of = {"record_id": q.record_id, "part": q.part, "split": sides[q.record_id]}
            yield of | question_row(q), 0

    questions = write_table(folder / QUESTIONS, [*head, *question_fields()], asked())
    return {"records": count, "questions": questions}
