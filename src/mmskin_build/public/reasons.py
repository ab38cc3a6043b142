"""Why a row or a picture of a public set goes no further: one closed list."""

from __future__ import annotations

from mmskin_build.dataset.withdrawn import REASONS as WITHDRAWN

#: What each reason means, for people; pictures that cannot be decoded have those of `images.read`.
REASONS = {
    "row_without_picture": "a row of a table whose picture is not in what was given",
    "picture_without_row": "a picture that no row of the tables names",
    "picture_repeated": "a picture whose name was there before; the first one counts",
    "label_missing": "no diagnosis, several of the same weight, or UNK",
    "label_unknown": "a code or a folder that is none of the makers'",
    "label_doubted": "the makers themselves say that the label is wrong",
    "split_unknown": "the makers' side is none of train, validation and test",
    "withdrawn": WITHDRAWN["withdrawn"],
    "in_test_of_release": "it shows what a picture of the release's validation or test shows",
}
