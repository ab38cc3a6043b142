"""Made-up words: captions, panel texts and running text with the vocabulary of dermatology.

Each function draws from the generator it is given, so that equal seeds give equal books.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

Modality = Literal["clinical", "dermoscopic", "pathological"]

DISEASES = (
    "lichen planus",
    "plaque psoriasis",
    "nummular eczema",
    "granuloma annulare",
    "basal cell carcinoma",
    "seborrhoeic keratosis",
    "actinic keratosis",
    "bullous pemphigoid",
    "pemphigus vulgaris",
    "discoid lupus erythematosus",
    "morphoea",
    "tinea corporis",
    "pityriasis rosea",
    "erythema multiforme",
    "vitiligo",
    "superficial spreading melanoma",
    "compound naevus",
    "dermatofibroma",
    "mycosis fungoides",
    "leukocytoclastic vasculitis",
    "cutaneous sarcoidosis",
    "prurigo nodularis",
    "porokeratosis",
    "keratosis pilaris",
    "dermatomyositis",
    "molluscum contagiosum",
    "fixed drug eruption",
    "stasis dermatitis",
)
SITES = (
    "wrist",
    "elbow",
    "lower leg",
    "left cheek",
    "forehead",
    "upper back",
    "abdomen",
    "dorsum of the hand",
    "right forearm",
    "nape of the neck",
    "shoulder",
    "popliteal fossa",
    "flank",
    "ankle",
    "thigh",
    "upper chest",
    "sole",
    "scalp margin",
)
PEOPLE = (
    "a {age}-year-old woman",
    "a {age}-year-old man",
    "a {young}-year-old girl",
    "a {young}-year-old boy",
    "a man in his sixties",
    "a woman in her thirties",
    "a {months}-month-old infant",
    "a {age}-year-old farmer",
    "a {age}-year-old teacher",
    "an otherwise healthy man aged {age} years",
    "a pregnant woman aged {fertile} years",
)
QUALITIES = (
    "sharply demarcated",
    "ill-defined",
    "violaceous",
    "erythematous",
    "hyperpigmented",
    "salmon-coloured",
    "scaly",
    "flat-topped",
    "grouped",
    "annular",
    "indurated",
    "polycyclic",
    "slightly raised",
    "confluent",
    "pearly",
    "livid",
)
LESIONS = (
    "papules",
    "plaques",
    "macules",
    "nodules",
    "patches",
    "vesicles",
    "pustules",
    "erosions",
    "excoriations",
    "crusted ulcers",
    "telangiectatic papules",
    "lichenified plaques",
)
HISTOLOGY = (
    "Superficial perivascular infiltrate with spongiosis",
    "Acanthosis with regular elongation of the rete ridges",
    "Basal vacuolar change and scattered necrotic keratinocytes",
    "Nests of atypical melanocytes along the junction",
    "Basaloid islands with peripheral palisading",
    "Subepidermal blister rich in eosinophils",
    "Palisading granuloma around altered collagen",
    "Band-like lymphocytic infiltrate below the epidermis",
    "Hyperkeratosis with follicular plugging",
    "Thickened collagen bundles reaching the subcutis",
    "Fibrinoid change of a small vessel with nuclear dust",
    "Dense dermal infiltrate of small lymphocytes",
)
STAINS = (
    "haematoxylin–eosin",
    "periodic acid–Schiff",
    "Giemsa",
    "elastic van Gieson",
    "toluidine blue",
    "Fontana–Masson",
)
DERMOSCOPY = (
    "an atypical pigment network",
    "arborising vessels over a pale centre",
    "blue-grey ovoid nests",
    "comedo-like openings and milia-like cysts",
    "regular dotted vessels",
    "a parallel ridge pattern",
    "peripheral streaks and a blue-white veil",
    "leaf-like areas at the margin",
    "a delicate network around a central white patch",
    "crown vessels around a yellow centre",
)
NOTES = (
    "Note the fine adherent scale.",
    "The mucous membranes were spared.",
    "The lesions had been present for six weeks.",
    "Similar lesions were found on the {site}.",
    "There was marked itching at night.",
    "They cleared after {weeks} weeks of topical treatment.",
    "The border is slightly raised and advances slowly.",
    "Patch testing was positive to nickel.",
    "TNF-α was raised in blister fluid.",
    "The largest measured about {mm} mm across.",
    "IFN-γ and IL-2 were raised in serum.",
    "Scrapings held more than 10^5^ organisms per cm^2^.",
)
SENTENCES = (
    "Patients with {disease} usually present with {quality} {lesions} on the {site}.",
    "The course is chronic, and relapses are common after treatment has been stopped.",
    "Biopsy should be taken from the edge of a fresh lesion and include normal skin.",
    "The differential diagnosis includes {disease}, {disease2} and drug eruptions.",
    "Histologically there is a variable infiltrate of lymphocytes around superficial vessels.",
    "Dermoscopy may reveal {dermoscopy}, a finding that supports the diagnosis.",
    "Men and women are affected equally, most often between the ages of {age} and {age2} years.",
    "Topical steroids remain the first choice, followed by phototherapy in widespread disease.",
    "Untreated, the {lesions} may persist for {weeks} weeks or longer.",
    "An association with {disease2} has been described but is probably fortuitous.",
    "Laboratory investigation is seldom rewarding, although eosinophilia may be found.",
    "The {quality} border helps to distinguish it from {disease2}.",
    "In children the {site} is affected more often than in adults.",
    "Direct immunofluorescence is negative, or shows granular deposits at the junction.",
    "Scarring is unusual unless the {lesions} have been excoriated.",
    "Patients should be told that the condition is harmless and not contagious.",
    "Recurrence after excision was seen in about {weeks} per cent of patients.",
    "Pigmentary change may outlast the inflammation by several months.",
    "Its cause is not known, but a local disturbance of barrier function has been suggested.",
    "Where the history is short, an infectious cause must be considered first.",
)
SHORT_SENTENCES = (
    "The {site} is the site of predilection.",
    "Itching is the rule, pain the exception.",
    "Compare {disease} and {disease2}.",
    "Healing takes about {weeks} weeks.",
)
HEADINGS = (
    "Clinical features",
    "Differential diagnosis",
    "Pathology",
    "Treatment",
    "Course and prognosis",
    "Aetiology",
    "Investigations",
    "Practical points",
)
TITLES = (
    "Papulosquamous disorders",
    "Inflammatory dermatoses",
    "Tumours of the epidermis",
    "Blistering diseases",
    "Disorders of pigment",
    "Atlas plates",
    "Infections of the skin",
    "Vascular reactions",
    "Granulomatous diseases",
    "Disorders of connective tissue",
    "Melanocytic lesions",
    "Diseases of the appendages",
)
CREDITS = (
    "Courtesy of the Department of Dermatology, Norbury Infirmary.",
    "Courtesy of Dr A. R. Marlow, Westhaven.",
    "Courtesy of the Skin Clinic, Port Allen.",
)


def pick(rng: np.random.Generator, items: Sequence[str]) -> str:
    """Draw one of `items`."""
    return items[int(rng.integers(len(items)))]


def fill(rng: np.random.Generator, template: str) -> str:
    """Replace the slots of `template` (``{age}``, ``{site}``, ``{disease}`` ...) by drawn words."""
    disease = pick(rng, DISEASES)
    other = pick(rng, [d for d in DISEASES if d != disease])
    age = int(rng.integers(19, 84))
    return template.format(
        age=age,
        age2=age + int(rng.integers(5, 20)),
        young=int(rng.integers(3, 17)),
        months=int(rng.integers(2, 11)),
        fertile=int(rng.integers(21, 40)),
        site=pick(rng, SITES),
        disease=disease,
        disease2=other,
        quality=pick(rng, QUALITIES),
        lesions=pick(rng, LESIONS),
        dermoscopy=pick(rng, DERMOSCOPY),
        weeks=int(rng.integers(3, 16)),
        mm=int(rng.integers(4, 40)),
    )


def capitalized(text: str) -> str:
    """Return `text` with its first letter in upper case.

    >>> capitalized("lichen planus")
    'Lichen planus'
    """
    return text[:1].upper() + text[1:]


def make_person(rng: np.random.Generator) -> str:
    """Draw a patient, for instance ``a 34-year-old woman``."""
    return fill(rng, pick(rng, PEOPLE))


def make_caption(rng: np.random.Generator, modality: Modality, *, long: bool = False) -> str:
    """Draw the caption of a single picture, one to four sentences, without a label."""
    if modality == "pathological":
        power = pick(rng, ("×40", "×100", "×200", "×400"))
        text = f"{pick(rng, HISTOLOGY)} in {pick(rng, DISEASES)} ({pick(rng, STAINS)}, {power})."
        extra = [pick(rng, ("Scale bar = 50 µm.", "Scale bar = 200 µm.", "Same case as above."))]
    elif modality == "dermoscopic":
        power = pick(rng, ("×10", "×20"))
        text = f"{capitalized(pick(rng, DISEASES))}. Dermoscopy ({power}) shows "
        text += f"{pick(rng, DERMOSCOPY)} in {make_person(rng)}."
        extra = [fill(rng, pick(rng, NOTES[:9]))]
    else:
        text = fill(
            rng,
            pick(
                rng,
                (
                    "{disease} on the {site} of @. There are {quality} {lesions}.",
                    "{quality} {lesions} on the {site} of @ with {disease}.",
                    "{disease} in @: {quality} {lesions} on the {site}.",
                    "Typical {lesions} of {disease} on the {site} of @.",
                ),
            ),
        ).replace("@", make_person(rng))
        extra = [fill(rng, pick(rng, NOTES))]
    if long:
        extra += [fill(rng, note) for note in (NOTES[int(rng.integers(4))], NOTES[8], NOTES[11])]
        extra.append(pick(rng, CREDITS))
    elif rng.random() < 0.35:
        extra = []
    return capitalized(" ".join([text, *dict.fromkeys(extra)]))


def make_topic(rng: np.random.Generator) -> str:
    """Draw the common first sentence of a figure of several panels, with its full stop."""
    form = (
        "{disease} in @.",
        "{disease} of the {site} in @.",
        "{disease} at its commonest site, the {site}.",
    )
    weight = int(rng.integers(10))
    chosen = form[2] if weight == 0 else form[weight % 2]
    return capitalized(fill(rng, chosen).replace("@", make_person(rng)))


def make_panel_text(rng: np.random.Generator, modality: Modality) -> str:
    """Draw one panel's part of a caption: upper case first, no full stop at the end."""
    if modality == "pathological":
        power = pick(rng, ("×40", "×100", "×200", "×400"))
        return f"{pick(rng, HISTOLOGY)} ({pick(rng, STAINS)}, {power})"
    if modality == "dermoscopic":
        return capitalized(f"dermoscopy with {pick(rng, DERMOSCOPY)}")
    form = (
        "{quality} {lesions} on the {site}",
        "Close view of {quality} {lesions}",
        "{lesions} on the {site} after {weeks} weeks of treatment",
        "The {site} with {quality} {lesions}",
    )
    return capitalized(fill(rng, pick(rng, form)))


def make_paragraph(rng: np.random.Generator, sentences: int = 5) -> str:
    """Draw a paragraph of running text."""
    order = rng.permutation(len(SENTENCES))[:sentences]
    return " ".join(capitalized(fill(rng, SENTENCES[int(i)])) for i in order)


def make_reference(rng: np.random.Generator, label: str) -> str:
    """Draw a paragraph that begins with a figure's label and is no caption."""
    form = (
        "{label} shows {quality} {lesions} in a typical patient, and should be compared with the "
        "findings in {disease}.",
        "{label} illustrates the {quality} border that is so often seen on the {site}.",
        "{label} demonstrates how the {lesions} of {disease} tend to spare the {site}.",
    )
    first = fill(rng, pick(rng, form).replace("{label}", "@")).replace("@", label)
    return f"{first} {make_paragraph(rng, 3)}"
