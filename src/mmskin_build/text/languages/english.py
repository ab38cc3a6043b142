"""English."""

from __future__ import annotations

from mmskin_build.text.languages.english_ages import (
    DECADES,
    FORMS,
    NUMBER,
    NUMBER_WORDS,
    ORDINALS,
)
from mmskin_build.text.languages.table import Language, by_group, by_sex

ENGLISH = Language(
    code="eng",
    usual_words=frozenset(
        [
            "the",
            "of",
            "and",
            "with",
            "in",
            "a",
            "an",
            "on",
            "is",
            "was",
            "at",
            "old",
            "year",
            "years",
            "woman",
            "man",
            "patient",
            "this",
            "from",
            "by",
            "for",
            "shows",
            "showing",
            "lesion",
            "skin",
        ]
    ),
    number_words=NUMBER_WORDS,
    number_pattern=NUMBER,
    ordinals=ORDINALS,
    forms=FORMS,
    units={
        "12": "month",
        "52": "week",
        "7": "day",
        "y": "year",
        "mo": "month",
        "mth": "month",
        "w": "week",
        "d": "day",
        "h": "hour",
    },
    people=by_sex(
        male=(
            "man, boy, male, gentleman, schoolboy, widower, lad, policeman, fisherman, "
            "businessman, fireman, salesman, workman, seaman, serviceman, sportsman, "
            "craftsman, postman, milkman, horseman, cowboy, monk, youth"
        ),
        female=(
            "woman, girl, female, lady, schoolgirl, housewife, widow, nun, bride, "
            "waitress, policewoman, businesswoman, saleswoman, sportswoman, "
            "primigravida, multigravida"
        ),
        unknown=(
            "owner, handler, keeper, breeder, rider, hairdresser, patient, child, infant, "
            "baby, neonate, newborn, toddler, "
            "adolescent, teenager, adult, person, individual, schoolchild, preschooler, "
            "farmer, worker, student, recipient, nurse, smoker, athlete, carrier, "
            "volunteer, caucasian, twin, proband, case, youngster, immigrant, refugee, "
            "traveler, traveller, diabetic, soldier, sailor, gardener, cook, patient's, "
            "pensioner, teacher, drinker, user, abuser, addict, driver"
        ),
    ),
    crowds=by_sex(
        male="men, boys, males, gentlemen, brothers, sons, fathers, schoolboys",
        female="women, girls, females, ladies, sisters, daughters, mothers, schoolgirls",
        unknown=(
            "patients, children, infants, babies, neonates, newborns, toddlers, "
            "adolescents, teenagers, adults, people, persons, individuals, cases, "
            "twins, siblings, students, workers, farmers, subjects, smokers, parents, "
            "recipients, schoolchildren, elderly, family members, relatives, "
            "volunteers, participants, preschoolers, youths"
        ),
    ),
    families=frozenset({"twins", "brothers", "sisters", "siblings"}),
    relatives=by_sex(
        male=(
            "father, brother, son, husband, grandfather, uncle, nephew, grandson, "
            "boyfriend, half-brother, fiancé, stepfather, dad"
        ),
        female=(
            "mother, sister, daughter, wife, grandmother, aunt, niece, granddaughter, "
            "girlfriend, half-sister, stepmother, mom, mum"
        ),
        unknown="cousin, sibling, parent, partner, spouse, grandchild, grandparent",
    ),
    groups=by_group(
        neonate="newborn, neonate, neonatal",
        infant="infant, baby",
        child=(
            "toddler, child, schoolchild, school-age, school-aged, preschooler, "
            "preschool, little girl, little boy"
        ),
        adolescent="adolescent, teenager, teenage, teenaged, teen, in his teens, in her teens",
        adult="adult, middle-aged, middle aged, middle age",
        elderly=(
            "elderly, old man, old woman, old lady, old gentleman, older man, older "
            "woman, older patient, aged man, aged woman, senior citizen, geriatric, "
            "pensioner"
        ),
    ),
    group_adjectives=r"neonatal|geriatric|preschool|school-aged?|teenage|teenaged|middle["
    r" -]aged?|elderly"
    r"|teen|adult|adolescent",
    group_blocks=(
        r"-?onset|-?type|-?like|abuse|form|forms|variant|version|oil|powder|formula|care|unit"
        r"|t-cell"
        r"|screening|period|life|stage|development|acne|seat|carrier|clinic|hospital|mite|tick|worm"
        r"|louse|lice|flea|fly|bed|bug|still|still's|hood|dose|dosage|lupus|disease|skin|cases?"
        r"|population|age|mortality|health|protection|hair|wipes|food|school|day|myofibroma"
        r"|fibrosarcoma|h?a?emangioma|eczema|xanthogranuloma|botulism|specimens?"
    ),
    decades=DECADES,
    things=(
        r"lesions?|scars?|rash|rashes|eruptions?|plaques?|papules?|nodules?|wounds?|burns?|ulcers?"
        r"|ulcerations?|blisters?|bullae?|patch|patches|tattoos?|tumou?rs?|growths?|moles?|n[ae]vus"
        r"|naevus|n[ae]vi|naevi|warts?|keloids?|cysts?|marks?|stains?|biops(?:y|ies)|specimens?"
        r"|sections?|grafts?|flaps?|infections?|injur(?:y|ies)|bites?|photographs?|photos?"
        r"|pictures?"
        r"|images?|fractures?|erosions?|crusts?|vesicles?|pustules?|macules?|wheals?|swellings?"
        r"|mass(?:es)?|cultures?|colon(?:y|ies)|herpes|zoster|psoriasis|eczema|vitiligo|history"
        r"|follow-up|course|duration|treatment|therapy|paraffin|block|material|tissue|sample"
        r"|samples"
        r"|sites?|abscess|boil|infestations?|stings?|melanomas?|cancers?|\w+omas?|\w{3,}itis"
        r"|\w{3,}iasis|\w{3,}osis|dermatosis|reactions?|tests?|sutures?|incisions?|defects?|hair"
        r"|hairs|nails?|fissures?|horns?|implants?|prosthesis|catheter|bruises?|ha?ematomas?"
        r"|h[ae]+mangiomas?|malformations?|granulomas?|comedon\w*|milia|striae|purpura|petechiae"
        r"|excoriations?|induration|erythema|lump|bump|sore|chancre|alopecia|bald|paper|book|study"
        r"|article|cadaver|corpse|cells?|keratinocytes|fibroblasts|lichen|chilblains?|callus|corn"
    ),
    aging_things=(
        r"lesions?|scars?|wounds?|burns?|tattoos?|blisters?|rash|specimens?|blocks?|bruises?|bites?"
        r"|samples?|grafts?|cultures?|colon(?:y|ies)|n[ae]vus|naevus|warts?|keloids?|plaques?"
        r"|papules?"
        r"|nodules?|ulcers?|eruptions?|incisions?"
    ),
    animals=(
        r"f(?:o?e)tus(?:es)?|embryos?|mites?|louse|lice|ticks?|fleas?|mosquito(?:es)?|fl(?:y|ies)|sandfl(?:y|ies)|worms?"
        r"|spiders?|bedbugs?|bugs?|dogs?|cats?|mouse|mice|rats?|horses?|guinea|rabbits?|pigs?|cows?"
        r"|calf|calves|sheep|monkeys?|hamsters?|sarcoptes|pediculus|pthirus|phthirus|ixodes|demodex"
        r"|tunga|tungiasis flea|anopheles|phlebotomus|larvae?|nematodes?|schistosom\w*|cercariae?"
        r"|insects?|beetles?|bees?|wasps?|ants?|moths?|caterpillars?|scorpions?|specimen of"
        r"|filaria\w*"
        r"|onchocerca|puppy|kitten|foals?|cattle|chicks?|murine|animals?"
    ),
    joins=frozenset({"and", "or", "of"}),
    stops=(
        r"with|of|in|on|at|who|whose|whom|which|that|presenting|presented|presents|had|has|have|is"
        r"|was|were|are|showing|shows|showed|from|before|after|treated|and|or|to|by|for|during"
        r"|suffering|because|since|under|over|without|near|developed|developing|noted|having|as"
        r"|about|than|when|while|the|this|these|his|her|their|an?|complaining|following|if|but"
    ),
    possessors=r"(?:his|her|their|its|whose|\w+'s|\w+s')",
    own=r"\b(?:his|her|their|whose|patient's)",
    more_is=r"(?:that )?(?:was|is|were|are|aged)(?: (?:about|approximately|only))? ",
    of_patient=r" of (?:the|this|that|our|a|an|his|her) (?:\w+ ){0,2}(?:patient|child|boy|girl"
    r"|infant|baby|newborn|neonate|proband|woman|man|case|index)",
    born_to=(
        r"(?:\bborn (?:to|of)|\b(?:infant|child|baby|newborn|neonate|son|daughter|offspring"
        r"|boy|girl)"
        r" (?:of|to|born to)|\bcontact with|\bacquired from|\btransmitted (?:by|from)"
        r"|\binfected by)"
        r" (?:an?|the|its|one) (?:[\w#'-]+ ){0,4}$"
    ),
    population=(
        r"\b(?:most|many|some|all|majority of) (?:of the )?(?:patients|cases|women|men"
        r"|children|people|infants|adults)"
        r"|\b(?:usually|commonly|typically|generally|frequently|mostly|mainly|predominantly"
        r"|often|rarely|occasionally)"
        r" (?:(?:is|are|be) )?(?:affects?|affecting|occurs?|occurring|seen|found|appears?"
        r"|presents?|develops?|begins?|starts?"
        r"|observed|encountered|diagnosed|in)\b"
        r"|\b(?:more|most|less|equally|especially) (?:\w+ )?(?:common|commonly|frequent"
        r"|frequently|often|prevalent|likely|rare)\b"
        r"|\b(?:is|are|being) (?:\w+ )?(?:common|frequent|rare|prevalent) (?:in|among)\b"
        r"|\bincidence|\bprevalence|\bratio\b|\bpredilection|\bpreponderance|\bpredominan"
        r"|\bepidemiolog"
        r"|\brisk (?:of|in|for|factor)|\bcan (?:affect|occur|be seen)|\bmay (?:affect|occur"
        r"|be seen|appear|begin)"
        r"|\bpeak (?:age|in)|\baffects\b|\btends? to (?:occur|affect)|\bcontraindicated|\bby"
        r" definition"
        r"|\bdistribution of|\bper cent of|\bsurvey of|\bstudy of|\bcohort|\bscreening of"
        r"|\brecommended"
    ),
    reporter=(
        r"\b(?:mother|father|parents?|grandmother|grandfather|wife|husband|family|sister"
        r"|brother|daughter|son) (?:had )?(?:also )?(?:reports?|reported|noted|noticed|notes"
        r"|states?|stated|said|says"
        r"|brought|gave|described|complained|recalled|believed|thought|found|saw|observed"
        r"|denied|requested"
        r"|was (?:concerned|worried)|were (?:concerned|worried)|sought|applied|discovered"
        r"|presented with (?:his|her))\b"
    ),
    mean_age=(
        r"\b(?:mean|median|average|typical|usual|peak)\b[^.;]{0,60}$"
        r"|\b(?:gestational|postmenstrual|menstrual|conceptional|corrected|bone|mental"
        r"|skeletal|dental"
        r"|paternal|maternal|lesional|geological|stone|school|middle|old|donor|donor's) $"
        r"|\bages? (?:range|group|of (?:onset|diagnosis|presentation))\b[^.;]{0,30}$"
        r"|\bages? rang\w+[^.;]{0,20}$|\branging in $"
    ),
    history=(
        r"onset|beg[aiu]n\w*|start\w*|appeared|appear|appearing|developed|developing|notic\w+|noted"
        r"|first|diagnos\w+|acquired|occurr\w+|since|arose|arising|emerg\w+|manifest\w*|treated"
        r"|treatment|therapy|operat\w+|surgery|excised|excision|removed|removal|underwent"
        r"|undergone|received"
        r"|transplant\w*|vaccinat\w+|irradiat\w+|radiotherapy|burn(?:ed|t)|injur\w+|accident"
        r"|died|dead|death|dies"
        r"|resolv\w+|regress\w*|disappear\w*|clear(?:ed|s|ing)|fade\w*|remission|recurr\w+"
        r"|relaps\w+"
        r"|menarche|menopause|married|exposed|exposure|immigrat\w+|emigrat\w+|contracted|infected"
        r"|sustained|bitten|became|heal(?:ed|s|ing)|graft\w*|amputat\w*|splenectomy|bled|grew"
        r"|spread|birth"
        r"|after|following|radiation|radiated|had had|used to|recalled|reported|puberty"
        r"|survived|lost|smoking|circumcised|tattooed"
    ),
    shown=(
        r"photograph\w*|pictured|shown|seen|presented|presenting|presentation|presents|examined"
        r"|examination|imaged|taken|shows|biopsied|now|currently|today|evaluated|referred|admitted"
        r"|consulted|follow-up|clinical appearance|same patient|depicted|visit"
    ),
    between=r"\b(?:between|from)[ \w]{0,12}$",
    at=(
        r"(?:\bat(?: (?:the|an|about|around|approximately))*|\bwhen [\w ]{1,40} (?:was|were)"
        r"|\bon|\bwas|\bwere)"
        r"(?: (?:about|only|just|around|approximately))? ?$"
    ),
    never_at=(
        r"\b(?:since|from|until|till|by|before|after|prior to|up to|within|through|throughout|past"
        r"|beyond|during)(?: about| the| around| early| approximately)*(?: age of)? ?$"
    ),
    after_age=(
        r"^[ ,]*(?:he|she|the patient|it|they|this patient|the lesions?)? ?(?:had |was |were "
        r"|has been )?(?:first )?"
        r"(?:developed|began|started|underwent|received|noticed|diagnosed|treated|died"
        r"|experienced|onset"
        r"|appeared|acquired|noted|operated|vaccinated|married|excised|removed|when)\b"
    ),
    duration=(
        r"^ ?(?:after|later|before|ago|post\w*|prior|following|history|duration|since|earlier"
        r"|previously"
        r"|into|weeks|'? ?gestation|'? ?of gestation|'? ?pregnan|of (?:treatment|therapy"
        r"|follow|use|duration|evolution|itch\w*|age group|disease)|follow|standing|on |in"
        r" duration|course|treatment|survival|apart)"
    ),
    bare_link=r"(?: patient| infant| child| baby)?(?: |(?: ?, ?(?:aged? )?| ?\( ?| of (?:about "
    r"|around |approximately |only )?|: ?))$",
    over=r"(?:\b(?:over|above|more than|older than|at least|beyond|past)|>|≥) ?(?:the age of )?$",
    under=r"(?:\b(?:under|below|less than|younger than|up to|at most)|<|≤) ?(?:the age of )?$",
    early={"early": (0, 4), "mid": (4, 6), "middle": (4, 6), "late": (5, 9)},
    grown_up=r"man|woman|gentleman|lady|housewife|widow|widower|mother|father",
    coordination=r" ?(?:,|\)|\([^()]{0,30}\))? ?(?:and|&|with) (?:also )?(?:an?|his|her"
    r"|their|another"
    r"|one) ",
    generic_before=r"\b(?:in|of|for) the $",
    quantifiers=(
        r"(?:#|two|three|four|both|twin|monozygotic|dizygotic|these|triplet|quadruplet"
        r"|identical|siamese|conjoined|couple of|pair of)"
    ),
    pronouns={
        "he": "male",
        "his": "male",
        "him": "male",
        "himself": "male",
        "she": "female",
        "her": "female",
        "hers": "female",
        "herself": "female",
    },
    letters={
        "m": "male",
        "f": "female",
        "man": "male",
        "woman": "female",
        "boy": "male",
        "girl": "female",
        "male": "male",
        "female": "female",
        "lady": "female",
        "gentleman": "male",
    },
    anatomy={
        "male": (
            r"\bpen(?:is|ile|es)\b|\bscrot(?:um|al|i)\b|\bprostat(?:e|ic|ectomy)\b|\btest(?:is"
            r"|icle|icles|icular|es)\b"
            r"|\bforeskin\b|\bprepuce\b|\bpreputial\b|\bglans\b(?! clitor)|\bcoronal sulcus\b"
            r"|\bbalan\w+itis\b|\bbalanitis\b"
            r"|\bphimosis\b|\bparaphimosis\b|\bepididym\w+|\bgyn[ae]+comastia\b|\bgynaecomastia\b"
            r"|\bcircumcis(?:ed|ion)\b"
            r"|\bspermat\w+|\bvasectomy\b|\bmale genital\w*|\bseminoma\b|\borchitis\b"
            r"|\borchid?ectomy\b|\bperipenile\b|\bpenoscrotal\b"
        ),
        "female": (
            r"\bvulv(?:a|al|ar|ae|itis|ovaginal)\b|\bvagin(?:a|al|itis)\b|\blabi(?:um|a) "
            r"(?:majora|minora|majus|minus)\b"
            r"|\bclitor\w+|\buter(?:us|ine)\b|\bovar(?:y|ies|ian)\b|\bcervix uteri\b"
            r"|\bintroitus\b|\bvestibulodynia\b"
            r"|\bpremenopaus\w+|\bpostmenopaus\w+|\bperimenopaus\w+|\bmenopausal\b|\bmenstrua\w+"
            r"|\bmenarche\b|\bmenses\b"
            r"|\bhysterectomy\b|\bfemale genital\w*|\bfourchette\b|\bmons pubis of a f"
            r"|\bbartholin\b|\bendometri\w+|\boophor\w+"
        ),
    },
    pregnancy=(
        r"\bpregnan(?:t|cy|cies)\b|\bgravid(?:a|ity)?\b|\bprimigravid\w*|\bmultigravid\w*"
        r"|\bprimipar\w*|\bmultipar(?:a|ous)\b"
        r"|\bnullipar\w*|\bg ?#,? ?p ?#|\bpuerper\w+|\bpost-?partum\b|\btrimester\b"
        r"|\blactating\b|\bgravidarum|gestationis\b"
        r"|\bgestational (?:pemphigoid|diabetes)|\bpara #"
    ),
    no_pregnancy=(
        r"\bmaternal|\bmother|\bborn (?:at|after|to|by|in)\b|\bnewborn|\bneonat\w*|\binfant"
        r"|\bfet(?:us|al)|\bfoet\w+|\bcontraindicated|\bavoid\w*"
        r"|\brisk of|\bcongenital"
    ),
    stated_sex=r"\b(?:sex|gender) ?[:=] ?(?P<s>[mf])(?!\w)",
    not_sex=(
        r"\b(?:male|female)s?[ -](?:pattern|type|sex hormones?|hormones?|predominan\w+"
        r"|preponderance|predilection|ratio|only|mites?|condoms?)\w*"
        r"|\b(?:males?|m[ae]n|wom[ae]n|boys?|girls?|females?) ?(?:or|/|-|:|to|than|versus"
        r"|vs\.?) ?(?:in )?(?:males?|m[ae]n|wom[ae]n|boys?|girls?|females?)\b(?! (?:patient"
        r"|child|infant))"
        r"|\b(?:males?|men|women|boys|girls|females?) ?(?:and|&) ?(?:in )?(?:males?|men|women"
        r"|boys|girls|females?)\b(?! (?:patient|child|infant)\b)"
        r"|\b(?:he|his|him|she|her) ?(?:or|/|and) ?(?:she|hers?|his?|him)\b|\(s\)he\b|\b"
        r"(?:both|either) sexe?s?\b"
        r"|\b(?:men|women|boys|girls|ladies|children|gentlemen)(?:'s|s')|\b(?:in|of|to|for"
        r"|than|by|from) man\b(?! (?:of|aged|with|who|in)\b)|\bman-?made\b|\bmedicine man\b"
        r"|\bmankind\b|\bman-of-war\b|\b(?:were|are) (?:fe)?males?\b|\bold man's beard\b"
        r"|\blady('s|s') \w+|\bboys' club"
    ),
)
