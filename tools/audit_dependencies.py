"""Are the locked packages known to be vulnerable, and do their licenses go with AGPL-3.0?

Usage: make audit-dependencies   (or: python tools/audit_dependencies.py [--licenses])

Licenses are read off what is installed, without a network: a locked package whose license is not
on the list below, or that tells none, is an error. Vulnerabilities are asked of the Python
Packaging Advisory Database through pip-audit, which has no way to ask without its service; where
that does not answer, or pip-audit is not installed, this says so and is no error.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

LOCK = Path(__file__).resolve().parent.parent / "constraints.txt"
#: Licenses that may be combined with AGPL-3.0: permissive ones, LGPL, MPL-2.0, GPL-3.0 and later.
COMPATIBLE = re.compile(
    r"\b(MIT|MIT-0|BSD|0BSD|Apache|ISC|PSF|Python Software Foundation|MPL|Mozilla|LGPL|Lesser"
    r"|AGPL|Affero|GPLv3|GPL-3|GPL-2\.0-or-later|GPLv2\+|Unlicense|CC0|Zlib|HPND|CMU|Public Domain"
    r"|Unicode|Artifex|BlueOak|ZPL|BSL-1\.0)(?![a-z])",
    re.IGNORECASE,
)
#: Read by a person; their metadata tell no license in words that are known here.
READ_BY_HAND = {
    "mlcroissant": "Apache-2.0, by the repository mlcommons/croissant; for tests only",
    "pymupdf4llm": "2.0 is empty; its code is in PyMuPDF, AGPL-3.0",
    "pymupdf-layout": "2.0 is empty; its code is in PyMuPDF, AGPL-3.0",
    "rouge": "Apache-2.0, by the LICENCE.txt in its wheel",
}
_CANARY = "jinja2==2.10"  # CVE-2019-10906 and others


def locked() -> dict[str, str]:
    """Return the locked packages and their versions, by normalized name."""
    lines = LOCK.read_text(encoding="utf-8").splitlines()
    found = (re.match(r"([A-Za-z0-9._-]+)==([^\s;]+)", line) for line in lines)
    return {normalize(match[1]): match[2] for match in found if match}


def normalize(name: str) -> str:
    """Return a package's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def license_of(package: metadata.Distribution) -> str:
    """Return what an installed package says of its license; "" where it says nothing."""
    told = package.metadata
    classifiers = told.get_all("Classifier") or []
    names = [c.split("::")[-1].strip() for c in classifiers if c.startswith("License ::")]
    given = told.get("License-Expression") or "; ".join(names) or (told.get("License") or "")
    return " ".join(given.split())[:120]


def bad_licenses() -> list[str]:
    """Return a line for each locked, installed package whose license is not known to fit."""
    wanted = locked()
    found: list[str] = []
    for package in sorted(metadata.distributions(), key=lambda p: p.metadata["Name"].lower()):
        name = normalize(package.metadata["Name"])
        if name not in wanted or name in READ_BY_HAND:
            continue
        told = license_of(package)
        if not COMPATIBLE.search(told):
            found.append(f"{name} {package.version}: {told or 'tells no license'}")
    return found


def main() -> int:
    """Check licenses, then vulnerabilities."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--licenses", action="store_true", help="licenses only")
    given = parser.parse_args()
    bad = bad_licenses()
    for line in bad:
        print(f"license not known to go with AGPL-3.0: {line}")
    print(f"licenses: {len(locked())} packages locked, {len(bad)} to look at")
    if given.licenses:
        return 1 if bad else 0
    if not knows_advisories():
        print(
            "vulnerabilities: NOT CHECKED: pip-audit is not installed, or its service is not here"
        )
    elif (said := ask(LOCK)) is None:
        print("vulnerabilities: none known")
    else:
        print(said)
        return 1
    return 1 if bad else 0


def knows_advisories() -> bool:
    """Whether pip-audit finds what is known of a version that is known to be vulnerable.

    Without its service it may pass over every package and call that sound.
    """
    with tempfile.TemporaryDirectory() as name:
        canary = Path(name) / "requirements.txt"
        canary.write_text(_CANARY + "\n", encoding="utf-8")
        said = ask(canary)
    return said is not None and "Fix Versions" in said


def ask(requirements: Path) -> str | None:
    """Return what pip-audit says of pinned packages, None where it finds nothing."""
    command = [sys.executable, "-m", "pip_audit", "-r", str(requirements), "--no-deps"]
    command += ["--disable-pip", "--timeout", "20"]
    asked = subprocess.run(command, capture_output=True, text=True, check=False)
    return None if asked.returncode == 0 else asked.stdout + asked.stderr


if __name__ == "__main__":
    sys.exit(main())
