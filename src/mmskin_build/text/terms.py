"""What a caption says of the making of the picture: stain, magnification, scale, site, credit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from mmskin_build.records import Terms
from mmskin_build.text.credits import blank_credits, find_credits

TermKind = Literal["stain", "magnification", "scale", "body_site", "technique", "credit"]

# Names of stains by how they are printed; the first that fits a place wins.
_STAINS: tuple[tuple[str, str], ...] = (
    (
        "direct immunofluorescence",
        r"direct (?:immunofluorescence|if\b)|\bDIF\b|direkte immunfluoreszenz"
        r"|immunofluorescence directe|inmunofluorescencia directa|直接免疫荧光",
    ),
    (
        "indirect immunofluorescence",
        r"indirect immunofluorescence|\bIIF\b|indirekte immunfluoreszenz",
    ),
    (
        "immunofluorescence",
        r"immuno-?fluorescen(?:ce|t)|immunfluoreszenz|inmunofluorescencia|免疫荧光",
    ),
    (
        "haematoxylin and eosin",
        r"ha?ematoxylin(?:,| ?-| ?/| ?–| ?&)?(?: and| und| et)? ?-?phloxin[e]?-?saffron"
        r"|\bHPS\b|\bHES\b",
    ),
    (
        "haematoxylin and eosin",
        r"ha?ematoxylin(?:-| |–|/|,)*(?:and |& ?|und )?eosine?\b|hématoxyline(?:-| |–|/)*"
        r"(?:et )?(?:de l')?éosine|hematoxilina(?:-| |–|/)*(?:y )?eosina|hämatoxylin(?:-| |–"
        r"|/)*(?:und )?eosin|苏木精-?伊红|\bH ?(?:&|and|\+|/) ?E\b|\bH-E\b|\bHE\b(?=["
        r" ,;.)×-]|$)|\bHE-Färbung|HE染色",
    ),
    (
        "periodic acid–Schiff",
        r"periodic acid(?:-| |–|\u2010|\u2011)+schiff(?:'s)?(?: with diastase| diastase)?"
        r"|\bd?PAS(?:-?D)?\b(?!\w)|perjodsäure-?schiff|acide périodique[- ]schiff|ácido"
        r" peryódico",
    ),
    ("Giemsa", r"(?:may-grünwald-?|wright-?)?giemsa|\bMGG\b"),
    ("Fontana–Masson", r"fontana(?:-|–| )?masson"),
    (
        "Masson trichrome",
        r"masson(?:'s|’s)?(?: trichrome)?(?!-?fontana|[–-]? ?fontana)\b|(?<!gomori"
        r" )trichrome\b(?! vitiligo)",
    ),
    ("Ziehl–Neelsen", r"ziehl(?:-|–| )?neelsen|\bZN\b|acid-fast (?:bacilli )?stain|\bAFB stain"),
    ("Fite", r"\b(?:wade-)?fite(?:-faraco)?\b"),
    ("Warthin–Starry", r"warthin(?:-|–| )?starry"),
    ("Congo red", r"congo red|kongorot|rouge congo|rojo congo"),
    ("crystal violet", r"crystal violet(?= stain|\b)"),
    ("thioflavin T", r"thioflavin(?:e)?[ -]?[ts]\b"),
    ("alcian blue", r"alcian blue|alcianblau|bleu alcian|azul alcian|azul alciano"),
    ("colloidal iron", r"colloidal iron"),
    ("mucicarmine", r"mucicarmine"),
    ("toluidine blue", r"toluidine blue|toluidinblau"),
    (
        "methenamine silver",
        r"(?:gomori(?:'s|’s)?|grocott(?:'s|’s)?)[ -]?(?:gomori )?(?:methenamine[ -])?silver"
        r"|methenamine silver|\bGMS\b|\bgrocott\b",
    ),
    ("Gram", r"\bgram(?:'s|’s)?[ -](?:stain|staining|färbung)\b|brown and brenn|\bgram-färbung"),
    ("Verhoeff–van Gieson", r"verhoeff(?:-|–| )*(?:van gieson)?|\bVVG\b"),
    ("elastic van Gieson", r"elastica? van gieson|\bEVG\b"),
    ("van Gieson", r"van gieson"),
    ("orcein", r"(?:acid )?orcein"),
    ("Weigert", r"weigert(?:'s|’s)?"),
    ("von Kossa", r"von kossa"),
    ("Perls", r"perls(?:'|’)?(?: (?:prussian blue|stain))?|prussian blue|berliner blau"),
    ("oil red O", r"oil[ -]red[ -]o"),
    ("Sudan black", r"sudan (?:black|iii|iv)"),
    ("Leder", r"\bleder(?: stain)\b|chloroacetate esterase"),
    ("reticulin", r"reticulin(?: stain)?"),
    ("Steiner", r"\bsteiner(?: stain)\b"),
    ("Papanicolaou", r"papanicolaou|\bpap stain"),
    ("Tzanck smear", r"tzanck"),
    ("potassium hydroxide", r"\bKOH\b|potassium hydroxide|kalilauge"),
    ("India ink", r"india ink"),
    ("lactophenol cotton blue", r"lactophenol(?: cotton blue)?"),
    ("calcofluor white", r"calcofluor(?: white)?"),
)
# Immunostains are told as printed: the marker is the fact.
_MARKERS = (
    r"S-?100B?|Melan[- ]?A|MART-?1|HMB[- ]?45|SOX-?10|MITF|PRAME|CD ?\d{1,3}[a-z]?|CK"
    r" ?\d{1,2}(?:/\d{1,2})?|AE1/AE3|CAM ?5\.2"
    r"|EMA|CEA|Ki-?67|MIB-?1|p16|p53|p63|p40|HHV-?8|LANA-?1|BerEP4|Ber-EP4|desmin"
    r"|vimentin|SMA|smooth muscle actin|factor XIIIa"
    r"|cytokeratins?(?: ?\d{1,2})?|langerin|tryptase|chromogranin|synaptophysin|ALK-?1?"
    r"|TTF-?1|GCDFP-?15|androgen receptor"
    r"|ERG|D2-?40|podoplanin|GLUT-?1|bcl-?2|bcl-?6|MUM-?1|Treponema pallidum|T\. pallidum"
    r"|IgG4?|IgA|IgM|C3d?|fibrinogen|collagen IV|type IV collagen|BRAF V600E"
)
_IMMUNO = re.compile(
    rf"(?<![\w-])(?:anti-)?(?P<marker>{_MARKERS})(?![\w])(?:[ -](?:protein|antibody))?"
    r"(?=[ -](?:immuno\w+|stain\w*|labell?ing|positiv\w*|negativ\w*|antibod\w+|express\w*"
    r"|immun|\+)|\+|[,;)] ?(?:original|x ?\d|×))"
    rf"|\b(?:immunostain\w*|immunohistochem\w+|immunoperoxidase|stain(?:ed|ing)?"
    rf"|immunolabell?ing|antibod(?:y|ies)|marker)"
    rf"(?: stain\w*)?(?: (?:with|for|to|against|using|of))? ?[(:,]? ?(?:anti-)?"
    rf"(?P<after>{_MARKERS})(?!\w)",
    re.IGNORECASE,
)
_MAGNIFICATION = re.compile(
    r"(?<![\w.])[x×✕✖\u00d7]\s?(?P<a>\d{1,5}(?:[.,]\d{1,3})?)(?!\d)(?!\.\d)"
    r"(?! ?(?:[x×] ?\d|mm|cm|µm|m\b))"
    r"|(?<![\w.,×])(?P<b>\d{1,5}(?:\.\d{1,2})?)\s?[x×✕✖](?![\w×]| ?\d)(?: ?"
    r"(?P<objective>objective|obj\.?|Objektiv))?"
    r"|(?<![\w.])(?P<c>\d{1,5})-?(?:fold| times)(?: (?:original )?magnif\w+| vergrößert)"
    r"|\b(?:original )?magnification:?(?: of| was)? (?P<d>\d{1,5})(?![\d.])(?! ?[x×])",
    re.IGNORECASE,
)
_SCALE = re.compile(
    r"\b(?:scale )?bars?\s?(?:=|:|,|represents?|is|are|indicates?|of)?\s?(?P<n>\d{1,4}"
    r"(?:[.,]\d{1,3})?)\s?(?P<u>µm|\u03bcm|um|mm|cm|nm|microns?)\b",
    re.IGNORECASE,
)
_TECHNIQUE = re.compile(
    r"\b(?P<polarized>(?:non-?)?polari[sz]ed(?:[ -]light)?(?: contact| non-?contact)?(?:"
    r" dermoscop\w+)?)|\b(?P<wood>wood(?:'s|’s)? (?:light|lamp))"
    r"|\b(?P<diascopy>diascopy)|\b(?P<trichoscopy>trichoscop\w+)|\b(?P<dermoscopy>derm"
    r"(?:at)?oscop\w+|epiluminescence microscop\w+)"
    r"|\b(?P<capillaroscopy>(?:nail ?fold )?(?:video)?capillaroscop\w+)|\b(?P<confocal>"
    r"(?:reflectance )?confocal microscop\w+)"
    r"|\b(?P<electron>(?:transmission |scanning )?electron micro\w+)|\b(?P<dark>dark-?field)",
    re.IGNORECASE,
)
_SITES = (
    r"scalp|face|forehead|temples?|cheeks?|nose|nasal (?:ala|tip|bridge)|alae? nasi"
    r"|eyelids?|eyebrows?|lips?|chin|ears?|auricles?|helix|neck|nape"
    r"|trunk|chest|back|abdomen|flanks?|breasts?|nipples?|areolae?|shoulders?|axillae?"
    r"|arms?|forearms?|elbows?|wrists?|hands?|palms?|fingers?|fingertips?|thumbs?"
    r"|nails?|fingernails?|toenails?|buttocks?|groins?|hips?|thighs?|knees?|popliteal"
    r" foss(?:a|ae)|antecubital foss(?:a|ae)|legs?|shins?|calf|calves|ankles?|feet|foot"
    r"|heels?|soles?|toes?"
    r"|tongue|palate|gingivae?|oral mucosa|buccal mucosa|penis|scrotum|vulva|perineum"
    r"|perianal (?:area|region|skin)|genitalia|sacrum|umbilicus|tibiae?|pretibial (?:area"
    r"|region|skin)"
)
_SITE = re.compile(
    rf"\b(?:(?:upper|lower|left|right|dorsal|dorsum of the|volar|inner|outer|ventral"
    rf"|plantar|mid) ){{0,2}}(?:{_SITES})\b",
    re.IGNORECASE,
)
_NO_SITE = re.compile(
    r"^(?:-| ?of the (?:book|page)|ward\b)|^ (?:to|up|and forth)\b", re.IGNORECASE
)
_STAIN_PATTERNS = tuple(
    (name, re.compile(rf"(?<!\w)(?:{text})", re.IGNORECASE)) for name, text in _STAINS
)
_CASED_STAINS = re.compile(r"^(?:HE|ZN|DIF|IIF|HES|HPS|d?PAS(?:-?D)?|MGG|GMS|VVG|EVG|KOH)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class TermMention:
    """A term with its characters, `start` (inclusive) to `end` (exclusive), and one spelling."""

    kind: TermKind
    value: str
    start: int
    end: int


def extract_terms(caption: str) -> Terms:
    """Read stain, magnification and credit of a caption; several of a kind are joined by "; ".

    >>> extract_terms("Wart (H&E, original magnification x40). Courtesy of L. Venn.")
    Terms(stain='haematoxylin and eosin', magnification='×40', credit='Courtesy of L. Venn.')
    """
    mentions = find_terms(caption)

    def joined(kind: TermKind) -> str | None:
        return "; ".join(dict.fromkeys(m.value for m in mentions if m.kind == kind)) or None

    return Terms(
        stain=joined("stain"), magnification=joined("magnification"), credit=joined("credit")
    )


def find_terms(caption: str) -> tuple[TermMention, ...]:
    """Find all terms of a caption, in order; credits are not searched for other terms."""
    credits = find_credits(caption)
    words = blank_credits(caption)
    found = [
        TermMention(kind="credit", value=caption[start:end].strip(" ()"), start=start, end=end)
        for start, end in credits
    ]
    found += _stains(words)
    found += _magnifications(words)
    for match in _SCALE.finditer(words):
        unit = {"um": "µm", "micron": "µm", "microns": "µm", "\u03bcm": "µm"}.get(
            match["u"].lower(), match["u"]
        )
        found.append(_mention("scale", f"{match['n']} {unit}", match))
    for match in _TECHNIQUE.finditer(words):
        found.append(_mention("technique", match[0].lower(), match))
    for match in _SITE.finditer(words):
        if not _NO_SITE.match(words[match.end() : match.end() + 20]):
            found.append(_mention("body_site", match[0].lower(), match))
    return tuple(sorted(found, key=lambda m: (m.start, m.end, m.kind)))


def _mention(kind: TermKind, value: str, match: re.Match[str]) -> TermMention:
    return TermMention(kind=kind, value=value, start=match.start(), end=match.end())


def _stains(words: str) -> Iterator[TermMention]:
    taken: list[tuple[int, int]] = []
    for name, pattern in _STAIN_PATTERNS:
        for match in pattern.finditer(words):
            if match[0].isupper() is False and _CASED_STAINS.match(match[0].upper()):
                continue  # "he", "pas": words
            if any(match.start() < end and start < match.end() for start, end in taken):
                continue
            taken.append(match.span())
            yield _mention("stain", name, match)
    for match in _IMMUNO.finditer(words):
        group = "marker" if match["marker"] else "after"
        yield TermMention(
            kind="stain",
            value=f"{match[group]} immunostain",
            start=match.start(group),
            end=match.end(group),
        )


def _magnifications(words: str) -> Iterator[TermMention]:
    for match in _MAGNIFICATION.finditer(words):
        number = next(match[name] for name in "abcd" if match[name])
        objective = " objective" if match["objective"] else ""
        yield _mention("magnification", f"×{number.replace(',', '.')}{objective}", match)
