"""What is wrong with a pair by the way it is put: names, hedges, advice, leaks, the caption itself.

None of it needs to know what the caption says, but for words that the caption has itself: a caption
that says "possible sarcoidosis" makes "possible" in an answer no hedge.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from mmskin_build.text.credits import find_credits
from mmskin_build.vqa.reading import Reading
from mmskin_build.vqa.reasons import Verdict, reject
from mmskin_build.vqa.words import key_of

MOST_QUESTION = 400  # characters; a longer question is no question
MOST_ANSWER = 1200  # characters; a longer answer is an essay

_I = re.IGNORECASE
_TITLE = re.compile(
    r"\b(?:Dr|Drs|Prof|Professor|Mr|Mrs|Ms|Miss|Doctor|Sir)\b\.? +(?:[A-Z]\. ?)*[A-Z][a-z]+"
)
_NAMED = re.compile(
    r"\b(?:photo(?:graph)?|image|picture|courtesy|permission|provided|taken|reproduced)\b.{0,30}"
    r"\b(?:by|of|from)\b (?:the )?(?:Dr|Prof|[A-Z][a-z]+ [A-Z][a-z]+|[A-Z]\. ?[A-Z][a-z]+)"
    r"|\bcourtesy of\b"
)
_CALLED = re.compile(
    r"\b(?:name[ds]?|called|initials?) (?:is|are|was|of the patient|of this patient)?:? ?"
    r"[A-Z][a-z]*\.?(?: ?[A-Z])?|\bpatient,? (?:named? )?[A-Z][a-z]+ [A-Z][a-z]+"
)
_INITIALS = re.compile(r"(?<![\w.])(?:[A-Z]\. ?){1,3}[A-Z][a-z]{2,}(?!\w)")
_ASKS_NAME = re.compile(
    r"\bwho (?:took|made|photographed|provided|supplied|is (?:the|this) (?:patient|author|doctor"
    r"|photographer)|treated|reported|operated|diagnosed|contributed|described|wrote)"
    r"|\b(?:patient|person|doctor|author|photographer|man|woman|child)(?:'s"
    r"|’s) (?:full )?(?:name|initials?|surname|address)\b"
    r"|\bname of the (?:patient|person|doctor|author|photographer|hospital|man|woman|child)\b"
    r"|\bwhat(?:'s| is) (?:his|her|their) (?:full )?(?:name|initials)\b"
    r"|\bwhose (?:photo|picture|image|collection|patient)\b|\bhospital number\b"
    r"|\b(?:record|case|file|chart|identification|hospital|medical record) (?:number|no\b|id\b)"
    r"|\bdate of birth\b|\bwhere does (?:the patient|he|she) live\b|\bpatient id\b|\b(?:patient"
    r"|case|hospital|record|file)(?:'s|’s)? number\b",
    _I,
)
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DATE = re.compile(
    rf"\b\d{{1,2}}(?:st|nd|rd|th)? (?:of )?{_MONTH},? (?:\d{{2}}|\d{{4}})\b"
    rf"|\b{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}}\b|\b{_MONTH} (?:of )?(?:19|20)\d\d\b"
    r"|\b\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})\b|\b(?:19|20)\d\d-\d\d-\d\d\b"
    r"|\bin (?:19|20)\d\d\b|\bborn (?:on|in)\b",
    _I,
)
_NUMBER = re.compile(
    r"\b(?:mrn|id|no|nr|number|patient|case|hospital|chart|ssn|nhs)\b[ .:#]*(?:number|no\.?"
    r"|id)?[ :#]*"
    r"[a-z]{0,3}[-/]?\d{4,}|\b\d{3}-\d{2}-\d{4}\b|[\w.]+@[\w-]+\.\w+|\b\d{5,}\b",
    _I,
)
_CAPTION = re.compile(
    r"\b(?:caption|legend)s?\b|\b(?:the|this|given|accompanying|provided|figure) (?:text"
    r"|description)\b"
    r"|\btext (?:says|states|mentions|describes)|\b(?:according to|as (?:stated|described|mentioned"
    r"|noted|indicated|reported|specified|written)(?: in| by)?)\b(?! the (?:image|picture|photo))"
    r"|\b(?:is|are|was|were) (?:stated|mentioned|written|reported|described) (?:in|by) (?:the"
    r"|this)\b"
    r"|\bthe (?:description|author|authors|book|textbook|article|passage|label|paper)\b(?!'s own)"
    r"|\b(?:fig(?:ure)?|plate|abb|table)s?\.? ?[\dIVX]+[\d.\-–]*|\bthe text\b"
    r"|\b(?:mentioned|described|stated|given) (?:above|here|in the (?:text|description))\b",
    _I,
)
_HEDGE = re.compile(
    r"\b(?:difficult|hard|impossible|not possible|challenging|not easy"
    r"|not feasible) (?:for \w+ )?to"
    r" (?:\w+ )?(?:determine|tell|say|assess|identify|know|judge|establish|specify|give"
    r"|be (?:sure|certain)"
    r"|conclude|make|ascertain|answer|provide|estimate|see|diagnose|draw|comment|confirm|state"
    r"|discern)"
    r"|\b(?:can(?: ?not|'t|’t)|could(?: not|n't|n’t)|unable to|not able to|impossible to) (?:\w+ )?"
    r"(?:be )?(?:\w+ )?(?:determine|tell|say|said|assess|identif|know|judge|establish|specif"
    r"|infer|conclude"
    r"|ascertain|answer|provide|estimate|see|seen|diagnose|confirm|made|given|state|discern"
    r"|comment)"
    r"|\b(?:is|are|was|were) (?:\w+ )?(?:not|n't|n’t) (?:\w+ )?(?:specified|mentioned|stated"
    r"|provided"
    r"|given|indicated|discernible|clear|known|determinable|recorded|reported|described|available"
    r"|sure|certain|apparent|disclosed|possible)\b|\b(?:isn|aren|wasn)['’]t (?:\w+ )?(?:clear"
    r"|specified"
    r"|mentioned|stated|known|given|possible|certain)\b|\bnot (?:specified|mentioned|stated"
    r"|provided|clear)\b"
    r"|\bunclear\b|\bunknown\b|\buncertain\b|\bindeterminate\b|\bundetermined\b"
    r"|\b(?:without|need|needs|needed|require[sd]?|requiring|lack of|not enough|insufficient"
    r"|no) (?:\w+ ){0,3}"
    r"(?:information|context|details?|history|data|tests?|testing|examination|evaluation"
    r"|investigations?)\b"
    r"|\b(?:based (?:solely|only|purely) on|from|in|by) (?:the|this|an?) (?:image|picture"
    r"|photo(?:graph)?)"
    r" alone\b|\bbased (?:solely|only|purely) on\b|\bit depends\b|\bi(?:'m| am) (?:not|unsure"
    r"|sorry|unable)"
    r"|\bcan(?:not|'t| not) be (?:excluded|ruled out)\b|\b(?:image|picture) alone\b"
    r"|\bas an? (?:ai|language model|assistant)\b|\bnot (?:entirely |completely |fully )?(?:sure"
    r"|certain)\b"
    r"|\bmore (?:information|details|context) (?:is|are|would)\b|\bno (?:definite|definitive"
    r"|clear) answer\b"
    r"|\bfurther (?:information|tests|testing|evaluation|investigation|examination|assessment)\b"
    r"|\bdoes(?: not|n't|n’t) (?:say|specify|mention|state|indicate|reveal|provide|give|allow)\b"
    r"|\bthere is (?:no|not enough|insufficient) (?:information|data|way)|\bnot visible enough\b"
    r"|\bcould be (?:anything|many|various|several)\b|\bvarious (?:conditions|causes"
    r"|possibilities)\b",
    _I,
)
_SOFT_HEDGE = re.compile(
    r"\b(?:may|might|could|possibl[ey]|probabl[ey]|perhaps|maybe|likely|seems?|seemingly|apparently"
    r"|presumably|potentially|suggest(?:s|ive|ing)?|appears? to (?:be|have|show)|i (?:think"
    r"|believe|guess|suspect|assume)"
    r"|more or less|sort of|roughly|approximately|about|around (?=\d)|arguably|supposedly"
    r"|in my opinion)\b",
    _I,
)
_ADVICE = re.compile(
    r"\b(?:should|ought to|recommend\w*|advis\w+|consult\w*|seek\b.{0,25}\b(?:help|advice"
    r"|attention|care|doctor)"
    r"|see (?:a|your) (?:doctor|dermatologist|physician|specialist)|it is (?:important|essential"
    r"|best|wise"
    r"|crucial|necessary|prudent|vital) to|you (?:can|may|need|must|might)|your (?:doctor|skin"
    r"|dermatologist|physician)"
    r"|avoid(?:ing)? (?:the )?(?:sun|scratching|contact|exposure|trigger)|treatment (?:of choice"
    r"|options?|usually|typically|may|involves?"
    r"|includes?|consists?|would|is usually)|first[- ]line|can be (?:treated|managed|cured"
    r"|controlled|removed|prevented)"
    r"|is (?:usually|typically|generally|commonly|often|best|normally) (?:treated|managed|caused"
    r"|associated|seen|found"
    r"|diagnosed|confirmed|self-limiting|benign|removed|excised)"
    r"|patients? (?:with \w+ )?(?:should|usually|often|typically|must|need)"
    r"|prognosis is|outcome is|prevent(?:s|ed|ion|ing)?\b|needs? to be|has to be|must be"
    r"|requires? (?:\w+ )?(?:treatment|excision|biopsy|follow"
    r"|surgery|surgical|urgent|medical|monitoring|therapy|antibiotic|referral)|warrants?"
    r"|indicated to|is (?:strongly |urgently )?indicated"
    r"|apply|use (?:a|an|sun|topical)|take (?:a|an|oral|anti)|monitor(?:ed|ing)?"
    r"|regular (?:check|follow|skin)|follow-up is"
    r"|refer(?:red|ral)? to|would benefit|good candidate|biopsy (?:is|would be) (?:needed"
    r"|required|necessary|advisable))\b",
    _I,
)
_GENERAL = re.compile(
    r"\b(?:usually|typically|generally|commonly|often|frequently|normally|in most (?:cases"
    r"|patients)"
    r"|in general|most (?:cases|patients|people)|tends? to|sometimes|rarely|most common(?:ly)?"
    r"|as a rule|in many cases)\b",
    _I,
)
_ASKS_ADVICE = re.compile(
    r"\b(?:should|recommend\w*|advis\w+|prognosis|how (?:can|could|would|do|does|is|are|should"
    r"|to) (?:\w+ ){0,4}"
    r"(?:treat|manage|prevent|cure|remove|care)\w*|what (?:would|can|could|is|are|will"
    r"|might) (?:\w+ ){0,4}(?:treatment|therapy"
    r"|management|prognosis|outlook|next step|complications?|risk factors?|precautions?|outcome"
    r"|cure)"
    r"|best (?:treatment|therapy|way)|treatment options?|is (?:it|this) (?:dangerous|contagious"
    r"|serious|curable|infectious|harmful)"
    r"|(?:could|can|will) (?:this|it) be (?:dangerous|serious|cured|treated|cancer|contagious)"
    r"|need(?:s|ed)? (?:to be )?(?:treat\w*|remov\w*|biops\w*|surgery|follow)"
    r"|what (?:should|can|must) (?:i|you|one|we|the patient)|how long (?:will|does) it (?:take"
    r"|last)|will (?:it|this|the \w+) (?:go|resolve|recur|spread|heal|come back|leave|respond"
    r"|progress)"
    r"|is (?:\w+ ){1,4}(?:needed|necessary|required|indicated|advisable)|risk of|complications?"
    r"|next step|follow-up)\b",
    _I,
)
_GENERAL_QUESTION = re.compile(
    r"^(?:so,? )?(?:what (?:is|are) (?!the |this |these |those |that |there |it\b|he\b|she\b"
    r"|they\b|shown|seen|visible|present|depicted)"
    r"(?:an? )?[\w' -]{3,60}?(?: (?:usually|typically|commonly|generally|look like|present"
    r"|caused(?: by)?|defined|mean|spread))?\s*\?$"
    r"|(?:what|how) (?:does|do) [\w' -]{3,40} (?:look like|mean|spread|present|arise"
    r"|develop)\s*\?$|(?:define|explain|what is meant by|what does the term|what causes"
    r"|why do(?:es)?|how common)\b)",
    _I,
)
_SHOWN = re.compile(
    r"\b(?:this|these|the|that|those|here|shown|seen|visible|image|picture|photo\w*|patient"
    r"|panel|his|her|their)\b",
    _I,
)
_ONLY_PICTURE = re.compile(
    r"\b(?:how long|since when|when did|duration|history|treat\w*|therap\w*|medic\w*"
    r"|drugs?(?! (?:eruption|reaction|rash))|given|respon\w+|itch\w*|prurit\w*|pain(?:ful|less)?"
    r"|tender\w*"
    r"|symptom\w*|complain\w*|fever|occupation|travel\w*|cause[sd]?|trigger\w*|contract\w*"
    r"|exposure|exposed to|allergic to|serolog\w*|culture"
    r"|laborator\w*|blood test|patch test\w*|follow-?up|outcome|recur\w*|died|smok\w+|family"
    r"|inherit\w*|genes?|genetic|mutation|onset|before treatment"
    r"|weeks? (?:after|of|later)|months? (?:after|of|later)|years? (?:after|of|later)|years? ago"
    r"|complete remission|resolved|healed|cleared)\b",
    _I,
)
_ASKS_SEEN = re.compile(
    r"\b(?:see|seen|visible|show|shows|shown|depict\w*|image|picture|photo(?:graph)?s?|look|looks"
    r"|observ\w+|display\w*|here)\b",
    _I,
)
_COURSE = re.compile(
    r"\b(?:resolv\w+|heal(?:ed|s)|clear(?:ed|s)|regress(?:ed|es)|recur(?:red|s)|relaps(?:ed|es)"
    r"|improved|disappeared|subsided|responded|remitted|developed|began|started|persisted|lasted"
    r"|appeared|died|grew|progressed)\b"
    r"(?=[^.;]{0,60}\b(?:days?|weeks?|months?|years?|hours?|treatment|therapy|spontaneously)\b)"
    r"|\b(?:days?|weeks?|months?|years?|hours?) (?:later|ago|earlier)\b|\bresponded to\b",
    _I,
)
_REPLY_NOISE = re.compile(r"```|\{\"|</?[a-z]+>|\bQ:|\bA:|\[INST\]|<\|")


def find_fault(caption: Reading, question: str, answer: str) -> Verdict | None:
    """Return why a pair is rejected for the way it is put, None if nothing is wrong with that."""
    for check in (_malformed, _names, _caption, _hedge, _advice):
        verdict = check(caption, question, answer)
        if verdict is not None:
            return verdict
    return None


def is_general_question(question: str) -> bool:
    """Whether a question is of general knowledge, so that no picture is needed.

    >>> is_general_question("What is psoriasis?"), is_general_question("What is shown?")
    (True, False)
    """
    return _GENERAL_QUESTION.search(question.strip()) is not None and not _SHOWN.search(question)


def asks_advice(question: str) -> bool:
    """Whether a question asks for advice, treatment to come or outlook."""
    return _ASKS_ADVICE.search(question) is not None


def asks_beyond_picture(question: str) -> bool:
    """Whether a question asks for what no picture shows: history, treatment, symptoms, cause."""
    return _ONLY_PICTURE.search(question) is not None


def tells_course_as_seen(question: str, answer: str) -> bool:
    """Whether what a picture shows is asked, and what went before or came after it is told.

    >>> tells_course_as_seen("What does the image show?", "The rash resolved after two weeks.")
    True
    >>> tells_course_as_seen("What happened then?", "The rash resolved after two weeks.")
    False
    """
    asked = _ASKS_SEEN.search(question) is not None
    return asked and (tells_course(question) or tells_course(answer))


def tells_course(text: str) -> bool:
    """Whether a text tells what went before or came after what is seen."""
    return _COURSE.search(text) is not None


def is_soft(text: str) -> str | None:
    """Return the word by which a text is not sure, None if there is none."""
    match = _SOFT_HEDGE.search(text)
    return None if match is None else match[0]


def _malformed(caption: Reading, question: str, answer: str) -> Verdict | None:
    if not re.search(r"[^\W\d_]{2}", question):
        return reject("malformed", "no question")
    if not re.search(r"\w", answer):
        return reject("malformed", "no answer")
    if len(question) > MOST_QUESTION or len(answer) > MOST_ANSWER:
        return reject("malformed", "too long")
    noise = _REPLY_NOISE.search(question) or _REPLY_NOISE.search(answer)
    if noise is not None:
        return reject("malformed", f"markup: {noise[0]!r}")
    words = re.findall(r"\w+", answer.lower())
    if len(words) > 12 and len(set(words)) < len(words) / 4:
        return reject("malformed", "repeats itself")
    if question.strip().lower() == answer.strip().lower():
        return reject("malformed", "the answer is the question")
    return None


def _names(caption: Reading, question: str, answer: str) -> Verdict | None:
    asked = _ASKS_NAME.search(question)
    if asked is not None:
        return reject("names", f"asks {asked[0]!r}")
    for text in (answer, question):
        for pattern in (_TITLE, _NAMED, _CALLED, _INITIALS, _DATE, _NUMBER):
            for match in pattern.finditer(text):
                if pattern is _INITIALS and _is_species(match[0], caption.text):
                    continue
                if pattern is _CALLED and not re.search(
                    r"[A-Z]", match[0][-2:] + match[0].split()[-1]
                ):
                    continue
                return reject("names", match[0].strip())
        full = _full_name(text, caption)
        if full:
            return reject("names", full)
    credited = {
        word
        for start, end in find_credits(caption.text)
        for word in re.findall(r"\b[A-Z][a-z]{2,}", caption.text[start:end])
    } - {"Courtesy", "Photograph", "Reproduced", "Dr", "From", "With", "Department", "Dermatology"}
    told = credited & set(re.findall(r"\b[A-Z][a-z]{2,}", answer[1:]))
    return reject("names", ", ".join(sorted(told))) if told else None


def _is_species(words: str, caption: str) -> bool:
    """Whether an initial with a word is a species of the caption."""
    return words in caption and re.search(rf"{re.escape(words)} [a-z]", caption) is not None


_EPONYM = re.compile(
    r"^(?:disease|syndrome|sign|striae|nodes?|patch(?:es)?|line|lines|spots?|naev\w+|nev\w+"
    r"|cells?|tumou?r"
    r"|sarcoma|lymphoma|stain\w*|phenomenon|papules?|carcinoma|microabscess\w*|bod(?:y|ies)"
    r"|bacill\w*"
    r"|erythema|ulcer|leprosy|eruption|melanosis|rash|test|lamp|light|dermatos[ie]s|panniculitis)",
    _I,
)


def _full_name(text: str, caption: Reading) -> str | None:
    """Return two capitalized words that look like a person's name and are no name of a disease."""
    for match in re.finditer(
        r"(?<=[a-z,] )([A-Z][a-z]+) ((?:[A-Z]\.? )?[A-Z][a-z]+)\b(.{0,14})", text
    ):
        whole = f"{match[1]} {match[2]}"
        if _EPONYM.match(match[3].lstrip(" -'’s")) or _EPONYM.match(match[2]):
            continue
        if whole.lower() in caption.text.lower():
            continue
        return whole
    return None


def _caption(caption: Reading, question: str, answer: str) -> Verdict | None:
    for text in (answer, question):
        match = _CAPTION.search(text)
        if match is not None:
            return reject("refers_to_caption", match[0])
    return None


def _hedge(caption: Reading, question: str, answer: str) -> Verdict | None:
    match = _HEDGE.search(answer)
    if match is not None and match[0].lower() not in caption.text.lower():
        return reject("hedge", match[0])
    soft = _SOFT_HEDGE.search(answer)
    if soft is not None and not _caption_doubts(caption, soft[0]):
        return reject("advice" if asks_advice(question) else "hedge", soft[0])
    return None


def _caption_doubts(caption: Reading, word: str) -> bool:
    if key_of(word.split()[0]) in {token.key for token in caption.tokens}:
        return True
    return any(scope.status in ("uncertain", "other") for scope in caption.scopes)


def _advice(caption: Reading, question: str, answer: str) -> Verdict | None:
    for pattern in (_ADVICE, _GENERAL):
        for match in pattern.finditer(answer):
            if match[0].lower() not in caption.text.lower():
                return reject("advice", match[0])
    if re.search(r"\b(?:recommend\w*|should|advis\w+)\b", question, _I) and not re.search(
        r"recommend|should|advis", caption.text, _I
    ):
        return reject("advice", "asks for advice")
    return None


Fault = Callable[[Reading, str, str], "Verdict | None"]
