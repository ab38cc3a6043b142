"""LLaVA's training form: a JSON list of conversations a side, and the pictures.

``image`` of each conversation is relative to the folder, LLaVA's ``--image_folder``.
"""

from __future__ import annotations

from pathlib import Path

from mmskin_build.dataset.export_questions import build_conversations, read_questions
from mmskin_build.dataset.export_source import Source, by_side, copy_pictures
from mmskin_build.store import pretty_json


def write_llava(source: Source, folder: Path) -> dict[str, int]:
    """Write the export into `folder` and return its counts.

    Raises:
        VerificationError: If a file of the release was changed.
        OSError: If the disk is full or the folder cannot be written.
    """
    images = {record.id: record.image for record in source.records}
    copy_pictures(source, folder, images)
    questions = read_questions(source)
    counts = {"pictures": len(images)}
    for side, records in by_side(source).items():
        ids = {record.id for record in records}
        talks = build_conversations((q for q in questions if q.record_id in ids), images)
        (folder / f"{side}.json").write_bytes(pretty_json(talks))
        counts[f"{side}_conversations"] = len(talks)
    return counts
