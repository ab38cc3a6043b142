"""Does the answer follow from the caption? Each content word, number, negation and side is looked up.

A word of the answer is supported if the caption has it, inflected or as a name of the same notion,
said of the same thing with the same negation. What the caption says otherwise is a contradiction:
the contrary of the word, its denial, or another value of what was asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from mmskin_build.records import TextEvidence
from mmskin_build.text.demographics import group_of
from mmskin_build.text.modality_words import find_modality_words
from mmskin_build.vqa.reading import PARTS, Quantity, Reading
from mmskin_build.vqa.relations import is_within, opposite_keys, same_keys
from mmskin_build.vqa.vocabulary import Kind, Term
from mmskin_build.vqa.words import Token, key_of

Problem = tuple[Literal["contradiction", "unsupported"], str]

# Words of grammar, and words that any picture of skin would bear.
_FUNCTION = """
a an the and or but if of in on at to from by with within without into onto over under along around
upon as for that which who whose whom this these those there here it its it's they them their he she
his her him be is are was were been have has had do does did can could will would shall may might must
not no nor neither yes also both each every all any some such other another more most less least than
then so too very only just well still again per via about between among against during through while
when where what how why because due up down out off same own rather quite mainly mostly primarily
namely together i we you my our your me us itself themselves example instance kind sort e.g etc
either one ones else above below near alone already s t
"""
_GENERIC = """
patient person individual people lesion image picture photo photograph figure shot view show shown shows
see seen visible present appear appearance locate located location lie lies lying situated situate sit
affect affected affecting involve involved involving find found finding observe observed note noted
area region site place part skin cutaneous surface color colored shape shaped form diagnosis diagnosed
diagnose condition disease disorder dermatosis type pattern consist display demonstrate reveal feature
characterize characterized describe described represent depict depicted identify identified
stain stained staining magnification magnified original age aged old year-old
body feature sign exhibit contain comprise include including constitute make made take taken
use used occur arise arising distribution distributed arrange arranged arrangement morphology number
immunostain immunostaining count total level depth layer side aspect sex gender stage life like
year month week day hour
belong correspond correct answer option choice panel left-hand right-hand result
exist bear carry detail section slide specimen give given receive received last lasted lasting measure
measuring across question name called known
change variant subtype nature extent look looks case example modality
"""
_PLAIN = frozenset(key_of(word) for word in (_FUNCTION + _GENERIC).split())
_PERSON_WORDS = {
    "male": "male", "man": "male", "boy": "male", "men": "male", "he": "male", "his": "male",
    "him": "male", "gentleman": "male", "female": "female", "woman": "female", "girl": "female",
    "women": "female", "she": "female", "her": "female", "lady": "female", "hers": "female",
}  # fmt: skip
_AGE_GROUPS = {
    "neonate": "neonate", "newborn": "neonate", "neonatal": "neonate", "infant": "infant", "baby": "infant",
    "child": "child", "adolescent": "adolescent", "teenager": "adolescent", "teenage": "adolescent",
    "adult": "adult", "elderly": "elderly", "boy": "minor", "girl": "minor",
}  # fmt: skip
_GROUP_KEYS = {key_of(word): group for word, group in _AGE_GROUPS.items()}
_PANEL_WORDS = frozenset(key_of(w) for w in ("panel", "part", "picture", "image", "photograph", "and"))
_ORDINALS = frozenset(
    key_of(w)
    for w in (
        "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
    )
)  # fmt: skip
_AGE, _COLOR = key_of("age"), key_of("color")
_DECADES = {
    "twenties": 20, "thirties": 30, "forties": 40, "fifties": 50, "sixties": 60, "seventies": 70,
    "eighties": 80,
}  # fmt: skip
# Kinds of which a caption gives one value: another one is a contradiction even if not asked for.
_SINGLE: frozenset[str] = frozenset({"level", "modality", "diagnosis", "site"})
# What a question asks for, by its words; the first that fits wins.
Slot = Literal[
    "age", "sex", "count", "site", "side", "color", "cell", "level", "stain", "magnification",
    "modality", "diagnosis", "shape", "border", "organism", "morphology", "size", "duration", "none",
]  # fmt: skip
_SLOTS: tuple[tuple[Slot, str], ...] = (
    ("magnification", r"magnif\w+|what power"),
    ("stain", r"stain\w*|dye"),
    ("age", r"how old|what age|\bage\b(?! of the lesion)|age group|decade|stage of life"),
    ("sex", r"\bsex\b|gender|male or female|female or male"),
    ("duration", r"how long|duration|since when|how many (?:days|weeks|months|years)"),
    ("count", r"how many|\bnumber of\b|\bcount\b"),
    ("size", r"how (?:large|big|wide|long|deep|thick|high)|\bsize\b|diameter|thickness|measure"),
    ("side", r"which side|left or right|right or left"),
    ("color", r"colou?rs?\b|\bhue\b|what shade"),
    ("cell", r"(?:what|which) (?:\w+ ){0,3}cells?\b|cell types?|infiltrate (?:composed|consist|made)"),
    ("level", r"(?:what|which) (?:\w+ )?(?:level|layer|depth)|level of the skin|where in the skin"),
    ("organism", r"organism|pathogen|parasite|microbe"),
    ("modality", r"modality|(?:what|which) (?:type|kind|sort) of (?:image|picture|photo\w*|view)|how was (?:the|this) (?:image|picture|photo\w*)"
     r"|imaging|technique"),
    ("site", r"\bwhere\b|(?:which|what) (?:\w+ ){0,2}(?:part|parts|site|sites|area|areas|region|regions|location|locations|finger|body)\b|location|anatomic\w*|distribut\w*|on which|affected sites?"
     r"|sites? (?:is|are)"),
    ("diagnosis", r"diagnos\w*|(?:what|which) (?:\w+ ){0,3}(?:condition|disease|disorder|tumou?r|dermatosis|infection|entity|neoplasm|variant|type of)\b|identify the (?:condition|disease)|name (?:of )?the (?:condition|disease)"),
    ("border", r"border|margin|edge|demarcat\w*|defined|outline"),
    ("shape", r"\bshapes?\b|configur\w*|arrang\w*|pattern"),
    ("morphology", r"morpholog\w*|look like|appear\w*|describe|primary lesions?|type of lesion|kind of lesion|what (?:is|are) (?:seen|shown|visible|present)"
     r"|what (?:do|does) .{0,40}\bshow|features?|findings?|(?:what|which) (?:type|kind)s? of (?:skin )?lesions?|which lesions?|how (?:is|are|does|do)\b"
     r"|what (?:lies|is|are|surrounds?|covers?|fills?|can be seen) .{0,24}\b(?:in|at|around|below|above|under|over|near|within|between)\b|(?:what|which) .{0,30}(?:structures?|vessels|lesions|changes?|vascular)"),
)  # fmt: skip
_SLOT_PATTERNS = tuple((slot, re.compile(text, re.IGNORECASE)) for slot, text in _SLOTS)
_SLOT_KINDS: dict[Slot, frozenset[str]] = {
    "site": frozenset({"site", "distribution"}),
    "color": frozenset({"color"}),
    "cell": frozenset({"cell"}),
    "level": frozenset({"level"}),
    "modality": frozenset({"modality"}),
    "diagnosis": frozenset({"diagnosis"}),
    "shape": frozenset({"arrangement"}),
    "border": frozenset({"border"}),
    "organism": frozenset({"organism"}),
    "morphology": frozenset({"lesion", "arrangement", "color", "surface", "dermoscopic structure", "histologic structure", "cell"}),
}  # fmt: skip
_YES_NO = re.compile(
    r"^(?:(?:in|on|at|with|for) [^,?]{2,40}, )?(?:is|are|was|were|does|do|did|has|have|had|can|could|would|will|isn't|aren't|may)\b",
    re.IGNORECASE,
)
_REQUEST = re.compile(
    r"^(?:can|could|will|would) (?:you|we) (?:please )?(?:name|tell|describe|summari[sz]e|state|identify|give"
    r"|explain|compare|count|specify|list|say|point out|characteri[sz]e|determine|recogni[sz]e)\b",
    re.IGNORECASE,
)
_YES = re.compile(r"^\W*(?:yes|correct|true|indeed|right)\b[\s,.;:!–-]*", re.IGNORECASE)
_NO = re.compile(r"^\W*(?:no|incorrect|false)\b(?=\s*(?:[,.;:!–-]|$))[\s,.;:!–-]*", re.IGNORECASE)
_CHOICE = re.compile(r"\bor\b|\boptions?\b|\bchoose\b|(?:^|\s)\(?A[).:]\s", re.IGNORECASE)
_ELSEWHERE = re.compile(r"\b(?:also|too|other|elsewhere|another|additional\w*)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """What was found: problems in words, and the caption's characters that carry the answer."""

    problems: tuple[Problem, ...] = ()
    evidence: tuple[TextEvidence, ...] = ()
    doubt: str | None = None


@dataclass(slots=True)
class _Ledger:
    problems: list[Problem] = field(default_factory=list)
    evidence: list[TextEvidence] = field(default_factory=list)

    def no(self, kind: Literal["contradiction", "unsupported"], detail: str) -> None:
        self.problems.append((kind, detail))


def slot_of(question: str) -> Slot:
    """Return what a question asks for.

    >>> slot_of("On which part of the nose is the nodule?"), slot_of("What colour are the nests?")
    ('site', 'color')
    """
    for slot, pattern in _SLOT_PATTERNS:
        if pattern.search(question):
            return slot
    return "none"


def is_yes_no(question: str) -> bool:
    """Whether a question can be answered by yes or no, and offers no choice."""
    text = question.strip()
    return _YES_NO.match(text) is not None and not (_CHOICE.search(text) or _REQUEST.match(text))


def polarity(answer: str) -> Literal["yes", "no"] | None:
    """Return whether an answer begins with yes or no."""
    if _YES.match(answer):
        return "yes"
    return "no" if _NO.match(answer) else None


def without_polarity(answer: str) -> str:
    """Return an answer without its leading yes or no."""
    return _NO.sub("", _YES.sub("", answer, count=1), count=1)


def offers_choice(question: str) -> bool:
    """Whether a question lists the answers to choose from."""
    return _CHOICE.search(question) is not None


def content_tokens(reading: Reading, start: int = 0) -> Iterator[tuple[int, Token]]:
    """Give the words of a text that say something, with their places, from character `start`."""
    for index, token in enumerate(reading.tokens):
        if token.start < start or not token.is_word:
            continue
        if token.key not in _PLAIN or _is_of_color(reading, index):
            yield index, token


def _is_of_color(reading: Reading, index: int) -> bool:
    """Whether a plain word is part of the name of a color: "skin-colored"."""
    item = reading.term_at(index)
    return item is not None and item.mention.term.kind == "color"


def find_support(
    caption: Reading, question: Reading, answer: Reading, *, modality: str | None = None
) -> Support:
    """Look up everything that an answer says in the caption.

    Args:
        caption: What is known, or the named panel's part of it.
        question: What was asked.
        answer: The whole answer.
        modality: What the picture is, where that is known from elsewhere.
    """
    ledger = _Ledger()
    said = polarity(answer.text)
    start = len(answer.text) - len(without_polarity(answer.text))
    slot = slot_of(question.text)
    asks_yes_no = is_yes_no(question.text)
    _check_quantities(ledger, caption, question, answer, slot)
    _check_person(ledger, caption, answer, slot, start)
    stained = _check_stain(ledger, caption, answer)
    wanted = _SLOT_KINDS.get(slot, frozenset())
    for index, token in content_tokens(answer, start):
        if token.number is not None and not token.text.isalpha():
            continue
        if len(token.text) == 1 and (offers_choice(question.text) or _is_letter(answer, index)):
            continue
        if token.text.lower() in _PERSON_WORDS or token.key in _GROUP_KEYS or _is_decade(token):
            continue
        if token.text.lower() == "group" and answer.tokens[index - 1].key == _AGE:
            continue
        if any(first <= token.start and token.end <= last for first, last in stained):
            continue
        if said is None and not asks_yes_no and _is_frame(question, answer, index):
            continue
        _check_token(
            ledger, caption, question, answer, index, token,
            wanted=wanted, asks_yes_no=asks_yes_no, modality=modality,
        )  # fmt: skip
    _check_owners(ledger, caption, question, answer, start)
    if said is not None:
        _check_polarity(ledger, caption, question, answer, said, start, modality)
    elif asks_yes_no and not _has_content(answer, 0):
        ledger.no("unsupported", "neither yes nor no")
    doubt = _overclaim(ledger, caption, answer, start)
    return Support(
        problems=tuple(ledger.problems), evidence=tuple(_merged(ledger.evidence)), doubt=doubt
    )


_VERB = re.compile(r"(?:ed|s|ing|ate|ain|ie)$")


def _is_frame(question: Reading, answer: Reading, index: int) -> bool:
    """Whether a word is the verb that the question lent: "Which cells predominate?"."""
    token = answer.tokens[index]
    if answer.term_at(index) is not None or not token.text.islower():
        return False
    lent = [t for t in question.tokens if t.key == token.key]
    return any(_VERB.search(t.text) or _VERB.search(token.text) for t in lent)


def _is_letter(reading: Reading, index: int) -> bool:
    """Whether a word is the letter of a panel: "panel b", "(b)"."""
    before = reading.tokens[index - 1] if index else None
    return before is not None and (before.key in _PANEL_WORDS or before.text == "(")


# --------------------------------------------------------------------------------------- words


def _check_token(
    ledger: _Ledger,
    caption: Reading,
    question: Reading,
    answer: Reading,
    index: int,
    token: Token,
    *,
    wanted: frozenset[str],
    asks_yes_no: bool,
    modality: str | None,
) -> None:
    item = answer.term_at(index)
    denied = answer.status_at(token) == "absent"
    places = find_places(caption, answer, index)
    if places:
        statuses = {caption.status_at(place) for place in places}
        spared = token.key in _SPARING
        if not denied and statuses == {"absent"} and not spared:
            ledger.no("contradiction", f"{token.text!r} is denied")
        elif denied and "absent" not in statuses and statuses & {"present", "uncertain"} and not spared:
            if not _denied_with_others(caption, answer, token, places):
                ledger.no("contradiction", f"{token.text!r} is there")
        elif not denied and statuses == {"other"} and item and item.mention.term.kind == "diagnosis":
            ledger.no("contradiction", f"{token.text!r} is said of something else")
        ledger.evidence += [
            TextEvidence(start=p.start, end=p.end, field=token.text.lower()) for p in places[:1]
        ]
        return
    if item is not None and item.mention.term.kind == "modality":
        if _modality_fits(caption, item.mention.term, modality):
            return
        known = modality or find_modality_words(caption.text).vote
        if known is not None and not denied:
            ledger.no("contradiction", f"the picture is {known}")
            return
    if denied and asks_yes_no and _is_shut_out(caption, item.mention.term if item else None, token):
        return
    if _contrary(caption, question, token):
        ledger.no("contradiction", f"the contrary of {token.text!r} is said")
        return
    if item is None:
        ledger.no("unsupported", f"{token.text!r} is not said")
        return
    term = item.mention.term
    rival = _rival(caption, term)
    asked = term.kind in wanted
    alone = term.kind in _SINGLE and not _ELSEWHERE.search(question.text) and not denied
    if rival is not None and not denied and ((asked and not asks_yes_no) or alone):
        ledger.no("contradiction", f"{term.name!r}, where {rival.name!r} is said")
    elif rival is not None and not denied and asks_yes_no and term.kind in ("color", "arrangement", "border"):
        ledger.no("contradiction", f"{term.name!r}, where {rival.name!r} is said")
    else:
        ledger.no("unsupported", f"{token.text!r} is not said")


_SPARING = frozenset(
    key_of(w) for w in ("spared", "unaffected", "uninvolved", "absent", "lack", "free", "negative", "normal", "absence")
)  # fmt: skip
_NEGATING = frozenset(key_of(w) for w in ("absent", "absence", "lack", "lacking", "free", "without", "missing", "negative"))


def find_places(caption: Reading, text: Reading, index: int) -> list[Token]:
    """Return the caption's words that say what a word of another text says."""
    token = text.tokens[index]
    keys = same_keys(token.key)
    found = [other for other in caption.tokens if other.key in keys]
    if found:
        return found
    if token.key in _NEGATING and any(scope.status == "absent" for scope in caption.scopes):
        return [t for t in caption.tokens if caption.status_at(t) == "absent"][:1]
    item = text.term_at(index)
    if item is not None:
        same = [s for s in caption.said if s.mention.term == item.mention.term]
        if same:
            return [caption.tokens[s.mention.last - 1] for s in same]
    return []


def _denied_with_others(
    caption: Reading, answer: Reading, token: Token, places: Sequence[Token]
) -> bool:
    """Whether a word only names what is denied of it: "no ulceration of the plaque"."""
    scope = next(
        (s for s in answer.scopes if s.status == "absent" and s.start <= token.start <= s.end), None
    )
    if scope is None:
        return False
    inside = [
        (i, t) for i, t in content_tokens(answer) if scope.start <= t.start and t.end <= scope.end
    ]
    for index, other in inside:
        if other is token:
            continue
        found = find_places(caption, answer, index)
        if found and any(caption.status_at(p) == "absent" for p in found):
            return True
    return False


def _is_shut_out(caption: Reading, term: Term | None, token: Token) -> bool:
    """Whether the caption says something that a denied word cannot stand beside."""
    if any(other.key in opposite_keys(token.key) for other in caption.tokens):
        return True
    if term is None:
        return False
    if term.kind in ("site", "level", "modality", "diagnosis", "color", "arrangement", "border"):
        return _rival(caption, term) is not None
    return False


def _contrary(caption: Reading, question: Reading, token: Token) -> bool:
    opposite = frozenset().union(*(opposite_keys(key) for key in same_keys(token.key)))
    if token.key in _ORDINALS:
        opposite = _ORDINALS - {token.key}
    return any(
        other.key in opposite and caption.status_at(other) == "present" for other in caption.tokens
    )


def _rival(caption: Reading, term: Term) -> Term | None:
    """Return another value that the caption gives of the same kind, if it cannot be the same."""
    for item in caption.said:
        other = item.mention.term
        if other.kind != term.kind or item.status != "present" or other == term:
            continue
        if term.kind == "arrangement" and other.group != term.group:
            continue
        if term.kind == "site" and "appendage" in (term.group, other.group) and term.group != other.group:
            continue  # hair and nails are everywhere
        if is_within(other.name, term.name) or is_within(term.name, other.name):
            continue
        words, others = _name_keys(term), _name_keys(other)
        if words < others or others < words:
            continue
        return other
    return None


def _name_keys(term: Term) -> frozenset[str]:
    return frozenset(key_of(word) for word in re.findall(r"[^\W\d_]+", term.name))


def _modality_fits(caption: Reading, term: Term, modality: str | None) -> bool:
    if modality is not None:
        return term.group == modality
    vote = find_modality_words(caption.text).vote
    if vote is None and term.group == "clinical":
        return not any(s.mention.term.kind in ("histologic structure", "dermoscopic structure") for s in caption.said)
    return vote == term.group


# ----------------------------------------------------------------- stains, numbers and persons


def _check_stain(ledger: _Ledger, caption: Reading, answer: Reading) -> list[tuple[int, int]]:
    """Compare the stains; return the characters of the answer that were settled by that."""
    told = answer.told_of("stain")
    known = caption.told_of("stain")
    for mention in told:
        same = [m for m in known if m.value == mention.value]
        if same:
            ledger.evidence.append(
                TextEvidence(start=same[0].start, end=same[0].end, field="stain")
            )
        elif known:
            ledger.no("contradiction", f"the stain is {known[0].value}")
        else:
            ledger.no("unsupported", "the stain is not said")
    return [(m.start, m.end) for m in told]



def _check_quantities(
    ledger: _Ledger, caption: Reading, question: Reading, answer: Reading, slot: Slot
) -> None:
    for quantity in answer.quantities:
        is_age = quantity.is_age or (slot == "age" and quantity.unit in ("", "year", "month", "week", "day"))
        if is_age:
            continue  # compared as an age with `_check_person`
        if quantity.unit == "clock":
            continue
        same = [
            q for q in caption.quantities
            if abs(q.value - quantity.value) < 1e-6 and _units_agree(q.unit, quantity.unit) and not q.is_age
        ]  # fmt: skip
        if quantity.unit == "×" or (slot == "magnification" and not quantity.unit):
            same = [q for q in same if q.unit in ("×", "")]
        if same and _counts_agree(same, quantity, question, slot):
            place = same[0]
            ledger.evidence.append(TextEvidence(start=place.start, end=place.end, field="number"))
            continue
        if quantity.unit == "" and quantity.value in (1.0, 2.0) and _is_word_supported(caption, answer, quantity):
            continue
        text = answer.text[quantity.start : quantity.end]
        rivals = [
            q for q in caption.quantities
            if q.unit == quantity.unit and not q.is_age
            and (quantity.unit or _same_head(q, quantity, question, slot))
        ]  # fmt: skip
        many = slot == "count" and any(_is_many(t) for t in caption.tokens)
        ledger.no("contradiction" if rivals or (many and quantity.value < 3) else "unsupported", f"the number {text!r} is not said")


def _is_many(token: Token) -> bool:
    return token.key in same_keys(key_of("multiple"))


def _is_word_supported(caption: Reading, answer: Reading, quantity: Quantity) -> bool:
    """ "one" and "both" as words: by "solitary", by "bilateral", or by a thing in the singular."""
    keys = {token.key for token in caption.tokens}
    if quantity.value == 2.0:
        return bool(keys & {key_of("bilateral"), key_of("bilaterally"), key_of("both")})
    if keys & same_keys(key_of("solitary")):
        return True
    word = answer.text[quantity.start : quantity.end].lower()
    return word == "one" and not keys & same_keys(key_of("multiple"))


def _units_agree(one: str, other: str) -> bool:
    return one == other or not one or not other


def _counts_agree(
    same: Sequence[Quantity], quantity: Quantity, question: Reading, slot: Slot
) -> bool:
    if quantity.unit or slot != "count":
        return quantity.unit != "" or quantity.head is None or any(
            q.head in (None, quantity.head) or q.unit for q in same
        )
    wanted = quantity.head or next((t.key for _, t in content_tokens(question)), None)
    return wanted is None or any(q.head is None or q.head == wanted for q in same) or not any(
        q.head == wanted for q in same
    ) and wanted not in {q.head for q in same} and len({q.value for q in same}) == 1 and _is_loose(wanted)


def _is_loose(key: str) -> bool:
    return key in _PLAIN


def _same_head(one: Quantity, other: Quantity, question: Reading, slot: Slot) -> bool:
    if slot != "count":
        return one.head is not None and one.head == other.head
    wanted = other.head or next((t.key for _, t in content_tokens(question)), None)
    return one.head is not None and (wanted is None or one.head == wanted or wanted in _PLAIN)


def _check_person(
    ledger: _Ledger, caption: Reading, answer: Reading, slot: Slot, start: int
) -> None:
    """Compare age and sex of an answer with those of the caption."""
    known, told = caption.demographics, answer.demographics
    sexes = {
        _PERSON_WORDS[t.text.lower()] for t in answer.tokens
        if t.start >= start and t.text.lower() in _PERSON_WORDS and answer.status_at(t) != "absent"
    }  # fmt: skip
    if sexes and known.sex not in (None, "both") and known.sex not in sexes:
        ledger.no("contradiction", f"the patient is {known.sex}")
    elif sexes and known.sex is not None:
        ledger.evidence += [e for e in known.evidence if e.field == "sex"]
    elif sexes and known.sex is None:
        nouns = {t.text.lower() for t in answer.tokens if t.start >= start} & set(_PERSON_WORDS)
        pronouns = {"he", "his", "him", "she", "her", "hers"}
        if nouns - pronouns or slot == "sex":
            ledger.no("unsupported", "the sex is not said")
        elif nouns:
            ledger.no("unsupported", "a sex is implied that is not said")
    years = [q for q in answer.quantities if q.is_age or (slot == "age" and q.unit in ("", "year", "month", "week", "day"))]
    if told.age_years is None and told.age_min is None and years:
        value = {"month": 1 / 12, "week": 7 / 365.25, "day": 1 / 365.25}.get(years[0].unit, 1.0)
        low = high = min(q.value for q in years) * value
        high = max(q.value for q in years) * value
    else:
        low = told.age_years if told.age_years is not None else (told.age_min if years or told.age_min is not None else None)  # type: ignore[assignment]
        high = told.age_years if told.age_years is not None else (told.age_max if told.age_max is not None else low)  # type: ignore[assignment]
    if low is not None and (years or told.age_years is not None):
        _compare_age(ledger, caption, low, high if high is not None else low)
    for token in answer.tokens:
        group = _GROUP_KEYS.get(token.key)
        if token.start < start or (group is None and not _is_decade(token)):
            continue
        denied = answer.status_at(token) == "absent"
        _check_group(ledger, caption, token, group, denied=denied)


def _compare_age(ledger: _Ledger, caption: Reading, low: float, high: float) -> None:
    known = caption.demographics
    least = known.age_years if known.age_years is not None else known.age_min
    most = known.age_years if known.age_years is not None else known.age_max
    if least is None and most is None:
        if known.age_group is not None:
            ledger.no("unsupported", "an age where only a group is said")
            return
        ledger.no("unsupported", "the age is not said")
        return
    near = 0.02
    if least is not None and most is not None and low <= least + near and most <= high + near:
        ledger.evidence += [e for e in known.evidence if e.field.startswith("age")]
    elif least is not None and most is None and abs(low - least) < near:
        ledger.evidence += [e for e in known.evidence if e.field.startswith("age")]
    else:
        ledger.no("contradiction", "the age is another one")


def _check_group(
    ledger: _Ledger, caption: Reading, token: Token, group: str | None, *, denied: bool
) -> None:
    known = caption.demographics
    if group == "minor":
        is_known = known.age_group is not None
        fits = known.age_group in ("child", "adolescent", "infant", "neonate")
    elif group is None:
        low = _DECADES.get(token.text.lower(), 0)
        years = known.age_years if known.age_years is not None else known.age_min
        is_known, fits = years is not None, years is not None and low <= years < low + 10
    else:
        known_group = known.age_group or group_of(known.age_min, known.age_max)
        is_known, fits = known_group is not None, known_group == group
        if any(t.key == token.key and caption.status_at(t) == "present" for t in caption.tokens):
            is_known = fits = True
    if fits and not denied:
        ledger.evidence += [e for e in known.evidence if e.field.startswith("age")]
    elif fits == denied and is_known:
        ledger.no("contradiction", f"the patient is {known.age_group}")
    elif not is_known:
        ledger.no("unsupported", f"{token.text!r} is not said")


def _is_decade(token: Token) -> bool:
    return token.text.lower() in _DECADES


# ------------------------------------------------------------------------------- of which thing


def _check_owners(
    ledger: _Ledger, caption: Reading, question: Reading, answer: Reading, start: int
) -> None:
    """A quality must be said of the thing that the answer says it of."""
    target = _target(question, caption)
    owned = dict(answer.owners)
    for index, token in content_tokens(answer, start):
        if index in owned:
            thing = answer.tokens[owned[index]].key
            if answer.tokens[owned[index]].start < start:
                continue
        elif target is not None and _is_quality_here(caption, token):
            thing = target
        else:
            continue
        owners = frozenset().union(*(caption.owner_keys(key) for key in same_keys(token.key)))
        if not owners or owners & same_keys(thing):
            continue
        if not _is_specific(caption, thing) or any(not _is_specific(caption, o) for o in owners):
            continue
        if index not in owned and answer.tokens and _names_owner(answer, owners, start):
            continue
        ledger.no("contradiction", f"{token.text!r} is said of another thing")


def _names_owner(answer: Reading, owners: frozenset[str], start: int) -> bool:
    return any(t.key in owners for t in answer.tokens if t.start >= start)


def _is_quality_here(caption: Reading, token: Token) -> bool:
    return bool(caption.owner_keys(token.key))


def _target(question: Reading, caption: Reading) -> str | None:
    """Return the thing that a question asks about, if the caption names it."""
    keys = {token.key for token in caption.tokens}
    things = [
        token.key
        for index, token in enumerate(question.tokens)
        if token.key != _COLOR
        and (token.key in PARTS or _names_thing(question, index)) and same_keys(token.key) & keys
    ]
    return things[-1] if len(set(things)) == 1 else None


def _names_thing(reading: Reading, index: int) -> bool:
    item = reading.term_at(index)
    kinds = ("lesion", "site", "dermoscopic structure", "histologic structure", "surface", "cell")
    return item is not None and item.mention.term.kind in kinds and index == item.mention.last - 1


def _is_specific(caption: Reading, key: str) -> bool:
    """Whether a thing is one of its own in the caption, and not the picture's subject as a whole."""
    for index, token in enumerate(caption.tokens):
        if token.key in same_keys(key):
            item = caption.term_at(index)
            if item is not None and item.mention.term.kind == "diagnosis":
                return False
            if token.key in PARTS or (item is not None and item.mention.term.group != "any lesion"):
                return True
    return False


# ----------------------------------------------------------------------------------- yes and no


def _check_polarity(
    ledger: _Ledger,
    caption: Reading,
    question: Reading,
    answer: Reading,
    said: Literal["yes", "no"],
    start: int,
    modality: str | None,
) -> None:
    """What a question puts forward must be said where the answer is yes, and denied where no."""
    if offers_choice(question.text):
        return
    stains = question.told_of("stain")
    asked = [
        (i, t) for i, t in content_tokens(question)
        if t.number is None and t.text.lower() not in _PERSON_WORDS and t.key not in _GROUP_KEYS
        and not any(m.start <= t.start < m.end for m in stains)
    ]  # fmt: skip
    if stains and _stain_answered(ledger, caption, {m.value for m in stains}, said):
        return
    found = {t.key: find_places(caption, question, i) for i, t in asked}
    missing = [(i, t) for i, t in asked if not found[t.key] and not _modal(caption, question, i, modality)]
    persons = [t for t in question.tokens if t.text.lower() in _PERSON_WORDS or t.key in _GROUP_KEYS]
    numbers = [q for q in question.quantities]
    negated_question = any(s.status == "absent" for s in question.scopes)
    if said == "yes":
        for index, token in missing:
            item = question.term_at(index)
            term = item.mention.term if item else None
            if _contrary(caption, question, token) or (
                term is not None and term.kind in (*_SINGLE, "color", "arrangement", "border")
                and _rival(caption, term) is not None and not _ELSEWHERE.search(question.text)
            ):  # fmt: skip
                ledger.no("contradiction", f"yes to {token.text!r}, of which the contrary is said")
            elif _is_given_by_answer(question, answer, token, start):
                continue
            else:
                ledger.no("unsupported", f"yes to {token.text!r}, which is not said")
        for _index, token in asked:
            places = found[token.key]
            if places and all(caption.status_at(p) == "absent" for p in places) and not negated_question and token.key not in _SPARING:
                ledger.no("contradiction", f"yes to {token.text!r}, which is denied")
        _check_question_person(ledger, caption, persons)
        return
    if negated_question or (modality is not None and _modality_shut(caption, question, modality)):
        return
    denied = any(p and any(caption.status_at(q) == "absent" for q in p) for p in found.values())
    shut = any(
        _is_shut_out(caption, item.mention.term if (item := question.term_at(i)) else None, t)
        for i, t in missing
    )
    if persons or numbers:
        shut = shut or _person_shut_out(caption, persons) or bool(numbers)
    if denied or shut:
        return
    if asked and not missing and not persons and not numbers:
        if _owner_denied(caption, question):
            return
        ledger.no("contradiction", "no to what is said")
    elif missing or not asked:
        if not _modality_shut(caption, question, modality):
            ledger.no("unsupported", "no to what is neither said nor denied")


def _stain_answered(
    ledger: _Ledger, caption: Reading, asked: set[str], said: Literal["yes", "no"]
) -> bool:
    """Whether a question of a stain has been settled by what the caption says of stains."""
    known = {m.value for m in caption.told_of("stain")}
    if not known:
        ledger.no("unsupported", "the stain is not said")
    elif (said == "yes") != bool(asked & known):
        ledger.no("contradiction", f"the stain is {min(known)}")
    return True


def _modal(caption: Reading, question: Reading, index: int, modality: str | None) -> bool:
    item = question.term_at(index)
    return item is not None and item.mention.term.kind == "modality" and _modality_fits(
        caption, item.mention.term, modality
    )


def _modality_shut(caption: Reading, question: Reading, modality: str | None) -> bool:
    known = modality or find_modality_words(caption.text).vote
    asked = {s.mention.term.group for s in question.said if s.mention.term.kind == "modality"}
    return known is not None and bool(asked) and known not in asked


def _owner_denied(caption: Reading, question: Reading) -> bool:
    """Whether all words are there, but the quality asked for is said of another thing."""
    for quality, thing in question.owners:
        owners = caption.owner_keys(question.tokens[quality].key)
        if owners and question.tokens[thing].key not in owners:
            return True
    target = _target(question, caption)
    if target is None:
        return False
    for _, token in content_tokens(question):
        owners = caption.owner_keys(token.key)
        if owners and target not in owners and token.key != target:
            return True
    return False


def _is_given_by_answer(question: Reading, answer: Reading, token: Token, start: int) -> bool:
    """Whether the answer itself repeats the word, so that it has been looked up already."""
    return any(t.key == token.key and t.start >= start for t in answer.tokens)


def _check_question_person(ledger: _Ledger, caption: Reading, persons: Sequence[Token]) -> None:
    known = caption.demographics
    for token in persons:
        sex = _PERSON_WORDS.get(token.text.lower())
        if sex is not None and known.sex not in (sex, "both"):
            kind: Literal["contradiction", "unsupported"] = (
                "unsupported" if known.sex is None else "contradiction"
            )
            ledger.no(kind, f"the sex {sex} is not said")
        group = _GROUP_KEYS.get(token.key)
        if group is not None and group != "minor":
            _check_group(ledger, caption, token, group, denied=False)


def _person_shut_out(caption: Reading, persons: Sequence[Token]) -> bool:
    known = caption.demographics
    for token in persons:
        sex = _PERSON_WORDS.get(token.text.lower())
        if sex is not None and known.sex not in (None, "both", sex):
            return True
        group = _GROUP_KEYS.get(token.key)
        if group not in (None, "minor") and known.age_group not in (None, group):
            return True
    return False


def _has_content(reading: Reading, start: int) -> bool:
    return any(True for _ in content_tokens(reading, start))


# --------------------------------------------------------------------------------------- doubts


def _overclaim(ledger: _Ledger, caption: Reading, answer: Reading, start: int) -> str | None:
    """A diagnosis that the caption doubts may not be told as certain."""
    doubts = re.compile(
        r"\b(?:possibl|probabl|suspect|likely|suggest|presum|may|might|could|query|differential|resembl|compatible|consistent)",
        re.IGNORECASE,
    )
    for item in answer.said:
        if item.mention.start < start or item.mention.term.kind != "diagnosis":
            continue
        same = [s for s in caption.said if s.mention.term == item.mention.term]
        if same and all(s.status == "uncertain" for s in same) and not doubts.search(answer.text):
            ledger.no("unsupported", f"{item.mention.term.name!r} is only suspected")
        elif same and all(s.status == "past" for s in same):
            return f"{item.mention.term.name!r} may be of the past"
    return None


def _merged(evidence: Sequence[TextEvidence]) -> Iterator[TextEvidence]:
    seen: set[tuple[int, int, str]] = set()
    for item in sorted(evidence, key=lambda e: (e.start, e.end, e.field)):
        key = (item.start, item.end, item.field)
        if key not in seen:
            seen.add(key)
            yield item


def kinds_asked(question: str) -> frozenset[str]:
    """Return the kinds of terms that a question asks for."""
    return _SLOT_KINDS.get(slot_of(question), frozenset())


AnyKind = Kind
