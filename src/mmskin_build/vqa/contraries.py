"""Values that cannot be beside the one that a caption tells: far colors, shapes, sites."""

from __future__ import annotations

from mmskin_build.vqa.vocabulary import Term

# Colors so far apart that no eye takes one for the other, by group.
_FAR_COLORS = {
    "red": ("yellow", "green", "black"),
    "brown": ("white", "yellow", "green"),
    "black": ("white", "yellow", "red"),
    "blue": ("yellow", "white", "green"),
    "white": ("black", "brown", "blue"),
    "yellow": ("blue", "black", "green"),
    "green": ("red", "white", "brown"),
}


_FAR_SHAPES = {
    "annular": "linear", "linear": "annular", "discoid": "linear", "round": "linear",
    "oval": "linear", "polycyclic": "linear", "flat-topped": "dome-shaped",
    "dome-shaped": "flat-topped", "arcuate": "round", "serpiginous": "round",
}  # fmt: skip


_FAR_GROUPING = {
    "grouped": "scattered",
    "confluent": "discrete",
    "discrete": "confluent",
    "scattered": "grouped",
}


_FAR_BORDER = {"well-demarcated": "ill-defined", "ill-defined": "well-demarcated"}


FAR_SITES = {
    "head": ("sole", "back", "thigh"), "mouth": ("sole", "back", "thigh"),
    "neck": ("sole", "thigh", "palm"),
    "trunk": ("face", "sole", "palm"), "arm": ("face", "sole", "abdomen"),
    "hand": ("face", "back", "thigh"),
    "leg": ("face", "palm", "abdomen"), "foot": ("face", "abdomen", "forearm"),
    "genital": ("face", "forearm", "sole"),
    "appendage": (),
}  # fmt: skip


def far_values(term: Term) -> tuple[str, ...]:
    """Return values of the same kind that no eye takes for this one."""
    if term.kind == "color":
        return _FAR_COLORS.get(term.group, ())[:2]
    table = _FAR_BORDER if term.kind == "border" else {**_FAR_SHAPES, **_FAR_GROUPING}
    return (table[term.name],) if term.name in table else ()
