"""Sets of pictures with classes: a public set, any folder with upstream's tables, or a release.

``mm-skin`` asks the modality of the pictures of a release. Other names are those of upstream's
tables, ``<name>_train.csv`` and so on, in a folder that is given or in ``data/public/*/``; where
the folder holds a prepared set, its items tell who must not be divided and who is shown.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from mmskin_build.config import Config, Workspace
from mmskin_build.dataset.manifest import MANIFEST
from mmskin_build.dataset.released import read_manifest, read_records, released_versions
from mmskin_build.errors import ReleaseError, SchemaError
from mmskin_build.evaluate.predictions import Subgroup
from mmskin_build.public.items import IMAGES, ITEMS, PublicItem, PublicSplit, read_items
from mmskin_build.public.tables import SPLIT_NAMES, TableRow, read_table, table_path
from mmskin_build.store import is_file

Asked = Literal["diagnosis", "modality"]

RELEASE_SET = "mm-skin"
_SHOWN = 8  # names in a message


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassItem:
    """A picture of a set: `image` as the set names it, `path` where it lies.

    `group` is equal for pictures that stand or fall together: of a patient, of a lesion, of a
    figure; the picture's own name where the set does not tell.
    """

    image: str
    path: Path
    label: str
    split: PublicSplit
    group: str
    subgroup: Subgroup
    book: str | None = None
    modality: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassSet:
    """A set with its classes in the order of their names.

    `left_out` counts by reason what the tables name and the set does not have; `notes` is what a
    person must know of the set; `digest` changes with pictures' names, labels and splits.
    """

    name: str
    asked: Asked
    classes: tuple[str, ...]
    items: tuple[ClassItem, ...]
    left_out: Mapping[str, int]
    notes: tuple[str, ...]
    source: str
    digest: str

    def of(self, *splits: PublicSplit) -> tuple[ClassItem, ...]:
        """Return the pictures of some splits."""
        return tuple(item for item in self.items if item.split in splits)


def read_class_set(
    name: str,
    workspace: Workspace,
    cfg: Config,
    *,
    tables: Path | None = None,
    images: Path | None = None,
    release: str | None = None,
) -> ClassSet:
    """Read a set by its name.

    Args:
        name: ``mm-skin``, or a name of upstream's tables: "PAD", "DDI_2class".
        workspace: Where releases and prepared sets lie.
        cfg: Names the data set of releases.
        tables: A folder of tables, instead of the prepared sets.
        images: The folder that the tables' pictures are relative to; else that of the tables.
        release: Version of the release, None for the last.

    Raises:
        ReleaseError: If there is no such release.
        SchemaError: If there is no such set, a table is damaged, or nothing of it can be used.
        StorageError: If a file cannot be read.
    """
    if name == RELEASE_SET and tables is None:
        return _read_release(workspace, cfg, release)
    folder = _find_tables(name, workspace) if tables is None else tables
    return _read_tables(name, folder, images)


def known_sets(workspace: Workspace, cfg: Config) -> tuple[str, ...]:
    """Return the names of sets that there are: the release's first, then prepared ones."""
    found = [RELEASE_SET] if released_versions(workspace.releases / cfg.dataset.name) else []
    return (*found, *sorted(_prepared(workspace)))


def _prepared(workspace: Workspace) -> dict[str, Path]:
    """Return the folders of prepared sets by the names of their tables."""
    return {
        path.name.removesuffix("_test.csv"): path.parent
        for path in sorted(workspace.public.glob("*/*_test.csv"))
    }


def _find_tables(name: str, workspace: Workspace) -> Path:
    prepared = _prepared(workspace)
    if name not in prepared:
        there = ", ".join(sorted(prepared)[:_SHOWN]) or "none is prepared"
        raise SchemaError(
            f"{workspace.public}: no set {name!r} ({there}); name one of them, {RELEASE_SET} "
            f"for the modalities of a release, or the folder of {name}_test.csv with --tables"
        )
    return prepared[name]


# ------------------------------------------------------------------------------------- tables


def _read_tables(name: str, folder: Path, images: Path | None) -> ClassSet:
    if not table_path(folder, name, "test").is_file():
        there = sorted(path.name.removesuffix("_test.csv") for path in folder.glob("*_test.csv"))
        raise SchemaError(
            f"{table_path(folder, name, 'test')}: missing; the folder has tables of: "
            f"{', '.join(there[:_SHOWN]) or 'nothing'}"
        )
    known = {}
    if (folder / ITEMS).is_file():
        known = {f"{item.set}/{IMAGES}/{item.image}": item for item in read_items(folder)}
    top = images if images is not None else folder.parent if known else folder
    items: list[ClassItem] = []
    left_out: Counter[str] = Counter()
    for split in SPLIT_NAMES:
        path = table_path(folder, name, split)
        for row in read_table(path) if path.is_file() else ():
            reason = _unusable(row, top)
            if reason is not None:
                left_out[reason] += 1
                continue
            items.append(_table_item(row, split, top, known.get(row.image)))
    if not items:
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(left_out.items()))
        raise SchemaError(
            f"{folder}: no picture of {name} can be used ({reasons or 'its tables are empty'}); "
            f"pictures were looked for in {top}, name their folder with --images"
        )
    notes = [] if known else ["the tables tell no patients: intervals are by picture"]
    return _made(name, "diagnosis", items, left_out, notes, f"tables {name}")


def _unusable(row: TableRow, top: Path) -> str | None:
    if not row.categories:
        return "without a category"
    if len(set(row.categories)) > 1:
        return "with several categories"
    path = PurePosixPath(row.image)
    if path.is_absolute() or ".." in path.parts:
        return "outside the folder of pictures"
    return None if is_file(top / path) else "whose file is missing"


def _table_item(
    row: TableRow, split: PublicSplit, top: Path, known: PublicItem | None
) -> ClassItem:
    return ClassItem(
        image=row.image,
        path=top / row.image,
        label=row.categories[0],
        split=split,
        group=row.image if known is None else known.group_id,
        subgroup=Subgroup() if known is None else _who(known),
        modality=None if known is None else known.modality,
    )


def _who(item: PublicItem) -> Subgroup:
    return Subgroup(skin_type=item.skin_type, age_group=item.age_group, sex=item.sex)


# ------------------------------------------------------------------------------------ releases


def _read_release(workspace: Workspace, cfg: Config, version: str | None) -> ClassSet:
    folder = workspace.releases / cfg.dataset.name
    versions = released_versions(folder)
    chosen = version or (versions[-1] if versions else None)
    if chosen is None or not (folder / chosen / MANIFEST).is_file():
        there = ", ".join(versions) or "none; make one: mmskin release 1.0.0"
        raise ReleaseError(f"{folder}: no release {chosen or ''}; there are: {there}")
    items: list[ClassItem] = []
    left_out: Counter[str] = Counter()
    for record in read_records(folder / chosen):
        path = folder / chosen / record.image
        if record.modality is None or record.split is None:
            left_out["without modality or split"] += 1
        elif not path.is_file():
            left_out["whose file is missing"] += 1
        else:
            told = record.demographics
            items.append(
                ClassItem(
                    image=record.image,
                    path=path,
                    label=record.modality.value,
                    split=record.split,
                    group=record.group_id,
                    subgroup=Subgroup(age_group=told.age_group, sex=told.sex),
                    book=record.provenance.book_id,
                    modality=record.modality.value,
                )
            )
    if not items:
        raise ReleaseError(f"{folder / chosen}: no record has a modality and a split")
    source = f"release {cfg.dataset.name} {chosen}"
    digest = read_manifest(folder / chosen).content_digest
    return _made(RELEASE_SET, "modality", items, left_out, [], f"{source} ({digest[:12]})")


# --------------------------------------------------------------------------------------- both


def _made(
    name: str,
    asked: Asked,
    items: Sequence[ClassItem],
    left_out: Mapping[str, int],
    notes: Iterable[str],
    source: str,
) -> ClassSet:
    """Order the pictures, and tell of what a score of them would hide."""
    once = {(item.split, item.image): item for item in items}
    ordered = tuple(once[key] for key in sorted(once, key=lambda key: (key[1], key[0])))
    if len(once) < len(items):
        left_out = {**left_out, "named twice": len(items) - len(once)}
    digest = hashlib.sha256()
    for item in ordered:
        line = "\0".join((item.image, item.split, item.label, item.group))
        digest.update(line.encode(errors="surrogatepass") + b"\n")
    learned = {item.group for item in ordered if item.split != "test"}
    crossing = sum(item.split == "test" and item.group in learned for item in ordered)
    told = list(notes)
    if crossing:
        told.append(
            f"{crossing} test pictures are of a patient, lesion or picture that training has too: "
            "scores of trained classifiers are too good"
        )
    return ClassSet(
        name=name,
        asked=asked,
        classes=tuple(sorted({item.label for item in ordered})),
        items=ordered,
        left_out=dict(sorted(left_out.items())),
        notes=tuple(told),
        source=source,
        digest=digest.hexdigest(),
    )
