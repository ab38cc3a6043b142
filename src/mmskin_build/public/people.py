"""Ages, sexes, skin types and body sites as tables tell them; what is unknown is None."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

# Lower bounds in years and names; the groups of MM-Skin-D, without the neonates, whom no table of
# whole years can tell.
_GROUPS = (
    (0.0, "infant"), (1.0, "child"), (12.0, "adolescent"), (18.0, "adult"), (65.0, "elderly"),
)  # fmt: skip
# Ages in tables of the ISIC Archive are rounded to five years.
ISIC_STEP_YEARS = 5.0
OLDEST_YEARS = 120.0
# Sites in the tables of the ISIC Archive that are no plain words.
_SITES = {
    "head/neck": "head or neck",
    "palms/soles": "palm or sole",
    "oral/genital": "mouth or genitals",
}
_UNKNOWN = frozenset({"", "unknown", "nan", "none", "na", "n/a", "-1", "[]"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Age:
    """An age in years, and the group it lies in; the group is None where it may be either."""

    years: float | None = None
    group: str | None = None


def is_unknown(cell: str) -> bool:
    """Whether a cell says nothing: empty, "unknown", "nan".

    >>> is_unknown(" Unknown "), is_unknown("back")
    (True, False)
    """
    return cell.strip().casefold() in _UNKNOWN


def read_age(cell: str, step_years: float = 1.0) -> Age:
    """Return the age that a cell tells; `step_years` is what ages are rounded to.

    An age of 65, rounded to five years, is between 62.5 and 67.5: of no one group.

    >>> read_age("55.0", 5.0)
    Age(years=55.0, group='adult')
    >>> read_age("65.0", 5.0)
    Age(years=65.0, group=None)
    """
    try:
        years = float(cell)
    except ValueError:
        return Age()
    if not math.isfinite(years) or not 0 <= years <= OLDEST_YEARS:
        return Age()
    if step_years <= 1.0:  # completed years
        return Age(years=years, group=age_group(years, years))
    half = step_years / 2
    return Age(years=years, group=age_group(max(0.0, years - half), years + half))


def age_group(least: float, most: float) -> str | None:
    """Return the group of an age between two numbers of years, None if it may be of several.

    >>> age_group(18, 29), age_group(60, 69)
    ('adult', None)
    """
    names = {[name for start, name in _GROUPS if start <= years][-1] for years in (least, most)}
    return names.pop() if len(names) == 1 else None


def read_sex(cell: str) -> Literal["male", "female"] | None:
    """Return the sex that a cell tells.

    >>> read_sex("MALE"), read_sex("F"), read_sex("OTHER_OR_UNSPECIFIED")
    ('male', 'female', None)
    """
    match cell.strip().casefold():
        case "male" | "m":
            return "male"
        case "female" | "f":
            return "female"
    return None


def read_skin_type(cell: str) -> str | None:
    """Return Fitzpatrick's type "1" to "6" that a cell tells, by digit, "FST" or Roman number.

    >>> read_skin_type("3.0"), read_skin_type("FST5"), read_skin_type("IV"), read_skin_type("-1")
    ('3', '5', '4', None)
    """
    text = cell.strip().upper().removeprefix("FST").removesuffix(".0")
    roman = {"I": "1", "II": "2", "III": "3", "IV": "4", "V": "5", "VI": "6"}
    text = roman.get(text, text)
    return text if text in ("1", "2", "3", "4", "5", "6") else None


def read_site(cell: str) -> str | None:
    """Return a body site in small letters, None if it is unknown.

    >>> read_site("Lower extremity"), read_site("head/neck"), read_site("unknown")
    ('lower extremity', 'head or neck', None)
    """
    site = " ".join(cell.split()).casefold()
    return None if is_unknown(cell) else _SITES.get(site, site)
