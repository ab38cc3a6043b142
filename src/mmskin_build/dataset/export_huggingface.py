"""A folder that ``datasets.load_dataset`` reads: Parquet shards with pictures in them, and a card.

Three configurations: ``captions`` has all records, ``vqa`` those with open questions,
``demographics`` those whose caption tells age or sex. A record is one row of each, with its picture
and the list of its questions. Types stand in the card's head and in each shard.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from mmskin_build.dataset.export_questions import Question, read_demographics, read_questions
from mmskin_build.dataset.export_source import Part, Source, by_side, counting, read_pictures
from mmskin_build.dataset.export_tables import (
    QUESTION_COLUMNS,
    RECORD_COLUMNS,
    TEXTS,
    Row,
    arrow,
    plan_shards,
    question_fields,
    question_row,
    record_fields,
    record_row,
    write_table,
)
from mmskin_build.dataset.manifest import NOTICE
from mmskin_build.dataset.splits import Side
from mmskin_build.records import Record

CONFIGURATIONS: dict[Part, str] = {"C": "captions", "O": "vqa", "D": "demographics"}
CARD = "README.md"


def write_huggingface(source: Source, folder: Path, *, shard_bytes: int) -> dict[str, int]:
    """Write the export into `folder` and return its counts.

    Raises:
        MissingDependencyError: If pyarrow is not installed.
        VerificationError: If a file of the release was changed.
        OSError: If the disk is full or the folder cannot be written.
    """
    questions: dict[tuple[str, Part], list[Question]] = defaultdict(list)
    for question in read_questions(source):
        questions[question.record_id, question.part].append(question)
    plans = {part: _plan(source, part, questions, shard_bytes) for part in source.parts}
    files: dict[str, dict[str, int]] = {}
    done, total = (
        0,
        sum(len(s) for sides in plans.values() for some in sides.values() for s in some),
    )
    for part, sides in plans.items():
        name = CONFIGURATIONS[part]
        (folder / name).mkdir()
        files[name] = {side: sum(map(len, shards)) for side, shards in sides.items()}
        for side, shards in sides.items():
            for number, shard in enumerate(shards):
                path = folder / name / f"{side}-{number:05d}-of-{len(shards):05d}.parquet"
                pairs = counting(source.progress, read_pictures(source, shard), done, total)
                write_table(path, _fields(part), _rows(pairs, part, questions), _features(part))
                done += len(shard)
    (folder / CARD).write_text(_card(source, files), encoding="utf-8")
    return {f"{name}_{side}": n for name, sides in files.items() for side, n in sides.items()}


def _plan(
    source: Source,
    part: Part,
    questions: dict[tuple[str, Part], list[Question]],
    shard_bytes: int,
) -> dict[Side, list[list[Record]]]:
    """The records of a part by side and shard; sides without any are left out."""
    asked = {record_id for record_id, of in questions if of == part}
    if part == "D":
        asked |= {entry["id"] for entry in read_demographics(source)}
    chosen = {
        side: [record for record in records if part == "C" or record.id in asked]
        for side, records in by_side(source).items()
    }
    return {side: plan_shards(source, some, shard_bytes) for side, some in chosen.items() if some}


def _rows(
    pairs: Iterable[tuple[Record, bytes]],
    part: Part,
    questions: dict[tuple[str, Part], list[Question]],
) -> Iterator[tuple[Row, int]]:
    for record, png in pairs:
        # The path is a bare name, as `datasets` itself writes it for a picture held as bytes.
        row = {"image": {"bytes": png, "path": Path(record.image).name}, **record_row(record)}
        if part != "C":
            row["questions"] = [question_row(q) for q in questions[record.id, part]]
        yield row, len(png)


def _fields(part: Part) -> list[Any]:
    pa = arrow()
    picture = pa.struct([pa.field("bytes", pa.binary()), pa.field("path", pa.string())])
    fields = [pa.field("image", picture), *record_fields()]
    if part != "C":
        fields.append(pa.field("questions", pa.list_(pa.struct(question_fields()))))
    return fields


def _features(part: Part) -> dict[str, object]:
    """What `datasets` keeps in a schema to know its own types."""
    features: dict[str, Any] = {"image": {"_type": "Image"}}
    for name, kind, _ in RECORD_COLUMNS:
        value = {"dtype": "string" if kind == TEXTS else kind, "_type": "Value"}
        features[name] = {"feature": value, "_type": "List"} if kind == TEXTS else value
    if part != "C":
        inside = {name: {"dtype": "string", "_type": "Value"} for name in QUESTION_COLUMNS}
        features["questions"] = {"feature": inside, "_type": "List"}
    return {"huggingface": {"info": {"features": features}}}


def _card(source: Source, files: dict[str, dict[str, int]]) -> str:
    manifest = source.manifest
    parts = {name: part for part, name in CONFIGURATIONS.items()}
    lines = ["---", f"pretty_name: {manifest.name} {manifest.version}", "license: other"]
    lines += ["task_categories:", "- image-to-text", "- visual-question-answering"]
    lines += ["tags:", "- medical", "- dermatology", "dataset_info:"]
    for name in files:
        lines += [f"- config_name: {name}", "  features:", *_yaml_features(parts[name])]
    lines.append("configs:")
    for name, sides in files.items():
        if sides:
            lines.append(f"- config_name: {name}")
            lines += ["  default: true"] if name == "captions" else []
            lines.append("  data_files:")
            lines += [f"  - split: {s}\n    path: {name}/{s}-*.parquet" for s in sides]
    lines += [
        "---",
        "",
        f"# {manifest.name} {manifest.version}",
        "",
        f"> **{NOTICE}**",
        "",
        f"Made from the release with the content digest `{manifest.content_digest}`, whose card,",
        "books and settings stay with the release.",
        "",
        "| configuration | " + " | ".join(source.sides) + " |",
        "|---|" + "---:|" * len(source.sides),
        *(
            f"| {name} | " + " | ".join(str(sides.get(side, 0)) for side in source.sides) + " |"
            for name, sides in files.items()
        ),
    ]
    return "\n".join(lines) + "\n"


def _yaml_features(part: Part) -> list[str]:
    lines = ["  - name: image", "    dtype: image"]
    for name, kind, _ in RECORD_COLUMNS:
        key, value = ("list", "string") if kind == TEXTS else ("dtype", kind)
        lines += [f"  - name: {name}", f"    {key}: {value}"]
    if part != "C":
        lines += ["  - name: questions", "    list:"]
        for name in QUESTION_COLUMNS:
            lines += [f"    - name: {name}", "      dtype: string"]
    return lines
