"""Why something of the published MM-Skin is not in the release made of it."""

from __future__ import annotations

REASONS: dict[str, str] = {
    "table_unreadable": "a table or a list of talks is missing or has another form",
    "row_malformed": "a row or a talk that does not have its parts, or is no UTF-8 text",
    "name_unknown": "a picture's name that is not of MM-Skin's form, as in bk3_c18_12.png",
    "row_repeated": "the same row, or the same question with its answer, once more",
    "row_contradicts": "another caption or modality for a picture; the first one counts",
    "modality_unknown": "no modality that is known here; the record has none",
    "question_without_picture": "a question about a picture that is not in the release",
}
