"""Words to keys that their inflections share, and the numbers among them.

A key is the stem of the Snowball project's English stemmer (Porter 2), after British spelling has
become American, without the Latin and Greek endings that dermatology puts on one root: stria and
striae, papule and papular, necrosis and necrotic have one key each.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from dataclasses import dataclass

import snowballstemmer

_STEMMER = snowballstemmer.stemmer("english")
_TOKEN = re.compile(
    r"(?P<number>\d+(?:[.,]\d+)?)|(?P<word>[^\W\d_]+(?:['’]s\b)?)|(?P<mark>[^\w\s]|_)"
)
_HE = re.compile(
    r"\bH ?(?:&|\+|/) ?E\b|\bHE\b|\bh(?:a?e)matoxylin(?:[-–— /,&]|and)+eosin\w*", re.IGNORECASE
)
_IRREGULAR = {
    "feet": "foot", "teeth": "tooth", "children": "child", "men": "man", "women": "woman",
    "lice": "louse", "nuclei": "nucleus", "grey": "gray", "centre": "centr", "center": "centr",
    "centres": "centr", "centers": "centr", "central": "centr", "centrally": "centr",
    "fibre": "fiber", "fibres": "fiber", "hyphae": "hypha", "better": "good",
    "shiny": "shiny", "china": "china", "scabies": "scabies",
    "verrucous": "verrucous", "warty": "warty", "burning": "burning", "lay": "lie",
    "lies": "lie", "lying": "lie", "calves": "calf", "is": "be", "are": "be", "was": "be",
    "were": "be", "been": "be", "being": "be", "has": "have", "had": "have", "having": "have",
    "dermal": "dermis", "dermis": "dermis", "situ": "in situ", "arises": "arise", "arose": "arise",
}  # fmt: skip
# Endings on top of the stemmer's, the longest first: of one root, they make one key.
_ENDINGS = (
    "atori", "asia", "asi", "osi", "ari", "ati", "ous", "ata", "ot", "at", "as", "al", "ar", "ic",
    "us", "um", "is", "on", "ae", "a", "e", "i", "o",
)  # fmt: skip
_LEAST_ROOT = 4  # letters that an ending must leave, 3 for a vowel, us, um
NUMBER_WORDS = {
    "one": 1.0, "single": 1.0, "solitary": 1.0, "two": 2.0, "both": 2.0, "pair": 2.0, "three": 3.0,
    "four": 4.0, "five": 5.0, "six": 6.0, "seven": 7.0, "eight": 8.0, "nine": 9.0, "ten": 10.0,
    "eleven": 11.0, "twelve": 12.0, "dozen": 12.0, "thirteen": 13.0, "fourteen": 14.0,
    "fifteen": 15.0, "sixteen": 16.0, "seventeen": 17.0, "eighteen": 18.0, "nineteen": 19.0,
    "twenty": 20.0, "thirty": 30.0, "forty": 40.0, "fifty": 50.0, "sixty": 60.0, "seventy": 70.0,
    "eighty": 80.0, "ninety": 90.0,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a number or a mark with its characters; `key` is equal for inflections of a word."""

    text: str
    start: int
    end: int
    key: str

    @property
    def is_word(self) -> bool:
        """Whether it is a word or a number, not a mark."""
        return self.key[:1].isalnum()

    @property
    def number(self) -> float | None:
        """The value of digits or of a number word, else None."""
        if self.text[0].isdecimal():
            return float(self.text.replace(",", "."))
        return NUMBER_WORDS.get(self.text.lower())


def find_words(text: str) -> tuple[Token, ...]:
    """Cut a text into words, numbers and marks; H&E in any spelling is one word.

    >>> [token.key for token in find_words("Striae, papular; 2 naevi")]
    ['stri', ',', 'papul', ';', '2', 'nev']
    """
    tokens: list[Token] = []
    position = 0
    for match in (*_HE.finditer(text), None):
        end = len(text) if match is None else match.start()
        for found in _TOKEN.finditer(text, position, end):
            word = found[0]
            value = key_of(word) if found["word"] else word.replace(",", ".", len(word) > 1)
            tokens.append(Token(word, found.start(), found.end(), value))
        if match is not None:
            tokens.append(Token(match[0], match.start(), match.end(), "hestain"))
            position = match.end()
    return tuple(tokens)


@functools.lru_cache(maxsize=65_536)
def key_of(word: str) -> str:
    """Return the key of one word.

    >>> [key_of(w) for w in ("necrosis", "necrotic", "Tumour", "tumors", "scaly", "scaling")]
    ['necr', 'necr', 'tumor', 'tumor', 'scal', 'scal']
    >>> key_of("dermatitis") == key_of("dermal")
    False
    """
    plain = "".join(
        c for c in unicodedata.normalize("NFKD", word.lower()) if not unicodedata.combining(c)
    )
    plain = re.sub(r"['’]s?$", "", plain) or plain
    if plain in _IRREGULAR:
        return _IRREGULAR[plain]
    plain = _american(plain)
    if plain.endswith("itis"):
        return plain
    stem = str(_STEMMER.stemWord(plain))
    if stem.endswith("cl"):  # vesicle, vesicular
        stem = stem[:-2] + "cul"
    for ending in _ENDINGS:
        short = len(ending) == 1 or ending in ("us", "um")
        least = _LEAST_ROOT - 1 if short else _LEAST_ROOT
        if stem.endswith(ending) and len(stem) - len(ending) >= least:
            return stem[: -len(ending)]
    return stem


def _american(word: str) -> str:
    if word.endswith("ae") and len(word) > 4:
        word = word[:-1]
    word = re.sub(r"ae|^oe|oe(?=[a-z]{2})", "e", word)
    word = re.sub(r"(?<=[a-z]{2})our(?=$|s$|ed$|ing$|less$|ation$)", "or", word)
    word = word.replace("leuco", "leuko").replace("sulph", "sulf")
    word = re.sub(r"is(?=(?:e|es|ed|ing|ation)$)", "iz", word) if len(word) > 7 else word
    return "gray" + word[4:] if word.startswith("grey") else word
