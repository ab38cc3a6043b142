"""Which category a free answer names.

``exact`` reads as MM-Skin's script does: the first category of the list whose name is a part of the
answer, in any case. ``words`` reads words: inflections count (keratosis, keratoses), other names of
a disease count (BCC), the longest name at each place wins ("non-malignant" is not "malignant"), and
what is denied, set apart or past ("not a nevus", "rather than", "history of") is not named. An
answer that names several categories is ambiguous and is not guessed; one that names none is told
apart by why.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from mmskin_build.vqa.assertion import find_scopes, status_of
from mmskin_build.vqa.vocabulary import Term, Vocabulary, load_vocabulary
from mmskin_build.vqa.words import find_words

Reading = Literal["words", "exact"]
Outcome = Literal["named", "ambiguous", "denied", "not_understood", "empty"]

OUTCOMES: dict[Outcome, str] = {
    "named": "one category is named",
    "ambiguous": "several categories are named",
    "denied": "categories are only denied, set apart or told of the past",
    "not_understood": "no category is named",
    "empty": "there is no answer",
}
_NAMED_IF = frozenset({"present", "uncertain"})
_NON = re.compile(r"non[-‐–\s]*(?=\w{4})", re.IGNORECASE)
_VERSUS = re.compile(r"\b(?:vs|versus)\b", re.IGNORECASE)
# Names by which tables of public sets and answers mean the same, beyond the vocabulary's.
_ALSO = {
    "nevus": ("melanocytic nevus", "mole"),
    "actinic keratosis": ("AK",),
    "seborrheic keratosis": ("SK",),
    "non-malignant": ("benign",),
}
# Endings of Latin and Greek plurals on which the stemmer leaves two keys.
_PLURALS = (("osis", "oses"), ("itis", "itides"), ("asis", "ases"), ("opsis", "opses"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What an answer was read as: the category if exactly one is named."""

    outcome: Outcome
    category: str | None
    mentioned: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Categories:
    """The categories of a set with all their names."""

    names: tuple[str, ...]
    vocabulary: Vocabulary


def build_categories(names: Sequence[str]) -> Categories:
    """Gather the names by which categories are known; one that fits two of them is not taken.

    A category's own name always is. Raises nothing: a name without a word is never found.
    """
    own: dict[tuple[str, ...], str] = {}
    others: dict[tuple[str, ...], set[str]] = {}
    for name in names:
        for form in _forms(name):
            own.setdefault(_keys(form), name)
    for name in names:
        for key in _other_names(name):
            others.setdefault(key, set()).add(name)
    found = {key: name for key, known in others.items() if len(known) == 1 for name in known}
    found |= own
    found.pop((), None)
    terms = {
        key: Term(name=name, kind="diagnosis", group="category") for key, name in found.items()
    }
    return Categories(tuple(names), Vocabulary(terms, max(map(len, terms), default=1)))


def find_category(answer: str, categories: Categories, reading: Reading = "words") -> Named:
    """Read an answer.

    >>> skin = build_categories(["nevus", "melanoma", "basal cell carcinoma"])
    >>> find_category("This is most likely a BCC.", skin).category
    'basal cell carcinoma'
    >>> find_category("No melanoma; melanocytic nevi.", skin).category
    'nevus'
    >>> find_category("A nevus or a melanoma.", skin).outcome
    'ambiguous'
    """
    if not answer.strip():
        return Named(outcome="empty", category=None)
    if reading == "exact":
        return _read_exactly(answer, categories.names)
    tokens = find_words(answer)
    scopes = find_scopes(answer)
    # "Melanoma versus nevus" names both.
    named_if = _NAMED_IF | ({"other"} if _VERSUS.search(answer) else set())
    said: dict[str, bool] = {}
    for mention in categories.vocabulary.find(tokens):
        # A cue inside the name is a part of it: "non-malignant".
        around = tuple(scope for scope in scopes if scope.start < mention.start)
        holds = status_of(around, mention.start, mention.end) in named_if
        said[mention.term.name] = said.get(mention.term.name, False) or holds
    named = tuple(name for name in categories.names if said.get(name))
    mentioned = tuple(name for name in categories.names if name in said)
    if len(named) == 1:
        return Named(outcome="named", category=named[0], mentioned=mentioned)
    outcome: Outcome = "ambiguous" if named else "denied" if said else "not_understood"
    return Named(outcome=outcome, category=None, mentioned=mentioned)


def _read_exactly(answer: str, names: Sequence[str]) -> Named:
    """Upstream's rule, its one repair included, which works in lower case only."""
    text = answer.replace("actinic keratosis", "actinic keratoses").lower()
    for name in names:
        if name.lower() in text:
            return Named(outcome="named", category=name, mentioned=(name,))
    return Named(outcome="not_understood", category=None)


def _forms(name: str) -> list[str]:
    """Return the spellings of a name: its endings in singular and plural, and of a "non-"."""
    forms = [name]
    if _NON.match(name):
        forms += [_NON.sub(non, name, count=1) for non in ("non-", "non")]
    for one, many in _PLURALS:
        for old, new in ((one, many), (many, one)):
            forms += [
                " ".join(
                    word[: -len(old)] + new if word.lower().endswith(old) else word
                    for word in name.split()
                )
            ]
    return forms


def _other_names(name: str) -> list[tuple[str, ...]]:
    """Return the keys of other names of what a category is: a disease, or a kind of picture."""
    vocabulary = load_vocabulary()
    also = [key for form in _forms(name) for key in map(_keys, _MEANT.get(_keys(form), ()))]
    known = {
        term for form in _forms(name) if (term := vocabulary.terms.get(_keys(form))) is not None
    }
    same = _names_of(vocabulary.terms)
    keys = [*also, *(key for term in known for key in same[term])]
    kind = name.lower().strip()
    keys += [
        key
        for term, found in same.items()
        if term.kind == "modality" and term.group == kind
        for key in found
    ]
    return keys


def _names_of(terms: Mapping[tuple[str, ...], Term]) -> dict[Term, list[tuple[str, ...]]]:
    found: dict[Term, list[tuple[str, ...]]] = {}
    for key, term in terms.items():
        found.setdefault(term, []).append(key)
    return found


def _keys(name: str) -> tuple[str, ...]:
    return tuple(token.key for token in find_words(name) if token.is_word)


_MEANT = {_keys(name): also for name, also in _ALSO.items()}
