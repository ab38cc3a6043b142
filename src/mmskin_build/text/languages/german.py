"""German."""

from __future__ import annotations

from mmskin_build.text.languages.table import AgeForm, Language, any_of, by_group, by_sex

_ONES = ["ein", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"]
_TEENS = [
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
_TENS = ["zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig"]


def _number_words() -> dict[str, float]:
    words = {word: float(n) for n, word in enumerate([*_ONES, *_TEENS], start=1)}
    for n, word in enumerate(_TENS, start=2):
        words[word] = 10.0 * n
        words |= {f"{one}und{word}": 10.0 * n + k for k, one in enumerate(_ONES, start=1)}
    words |= {f"hundert{w}": 100 + n for w, n in words.items() if n < 20} | {"hundert": 100.0}
    words |= {f"{one}einhalb": k + 0.5 for k, one in enumerate(_ONES, start=1)}
    words |= {"anderthalb": 1.5}
    return words | {w.replace("ß", "ss"): n for w, n in words.items() if "ß" in w}


_WORDS = _number_words()
_UNIT_WORDS = r"jähr|monat|wöch|tägig|tage|stünd|jahr|woche|stunde"
_NUMBER = (
    rf"(?i:\b(?:{any_of(w for w in _WORDS if w != 'ein')})(?={_UNIT_WORDS}|[\s,.;)-]|er[n]?\b|$)"
    rf"|\bein(?=-?(?:jährig|monatig|wöchig|tägig|stündig)| (?:jahr|monat|woche|tag) alt))"
)
_TO = r"-?(?P<ju> ?(?:jahre|monate|wochen|tage))?(?: ?- ?| bis | oder )(?P<b>#)"
_AND = r"-? und (?:eine[rnms]? )?(?P<c>#)"
_AGE = rf"(?P<a>#)(?:{_TO}|{_AND})?"
_ADJECTIVE = rf"{_AGE}[ -]?(?P<u>jährig|j\.|monatig|wöchig|tägig|stündig)"
_UNIT = r"(?P<u>jahren?|j\b|monaten?|mon\b|wochen?|tagen?|stunden?)\.?"
_OLD = rf"{_AGE} {_UNIT} alt(?:e[rnms]?)?\b"
_CAPITAL = "[A-ZÄÖÜ]"
_DECADE_WORDS = {
    f"{word}{end}": (10 * n, 10 * n + 9)
    for n, word in enumerate(
        ["zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig"], 2
    )
    for end in ("ern", "er", "erin")
}
_DECADE_NOUNS = f"(?:{any_of(w for w in _DECADE_WORDS if w.endswith('er'))})"
_ORDINALS = [
    "ersten",
    "zweiten",
    "dritten",
    "vierten",
    "fünften",
    "sechsten",
    "siebten",
    "achten",
    "neunten",
    "zehnten",
]
_SEXES = "w|m|f|weiblich|männlich|frau|mann|junge|mädchen"

GERMAN = Language(
    code="deu",
    usual_words=frozenset(
        [
            "der",
            "die",
            "das",
            "und",
            "mit",
            "bei",
            "einer",
            "eines",
            "einem",
            "eine",
            "ein",
            "im",
            "am",
            "auf",
            "den",
            "dem",
            "des",
            "von",
            "zu",
            "zur",
            "ist",
            "jahre",
            "patient",
            "patientin",
            "frau",
            "mann",
            "alter",
            "nach",
            "seit",
            "jähriger",
            "jährige",
            "jährigen",
        ]
    ),
    number_words=_WORDS,
    number_pattern=_NUMBER,
    decimal_comma=True,
    forms=(
        AgeForm(
            kind="letter",
            pattern=rf"\( ?(?P<s>{_SEXES})\.?[,;/ ] ?(?P<a>#)(?: ?{_UNIT})?(?: alt)? ?(?=[),;])",
        ),
        AgeForm(
            kind="letter",
            pattern=rf"\( ?(?P<a>#)(?: ?{_UNIT})? ?[,;/] ?(?P<s>{_SEXES})\.? ?(?=[),;])",
        ),
        # nouns made of an age: their ending and article tell the sex
        AgeForm(
            kind="adjective",
            cased=True,
            sex="male",
            pattern=rf"\b(?:[Ee]ine[ms]|[Dd]e[ms]|[Bb]eim|[Vv]om|[Dd]iese[ms]|[Uu]nsere[ms]) "
            rf"(?P<a>#)["
            rf" -]?(?:J|j(?=ährigen(?! \w*{_CAPITAL}| \w+e[nrms]\b)))ährigen\b",
        ),
        AgeForm(
            kind="adjective",
            cased=True,
            sex="female",
            pattern=r"\b(?:[Ee]iner|[Dd]er|[Dd]ieser|[Uu]nserer) (?P<a>#)[ -]?Jährigen\b",
        ),
        AgeForm(kind="adjective", cased=True, sex="male", pattern=r"(?P<a>#)[ -]?Jähriger\b"),
        AgeForm(
            kind="adjective", cased=True, sex="male", pattern=r"\b[Dd]er (?P<a>#)[ -]?Jährige\b"
        ),
        AgeForm(
            kind="adjective",
            cased=True,
            sex="female",
            pattern=r"\b(?:[Ee]ine|[Dd]ie) (?P<a>#)[ -]?Jährige\b",
        ),
        # any trade: "Landwirtin", "Landwirt"
        AgeForm(
            kind="adjective",
            cased=True,
            sex="female",
            pattern=rf"(?P<a>#)[ -]?jährigen?r? (?=(?:[a-zäöü]\w* )?{_CAPITAL}\w+in\b)",
        ),
        AgeForm(
            kind="adjective",
            cased=True,
            sex="male",
            pattern=rf"(?P<a>#)[ -]?jähriger (?=(?:[a-zäöü]\w* )?{_CAPITAL}\w+(?:er|ist|wirt"
            rf"|ent|ant|arzt"
            rf"|or|eur)\b)(?!(?:\w+ )?(?:Mutter|Tochter|Schwester|Mauser|Tumor|Ulkus|Zoster|Krebs"
            rf"|Dauer|Wunder|Kinder))",
        ),
        AgeForm(kind="adjective", pattern=rf"{_ADJECTIVE}(?:e[rnms]?)?(?![\w])"),
        AgeForm(kind="adjective", pattern=_OLD),
        AgeForm(
            kind="stated",
            pattern=rf"\b(?:im )?alter (?:von |zwischen )?(?:etwa |ca\. ?|rund )?{_AGE} {_UNIT}",
        ),
        AgeForm(kind="stated", pattern=rf"\balter ?: ?{_AGE}(?: {_UNIT})?"),
        AgeForm(kind="bare", pattern=rf"{_AGE} ?{_UNIT}"),
        AgeForm(
            kind="decade",
            pattern=rf"\b(?:in (?:den|seinen|ihren)|mitte|anfang|ende) (?P<part>frühen"
            rf"|mittleren|späten)?"
            rf" ?(?:der )?(?P<word>{any_of(_DECADE_WORDS)})",
        ),
        # "ein Mittvierziger": the ending tells the sex
        AgeForm(
            kind="decade",
            sex="female",
            pattern=rf"\b(?P<part>mitt|end)(?P<word>{_DECADE_NOUNS}in)(?:nen)?\b",
        ),
        AgeForm(
            kind="decade",
            sex="male",
            pattern=rf"\b(?P<part>mitt|end)(?P<word>{_DECADE_NOUNS})[ns]?\b",
        ),
        AgeForm(
            kind="decade",
            needs_person=True,
            pattern=r"\b(?P<part>anfang|mitte|ende) (?:der )?(?P<a>#)(?!\w)",
        ),
        AgeForm(
            kind="decade",
            pattern=r"\bin (?:den|seinen|ihren) (?P<part>frühen|mittleren|späten)? ?(?P<a>#)ern?\b",
        ),
        AgeForm(
            kind="decade",
            step=10,
            needs_person=True,
            pattern=rf"\b(?:in|im) (?:der|seiner|ihrer)? ?(?:(?P<word>{any_of(_ORDINALS)})|"
            rf"(?P<a>#)\.) "
            rf"(?:lebens)?(?:dekade|jahrzehnt)\b",
        ),
    ),
    units={"j": "year", "mon": "month", "w": "week", "tag": "day", "täg": "day", "st": "hour"},
    people=by_sex(
        male=(
            "mann, mannes, junge, knabe, bub, patient, herr, herrn, jugendlicher, "
            "erwachsener, greis, schüler, rentner, landwirt, männlich, männlicher, "
            "männliches, männlichen"
        ),
        female=(
            "frau, mädchen, mädchens, patientin, dame, greisin, schülerin, rentnerin, "
            "landwirtin, weiblich, weibliche, weibliches, weiblichen, weiblicher, "
            "schwangere, schwangeren, schwangerer, hausfrau"
        ),
        unknown=(
            "kind, kindes, säugling, säuglings, neugeborenes, neugeborenen, kleinkind, "
            "kleinkindes, schulkind, jugendliche, jugendlichen, erwachsenen, zwilling"
        ),
    ),
    crowds=by_sex(
        male="männer, männern, patienten, jungen, knaben, brüder",
        female="frauen, patientinnen, schwestern",
        unknown=(
            "kinder, kindern, säuglinge, säuglingen, erwachsene, neugeborene, "
            "zwillinge, geschwister, personen, menschen, schüler und"
        ),
    ),
    generic_crowds=frozenset({"patienten"}),
    families=frozenset({"zwillinge", "brüder", "schwestern", "geschwister"}),
    relatives=by_sex(
        male=(
            "vater, bruder, sohn, sohnes, ehemann, großvater, onkel, cousin, neffe, vaters, bruders"
        ),
        female="mutter, schwester, tochter, ehefrau, großmutter, tante, cousine, nichte",
        unknown="partner",
    ),
    groups=by_group(
        neonate="neugeborenes, neugeborenen",
        infant="säugling, säuglings",
        child="kleinkind, kleinkindes, kind, kindes, schulkind",
        adolescent="jugendlicher, jugendliche, jugendlichen",
        adult="erwachsener, mittleren alters",
        elderly=(
            "ältere, älterer, älteren, alte frau, alter mann, alten frau, alten mannes, "
            "greis, greisin, betagte, betagter, betagten"
        ),
    ),
    group_adjectives=r"ältere[rn]?|betagte[rn]?|mittleren alters|jugendliche[rn]?",
    group_blocks=r"form|typ|-?alter|als \d|läsion\w*|effloreszenz\w*|herde?|narben?|plaques?",
    decades={
        **{word: (float(a), float(b)) for word, (a, b) in _DECADE_WORDS.items()},
        **{word: (10.0 * n, 10.0 * n + 9) for n, word in enumerate(_ORDINALS)},
    },
    things=(
        r"anamnese|verlauf|verlaufs|narben?|therapie|behandlung|krankengeschichte|geschichte"
        r"|bestehen|bestand"
        r"|bestandes|dauer|nachbeobachtung|läsion|läsionen|vorgeschichte|wunden?|blasen?"
        r"|tätowierung(?:en)?"
        r"|verbrennung(?:en)?|ulkus|ulkus|ulcus|herd|herde|knoten|tumor|tumors|exanthem|ekzem"
        r"|naevus|nävus|warzen?"
        r"|krankheitsdauer|krankheitsverlauf|persistenz|latenz|latenzzeit|remission|follow-up"
        r"|beobachtung|beobachtungszeit"
        r"|\w+om|\w+ome|\w+itis|\w+ose|präparat|biopsie|einnahme|anwendung|gabe|pause"
        r"|intervall|erkrankung|hautveränderung(?:en)?"
        r"|raucheranamnese|abstand"
    ),
    aging_things=r"narbe|läsion|wunde|blase|tätowierung|knoten|herd|effloreszenz",
    animals=r"mäuse?|maus|ratten?|milben?|milbe|zecken?|läuse?|laus|hunde?|katzen?"
    r"|meerschweinchen|flöhe?|sarcoptes|pediculus|weibchen",
    joins=frozenset({"und", "oder", "von"}),
    stops=(
        r"mit|bei|in|im|an|am|auf|der|die|das|dem|den|des|und|oder|ist|war|hat|hatte|nach|vor"
        r"|seit|zeigt|zeigte"
        r"|von|vom|zu|zur|wegen|aus|unter|ohne|wurde|als|durch|für"
    ),
    possessors=r"(?:seine?[rnms]?|ihre?[rnms]?|dessen|deren)",
    own=r"\b(?:seine?[rnms]?|ihre?[rnms]?|dessen|deren)",
    more_is=r"(?:war|ist|im) ",
    of_patient=(
        r" (?:des|der|dieses|dieser|eines|einer|unseres|unserer) (?:\w+ ){0,2}(?:patienten"
        r"|patientin|kindes"
        r"|jungen|knaben|mädchens|säuglings|neugeborenen|mannes|frau)"
    ),
    born_to=r"\b(?:kind|säugling|neugeborenes|sohn|tochter) (?:einer|eines) (?:[\w#-]+ ){0,3}$"
    r"|\bkontakt (?:mit|zu) (?:einer|einem) (?:[\w#-]+ ){0,3}$",
    population=(
        r"\b(?:meist|meistens|häufig|häufiger|vorwiegend|typischerweise|überwiegend"
        r"|gewöhnlich|selten|bevorzugt|vor allem)\b"
        r"|\bbetrifft\b|\binzidenz|\bprävalenz|\bverhältnis|\btritt\b|\bkann\b"
    ),
    reporter=r"\b(?:mutter|vater|eltern|ehefrau|ehemann) (?:\w+ )?(?:berichtet\w*|bemerkte\w*"
    r"|gab\w*|brachte\w*|stellte\w*)",
    mean_age=r"\b(?:mittlere[srnm]?|durchschnittliche[srnm]?|mediane[srnm]?|durchschnitts"
    r"|manifestations|erkrankungs|gestations)\w*[^.;]{0,40}$|\bmedian[^.;]{0,30}$"
    r"|schwangerschaft\w* $",
    history=(
        r"beginn\w*|begann\w*|erst\w*|erstmanifestation|manifest\w*|auftret\w*|aufgetret\w*"
        r"|trat\w*|entwickel\w*|diagnos\w*"
        r"|bemerk\w*|operier\w*|operation|behandel\w*|bestrahl\w*|verstarb\w*|verstorben\w*"
        r"|starb\w*|gestorben|exzidiert\w*|entfernt\w*|geimpft|seit|erkrankt\w*"
    ),
    shown=r"fotografiert\w*|aufnahme|vorgestellt\w*|vorstellung|untersucht\w*|jetzt|heute"
    r"|aktuell\w*|gezeigt|befund",
    between=r"\bzwischen[ \w]{0,6}$",
    at=r"\bim $|\bwar $|\bwurde $|(?:^|[\s,;(])$",
    never_at=r"\b(?:seit|bis|ab|vor|nach)(?: dem| einem| zum| etwa)* ?$",
    after_age=r"^,? ?(?:begann|traten|trat|entwickel|diagnostiziert|operiert|bestrahlt|verstarb"
    r"|verstorben|erkrankt)",
    duration=r"^ ?(?:nach|später|zuvor|vor|dauer|lang|anamnese|bestehend|post|therapie|schwanger"
    r"|follow)",
    bare_link=r"(?: ?, ?| ?\( ?| von (?:etwa )?|: ?)$",
    over=r"(?:\büber|\bmehr als|\bälter als|>|≥) ?$",
    under=r"(?:\bunter|\bjünger als|\bbis zu|<|≤) ?$",
    early={
        "frühen": (0, 4),
        "anfang": (0, 4),
        "mittleren": (4, 6),
        "mitte": (4, 6),
        "mitt": (4, 6),
        "späten": (5, 9),
        "ende": (5, 9),
        "end": (5, 9),
    },
    grown_up=r"mann|mannes|frau|herr|herrn|dame|mutter|vater|hausfrau",
    coordination=r" ?(?:,|\)|\([^()]{0,30}\))? ?(?:und|sowie|mit) (?:eine[rmns]?|ein|seine?[rnms]?"
    r"|ihre?[rnms]?) ",
    generic_before=r"\b(?:beim|des|der) $",
    quantifiers=r"(?:#|beiden?|beider|diese|zweier|eineiige[rn]?|zwei|drei)",
    singular=r"einem|einen|eines|dem|diesem|dieses|unserem|unseres|männlichen",
    pronouns={},
    letters={
        "m": "male",
        "w": "female",
        "f": "female",
        "weiblich": "female",
        "männlich": "male",
        "frau": "female",
        "mann": "male",
        "junge": "male",
        "mädchen": "female",
    },
    anatomy={
        "male": r"\bpenis\w*\b|\bskrot\w+|\bscrot\w+|\bhoden\w*|\bprostata\w*"
        r"|\bvorhaut\w*|\bglans\b"
        r"|\beichel\b|\bbalanitis\b|\bphimose\b|\bgynäkomastie\b|\bpenil\w*",
        "female": r"\bvulva\w*|\bvulvär\w*|\bvagin\w+|\bscheide\b|\bscheiden\w+|\b(?:große|kleine"
        r"|grosse)[rn]? (?:scham)?labien\b|\bschamlippen?\b|\blabi(?:a|en) (?:majora|minora)"
        r"|\bklitoris\b|\bovarial\w*|\buterus\w*|\bpostmenopaus\w*|\bmenstru\w+",
    },
    pregnancy=r"\bschwanger(?:e[rnms]?|schaft\w*)?\b|\bgravid\w*|\bgestationis\b|\bwochenbett\b"
    r"|\bstillend\w*|\bschwangerschaftswoche\b|\btrimenon\b",
    no_pregnancy=r"\bmutter|\bmütterlich\w*|\bneugeboren\w*|\bsäugling\w*|\bfetus|\bfetal\w*"
    r"|\bkontraindiziert|\brisiko",
    stated_sex=r"\bgeschlecht ?[:=] ?(?P<s>[mwf])(?!\w)",
    not_sex=(
        r"\b(?:männlich|weiblich)\w*(?:er|en|es)? (?:typ|muster|hormone?"
        r"|verteilungsmuster)\w*|\b(?:vom|nach) (?:männlichen|weiblichen) (?:typ|muster)"
        r"|\bmänner(?:n)? (?:und|als|oder|wie) frauen\b|\bfrauen (?:und|als|oder|wie)"
        r" männern?\b|\bbeide geschlechter\b"
    ),
)
