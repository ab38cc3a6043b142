"""Tar shards as the ``webdataset`` package reads them, for training from a stream.

A sample is three files in a row with the record's id as key: ``.png``, ``.txt`` (the caption) and
``.json`` (the record, with its questions under ``questions``). ``index.json`` lists the shards of
each side with the number of their samples, in the form that ``wids`` reads.
"""

from __future__ import annotations

import io
import tarfile
from collections import defaultdict
from pathlib import Path

from mmskin_build.dataset.export_questions import Question, read_questions
from mmskin_build.dataset.export_source import Source, by_side, read_all
from mmskin_build.dataset.export_tables import plan_shards, question_row
from mmskin_build.records import Record
from mmskin_build.store import plain, pretty_json

INDEX = "index.json"
_MODE = 0o644


def write_webdataset(source: Source, folder: Path, *, shard_bytes: int) -> dict[str, int]:
    """Write the export into `folder` and return its counts.

    Raises:
        VerificationError: If a file of the release was changed.
        OSError: If the disk is full or the folder cannot be written.
    """
    questions: dict[str, list[Question]] = defaultdict(list)
    for question in read_questions(source):
        if question.part != "C":  # its answer is the caption, which is there
            questions[question.record_id].append(question)
    sides = by_side(source)
    plans = {side: plan_shards(source, records, shard_bytes) for side, records in sides.items()}
    ordered = [record for shards in plans.values() for shard in shards for record in shard]
    pictures = read_all(source, ordered)
    index = []
    for side, shards in plans.items():
        listed = []
        for number, shard in enumerate(shards):
            path = folder / f"{source.manifest.name}-{side}-{number:06d}.tar"
            with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as tar:
                for _ in shard:
                    record, png = next(pictures)
                    _add(tar, f"{record.id}.png", png)
                    _add(tar, f"{record.id}.txt", record.caption.encode())
                    _add(tar, f"{record.id}.json", _sample(record, questions[record.id]))
            size = path.stat().st_size
            listed.append({"url": path.name, "nsamples": len(shard), "filesize": size})
        index.append({"name": side, "shardlist": listed})
    next(pictures, None)  # tells the progress after the last one
    head = {"__kind__": "wids-shard-index-v1", "wids_version": 1, "name": source.manifest.name}
    (folder / INDEX).write_bytes(pretty_json(head | {"datasets": index}))
    return {side: len(records) for side, records in sides.items()}


def _sample(record: Record, questions: list[Question]) -> bytes:
    asked = [{"part": question.part, **question_row(question)} for question in questions]
    return pretty_json({**plain(record), "questions": asked})


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)  # owner 0, time 0: the same bytes at any time
    member.size = len(content)
    member.mode = _MODE
    tar.addfile(member, io.BytesIO(content))
