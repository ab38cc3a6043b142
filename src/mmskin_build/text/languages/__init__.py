"""What the rules on ages and sexes need to know of a language, one module a language.

`table` is the form of a language's table; `english` (with `english_ages`), `german`, `french`,
`spanish` and `chinese` fill it in. Another language is another module with a `Language` and a line
in `LANGUAGES`. All patterns are regular expressions over folded text (`text.folding`): lower case,
``#`` for any number.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence

from mmskin_build.text.languages.chinese import CHINESE
from mmskin_build.text.languages.english import ENGLISH
from mmskin_build.text.languages.french import FRENCH
from mmskin_build.text.languages.german import GERMAN
from mmskin_build.text.languages.spanish import SPANISH
from mmskin_build.text.languages.table import Language

#: By Tesseract's code.
LANGUAGES: Mapping[str, Language] = {
    language.code: language for language in (ENGLISH, GERMAN, FRENCH, SPANISH, CHINESE)
}
_ALIASES = {
    "en": "eng",
    "de": "deu",
    "ger": "deu",
    "fr": "fra",
    "fre": "fra",
    "es": "spa",
    "zh": "zho",
    "chi": "zho",
    "chi_sim": "zho",
    "chi_tra": "zho",
    "chi_sim_vert": "zho",
    "chi_tra_vert": "zho",
}
_WORDS = re.compile(r"[^\W\d_]+")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_SEEN_CHARACTERS = 2000  # that much of a caption tells its language


def languages_of(text: str, language: str | None) -> tuple[Language, ...]:
    """Return the tables to read `text` by: its own language first, English always.

    Args:
        text: A caption.
        language: Tesseract's codes joined by ``+``, or two-letter codes; None or an unknown code
            says nothing. The words of the text are asked in any case: books quote and are
            registered wrongly.
    """
    asked = [_ALIASES.get(code, code) for code in re.split(r"[+,\s]+", language or "") if code]
    found = _guess(text[:_SEEN_CHARACTERS])
    codes = dict.fromkeys([*found, *asked, "eng"])  # what the words say goes first
    return tuple(LANGUAGES[code] for code in codes if code in LANGUAGES)


def _guess(text: str) -> Sequence[str]:
    """The language that most of the words belong to; all of them where none has any."""
    if _HAN.search(text):
        return ["zho"]
    words = set(_WORDS.findall(text.lower()))
    score = {code: len(words & known.usual_words) for code, known in LANGUAGES.items()}
    better = [code for code in score if code != "eng" and score[code] > score["eng"]]
    if not score["eng"] and not better:
        return [code for code, known in LANGUAGES.items() if known.spaced]
    return sorted(better, key=lambda code: -score[code])[:1] or ["eng"]


@functools.cache
def is_known(code: str) -> bool:
    """Whether there is a table for a code."""
    return _ALIASES.get(code, code) in LANGUAGES
