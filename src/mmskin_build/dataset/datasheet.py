"""The questions of "Datasheets for Datasets" (Gebru et al., CACM 64, 2021), answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mmskin_build.dataset.manifest import Manifest, notice_of
from mmskin_build.dataset.splits import SIDES
from mmskin_build.dataset.summary import count
from mmskin_build.records import Record


def datasheet_lines(manifest: Manifest, records: Sequence[Record]) -> list[str]:
    """Return the datasheet of a release as lines of Markdown, a heading for each part."""
    lines: list[str] = []
    for part, answers in (
        ("Motivation", _motivation(manifest)),
        ("Composition", _composition(manifest, records)),
        ("Collection process", _collection(manifest, records)),
        ("Preprocessing, cleaning, labeling", _preprocessing(records)),
        ("Uses", _uses(manifest)),
        ("Distribution", _distribution(manifest)),
        ("Maintenance", _maintenance(manifest)),
    ):
        lines += [f"### {part}", ""]
        for question, answer in answers:
            lines += [f"**{question}** {answer}", ""]
    return lines[:-1]


_Answers = Iterator[tuple[str, str]]


def _motivation(manifest: Manifest) -> _Answers:
    yield (
        "For what purpose was the data set created?",
        "To train and test models that look at skin and speak about it, on pictures with the words "
        "that experts wrote about them, in the form of MM-Skin.",
    )
    yield (
        "Who created it, and who paid for it?",
        f"Whoever ran mmskin {manifest.code_version} on {_number(len(manifest.books), 'book')} of "
        "their own; a release names no person.",
    )


def _composition(manifest: Manifest, records: Sequence[Record]) -> _Answers:
    figures = len({(r.provenance.book_sha256, r.provenance.figure_id) for r in records})
    panels = sum(record.provenance.panel is not None for record in records)
    told = sum(
        r.demographics.sex is not None or r.demographics.age_group is not None for r in records
    )
    yield (
        "What do the instances represent, and how many are there?",
        f"Pictures with their captions: {len(records)} of {figures} figures, {panels} of them "
        "panels with a letter.",
    )
    yield (
        "Is it a sample of a larger set?",
        f"It is what the program could use of the books: it left out "
        f"{sum(manifest.rejects.values())} items while building, and "
        f"{sum(manifest.left_out_held.values())} times it found something that a person has "
        "yet to decide (the tables above say why). Of skin disease it is no representative sample.",
    )
    yield (
        "What data does each instance consist of?",
        "A PNG picture, " + _sizes(records) + ", its caption, and what the fields above describe.",
    )
    modalities = count(r.modality.value if r.modality else "unknown" for r in records)
    yield (
        "Is there a label, is information missing?",
        f"Modality: {_words(modalities)}. Age or sex is told for {told} of {len(records)} records; "
        "what a caption does not tell is empty and not guessed.",
    )
    groups: dict[str, int] = {}
    for record in records:
        groups[record.group_id] = groups.get(record.group_id, 0) + 1
    joined = sum(number > 1 for number in groups.values())
    yield (
        "Are relationships between instances made explicit?",
        f"By `group_id`: {len(groups)} groups, {joined} of them of more than one record, the "
        f"largest of {max(groups.values(), default=0)}.",
    )
    sides = count(record.split or "none" for record in records)
    yield (
        "Are there recommended splits?",
        f"`split`: {', '.join(f'{side} {sides.get(side, 0)}' for side in SIDES)}. No group, "
        "figure, near duplicate or caption is on two sides.",
    )
    yield (
        "Are there errors, noise or redundancies?",
        f"{manifest.counts.get('doubtful_pairs', 0)} pairs of the build are doubtful. Confidence "
        f"of the pairing: {_quantiles([r.alignment.confidence for r in records])}.",
    )
    flagged = count(f.name for r in records for f in r.flags.sensitive if f.score >= 0.5)
    yield (
        "Does it contain confidential, offensive or identifying data?",
        f"{notice_of(manifest)} Flags of sensitive contents with a score of 0.5 or more: "
        f"{_words(flagged) or 'none'}. Ages over 89 are 90+.",
    )


def _collection(manifest: Manifest, records: Sequence[Record]) -> _Answers:
    yield (
        "How was the data acquired?",
        f"Read by a program from the PDF files of {_number(len(manifest.books), 'book')}; pixels: "
        f"{_words(count(record.provenance.source for record in records))}.",
    )
    yield (
        "Who was involved, and over what time?",
        "Authors and publishers of the books; the years of the pictures are not recorded. Verdicts "
        f"of people on records: {_words(count(record.review.state for record in records))}.",
    )
    yield (
        "Did the people shown consent, was there an ethical review?",
        "That lies with the publishers of the books and is not recorded here.",
    )


def _preprocessing(records: Sequence[Record]) -> _Answers:
    removed = count(part.kind for record in records for part in record.removed)
    yield (
        "Was the data cleaned or labeled?",
        f"Taken off the captions: {_words(removed) or 'nothing'}. Labels come from rules, models "
        "and people, each with its source and confidence.",
    )
    yield (
        "Is the raw data kept?",
        "`figure_caption`, `panel_text` and `removed` have the printed words; the raw pages are in "
        "the books. The program is free software (AGPL-3.0).",
    )


def _uses(manifest: Manifest) -> _Answers:
    parts = [f"{name} {subset.entries}" for name, subset in manifest.subsets.items() if subset.file]
    yield "What can it be used for?", f"Entries by part: {', '.join(parts)}."
    yield (
        "What should it not be used for?",
        "Diagnosis, statements about how frequent diseases are, and finding out who is shown.",
    )


def _distribution(manifest: Manifest) -> _Answers:
    rights = sorted({plain_markdown(book.rights) for book in manifest.books})
    yield (
        "Will it be distributed, under which license?",
        f"Not by this program. Rights as registered: {'; '.join(rights) or 'none'}. "
        "Its metadata without pictures and captions can be passed on to owners of the same books.",
    )


def _maintenance(manifest: Manifest) -> _Answers:
    parent = manifest.parent
    yield (
        "Will it be updated?",
        "Releases are never edited; changes make a new version (Croissant 1.1), and `CHANGES.md` "
        + (
            "tells them. This is the first one."
            if parent is None
            else f"tells them. The one before is {parent.version}, content digest "
            f"{parent.content_digest}."
        ),
    )
    yield (
        "How can others contribute or report mistakes?",
        "By decisions about records (`review`), which the next build takes in.",
    )


def _number(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def plain_markdown(text: str) -> str:
    """Return a text in one line of Markdown that is neither HTML nor a link."""
    return " ".join(text.replace("<", "&lt;").replace("](", "]&#40;").split())


def _words(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in counts.items())


def _sizes(records: Sequence[Record]) -> str:
    areas = sorted((r.width_px * r.height_px, r.width_px, r.height_px) for r in records)
    if not areas:
        return "none"
    (_, *small), (_, *middle), (_, *large) = areas[0], areas[len(areas) // 2], areas[-1]
    sizes = [" x ".join(map(str, size)) for size in (small, middle, large)]
    return f"{sizes[0]} to {sizes[2]} pixels, the median {sizes[1]}"


def _quantiles(values: Sequence[float]) -> str:
    ordered = sorted(values)
    if not ordered:
        return "none"
    places = [ordered[round(share * (len(ordered) - 1))] for share in (0.05, 0.5, 0.95)]
    return "5 % are at most {:.2f}, half at most {:.2f}, 95 % at most {:.2f}".format(*places)
