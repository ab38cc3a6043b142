"""The check that every pair of every backend passes: does the answer follow from the caption?"""

from __future__ import annotations

import dataclasses
import functools
import re

from mmskin_build.figures.subcaptions import split_caption
from mmskin_build.records import TextEvidence
from mmskin_build.vqa.lookup import content_tokens
from mmskin_build.vqa.manner import (
    asks_advice,
    asks_beyond_picture,
    find_fault,
    is_general_question,
    is_soft,
    tells_course_as_seen,
)
from mmskin_build.vqa.reading import Reading, read_text
from mmskin_build.vqa.reasons import Verdict, reject
from mmskin_build.vqa.slots import OPTION, is_yes_no, offers_choice, polarity
from mmskin_build.vqa.support import find_support
from mmskin_build.vqa.vocabulary import Vocabulary

_LABEL = re.compile(
    r"^\s*(?:supplementary |online )?(?:e-?)?(?:fig(?:ure)?s?|plate|abb(?:ildung)?|image|photo"
    r"|case)\.?\s*"
    r"[A-Z]?[\dIVX]+(?:[.\-–]\d+)*[a-z]?[.:)]?\s+",
    re.IGNORECASE,
)
_PANEL = re.compile(
    r"\b(?:panel|part|picture|image|photograph)s? \(?([a-h])\)?(?![\w'])|\(([a-h])\)"
    r"|\b(left|right|top|bottom|upper|lower)(?:-hand)? (?:panel|picture|image|photograph)",
    re.IGNORECASE,
)
_SEVERAL = re.compile(r"\bpanels \(?[a-h]\)?(?: and|, | to| with|-)", re.IGNORECASE)
_PANEL_IN_ANSWER = re.compile(r"\b(?:panel|part|picture|image) \(?([a-h])\)?\b", re.IGNORECASE)
_PLACES = {"upper": "top", "lower": "bottom"}
_OTHER_PANEL = "the words stand with another panel"


@functools.lru_cache(maxsize=2048)
def check_pair(
    caption: str,
    question: str,
    answer: str,
    *,
    modality: str | None = None,
    is_visual: bool = False,
    vocabulary: Vocabulary | None = None,
) -> Verdict:
    """Decide whether a question with its answer may go into the data.

    Args:
        caption: All that is known of the picture: its caption with or without the label.
        question: One question.
        answer: Its answer.
        modality: `clinical`, `dermoscopic` or `pathological`, where it is known from the picture;
            else it is read from the caption.
        is_visual: Refuse also what the caption supports but no picture can show.
        vocabulary: With a book's own diseases; the program's alone by default.

    Returns:
        The verdict; the offsets of its evidence are into `caption`.

    >>> caption = "Fig. 3 Tinea corporis: annular, scaly plaque on the trunk."
    >>> check_pair(caption, "Where is the plaque?", "It is on the trunk.").accept
    True
    >>> check_pair(caption, "Where is the plaque?", "It is on the face.").reason
    'contradiction'
    """
    label = _LABEL.match(caption)
    offset = label.end() if label is not None and label.end() < len(caption) else 0
    known = read_text(" " * offset + caption[offset:], vocabulary)
    asked, told = read_text(question, vocabulary), read_text(answer, vocabulary)
    fault = find_fault(known, question, answer)
    if fault is not None:
        return fault
    if asked.said and is_general_question(question):
        return reject("needs_no_picture", "general knowledge")
    leak = _leak(asked, told)
    if leak is not None:
        return leak
    wrong = _wrong_option(question, answer)
    if wrong is not None:
        return wrong
    if tells_course_as_seen(question, answer) or (is_visual and asks_beyond_picture(question)):
        return reject("not_visible", "no picture shows what is asked")
    compared = _check_panels(known, question, answer, modality)
    if compared is not None:
        return compared
    part = _panel_part(known, question, answer)
    support = find_support(part or known, asked, told, modality=modality)
    if support.problems:
        kinds = [kind for kind, _ in support.problems]
        if part is not None:
            whole = find_support(known, asked, told, modality=modality).problems
            if not whole:
                return reject("contradiction", _OTHER_PANEL)
            support = dataclasses.replace(support, problems=(*support.problems, *whole))
            kinds = [kind for kind, _ in support.problems]
        if "contradiction" in kinds:
            return reject("contradiction", support.problems[kinds.index("contradiction")][1])
        if asks_advice(question):
            return reject("advice", support.problems[0][1])
        return reject("unsupported", support.problems[0][1])
    if not support.evidence and not _is_bare(question, answer, modality):
        return reject("unsupported", "nothing of it is in the caption")
    soft = is_soft(answer)
    doubt = support.doubt or (None if soft is None else f"not sure: {soft!r}")
    return Verdict(accept=True, evidence=support.evidence, doubt=doubt)


def _is_bare(question: str, answer: str, modality: str | None) -> bool:
    """Whether an answer rests on the question or the picture alone: "Yes.", a modality."""
    return polarity(answer) is not None or bool(
        re.search(r"image|photo|micrograph|view|picture", answer, re.I)
    )


def _leak(question: Reading, answer: Reading) -> Verdict | None:
    """Whether all that the answer says stands in the question already."""
    if (
        is_yes_no(question.text)
        or polarity(answer.text) is not None
        or offers_choice(question.text)
    ):
        return None
    told = {token.key for _, token in content_tokens(answer)}
    asked = {token.key for _, token in content_tokens(question)}
    terms = {s.mention.term.name for s in question.said}
    told -= {
        token.key
        for item in answer.said
        if item.mention.term.name in terms
        for token in answer.tokens[item.mention.first : item.mention.last]
    }
    if content_tokens_exist(answer) and not told - asked:
        return reject("leak", "the answer stands in the question")
    return None


def _wrong_option(question: str, answer: str) -> Verdict | None:
    """Whether the letter of an answer is that of another option than its words."""
    options = dict(OPTION.findall(question))
    if len(options) < 2:
        return None
    letters = [
        letter for letter in re.findall(r"\(?\b([A-H])\b[).:]?", answer) if letter in options
    ]
    if not letters:
        return None
    words = answer.lower()
    named = [
        letter for letter, text in options.items() if text.strip().lower().rstrip(".") in words
    ]
    if len(words.split()) > 1 and named and letters[0] not in named:
        return reject("contradiction", f"({letters[0]}) is another option")
    return None


def content_tokens_exist(reading: Reading) -> bool:
    """Whether a text says anything beyond grammar."""
    return any(True for _ in content_tokens(reading))


def _check_panels(
    caption: Reading, question: str, answer: str, modality: str | None
) -> Verdict | None:
    """Check an answer on several panels part by part; None where the question names at most one."""
    named = _SEVERAL.search(question)
    pieces = _PANEL_IN_ANSWER.split(answer)
    parts = split_caption(caption.text).parts if named is not None and len(pieces) >= 5 else {}
    if not parts:
        return None
    evidence: list[TextEvidence] = []
    for label, words in zip(pieces[1::2], pieces[2::2], strict=True):
        part = parts.get(label.lower())
        if part is None:
            return reject("unsupported", f"there is no panel {label}")
        reading = read_text(_blanked(caption.text, part))
        support = find_support(reading, read_text(question), read_text(words), modality=modality)
        if support.problems or not support.evidence:
            return reject("contradiction", f"panel {label}: other words")
        evidence += support.evidence
    return Verdict(accept=True, evidence=tuple(evidence))


def _panel_part(caption: Reading, question: str, answer: str) -> Reading | None:
    """Return the words on the panel that a question names, with those for all; None without one."""
    match = _PANEL.search(question)
    if match is None or len(OPTION.findall(question)) > 1:
        return None
    key = next(group for group in match.groups() if group).lower()
    divided = split_caption(caption.text)
    part = divided.parts.get(_PLACES.get(key, key))
    return None if part is None else read_text(_blanked(caption.text, divided.common, part))


def _blanked(caption: str, *kept: str) -> str:
    """Return the caption with spaces in place of what is not kept, so that offsets stay."""
    shown = [" "] * len(caption)
    for text in kept:
        position = caption.find(text.strip()) if text.strip() else -1
        if position >= 0:
            shown[position : position + len(text.strip())] = text.strip()
    return "".join(shown)
