"""The pictures of figures are screened, and what cannot be read back as it was written stops it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from mmskin_build.dataset.assemble import panel_id
from mmskin_build.dataset.words import find_hints
from mmskin_build.errors import StorageError
from mmskin_build.images.classify import PictureFile, ScreenedPicture, ScreenFiles
from mmskin_build.images.marks import marks_of_overlays
from mmskin_build.records import Figure

#: How a picture of ours is read back only where the disk failed.
_UNSOUND = ("file_unreadable", "file_empty", "not_a_picture", "picture_damaged")


def screen_figures(
    figures: Sequence[Figure],
    headings: Mapping[int, Sequence[str]],
    folders: Sequence[Path],
    *,
    workers: int,
    model_path: Path | None,
    language: str,
    read_all_words: bool,
    screen: ScreenFiles,
    progress: Callable[[int, int], None],
) -> tuple[ScreenedPicture, ...]:
    """Ask the detectors about every picture that may become a record, in the order of `figures`.

    Args:
        figures: Those of one book.
        headings: By page index; they say what to look for, as captions do.
        folders: Where ``<image_sha256>.png`` lies; the first folder that has it counts.
        workers: Processes.
        model_path: The model of kinds; the shipped one if None.
        language: Tesseract's codes.
        read_all_words: As for `images.screen.screen_picture`.
        screen: Screens the pictures, here or on many machines.
        progress: Told of pictures done and in all.

    Raises:
        StorageError: If a picture is not read back as it was written.
    """
    files = [
        PictureFile(
            name=panel_id(figure, index),
            path=first_file([folder / f"{panel.image_sha256}.png" for folder in folders]),
            hints=find_hints(figure, panel, headings.get(figure.page_index, ())),
            painted=marks_of_overlays(panel),
        )
        for figure in figures
        if figure.status == "paired" and figure.kind == "photo"
        for index, panel in enumerate(figure.panels)
        if panel.image_sha256 is not None
    ]
    screened = screen(
        files,
        workers=workers,
        model_path=model_path,
        language=language,
        read_all_words=read_all_words,
        progress=progress,
    )
    for file, picture in zip(files, screened, strict=True):
        if picture.reason in _UNSOUND or picture.sha256 not in (None, file.path.stem):
            raise StorageError(
                f"{file.path}: not as it was written ({picture.detail or 'other pixels'}); "
                "check the disk and run: mmskin build --check"
            )
    return screened


def first_file(paths: Sequence[Path]) -> Path:
    """Return the first path that is a file, else the first one."""
    return next((path for path in paths if path.is_file()), paths[0])
