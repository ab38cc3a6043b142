"""What a model said of each item of a test set: one line an item, kept as it comes.

While a run goes on its lines go to ``predictions.partial.jsonl``, one after the other; the finished
``predictions.jsonl`` appears whole, in the order of the test set. A run that was stopped asks only
what it has no answer to. An empty or failed answer is none: it is asked again, in the same run and
in the next one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from mmskin_build.errors import SchemaError
from mmskin_build.store import append_lines, from_json, storage_errors, to_jsonl, write_jsonl

Task = Literal["vqa", "supervised", "zero-shot"]
PREDICTIONS, PARTIAL = "predictions.jsonl", "predictions.partial.jsonl"
NO_ANSWER = "no answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subgroup:
    """Who is shown, as far as the test set tells."""

    skin_type: str | None = None
    age_group: str | None = None
    sex: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """One item of a test set with what a model said.

    `reference` is the right answer or the true class. `prediction` is the model's own text, "" as
    long as there is none; `label` is the class that it was read as, None where it names none or
    where there are no classes; `probabilities` has the classes of the set, if the model gives them.
    `cluster` names what goes together in chance: the figure or the patient; `book` the source
    above it. `run` tells who answered and how (a digest), `failure` why there is no answer.
    """

    id: str
    set: str
    task: Task
    image: str
    question: str = ""
    reference: str
    prediction: str = ""
    probabilities: dict[str, float] | None = None
    label: str | None = None
    cluster: str
    book: str | None = None
    modality: str | None = None
    kind: str | None = None
    subgroup: Subgroup = field(default_factory=Subgroup)
    run: str = ""
    failure: str | None = None


Ask = Callable[[Sequence[Prediction], int], Iterable[Prediction]]
Tell = Callable[[int, int], None]


def is_answered(item: Prediction) -> bool:
    """Whether an item has an answer: a text that is not blank, or probabilities."""
    return item.failure is None and (
        bool(item.prediction.strip()) or item.probabilities is not None
    )


def answer_items(
    items: Sequence[Prediction],
    ask: Ask,
    folder: Path,
    run: str,
    *,
    batch: int,
    tries: int = 2,
    tell: Tell = lambda done, total: None,
) -> tuple[Prediction, ...]:
    """Ask all that has no answer yet, batch by batch, and write ``predictions.jsonl``.

    Args:
        items: The test set, without answers; ids are unique. Batches are taken in this order, so
            that neighbors should be of like length.
        ask: Gives a batch back with answers, or with `failure`; the number is that of the try,
            from 0. What it raises ends the run; what was answered before stays.
        folder: Where the files lie. Answers of another `run` in them are not taken.
        run: A digest of all that an answer hangs on: model, prompt, decoding, data.
        batch: Items asked at once.
        tries: How often an item without an answer is asked in this run.
        tell: Called with items answered and in all.

    Returns:
        The items in their order, each with its answer or with its `failure`.

    Raises:
        StorageError: If the files cannot be written.
        ValueError: If two items have one id.
    """
    wanted = {item.id for item in items}
    if len(wanted) != len(items):
        raise ValueError("two items of a test set have one id")
    known = {
        item.id: item
        for name in (PREDICTIONS, PARTIAL)
        for item in read_answered(folder / name, run)
        if item.id in wanted
    }
    failures: dict[str, str] = {}
    for attempt in range(tries):
        for start in range(0, len(items), batch):
            waiting = [item for item in items[start : start + batch] if item.id not in known]
            if not waiting:
                continue
            told = [dataclasses.replace(item, run=run) for item in ask(waiting, attempt)]
            fresh = [item for item in told if is_answered(item)]
            failures |= {item.id: item.failure or NO_ANSWER for item in told}
            known |= {item.id: item for item in fresh}
            append_lines(folder / PARTIAL, to_jsonl(fresh))
            tell(len(known), len(items))
    found = tuple(
        known.get(item.id)
        or dataclasses.replace(item, run=run, failure=failures.get(item.id, NO_ANSWER))
        for item in items
    )
    write_jsonl(folder / PREDICTIONS, found)
    with storage_errors(folder):
        (folder / PARTIAL).unlink(missing_ok=True)
    return found


def read_answered(path: Path, run: str) -> tuple[Prediction, ...]:
    """Return the answers of one run in a file, the last of an item; none where there is no file.

    A line that broke off is skipped, and so is an item without an answer.

    Raises:
        StorageError: If the file cannot be read.
    """
    if not path.is_file():
        return ()
    with storage_errors(path):
        lines = path.read_bytes().split(b"\n")
    found: dict[str, Prediction] = {}
    for line in lines:
        try:
            item = from_json(line, Prediction)
        except SchemaError:
            continue  # the line that was being written, or the empty end
        if item.run == run and is_answered(item):
            found[item.id] = item
    return tuple(found.values())


def read_predictions(path: Path) -> tuple[Prediction, ...]:
    """Read a finished ``predictions.jsonl``.

    Raises:
        SchemaError: If a line is no prediction, or none is there.
        StorageError: If the file cannot be read.
    """
    with storage_errors(path):
        lines = path.read_bytes().split(b"\n")
    found = tuple(
        from_json(line, Prediction, f"{path} line {number}")
        for number, line in enumerate(lines, 1)
        if line.strip()
    )
    if not found:
        raise SchemaError(f"{path}: holds no predictions; run the evaluation again")
    return found
