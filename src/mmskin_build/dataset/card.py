"""The card of a release: what is in it, how it was made, what it must not be used for."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from mmskin_build.dataset.assemble import REASONS
from mmskin_build.dataset.datasheet import datasheet_lines, plain_markdown
from mmskin_build.dataset.judge import HELD
from mmskin_build.dataset.manifest import (
    CAPTIONS,
    CARD,
    DEMOGRAPHICS,
    DEMOGRAPHICS_VQA,
    PLOTS,
    QUESTIONS,
    QUESTIONS_VQA,
    Manifest,
    SpotCheck,
    notice_of,
)
from mmskin_build.dataset.mmskin_o import vqa_card
from mmskin_build.dataset.plots import bar_chart, count_ranges, stacked_bars
from mmskin_build.dataset.splits import SIDES
from mmskin_build.dataset.summary import natural_order
from mmskin_build.dataset.upstream_reasons import REASONS as UPSTREAM_REASONS
from mmskin_build.dataset.withdrawn import REASONS as WITHDRAWN_REASONS
from mmskin_build.figures.regions import REASONS as REGION_REASONS
from mmskin_build.images.classify import REASONS as CLASSIFY_REASONS
from mmskin_build.images.read import REASONS as READ_REASONS
from mmskin_build.pdf.isolation import FAILURES
from mmskin_build.records import Record

#: What each reason means for which something was left out of a build.
MEANINGS: Mapping[str, str] = {
    **FAILURES,
    **dict(READ_REASONS.items()),
    **CLASSIFY_REASONS,
    **REASONS,
    **REGION_REASONS,
    **WITHDRAWN_REASONS,
    **UPSTREAM_REASONS,
}

_QUESTION_FILES = (
    f"- `{QUESTIONS}`: questions and answers with the words of the caption that carry them;",
    f"  `{QUESTIONS_VQA}`: the same, a talk a picture, in LLaVA's form",
)
_FIELDS = (
    "`id` follows MM-Skin: book, chapter, figure, panel. `caption` is the panel's own text where",
    "there is one, else the figure's caption, without credits, references and letters; `removed`",
    "has those. `figure_caption` and `panel_text` are as printed, ages over 89 as 90+.",
    "`modality_votes` keeps what the picture and what its words say apart. `alignment`",
    "says how sure the pairing of picture and caption is, in [0, 1]. `provenance` names the",
    "book's sha256, the page (`page_index` from 0) and the box in PDF points from the top left.",
    "`image_sha256` is the digest of the pixels, not of the PNG file. Records of one `group_id`",
    "belong together and must not be spread over training and test.",
)
_NOT_TOLD, _UNKNOWN = "not told", "unknown"
_MODALITIES = ("clinical", "dermoscopic", "pathological", _UNKNOWN)
_DECADES = tuple(range(0, 100, 10))  # years; 90 and more are one by law (HIPAA)
_LENGTHS = (0, 25, 50, 100, 200, 400, 800, 1600)  # characters
_CONFIDENCES = (0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
_MOST_BOOKS = 40  # bars in one picture; the table has all of them


def card_files(
    manifest: Manifest, records: Sequence[Record], questions: Sequence[Mapping[str, Any]] = ()
) -> dict[str, bytes]:
    """Return ``README.md`` of a release and the charts in it, by name.

    Args:
        manifest: Complete but for `sums_sha256`.
        records: In order.
        questions: The entries of MM-Skin-O.
    """
    plots = dict(_plots(manifest, records))
    page = [
        f"# {manifest.name} {manifest.version}",
        "",
        f"> **{notice_of(manifest)}**",
        "",
        f"{manifest.counts['records']} pictures of {manifest.counts['figures']} figures with their "
        f"captions, out of {manifest.counts['books']} "
        f"{'book' if manifest.counts['books'] == 1 else 'books'}.",
        *(
            line
            for about, note in manifest.notes.items()
            if about != "screening"
            for line in ("", f"**{note}**")
        ),
        *_files(manifest),
        *_count_tables(manifest, records),
        *_distributions(plots),
        *_making(manifest),
        *_left_out(manifest),
        *_error_rate(manifest, manifest.spot_check),
        *(["", *vqa_card(questions, manifest.subsets["MM-Skin-O"].note)] if questions else []),
        *_rights(manifest),
        *_use(),
        *_rebuilding(manifest),
        "",
        "## Fields of a record",
        "",
        *_FIELDS,
        "",
        "## Datasheet",
        "",
        *datasheet_lines(manifest, records),
    ]
    return {CARD: ("\n".join(page) + "\n").encode(), **{n: svg for n, (_, svg) in plots.items()}}


def cell(text: str) -> str:
    """Return a text for a cell of a Markdown table: neither HTML nor a link."""
    return plain_markdown(text.replace("|", "\\|"))


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """A Markdown table, numbers to the right; none if there are no rows."""
    if not rows:
        return ["none"]
    rule = [
        "---:" if all(isinstance(row[i], int) for row in rows) else "---" for i in range(len(head))
    ]
    lines = [head, rule, *([cell(str(value)) for value in row] for row in rows)]
    return ["| " + " | ".join(line) + " |" for line in lines]


def _files(manifest: Manifest) -> list[str]:
    return [
        "",
        *(line for note in manifest.notes.values() for line in (f"**{note}**", "")),
        "## Files",
        "",
        f"- `{CAPTIONS}`: a list of records; `image` is relative to this folder",
        "- `caption.csv`: columns image, caption, modality",
        f"- `{DEMOGRAPHICS}`: the records whose caption tells age or sex, with the words that do;",
        f"  `{DEMOGRAPHICS_VQA}`: the same as questions and answers in LLaVA's form",
        *(_QUESTION_FILES if manifest.subsets["MM-Skin-O"].file == QUESTIONS else ()),
        "- `images/`: PNG, RGB, without metadata; named after the record's id",
        "- `croissant.json`: the same for programs, by Croissant 1.1",
        "- `manifest.json`: counts, inputs, settings, digests; `SHA256SUMS`: all files' bytes",
        f"- `CHANGES.md`: what differs from the release before; `{PLOTS}/`: the charts below",
        "",
        *(f"- {name}: {s.note}" for name, s in manifest.subsets.items() if s.note and not s.file),
    ]


def _count_tables(manifest: Manifest, records: Sequence[Record]) -> list[str]:
    by: tuple[tuple[str, Callable[[Record], str]], ...] = (
        ("book", lambda r: r.provenance.book_id),
        ("modality", _modality),
        ("age group", lambda r: r.demographics.age_group or _NOT_TOLD),
        ("sex", lambda r: r.demographics.sex or _NOT_TOLD),
        ("pixels", lambda r: r.provenance.source),
    )
    lines = ["", "## Counts", ""]
    for title, key in by:
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for record in records:
            counts[key(record)][record.split or ""] += 1
        rows = [
            [name, there.total(), *(there[side] for side in SIDES)]
            for name, there in sorted(counts.items(), key=lambda item: natural_order(item[0]))
        ]
        sums = [len(records), *(sum(r.split == side for r in records) for side in SIDES)]
        lines += [*_table([title, "records", *SIDES], [*rows, ["all", *sums]]), ""]
    return lines[:-1]


def _modality(record: Record) -> str:
    return record.modality.value if record.modality else _UNKNOWN


def _plots(
    manifest: Manifest, records: Sequence[Record]
) -> Iterator[tuple[str, tuple[str, bytes]]]:
    """Name of the file, title and bytes of each chart."""
    ages = [age for age in map(_age, records) if age is not None]
    by_book: dict[str, Counter[str]] = defaultdict(Counter)
    for record in records:
        by_book[record.provenance.book_id][_modality(record)] += 1
    books = sorted(by_book, key=natural_order)[:_MOST_BOOKS]
    title = f"Ages in years, of the {len(ages)} records whose caption tells one"
    yield f"{PLOTS}/ages.svg", (title, bar_chart(title, count_ranges(ages, _DECADES)))
    title = "Length of captions in characters"
    lengths = [len(record.caption) for record in records]
    yield f"{PLOTS}/caption_lengths.svg", (title, bar_chart(title, count_ranges(lengths, _LENGTHS)))
    title = "Records by book and modality"
    seen = {name for counts in by_book.values() for name in counts}
    parts = [name for name in _MODALITIES if name in seen] + sorted(seen - {*_MODALITIES})
    rows: list[tuple[str, Mapping[str, int]]] = [(name, by_book[name]) for name in books]
    yield f"{PLOTS}/modality_by_book.svg", (title, stacked_bars(title, rows, parts))
    title = "Confidence that picture and caption belong together"
    sure = [record.alignment.confidence for record in records]
    yield f"{PLOTS}/confidence.svg", (title, bar_chart(title, count_ranges(sure, _CONFIDENCES)))


def _age(record: Record) -> float | None:
    """The age told, the middle where it is a range; the least one where it is open."""
    found = record.demographics
    if found.age_years is not None:
        return found.age_years
    if found.age_min is None or found.age_max is None:
        return found.age_min
    return (found.age_min + found.age_max) / 2


def _distributions(plots: Mapping[str, tuple[str, bytes]]) -> list[str]:
    images = [f"![{title}]({name})\n" for name, (title, _) in plots.items()]
    return ["", "## Distributions", "", *images][:-1] + [images[-1].rstrip()]


def _making(manifest: Manifest) -> list[str]:
    split = manifest.config.get("split", {})
    held_out = ", ".join(split.get("test_books", ())) or "none"
    return [
        "",
        "## How it was made",
        "",
        f"mmskin {manifest.code_version} read the PDF files of the books below with the settings "
        f"of `manifest.json` (`config`, digest {manifest.config_sha256}):",
        "",
        "1. Pages: text, painted objects and the pictures at the pixels that the publisher "
        "embedded; scanned pages by optical character recognition.",
        "2. Figures and captions are paired by layout, with a probability; figures are cut into "
        "panels by their letters.",
        "3. Captions are cleaned of labels, credits and references; age, sex, modality, stain and "
        "magnification are read from them.",
        "4. Pictures are judged by detectors: photograph or not, modality, what is drawn on them, "
        "faces and other sensitive contents, quality.",
        "5. Panels of a figure, near duplicates (also across books) and records with one caption "
        "make groups.",
        f"6. Groups take sides: {split.get('validation_share', 0):g} of them validation, "
        f"{split.get('test_share', 0):g} test, the rest training, the same in each book and "
        f"modality; books held out whole for the test: {held_out}. A group keeps its side from "
        "release to release. That nothing crosses was checked among the released pictures.",
    ]


def _left_out(manifest: Manifest) -> list[str]:
    dropped = [[name, number, MEANINGS.get(name, "")] for name, number in manifest.rejects.items()]
    held = [[name, number, HELD.get(name, "")] for name, number in manifest.left_out_held.items()]
    books = [
        f"- {name}, {cell(title)}: its file could not be used"
        for name, title in manifest.left_out_books.items()
    ]
    return [
        "",
        "## What was left out",
        "",
        "While building, figures, panels and halves of pairs:",
        "",
        *_table(["reason", "number", "what it means"], dropped),
        "",
        "Because a person has yet to decide about the picture:",
        "",
        *_table(["reason", "number", "what is in doubt"], held),
        *(["", "Books:", "", *books] if books else []),
    ]


def _error_rate(manifest: Manifest, spot_check: SpotCheck | None) -> list[str]:
    if spot_check is None:
        told = (
            "Error rate: not measured. No sample of this release was looked at by a person; the "
            "confidence of each record is the program's own."
        )
    else:
        share = spot_check.wrong / spot_check.sampled if spot_check.sampled else 0.0
        told = (
            f"Error rate: {share:.1%} ({spot_check.wrong} of {spot_check.sampled} records that "
            f"people looked at were wrong), 95 % interval {spot_check.low:.1%} to "
            f"{spot_check.high:.1%}."
        )
    doubtful = manifest.counts.get("doubtful_pairs", 0)
    more = f"{doubtful} pairs of the build have less than the confidence that the settings ask for."
    return ["", "## How often it is wrong", "", told, more]


def _rights(manifest: Manifest) -> list[str]:
    rows = [[b.id, b.title, b.edition, b.publisher, b.rights, b.records] for b in manifest.books]
    head = ["id", "title", "edition", "publisher", "rights", "records"]
    return ["", "## Books and rights", "", *_table(head, rows)]


def _use() -> list[str]:
    return [
        "",
        "## Intended use and limits",
        "",
        "For research and teaching by the owner of the books: training and testing models that",
        "describe pictures of skin. Not for diagnosis, and not tested for use on patients. The",
        "pictures and captions stay under their publishers' rights: do not pass this folder on.",
        "Textbooks show what is typical or rare enough to teach, so shares of diseases, ages,",
        "sexes and skin colors are not those of patients. A caption tells what its author chose to",
        "tell, and what it leaves out is not absent.",
        "Near duplicates that were changed beyond what the comparison knows may still be on two",
        "sides.",
        "",
        "Check it with `mmskin verify .` or `sha256sum -c SHA256SUMS`.",
    ]


def _rebuilding(manifest: Manifest) -> list[str]:
    return [
        "",
        "## How to rebuild it",
        "",
        f"With the same files of the books (their sha256 are in `manifest.json`), mmskin "
        f"{manifest.code_version} and the settings in `manifest.json`: register the books, "
        "`mmskin build`, `mmskin release`. Or from what may be shared with owners of the same "
        "books, a release without pictures and captions:",
        "",
        "```",
        f"mmskin export {manifest.version} --to metadata --name {manifest.name}",
        "mmskin rebuild --from METADATA",
        "```",
        "",
        f"It is the same if the content digest is {manifest.content_digest}.",
    ]
