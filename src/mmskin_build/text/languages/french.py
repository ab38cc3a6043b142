"""French."""

from __future__ import annotations

import re

from mmskin_build.text.languages.table import AgeForm, Language, any_of, by_group, by_sex

_SMALL = [
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
_TENS = {20: "vingt", 30: "trente", 40: "quarante", 50: "cinquante", 60: "soixante"}


def _number_words() -> dict[str, float]:
    words = {word: float(n) for n, word in enumerate(_SMALL, start=1)}
    for n, word in _TENS.items():
        words[word] = float(n)
        words[f"{word} et un"] = n + 1.0
        words |= {f"{word}-{one}": n + k + 2.0 for k, one in enumerate(_SMALL[1:9])}
    words |= {f"soixante-{one}": 60.0 + n for n, one in enumerate(_SMALL[9:], start=10)}
    words["soixante et onze"] = 71.0
    words["quatre-vingts"] = words["quatre-vingt"] = 80.0
    words |= {f"quatre-vingt-{one}": 80.0 + n for n, one in enumerate(_SMALL, start=1)}
    words |= {"septante": 70.0, "huitante": 80.0, "octante": 80.0, "nonante": 90.0, "cent": 100.0}
    return words | {w.replace("-", " "): n for w, n in words.items()}


_WORDS = _number_words()
# "quatre vingt dix" is as common as "quatre-vingt-dix"
_ANY_WORD = re.sub(r"\\[ -]", "[ -]", any_of(word for word in _WORDS if word != "un"))
_NUMBER = (
    rf"(?i:(?<![\w-])(?:{_ANY_WORD})"
    rf"(?![\w-])"
    r"|\bun(?= (?:ans?|mois)\b))"
)
_TO = r"(?: ?- ?| à | ou )(?P<b>#)"
_AND = r"(?: (?P<ju>ans|mois))? et (?:de |d')?(?P<c>#)"
_UNIT = (
    r"(?P<u>ans?|années?|mois|semaines?|jours?|heures?)\b"
    r"(?: et (?P<a2>#) (?P<u2>mois))?(?P<half> et demie?)?"
)
_AGE = rf"(?P<a>#)(?:{_TO}|{_AND})?"
_ABOUT = r"(?:environ |près de |plus de |moins de )?"
_DECADE_WORDS = {
    "vingtaine": (20, 29),
    "trentaine": (30, 39),
    "quarantaine": (40, 49),
    "cinquantaine": (50, 59),
    "soixantaine": (60, 69),
    "sexagénaire": (60, 69),
    "septuagénaire": (70, 79),
    "octogénaire": (80, 89),
    "nonagénaire": (90, 99),
    "quadragénaire": (40, 49),
    "quinquagénaire": (50, 59),
    "trentenaire": (30, 39),
}
_ORDINALS = [
    "première",
    "deuxième",
    "troisième",
    "quatrième",
    "cinquième",
    "sixième",
    "septième",
    "huitième",
    "neuvième",
]
_SEXES = "h|f|m|homme|femme|garçon|fille|fillette"

FRENCH = Language(
    code="fra",
    usual_words=frozenset(
        [
            "le",
            "la",
            "les",
            "de",
            "du",
            "des",
            "une",
            "un",
            "et",
            "chez",
            "avec",
            "sur",
            "dans",
            "au",
            "aux",
            "est",
            "ans",
            "femme",
            "homme",
            "patiente",
            "âgé",
            "âgée",
            "depuis",
            "lésion",
            "mois",
            "par",
            "à",
            "l",
            "d",
            "chez",
            "présentant",
        ]
    ),
    number_words=_WORDS,
    number_pattern=_NUMBER,
    decimal_comma=True,
    forms=(
        AgeForm(
            kind="decade",
            pattern=rf"\b(?:une|la|sa) (?P<word>{any_of(_DECADE_WORDS)})(?: d'années)?\b",
        ),
        AgeForm(
            kind="decade",
            pattern=r"\b(?P<word>(?:sexa|septua|octo|nona|quadra|quinqua)génaire|trentenaire)\b",
        ),
        AgeForm(
            kind="decade",
            step=10,
            needs_person=True,
            pattern=rf"\b(?:dans|à|de) (?:la|sa) (?:(?P<word>{any_of(_ORDINALS)})|(?P<a>#)e)"
            rf" décennie\b",
        ),
        AgeForm(
            kind="stated",
            pattern=rf"\b[âa]g[ée]e?s? ?(?:de |d'|: ?)(?:entre )?{_ABOUT}{_AGE} ?{_UNIT}",
        ),
        AgeForm(kind="stated", pattern=rf"\bâge ?(?:de |d'|: ?){_ABOUT}{_AGE} ?{_UNIT}"),
        AgeForm(
            kind="letter",
            pattern=rf"\( ?(?P<s>{_SEXES}) ?[,;/ ] ?(?P<a>#) ?(?:{_UNIT})? ?(?=[),;])",
        ),
        AgeForm(
            kind="letter", pattern=rf"\( ?(?P<a>#) ?(?:{_UNIT})? ?[,;/] ?(?P<s>{_SEXES}) ?(?=[),;])"
        ),
        AgeForm(kind="bare", pattern=rf"{_AGE} ?{_UNIT}"),
    ),
    units={"a": "year", "m": "month", "s": "week", "j": "day", "h": "hour"},
    people=by_sex(
        male=(
            "homme, garçon, garçonnet, patient, adolescent, monsieur, vieillard, "
            "écolier, masculin, agriculteur, ouvrier, étudiant, jumeau, retraité"
        ),
        female=(
            "femme, fille, fillette, patiente, une enfant, nouveau-née, adolescente, "
            "dame, une malade, écolière, féminin, agricultrice, étudiante, ouvrière, "
            "jumelle, retraitée"
        ),
        unknown=(
            "enfant, nourrisson, nouveau-né, bébé, malade, adulte, sujet, personne, "
            "jeune, octogénaire"
        ),
    ),
    crowds=by_sex(
        male="hommes, garçons, jumeaux, frères",
        female="femmes, filles, patientes, jumelles, sœurs, soeurs, fillettes",
        unknown=(
            "patients, enfants, nourrissons, nouveau-nés, adultes, adolescents, sujets, "
            "malades, personnes"
        ),
    ),
    families=frozenset({"jumeaux", "jumelles", "frères", "sœurs", "soeurs"}),
    relatives=by_sex(
        male="père, frère, fils, grand-père, oncle, mari, cousin, époux, neveu",
        female="mère, sœur, soeur, grand-mère, tante, épouse, cousine, nièce",
        unknown="conjoint",
    ),
    groups=by_group(
        neonate="nouveau-né, nouveau-née",
        infant="nourrisson, bébé",
        child="enfant, petit garçon, petite fille, fillette, garçonnet",
        adolescent="adolescent, adolescente",
        adult="adulte, d'âge mûr, d'âge moyen",
        elderly=(
            "homme âgé, femme âgée, patient âgé, patiente âgée, sujet âgé, personne "
            "âgée, vieillard, vieille dame, vieille femme, vieil homme"
        ),
    ),
    group_adjectives=r"adulte|d'âge mûr|d'âge moyen",
    group_blocks=r"d'environ|d'une|de #|d'|de l'|forme|type|entre",
    decades={
        **{word: (float(a), float(b)) for word, (a, b) in _DECADE_WORDS.items()},
        **{word: (10.0 * n, 10.0 * n + 9) for n, word in enumerate(_ORDINALS)},
    },
    things=(
        r"lésions?|cicatrices?|plaies?|brûlures?|ulc(?:ère|ération)s?|bulles?|tatouages?"
        r"|tumeurs?|éruptions?|plaques?"
        r"|papules?|nodules?|n[aæ]e?vus|verrues?|évolution|durée|recul|suivi|traitement"
        r"|antécédents?|histoire|biopsie"
        r"|\w+omes?|\w+ite|\w+ose|greffe|piqûre|morsure|chéloïdes?"
    ),
    aging_things=r"lésions?|cicatrices?|plaies?|brûlures?|bulles?|tatouages?",
    animals=r"souris|rats?|sarcoptes?|poux?|tiques?|puces?|chiens?|chats?|moustiques?|acariens?"
    r"|femelle adulte",
    joins=frozenset({"et", "ou", "de"}),
    stops=(
        r"de|du|des|d|chez|avec|sur|dans|au|aux|et|ou|à|est|était|a|ayant|présentant|depuis"
        r"|pendant|après|avant"
        r"|pour|par|qui|dont|porteur|porteuse|atteinte?|traitée?|suivie?|une?|la|le|les|enceinte"
    ),
    possessors=r"(?:son|sa|ses|leurs?|dont la|dont le)",
    own=r"\b(?:son|sa|ses|leurs?|dont l[ae])",
    more_is=r"(?:était|est|ayant) ",
    of_patient=(
        r" (?:du|de la|de l'|de cette?|d'une?|de ce|de notre|de son) ?(?:jeune )?(?:patiente?"
        r"|enfant|malade|nourrisson"
        r"|garçon|fillette|nouveau-née?|femme|homme|bébé)"
    ),
    born_to=r"\bnée? d'une (?:[\w'-]+ ){0,3}$|\b(?:nouveau-né|enfant|nourrisson) d'une (?:[\w'-]+"
    r" ){0,3}$",
    population=(
        r"\b(?:le plus souvent|souvent|habituellement|généralement|fréquent\w*|surtout"
        r"|rarement|typiquement|principalement)\b"
        r"|\bplus (?:rare|commun)|\btouche\b|\bsurvient\b|\bincidence|\bprévalence"
        r"|\bprédominan\w+|\bpeut\b"
    ),
    reporter=r"\b(?:mère|père|parents) (?:a |avait |ont )?(?:rapport\w+|remarqu\w+|signal\w+"
    r"|constat\w+|amen\w+|not\w+)",
    mean_age=r"\b(?:moyenne?|médiane?|gestationnel|osseux)\b[^.;]{0,30}$|\bâge (?:moyen|médian|de"
    r" début|gestationnel)[^.;]{0,30}$",
    history=(
        r"apparu\w*|appara\w+|débu\w+|survenu\w*|diagnosti\w+|révélé\w*|constat\w*|remarqu\w*"
        r"|opéré\w*|traité\w*|décéd\w*"
        r"|mort\w*|développé\w*|commenc\w+|reçu|greff\w+|depuis|première?|irradi\w+|excis\w+"
        r"|subi\w*|ménopause"
    ),
    shown=r"photographi\w+|vue?|présent\w+|examin\w+|actuel\w*|aujourd'hui|consult\w*"
    r"|hospitalis\w*|montr\w+|aspect",
    between=r"\bentre[ \w]{0,6}$",
    at=r"\bà l'$|\bétait $|\bavait $",
    never_at=r"\b(?:depuis|dès|jusqu'à|avant|après|vers|à partir de)(?: l')? ?$",
    after_age=r"^,? ?(?:il|elle|le patient|la patiente)? ?(?:a |avait |fut )?(?:développé|débuté"
    r"|opéré|traité|diagnostiqu|décéd|mort)",
    duration=r"^ ?(?:après|plus tard|auparavant|avant|d'évolution|de durée|de suivi|de recul|de"
    r" traitement|de grossesse|d'aménorrhée|de gestation|plus tôt)",
    bare_link=(
        r"(?: de race \w+| d'origine \w+)?(?: (?!(?:de|du|des|d|chez|avec|sur|dans|au|et|ou|à"
        r"|est|était|ayant|présentant|depuis|pendant"
        r"|après|avant|pour|par|qui|dont|porteur|porteuse|atteinte?|traitée?|suivie?|une?|la"
        r"|le|les|enceinte)\b)[\w-]+){0,3}"
        r"(?: ?, ?(?:âgée? )?| ?\( ?| de (?:près de |plus de )?| d'(?:environ )?|: ?)$"
    ),
    over=r"\bplus (?:de|d') ?$",
    under=r"\bmoins (?:de|d') ?$",
    early={"début": (0, 4), "milieu": (4, 6), "fin": (5, 9)},
    grown_up=r"homme|femme|monsieur|dame|mère|père",
    coordination=r" ?(?:,|\)|\([^()]{0,30}\))? ?(?:et|avec) (?:une?|son|sa|leur) ?",
    generic_before=r"\b(?:chez|de|à) (?:l'|le |la )$",
    quantifiers=r"(?:#|deux|trois|ces|les deux)",
    pronouns={},
    letters={
        "h": "male",
        "f": "female",
        "m": "male",
        "homme": "male",
        "femme": "female",
        "garçon": "male",
        "fille": "female",
        "fillette": "female",
    },
    anatomy={
        "male": r"\bpénis\b|\bpénien\w*|\bverge\b|\bscrot\w+|\btestic\w+|\bprostat\w+|\bprépuce\b"
        r"|\bgland\b|\bbalanite\b|\bphimosis\b|\bgynécomastie\b",
        "female": r"\bvulv\w+|\bvagin\w*|\b(?:grandes?|petites?) lèvres\b|\bclitor\w+|\bovari\w+"
        r"|\bovaire\w*|\butér\w+|\bménopausée\w*|\bpostménopaus\w*",
    },
    pregnancy=r"\benceinte\b|\bgrossesse\b|\bgravidique\w*|\bgestante\b|\bparturiente\b"
    r"|\bprimipare\b|\bpost-partum\b|\bgestationis\b|\ballaitante\b",
    no_pregnancy=r"\bmère|\bmaternel\w*|\bnouveau-né\w*|\bnourrisson|\bfœt\w+|\bcontre-indiqu\w*"
    r"|\brisque",
    stated_sex=r"\bsexe ?[:=] ?(?P<s>[mfh])(?!\w)",
    not_sex=r"\b(?:de type|de topographie) (?:masculin|féminin)\w*|\bhommes? (?:et|que|ou) (?:les"
    r" |chez la |la )?femmes?\b|\bfemmes? (?:et|que|ou) (?:les |chez l'|l')?hommes?\b"
    r"|\bles deux sexes\b|\balopécie (?:masculine|féminine)|\b(?:chez|de) l'homme\b(?! "
    r"(?:de|âgé))|\b(?:chez|de) la femme\b(?! (?:de|âgée))",
)
