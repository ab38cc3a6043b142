"""From books to the model file, the same bytes for the same inputs."""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from mmskin_build.calibrate.examples import HALVES, Example, Half, examples_of
from mmskin_build.calibrate.fit import fit_model
from mmskin_build.calibrate.labelled import (
    GENERATED,
    LabelledBook,
    corpus_book,
    generated_book,
    label_files,
)
from mmskin_build.calibrate.measure import (
    calibration,
    held_out_models,
    judge_examples,
    measure_swaps,
)
from mmskin_build.calibrate.spoil import HARMS, HEAVY_SHARE, spoil_book
from mmskin_build.config import Config
from mmskin_build.errors import ConfigError
from mmskin_build.figures.confidence import Model
from mmskin_build.pdf.jobs import PagePool

SPOILED = 16  # variants of each document, besides itself
_HEAVY_EACH = 1.5  # heavily spoiled variants for each of those; only their single halves count
_FIRST_SEED = 1001
_PAGES = (40, 60, 48, 56)
_SWAPS_EACH = 12

Progress = Callable[[str, str, int, int], None]


def calibrate(
    pool: PagePool,
    cfg: Config,
    *,
    books: int,
    corpus: Path | None,
    spoiled: int = SPOILED,
    decided: Sequence[Example] = (),
    progress: Progress,
) -> dict[str, Any]:
    """Fit the models and return the content of the model file.

    Args:
        pool: Where the PDFs are read.
        cfg: Settings; the parts for pdf and figures are used.
        books: Number of generated books, at least 2.
        corpus: Folder with ``labels/*.json`` and ``pdfs/``, or None.
        spoiled: Spoiled variants of each document, at least 1.
        decided: Examples that people decided (`decided.decided_examples`).
        progress: Called with a document, a stage, the number done and the number in all.

    Raises:
        SchemaError: If the corpus has no labels, or one that cannot be read.
        InputPdfError: If a PDF of the corpus cannot be read.
        ConfigError: If the books are too few to hold some out.
        MissingDependencyError: If Tesseract, which reads scanned pages, is missing.
    """
    known = _read_books(pool, cfg, books, corpus, progress)
    plain, marred = _make_examples(known, cfg, spoiled, progress)
    both = [*plain, *marred, *decided]
    models: dict[str, Any] = {}
    measured: dict[str, Any] = {}
    held_out: dict[Half, dict[str, Model]] = {}
    try:
        for half in HALVES:
            model = fit_model(half, both)
            models[half] = {"bias": model.bias, "weights": dict(model.weights)}
            held_out[half] = held_out_models(half, both)
    except ValueError as error:
        raise ConfigError(f"{error}; give more books to learn from (--books, --corpus)") from error
    for half in HALVES:
        measured[half] = _measure_half(half, plain, both, held_out[half])
    generated = [book for book in known if book.document.startswith(GENERATED)]
    given = [book for book in known if book not in generated]
    measured["swaps"] = {
        name: asdict(measure_swaps(some, held_out["pair"].__getitem__, cfg.figures, _SWAPS_EACH))
        for name, some in (("generated", generated), ("corpus", given))
        if some
    }
    if given:
        measured["corpus"] = _measure_corpus(given, both)
    counts = Counter((e.half, e.right) for e in both)
    return {
        "about": "Weights of figures/confidence.py: log odds = bias + sum of weight times feature.",
        "made_by": _command(books, corpus, decided),
        "inputs": {
            "generated_books": books,
            "first_seed": _FIRST_SEED,
            "pages": [_PAGES[number % len(_PAGES)] for number in range(books)],
            "corpus_documents": len(given),
            "corpus_sha256": _digest(corpus),
            "spoiled_variants": spoiled,
            "heavily_spoiled_variants_for_halves": _heavy_variants(spoiled),
            "kinds_of_harm": list(HARMS),
            **({"decided_by_people": len(decided)} if decided else {}),
        },
        "examples": {
            half: {"right": counts[half, True], "wrong": counts[half, False]} for half in HALVES
        },
        "measured": measured,
        "models": models,
    }


def _command(books: int, corpus: Path | None, decided: Sequence[Example]) -> str:
    given = " --corpus DIR" if corpus is not None else ""
    given += " --from-decisions" if decided else ""
    return f"mmskin calibrate --out FILE --books {books}{given}"


def _digest(corpus: Path | None) -> str | None:
    """The sha256 over the label files, which name their PDFs by digest."""
    if corpus is None:
        return None
    digest = hashlib.sha256()
    for path in label_files(corpus):
        digest.update(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def _read_books(
    pool: PagePool, cfg: Config, books: int, corpus: Path | None, progress: Progress
) -> list[LabelledBook]:
    labels = [] if corpus is None else label_files(corpus)
    found: list[LabelledBook] = []
    total = books + len(labels)
    with tempfile.TemporaryDirectory() as folder:
        for number in range(books):
            pages = _PAGES[number % len(_PAGES)]
            found.append(generated_book(pool, cfg, Path(folder), _FIRST_SEED + number, pages))
            progress("books", "read", len(found), total)
    for path in labels:
        found.append(corpus_book(pool, cfg, path))
        progress("books", "read", len(found), total)
    return found


def _make_examples(
    books: Sequence[LabelledBook], cfg: Config, spoiled: int, progress: Progress
) -> tuple[list[Example], list[Example]]:
    """The examples of the books as they are, and of their spoiled variants.

    Pairs are harmed as rarely as in real books. Single halves are rare then, so that theirs come
    from heavily spoiled variants, too.
    """
    plain: list[Example] = []
    marred: list[Example] = []
    for number, book in enumerate(books):
        plain += examples_of(book, cfg.figures)
        for variant in range(spoiled):
            seed = hashlib.sha256(f"{book.document} {variant}".encode()).digest()
            rng = np.random.default_rng(list(seed[:16]))
            marred += examples_of(spoil_book(book, rng), cfg.figures)
        for variant in range(_heavy_variants(spoiled)):
            seed = hashlib.sha256(f"{book.document} halves {variant}".encode()).digest()
            rng = np.random.default_rng(list(seed[:16]))
            found = examples_of(spoil_book(book, rng, HEAVY_SHARE), cfg.figures)
            marred += [example for example in found if example.half != "pair"]
        progress("books", "spoil_and_align", number + 1, len(books))
    return plain, marred


def _heavy_variants(spoiled: int) -> int:
    return round(_HEAVY_EACH * spoiled)


def _measure_half(
    half: Half,
    plain: Sequence[Example],
    both: Sequence[Example],
    models: Mapping[str, Model],
) -> dict[str, Any]:
    parts = {
        "held_out": both,
        "held_out_generated": [e for e in both if e.document.startswith(GENERATED)],
        "held_out_unspoiled": plain,
    }
    return {
        name: _compare([e for e in some if e.half == half], models.__getitem__)
        for name, some in parts.items()
    }


def _measure_corpus(given: Sequence[LabelledBook], both: Sequence[Example]) -> dict[str, Any]:
    """Each half of each labelled document, by the model fitted with it and by one without it."""
    names = {book.document for book in given}
    measured: dict[str, Any] = {}
    for half in HALVES:
        fitted = dict.fromkeys(names, fit_model(half, both))
        mine = [e for e in both if e.half == half and e.document in names]
        left_out = {
            name: fit_model(half, [e for e in both if e.document != name]) for name in sorted(names)
        }
        measured[half] = {
            "fitted_with": _compare(mine, fitted.__getitem__),
            "each_left_out": _compare(mine, left_out.__getitem__),
        }
    return measured


def _compare(examples: Sequence[Example], model_of: Callable[[str], Model]) -> dict[str, Any]:
    return asdict(calibration(*judge_examples(examples, model_of)))
