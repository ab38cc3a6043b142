"""The form that MM-Skin's own scripts read.

Picture names are upstream's, ``dataset/<bk...>.png``, relative to the folder itself, which is its
``image_folder``. ``caption.csv`` gives captions and modalities by picture, ``vqa_MM.json`` is to be
trained on (training and validation), ``MM-Skin_test.csv`` to be tested on. ``names.csv`` says which
record has which picture.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from mmskin_build.dataset.export_questions import build_conversations, read_questions
from mmskin_build.dataset.export_source import Source, copy_pictures
from mmskin_build.dataset.parts import caption_rows
from mmskin_build.dataset.summary import natural_order
from mmskin_build.store import pretty_json

TRAIN, TEST, NAMES, CAPTION_TABLE = "vqa_MM.json", "MM-Skin_test.csv", "names.csv", "caption.csv"
_FOLDER = "dataset"
_BOOK = re.compile(r"bk([1-9]\d*)")


def write_upstream(source: Source, folder: Path) -> dict[str, int]:
    """Write the export into `folder` and return its counts.

    Raises:
        VerificationError: If a file of the release was changed.
        OSError: If the disk is full or the folder cannot be written.
    """
    ids = [record.id for record in source.records]
    images = name_pictures(ids)
    copy_pictures(source, folder, images)
    rows = [
        (images[record.id], *row[1:])
        for record, row in zip(source.records, caption_rows(source.records), strict=True)
    ]
    (folder / CAPTION_TABLE).write_bytes(_table(("image", "caption", "modality"), rows))
    (folder / NAMES).write_bytes(_table(("record_id", "image"), [(i, images[i]) for i in ids]))
    tested = {record.id for record in source.records if record.split == "test"}
    questions = read_questions(source)
    # The table asks each question alone, so none may refer to another one.
    asked = [q for q in questions if q.record_id in tested and q.follows is None]
    talks = build_conversations((q for q in questions if q.record_id not in tested), images)
    (folder / TRAIN).write_bytes(pretty_json(talks))
    rows = [(images[q.record_id], q.question, q.answer) for q in asked]
    (folder / TEST).write_bytes(_table(("image", "question", "answer"), rows))
    return {"pictures": len(ids), "conversations": len(talks), "test_questions": len(asked)}


def name_pictures(record_ids: Sequence[str]) -> dict[str, str]:
    """Return upstream's name of each record's picture.

    Record ids follow upstream's names already where the book is called ``bk`` and a number. Other
    books get the numbers that follow, in the order of their names; what stands behind the book
    stays. So two records never get one name.

    >>> name_pictures(["bk11_736_c", "rook_4_2", "bk3_c18_12"])
    {'bk11_736_c': 'dataset/bk11_736_c.png', 'rook_4_2': 'dataset/bk12_4_2.png', \
'bk3_c18_12': 'dataset/bk3_c18_12.png'}
    """
    books = sorted({record_id.partition("_")[0] for record_id in record_ids}, key=natural_order)
    numbers = {book: int(match[1]) for book in books if (match := _BOOK.fullmatch(book))}
    following = max(numbers.values(), default=0)
    for book in books:
        if book not in numbers:
            following += 1
            numbers[book] = following
    return {
        record_id: f"{_FOLDER}/bk{numbers[book]}{mark}{rest}.png"
        for record_id in record_ids
        for book, mark, rest in [record_id.partition("_")]
    }


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()
