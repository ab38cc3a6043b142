"""How questions are put: several wordings of each, with different beginnings.

``{noun}`` is a thing of the caption, ``{is}`` and ``{do}`` agree with it, ``{this}`` is "this" or
"these". A wording that only fits one number begins with ``1`` or ``2`` and a bar.
"""

from __future__ import annotations

from collections.abc import Sequence

#: Raise with any change of the wordings.
PROMPT_VERSION = "rules-2"

ASK: dict[str, tuple[str, ...]] = {
    "diagnosis": (
        "What is the diagnosis?",
        "Which skin condition is shown here?",
        "Can you name the disease in this image?",
        "Name the condition that is seen in this picture.",
        "Identify the disease that this image shows.",
        "Please state the diagnosis.",
        "To which disease do these findings belong?",
        "From what disease does the patient suffer?",
        "How would you diagnose what is shown?",
    ),
    "morphology": (
        "1|What does the lesion look like?",
        "2|What do the lesions look like?",
        "Which skin lesions are visible?",
        "1|How would you describe the lesion?",
        "2|How would you describe the lesions?",
        "Describe the skin changes in this image.",
        "Can you describe the morphology?",
        "Please describe the appearance of the skin.",
        "Tell me what kind of skin lesion is seen.",
        "Looking at the skin, which lesions do you see?",
    ),
    "site": (
        "Where on the body is this?",
        "On which part of the body {is} the {noun}?",
        "Which body site is affected?",
        "What part of the body is affected?",
        "Name the affected body site.",
        "At which site {is} the {noun} located?",
        "Can you tell the anatomical location of the {noun}?",
        "In which region of the body {is} the {noun}?",
        "Please name the part of the body that is affected.",
    ),
    "color": (
        "What color {is} the {noun}?",
        "Which color {do} the {noun} have?",
        "How would you describe the color of the {noun}?",
        "Describe the color of the {noun}.",
        "Can you tell the color of the {noun}?",
        "Of what color {is} the {noun}?",
        "In which color {do} the {noun} appear?",
        "Please name the color of the {noun}.",
    ),
    "shape": (
        "What is the shape of the {noun}?",
        "Which shape {do} the {noun} have?",
        "How {is} the {noun} shaped?",
        "Describe the shape of the {noun}.",
        "Can you describe the shape of the {noun}?",
        "Of what shape {is} the {noun}?",
    ),
    "grouping": (
        "How are the {noun} arranged?",
        "What is the arrangement of the {noun}?",
        "Describe how the {noun} are arranged.",
        "In which arrangement are the {noun} seen?",
        "Can you describe the arrangement of the {noun}?",
    ),
    "border": (
        "How {is} the {noun} demarcated?",
        "1|What is the border of the {noun} like?",
        "2|What are the borders of the {noun} like?",
        "Describe the demarcation of the {noun}.",
        "Can you describe how the {noun} {is} defined against the skin around?",
        "Please describe the margin of the {noun}.",
    ),
    "count": (
        "2|How many {noun} are there?",
        "2|What number of {noun} is visible?",
        "2|Can you tell how many {noun} are seen?",
        "2|Tell me how many {noun} are visible.",
        "1|Is there one {noun}, or are there several?",
        "1|Are there several such lesions, or is there one {noun}?",
    ),
    "dermoscopic": (
        "What does dermoscopy show?",
        "Which dermoscopic structures are visible?",
        "Name the dermoscopic findings.",
        "Can you describe the dermoscopic findings?",
        "Describe what is seen under the dermatoscope.",
        "Under the dermatoscope, which structures are seen?",
        "Please name the structures that dermoscopy shows.",
        "On dermoscopy, what is visible?",
    ),
    "histologic": (
        "What are the histological findings?",
        "Which histological changes are visible?",
        "Describe the microscopic findings.",
        "Name the changes in this section.",
        "Can you describe what the section shows?",
        "Under the microscope, which changes are seen?",
        "Please describe the histological changes.",
        "On histology, what is visible?",
    ),
    "cell": (
        "Which cells are seen in this section?",
        "What cells are visible?",
        "Name the cells that are seen.",
        "Of which cells {is} the infiltrate composed?",
        "Can you name the cells in this section?",
        "Identify the cells that are visible.",
    ),
    "stain": (
        "Which stain was used?",
        "What stain does the section have?",
        "With which stain was the section prepared?",
        "How was the section stained?",
        "Name the stain of this section.",
        "Can you name the staining method?",
        "By which method was the tissue stained?",
    ),
    "magnification": (
        "What is the magnification?",
        "At which magnification was the image taken?",
        "How strongly is the image magnified?",
        "State the original magnification.",
        "Can you tell the magnification of this image?",
        "Under which magnification was this seen?",
    ),
    "modality": (
        "What kind of image is this?",
        "Which type of image is shown?",
        "How was this picture made: clinically, by dermoscopy or by microscopy?",
        "Is this a clinical, a dermoscopic or a histopathological image?",
        "Can you tell which type of image this is?",
        "Identify the type of this image.",
        "By which imaging modality was the picture taken?",
        "Name the modality of this image.",
    ),
    "age": (
        "How old is the patient?",
        "What is the age of the patient?",
        "Can you state the patient's age?",
        "At what age is the patient shown?",
        "Tell me the age of the patient.",
    ),
    "age_group": (
        "Which age group does the patient belong to?",
        "To which age group does the patient belong?",
        "In what stage of life is the patient?",
        "Name the age group of the patient.",
        "Can you tell the age group of the person shown?",
    ),
    "sex": (
        "What is the sex of the patient?",
        "Which sex is the patient?",
        "Is the patient male or female?",
        "Can you tell the sex of the patient?",
        "State the sex of the patient.",
        "Of which sex is the person shown?",
    ),
    "description": (
        "Please describe this image.",
        "Describe what you see.",
        "Give a short description of the picture.",
        "Can you summarize what the image shows?",
        "Write one sentence about this picture.",
        "Summarize the findings in this image.",
        "In a sentence, what is shown?",
    ),
    "comparison": (
        "How do panels {a} and {b} differ?",
        "What is the difference between panels {a} and {b}?",
        "Compare panels {a} and {b}.",
        "Between panels {a} and {b}, what differs?",
        "Can you compare panels {a} and {b}?",
    ),
    "choice": (
        "Which of these is the diagnosis: {options}?",
        "What is the diagnosis: {options}?",
        "Choose the diagnosis: {options}.",
        "From these options, choose the diagnosis: {options}.",
        "Of the following, which is the diagnosis: {options}?",
        "Select the diagnosis: {options}.",
        "Among the following, what is the diagnosis: {options}?",
    ),
    "follow_site": (
        "And where {is} {pronoun}?",
        "Where on the body do you see {object}?",
        "On which part of the body {is} {pronoun}?",
        "Which site is affected by {object}?",
        "At which site {is} {pronoun} seen?",
    ),
    "follow_color": (
        "And what color {is} {pronoun}?",
        "Which color {do} {pronoun} have?",
        "Of what color {is} {pronoun}?",
        "How would you describe {possessive} color?",
    ),
}


def wordings(kind: str, *, plural: bool, **words: str) -> tuple[str, ...]:
    """Return the questions of a kind that agree with the number of the thing asked about.

    >>> wordings("color", plural=True, noun="papules")[:2]
    ('What color are the papules?', 'Which color do the papules have?')
    """
    agreed = {
        "is": "are" if plural else "is",
        "do": "do" if plural else "does",
        "this": "these" if plural else "this",
        "pronoun": "they" if plural else "it",
        "object": "them" if plural else "it",
        "possessive": "their" if plural else "its",
    }
    result: list[str] = []
    for wording in ASK[kind]:
        number, bar, text = wording.partition("|")
        if bar and number != ("2" if plural else "1"):
            continue
        result.append((text if bar else wording).format(**agreed, **words))
    return tuple(result)


def listed(parts: Sequence[str]) -> str:
    """Return words as a listing.

    >>> listed(["a", "b", "c"]), listed(["a", "b"]), listed(["a"])
    ('a, b and c', 'a and b', 'a')
    """
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def sentence(text: str) -> str:
    """Return a text with a capital and a full stop."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")
