"""The command that says what pictures are: classify."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mmskin_build.cli.console import in_words, print_json, progress_bars
from mmskin_build.cli.options import EXISTING_PATH, Settings, common_options
from mmskin_build.errors import EXIT_PARTIAL

if TYPE_CHECKING:
    from mmskin_build.config import Config
    from mmskin_build.images.classify import ScreenedPicture


_TOLD_BY = {
    "marks": ("annotated", "marks"),
    "sensitive": ("face", "sensitive"),
    "quality": ("quality",),
}
_VALUES = (
    "photo",
    "sort",
    "modality",
    "probabilities",
    "annotated",
    "marks",
    "face",
    "sensitive",
    "quality",
)


@click.command(
    epilog="\b\nExamples:\n  mmskin classify pictures/ --out labels.jsonl\n"
    "  mmskin classify scan.tif photo.jpg --out labels.jsonl --workers 1"
)
@click.argument("pictures", nargs=-1, required=True, metavar="DIR|FILE...", type=EXISTING_PATH)
@click.option("--out", required=True, type=EXISTING_PATH, help="The JSON lines file to write.")
@click.option("--model", type=EXISTING_PATH, help="A model of mmskin modality train.")
@common_options
def classify(pictures: tuple[Path, ...], out: Path, model: Path | None, settings: Settings) -> int:
    """Say what each picture is and what makes it delicate.

    Writes one line a picture, sorted by name; the file appears when all are done.

    \b
      file, sha256   relative name; digest of the decoded pixels
      photo          probability of being a photograph or a micrograph
      sort           skin, other, radiology or drawing
      modality       clinical, dermoscopic, pathological or other
      probabilities  of the three modalities; the rest of 1 is anything else
      annotated      score 0 to 1, with the boxes in marks
      face           score 0 to 1
      sensitive      score by category
      quality        score by flaw
      held           true where the settings hold it for a person or leave it out
      reasons        why
      notes          what decoding had to do: turned, cmyk, first_frame ...
      reject         why it could not be read; null where it could

    A value is null where it could not be told; the picture is then held. Folders are searched at
    any depth for the suffixes of picture formats; files are taken whatever they are called. If some
    pictures cannot be read the exit code is 12.
    """
    from mmskin_build.images.classify import find_pictures, screen_files
    from mmskin_build.store import atomic_open, to_json

    files = find_pictures(pictures)
    with atomic_open(out) as file, progress_bars(settings) as show:
        screened = screen_files(
            files,
            workers=settings.cfg.workers(),
            model_path=model,
            language=settings.cfg.pdf.ocr_language,
            read_all_words=settings.cfg.images.annotated_major == "keep",
            progress=lambda done, total: show("pictures", "classify", done, total),
        )
        lines = [_line(picture, settings.cfg) for picture in screened]
        file.writelines(to_json(line) + b"\n" for line in lines)
    modalities = Counter(str(line["modality"]) for line in lines if line["reject"] is None)
    rejects = Counter(str(line["reject"]) for line in lines if line["reject"] is not None)
    held = sum(bool(line["held"]) for line in lines)
    if settings.as_json:
        counts = {"modalities": dict(modalities), "rejects": dict(rejects), "held": held}
        print_json({"out": str(out), "pictures": len(lines), **counts})
    else:
        click.echo(f"{out}: {len(lines)} pictures: {in_words(modalities)}; held: {held}")
        for line in lines:
            if line["reject"] is not None:
                click.echo(f"rejected: {line['file']}: {line['reject']}", err=True)
    return EXIT_PARTIAL if rejects else 0


def _line(picture: ScreenedPicture, cfg: Config) -> dict[str, Any]:
    """What `classify` says of a picture; one without a screening is held, its values are null."""
    from mmskin_build.dataset.judge import judge_picture

    found = picture.screening
    line: dict[str, Any] = {"file": picture.name, "sha256": picture.sha256}
    if found is None:
        line |= dict.fromkeys(_VALUES)
        notes = [picture.detail] if picture.detail else []
        return line | {"held": True, "reasons": [], "notes": notes, "reject": picture.reason}
    judged = judge_picture(found, cfg.images, cfg.privacy)
    sensitive = {flag.name: flag.score for flag in found.sensitive}
    values = {
        "photo": found.photo.probability,
        "sort": found.photo.sort,
        "modality": found.modality.value,
        "probabilities": found.modality.probabilities,
        "annotated": found.annotated,
        "marks": [{"kind": m.kind, "box": list(m.box), "score": m.score} for m in found.marks],
        "face": sensitive.get("face", 0.0),
        "sensitive": sensitive,
        "quality": {flag.name: flag.score for flag in found.quality},
    }
    return (
        line
        | values
        | {name: None for detector in found.failed for name in _TOLD_BY.get(detector, ())}
        | {
            "held": bool(judged.held) or judged.reject is not None,
            "reasons": [*judged.held, *([judged.reject[0]] if judged.reject else [])],
            "notes": list(picture.notes),
            "reject": None,
        }
    )


COMMANDS = (classify,)
