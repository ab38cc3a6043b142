"""A folder that ``datasets.load_dataset`` reads: Parquet shards with pictures in them, and a card.

Three configurations: ``captions`` has all records, ``vqa`` those with open questions,
``demographics`` those whose caption tells age or sex. A record is one row of each, with its picture
and the list of its questions. Types stand in the card's head and in each shard.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mmskin_build.dataset.export_source import (
    Part,
    Question,
    Source,
    by_side,
    counting,
    read_demographics,
    read_pictures,
    read_questions,
)
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
    files: dict[str, dict[str, int]] = {}
    for part in source.parts:
        name = CONFIGURATIONS[part]
        (folder / name).mkdir()
        told = {entry["id"] for entry in read_demographics(source)} if part == "D" else set()
        files[name] = {}
        for side, records in by_side(source).items():
            asked = told | {record_id for record_id, of in questions if of == part}
            chosen = records if part == "C" else [r for r in records if r.id in asked]
            shards = plan_shards(source, chosen, shard_bytes)
            for number, shard in enumerate(shards):
                path = folder / name / f"{side}-{number:05d}-of-{len(shards):05d}.parquet"
                rows = _rows(source, shard, part, questions)
                write_table(path, _fields(part), rows, _features(part))
            if chosen:
                files[name][side] = len(chosen)
    (folder / CARD).write_text(_card(source, files), encoding="utf-8")
    return {f"{name}_{side}": n for name, sides in files.items() for side, n in sides.items()}


def _rows(
    source: Source,
    records: Sequence[Record],
    part: Part,
    questions: dict[tuple[str, Part], list[Question]],
) -> Iterator[tuple[Row, int]]:
    pairs = read_pictures(source, records)
    for record, png in counting(source, pairs) if part == "C" else pairs:
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
