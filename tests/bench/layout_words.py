"""Sentences for the pages of `layouts`: captions and running text in several languages."""

from __future__ import annotations

import random

_WHO = (
    "a 45-year-old woman", "an elderly man", "an infant", "a farmer aged 62", "a schoolboy",
    "a pregnant woman", "a patient with diabetes", "a renal transplant recipient",
)  # fmt: skip
_WHAT = (
    "Erythematous plaques with silvery scale", "Grouped vesicles on an inflamed base",
    "A pearly nodule with telangiectasia", "Annular lesions with central clearing",
    "Violaceous flat-topped papules", "Scarring alopecia with perifollicular scale",
    "Hyperkeratosis and fissuring", "Tense bullae", "Livedoid discoloration",
    "Multiple comedones and pustules", "A deep ulcer with an undermined edge",
    "Linear verrucous streaks",
)  # fmt: skip
_WHERE = (
    "on the extensor surface of the forearm", "of the scalp", "on the trunk", "of both palms",
    "behind the ear", "on the lower leg", "in the axilla", "of the nail fold", "on the cheek",
)  # fmt: skip
_MORE = (
    "Note the sparing of the flexures.", "The eruption had been present for three months.",
    "There was no response to topical steroids.", "Biopsy confirmed the diagnosis.",
    "Resolution left a pale scar (H&E, ×40).", "The oral mucosa was involved as well.",
    "Bar = 50 µm.", "Direct immunofluorescence showed linear IgG at the basement membrane.",
    "Compare the surrounding skin, which is normal.", "Arrows mark the advancing border.",
)  # fmt: skip
_BODY = (
    "The course of the disease is chronic and relapses are common once treatment has been stopped.",
    "In children the flexures are affected more often than in adults, and itching may be severe.",
    "Histological examination shows a dense band of lymphocytes along the junction.",
    "Biopsies are best taken from the edge of a fresh lesion.",
    "Patients should be told that the condition is harmless and that no treatment is needed.",
    "Several series have reported an association with thyroid disease, although selection may"
    " explain it.",
    "The differential diagnosis includes eczema, tinea and the early stages of lymphoma.",
    "Systemic therapy is reserved for those in whom topical agents have failed.",
    "A careful history of drugs taken in the preceding weeks must be obtained.",
    "The prevalence varies between populations, being highest in temperate climates.",
    "Recurrence after excision was observed in fewer than five per cent of cases.",
)  # fmt: skip
_HEADS = (
    "Clinical features", "Pathogenesis", "Treatment", "Differential diagnosis", "Epidemiology",
)  # fmt: skip
_FOREIGN = {
    "de": (
        "Scharf begrenzte Plaques mit silbriger Schuppung am Ellenbogen einer Patientin.",
        "Gruppierte Bläschen auf gerötetem Grund bei einem Säugling.",
        "Die Biopsie bestätigte die Diagnose, eine Behandlung war nicht nötig.",
        "Man beachte die Aussparung der Beugen; die Schleimhaut war nicht betroffen.",
        "Der Verlauf ist chronisch, Rückfälle sind häufig, sobald die Behandlung beendet wird.",
        "Bei Kindern sind die Beugen öfter befallen als bei Erwachsenen.",
    ),
    "es": (
        "Placas eritematosas con escamas plateadas en el codo de una paciente.",
        "Vesículas agrupadas sobre una base inflamada en un niño de dos años.",
        "La biopsia confirmó el diagnóstico y no fue necesario ningún tratamiento.",
        "Obsérvese que los pliegues están respetados.",
        "El curso de la enfermedad es crónico y las recaídas son frecuentes.",
        "En los niños las flexuras se afectan con más frecuencia que en los adultos.",
    ),
    "fr": (
        "Plaques érythémateuses à squames argentées du coude chez une patiente.",
        "Vésicules groupées sur une base inflammatoire chez un nourrisson.",
        "La biopsie a confirmé le diagnostic; aucun traitement ne fut nécessaire.",
        "Les plis sont respectés et la muqueuse est indemne.",
        "L'évolution de la maladie est chronique et les rechutes sont fréquentes.",
        "Chez l'enfant, les plis sont plus souvent atteints que chez l'adulte.",
    ),
    "pt": (
        "Placas eritematosas com escamas prateadas no cotovelo de uma paciente.",
        "Vesículas agrupadas sobre base inflamada em um lactente.",
        "A biópsia confirmou o diagnóstico e nenhum tratamento foi necessário.",
        "Observe que as dobras foram poupadas.",
        "O curso da doença é crônico e as recidivas são frequentes.",
        "Nas crianças as flexuras são acometidas com maior frequência do que nos adultos.",
    ),
    "ja": (
        "左前腕伸側にみられた鱗屑を伴う紅斑局面。", "乳児の体幹に生じた集簇性小水疱。",
        "生検により診断が確定した。", "粘膜には異常を認めない。",
    ),
}  # fmt: skip


def make_caption(rng: random.Random, sentences: int = 2, language: str = "en") -> str:
    """Return a caption without its label."""
    if language != "en":
        return " ".join(rng.sample(_FOREIGN[language][:4], min(4, sentences)))
    first = f"{rng.choice(_WHAT)} {rng.choice(_WHERE)} in {rng.choice(_WHO)}."
    return " ".join([first, *rng.sample(_MORE, min(len(_MORE), sentences - 1))])


def make_title(rng: random.Random) -> str:
    """Return a short caption without a stop."""
    return f"{rng.choice(_WHAT)} {rng.choice(_WHERE)}"


def make_parts(rng: random.Random, letters: str) -> list[tuple[str, str]]:
    """Return a sentence for each letter, without the letter."""
    return [(letter, f"{make_title(rng)}.") for letter in letters]


def make_paragraph(
    rng: random.Random, references: list[str], language: str = "en", sentences: int = 5
) -> str:
    """Return running text; figures of `references` are named at its beginning and inside it."""
    pool = _BODY if language == "en" else _FOREIGN[language]
    chosen = [rng.choice(pool) for _ in range(sentences)]
    if references and language == "en":
        if rng.random() < 0.25:
            verb = rng.choice(("shows a typical case", "and the text above", "illustrates this"))
            chosen.insert(
                0, f"{rng.choice(references)} {verb}, which is seen in half of all patients."
            )
        if rng.random() < 0.6:
            chosen[-1] = f"{chosen[-1][:-1]} ({rng.choice(references)})."
    return " ".join(chosen)


def make_heading(rng: random.Random) -> str:
    """Return a heading."""
    return rng.choice(_HEADS)
