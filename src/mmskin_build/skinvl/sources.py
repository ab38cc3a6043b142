"""Which files a variant is trained on: the release, public sets, or both.

SkinVL-MM learns from a release of ours, SkinVL-Pub from public sets (those that are prepared, or
others in LLaVA's form), SkinVL-PubMM from both. Of a release only records of the split `train` are
learned from (or those without a split); those of `validation` choose the best checkpoint; `test` is
left alone. Prepared public sets are divided in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mmskin_build.config import Config, Workspace
from mmskin_build.dataset.manifest import MANIFEST
from mmskin_build.dataset.released import read_manifest, read_records, released_versions
from mmskin_build.errors import ConfigError, ReleaseError, TrainingError
from mmskin_build.public.questions import TRAIN, VALIDATION
from mmskin_build.skinvl.examples import (
    Conversation,
    Problem,
    check_pictures,
    describe_problems,
    digest_conversations,
    read_conversations,
)

Variant = Literal["mm", "pub", "pubmm"]
_QUESTION_FILES = "*_vqa.json"  # of a release, in LLaVA's form


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What is learned from, and what the best checkpoint is chosen by; `digest` covers both."""

    training: tuple[Conversation, ...]
    validation: tuple[Conversation, ...]
    problems: tuple[Problem, ...]
    files: tuple[str, ...]
    release_digest: str | None
    digest: str


def gather_sources(
    variant: Variant,
    cfg: Config,
    workspace: Workspace,
    *,
    release: str | None = None,
    data: Sequence[Path] = (),
    images: Path | None = None,
) -> Sources:
    """Read what a variant is trained on and decode each picture once.

    Args:
        variant: Which of the three models.
        cfg: Settings; `train.public_data` names the files of the public sets, else they are those
            that are prepared.
        workspace: Where releases and prepared sets lie.
        release: A version, or None for the last one.
        data: Files to take instead of all that.
        images: Folder of the pictures of `data`, if not beside the files.

    Raises:
        ConfigError: If the variant has no files.
        ReleaseError: If the release is not there or has no questions.
        SchemaError: If a file is no array of conversations.
        TrainingError: If nothing is left to learn from.
    """
    talks: list[Conversation] = []
    checks: list[Conversation] = []
    problems: list[Problem] = []
    files: list[str] = []
    release_digest: str | None = None
    if data:
        for path in data:
            _read_into(path, images, talks, problems, files)
    else:
        if variant in ("mm", "pubmm"):
            folder = _release_folder(cfg, workspace, release)
            release_digest = read_manifest(folder).content_digest
            _read_release(folder, talks, checks, problems, files)
        if variant in ("pub", "pubmm"):
            for name in cfg.train.public_data:
                _read_into(Path(name), None, talks, problems, files)
            if not cfg.train.public_data:
                _read_public(variant, workspace, talks, checks, problems, files)
    good, wrong = check_pictures(talks, cfg.workers())
    checked, wrong_checks = check_pictures(checks, cfg.workers())
    problems += [*wrong, *wrong_checks]
    refuse_problems(problems, cfg.train.broken_examples)
    if not good:
        raise TrainingError("there is nothing to learn from: no question with answer and picture")
    return Sources(
        training=good,
        validation=checked,
        problems=tuple(problems),
        files=tuple(files),
        release_digest=release_digest,
        digest=digest_conversations((*good, *checked)),
    )


def refuse_problems(problems: Sequence[Problem], policy: Literal["refuse", "skip"]) -> None:
    """Do nothing if there are no problems or the settings skip them.

    Raises:
        TrainingError: With the problems, the first ones in full.
    """
    if problems and policy == "refuse":
        listed = "\n".join(f"  {line}" for line in describe_problems(problems))
        raise TrainingError(
            f"{len(problems)} examples cannot be used; mend them, or leave them out with "
            f"--skip-broken\n{listed}"
        )


def _release_folder(cfg: Config, workspace: Workspace, version: str | None) -> Path:
    folder = workspace.releases / cfg.dataset.name
    versions = released_versions(folder) if folder.is_dir() else []
    if version is None:
        if not versions:
            raise ReleaseError(f"{folder}: no release to train on; make one: mmskin release 1.0.0")
        version = versions[-1]
    if not (folder / version / MANIFEST).is_file():
        known = ", ".join(versions) or "none"
        raise ReleaseError(f"{folder / version}: no such release; there are: {known}")
    return folder / version


def _read_release(
    folder: Path,
    talks: list[Conversation],
    checks: list[Conversation],
    problems: list[Problem],
    files: list[str],
) -> None:
    split = {record.id: record.split for record in read_records(folder)}
    named = sorted(folder.glob(_QUESTION_FILES))
    if not named:
        raise ReleaseError(
            f"{folder}: has no questions ({_QUESTION_FILES}); its captions tell neither age nor "
            "sex, and no questions were made"
        )
    for path in named:
        read, wrong = read_conversations(path)
        talks += [talk for talk in read if split.get(talk.id, "train") in ("train", None)]
        checks += [talk for talk in read if split.get(talk.id) == "validation"]
        problems += wrong
        files.append(f"{folder.name}/{path.name}")


def _read_public(
    variant: Variant,
    workspace: Workspace,
    talks: list[Conversation],
    checks: list[Conversation],
    problems: list[Problem],
    files: list[str],
) -> None:
    """The questions on the public sets that are prepared (`mmskin public prepare`)."""
    if not (workspace.public / TRAIN).is_file():
        raise ConfigError(
            f"variant {variant} needs public sets: register and prepare those you have (mmskin "
            "public add, mmskin public prepare), or name LLaVA JSON in train.public_data of "
            "mmskin.toml, or with --data-file FILE"
        )
    _read_into(workspace.public / TRAIN, None, talks, problems, files)
    if (workspace.public / VALIDATION).is_file():
        _read_into(workspace.public / VALIDATION, None, checks, problems, files)


def _read_into(
    path: Path,
    images: Path | None,
    talks: list[Conversation],
    problems: list[Problem],
    files: list[str],
) -> None:
    read, wrong = read_conversations(path, images)
    talks += read
    problems += wrong
    files.append(path.name)
