from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmskin_build.text.terms import extract_terms, find_terms


@pytest.mark.parametrize(
    ("caption", "stain"),
    [
        ("Carcinoma (H&E, ×40).", "haematoxylin and eosin"),
        ("Carcinoma; H and E.", "haematoxylin and eosin"),
        ("Haematoxylin–eosin stain.", "haematoxylin and eosin"),
        ("Hematoxylin and eosin; ×100", "haematoxylin and eosin"),
        ("HE-Färbung, ×100", "haematoxylin and eosin"),
        ("HE染色", "haematoxylin and eosin"),
        ("Hyphae (PAS).", "periodic acid–Schiff"),
        ("Periodic acid–Schiff with diastase", "periodic acid–Schiff"),
        ("Giemsa, ×400", "Giemsa"),
        ("Masson's trichrome", "Masson trichrome"),
        ("Fontana–Masson, ×100", "Fontana–Masson"),
        ("Acid-fast bacilli (Ziehl–Neelsen)", "Ziehl–Neelsen"),
        ("Bacilli; Wade-Fite stain", "Fite"),
        ("Spirochaetes, Warthin–Starry", "Warthin–Starry"),
        ("Amyloid (Congo red)", "Congo red"),
        ("Mucin; alcian blue, pH 2.5", "alcian blue"),
        ("Elastic fibres; Verhoeff–van Gieson", "Verhoeff–van Gieson"),
        ("S100 immunostain", "S100 immunostain"),
        ("Immunostaining for CD3", "CD3 immunostain"),
        ("Melan-A positive nests; HMB-45 stain", "Melan-A immunostain; HMB-45 immunostain"),
        ("Direct immunofluorescence: linear IgG", "direct immunofluorescence"),
        ("He was treated; a pas de deux in Gram's house.", None),
        ("Elevated IgE; CD4 count 200.", None),
        ("A plaque on the leg.", None),
    ],
)
def test_stains(caption: str, stain: str | None) -> None:
    assert extract_terms(caption).stain == stain


@pytest.mark.parametrize(
    ("caption", "magnification"),
    [
        ("x100", "×100"),
        ("(H&E; × 400)", "×400"),
        ("original magnification ×2.5", "×2.5"),
        ("original magnification: 400x", "×400"),
        ("40x objective", "×40 objective"),
        ("magnification 250", "×250"),
        ("×40, ×200, and ×400, respectively", "×40; ×200; ×400"),
        ("A nodule of 3 × 4 cm", None),
        ("A 2×3 mm plaque; 5 x 10 cm2", None),
        ("X-linked ichthyosis; chromosome X; 46,XY", None),
        ("Sixfold increase in 12 patients", None),
    ],
)
def test_magnifications(caption: str, magnification: str | None) -> None:
    assert extract_terms(caption).magnification == magnification


def test_other_terms_are_found_with_their_places() -> None:
    caption = "Dermoscopy of the left cheek; scale bar = 50 µm. Courtesy of the Palm Clinic."
    found = {(m.kind, m.value): caption[m.start : m.end] for m in find_terms(caption)}
    assert found[("technique", "dermoscopy")] == "Dermoscopy"
    assert found[("body_site", "left cheek")] == "left cheek"
    assert found[("scale", "50 µm")] == "scale bar = 50 µm"
    assert ("body_site", "palm") not in found
    assert extract_terms(caption).credit == "Courtesy of the Palm Clinic."


@given(st.text(max_size=200))
def test_no_text_is_an_error(caption: str) -> None:
    for mention in find_terms(caption):
        assert 0 <= mention.start < mention.end <= len(caption)


@pytest.mark.parametrize("piece", ["x1", "1x", "periodic acid", "CD1 ", "left ", "haematoxylin "])
def test_a_long_caption_comes_to_an_end(piece: str) -> None:
    find_terms(piece * (100_000 // len(piece)))
