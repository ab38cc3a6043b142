"""A caption's words go to the panel that they speak of, and to no other."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mmskin_build.figures.subcaptions import letters_in, split_caption, split_lone


@pytest.mark.parametrize(
    ("caption", "parts"),
    [
        ("(a) Papules. (b) Plaques.", {"a": "Papules", "b": "Plaques"}),
        ("(A) Papules. (B) Plaques.", {"a": "Papules", "b": "Plaques"}),
        ("Lichen: (a) papules; (b) plaques.", {"a": "papules", "b": "plaques"}),
        (
            "Lichen. (a) Papules. (b, c) Plaques.",
            {"a": "Papules", "b": "Plaques", "c": "Plaques"},
        ),
        (
            "Lichen. (a, b) Papules. (c) Plaques.",
            {"a": "Papules", "b": "Papules", "c": "Plaques"},
        ),
        (
            "Lichen. (a)–(c) Papules. (d) Plaques.",
            {"a": "Papules", "b": "Papules", "c": "Papules", "d": "Plaques"},
        ),
        (
            "Lichen. (a–c) Papules. (d) Plaques.",
            {"a": "Papules", "b": "Papules", "c": "Papules", "d": "Plaques"},
        ),
        (
            "Lichen. (a) and (b) Papules. (c) Plaques.",
            {"a": "Papules", "b": "Papules", "c": "Plaques"},
        ),
        ("A, Papules. B, Plaques.", {"a": "Papules", "b": "Plaques"}),
        (
            "Basal cell carcinoma: (a, b) pearly nodules of the nose.",
            {"a": "pearly nodules of the nose", "b": "pearly nodules of the nose"},
        ),
        (
            "(a) Granular IgM. (b) Linear IgG. Scale bars, 50 µm.",
            {"a": "Granular IgM", "b": "Linear IgG"},
        ),
        (
            "Species by S. M. Hale. A, Plant; B, Flower; C, Seed.",
            {"a": "Plant", "b": "Flower", "c": "Seed"},
        ),
        (
            "Leaf, B, upper side. A, Plant; B, Leaf, B', its lower side; C, Seed.",
            {"a": "Plant", "b": "Leaf", "b'": "its lower side", "c": "Seed"},
        ),
        (
            "Skin. A-C, Type I; D-F, type II; A, D, face; B, E, trunk; C, F, legs.",
            {"a": "face", "b": "trunk", "c": "legs", "d": "face", "e": "trunk", "f": "legs"},
        ),
        (
            "A: At one week an infiltrate (100×), with giant cells in them (B; 400×). C: Scar.",
            {
                "a": "At one week an infiltrate (100×)",
                "b": "with giant cells in them (B; 400×)",
                "c": "Scar",
            },
        ),
        (
            "The nodule in (a) lateral, (b) dorsal, and (c) ventral view. "
            "Views of the right foot (d) and right hand (e) are added.",
            {
                "a": "lateral",
                "b": "dorsal",
                "c": "ventral view",
                "d": "right foot",
                "e": "right hand",
            },
        ),
        (
            "A, Papules. B, Plaques. Courtesy of Dr. C. Venn.",
            {"a": "Papules", "b": "Plaques"},
        ),
        ("A. Papules. B. Plaques. Photo: C. Venn.", {"a": "Papules", "b": "Plaques"}),
        ("A: Papules. B: Plaques.", {"a": "Papules", "b": "Plaques"}),
        ("A. Papules. B. Plaques.", {"a": "Papules", "b": "Plaques"}),
        ("A) Papules. B) Plaques.", {"a": "Papules", "b": "Plaques"}),
        (
            "Lichen. A and B: Papules. C: Plaques.",
            {"a": "Papules", "b": "Papules", "c": "Plaques"},
        ),
        (
            "Lichen. A–C, Papules. D, Plaques.",
            {"a": "Papules", "b": "Papules", "c": "Papules", "d": "Plaques"},
        ),
        ("Lichen. a Papules. b Plaques.", {"a": "Papules", "b": "Plaques"}),
        (
            "Lichen. a, b Papules. c Plaques.",
            {"a": "Papules", "b": "Papules", "c": "Plaques"},
        ),
        ("a: Papules. b: Plaques.", {"a": "Papules", "b": "Plaques"}),
        ("Lichen. A Papules. B Plaques.", {"a": "Papules", "b": "Plaques"}),
        ("Papules (a), plaques (b).", {"a": "Papules", "b": "plaques"}),
        (
            "Papules (a), plaques (b) and erosions (c).",
            {"a": "Papules", "b": "plaques", "c": "erosions"},
        ),
        ("[A] Papules. [B] Plaques.", {"a": "Papules", "b": "Plaques"}),
        (
            "Leprosy. Panel A shows papules. Panel B shows bacilli (Fite stain).",
            {"a": "papules", "b": "bacilli (Fite stain)"},
        ),
        ("Panel A: Papules. Panel B: Plaques.", {"a": "Papules", "b": "Plaques"}),
        (
            "Papules were seen (Panel A). Biopsy showed granulomas (Panel B).",
            {"a": "Papules were seen", "b": "Biopsy showed granulomas"},
        ),
        ("A – Papules. B – Plaques.", {"a": "Papules", "b": "Plaques"}),
        ("A = papules; B = plaques.", {"a": "papules", "b": "plaques"}),
        (
            "A, B: dermoscopy, C: histology of a nevus",
            {"a": "dermoscopy", "b": "dermoscopy", "c": "histology of a nevus"},
        ),
        ("Lichen. a: papules, b: plaques.", {"a": "papules", "b": "plaques"}),
        ("Lichen (A: papules; B: plaques).", {"a": "papules", "b": "plaques"}),
        ("Lichen (A, papules; B, plaques).", {"a": "papules", "b": "plaques"}),
        (
            "Lichen, a rash. a papules, b plaques, c nails",
            {"a": "papules", "b": "plaques", "c": "nails"},
        ),
        (
            "A–C Nodules of the patient. D, E Histology (H&E, ×40).",
            {letter: "Nodules of the patient" for letter in "abc"}
            | {letter: "Histology (H&E, ×40)" for letter in "de"},
        ),
        ("Fig. 3A: Papules. Fig. 3B: Plaques.", {"a": "Papules", "b": "Plaques"}),
        (
            "A, Nodule; B, H&E, ×40; C, S-100 protein.",
            {"a": "Nodule", "b": "H&E, ×40", "c": "S-100 protein"},
        ),
        (
            "Dermoscopy of a nevus (A). Histology (B; H&E).",
            {"a": "Dermoscopy of a nevus", "b": "Histology"},
        ),
        (
            "Nodule (a), histology of the lesion shown in Fig. 2a (b) and scar (c).",
            {"a": "Nodule", "b": "histology of the lesion shown in Fig. 2a", "c": "scar"},
        ),
        ("(B) Histology. (A) Nodule.", {"a": "Nodule", "b": "Histology"}),
        (
            "(a) Nodule; (b) dermoscopy; (d) histology.",
            {"a": "Nodule", "b": "dermoscopy", "d": "histology"},
        ),
        (
            "Nodule (a) and histology (b) of sarcoidosis. Granulomas (c).",
            {"a": "Nodule", "b": "histology", "c": "Granulomas"},
        ),
    ],
)
def test_letters_mark_panels_in_many_ways(caption: str, parts: dict[str, str]) -> None:
    split = split_caption(caption)
    assert split.kind == "letters"
    assert split.parts == parts


@pytest.mark.parametrize(
    ("caption", "parts"),
    [
        (
            "Lichen. Top left: Papules. Top right: Plaques. Bottom: Erosions.",
            {"top left": "Papules", "top right": "Plaques", "bottom": "Erosions"},
        ),
        ("Left: Papules. Right: Plaques.", {"left": "Papules", "right": "Plaques"}),
        ("Left, papules. Right, plaques.", {"left": "papules", "right": "plaques"}),
        ("On the left, papules; on the right, nails.", {"left": "papules", "right": "nails"}),
        ("Upper panel: Papules. Lower panel: Plaques.", {"top": "Papules", "bottom": "Plaques"}),
        (
            "Left: Papules. Center: Plaques. Right: Erosions.",
            {"left": "Papules", "centre": "Plaques", "right": "Erosions"},
        ),
        ("Papules (left), plaques (right).", {"left": "Papules", "right": "plaques"}),
        (
            "Lesions in mice inoculated with T40 (left) and re-inoculated with T80 (right).",
            {"left": "inoculated with T40", "right": "re-inoculated with T80"},
        ),
        (
            "Ulcer above the medial malleolus of the left leg (left) and crusts (right).",
            {"left": "Ulcer above the medial malleolus of the left leg", "right": "crusts"},
        ),
        (
            "Mice were infected with 20 mg (wet) of fragments from T40 (left) and T80 (right).",
            {"left": "T40", "right": "T80"},
        ),
        ("Acne. (Left) Comedones. (Right) Cysts.", {"left": "Comedones", "right": "Cysts"}),
        (
            "Top: Wild type. Bottom: Mutant. CD4 (left) and CD8 (right) cells. Bar, 1 mm.",
            {"top": "Wild type", "bottom": "Mutant. CD4 (left) and CD8 (right) cells"},
        ),
        (
            "Map (left panel) of the finds. The right panel shows their descent.",
            {"left": "Map (left panel) of the finds", "right": "their descent"},
        ),
        (
            "Psoriasis. Before treatment: Plaques. After treatment: Clear skin.",
            {"before": "Plaques", "after": "Clear skin"},
        ),
    ],
)
def test_places_mark_panels(caption: str, parts: dict[str, str]) -> None:
    split = split_caption(caption)
    assert split.kind == "places"
    assert split.parts == parts


def test_a_list_goes_round_clockwise() -> None:
    split = split_caption(
        "Lichen. Clockwise from top left: papules; plaques; erosions; crusts. Courtesy of L. Venn."
    )
    assert split.kind == "clockwise"
    assert split.parts == {"1": "papules", "2": "plaques", "3": "erosions", "4": "crusts"}
    assert split.common == "Lichen. Courtesy of L. Venn."


@pytest.mark.parametrize(
    "caption",
    [
        "",
        "Plaques of the elbow.",
        "Plaques (see text).",
        "Vitamin A, and its derivatives.",
        "Hepatitis B: Cryoglobulinaemia with purpura.",
        "A 43-year-old man with plaques.",
        "Staphylococcus aureus (S. aureus) and Candida (C. albicans).",
        "Plaques on the left arm and on the right leg.",
        "Plaque before treatment.",
        "Plaques (a).",
        "Type I. Plaques; type II. Papules.",
        "Compare with Figs. 4 (a) and 4 (b).",
        "Compare with Figs. 4 (a) and (b).",
        "Melanoma with asymmetry (A), as in Fig. 4 (b).",
        "Same patient as in Fig. 2, b. The plaque is a scar.",
        "Nevus of a B-type patient. B cells are brown.",
        "Lichen, a rash, b-cell rich, c-kit positive.",
    ],
)
def test_a_caption_of_one_picture_has_no_parts(caption: str) -> None:
    split = split_caption(caption)
    assert split.parts == {}
    assert (split.kind, split.common) == ("none", caption)


@pytest.mark.parametrize(
    ("caption", "common"),
    [
        ("Lichen planus. (a) Papules. (b) Plaques.", "Lichen planus."),
        ("(a) Papules. (b) Plaques. Courtesy of L. Venn.", "Courtesy of L. Venn."),
        (
            "Lichen planus. (a) Papules. (b) Plaques. Stain: H&E; ×40.",
            "Lichen planus. Stain: H&E; ×40.",
        ),
        ("(a) Papules. (b) Plaques.", ""),
        (
            "Lichen planus. Papules (a), plaques (b). Biopsy followed.",
            "Lichen planus. Biopsy followed.",
        ),
    ],
)
def test_what_stands_before_and_behind_holds_for_all(caption: str, common: str) -> None:
    split = split_caption(caption)
    assert set(split.parts) == {"a", "b"}
    assert split.common == common


@pytest.mark.parametrize(
    ("caption", "last"),
    [
        (
            "(a) Papules. (b) Infection by S. Aureus and E. Coli.",
            "Infection by S. Aureus and E. Coli",
        ),
        (
            "(a) Papules. (b) Lesions of Dr. Venn approx. 3 mm wide.",
            "Lesions of Dr. Venn approx. 3 mm wide",
        ),
        ("(a) Papules. (b) Flat lesions, e.g. Plaques. Courtesy.", "Flat lesions, e.g. Plaques"),
        ("(a) Papules. (b) Lesion of 3.5 cm. Courtesy.", "Lesion of 3.5 cm"),
    ],
)
def test_an_abbreviation_ends_no_sentence(caption: str, last: str) -> None:
    assert split_caption(caption).parts["b"] == last


def test_a_shared_part_is_divided_where_its_letters_return_inside() -> None:
    split = split_caption(
        "Case. (a) Plaque. (b)–(d) Histology: giant cells (b); detail (c); whole lesion (d)."
    )
    assert split.parts == {
        "a": "Plaque",
        "b": "giant cells",
        "c": "detail",
        "d": "whole lesion",
    }


def test_a_later_mention_of_a_panel_is_no_new_part() -> None:
    split = split_caption("(a) Papules. (b) Detail of the lesion in (a) with scales.")
    assert split.parts == {"a": "Papules", "b": "Detail of the lesion in (a) with scales"}


def test_letters_that_leave_one_out_are_no_panels() -> None:
    assert split_caption("(a) Papules. (d) Plaques.").parts == {}


@pytest.mark.parametrize(
    ("group", "letters"),
    [
        ("a", ("a",)),
        ("A, B", ("a", "b")),
        ("a–d", ("a", "b", "c", "d")),
        ("a-c", ("a", "b", "c")),
        ("a‑c", ("a", "b", "c")),
        ("a to c", ("a", "b", "c")),
        ("a, c and d", ("a", "c", "d")),
        ("a & b", ("a", "b")),
        ("a, c–e", ("a", "c", "d", "e")),
        ("", ()),
    ],
)
def test_groups_of_letters_come_apart(group: str, letters: tuple[str, ...]) -> None:
    assert letters_in(group) == letters


# ------------------------------------------------------------------------------- any text

_PIECES = st.sampled_from(
    ["(a)", "(b)", "(c)", "(a, b)", "(b–d)", "A,", "B:", "C.", "a", "b", "Left:", "(right)", "top"]
    + [
        "Before:",
        "After:",
        "Clockwise from top left:",
        ";",
        ".",
        "e.g.",
        "S.",
        "(",
        ")",
        "–",
        "and",
    ]
    + ["plaques", "Papules", "H&E ×40.", "Courtesy of L. Venn."]
)
captions = st.one_of(st.text(max_size=80), st.lists(_PIECES, max_size=14).map(" ".join))
_MARKER = re.compile(r"\(\s*([a-z])\s*\)", re.IGNORECASE)


def _squeezed(text: str) -> str:
    return "".join(text.split())


@given(captions)
@example("(a)")
@example("(a) (b)")
@example("A, B, C,")
@example("Clockwise from top left: ;")
@example("0 0 0(A-B)0 : )")
def test_parts_are_words_of_the_caption(caption: str) -> None:
    split = split_caption(caption)
    for part in split.parts.values():
        assert part
        assert _squeezed(part) in _squeezed(caption)
    assert len(split.parts) != 1
    if not split.parts:
        assert _squeezed(split.common) == _squeezed(caption)


@given(captions)
def test_no_part_begins_with_the_mark_of_another_panel(caption: str) -> None:
    split = split_caption(caption)
    for key, part in split.parts.items():
        mark = _MARKER.match(part)
        if mark is not None and split.kind == "letters":
            assert mark[1].lower() == key or mark[1].lower() not in split.parts


_WORDS = st.lists(
    st.sampled_from(["plaques", "papules", "of", "the", "elbow", "erythema", "scales"]),
    min_size=1,
    max_size=5,
).map(lambda words: " ".join(words).capitalize())


@given(
    st.lists(_WORDS, min_size=2, max_size=8),
    st.sampled_from(["({})", "{}:", "{},"]),
    st.booleans(),
    _WORDS,
)
def test_well_formed_captions_come_apart_exactly(
    texts: list[str], form: str, lead: bool, common: str
) -> None:
    letters = "ABCDEFGH"[: len(texts)]
    marked = [f"{form.format(letter)} {text}." for letter, text in zip(letters, texts, strict=True)]
    split = split_caption(" ".join([f"{common}."] * lead + marked))
    assert split.parts == dict(zip(letters.lower(), texts, strict=True))
    assert split.common == (f"{common}." if lead else "")


def test_a_panel_that_a_caption_names_alone_gets_its_clause() -> None:
    caption = "Nodule of the wall, with strong enhancement after contrast medium (c). Lymphoma."
    assert split_lone(caption, ["a", "b", "c"]) == {
        "c": "with strong enhancement after contrast medium"
    }
    assert split_lone("Nodule (c) and its detail (c).", ["c"]) == {}
    assert split_lone("Nodule (c).", ["c"]) == {}
