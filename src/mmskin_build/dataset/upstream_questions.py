"""The questions of the published MM-Skin in the form of MM-Skin-O."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from mmskin_build.dataset.summary import natural_order
from mmskin_build.dataset.upstream_folder import UpstreamQuestion
from mmskin_build.records import Record, Reject

BACKEND = "imported"


def build_questions(
    questions: Iterable[UpstreamQuestion], records: Iterable[Record]
) -> tuple[list[dict[str, Any]], list[Reject]]:
    """Return published questions as entries of MM-Skin-O, and rejects of those without a picture.

    A later question of a talk may refer to the one before it, so it follows that one.
    """
    by_record: dict[str, list[UpstreamQuestion]] = defaultdict(list)
    for question in questions:
        by_record[question.pair_id].append(question)
    entries: list[dict[str, Any]] = []
    for record in sorted(records, key=lambda record: record.id):
        before: tuple[int, str] | None = None  # talk and id of the question before
        for number, question in enumerate(by_record.pop(record.id, ()), 1):
            name = f"{record.id}_q{number}"
            follows = before[1] if before and before[0] == question.talk >= 0 else None
            entries.append(
                {
                    "id": name,
                    "record_id": record.id,
                    "image": record.image,
                    "image_sha256": record.image_sha256,
                    "kind": "other",
                    "question": question.question,
                    "answer": question.answer,
                    "evidence": [],
                    "source": "imported",
                    "backend": BACKEND,
                    "prompt_version": "",
                    "follows": follows,
                    "group_id": record.group_id,
                    "split": record.split,
                }
            )
            before = question.talk, name
    lost = [
        Reject(
            item_id=name,
            stage="import",
            reason="question_without_picture",
            detail=f"{len(by_record[name])} questions",
        )
        for name in sorted(by_record, key=natural_order)
    ]
    return entries, lost


def build_talks(entries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return entries of MM-Skin-O as conversations in LLaVA's form, one a record."""
    talks: dict[str, dict[str, Any]] = {}
    for entry in entries:
        name = entry["record_id"]
        talk = talks.setdefault(name, {"id": name, "image": entry["image"], "conversations": []})
        head = "" if talk["conversations"] else "<image>\n"
        talk["conversations"] += [
            {"from": "human", "value": head + entry["question"]},
            {"from": "gpt", "value": entry["answer"]},
        ]
    return list(talks.values())
