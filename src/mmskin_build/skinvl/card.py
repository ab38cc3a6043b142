"""What a trained or merged folder says of itself: ``skinvl.json``, and a card for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmskin_build.skinvl.conversation import Geometry, TemplateName
from mmskin_build.skinvl.weights import read_json
from mmskin_build.store import pretty_json, write_bytes

ABOUT, CARD = "skinvl.json", "README.md"


def write_about(folder: Path, content: Mapping[str, Any]) -> None:
    """Write ``skinvl.json``."""
    write_bytes(folder / ABOUT, pretty_json(dict(content)))


def read_about(folder: Path) -> dict[str, Any]:
    """Read ``skinvl.json``; empty for a folder that was not made here."""
    return read_json(folder / ABOUT) if (folder / ABOUT).is_file() else {}


def asking_conventions(*folders: Path) -> tuple[TemplateName, Geometry]:
    """Return template and geometry to ask with, of the first folder that tells them.

    A model that was not trained here is asked as LLaVA-Med was made, with padded pictures.
    """
    for folder in folders:
        told = read_about(folder).get("conventions", {})
        template, geometry = told.get("asking_template"), told.get("asking_geometry")
        if template in ("mistral_instruct", "v1") and geometry in ("pad", "crop"):
            return template, geometry
    return "mistral_instruct", "pad"


def write_card(folder: Path, title: str, about: Mapping[str, Any]) -> None:
    """Write the card of a merged model."""
    lines = [
        f"# {title}",
        "",
        "Made by mmskin-build: LoRA adapters merged into LLaVA-Med v1.5. Load it with",
        '`LlavaForConditionalGeneration.from_pretrained("FOLDER")`, or ask it:',
        '`mmskin ask PICTURE "question" --model FOLDER`.',
        "",
        "For research. Answers may be wrong; this is no medical device, and no answer replaces",
        "the judgment of a physician. Whoever may use the books may use the model; it can repeat",
        "what stands in them.",
        "",
        "| what | |",
        "|---|---|",
        f"| base model | `{about['base']}` |",
        f"| rule | {about['rule']} |",
        f"| largest difference of logits to the unmerged model | {about['logit_difference']} |",
        "",
    ]
    for number, adapter in enumerate(about["adapters"], 1):
        lines += [f"## Adapter {number}, weight {adapter['weight']}", "", *_rows(adapter), ""]
    write_bytes(folder / CARD, "\n".join(lines).encode())


def _rows(adapter: Mapping[str, Any]) -> Sequence[str]:
    told = adapter["about"]
    flat: dict[str, Any] = {
        key: told.get(key)
        for key in ("variant", "release_digest", "data_digest", "files", "code_version")
    }
    flat |= told.get("metrics", {})
    flat |= {f"train.{key}": value for key, value in told.get("settings", {}).items()}
    rows = [f"| {key} | {value} |" for key, value in flat.items() if value is not None]
    return ["| what | |", "|---|---|", *rows]
