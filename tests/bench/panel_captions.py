"""Captions of generated figures, with the part that belongs to each panel.

Forms as textbooks and journals print them. A part is what a reader would call the panel's own
words: from its mark to the next one, the last one to the end of its sentence.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

PHRASES = (
    "Hyperkeratosis and acanthosis (H&E, ×100)",
    "Clinical image at presentation",
    "Violaceous papules on the wrist",
    "Detail of the raised border (arrow)",
    "Dermoscopy showing a blue-white veil",
    "Direct immunofluorescence, IgG",
    "Close-up of a nodule 3.5 mm in diameter",
    "Same patient after 12 weeks of treatment with 0.1% tacrolimus",
    "Ki-67 index of about 40%",
    "Marked spongiosis (original magnification ×200)",
    "Histology of the lesion shown in Fig. 2a",
    "Follicular papules in deficiency of vitamin A",
    "Lymphocytes positive for CD3 (brown), i.e. T cells",
    "Colonies of S. aureus in the stratum corneum",
    "Ulcer above the medial malleolus of the left leg",
    "Onycholysis of the right thumb nail",
    "Type I reaction, e.g. urticaria",
    "Vasculitis in a patient with hepatitis B",
    "Hyphae between the corneocytes (PAS stain)",
    "Nests of melanocytes at the dermo-epidermal junction",
    "Annular plaque with central clearing on the trunk",
    "Comedones (black arrows) and cysts (white arrow)",
    "Subepidermal blister rich in eosinophils",
    "Erosions of the buccal mucosa",
    "Blue-grey ovoid nests and arborising vessels",
    "Granular deposits of IgA at the tips of the papillae",
    "Woolly hair since birth",
    "Postoperative result at 6 months",
    "Melanoma in situ, Clark level I",
    "Confluent macules after 2.5 g of amoxicillin",
    "Basaloid islands with palisading at higher power",
    "Crusted plaque on the scalp (no scarring)",
    "Verrucous papules, see also Fig. 3",
    "Linear lesions along the lines of Blaschko",
    "Grouped vesicles on an erythematous base",
    "Plantar view with pits of 1.0–1.5 mm",
    "Mitotic figures (circle)",
    "Palmar erythema in a 54-year-old man",
    "Positive reaction for S-100 protein",
    "Fibrinoid necrosis of a small vessel",
    "Scanning magnification",
    "Patch test with nickel sulfate 5% at 72 h",
    "Solar elastosis; the epidermis is thin",
    "Cutaneous horn",
    "Hypopigmented patches accentuated by Wood's lamp",
    "Dilated capillaries of the nail fold",
)
COMMON_FIRST = (
    "Lichen planus.",
    "Basal cell carcinoma:",
    "Spectrum of cutaneous sarcoidosis in three patients.",
    "Pemphigus vulgaris in a 61-year-old woman.",
    "Findings in case 2.",
    "Clinical and histological features of morphoea.",
    "Psoriasis vulgaris, chronic plaque type.",
    "Mycosis fungoides, stage IB (T2N0M0).",
    "Acne vulgaris: grading.",
    "Effect of treatment with 5% imiquimod.",
)
COMMON_LAST = (
    "Scale bars, 50 µm.",
    "Haematoxylin and eosin; original magnification ×40.",
    "Courtesy of Dr. M. Hale.",
    "Written consent was obtained.",
    "The patient recovered within 4 weeks.",
    "Arrows mark the border.",
    "Reproduced from Archer et al., with permission.",
)
SINGLE = (
    "Cutaneous lesions in deficiency of vitamin A and of vitamin C.",
    "Type A and type B lesions often coexist in hepatitis B (a common finding).",
    "Vasculitis in hepatitis C, with IgA deposits (a rare variant).",
    "Psoriasis of the left and the right hand; the right hand is worse.",
    "Comparison with Fig. 2a and Fig. 2b shows a thinner epidermis.",
    "Plan A, surgery, failed. Plan B, radiotherapy, cured the patient.",
    "Melanoma of the back. A, an excellent mnemonic, stands for asymmetry.",
    "Section through a nodule; the upper half is necrotic, the lower half is not.",
    "A 3.5-mm papule (a) of the dorsal hand.",
    "Group A streptococci cause erysipelas. Treat for 10 days.",
    "Tissue in two pieces. Hyperkeratosis is marked (H&E, ×40).",
    "Both hands of a patient with vitiligo before a dark cloth.",
    "Blood group A, Rhesus positive. I. V. access was lost twice.",
    "Biopsy from the edge (top) of an ulcer.",
    "Rash (b-lactam allergy) in a boy, with fever (39.5 °C).",
    "Erythema of the cheeks. Courtesy of A. B. Carter.",
    "Linear IgA dermatosis. The Köbner effect is seen on the left.",
    "Three fragments of a punch biopsy (4 mm) on one slide.",
)
FORMS = (
    ("(a)", 30),
    ("A,", 9),
    ("A:", 8),
    ("a)", 6),
    ("A.", 6),
    ("bare", 5),
    ("trailing", 9),
    ("interleaved", 8),
    ("range", 3),
    ("places", 12),
    ("places trailing", 5),
    ("rows", 2),
    ("clockwise", 4),
    ("no parts", 4),
)
_ORDINARY = tuple(name for name, _ in FORMS[:7])


@dataclass(frozen=True, slots=True)
class Caption:
    """`text` without the label; `letters` and `parts` for each panel in order, None for none."""

    form: str
    text: str
    letters: tuple[str | None, ...]
    parts: tuple[str | None, ...]


def draw_caption(
    rng: random.Random, layout: str, count: int, rows: int, columns: int, form: str | None = None
) -> Caption:
    """Draw a caption for `count` panels; a form that the layout cannot have becomes another."""
    places = _places(rng, layout, count, rows, columns)
    if form is None:
        names, weights = zip(*FORMS, strict=True)
        form = rng.choices(names, weights)[0]
        if places is not None and rng.random() < 0.3:
            four = (rows, columns, count) == (2, 2, 4)
            form = rng.choice(("places", "places trailing") + ("clockwise", "rows") * four)
    phrases = rng.sample(PHRASES, min(count, len(PHRASES)))
    first = rng.choice(COMMON_FIRST) if rng.random() < 0.6 else ""
    last = rng.choice(COMMON_LAST) if rng.random() < 0.45 else ""
    if form == "no parts":
        text = _stopped(rng.choice(COMMON_FIRST))
        return Caption(form, _join(text, last), (None,) * count, (None,) * count)
    in_rows = layout == "grid" and rows == 2
    if (
        (form in ("places", "places trailing") and places is None)
        or (form == "rows" and not in_rows)
        or (form == "clockwise" and (rows, columns, count) != (2, 2, 4))
    ):
        form = rng.choice(_ORDINARY)
    if form == "interleaved" and count % 2:
        form = "(a)"
    if form in ("places", "places trailing") and places is not None:
        return _by_places(rng, form, places, phrases, first, last)
    if form == "rows":
        return _by_rows(columns, phrases, first, last)
    if form == "clockwise":
        return _clockwise(rng, phrases, first, last)
    return _by_letters(rng, form, count, phrases, first, last)


def _by_letters(
    rng: random.Random, form: str, count: int, phrases: Sequence[str], first: str, last: str
) -> Caption:
    letters = [chr(ord("a") + index) for index in range(count)]
    groups = [[letter] for letter in letters]
    if form == "interleaved":
        half = rng.choice((2, count // 2)) if count > 2 else 1
        step = half if count > 2 else 1
        groups = [letters[index::step] for index in range(step)] if step > 1 else groups
        form_of_mark = rng.choice(("(a)", "A,"))
    elif form == "range":
        groups, form_of_mark = [letters], rng.choice(("(a)", "A:"))
    else:
        form_of_mark = form
        if form in ("(a)", "A,", "A:") and count >= 3 and rng.random() < 0.35:
            groups = _grouped(rng, letters)
    upper = form_of_mark[0] == "A" or (
        form_of_mark in ("(a)", "a)", "trailing", "bare") and rng.random() < 0.4
    )
    marks = [_group(rng, [x.upper() if upper else x for x in group]) for group in groups]
    texts = list(phrases[: len(groups)])
    if form_of_mark == "trailing":
        body, texts = _trailing(rng, marks, texts)
        text = _join(_stopped(first), body, last)
    else:
        separator = rng.choice((". ", ". ", ". ", "; "))
        if form_of_mark == "bare":  # "a cutaneous horn" would be an article
            separator = ". "
        if separator == "; ":
            texts = [texts[0], *(_lower(text) for text in texts[1:])]
        style = {"(a)": "({})", "A,": "{},", "A:": "{}:", "a)": "{})", "A.": "{}.", "bare": "{}"}
        pieces = [
            f"{style[form_of_mark].format(mark)} {own}"
            for mark, own in zip(marks, texts, strict=True)
        ]
        if form_of_mark not in ("(a)", "a)"):
            first = _stopped(first)
        text = _join(first, separator.join(pieces) + ".", last)
    own = {letter: own for group, own in zip(groups, texts, strict=True) for letter in group}
    return Caption(form, text, tuple(letters), tuple(own[letter] for letter in letters))


def _trailing(
    rng: random.Random, marks: Sequence[str], texts: Sequence[str]
) -> tuple[str, list[str]]:
    """ "X (a), y (b) and z (c)." ; words in parentheses before a mark would be unusual."""
    plain = [text.split(" (")[0].split(";")[0].split(", ")[0] for text in texts]
    plain = [plain[0], *(_lower(text) for text in plain[1:])]
    pieces = [f"{own} ({mark})" for own, mark in zip(plain, marks, strict=True)]
    if rng.random() < 0.4 or len(pieces) == 2:
        return ", ".join(pieces[:-1]) + f" and {pieces[-1]}.", plain
    return rng.choice((", ", "; ")).join(pieces) + ".", plain


def _grouped(rng: random.Random, letters: Sequence[str]) -> list[list[str]]:
    groups: list[list[str]] = []
    rest = list(letters)
    while rest:
        size = min(len(rest), rng.choice((1, 1, 2, 3)))
        groups.append(rest[:size])
        rest = rest[size:]
    return groups if len(groups) > 1 else [[x] for x in letters]


def _group(rng: random.Random, letters: Sequence[str]) -> str:
    runs = all(ord(b) == ord(a) + 1 for a, b in zip(letters, letters[1:], strict=False))
    if len(letters) == 1:
        return letters[0]
    if len(letters) > 2 and runs:
        return rng.choice((f"{letters[0]}–{letters[-1]}", f"{letters[0]}-{letters[-1]}"))
    if len(letters) == 2:
        return rng.choice((", ", " and ")).join(letters)
    return ", ".join(letters)


def _places(
    rng: random.Random, layout: str, count: int, rows: int, columns: int
) -> tuple[str, ...] | None:
    top, bottom = rng.choice((("top", "bottom"), ("upper", "lower")))
    if layout in ("row", "unequal row", "column", "unequal column", "grid"):
        if (rows, columns) == (1, 2):
            return ("left", "right")
        if (rows, columns) == (2, 1):
            return (top, bottom) if top == "top" else ("above", "below")
        if (rows, columns) == (1, 3) and layout == "row":
            return ("left", rng.choice(("middle", "centre", "center")), "right")
        if (rows, columns) == (3, 1) and layout == "column":
            return ("top", "middle", "bottom")
        if (rows, columns, count) == (2, 2, 4):
            return tuple(f"{a} {b}" for a in (top, bottom) for b in ("left", "right"))
    return None


def _by_places(
    rng: random.Random,
    form: str,
    places: Sequence[str],
    phrases: Sequence[str],
    first: str,
    last: str,
) -> Caption:
    first = _stopped(first)
    none: tuple[str | None, ...] = (None,) * len(places)
    if form == "places trailing":
        body, texts = _trailing(rng, places, phrases)
        return Caption(form, _join(first, body, last), none, tuple(texts))
    noun = rng.choice(("", "", "", " panel")) if "above" not in places else ""
    style = rng.choice(("{}: ", "{}: ", "{}, ", "({}) "))
    pieces = [
        f"{style.format((place + noun).capitalize())}{own}."
        for place, own in zip(places, phrases, strict=True)
    ]
    return Caption(form, _join(first, *pieces, last), none, tuple(phrases[: len(places)]))


def _by_rows(columns: int, phrases: Sequence[str], first: str, last: str) -> Caption:
    first = _stopped(first)
    text = _join(first, f"Top row: {phrases[0]}. Bottom row: {phrases[1]}.", last)
    parts = (phrases[0],) * columns + (phrases[1],) * columns
    return Caption("rows", text, (None,) * len(parts), parts)


def _clockwise(rng: random.Random, phrases: Sequence[str], first: str, last: str) -> Caption:
    lead = rng.choice(("Clockwise from top left: ", "Clockwise from upper left: "))
    texts = [_lower(text.split(";")[0]) for text in phrases]
    text = _join(_stopped(first), lead + "; ".join(texts) + ".", last)
    parts = (texts[0], texts[1], texts[3], texts[2])
    return Caption("clockwise", text, (None,) * 4, parts)


def _stopped(text: str) -> str:
    """End with a full stop: a colon belongs before marks in parentheses."""
    return text.rstrip(":.") + "." if text else ""


def _lower(text: str) -> str:
    """Begin with a small letter, except for acronyms and codes."""
    return text if re.match(r"[A-Z]([A-Z.-]|i-)", text) else text[:1].lower() + text[1:]


def _join(*pieces: str) -> str:
    return " ".join(piece for piece in pieces if piece)
