"""Captions made by a grammar, each with the age and sex that was put in.

Nothing here is shared with the parser: numbers are spelled, people named and sentences composed
by rules of their own. Each language gives a patient, a carrier for it, and sentences around it
whose numbers, people and sexes are not the patient's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import strategies as st

YEARS, MONTHS, WEEKS, DAYS = "years", "months", "weeks", "days"
_IN_YEARS = {YEARS: 1.0, MONTHS: 1 / 12, WEEKS: 7 / 365.25, DAYS: 1 / 365.25}


@dataclass(frozen=True)
class Case:
    text: str
    age_years: float | None
    age_min: float | None
    age_max: float | None
    sex: str | None


def group_of_exact(years: float) -> str:
    days = years * 365.25
    if days < 27.9:
        return "neonate"
    limits = ((1, "infant"), (12, "child"), (18, "adolescent"), (65, "adult"))
    return next((name for limit, name in limits if years < limit), "elderly")


# ------------------------------------------------------------------------------------- numbers


def english_words(n: int) -> str:
    low = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ]
    if n < 20:
        return low[n]
    tens = ["-", "-", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"][
        n // 10
    ]
    return tens if n % 10 == 0 else f"{tens}-{low[n % 10]}"


def german_words(n: int) -> str:
    low = [
        "null",
        "ein",
        "zwei",
        "drei",
        "vier",
        "fünf",
        "sechs",
        "sieben",
        "acht",
        "neun",
        "zehn",
        "elf",
        "zwölf",
        "dreizehn",
        "vierzehn",
        "fünfzehn",
        "sechzehn",
        "siebzehn",
        "achtzehn",
        "neunzehn",
    ]
    if n < 20:
        return low[n]
    tens = [
        "-",
        "-",
        "zwanzig",
        "dreißig",
        "vierzig",
        "fünfzig",
        "sechzig",
        "siebzig",
        "achtzig",
        "neunzig",
    ][n // 10]
    return tens if n % 10 == 0 else f"{low[n % 10]}und{tens}"


def french_words(n: int) -> str:
    low = [
        "zéro",
        "un",
        "deux",
        "trois",
        "quatre",
        "cinq",
        "six",
        "sept",
        "huit",
        "neuf",
        "dix",
        "onze",
        "douze",
        "treize",
        "quatorze",
        "quinze",
        "seize",
        "dix-sept",
        "dix-huit",
        "dix-neuf",
    ]
    if n < 20:
        return low[n]
    if n < 70:
        ten, one = divmod(n, 10)
        word = ["vingt", "trente", "quarante", "cinquante", "soixante"][ten - 2]
        return word if one == 0 else f"{word} et un" if one == 1 else f"{word}-{low[one]}"
    if n < 80:
        return "soixante et onze" if n == 71 else f"soixante-{low[n - 60]}"
    return "quatre-vingts" if n == 80 else f"quatre-vingt-{low[n - 80]}"


def spanish_words(n: int) -> str:
    low = [
        "cero",
        "un",
        "dos",
        "tres",
        "cuatro",
        "cinco",
        "seis",
        "siete",
        "ocho",
        "nueve",
        "diez",
        "once",
        "doce",
        "trece",
        "catorce",
        "quince",
        "dieciséis",
        "diecisiete",
        "dieciocho",
        "diecinueve",
        "veinte",
        "veintiún",
        "veintidós",
        "veintitrés",
        "veinticuatro",
        "veinticinco",
        "veintiséis",
        "veintisiete",
        "veintiocho",
        "veintinueve",
    ]
    if n < 30:
        return low[n]
    tens = ["treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa"][
        n // 10 - 3
    ]
    return tens if n % 10 == 0 else f"{tens} y {low[n % 10]}"


def chinese_words(n: int) -> str:
    digits = "零一二三四五六七八九"
    if n < 10:
        return digits[n]
    tens, ones = divmod(n, 10)
    return ("" if tens == 1 else digits[tens]) + "十" + (digits[ones] if ones else "")


# ------------------------------------------------------------------------------------- English

_EN_DISEASES = [
    "lichen planus", "pemphigus vulgaris", "nodular melanoma", "tinea corporis", "psoriasis",
    "a crusted plaque", "multiple papules", "sarcoidosis", "basal cell carcinoma",
]  # fmt: skip
_EN_SITES = ["forearm", "scalp", "left cheek", "lower leg", "trunk", "upper lip"]
_EN_ADJECTIVES = ["", "", "otherwise healthy ", "white ", "Japanese ", "obese ", "diabetic "]


def _english_noun(draw: Callable[..., str], grown: bool, sex: str | None) -> str:
    if sex is None:
        return draw(st.sampled_from(["patient", "person"] if grown else ["child", "patient"]))
    male = ["man", "male", "gentleman"] if grown else ["boy", "male", "male child"]
    female = ["woman", "female", "lady"] if grown else ["girl", "female", "female child"]
    return draw(st.sampled_from(male if sex == "male" else female))


def _english_around(draw: Callable[..., str], n: int, m: int) -> str:
    return draw(
        st.sampled_from(
            [
                "",
                "",
                f" The lesion had been present for {n} years.",
                f" A {n}-year history of pruritus.",
                f" There was no recurrence {n} months later.",
                f" Follow-up at {n} months.",
                f" The mean age of affected patients is {n} years.",
                f" The disease is most common in women aged {n} to {n + m}.",
                f" Children under {m + 1} are rarely affected.",
                f" The patient's {n + 20}-year-old mother had similar lesions.",
                f" Onset at age {m}.",
                f" First noticed at the age of {m} years.",
                " Androgenetic alopecia of male pattern coexisted.",
                " Men are affected more often than women.",
                f" (H&E, original magnification ×{n * 10}.)",
                f" Compare Figure {m}.{n}.",
                f" Treated with prednisone {n} mg daily for {m} weeks.",
                f" Photographed on {m} May 19{n % 90 + 10}.",
                f" A {m}-month-old scar is seen nearby.",
                f" The {m}-week-old blister was biopsied.",
                f" Born at {m + 25} weeks' gestation.",
                f" Died at {n + 1}.",
                " Courtesy of Dr. Jane Boyle, Hospital for Women.",
                f" Scale bar, {n} µm.",
            ]
        )
    )


@st.composite
def english(draw: Callable[..., str]) -> Case:
    sex = draw(st.sampled_from(["male", "female", None]))
    unit = draw(st.sampled_from([YEARS] * 6 + [MONTHS, WEEKS, DAYS]))
    top = {YEARS: 99, MONTHS: 23, WEEKS: 15, DAYS: 27}[unit]
    n = int(draw(st.integers(1, top)))
    grown = unit == YEARS and n >= 18
    words = bool(draw(st.booleans()))
    number = english_words(n) if words else str(n)
    noun = _english_noun(draw, grown, sex)
    adjective = draw(st.sampled_from(_EN_ADJECTIVES))
    one = unit[:-1]
    article = "an" if number[0] in "aeiou" or number in ("11", "18") or number[0] == "8" else "a"
    dash = draw(st.sampled_from(["-", " ", "\u2013", "\u2010"]))
    forms = [
        f"{article} {number}{dash}{one}{dash}old {adjective}{noun}",
        f"a {adjective}{noun} aged {number} {unit}",
        f"a {adjective}{noun}, {number} {unit} of age,",
        f"a {adjective}{noun}, {number} {unit} old,",
        f"a {adjective}{noun} at the age of {number} {unit}",
    ]
    if unit == YEARS:
        forms += [
            f"{article} {n}-yr-old {adjective}{noun}",
            f"{article} {n} y/o {adjective}{noun}",
            f"{article} {n}yo {adjective}{noun}",
            f"a {adjective}{noun} aged {number}",
        ]
        if sex is not None:
            letter = "M" if sex == "male" else "F"
            forms += [
                f"a patient ({letter}, {n})",
                f"a patient ({n} {letter})",
                f"a patient ({n}{letter})",
                f"a patient ({'male' if sex == 'male' else 'female'}, {n} years)",
                f"{'a man' if sex == 'male' else 'a woman'} of {max(n, 18)}" if grown else
                f"{'a boy' if sex == 'male' else 'a girl'} of {number}",
            ]  # fmt: skip
    person = draw(st.sampled_from(forms))
    disease, site = draw(st.sampled_from(_EN_DISEASES)), draw(st.sampled_from(_EN_SITES))
    carrier = draw(
        st.sampled_from(
            [
                f"{disease.capitalize()} on the {site} of {person}.",
                f"{disease.capitalize()} in {person}.",
                f"{person[0].upper()}{person[1:]} with {disease}.",
                f"{disease.capitalize()}. The {site} of {person} is shown.",
                f"The {site} of {person} shows {disease}.",
            ]
        )
    )
    m = int(draw(st.integers(2, 12)))
    k = int(draw(st.integers(2, 60)))
    clause = draw(
        st.sampled_from(
            [
                "",
                "",
                f", after a {k}-year history of itching",
                f", {m} weeks after biopsy",
                f" beside a {k}-month-old scar",
                f" and a lesion of {m} years' duration",
                f", whose {k + 18}-year-old father is also affected",
                f" (arrow), ×{k * 10}",
                f" treated with {k} mg of prednisone for {m} months",
                f"; compare a {m}-day-old blister",
            ]
        )
    )
    before = _english_around(draw, m, m).strip()
    text = (before + " " if before else "") + carrier[:-1] + clause + "."
    text += _english_around(draw, k, m) + _english_around(draw, m, m)
    return Case(text, n * _IN_YEARS[unit], None, None, sex)


@st.composite
def english_decades(draw: Callable[..., str]) -> Case:
    sex = draw(st.sampled_from(["male", "female"]))
    noun, their = ("man", "his") if sex == "male" else ("woman", "her")
    ten = int(draw(st.integers(2, 8)))
    word = [
        "-",
        "-",
        "twenties",
        "thirties",
        "forties",
        "fifties",
        "sixties",
        "seventies",
        "eighties",
    ][ten]
    ordinal = ["-", "-", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"][ten]
    part = draw(st.sampled_from(["", "early ", "late "]))
    form = draw(
        st.sampled_from(
            [
                f"in {their} {part}{ten}0s",
                f"in {their} {part}{word}",
                f"in {their} {part}{ten}0's",
                f"in {their} {part}{ordinal} decade",
            ]
        )
    )
    low, high = {"": (0, 9), "early ": (0, 4), "late ": (5, 9)}[part]
    disease = draw(st.sampled_from(_EN_DISEASES))
    m, k = int(draw(st.integers(2, 12))), int(draw(st.integers(2, 60)))
    text = f"{disease.capitalize()} in a {noun} {form}." + _english_around(draw, k, m)
    return Case(text, None, 10.0 * ten + low, 10.0 * ten + high, sex)


# --------------------------------------------------------------------------- the other languages


@st.composite
def german(draw: Callable[..., str]) -> Case:
    sex = draw(st.sampled_from(["male", "female"]))
    n = int(draw(st.integers(2, 99)))
    number = german_words(n) if draw(st.booleans()) else str(n)
    dash = "" if number[0].isalpha() else draw(st.sampled_from(["-", "", "\u2011"]))
    noun = ("Mann" if n > 17 else "Junge") if sex == "male" else "Frau" if n > 17 else "Mädchen"
    dative = {"Mann": "einem", "Junge": "einem", "Frau": "einer", "Mädchen": "einem"}[noun]
    bent = "Jungen" if noun == "Junge" else noun
    capital = number[0].upper() + number[1:]
    ending = {"Mann": "r", "Junge": "r", "Frau": "", "Mädchen": "s"}[noun]
    person = draw(
        st.sampled_from(
            [
                f"Lichen ruber bei {dative} {number}{dash}jährigen {bent}.",
                f"{capital}{dash}jährige{ending} {noun} mit Psoriasis.",
                f"Befund bei {dative} {n} Jahre alten {bent}.",
                f"Ekzem. {noun} im Alter von {number} Jahren.",
                f"Morphea am Stamm ({'m' if sex == 'male' else 'w'}, {n} J.).",
                f"{noun}, {n} Jahre, mit Vitiligo am Arm.",
            ]
        )
    )
    k, m = int(draw(st.integers(2, 60))), int(draw(st.integers(2, 12)))
    around = draw(
        st.sampled_from(
            [
                "",
                f" Die Läsion bestand seit {k} Jahren.",
                f" {m}-jährige Anamnese.",
                f" Zustand nach {m}-jähriger Therapie.",
                f" Das mittlere Alter der Patienten beträgt {k} Jahre.",
                f" Erstmanifestation im Alter von {m} Jahren.",
                f" Rezidiv nach {m} Monaten.",
                " Männer sind häufiger betroffen als Frauen.",
                f" HE-Färbung, Vergrößerung ×{k}.",
                f" Seit dem {m}. Lebensjahr besteht Juckreiz.",
            ]
        )
    )
    return Case(person + around, float(n), None, None, sex)


@st.composite
def french(draw: Callable[..., str]) -> Case:
    sex = draw(st.sampled_from(["male", "female"]))
    n = int(draw(st.integers(2, 99)))
    number = french_words(n) if draw(st.booleans()) else str(n)
    noun = ("homme" if n > 17 else "garçon") if sex == "male" else "femme" if n > 17 else "fillette"
    article = "un" if sex == "male" else "une"
    aged = "âgé" if sex == "male" else "âgée"
    of = "d'" if number[0] in "aeiouéâ" and number[0] != "o" else "de "
    person = draw(
        st.sampled_from(
            [
                f"Psoriasis chez {article} {noun} {of}{number} ans.",
                f"{noun.capitalize()} {aged} {of}{number} ans avec un mélanome.",
                f"Lichen plan chez {article} {noun}, {n} ans.",
                f"Vitiligo de la main ({'H' if sex == 'male' else 'F'}, {n} ans).",
                f"{noun.capitalize()} de {n} ans présentant des papules.",
            ]
        )
    )
    k, m = int(draw(st.integers(2, 60))), int(draw(st.integers(2, 12)))
    around = draw(
        st.sampled_from(
            [
                "",
                f" Lésion évoluant depuis {k} ans.",
                f" Cicatrice de {m} ans.",
                f" L'âge moyen des patients est de {k} ans.",
                f" Maladie apparue à l'âge de {m} ans.",
                f" Récidive après {m} mois.",
                f" Suivi de {m} ans.",
                f" Coloration HES, grossissement ×{k}.",
                f" Aspect après {m} semaines de traitement.",
            ]
        )
    )
    return Case(person + around, float(n), None, None, sex)


@st.composite
def spanish(draw: Callable[..., str]) -> Case:
    sex = draw(st.sampled_from(["male", "female"]))
    n = int(draw(st.integers(2, 99)))
    number = spanish_words(n) if draw(st.booleans()) else str(n)
    noun = ("varón" if n > 17 else "niño") if sex == "male" else "mujer" if n > 17 else "niña"
    article = "un" if sex == "male" else "una"
    person = draw(
        st.sampled_from(
            [
                f"Psoriasis en {article} {noun} de {number} años.",
                f"{noun.capitalize()} de {number} años de edad con melanoma.",
                f"Vitíligo en la mano ({noun}, {n} años).",
                f"Liquen plano en {article} paciente de {n} años.",
                f"{noun.capitalize()}, {n} años, con pápulas en el tronco.",
            ]
        )
    )
    k, m = int(draw(st.integers(2, 60))), int(draw(st.integers(2, 12)))
    around = draw(
        st.sampled_from(
            [
                "",
                f" Lesión de {m} años de evolución.",
                f" Cicatriz de {m} años.",
                f" La edad media de los pacientes es de {k} años.",
                f" Lesiones presentes desde los {m} años de edad.",
                f" Recidiva a los {m} meses.",
                f" Tratamiento durante {k} semanas.",
                f" Hematoxilina-eosina, ×{k}.",
            ]
        )
    )
    return Case(person + around, float(n), None, None, sex)


@st.composite
def chinese(draw: Callable[..., str]) -> Case:
    sex = draw(st.sampled_from(["male", "female"]))
    n = int(draw(st.integers(2, 99)))
    number = chinese_words(n) if draw(st.booleans()) else str(n)
    letter = "男" if sex == "male" else "女"
    person = draw(
        st.sampled_from(
            [
                f"患者，{letter}，{number}岁，面部红斑。",
                f"{number}岁{letter}性，银屑病。",
                f"{letter}，{number}岁，扁平苔藓。",
                f"{number}歲{letter}性患者，背部斑塊。",
                f"一名{number}岁的{letter}性患者，手部丘疹。",
            ]
        )
    )
    k, m = int(draw(st.integers(2, 60))), int(draw(st.integers(2, 12)))
    around = draw(
        st.sampled_from(
            [
                "",
                f"病史{m}年。",
                f"平均年龄{k}岁。",
                f"患者{m}岁时发病。",
                f"治疗{m}个月后。",
                f"HE染色，×{k}。",
                "男女比为2:1。",
                f"随访{m}年无复发。",
            ]
        )
    )
    return Case(person + around, float(n), None, None, sex)


#: Name, strategy, the language that a book of it would state.
GRAMMARS = [
    ("english", english(), "eng", 1500),
    ("english decades", english_decades(), "eng", 500),
    ("german", german(), "deu", 750),
    ("french", french(), "fra", 750),
    ("spanish", spanish(), "spa", 750),
    ("chinese", chinese(), "chi_sim", 750),
]
