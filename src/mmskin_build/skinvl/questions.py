"""Questions to a trained model: one of the command line, or a file of them."""

from __future__ import annotations

from pathlib import Path

from mmskin_build.errors import TrainingError
from mmskin_build.images.read import UnreadPicture, read_picture
from mmskin_build.skinvl.examples import check_pictures, read_conversations
from mmskin_build.skinvl.generate import Asked
from mmskin_build.skinvl.sources import refuse_problems


def one_question(image: Path, question: str) -> tuple[Asked, ...]:
    """Return one question.

    Raises:
        TrainingError: If it is empty, or the picture cannot be decoded.
    """
    if not question.strip():
        raise TrainingError("the question is empty")
    found = read_picture(image)
    if isinstance(found, UnreadPicture):
        raise TrainingError(f"{image}: {found.reason}; name a picture ({found.detail})")
    return (Asked(id=image.name, image=str(image), question=question.strip()),)


def read_questions(path: Path, images: Path | None = None) -> tuple[Asked, ...]:
    """Return the questions of a file in LLaVA's form, each on its own; its answers are ignored.

    Raises:
        SchemaError: If the file is no array of conversations.
        TrainingError: If an entry or a picture cannot be used.
    """
    talks, problems = read_conversations(path, images)
    good, wrong = check_pictures(talks, workers=1)
    refuse_problems([*problems, *wrong], "refuse")
    return tuple(
        Asked(
            id=talk.id if len(talk.turns) == 1 else f"{talk.id}#{number}",
            image=str(talk.image),
            question=question,
        )
        for talk in good
        for number, (question, _) in enumerate(talk.turns, 1)
    )
