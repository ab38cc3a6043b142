"""The eleven sets, in upstream's order."""

from __future__ import annotations

import difflib

from mmskin_build.errors import ConfigError
from mmskin_build.public import (
    bcn20000,
    ddi,
    dermnet,
    fitzpatrick17k,
    ham10000,
    hiba,
    isic2019,
    mskcc,
    pad_ufes_20,
    patch16,
    scin,
)
from mmskin_build.public.about import PublicSet

SETS: tuple[PublicSet, ...] = (
    scin.SET,
    ddi.SET,
    fitzpatrick17k.SET,
    pad_ufes_20.SET,
    dermnet.SET,
    ham10000.SET,
    isic2019.SET,
    bcn20000.SET,
    hiba.SET,
    mskcc.SET,
    patch16.SET,
)


def find_set(name: str) -> PublicSet:
    """Return the set of a name, upstream's or another that people use; case does not matter.

    Raises:
        ConfigError: If there is no such set; the message names the nearest.
    """
    known = {
        alias.casefold(): one for one in SETS for alias in (one.about.name, *one.about.aliases)
    }
    found = known.get(name.casefold())
    if found is not None:
        return found
    near = difflib.get_close_matches(name.casefold(), list(known), n=1, cutoff=0.0)
    nearest = known[near[0]].about.name
    names = ", ".join(one.about.name for one in SETS)
    raise ConfigError(f"no public set is called {name!r}; is {nearest} meant? there are: {names}")
