"""Spanish."""

from __future__ import annotations

from mmskin_build.text.languages.table import AgeForm, Language, any_of, by_group, by_sex

_SMALL = [
    "uno",
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
    "veintiuno",
    "veintidós",
    "veintitrés",
    "veinticuatro",
    "veinticinco",
    "veintiséis",
    "veintisiete",
    "veintiocho",
    "veintinueve",
]
_TENS = ["treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa"]


def _number_words() -> dict[str, float]:
    words = {word: float(n) for n, word in enumerate(_SMALL, start=1)}
    words |= {"veintiún": 21.0, "cien": 100.0, "un": 1.0}
    for n, word in enumerate(_TENS, start=3):
        words[word] = 10.0 * n
        words |= {f"{word} y {one}": 10.0 * n + k for k, one in enumerate(_SMALL[:9], start=1)}
        words[f"{word} y un"] = 10.0 * n + 1
    plain = str.maketrans("áéíóú", "aeiou")
    return words | {w.translate(plain): n for w, n in words.items()}


_WORDS = _number_words()
_NUMBER = (
    rf"(?i:\b(?:{any_of(w for w in _WORDS if w not in ('un', 'uno'))})(?!\w)"
    r"|\bun(?= (?:año|mes|día)\b))"
)
_TO = r"(?: ?- ?| a | o )(?P<b>#)"
_AND = r"(?: (?P<ju>años|meses))? y (?:de )?(?P<c>#)"
_UNIT = (
    r"(?P<u>años?|mes(?:es)?|semanas?|días?|horas?)\b(?: y (?P<a2>#) (?P<u2>meses|mes))?"
    r"(?P<half> y medi[oa])?"
)
_AGE = rf"(?P<a>#)(?:{_TO}|{_AND})?"
_ABOUT = r"(?:unos |aproximadamente |casi |más de |menos de )?"
_PERSONS_OF = {
    f"{stem}{end}": (10 * n, 10 * n + 9)
    for n, stem in (
        (5, "quincuagenari"),
        (6, "sexagenari"),
        (7, "septuagenari"),
        (8, "octogenari"),
        (9, "nonagenari"),
    )
    for end in "oa"
}
_ORDINALS = [
    "primera",
    "segunda",
    "tercera",
    "cuarta",
    "quinta",
    "sexta",
    "séptima",
    "octava",
    "novena",
    "décima",
]
_SEXES = "h|f|v|hombre|mujer|varón|niño|niña"

SPANISH = Language(
    code="spa",
    usual_words=frozenset(
        [
            "el",
            "la",
            "los",
            "las",
            "de",
            "del",
            "una",
            "un",
            "y",
            "con",
            "en",
            "por",
            "que",
            "es",
            "al",
            "años",
            "mujer",
            "varón",
            "paciente",
            "meses",
            "edad",
            "niño",
            "niña",
            "lesión",
            "desde",
            "hombre",
            "piel",
        ]
    ),
    number_words=_WORDS,
    number_pattern=_NUMBER,
    decimal_comma=True,
    forms=(
        AgeForm(kind="decade", pattern=rf"\b(?P<word>{any_of(_PERSONS_OF)})\b"),
        AgeForm(
            kind="decade",
            step=10,
            needs_person=True,
            pattern=rf"\ben (?:la|su) (?:(?P<word>{any_of(_ORDINALS)})|(?P<a>#)ª?) década\b",
        ),
        AgeForm(kind="stated", pattern=rf"{_AGE} ?{_UNIT} de edad\b"),
        AgeForm(kind="stated", pattern=rf"\bedad ?(?:de (?:los )?|: ?)?{_ABOUT}{_AGE} ?{_UNIT}"),
        AgeForm(
            kind="letter",
            pattern=rf"\( ?(?P<s>{_SEXES}) ?[,;/ ] ?(?:de )?(?P<a>#) ?(?:{_UNIT})? ?(?=[),;])",
        ),
        AgeForm(
            kind="letter", pattern=rf"\( ?(?P<a>#) ?(?:{_UNIT})? ?[,;/] ?(?P<s>{_SEXES}) ?(?=[),;])"
        ),
        AgeForm(kind="bare", pattern=rf"{_AGE} ?{_UNIT}"),
    ),
    units={"a": "year", "m": "month", "s": "week", "d": "day", "h": "hour"},
    people=by_sex(
        male=(
            "hombre, varón, niño, un paciente, el paciente, un adolescente, anciano, "
            "señor, muchacho, chico, adulto, masculino, masculina, agricultor, gemelo"
        ),
        female=(
            "mujer, niña, una paciente, la paciente, recién nacida, una adolescente, "
            "anciana, señora, muchacha, chica, adulta, femenino, femenina, agricultora, "
            "gemela, una lactante, ama de casa, embarazada"
        ),
        unknown=(
            "paciente, lactante, recién nacido, neonato, bebé, adolescente, joven, "
            "escolar, persona, preescolar"
        ),
    ),
    crowds=by_sex(
        male="hombres, varones, gemelos",
        female="mujeres, niñas, gemelas, hermanas",
        unknown=(
            "niños, pacientes, lactantes, recién nacidos, adultos, adolescentes, "
            "ancianos, hermanos, personas, jóvenes"
        ),
    ),
    families=frozenset({"gemelos", "gemelas", "hermanos", "hermanas"}),
    relatives=by_sex(
        male="padre, hermano, hijo, esposo, marido, abuelo, tío, primo, sobrino",
        female="madre, hermana, hija, esposa, abuela, tía, prima, sobrina",
        unknown="cónyuge",
    ),
    groups=by_group(
        neonate="recién nacido, recién nacida, neonato",
        infant="lactante, bebé",
        child="niño, niña, preescolar",
        adolescent="adolescente",
        adult="adulto, adulta, mediana edad",
        elderly="anciano, anciana, edad avanzada, mujer mayor, hombre mayor",
    ),
    group_adjectives=r"adult[oa]",
    group_blocks=r"forma|tipo|de #",
    decades={
        **{word: (float(a), float(b)) for word, (a, b) in _PERSONS_OF.items()},
        **{word: (10.0 * n, 10.0 * n + 9) for n, word in enumerate(_ORDINALS)},
    },
    things=(
        r"lesi(?:ón|ones)|cicatri(?:z|ces)|heridas?|quemaduras?|úlceras?|ampollas?|tatuajes?"
        r"|tumor(?:es)?|erupci(?:ón|ones)"
        r"|placas?|pápulas?|nódulos?|nevus?|verrugas?|evolución|duración|seguimiento"
        r"|tratamiento|historia|antecedentes?|biopsia"
        r"|\w+oma|\w+omas|\w+itis|\w+osis|picadura|mordedura|queloide|injerto"
    ),
    aging_things=r"lesi(?:ón|ones)|cicatri(?:z|ces)|heridas?|quemaduras?|ampollas?|tatuajes?",
    animals=r"ratón|ratones|ratas?|sarcoptes|piojos?|garrapatas?|pulgas?|perros?|gatos?"
    r"|mosquitos?|ácaros?|hembra adulta",
    joins=frozenset({"y", "o", "de"}),
    stops=(
        r"de|del|con|en|por|para|que|y|o|a|al|es|era|fue|tiene|tenía|desde|hace|durante|tras"
        r"|antes|después|presenta"
        r"|presentaba|afect[oa]|tratad[oa]|un|una|la|el|los|las|su|sus|embarazada"
    ),
    possessors=r"(?:sus?|cuy[oa]s?)",
    own=r"\b(?:sus?|cuy[oa]s?)",
    more_is=r"(?:era|es|tenía|tiene|fue) ",
    of_patient=(
        r" (?:del|de la|de el|de este|de esta|de un|de una|de nuestr[oa]) ?(?:paciente"
        r"|niñ[oa]|lactante|recién nacid[oa]"
        r"|varón|mujer|hombre|bebé|enferm[oa]|neonato)"
    ),
    born_to=r"\bhij[oa] de (?:una )?(?:[\w#-]+ ){0,3}$"
    r"|(?<!recién )\bnacid[oa] de (?:[\w#-]+ ){0,3}$",
    population=(
        r"\b(?:frecuente\w*|habitual\w*|generalmente|usualmente|principalmente|sobre todo"
        r"|predomin\w+|raramente|típicamente|suele\w*)\b"
        r"|\bafecta\b|\bincidencia|\bprevalencia|\bpuede\b|\baparece en\b"
    ),
    reporter=r"\b(?:madre|padre|padres) (?:refier\w+|refirió|notó|notaron|observ\w+|coment\w+"
    r"|trajo|consult\w+)",
    mean_age=r"\b(?:edad(?:es)? (?:media|mediana|promedio|de inicio|gestacional|ósea)|media"
    r"|mediana|promedio|gestacional)\b[^.;]{0,30}$",
    history=(
        r"inici\w+|comenz\w+|aparec\w+|aparici\w+|diagnostic\w+|diagnóstico|desarroll\w+"
        r"|operad[oa]|intervenid[oa]|tratad[oa]|falleci\w+"
        r"|muri\w+|detect\w+|notó|primer\w*|desde|irradi\w+|extirp\w+|recibi\w+|menarquia|debut\w*"
    ),
    shown=r"fotografiad[oa]|fotografía|vist[oa]|present\w+|examinad[oa]|actual\w*|consult\w+"
    r"|acude|acudió|ingres\w+|muestra",
    between=r"\bentre[ \w]{0,8}$",
    at=r"\ba l[ao]s? $|\ba la $|\btenía $|\bcuando \w+ $|\bcon $",
    never_at=r"\b(?:desde|hasta|antes de|después de|a partir de|hacia)(?: l[oa]s?)? ?$",
    after_age=r"^,? ?(?:inició|comenzó|desarrolló|fue (?:operad|tratad|diagnostic)|falleció|murió"
    r"|presentó por primera)",
    duration=r"^ ?(?:después|más tarde|antes|de evolución|de duración|de seguimiento|de"
    r" tratamiento|de embarazo|de gestación|tras|de antigüedad|de historia)",
    bare_link=(
        r"(?: de raza \w+| de sexo (?:masculino|femenino))?(?: (?!(?:de|del|con|en|por|para"
        r"|que|y|o|a|al|es|era|desde|hace|durante|tras|antes"
        r"|después|presenta|afect[oa]|tratad[oa]|un|una|la|el|los|las|su|embarazada)\b)[\w-]+){0,3}"
        r"(?: ?, ?(?:de )?| ?\( ?| de (?:unos |entre |casi |aproximadamente )?|: ?)$"
    ),
    over=r"\bm(?:ás|ayor) de $",
    under=r"\bmen(?:os|or) de $",
    early={},
    grown_up=r"hombre|mujer|señor|señora|madre|padre|ama de casa",
    coordination=r" ?(?:,|\)|\([^()]{0,30}\))? ?(?:y|e|con) (?:una?|su|de su) ",
    generic_before=r"\b(?:en el|en la|del|de la) $",
    quantifiers=r"(?:#|dos|tres|ambos|ambas|estos|estas)",
    pronouns={"ella": "female"},
    letters={
        "h": "male",
        "f": "female",
        "v": "male",
        "hombre": "male",
        "mujer": "female",
        "varón": "male",
        "niño": "male",
        "niña": "female",
    },
    anatomy={
        "male": r"\bpene\b|\bpenean\w*|\bescrot\w+|\btestíc\w+|\bpróstata\b|\bprostátic\w+"
        r"|\bprepuci\w+|\bglande\b|\bbalanitis\b|\bfimosis\b|\bginecomastia\b",
        "female": r"\bvulv\w+|\bvagin\w+|\blabios (?:mayores|menores)\b|\bclítoris\b|\bovári\w+"
        r"|\bovario\w*|\buterin\w+|\bútero\b|\bposmenop\w*|\bpostmenop\w*|\bmenopáusica\b",
    },
    pregnancy=r"\bembaraz\w+|\bgestante\b|\bpuérpera\b|\bprimigesta\b|\bmultípara\b|\bpuerperio\b"
    r"|\bgestationis\b|\bposparto\b",
    no_pregnancy=r"\bmadre|\bmatern\w+|\brecién nacid\w*|\bneonat\w*|\blactante|\bfetal"
    r"|\bcontraindicad\w*|\briesgo",
    not_sex=r"\b(?:de )?patrón (?:masculino|femenino)|\balopecia \w* ?(?:masculina|femenina)|\b"
    r"(?:hombres?|varones) (?:y|que|o|como) (?:en )?(?:las )?mujeres\b|\bmujeres (?:y|que"
    r"|o|como) (?:en )?(?:los )?(?:hombres|varones)\b|\bambos sexos\b|\b(?:en|del?) el"
    r" hombre\b(?! de)",
)
