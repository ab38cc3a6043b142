"""Make src/mmskin_build/vqa/vocabulary/icd10cm.json again: names of skin diseases by group.

The names are those of ICD-10-CM (National Center for Health Statistics and Centers for Medicare and
Medicaid Services, a work of the United States government, in the public domain), read from the
package simple-icd-10-cm, which is needed for this only:

    pip install simple-icd-10-cm
    python tools/make_disease_names.py src/mmskin_build/vqa/vocabulary/icd10cm.json
"""

from __future__ import annotations

import importlib.metadata
import json
import re
import sys
from pathlib import Path

import simple_icd_10_cm as icd

# Code prefixes by group; a longer prefix wins over a shorter one.
GROUPS = {
    "bacterial infection": ["L00", "L01", "L02", "L03", "L04", "L05", "L08", "A18.4", "A20.1",
                            "A22.0", "A26", "A30", "A31.1", "A46", "A48.0", "B47"],
    "sexually transmitted infection": ["A51", "A52", "A53", "A55", "A57", "A58"],
    "viral infection": ["B00", "B01", "B02", "B05", "B06", "B07", "B08", "B09"],
    "fungal infection": ["B35", "B36", "B37", "B42", "B43"],
    "infestation": ["B55.1", "B55.2", "B65.3", "B72", "B73", "B76", "B85", "B86", "B87", "B88"],
    "blistering disease": ["L10", "L11", "L12", "L13", "L14"],
    "dermatitis": ["L20", "L21", "L22", "L23", "L24", "L25", "L26", "L27", "L28", "L29", "L30"],
    "papulosquamous disease": ["L40", "L41", "L42", "L43", "L44", "L45"],
    "urticaria and erythema": ["L49", "L50", "L51", "L52", "L53", "L54"],
    "radiation-related disease": ["L55", "L56", "L57", "L58", "L59"],
    "nail disease": ["L60", "L62"],
    "hair disease": ["L63", "L64", "L65", "L66", "L67", "L68"],
    "acneiform disease": ["L70", "L71", "L73"],
    "cyst": ["L72"],
    "sweat gland disease": ["L74", "L75"],
    "pigment disease": ["L80", "L81", "E70.3"],
    "keratinization disease": ["L82", "L83", "L84", "L85", "L86", "L87", "Q80", "Q82.8"],
    "atrophy or hypertrophy": ["L90", "L91", "L94"],
    "granulomatous disease": ["L92", "D86.3"],
    "connective tissue disease": ["L93", "L94.0", "L94.1", "M32", "M33", "M34", "M35.1", "M35.2"],
    "vasculitis": ["L95", "M30", "M31", "D69.0"],
    "ulcer": ["L88", "L89", "L97", "L98.4"],
    "other skin disease": ["L98", "L99"],
    "melanocytic tumor": ["C43", "D03", "D22"],
    "epithelial tumor": ["C44", "D04", "D23", "L57.0"],
    "vascular tumor": ["C46", "D18.0"],
    "cutaneous lymphoma": ["C84.0", "C84.1", "C84.A", "C86.6", "C96.0"],
    "mast cell disease": ["D47.01", "Q82.2"],
    "soft tissue tumor": ["D17"],
    "genodermatosis": ["Q81", "Q82", "Q84", "Q85", "Q87.4"],
    "porphyria": ["E80"],
}  # fmt: skip
# Rest classes, complications and site lists are no diagnoses that a caption would name.
UNFIT = re.compile(
    r"""\b(other|others|unspecified|specified|elsewhere|due to|without|with|not|nos|and|or|of
    |classified|involving|following|in|left|right|status|encounter|stage|history|use|drug-
    |complication|complications|unstageable|disorder|disorders|diseases|infections|tumors|condition
    |reaction|response|serological|thickening|infestation|sepsis|meningitis|encephalitis|myelitis
    |hepatitis|keratitis|iritis|pneumonia|enteritis|proctitis|leprosy|syphilitic|albinism|ocular
    |cardiovascular|renal|pericarditis|abnormal)\b
    |^(lichen|itch|scar|erythema|keratosis|infestation|dermatitis|birthmark|cicatrix|felon
    |boil|hives|freckles|callus|anonychia|poliosis|canities|dimple
    |adherent\ scar|hypertrophic\ scar|gumma
    |cutaneous\ abscess|hirsutism|alopecia|hypertrichosis|beaded\ hair|skin\ parasites
    |toxic\ erythema|porphyria|pemphigoid|pruritus|prurigo|hamartosis
    |phakomatosis|cross\ syndrome|ulcer|SLE|.*skin)$""",
    re.IGNORECASE | re.VERBOSE,
)
MOST_WORDS = 5


def clean(name: str) -> str | None:
    """Return a name as a caption would print it, None if it is not one."""
    name = re.sub(r"\s*[\[(].*?[\])]", "", name)
    name = re.sub(r",? (?:NOS|unspecified)$", "", name).strip()
    if (
        len(name) < 4
        or name.isupper()
        or "," in name
        or UNFIT.search(name)
        or len(name.split()) > MOST_WORDS
    ):
        return None
    head, *rest = name.split(" ")
    head = head if any(letter.isupper() for letter in head[1:]) else head[:1].lower() + head[1:]
    return " ".join([head, *rest])


def main() -> None:
    """Write the file named on the command line."""
    prefixes = sorted(
        ((code, group) for group, codes in GROUPS.items() for code in codes),
        key=lambda item: -len(item[0]),
    )
    found: dict[str, set[str]] = {group: set() for group in GROUPS}
    taken: set[str] = set()
    for code in icd.get_all_codes(with_dots=True):
        group = next((g for prefix, g in prefixes if code.startswith(prefix)), None)
        if group is None or icd.is_block(code):
            continue
        for name in (icd.get_description(code), *icd.get_inclusion_term(code)):
            short = clean(name)
            if short and short not in taken:
                taken.add(short)
                found[group].add(short)
    head = (
        "Names of ICD-10-CM (NCHS and CMS, public domain), by the package simple-icd-10-cm "
        f"{importlib.metadata.version('simple-icd-10-cm')}; made by tools/make_disease_names.py"
    )
    content = {"source": head, "diagnosis": {g: sorted(names) for g, names in found.items()}}
    Path(sys.argv[1]).write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
