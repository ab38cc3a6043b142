"""Names that a book brings itself: diseases and structures of its headings and its index.

A name is taken if its last word names diseases or structures in the vocabulary too, if it has a
disease's ending, or if the index says that it is on a page whose figure's caption begins with it.
Each name keeps where it was found.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mmskin_build.records import IndexEntry, PageHeadings, Record
from mmskin_build.vqa.vocabulary import (
    Kind,
    Term,
    Vocabulary,
    load_vocabulary,
    names_disease,
    proper_words,
)
from mmskin_build.vqa.word_lists import plain_words
from mmskin_build.vqa.words import find_words

_MOST_WORDS = 5  # of a name
_MOST_PAGES = 40  # named by one entry that are looked at
#: Groups of names that a book brings: too little is known of them to draw others of their like.
HEADING, INDEX = "heading", "index"
_BY_HEAD: tuple[Kind, ...] = (
    "diagnosis", "lesion", "dermoscopic structure", "histologic structure", "cell",
)  # fmt: skip
# Latin adjectives stand behind: "acne conglobata".
_LATIN = re.compile(r"\w(?:us|um|is|ans|ens|oides|ata|osa|ica|ida|iva|aria)$")
# Words before a head that tell of the text, not of a kind of the thing: "melanoma, clinical".
_OF_TEXT = plain_words("of_text")
_PREPOSITIONS = plain_words("name_prepositions")
_NO_NAME = re.compile(
    r"(?:tests?|therap(?:y|ies)|treatments?|methods?|techniques?|biops(?:y|ies)|procedures?|surgery"
    r"|stains?|staining|drugs?|figures?|tables?|introduction|history|index|anatomy|skin|patients?"
    r"|\w+(?:logy|graphy|scopy|ectomy|plasty|metry|therapy|cidal|mycin|azole|cillin|cycline))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BookTerm:
    """A name with what it is, and where the book has it: "index, page 212" counts from 1.

    `same_as` is the name of the vocabulary that the index points to from it ("see ..."), if any.
    """

    name: str
    kind: Kind
    group: str
    source: str
    same_as: str | None = None


def find_book_terms(
    headings: Sequence[PageHeadings],
    index: Sequence[IndexEntry],
    records: Sequence[Record] = (),
) -> tuple[BookTerm, ...]:
    """Return the names of a book that the program's vocabulary lacks, in their order, each once.

    Args:
        headings: In force on the pages of the book, in page order.
        index: The entries of its index.
        records: Of this book: their captions prove names that their words do not show.
    """
    found: dict[tuple[str, ...], BookTerm] = {}
    known = load_vocabulary()
    for page in headings:
        for text in page.texts:
            if 1 <= len(text.split()) <= _MOST_WORDS - 1 and names_disease(text.split()[-1]):
                source = f"{HEADING}, page {page.page_index + 1}"
                term = BookTerm(name=text, kind="diagnosis", group=HEADING, source=source)
                _take(found, known, term)
    openings = _openings(records)
    for entry in index:
        name = name_of(entry.terms)
        if name is None:
            continue
        source = f"{INDEX}, page {entry.page_index + 1}"
        meant = _meant(known, entry.see)
        if (
            meant is not None
            and meant.kind in _BY_HEAD
            and not _NO_NAME.fullmatch(name.split()[-1])
        ):
            term = BookTerm(
                name=name, kind=meant.kind, group=meant.group, source=source, same_as=meant.name
            )
            _take(found, known, term)
            continue
        kind = _kind_of(name)
        if kind is None and _is_proved(name, entry, openings):
            kind = "diagnosis"
        if kind is not None:
            _take(found, known, BookTerm(name=name, kind=kind, group=INDEX, source=source))
    return tuple(term for term in found.values() if not _is_class(term, found))


def _is_class(term: BookTerm, found: Mapping[tuple[str, ...], BookTerm]) -> bool:
    """Whether a single word only heads names of its own: "dermatitis" over "atopic dermatitis"."""
    keys = _keys(term.name)
    return len(keys) == 1 and any(len(other) > 1 and other[-1:] == keys for other in found)


def with_book_terms(vocabulary: Vocabulary, terms: Iterable[BookTerm]) -> Vocabulary:
    """Add a book's names to a vocabulary; names that it has already stay as they are.

    >>> zorn = BookTerm(name="Zorn syndrome", kind="diagnosis", group="heading", source="page 3")
    >>> book = with_book_terms(load_vocabulary(), [zorn])
    >>> [m.term.name for m in book.find(find_words("A case of Zorn syndrome."))]
    ['Zorn syndrome']
    """
    made = dict(vocabulary.terms)
    for item in terms:
        name = item.same_as or item.name
        made.setdefault(_keys(item.name), Term(name=name, kind=item.kind, group=item.group))
    if len(made) == len(vocabulary.terms):
        return vocabulary
    return dataclasses.replace(vocabulary, terms=made, longest=max(map(len, made)))


def name_of(terms: Sequence[str]) -> str | None:
    """Return the name that an entry with its sub-entries stands for, None if it is none.

    >>> name_of(["dermatitis, atopic"]), name_of(["nevus", "of Ota"])
    ('atopic dermatitis', 'nevus of Ota')
    >>> name_of(["melanoma", "treatment of"]), name_of(["carcinoma, squamous cell", "invasive"])
    (None, 'invasive squamous cell carcinoma')
    """
    name = _straight(terms[0])
    for sub in terms[1:]:
        text = _straight(sub)
        if name is None or text is None:
            return None
        name = _joined(name, text)
    if name is None or len(name.split()) > _MOST_WORDS:
        return None
    is_name = re.fullmatch(r"[^\W\d_][\w'’ -]*[^\W_]", name) and not re.search(r"- | -|\d", name)
    return name if is_name else None


def _straight(text: str) -> str | None:
    """Turn "lupus erythematosus, discoid" round; what stands in brackets goes."""
    plain = re.sub(r"\s*\([^)]*\)", "", text).strip()
    head, *before = (part.strip() for part in plain.split(","))
    for part in before:
        joined = _joined(head, part) if part else head
        if joined is None:
            return None
        head = joined
    return head or None


def _joined(head: str, part: str) -> str | None:
    """Put what is said on a name before it, or behind it if it begins with "of"."""
    words = part.lower().split()
    if words[0] == "of" and len(words) > 1:
        return f"{head} {part}"
    if _PREPOSITIONS & set(words) or set(words) & _OF_TEXT or _NO_NAME.fullmatch(words[-1]):
        return None
    last = head.split()[-1].lower().rstrip("s")
    if words[-1].rstrip("s") == last:
        return part  # the sub-entry has the whole name
    if _LATIN.search(words[-1]) and len(words) == 1 and " " not in head:
        return f"{head} {part}"
    return f"{part} {_uncapitalized(head)}"


def _uncapitalized(head: str) -> str:
    """Take off the capital that an index gives to each entry, but for a proper name."""
    first = head.split()[0]
    keeps = first in proper_words() or not first[1:].islower() or first.endswith(("'s", "’s"))
    return head if keeps else head[0].lower() + head[1:]


def _take(found: dict[tuple[str, ...], BookTerm], known: Vocabulary, term: BookTerm) -> None:
    keys = _keys(term.name)
    if keys and keys not in known.terms:
        found.setdefault(keys, term)


def _keys(name: str) -> tuple[str, ...]:
    return tuple(token.key for token in find_words(name) if token.is_word)


@functools.cache
def _heads() -> dict[str, frozenset[Kind]]:
    """The last words of the vocabulary's names, with the kinds of things that they name."""
    heads: dict[str, set[Kind]] = {}
    for keys, term in load_vocabulary().terms.items():
        heads.setdefault(keys[-1], set()).add(term.kind)
    return {key: frozenset(kinds) for key, kinds in heads.items()}


def _kind_of(name: str) -> Kind | None:
    """What a name is by its last word; words that name several kinds of things tell nothing."""
    words = name.lower().split()
    if set(words) & _OF_TEXT or _NO_NAME.fullmatch(words[-1]):
        return None
    if _PREPOSITIONS & set(words):
        before = name.split(" of ")[0] if " of " in name else ""
        words = before.lower().split()
        if not words or _PREPOSITIONS & set(words):
            return None
    if names_disease(words[-1]):
        return "diagnosis"
    kinds = _heads().get(_keys(words[-1])[-1] if _keys(words[-1]) else "", frozenset())
    if len(kinds) != 1 or (len(name.split()) < 2 and " of " not in name):
        return None
    kind = next(iter(kinds))
    return kind if kind in _BY_HEAD else None


def _meant(known: Vocabulary, see: str | None) -> Term | None:
    """The term of the vocabulary that an entry points to."""
    name = None if see is None else name_of([see])
    return None if name is None else known.terms.get(_keys(name))


def _openings(records: Sequence[Record]) -> dict[str, list[tuple[str, ...]]]:
    """The first words of the captions on each page, by its printed number."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for record in records:
        keys = _keys(re.split(r"[.:;,(]", record.caption, maxsplit=1)[0])
        found.setdefault(record.provenance.page_label, []).append(keys[: _MOST_WORDS + 3])
    return found


def _is_proved(name: str, entry: IndexEntry, openings: dict[str, list[tuple[str, ...]]]) -> bool:
    """Whether a figure on a page that the entry names begins its caption with the name."""
    words = name.split()
    keys = _keys(name)
    known = load_vocabulary().terms
    if not keys or _NO_NAME.fullmatch(words[-1]) or any((key,) in known for key in keys[-1:]):
        return False
    return any(
        first[: len(keys)] == keys
        for page in _named(entry.pages)
        for first in openings.get(page, ())
    )


def _named(pages: Sequence[str]) -> Iterator[str]:
    """The printed page numbers that an entry names: "12–14" are three."""
    for text in pages:
        first, _, last = (part.strip() for part in re.split(r"([–—-])", text + "-", maxsplit=1)[:3])
        last = last.strip("–—- ")
        if not last:
            yield first
            continue
        # "212–14" ends on page 214
        end = first[: max(len(first) - len(last), 0)] + last
        for number in range(int(first), min(int(end), int(first) + _MOST_PAGES) + 1):
            yield str(number)
