"""Figure labels as printed: ``Figure 12.3``, ``Fig. 3-4A``, ``Plate IV``, ``Abb. 3``."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

_WORDS = (
    # English and what most of Europe shares with it, then German, Dutch, Italian, Turkish,
    # Hungarian, Polish, Czech, Slovak, Croatian, Serbian, Russian, Belarusian, Ukrainian, Greek,
    # Bulgarian, Finnish, Estonian, Icelandic, Azerbaijani, Mongolian, Indonesian, Vietnamese,
    # Chinese, Japanese and Korean.
    r"figures?|figs?|figura|figur|figuur|figuren|plates?|schemes?|photos?|photographs?|images?"
    r"|photomicrographs?|pictures?|slides?|illustrations?|ilustraci[oó]n|ilustração|imagen|imagem"
    r"|fotos?|fotografías?|fotografia|exhibits?|planche|lámina|estampa"
    r"|abbildung|abb|abbild|bild|tafel|afbeelding|afb|tavola|tav|şekil|resim|ábra|rysunek|rys|ryc"
    r"|obrázek|obrázok|obr|slika|рисунок|рис|рыс|малюнок|мал|фигура|фиг|слика|εικόνα|εικ|σχήμα"
    r"|kuva|joonis|mynd|şəkil|зураг|gambar|hình"
    r"|图|圖|図|그림|사진"
)
_UNSPACED = "图圖図림진"  # letters after which a number may stand without a space
_DASHES = r"\-‐‑–—−"  # publishers set any of them
# "12.3", "12-3", "12 - 3", "2.1.4", "A.2", "S2". A mark with a space on one side only ends the
# number: "Figure 2. 45-year-old woman", "Figure 2: 1907"; so does one before "2 weeks".
_JOINT = rf"[.{_DASHES}:·](?=\d)|\s[.{_DASHES}]\s(?=\d+(?:[.:)]|\s*$|\s+(?-i:[A-ZÀ-Þ])))"
_MORE = rf"[{_DASHES},&][a-zA-Z](?=[.:,)&\s]|$)|,\s[a-zA-Z](?=[.:,)&])"
_LETTERS = rf"[a-zA-Z](?![a-zA-Z])(?:{_MORE})*"
_NUMBER = rf"(?:[A-Z]{{1,2}}[.{_DASHES}]?)?\d+(?:(?:{_JOINT})\d+)*(?:{_LETTERS})?"
_ROMAN = r"[IVXLC]{1,7}(?![a-zA-Z])"
#: Words that count the same series, by their beginnings.
_PREFIXES = {
    "figure": ("fig", "abb", "bild", "afb", "şekil", "ábra", "rys", "ryc", "obr", "slika", "рис")
    + ("рыс", "слика", "σχήμα", "mynd", "şəkil", "зураг")
    + ("фиг", "мал", "εικ", "kuva", "joonis", "gambar", "hình")
    + ("图", "圖", "図", "그림"),
    "plate": ("plate", "tafel", "planche", "lámina", "estampa", "tav"),
    "photo": ("photo", "foto", "사진"),
    "image": ("image", "imagem"),
    "illustration": ("ilustra", "illustra"),
}
#: A label at the beginning of a line. Small capitals reach us as capitals or as lower case.
LABEL = re.compile(
    rf"^\s*(?P<word>(?:supplementary\s+|suppl?\.?\s+|online\s+)?(?:e-?|s)?(?:{_WORDS})(?:\b|(?<=[{_UNSPACED}]))\.?)\s*"
    rf"(?P<number>(?:e|S)?{_NUMBER}|{_ROMAN})(?P<tail>\s*(?P<separator>[.:|{_DASHES}]|\)(?=\s)))?"
    r"(?=$|[\s\W\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3])",
    re.IGNORECASE,
)
#: What goes on with a label that counts several figures: "Figs 5 and 6", "Figs. 1.2, 1.3 & 1.4".
_ALSO = re.compile(
    rf"(?:\s*(?:,|,?\s*(?:and|&|und|et|y)\s)\s*\d+(?:[.{_DASHES}]\d+)*)+(?P<separator>[.:|])?"
    r"(?=$|\s)",
    re.IGNORECASE,
)
_PLURAL = re.compile(
    r"(?:figs|figures|plates|photos|photographs|images|abbildungen)\.?", re.IGNORECASE
)
#: A small-capital label whose glyphs have no meaning in the PDF: "F" and some signs, then a number.
BROKEN_LABEL = re.compile(
    r"^\s*(?P<word>F[^\w\s]{3,6})\s*(?P<number>\d+(?:\.\d+)*)\s*(?P<separator>[.:])", re.UNICODE
)
#: A label whose number stands first: "3.1. ábra", "2. irudia", "4 pav.", "5. attēls", "6-сурет".
NUMBER_FIRST = re.compile(
    rf"^\s*(?P<text>(?P<number>\d+(?:[.{_DASHES}]\d+)*)\s?[.{_DASHES}]?\s*"
    r"(?:ábra|kép|irudia|pav|paveikslas|attēls|att|сурет))\b"
    rf"(?P<tail>\s*(?P<separator>[.:|{_DASHES}]))?(?=$|[\s\W])",
    re.IGNORECASE,
)
#: A label in brackets before the first word of a caption; a reference stands before others.
BRACKETED = re.compile(r"^\s*\((?P<label>[^()]{4,24})\)\s+(?=[^\W\d_])")
#: A label without a number, as journals print it where a text has one figure: "Figure. Plaques".
LONE_LABEL = re.compile(
    r"^\s*(?:figure|fig|figura|figur|figuur|image|photo|picture|abbildung|abb|afbeelding|afb|slika"
    r"|рисунок|рис|obrázek|obr|rysunek|ryc|rys|şekil|kuva|bild|ábra)\s?[.:|]\s+(?=(?-i:[A-ZÀ-ÞА-Я]))",
    re.IGNORECASE,
)
OTHER_LABEL = re.compile(
    r"^\s*(?:table|tab|tabelle|tableau|tabla|box|algorithm|chart|video|equation|表)\b\.?\s*"
    r"(?:[A-Z]?\d+|[IVXL]+\b)",
    re.IGNORECASE,
)
CONTINUED = re.compile(
    r"^\s*[.,:;–—-]?\s*[(\[]?\s*(?:continued|cont['’]?d\.?|cont\.|fortsetzung|suite|continuación)"
    r"\s*[)\]]?\s*[.:]?\s*",
    re.IGNORECASE,
)
#: What follows a label in running text: "Figure 3 shows", "Fig. 2 and", "Figure 4, in which".
REFERENCE_TAIL = re.compile(
    r"^\s*(?:[,;)\]]|(?:shows?|showed|shown|demonstrat\w+|illustrat\w+|depicts?|depicted|presents?"
    r"|presented|represents?|reveals?|revealed|displays?|gives?|provides?|summari\w+|compares?"
    r"|is|are|was|were|has|have|can|may|and|or|to|in|for|of|on|with|where|which|that|below|above"
    r"|contains?|describes?|indicates?|suggests?|highlights?|outlines?|lists?|see|as|by|from"
    r"|reports?|documents?|exemplif\w+|makes?|should|must|also|explains?|plots?|details?)\b)",
)


#: Letters of a label set apart, and its number: "F I G U R E 1 2".
_SPACED = re.compile(r"^\s*((?:[^\W\d_] ){2,}[^\W\d_] ?\.?) ((?:[\d.\-–] ?)*\d)(?=$|[\s.:])")


@dataclass(frozen=True, slots=True)
class FigureLabel:
    """A parsed label.

    `text` is the label as printed without its separator, `prefix` what kind of figure it counts
    (``figure``, ``plate``, …), `number` the printed number with one kind of dash, the first one of
    "Figs 5 and 6", `letter` a panel letter printed in the label ("Fig. 3-4A"), `end` where the
    caption begins in the line.
    """

    text: str
    prefix: str
    number: str
    letter: str | None
    separator: str
    end: int

    @property
    def key(self) -> str:
        """Equal for labels that name the same figure."""
        return f"{self.prefix} {self.number}"

    @property
    def word(self) -> str:
        """What the label calls the figure: its first token that is no number."""
        return next((token for token in self.text.split() if token[0].isalpha()), self.text)

    @property
    def parts(self) -> tuple[int, ...]:
        """The numbers in order: chapter and figure, or figure alone; roman numerals as numbers."""
        digits = tuple(int(part) for part in re.findall(r"\d+", self.number))
        return digits or (_roman(self.number),)


def parse_label(text: str) -> FigureLabel | None:
    """Parse the label at the beginning of `text`, or return None.

    >>> parse_label("Fig. 3-4A Plaques of the scalp").key
    'figure 3-4'
    >>> parse_label("Plate IV. Ulcers").parts
    (4,)
    """
    match = LABEL.match(text)
    if match is None:
        lead = text.lstrip()[:1]
        bracketed = BRACKETED.match(text) if lead == "(" else None
        if bracketed is not None and text[bracketed.end()].isupper():
            inner = parse_label(bracketed["label"])
            if inner is None or inner.end < len(bracketed["label"]):
                return None
            return replace(inner, separator=")", end=bracketed.end())
        first = NUMBER_FIRST.match(text) if lead.isdigit() else None
        if first is not None:
            number = re.sub(rf"[{_DASHES}]", "-", first["number"])
            printed = re.sub(r"\s+", " ", first["text"])
            mark = first["separator"] or ""
            return FigureLabel(printed, "figure", number, None, mark, first.end())
        broken = BROKEN_LABEL.match(text)
        if broken is None:
            return None
        number = broken["number"]
        return FigureLabel(
            f"Figure {number}", "figure", number, None, broken["separator"], broken.end()
        )
    word = re.sub(r"\s+", " ", match["word"]).strip()
    raw = re.sub(r"\s+", "", match["number"])
    stem = re.sub(r"[\W\d_]", "", word.lower())
    prefix = _prefix(stem)
    if re.fullmatch(r"[ivxlcIVXLC]+", raw) and prefix == "figure" and not raw.isupper():
        return None
    number = re.sub(rf"[{_DASHES}:·]", "-", raw)
    letter = None
    lettered = re.fullmatch(r"(.*\d)([a-zA-Z](?:[-,&][a-zA-Z])*)", number)
    if lettered is not None:
        number = lettered[1]
        letter = lettered[2].lower() if len(lettered[2]) == 1 else None  # "3A–C" is all of 3
    printed, separator, end = f"{word} {raw}", match["separator"] or "", match.end()
    also = _ALSO.match(text, match.end("number")) if _PLURAL.fullmatch(word) else None
    if also is not None:
        also_end = also.start("separator") if also["separator"] else also.end()
        printed += re.sub(r"\s+", " ", text[match.end("number") : also_end])
        separator, end = also["separator"] or "", also.end()
    return FigureLabel(
        text=printed,
        prefix=prefix,
        number=number,
        letter=letter,
        separator=separator,
        end=end,
    )


def close_up(text: str) -> str:
    """Return a line with the letters of its label together that were set apart.

    >>> close_up("F I G U R E 1 2 Plaques of the scalp")
    'FIGURE 12 Plaques of the scalp'
    """
    spaced = _SPACED.match(text) if text.lstrip()[1:2] == " " else None
    if spaced is None:
        return text
    word, number = (re.sub(r"\s", "", part) for part in spaced.groups())
    closed = f"{word} {number}{text[spaced.end() :]}"
    return closed if parse_label(closed) is not None else text


def _prefix(stem: str) -> str:
    supplement = ""
    for mark in ("supplementary", "suppl", "supp", "online"):
        if stem.startswith(mark):
            stem, supplement = stem[len(mark) :], "s"
    for mark in ("e", "s"):
        if re.match(rf"{mark}(?:fig|plate)", stem):
            stem, supplement = stem[1:], mark
    for prefix, stems in _PREFIXES.items():
        if stem.startswith(stems):
            return f"{supplement}{prefix}"
    return f"{supplement}{stem.rstrip('s')}"


def _roman(text: str) -> int:
    values = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
    total = 0
    numbers = [values.get(char, 0) for char in text.upper()]
    for this, following in zip(numbers, [*numbers[1:], 0], strict=True):
        total += -this if this < following else this
    return total
