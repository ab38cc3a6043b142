"""How English writes numbers and ages."""

from __future__ import annotations

from mmskin_build.text.languages.table import AgeForm, any_of

_ONES = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_TEENS = [
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
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_HALF = r"(?:[ -]and[ -]a[ -]half)?"
_HALF_SUFFIX = " and a half"


def _number_words() -> dict[str, float]:
    below: dict[str, float] = {word: float(n) for n, word in enumerate([*_ONES, *_TEENS], start=1)}
    below["fourty"] = 40.0  # often misspelled
    for n, word in enumerate(_TENS, start=2):
        below[word] = 10.0 * n
        below |= {f"{word} {one}": 10.0 * n + k for k, one in enumerate(_ONES, start=1)}
    hundred: dict[str, float] = {f"{a} hundred": 100.0 for a in ("a", "one")}
    for head in list(hundred):
        for word, value in list(below.items()):
            if value < 20:
                hundred |= {f"{head} {word}": 100 + value, f"{head} and {word}": 100 + value}
    whole = below | hundred
    return whole | {word + _HALF_SUFFIX: n + 0.5 for word, n in whole.items()}


_SMALL = any_of([*_ONES, *_TEENS])
NUMBER = (
    rf"(?i:\b(?:(?:{any_of([*_TENS, 'fourty'])})(?:[ -]+(?:{any_of(_ONES)})(?![a-z]))?"
    rf"|(?:a|one)[ -]hundred(?:[ -](?:and[ -])?(?:{_SMALL})(?![a-z]))?"
    rf"|{_SMALL}){_HALF}(?![a-z]))"
)
_YEARS = r"years?|yrs?|y"
_UNITS = rf"{_YEARS}|months?|mths?|mos?|weeks?|wks?|days?|hours?|hrs?"
# "3, 5 and 7", "35- to 40", "3 months to 5", "34- and a 56"
_LIST = r"(?:(?P<list>(?:, ?#)+),?(?= (?:and|or) #))?"
_TO = r"(?: ?(?P<ju>years?|months?|weeks?|days?))?-? ?(?:-|to|or)(?: an?)? ?(?P<b>#)"
_AND = r"-? ?and(?: an?| the)? ?(?P<c>#)"
_AGE = rf"(?P<a>#){_LIST}(?:{_TO}|{_AND})?"
_MORE = r"(?:[ ,-]*(?:and[ -]+)?(?P<a2>#)[ -]*(?P<u2>months?|weeks?|days?|mos?))?"
_UNIT = rf"(?P<u>{_UNITS})\b\.?'?"
_ABOUT = (
    r"(?: ?(?:of|about|approximately|approx\.?|around|ca\.?|between|from|is|was|only|just|nearly"
    r"|almost|over|above|under|below|=|:|,|~|>|<))*"
)
_SEEN = (
    "diagnosis|presentation|examination|biopsy|photograph(?:y)?|photo|consultation|visit|excision"
    "|referral|admission|imaging"
)
_SEXED = "man|woman|boy|girl|male|female|lady|gentleman|m|f"
_ORDINALS = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
]
_DECADE_WORDS = {
    "twenties": (20, 29),
    "thirties": (30, 39),
    "forties": (40, 49),
    "fifties": (50, 59),
    "sixties": (60, 69),
    "seventies": (70, 79),
    "eighties": (80, 89),
    "nineties": (90, 99),
}
_PERSONS_OF = {
    "vicenarian": (20, 29),
    "tricenarian": (30, 39),
    "quadragenarian": (40, 49),
    "quinquagenarian": (50, 59),
    "sexagenarian": (60, 69),
    "septuagenarian": (70, 79),
    "octogenarian": (80, 89),
    "nonagenarian": (90, 99),
    "centenarian": (100, 109),
}
_THEIR = r"(?:his|her|their|the patient's)"
_PART = r"(?P<part>early|mid|middle|late)?[ -]*"
_TEN_YEARS = rf"(?:(?P<a>#)'? ?s\b|(?P<word>{any_of(_DECADE_WORDS)}))"
_NTH = rf"(?:(?P<word>{any_of(_ORDINALS)})|(?P<a>#)(?:st|nd|rd|th)) decade\b"

NUMBER_WORDS = _number_words()
ORDINALS: dict[str, float] = {word: float(n) for n, word in enumerate(_ORDINALS, start=1)}
DECADES: dict[str, tuple[float, float]] = {
    **{word: (float(a), float(b)) for word, (a, b) in (_DECADE_WORDS | _PERSONS_OF).items()},
    **{word: (10.0 * n, 10.0 * n + 9) for n, word in enumerate(_ORDINALS)},
}
FORMS: tuple[AgeForm, ...] = (
    AgeForm(kind="adjective", pattern=rf"{_AGE}[ -]*{_UNIT}{_MORE}[ -]*old\b"),
    AgeForm(kind="adjective", pattern=rf"{_AGE}[ -]*(?:yo|y/o|y\. ?o\b\.?|y-o)(?![a-z])"),
    AgeForm(kind="adjective", pattern=rf"{_AGE}[ -]*m/o(?![a-z])", unit="month"),
    AgeForm(
        kind="adjective",
        pattern=r"(?<![\w#-])(?:an?|one|this|the) (?P<u>hour|day|week|month|year)-old\b",
    ),
    AgeForm(kind="stated", pattern=rf"{_AGE}[ -]*{_UNIT}{_MORE},? (?:of|in)[ -]age\b"),
    AgeForm(
        kind="stated",
        pattern=rf"\b(?P<nth>{any_of(_ORDINALS)}) (?P<u>day|week|month) of life\b",
    ),
    AgeForm(
        kind="stated",
        pattern=rf"\b(?:aged|ages?)\b{_ABOUT} ?-?{_AGE}(?:[ -]*{_UNIT}{_MORE}(?: old| of age)?)?"
        rf"(?![\w%])",
    ),
    AgeForm(
        kind="stated",
        pattern=rf"\bage at (?:the )?(?:time of )?(?:{_SEEN})\b ?(?:was|of|is|=|:|,|\()?"
        rf" ?{_AGE}(?:["
        rf" -]*{_UNIT}{_MORE}(?: old| of age)?)?(?![\w%])",
    ),
    AgeForm(kind="adjective", pattern=r"(?P<a>#)/(?P<u>12|52|7)[ -]*(?:old|of age)\b"),
    AgeForm(kind="stated", pattern=r"\baged? (?P<a>#)/(?P<u>12|52|7)(?![\d/])"),
    AgeForm(
        kind="stated",
        pattern=r"\bwho (?:is|was) (?:then |now |only )?(?P<a>#)(?=[),;.]|$| at the time\b"
        r"| when (?:seen|examined|photographed|the (?:picture|photograph)))",
    ),
    AgeForm(kind="stated", pattern=rf"\bage(?:d|s)?\b \((?:years?|yrs?|y)\)[:=]? ?{_AGE}"),
    AgeForm(kind="stated", pattern=rf"\b(?P<u>day|week|month) {_AGE} of life\b"),
    AgeForm(
        kind="stated", pattern=rf"{_AGE}(?:st|nd|rd|th)? (?P<u>days?|weeks?|months?) of life\b"
    ),
    AgeForm(
        kind="letter",
        pattern=rf"\( ?(?P<s>{_SEXED})\b ?[,;/:]? ?(?:aged )?{_AGE}(?:[ -]?{_UNIT})?(?: old)? ?"
        rf"(?=[),;])",
    ),
    AgeForm(
        kind="letter",
        pattern=rf"\( ?(?:aged? )?{_AGE}(?:[ -]?{_UNIT})?(?: old)? ?[,;/-]? ?(?P<s>{_SEXED}) ?"
        rf"(?=[),;])",
    ),
    AgeForm(
        kind="letter",
        pattern=r"(?:^|(?<=[,;:.(] )|(?<=\())(?P<a>#) ?(?P<u>y|yrs?|years?|mo|months?)\b\.?,? "
        r"(?P<s>male|female|man|woman|boy|girl)\b",
    ),
    AgeForm(
        kind="letter",
        pattern=r"(?<![\w./])(?P<s>[MF]) ?/ ?(?P<a>#)(?: ?(?P<u>y|yrs?|years?|mo|months?)\b\.?)?"
        r"(?![\w/.]\d|/)",
        cased=True,
    ),
    AgeForm(
        kind="letter",
        pattern=r"(?<![\w./x-])(?P<a>#) ?(?:(?P<u>y|yrs?|years?|mo|months?)\b\.?)? ?/ ?(?P<s>[MF])"
        r"(?![\w/])",
        cased=True,
    ),
    AgeForm(
        kind="letter",
        pattern=r"(?:^|(?<=[,;:(.] )|(?<=\()|(?<=\b(?:an|in) )|(?<=\ba ))(?P<a>#)(?P<s>[MF])(?=["
        r" ,;.)]|$)(?! ?(?:scale|bar))",
        cased=True,
    ),
    AgeForm(
        kind="letter",
        pattern=r"(?:^|(?<=[;:(.] )|(?<=\())(?P<a>#) (?P<s>[MF])(?=,| with\b| who\b| presenting\b)",
        cased=True,
    ),
    AgeForm(
        kind="letter",
        pattern=r"(?:^|(?<=[;:(.,] )|(?<=\())(?P<s>[MF])(?:, ?| )(?P<a>#)(?: ?(?P<u>y"
        r"|yrs?|years?|mo"
        r"|months?)\b\.?)(?! (?:after|later|before|ago|post|prior|following|of))",
        cased=True,
    ),
    AgeForm(kind="bare", pattern=rf"{_AGE}[ -]*{_UNIT}{_MORE}(?![\w-])"),
    AgeForm(
        kind="bare",
        pattern=r"(?<=\bof )(?P<a>#)(?![\w%°/#-])(?! ?(?:%|mg|kg|cm|mm|ml|µm|patients|cases|out|of"
        r"|per|to|or|lb|pounds|feet|cigarettes)\b)",
        unitless=True,
    ),
    AgeForm(
        kind="bare",
        pattern=r"(?P<a>#)(?=[),;:.]| (?:with|who|whose|presenting|and|has|had|showing|suffering)\b"
        r"|$)",
        unitless=True,
    ),
    AgeForm(kind="decade", pattern=rf"\b(?:in|into) {_THEIR} {_PART}{_TEN_YEARS}"),
    AgeForm(kind="decade", pattern=rf"\bin the {_PART}{_TEN_YEARS}", needs_person=True),
    AgeForm(kind="decade", pattern=rf"\bin {_THEIR} {_PART}{_NTH}", step=10),
    AgeForm(kind="decade", pattern=rf"\bin the {_PART}{_NTH}", step=10, needs_person=True),
    AgeForm(kind="decade", pattern=rf"\b(?P<word>{any_of(_PERSONS_OF)})\b"),
    AgeForm(kind="decade", pattern=r"(?P<a>#)[ -]something\b"),
)
