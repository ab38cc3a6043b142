"""What ``croissant.json`` says of responsible use: collection, biases, limits, sensitive contents.

Vocabulary: https://docs.mlcommons.org/croissant/docs/croissant-rai-spec.html, version 1.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmskin_build.dataset.manifest import Manifest, notice_of


def responsible_use(manifest: Manifest) -> dict[str, Any]:
    """Return the fields of the vocabulary, filled from the manifest."""
    dropped = _in_words(manifest.rejects) or "nothing"
    held = _in_words(manifest.left_out_held) or "none"
    privacy = manifest.config.get("privacy", {})
    actions = ", ".join(f"{name}: {value}" for name, value in privacy.items() if _is_action(value))
    by_book = ", ".join(f"{book.id} {book.records}" for book in manifest.books)
    lost = "; ".join(f"{key} ({title})" for key, title in manifest.left_out_books.items())
    return {
        "rai:dataCollection": (
            "Figures and captions were read out of PDF files of books by a program, pictures at "
            f"the pixels that the publisher embedded: {by_book}."
        ),
        "rai:dataCollectionType": ["Secondary data analysis", "Software collection"],
        "rai:dataCollectionRawData": "PDF files: "
        + "; ".join(f"{book.title}, sha256 {book.sha256}" for book in manifest.books),
        "rai:dataCollectionMissingData": (
            f"Left out while building: {dropped}. Books that could not be used: {lost or 'none'}."
        ),
        "rai:dataPreprocessingProtocol": [
            "Captions without labels, credits, references and panel letters; what was taken off "
            "stands in the field removed.",
            "Ages over 89 as 90+, without birth dates; pictures as PNG without metadata.",
            "Near duplicates and panels of one figure share a group, which no split divides.",
        ],
        "rai:dataAnnotationProtocol": [
            "Modality, marks, sensitive contents, age and sex come from rules and models, each "
            "with its confidence, source and evidence; people decide where these are in doubt.",
        ],
        "rai:annotationsPerItem": "One, and a second where a person reviewed it (field review).",
        "rai:machineAnnotationTools": [
            f"mmskin-build {manifest.code_version}, settings {manifest.config_sha256}"
        ],
        "rai:dataBiases": [
            "Textbooks show what is typical or rare enough to teach; the shares of diseases, ages, "
            "sexes and skin colors are not those of patients.",
            f"Books weigh by their number of figures: {by_book}.",
        ],
        "rai:dataLimitations": [
            "A caption tells what its author chose to tell; what it leaves out is not absent.",
            f"{manifest.counts.get('doubtful_pairs', 0)} pairs of picture and caption have less "
            "than the confidence that the settings ask for.",
            "Not for diagnosis, and not tested for use on patients.",
        ],
        "rai:dataUseCases": ["Training", "Validation", "Testing", "Fine-tuning"],
        "rai:personalSensitiveInformation": [
            notice_of(manifest),
            f"What the settings do with sensitive contents: {actions or 'not told'}.",
            f"Left out because a person has yet to decide: {held}.",
            "Age and sex of patients where captions tell them (MM-Skin-D).",
        ],
        "rai:dataSocialImpact": (
            "Models of skin disease may serve education and research; they err more on whom the "
            "books show less, and must not replace a physician."
        ),
        "rai:dataReleaseMaintenancePlan": (
            "Releases are never edited; corrections and removals make a new version, and "
            "CHANGES.md says what differs."
        ),
    }


def _is_action(value: object) -> bool:
    return value in ("keep", "hold", "drop", "mask")


def _in_words(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in counts.items())
