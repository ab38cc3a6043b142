"""The index at the back of a book is read in the ways that books set it; other lists are none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from builders import make_body, make_line, make_page
from mmskin_build.figures.index_pages import find_index
from mmskin_build.figures.layout import build_layout
from mmskin_build.records import IndexEntry, Line

INDENTED = """\
acne
>conglobata, 12, 14
>vulgaris, 11–13
alopecia areata, 45
Bowen's disease, see squamous cell
>>carcinoma in situ
dermatitis
>atopic, 22f
>contact, 25, 27–29
>>allergic, 26
>>irritant, 28
>treatment of, 31
keloid, 77
lichen
>nitidus, 80
>planus, 78–81, see also papules
melanoma, 90–99
>acral lentiginous, 92
>in situ, 94
naevus
>of Ota, 101
psoriasis, 110, 112,
>>114, 116
scabies, 130
vitiligo, 150"""
RUN_IN = """\
Acne, 11; conglobata, 12, 14; neo-
>natal, 15; vulgaris, 11–13
Alopecia areata, 45
Carcinoma, basal cell, 60; nod-
>ular, 61; superficial, 62, 63
Dermatitis, 21; atopic, 22; contact,
>25, 27; allergic, 26
Erythema, annular, 70
Keloid, 77
Lichen, 78; nitidus, 80; planus,
>78–81
Melanoma, 90; acral, 92; in situ, 94
Naevus, 100; of Ota, 101; Spitz, 103
Psoriasis, 110; guttate, 112; pustu-
>lar, 113
Scabies, 130
Vitiligo, 150"""
DASHED = """\
Akne 11
– conglobata 12, 14
– vulgaris 11–13
Alopecia areata 45
Basalzellkarzinom 60–64
– noduläres 61
Dermatitis 21 ff.
– atopische 22 f
– perorale, siehe Dermatitis,
>>periorale
Keloid 77
Lichen 78
– nitidus 80
– planus 78
Melanom 90–99
– akrolentiginöses 92
Psoriasis 110
– guttata 112
Skabies 130
Vitiligo 150"""


def rows(text: str, x0: float, y0: float, noise: np.random.Generator | None = None) -> list[Line]:
    """One line a row; each ">" indents it; `noise` as of text recognition."""
    made = []
    for number, row in enumerate(text.split("\n")):
        plain = row.lstrip(">")
        x = x0 + 11 * (len(row) - len(plain))
        y = y0 + 12 * number
        if noise is not None:
            x, y = x + noise.uniform(-1.2, 1.2), y + noise.uniform(-1, 1)
            plain = plain.replace("11", "l1").replace("10", "1O")
        made.append(make_line(plain, x, y, size_pt=9, block=number // 9))
    return made


def entries(*columns: str, heading: str = "Index", noise: bool = False) -> tuple[IndexEntry, ...]:
    generator = np.random.default_rng(1) if noise else None
    lines: list[Line] = [make_line(heading, 60, 60, size_pt=18, block=99)] if heading else []
    for number, column in enumerate(columns):
        lines += rows(column, 60 + 175 * number, 100, generator)
    pages = [make_page(n, lines=make_body()) for n in range(4)]
    return find_index(build_layout([*pages, make_page(4, lines=lines)]))


def told(found: Sequence[IndexEntry]) -> dict[tuple[str, ...], tuple[str, ...]]:
    return {entry.terms: entry.pages for entry in found}


@pytest.mark.parametrize("noise", [False, True])
def test_indented_sub_entries_belong_to_the_entry_above(noise: bool) -> None:
    half = INDENTED.index("keloid")
    found = entries(INDENTED[:half].rstrip(), INDENTED[half:], noise=noise)
    pages = told(found)
    assert pages[("acne", "vulgaris")] == ("11–13",)
    assert pages[("dermatitis", "contact", "allergic")] == ("26",)
    assert pages[("dermatitis", "treatment of")] == ("31",)
    assert pages[("melanoma", "acral lentiginous")] == ("92",)
    assert pages[("psoriasis",)] == ("110", "112", "114", "116")
    assert pages[("naevus", "of Ota")] == ("101",)
    (bowen,) = [entry for entry in found if entry.terms == ("Bowen's disease",)]
    assert bowen.see == "squamous cell carcinoma in situ"
    assert all(entry.page_index == 4 for entry in found)


def test_an_entry_goes_on_in_the_next_column() -> None:
    cut = INDENTED.index(">contact")
    pages = told(entries(INDENTED[:cut].rstrip(), INDENTED[cut:]))
    assert pages[("dermatitis", "contact")] == ("25", "27–29")
    assert pages[("melanoma", "in situ")] == ("94",)


@pytest.mark.parametrize("noise", [False, True])
def test_sub_entries_may_run_in_behind_semicolons(noise: bool) -> None:
    parts = RUN_IN.split("\nErythema"), RUN_IN.split("\nLichen")
    first = parts[0][0]
    second = "Erythema" + parts[0][1].split("\nMelanoma")[0]
    third = "Melanoma" + RUN_IN.split("\nMelanoma")[1]
    pages = told(entries(first, second, third, heading="Subject index", noise=noise))
    assert pages[("Acne", "neonatal")] == ("15",)
    assert pages[("Carcinoma, basal cell", "nodular")] == ("61",)
    assert pages[("Lichen", "planus")] == ("78–81",)
    assert pages[("Psoriasis", "pustular")] == ("113",)


@pytest.mark.parametrize("heading", ["Sachverzeichnis", "Register", ""])
def test_sub_entries_may_have_a_dash(heading: str) -> None:
    half = DASHED.index("Keloid")
    found = entries(DASHED[:half].rstrip(), DASHED[half:], heading=heading)
    pages = told(found)
    assert pages[("Basalzellkarzinom", "noduläres")] == ("61",)
    assert pages[("Akne", "vulgaris")] == ("11–13",)
    assert any(entry.see == "Dermatitis, periorale" for entry in found)


def test_other_lists_are_no_index() -> None:
    contents = "\n".join(f"{name}, {3 + 9 * n}" for n, name in enumerate(
        ("Introduction", "Acne", "Psoriasis", "Dermatitis", "Naevi", "Drugs", "Hair", "Nails",
         "Burns", "Ulcers", "Tumours", "Cysts", "Appendix")))  # fmt: skip
    figures = "\n".join(f"Figure {n}. A plaque, {3 + n}" for n in range(1, 20))
    authors = "\n".join(
        f"{name} A. Skin. 20{10 + n};{n}:3–{9 + n}"
        for n, name in enumerate(("Abel", "Bart", "Card", "Dorn", "Egge", "Font", "Gart", "Horn",
                                  "Iden", "Jost", "Kern", "Lott"))
    )  # fmt: skip
    for listing in (contents, figures, authors):
        assert entries(listing, heading="") == ()
    assert find_index(build_layout([make_page(n, lines=make_body()) for n in range(3)])) == ()


def test_an_index_is_looked_for_in_the_second_half_only() -> None:
    half = INDENTED.index("keloid")
    lines = [*rows(INDENTED[:half].rstrip(), 60, 100), *rows(INDENTED[half:], 235, 100)]
    pages = [make_page(0, lines=lines), *(make_page(n, lines=make_body()) for n in range(1, 5))]
    assert find_index(build_layout(pages)) == ()


def test_short_lines_that_never_stand_below_one_another_are_no_index() -> None:
    lines = [
        make_line(f"{chr(97 + n)}, {n}", 4 + 23 * n, 100 + 14 * n, size_pt=6) for n in range(26)
    ]
    pages = [make_page(n, lines=make_body()) for n in range(3)]
    assert find_index(build_layout([*pages, make_page(3, lines=lines)])) == ()
