"""A question on a picture with its answer: what `mmskin vqa` makes and MM-Skin-O holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mmskin_build.records import LabelSource, TextEvidence

QAKind = Literal[
    "diagnosis", "modality", "morphology", "site", "color", "arrangement", "border", "count",
    "structure", "cell", "stain", "magnification", "age", "age_group", "sex", "yes_no", "choice",
    "comparison", "description", "follow_up", "other",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class QAItem:
    """One question on a picture with its answer.

    `id` is the record's with a number. `evidence` lies in the record's `figure_caption`, `field`
    the words of the answer that it carries; it is empty where the picture itself is what the answer
    tells of (its modality). `source` and `backend` tell who wrote it, `prompt_version` with which
    wordings. `follows` is the id of the question before it in a talk that this one refers to.
    """

    id: str
    record_id: str
    image: str
    image_sha256: str
    kind: QAKind
    question: str
    answer: str
    evidence: tuple[TextEvidence, ...] = ()
    source: LabelSource
    backend: str
    prompt_version: str
    follows: str | None = None
