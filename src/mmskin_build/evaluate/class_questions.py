"""How a model is asked for a category: upstream's words, and others beside them."""

from __future__ import annotations

from collections.abc import Sequence

from mmskin_build.evaluate.class_sets import Asked

# The first of each is asked where an answer is generated; upstream's own for a diagnosis.
_WORDINGS: dict[Asked, tuple[str, ...]] = {
    "diagnosis": (
        "This is a skin lesion image. From the following categories: {}, which one is the "
        "diagnosis?",
        "Which of these is shown in the image: {}?",
        "What is the diagnosis? Choose one of: {}.",
    ),
    "modality": (
        "This is a skin lesion image. From the following categories: {}, which one is the "
        "modality of the image?",
        "Which kind of image is this: {}?",
        "What is the modality of the image? Choose one of: {}.",
    ),
}


def ask_for_category(asked: Asked, names: Sequence[str]) -> tuple[str, ...]:
    """Return the wordings, each with the categories in their order.

    >>> ask_for_category("modality", ["clinical", "dermoscopic"])[1]
    'Which kind of image is this: clinical, dermoscopic?'
    """
    return tuple(wording.format(", ".join(names)) for wording in _WORDINGS[asked])
