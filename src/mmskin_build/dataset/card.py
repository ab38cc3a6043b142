"""The card of a release: what is in it, where it comes from, what it must not be used for."""

from __future__ import annotations

from mmskin_build.dataset.manifest import CAPTIONS, DEMOGRAPHICS, DEMOGRAPHICS_VQA, NOTICE, Manifest
from mmskin_build.dataset.summary import count
from mmskin_build.records import Record

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


def card_page(manifest: Manifest, records: tuple[Record, ...]) -> str:
    """Return ``README.md`` of a release."""
    parts = [
        f"# {manifest.name} {manifest.version}",
        "",
        f"> **{NOTICE}**",
        "",
        f"{manifest.counts['records']} pictures of {manifest.counts['figures']} figures with their "
        f"captions, out of {manifest.counts['books']} books.",
        "",
        *(line for note in manifest.notes.values() for line in (f"**{note}**", "")),
        "## Files",
        "",
        f"- `{CAPTIONS}`: a list of records; `image` is relative to this folder",
        "- `caption.csv`: columns image, caption, modality",
        f"- `{DEMOGRAPHICS}`: the records whose caption tells age or sex, with the words that do;",
        f"  `{DEMOGRAPHICS_VQA}`: the same as questions and answers in LLaVA's form",
        "- `images/`: PNG, RGB, without metadata; named after the record's id",
        "- `croissant.json`: the same for programs, by Croissant 1.1",
        "- `manifest.json`: counts, inputs, settings, digests; `SHA256SUMS`: all files' bytes",
        "- `CHANGES.md`: what differs from the release before",
        "",
        *(f"- {name}: {subset.note}" for name, subset in manifest.subsets.items() if subset.note),
        "",
        "## Books",
        "",
        "| id | title | edition | publisher | rights | records |",
        "|---|---|---|---|---|---:|",
        *(
            "| "
            + " | ".join(_cell(text) for text in (b.id, b.title, b.edition, b.publisher, b.rights))
            + f" | {b.records} |"
            for b in manifest.books
        ),
        "",
        *(
            f"- {name}, {_cell(title)}: left out, its file could not be used"
            for name, title in manifest.left_out_books.items()
        ),
        "",
        "## Counts",
        "",
        _counts("sides", count(record.split for record in records if record.split)),
        _counts("pixels", count(record.provenance.source for record in records)),
        _counts("age group", count(r.demographics.age_group or "not told" for r in records)),
        _counts("sex", count(r.demographics.sex or "not told" for r in records)),
        _counts("modality", count(r.modality.value if r.modality else "unknown" for r in records)),
        _counts("left out while building", manifest.rejects),
        _counts("left out because a person has yet to decide", manifest.left_out_held),
        "",
        "## Fields of a record",
        "",
        *_FIELDS,
        "",
        "## Use",
        "",
        "The pictures and captions are those of the books above and stay under their publishers'",
        "rights: this folder is for the owner of the books. It is for research, not for diagnosis.",
        "",
        "Check it with `mmskin verify .` or `sha256sum -c SHA256SUMS`.",
    ]
    return "\n".join(parts) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _counts(title: str, counts: dict[str, int]) -> str:
    inside = ", ".join(f"{name} {number}" for name, number in counts.items()) or "none"
    return f"- {title}: {inside}"
