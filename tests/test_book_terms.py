"""Names that a book's headings and index bring, each with the place where it was found."""

from __future__ import annotations

import dataclasses

import pytest

from builders import make_provenance, make_record
from mmskin_build.records import IndexEntry, PageHeadings, Record
from mmskin_build.vqa.book_terms import (
    BookTerm,
    find_book_terms,
    name_of,
    with_book_terms,
)
from mmskin_build.vqa.ground import check_pair
from mmskin_build.vqa.vocabulary import load_vocabulary
from mmskin_build.vqa.words import find_words


def entry(*terms: str, pages: tuple[str, ...] = ("7",), see: str | None = None) -> IndexEntry:
    return IndexEntry(page_index=99, terms=terms, pages=pages, see=see)


def found(*entries: IndexEntry, records: tuple[Record, ...] = ()) -> dict[str, BookTerm]:
    return {term.name: term for term in find_book_terms((), entries, records)}


@pytest.mark.parametrize(
    ("terms", "name"),
    [
        (("dermatitis, atopic",), "atopic dermatitis"),
        (("lupus erythematosus, discoid",), "discoid lupus erythematosus"),
        (("carcinoma, basal cell", "nodular"), "nodular basal cell carcinoma"),
        (("melanoma", "nodular melanoma"), "nodular melanoma"),
        (("Acne", "quintalis"), "Acne quintalis"),
        (("Dermatitis", "zornic"), "zornic dermatitis"),
        (("Spitz naevus", "zornic"), "zornic Spitz naevus"),
        (("nevus, of Ito",), "nevus of Ito"),
        (("lupus erythematosus (LE)",), "lupus erythematosus"),
        (("psoriasis", "treatment of"), None),
        (("psoriasis", "in children"), None),
        (("psoriasis", "differential diagnosis"), None),
        (("psoriasis", "clinical"), None),
        (("123-abc",), None),
    ],
)
def test_entries_become_names(terms: tuple[str, ...], name: str | None) -> None:
    assert name_of(terms) == name


def test_a_name_is_known_by_its_last_word_and_keeps_its_place() -> None:
    terms = found(
        entry("dermatosis, zornic"),
        entry("naevus", "quintal"),
        entry("vessels, spoke-like"),
        entry("smoking"),
        entry("nose"),
        entry("melanoma", "excision of"),
        entry("psoriasis"),  # the program's vocabulary has it
        entry("patch test"),
    )
    assert {name: term.kind for name, term in terms.items()} == {
        "zornic dermatosis": "diagnosis",
        "quintal naevus": "diagnosis",
        "spoke-like vessels": "dermoscopic structure",
    }
    assert {term.source for term in terms.values()} == {"index, page 100"}


def test_headings_tell_their_page_too() -> None:
    pages = (
        PageHeadings(page_index=2, texts=("Quintal fever syndrome",)),
        PageHeadings(page_index=3, texts=("Quintal fever syndrome", "Treatment")),
    )
    (term,) = find_book_terms(pages, ())
    assert (term.name, term.source) == ("Quintal fever syndrome", "heading, page 3")


def test_a_figure_on_the_page_that_the_index_names_proves_a_name() -> None:
    def record(caption: str, label: str) -> Record:
        place = dataclasses.replace(make_provenance(), page_label=label)
        return make_record(caption=caption, figure_caption=caption, provenance=place)

    told = record("Zornwart. Scaly papules on the chin.", "213")
    assert found(entry("Zornwart", pages=("212–14",)), records=(told,))["Zornwart"].kind == (
        "diagnosis"
    )
    assert not found(entry("Zornwart", pages=("80",)), records=(told,))
    later = record("Scaly papules in Zornwart.", "213")
    assert not found(entry("Zornwart", pages=("213",)), records=(later,))


def test_an_entry_that_points_on_is_another_name() -> None:
    terms = found(entry("Zorn's itch", see="scabies"))
    book = with_book_terms(load_vocabulary(), terms.values())
    (mention,) = book.find(find_words("Zorn's itch"))
    assert mention.term.name == "scabies"
    caption = "Zorn's itch of the hand."
    assert check_pair(caption, "What is the diagnosis?", "It is scabies.", vocabulary=book).accept
    assert not check_pair(caption, "What is the diagnosis?", "It is scabies.").accept


def test_nothing_new_leaves_the_vocabulary_as_it_is() -> None:
    known = load_vocabulary()
    assert with_book_terms(known, found(entry("psoriasis")).values()) is known
