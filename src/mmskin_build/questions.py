"""The stage of questions and answers: the records of the last build become checked pairs.

``data/work/vqa/<two letters>/<key>/`` has the facts of each record, the pairs, the rejected ones
with their reasons, those to look at, the names that books bring, and the report. The key stands for
the records, the headings and indexes, the settings and the code, so what a release takes in was
made from the very records that it has.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmskin_build import __version__
from mmskin_build.cache import Entry, Stage, Store, open_store
from mmskin_build.config import VqaConfig, Workspace
from mmskin_build.dataset.mmskin_o import QuestionSet
from mmskin_build.dataset.summary import BuildSummary
from mmskin_build.decisions import Standing, verdict_on_answer
from mmskin_build.qa import QAItem
from mmskin_build.records import IndexEntry, PageHeadings, Record
from mmskin_build.steps import HEADINGS, INDEX
from mmskin_build.store import (
    code_digest,
    file_sha256,
    from_json,
    plain,
    pretty_json,
    read_jsonl,
    storage_errors,
    write_bytes,
    write_jsonl,
)
from mmskin_build.vqa.book_terms import find_book_terms
from mmskin_build.vqa.drafts import Backend, RulesBackend
from mmskin_build.vqa.generate import Generated, VqaReport, generate_pairs
from mmskin_build.vqa.reply_cache import ReplyCache

STAGE = "vqa"
_CODE = ("vqa", "text", "figures/subcaptions", "records", "qa")  # what pairs depend on
FACTS = "facts.jsonl"
ITEMS, REJECTED, DOUBTFUL, REPORT = "items.jsonl", "rejects.jsonl", "doubtful.jsonl", "report.json"
TERMS = "terms.jsonl"
REPLIES = "vqa_replies.sqlite"
UNFINISHED = "vqa_unfinished"
# Settings that bear on how a model is reached, not on what it says.
_OF_THE_WAY = (
    "base_url", "api_key_env", "concurrency", "requests_a_minute", "timeout_s", "retries",
    "token_budget", "price_in", "price_out", "cost_budget", "batch",
)  # fmt: skip

Progress = Callable[[str, str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """What one run gave: its report and its folder; a release takes it if `is_finished`."""

    report: VqaReport
    folder: Path
    is_finished: bool
    fresh: bool


def make_questions(
    workspace: Workspace,
    cfg: VqaConfig,
    summary: BuildSummary,
    records: Sequence[Record],
    progress: Progress | None = None,
) -> Questions:
    """Ask about the records of a build, unless that has been done.

    What a model could not finish (its budget spent, its server gone) is written apart, and the same
    command goes on from there: replies are kept one by one.

    Raises:
        ConfigError: If the settings name no model that can be used.
        MissingDependencyError: If a package of the backend is missing.
        StorageError: If the disk is full or the work folder cannot be written.
    """
    store = Store(workspace.work)
    stage = vqa_stage(workspace, cfg, summary)
    found = store.find(stage)
    if found is not None:
        return _of_entry(found)
    generated = _generate(workspace, cfg, summary, records, progress)
    if generated.report.stopped or generated.report.failed:
        folder = workspace.work / UNFINISHED
        with storage_errors(folder):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        _write(folder, generated)
        return Questions(report=generated.report, folder=folder, is_finished=False, fresh=True)
    return _of_entry(store.run(stage, lambda folder: _write(folder, generated)))


def find_questions(
    workspace: Workspace, cfg: VqaConfig, summary: BuildSummary
) -> QuestionSet | None:
    """Return the pairs on the records of a build, None if they have not been made."""
    entry = Store(workspace.work).find(vqa_stage(workspace, cfg, summary))
    if entry is None:
        return None
    report = _of_entry(entry).report
    refused = ", ".join(f"{name} {number}" for name, number in report.rejects.items())
    return QuestionSet(
        items=read_jsonl(entry.path(ITEMS), QAItem),
        note=f"by {report.backend}; refused by the check: {refused or 'none'}",
    )


def find_doubtful(
    workspace: Workspace, cfg: VqaConfig, summary: BuildSummary
) -> list[dict[str, Any]]:
    """Return the pairs that a person should look at, ``{"item": ..., "why": ...}``; none unmade."""
    entry = Store(workspace.work).find(vqa_stage(workspace, cfg, summary))
    if entry is None:
        return []
    path = entry.path(DOUBTFUL)
    with storage_errors(path):
        return [json.loads(line) for line in path.read_bytes().splitlines() if line]


def decide_answers(
    questions: QuestionSet, records: Sequence[Record], standing: Mapping[str, Standing]
) -> QuestionSet:
    """Return the pairs after what people decided about them: accepted, mended or left out.

    A verdict that was given on another caption does not hold.
    """
    if not standing:
        return questions
    captions = {record.id: record.caption for record in records}
    items: list[QAItem] = []
    counts: Counter[str] = Counter()
    for item in questions.items:
        verdict = verdict_on_answer(
            standing,
            image_sha256=item.image_sha256,
            question=item.question,
            answer=item.answer,
            caption=captions.get(item.record_id, ""),
        )
        if verdict is None:
            items.append(item)
            continue
        counts[verdict.value] += 1
        if verdict.value == "accepted":
            items.append(dataclasses.replace(item, source="human"))
        elif verdict.value == "changed":
            question = verdict.details.get("question", item.question)
            answer = verdict.details.get("answer", item.answer)
            kept = item.evidence if answer == item.answer else ()
            items.append(
                dataclasses.replace(
                    item, question=question, answer=answer, evidence=kept, source="human"
                )
            )
    if not counts:
        return questions
    told = ", ".join(f"{number} {name}" for name, number in sorted(counts.items()))
    return QuestionSet(items=tuple(items), note=f"{questions.note}; by people: {told}")


def vqa_stage(workspace: Workspace, cfg: VqaConfig, summary: BuildSummary) -> Stage:
    """Return what the pairs of a build depend on."""
    settings = {k: v for k, v in dataclasses.asdict(cfg).items() if k not in _OF_THE_WAY}
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
    words = {
        f"{name} {book}": entry.outputs[name].sha256
        for book, entry in _aligned(workspace, summary).items()
        for name in (HEADINGS, INDEX)
    }
    return Stage(
        name=STAGE,
        version=f"{__version__} {code_digest(*_CODE)}",
        config_sha256=digest,
        inputs={"records": summary.content_digest, **words},
        models=_model_digests(cfg),
    )


def _aligned(workspace: Workspace, summary: BuildSummary) -> dict[str, Entry]:
    store = open_store(workspace)
    return {
        book.id: store.entry("align_book", book.stages["align_book"])
        for book in summary.books
        if book.status == "built"
    }


def _model_digests(cfg: VqaConfig) -> dict[str, str]:
    """Return the digests of a local model's files, weights by their size only."""
    if cfg.backend != "transformers":
        return {}
    return {
        path.name: file_sha256(path) if path.suffix == ".json" else str(path.stat().st_size)
        for path in sorted(Path(cfg.model).glob("*"))
        if path.is_file()
    }


def _generate(
    workspace: Workspace,
    cfg: VqaConfig,
    summary: BuildSummary,
    records: Sequence[Record],
    progress: Progress | None,
) -> Generated:
    terms = {
        book: find_book_terms(
            read_jsonl(entry.path(HEADINGS), PageHeadings),
            read_jsonl(entry.path(INDEX), IndexEntry),
            [record for record in records if record.provenance.book_id == book],
        )
        for book, entry in _aligned(workspace, summary).items()
    }

    def show(done: int, total: int) -> None:
        if progress is not None:
            progress("vqa", "questions", done, total)

    with closing(ReplyCache(workspace.work / REPLIES)) as cache:
        return generate_pairs(records, _backend(cfg, cache), cfg, terms, show)


def _backend(cfg: VqaConfig, cache: ReplyCache) -> Backend:
    if cfg.backend == "openai":
        from mmskin_build.vqa.backend_openai import OpenAIBackend

        return OpenAIBackend(cfg, cache)
    if cfg.backend == "transformers":
        from mmskin_build.vqa.backend_transformers import TransformersBackend

        return TransformersBackend(cfg, cache)
    return RulesBackend(cfg)


def _write(folder: Path, generated: Generated) -> None:
    write_jsonl(folder / FACTS, generated.facts, durable=False)
    write_jsonl(folder / ITEMS, generated.items, durable=False)
    write_jsonl(folder / TERMS, generated.terms, durable=False)
    write_jsonl(folder / REJECTED, generated.rejects, durable=False)
    write_jsonl(folder / DOUBTFUL, generated.doubtful, durable=False)
    write_bytes(folder / REPORT, pretty_json(plain(generated.report)), durable=False)


def _of_entry(entry: Entry) -> Questions:
    content = entry.path(REPORT).read_bytes()
    return Questions(
        report=from_json(content, VqaReport, str(entry.path(REPORT))),
        folder=entry.folder,
        is_finished=True,
        fresh=entry.fresh,
    )
