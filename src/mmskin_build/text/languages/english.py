"""English."""

from __future__ import annotations

from mmskin_build.text.languages.table import AgeForm, Language, any_of

_ONES = "one two three four five six seven eight nine".split()
_TEENS = (
    "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_HALF = r"(?:[ -]and[ -]a[ -]half)?"
_HALF_SUFFIX = " and a half"


def _number_words() -> dict[str, float]:
    below = {word: float(n) for n, word in enumerate([*_ONES, *_TEENS], start=1)}
    below["fourty"] = 40.0  # often misspelled
    for n, word in enumerate(_TENS, start=2):
        below[word] = 10.0 * n
        below |= {f"{word} {one}": 10.0 * n + k for k, one in enumerate(_ONES, start=1)}
    hundred = {f"{a} hundred": 100.0 for a in ("a", "one")}
    for head in list(hundred):
        for word, n in list(below.items()):
            if n < 20:
                hundred |= {f"{head} {word}": 100 + n, f"{head} and {word}": 100 + n}
    whole = below | hundred
    return whole | {word + _HALF_SUFFIX: n + 0.5 for word, n in whole.items()}


_SMALL = any_of([*_ONES, *_TEENS])
_NUMBER = (
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
_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth".split()
_DECADE_WORDS = {
    "twenties": (20, 29), "thirties": (30, 39), "forties": (40, 49), "fifties": (50, 59),
    "sixties": (60, 69), "seventies": (70, 79), "eighties": (80, 89), "nineties": (90, 99),
}  # fmt: skip
_PERSONS_OF = {
    "vicenarian": (20, 29), "tricenarian": (30, 39), "quadragenarian": (40, 49),
    "quinquagenarian": (50, 59), "sexagenarian": (60, 69), "septuagenarian": (70, 79),
    "octogenarian": (80, 89), "nonagenarian": (90, 99), "centenarian": (100, 109),
}  # fmt: skip
_THEIR = r"(?:his|her|their|the patient's)"
_PART = r"(?P<part>early|mid|middle|late)?[ -]*"
_TEN_YEARS = rf"(?:(?P<a>#)'? ?s\b|(?P<word>{any_of(_DECADE_WORDS)}))"
_NTH = rf"(?:(?P<word>{any_of(_ORDINALS)})|(?P<a>#)(?:st|nd|rd|th)) decade\b"

ENGLISH = Language(
    code="eng",
    usual_words=frozenset(
        "the of and with in a an on is was at old year years woman man patient this from by for"
        " shows showing lesion skin".split()
    ),
    number_words=_number_words(),
    number_pattern=_NUMBER,
    forms=(
        AgeForm(kind="adjective", pattern=rf"{_AGE}[ -]*{_UNIT}{_MORE}[ -]*old\b"),
        AgeForm(kind="adjective", pattern=rf"{_AGE}[ -]*(?:yo|y/o|y\. ?o\b\.?|y-o)(?![a-z])"),
        AgeForm(kind="adjective", pattern=rf"{_AGE}[ -]*m/o(?![a-z])", unit="month"),
        AgeForm(
            kind="adjective", pattern=r"(?<![\w#-])(?:an?|one|this|the) (?P<u>hour|day|week|month|year)-old\b"
        ),
        AgeForm(kind="stated", pattern=rf"{_AGE}[ -]*{_UNIT}{_MORE},? (?:of|in)[ -]age\b"),
        AgeForm(
            kind="stated",
            pattern=rf"\b(?:aged|ages?)\b{_ABOUT} ?-?{_AGE}(?:[ -]*{_UNIT}{_MORE}(?: old| of age)?)?(?![\w%])",
        ),
        AgeForm(
            kind="stated",
            pattern=rf"\bage at (?:the )?(?:time of )?(?:{_SEEN})\b ?(?:was|of|is|=|:|,|\()? ?{_AGE}(?:[ -]*{_UNIT}{_MORE}(?: old| of age)?)?(?![\w%])",
        ),
        AgeForm(kind="adjective", pattern=r"(?P<a>#)/(?P<u>12|52|7)[ -]*(?:old|of age)\b"),
        AgeForm(kind="stated", pattern=r"\baged? (?P<a>#)/(?P<u>12|52|7)(?![\d/])"),
        AgeForm(kind="stated", pattern=rf"\bage(?:d|s)?\b \((?:years?|yrs?|y)\)[:=]? ?{_AGE}"),
        AgeForm(kind="stated", pattern=rf"\b(?P<u>day|week|month) {_AGE} of life\b"),
        AgeForm(kind="stated", pattern=rf"{_AGE}(?:st|nd|rd|th)? (?P<u>days?|weeks?|months?) of life\b"),
        AgeForm(
            kind="letter",
            pattern=rf"\( ?(?P<s>{_SEXED})\b ?[,;/:]? ?(?:aged )?{_AGE}(?:[ -]?{_UNIT})?(?: old)? ?(?=[),;])",
        ),
        AgeForm(
            kind="letter",
            pattern=rf"\( ?(?:aged? )?{_AGE}(?:[ -]?{_UNIT})?(?: old)? ?[,;/-]? ?(?P<s>{_SEXED}) ?(?=[),;])",
        ),
        AgeForm(
            kind="letter",
            pattern=r"(?:^|(?<=[,;:.(] )|(?<=\())(?P<a>#) ?(?P<u>y|yrs?|years?|mo|months?)\b\.?,? (?P<s>male|female|man|woman|boy|girl)\b",
        ),
        AgeForm(
            kind="letter", pattern=r"(?<![\w./])(?P<s>[MF]) ?/ ?(?P<a>#)(?: ?(?P<u>y|yrs?|years?|mo|months?)\b\.?)?(?![\w/.]\d|/)",
            cased=True,
        ),
        AgeForm(
            kind="letter", pattern=r"(?<![\w./x-])(?P<a>#) ?(?:(?P<u>y|yrs?|years?|mo|months?)\b\.?)? ?/ ?(?P<s>[MF])(?![\w/])", cased=True
        ),
        AgeForm(
            kind="letter",
            pattern=r"(?:^|(?<=[,;:(.] )|(?<=\()|(?<=\b(?:an|in) )|(?<=\ba ))(?P<a>#)(?P<s>[MF])(?=[ ,;.)]|$)(?! ?(?:scale|bar))",
            cased=True,
        ),
        AgeForm(
            kind="letter",
            pattern=r"(?:^|(?<=[;:(.] )|(?<=\())(?P<a>#) (?P<s>[MF])(?=,| with\b| who\b| presenting\b)",
            cased=True,
        ),
        AgeForm(
            kind="letter",
            pattern=r"(?:^|(?<=[;:(.,] )|(?<=\())(?P<s>[MF])(?:, ?| )(?P<a>#)(?: ?(?P<u>y|yrs?|years?|mo|months?)\b\.?)(?! (?:after|later|before|ago|post|prior|following|of))",
            cased=True,
        ),
        AgeForm(kind="bare", pattern=rf"{_AGE}[ -]*{_UNIT}{_MORE}(?![\w-])"),
        AgeForm(
            kind="bare",
            pattern=r"(?<=\bof )(?P<a>#)(?![\w%°/#-])(?! ?(?:%|mg|kg|cm|mm|ml|µm|patients|cases|out|of|per|to|or|lb|pounds|feet|cigarettes)\b)",
            unitless=True,
        ),
        AgeForm(kind="bare", pattern=r"(?P<a>#)(?=[),;:.]| (?:with|who|whose|presenting|and|has|had|showing|suffering)\b|$)", unitless=True),
        AgeForm(kind="decade", pattern=rf"\b(?:in|into) {_THEIR} {_PART}{_TEN_YEARS}"),
        AgeForm(kind="decade", pattern=rf"\bin the {_PART}{_TEN_YEARS}", needs_person=True),
        AgeForm(kind="decade", pattern=rf"\bin {_THEIR} {_PART}{_NTH}", step=10),
        AgeForm(kind="decade", pattern=rf"\bin the {_PART}{_NTH}", step=10, needs_person=True),
        AgeForm(kind="decade", pattern=rf"\b(?P<word>{any_of(_PERSONS_OF)})\b"),
        AgeForm(kind="decade", pattern=r"(?P<a>#)[ -]something\b"),
    ),
    units={"12": "month", "52": "week", "7": "day", "y": "year", "mo": "month", "mth": "month", "w": "week", "d": "day", "h": "hour"},
    people={
        "man": "male", "woman": "female", "boy": "male", "girl": "female", "male": "male",
        "female": "female", "gentleman": "male", "lady": "female", "schoolboy": "male",
        "schoolgirl": "female", "housewife": "female", "widow": "female", "widower": "male",
        "nun": "female", "bride": "female", "lad": "male", "waitress": "female",
        "hairdresser": None, "policeman": "male", "policewoman": "female", "fisherman": "male",
        "businessman": "male", "businesswoman": "female", "fireman": "male", "salesman": "male",
        "saleswoman": "female", "workman": "male", "seaman": "male", "serviceman": "male",
        "sportsman": "male", "sportswoman": "female", "craftsman": "male", "postman": "male",
        "milkman": "male", "horseman": "male", "cowboy": "male", "monk": "male",
        "patient": None, "child": None, "infant": None, "baby": None, "neonate": None,
        "newborn": None, "toddler": None, "adolescent": None, "teenager": None, "adult": None,
        "person": None, "individual": None, "schoolchild": None, "preschooler": None,
        "farmer": None, "worker": None, "student": None, "recipient": None, "nurse": None,
        "smoker": None, "athlete": None, "carrier": None, "volunteer": None, "caucasian": None,
        "twin": None, "proband": None, "case": None, "youngster": None, "youth": "male",
        "immigrant": None, "refugee": None, "traveler": None, "traveller": None, "diabetic": None,
        "soldier": None, "sailor": None, "gardener": None, "cook": None, "primigravida": "female",
        "multigravida": "female", "patient's": None, "pensioner": None, "teacher": None,
        "drinker": None, "user": None, "abuser": None, "addict": None, "driver": None,
    },
    crowds={
        "men": "male", "women": "female", "boys": "male", "girls": "female", "males": "male",
        "females": "female", "gentlemen": "male", "ladies": "female", "patients": None,
        "children": None, "infants": None, "babies": None, "neonates": None, "newborns": None,
        "toddlers": None, "adolescents": None, "teenagers": None, "adults": None, "people": None,
        "persons": None, "individuals": None, "cases": None, "twins": None, "brothers": "male",
        "sisters": "female", "sons": "male", "daughters": "female", "siblings": None,
        "students": None, "workers": None, "farmers": None, "subjects": None, "smokers": None,
        "mothers": "female", "fathers": "male", "parents": None, "recipients": None,
        "schoolchildren": None, "schoolboys": "male", "schoolgirls": "female", "elderly": None,
        "family members": None, "relatives": None, "volunteers": None, "participants": None,
        "preschoolers": None, "youths": None,
    },
    families=frozenset({"twins", "brothers", "sisters", "siblings"}),
    relatives={
        "mother": "female", "father": "male", "sister": "female", "brother": "male",
        "son": "male", "daughter": "female", "wife": "female", "husband": "male",
        "grandmother": "female", "grandfather": "male", "aunt": "female", "uncle": "male",
        "cousin": None, "niece": "female", "nephew": "male", "sibling": None, "parent": None,
        "grandson": "male", "granddaughter": "female", "partner": None, "girlfriend": "female",
        "boyfriend": "male", "spouse": None, "half-brother": "male", "half-sister": "female",
        "grandchild": None, "grandparent": None, "fiancé": "male", "stepfather": "male",
        "stepmother": "female", "mom": "female", "dad": "male", "mum": "female",
    },
    groups={
        "newborn": "neonate", "neonate": "neonate", "neonatal": "neonate", "infant": "infant",
        "baby": "infant", "toddler": "child", "child": "child", "schoolchild": "child",
        "school-age": "child", "school-aged": "child", "preschooler": "child",
        "preschool": "child", "adolescent": "adolescent", "teenager": "adolescent",
        "teenage": "adolescent", "teenaged": "adolescent", "teen": "adolescent",
        "in his teens": "adolescent",
        "in her teens": "adolescent", "adult": "adult", "middle-aged": "adult",
        "middle aged": "adult", "middle age": "adult", "elderly": "elderly",
        "little girl": "child", "little boy": "child", "old man": "elderly",
        "old woman": "elderly", "old lady": "elderly", "old gentleman": "elderly",
        "older man": "elderly", "older woman": "elderly", "older patient": "elderly",
        "aged man": "elderly", "aged woman": "elderly", "senior citizen": "elderly",
        "geriatric": "elderly", "pensioner": "elderly",
    },
    group_adjectives=r"neonatal|geriatric|preschool|school-aged?|teenage|teenaged|middle[ -]aged?|elderly|teen|adult|adolescent",
    group_blocks=(
        r"-?onset|-?type|-?like|abuse|form|forms|variant|version|oil|powder|formula|care|unit|t-cell"
        r"|screening|period|life|stage|development|acne|seat|carrier|clinic|hospital|mite|tick|worm"
        r"|louse|lice|flea|fly|bed|bug|still|still's|hood|dose|dosage|lupus|disease|skin|cases?"
        r"|population|age|mortality|health|protection|hair|wipes|food|school|day|myofibroma"
        r"|fibrosarcoma|h?a?emangioma|eczema|xanthogranuloma|botulism|specimens?"
    ),
    decades={
        **{word: (float(a), float(b)) for word, (a, b) in (_DECADE_WORDS | _PERSONS_OF).items()},
        **{word: (10.0 * n, 10.0 * n + 9) for n, word in enumerate(_ORDINALS)},
    },
    things=(
        r"lesions?|scars?|rash|rashes|eruptions?|plaques?|papules?|nodules?|wounds?|burns?|ulcers?"
        r"|ulcerations?|blisters?|bullae?|patch|patches|tattoos?|tumou?rs?|growths?|moles?|n[ae]vus"
        r"|naevus|n[ae]vi|naevi|warts?|keloids?|cysts?|marks?|stains?|biops(?:y|ies)|specimens?"
        r"|sections?|grafts?|flaps?|infections?|injur(?:y|ies)|bites?|photographs?|photos?|pictures?"
        r"|images?|fractures?|erosions?|crusts?|vesicles?|pustules?|macules?|wheals?|swellings?"
        r"|mass(?:es)?|cultures?|colon(?:y|ies)|herpes|zoster|psoriasis|eczema|vitiligo|history"
        r"|follow-up|course|duration|treatment|therapy|paraffin|block|material|tissue|sample|samples"
        r"|sites?|abscess|boil|infestations?|stings?|melanomas?|cancers?|\w+omas?|\w{3,}itis"
        r"|\w{3,}iasis|\w{3,}osis|dermatosis|reactions?|tests?|sutures?|incisions?|defects?|hair"
        r"|hairs|nails?|fissures?|horns?|implants?|prosthesis|catheter|bruises?|ha?ematomas?"
        r"|h[ae]+mangiomas?|malformations?|granulomas?|comedon\w*|milia|striae|purpura|petechiae"
        r"|excoriations?|induration|erythema|lump|bump|sore|chancre|alopecia|bald|paper|book|study"
        r"|article|cadaver|corpse|cells?|keratinocytes|fibroblasts|lichen|chilblains?|callus|corn"
    ),
    aging_things=(
        r"lesions?|scars?|wounds?|burns?|tattoos?|blisters?|rash|specimens?|blocks?|bruises?|bites?"
        r"|samples?|grafts?|cultures?|colon(?:y|ies)|n[ae]vus|naevus|warts?|keloids?|plaques?|papules?"
        r"|nodules?|ulcers?|eruptions?|incisions?"
    ),
    animals=(
        r"mites?|louse|lice|ticks?|fleas?|mosquito(?:es)?|fl(?:y|ies)|sandfl(?:y|ies)|worms?"
        r"|spiders?|bedbugs?|bugs?|dogs?|cats?|mouse|mice|rats?|horses?|guinea|rabbits?|pigs?|cows?"
        r"|calf|calves|sheep|monkeys?|hamsters?|sarcoptes|pediculus|pthirus|phthirus|ixodes|demodex"
        r"|tunga|tungiasis flea|anopheles|phlebotomus|larvae?|nematodes?|schistosom\w*|cercariae?"
        r"|insects?|beetles?|bees?|wasps?|ants?|moths?|caterpillars?|scorpions?|specimen of|filaria\w*"
        r"|onchocerca|puppy|kitten|foals?|cattle|chicks?|murine|animals?"
    ),
    stops=(
        r"with|of|in|on|at|who|whose|whom|which|that|presenting|presented|presents|had|has|have|is"
        r"|was|were|are|showing|shows|showed|from|before|after|treated|and|or|to|by|for|during"
        r"|suffering|because|since|under|over|without|near|developed|developing|noted|having|as"
        r"|about|than|when|while|the|this|these|his|her|their|an?|complaining|following|if|but"
    ),
    possessors=r"(?:his|her|their|its|whose|\w+'s|\w+s')",
    own=r"\b(?:his|her|their|whose|patient's)",
    more_is=r"(?:that )?(?:was|is|were|are|aged)(?: (?:about|approximately|only))? ",
    of_patient=r" of (?:the|this|that|our|a|an|his|her) (?:\w+ ){0,2}(?:patient|child|boy|girl|infant|baby|newborn|neonate|proband|woman|man|case|index)",
    born_to=(
        r"(?:\bborn (?:to|of)|\b(?:infant|child|baby|newborn|neonate|son|daughter|offspring|boy|girl)"
        r" (?:of|to|born to)|\bcontact with|\bacquired from|\btransmitted (?:by|from)|\binfected by)"
        r" (?:an?|the|its|one) (?:[\w#'-]+ ){0,4}$"
    ),
    population=(
        r"\b(?:most|many|some|all|majority of) (?:of the )?(?:patients|cases|women|men|children|people|infants|adults)"
        r"|\b(?:usually|commonly|typically|generally|frequently|mostly|mainly|predominantly|often|rarely|occasionally)"
        r" (?:(?:is|are|be) )?(?:affects?|affecting|occurs?|occurring|seen|found|appears?|presents?|develops?|begins?|starts?"
        r"|observed|encountered|diagnosed|in)\b"
        r"|\b(?:more|most|less|equally|especially) (?:\w+ )?(?:common|commonly|frequent|frequently|often|prevalent|likely|rare)\b"
        r"|\b(?:is|are|being) (?:\w+ )?(?:common|frequent|rare|prevalent) (?:in|among)\b"
        r"|\bincidence|\bprevalence|\bratio\b|\bpredilection|\bpreponderance|\bpredominan|\bepidemiolog"
        r"|\brisk (?:of|in|for|factor)|\bcan (?:affect|occur|be seen)|\bmay (?:affect|occur|be seen|appear|begin)"
        r"|\bpeak (?:age|in)|\baffects\b|\btends? to (?:occur|affect)|\bcontraindicated|\bby definition"
        r"|\bdistribution of|\bper cent of|\bsurvey of|\bstudy of|\bcohort|\bscreening of|\brecommended"
    ),
    reporter=(
        r"\b(?:mother|father|parents?|grandmother|grandfather|wife|husband|family|sister|brother|daughter|son) (?:had )?(?:also )?(?:reports?|reported|noted|noticed|notes|states?|stated|said|says"
        r"|brought|gave|described|complained|recalled|believed|thought|found|saw|observed|denied|requested"
        r"|was (?:concerned|worried)|were (?:concerned|worried)|sought|applied|discovered|presented with (?:his|her))\b"
    ),
    mean_age=(
        r"\b(?:mean|median|average|typical|usual|peak)\b[^.;]{0,60}$"
        r"|\b(?:gestational|postmenstrual|menstrual|conceptional|corrected|bone|mental|skeletal|dental"
        r"|paternal|maternal|lesional|geological|stone|school|middle|old|donor|donor's) $"
        r"|\bages? (?:range|group|of (?:onset|diagnosis|presentation))\b[^.;]{0,30}$"
        r"|\bages? rang\w+[^.;]{0,20}$|\branging in $"
    ),
    history=(
        r"onset|beg[aiu]n\w*|start\w*|appeared|appear|appearing|developed|developing|notic\w+|noted"
        r"|first|diagnos\w+|acquired|occurr\w+|since|arose|arising|emerg\w+|manifest\w*|treated"
        r"|treatment|therapy|operat\w+|surgery|excised|excision|removed|removal|underwent|undergone|received"
        r"|transplant\w*|vaccinat\w+|irradiat\w+|radiotherapy|burn(?:ed|t)|injur\w+|accident|died|dead|death|dies"
        r"|resolv\w+|regress\w*|disappear\w*|clear(?:ed|s|ing)|fade\w*|remission|recurr\w+|relaps\w+"
        r"|menarche|menopause|married|exposed|exposure|immigrat\w+|emigrat\w+|contracted|infected"
        r"|sustained|bitten|became|heal(?:ed|s|ing)|graft\w*|amputat\w*|splenectomy|bled|grew|spread|birth"
        r"|after|following|radiation|radiated|had had|used to|recalled|reported|puberty|survived|lost|smoking|circumcised|tattooed"
    ),
    shown=(
        r"photograph\w*|pictured|shown|seen|presented|presenting|presentation|presents|examined"
        r"|examination|imaged|taken|shows|biopsied|now|currently|today|evaluated|referred|admitted"
        r"|consulted|follow-up|clinical appearance|same patient|depicted|visit"
    ),
    between=r"\b(?:between|from)[ \w]{0,12}$",
    at=(
        r"(?:\bat(?: (?:the|an|about|around|approximately))*|\bwhen [\w ]{1,40} (?:was|were)|\bon|\bwas|\bwere)"
        r"(?: (?:about|only|just|around|approximately))? ?$"
    ),
    never_at=(
        r"\b(?:since|from|until|till|by|before|after|prior to|up to|within|through|throughout|past"
        r"|beyond|during)(?: about| the| around| early| approximately)*(?: age of)? ?$"
    ),
    after_age=(
        r"^[ ,]*(?:he|she|the patient|it|they|this patient|the lesions?)? ?(?:had |was |were |has been )?(?:first )?"
        r"(?:developed|began|started|underwent|received|noticed|diagnosed|treated|died|experienced|onset"
        r"|appeared|acquired|noted|operated|vaccinated|married|excised|removed|when)\b"
    ),
    duration=(
        r"^ ?(?:after|later|before|ago|post\w*|prior|following|history|duration|since|earlier|previously"
        r"|into|weeks|'? ?gestation|'? ?of gestation|'? ?pregnan|of (?:treatment|therapy|follow|use|duration|evolution|itch\w*|age group|disease)|follow|standing|on |in duration|course|treatment|survival|apart)"
    ),
    bare_link=r"(?: patient| infant| child| baby)?(?: |(?: ?, ?(?:aged? )?| ?\( ?| of (?:about |around |approximately |only )?|: ?))$",
    over=r"(?:\b(?:over|above|more than|older than|at least|beyond|past)|>|≥) ?(?:the age of )?$",
    under=r"(?:\b(?:under|below|less than|younger than|up to|at most)|<|≤) ?(?:the age of )?$",
    early={"early": (0, 4), "mid": (4, 6), "middle": (4, 6), "late": (5, 9)},
    grown_up=r"man|woman|gentleman|lady|housewife|widow|widower|mother|father",
    coordination=r" ?(?:,|\)|\([^()]{0,30}\))? ?(?:and|&|with) (?:also )?(?:an?|his|her|their|another|one) ",
    generic_before=r"\b(?:in|of|for) the $",
    quantifiers=(
        r"(?:#|two|three|four|both|twin|monozygotic|dizygotic|these|triplet|quadruplet|identical|siamese|conjoined|couple of|pair of)"
    ),
    pronouns={
        "he": "male", "his": "male", "him": "male", "himself": "male",
        "she": "female", "her": "female", "hers": "female", "herself": "female",
    },
    letters={
        "m": "male", "f": "female", "man": "male", "woman": "female", "boy": "male",
        "girl": "female", "male": "male", "female": "female", "lady": "female",
        "gentleman": "male",
    },
    anatomy={
        "male": (
            r"\bpen(?:is|ile|es)\b|\bscrot(?:um|al|i)\b|\bprostat(?:e|ic|ectomy)\b|\btest(?:is|icle|icles|icular|es)\b"
            r"|\bforeskin\b|\bprepuce\b|\bpreputial\b|\bglans\b(?! clitor)|\bcoronal sulcus\b|\bbalan\w+itis\b|\bbalanitis\b"
            r"|\bphimosis\b|\bparaphimosis\b|\bepididym\w+|\bgyn[ae]+comastia\b|\bgynaecomastia\b|\bcircumcis(?:ed|ion)\b"
            r"|\bspermat\w+|\bvasectomy\b|\bmale genital\w*|\bseminoma\b|\borchitis\b|\borchid?ectomy\b|\bperipenile\b|\bpenoscrotal\b"
        ),
        "female": (
            r"\bvulv(?:a|al|ar|ae|itis|ovaginal)\b|\bvagin(?:a|al|itis)\b|\blabi(?:um|a) (?:majora|minora|majus|minus)\b"
            r"|\bclitor\w+|\buter(?:us|ine)\b|\bovar(?:y|ies|ian)\b|\bcervix uteri\b|\bintroitus\b|\bvestibulodynia\b"
            r"|\bpremenopaus\w+|\bpostmenopaus\w+|\bperimenopaus\w+|\bmenopausal\b|\bmenstrua\w+|\bmenarche\b|\bmenses\b"
            r"|\bhysterectomy\b|\bfemale genital\w*|\bfourchette\b|\bmons pubis of a f|\bbartholin\b|\bendometri\w+|\boophor\w+"
        ),
    },
    pregnancy=(
        r"\bpregnan(?:t|cy|cies)\b|\bgravid(?:a|ity)?\b|\bprimigravid\w*|\bmultigravid\w*|\bprimipar\w*|\bmultipar(?:a|ous)\b"
        r"|\bnullipar\w*|\bg ?#,? ?p ?#|\bpuerper\w+|\bpost-?partum\b|\btrimester\b|\blactating\b|\bgestationis\b"
        r"|\bgestational (?:pemphigoid|diabetes)|\bpara #"
    ),
    no_pregnancy=(
        r"\bmaternal|\bmother|\bborn (?:at|after|to|by|in)\b|\bnewborn|\bneonat\w*|\binfant|\bfet(?:us|al)|\bfoet\w+|\bcontraindicated|\bavoid\w*"
        r"|\brisk of|\bcongenital"
    ),
    not_sex=(
        r"\b(?:male|female)s?[ -](?:pattern|type|sex hormones?|hormones?|predominan\w+|preponderance|predilection|ratio|only|mites?|condoms?)\w*"
        r"|\b(?:males?|m[ae]n|wom[ae]n|boys?|girls?|females?) ?(?:or|/|-|:|to|than|versus|vs\.?) ?(?:in )?(?:males?|m[ae]n|wom[ae]n|boys?|girls?|females?)\b(?! (?:patient|child|infant))"
        r"|\b(?:males?|men|women|boys|girls|females?) ?(?:and|&) ?(?:in )?(?:males?|men|women|boys|girls|females?)\b(?! (?:patient|child|infant)\b)"
        r"|\b(?:he|his|him|she|her) ?(?:or|/|and) ?(?:she|hers?|his?|him)\b|\(s\)he\b|\b(?:both|either) sexe?s?\b"
        r"|\b(?:men|women|boys|girls|ladies|children|gentlemen)(?:'s|s')|\b(?:in|of|to|for|than|by|from) man\b(?! (?:of|aged|with|who|in)\b)|\bman-?made\b|\bmedicine man\b|\bmankind\b|\bold man's beard\b"
        r"|\blady('s|s') \w+|\bboys' club"
    ),
)
