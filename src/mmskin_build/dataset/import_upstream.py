"""The published MM-Skin as a release: what was published, in the form of all releases.

Captions, modalities, questions and the division are taken over as they are. Near duplicates and
the panels of a figure are joined in groups; where the division spreads one, ``CHANGES.md``, the
manifest and `mmskin verify` tell, unless it is mended (`upstream_division`).

No detector looks at the pictures and no words are taken off the captions.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from mmskin_build import __version__
from mmskin_build.cache import make_temporary, sweep_temporary
from mmskin_build.config import Config, SplitConfig, config_sha256
from mmskin_build.dataset.changes import compare
from mmskin_build.dataset.changes_page import changes_page
from mmskin_build.dataset.export_upstream import CAPTION_TABLE, TEST, TRAIN
from mmskin_build.dataset.groups import join_groups
from mmskin_build.dataset.manifest import (
    IMAGES,
    QUESTIONS,
    QUESTIONS_VQA,
    Manifest,
    Parent,
    ReleasedBook,
    Subset,
)
from mmskin_build.dataset.parts import count_records, derived_files, write_parts
from mmskin_build.dataset.release import check_request, publish
from mmskin_build.dataset.released import Released, read_parts, read_released
from mmskin_build.dataset.summary import count, natural_order
from mmskin_build.dataset.upstream_division import (
    Leaks,
    division_notes,
    find_division_leaks,
    mend_sides,
    take_sides,
)
from mmskin_build.dataset.upstream_folder import UpstreamFolder, UpstreamPair, read_upstream
from mmskin_build.dataset.upstream_questions import build_questions, build_talks
from mmskin_build.dataset.withdrawn import Tombstone, find_withdrawn, reject_withdrawn
from mmskin_build.errors import ReleaseError
from mmskin_build.images.fingerprint import Fingerprint, fingerprint
from mmskin_build.images.joins import group_duplicates
from mmskin_build.images.read import RgbImage, UnreadPicture, read_picture
from mmskin_build.records import (
    SCHEMA_VERSION,
    Demographics,
    Flags,
    Label,
    Provenance,
    Record,
    Reject,
    Review,
    Terms,
)
from mmskin_build.store import (
    file_sha256,
    pixel_digest,
    plain,
    storage_errors,
    write_bytes,
    write_jsonl,
)

Progress = Callable[[str, int, int], None]
"""Called with what is being done, and how much of how much is done."""

_RIGHTS = "as published with MM-Skin; the publishers keep theirs"
_UNSCREENED = (
    "Imported from the published MM-Skin: no program has looked for faces, names or other "
    "features in these pictures, ages are as published, and pages and boxes are not known."
)
_AS_PUBLISHED = "as published; no answer was looked up in a caption"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedRelease:
    """What an import made; `rejects` counts by reason what is listed in `rejects_file`."""

    release: Path
    records: int
    questions: int
    sides: dict[str, int]
    rejects: dict[str, int]
    rejects_file: Path
    leaks: Leaks
    resplit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedPicture:
    """A published picture: pixels, (H, W, 3) uint8, their digest and fingerprint."""

    rgb: RgbImage
    image_sha256: str
    print: Fingerprint


def import_upstream(
    folder: Path,
    releases: Path,
    name: str,
    version: str,
    *,
    resplit: bool = False,
    withdrawn: Sequence[Tombstone] = (),
    progress: Progress = lambda what, done, total: None,
) -> ImportedRelease:
    """Write ``releases/<name>/<version>`` out of a folder with the published MM-Skin.

    What could not be used stands in ``<version>.rejects.jsonl`` beside the release.

    Args:
        folder: See `upstream_folder`.
        releases: The folder of all releases.
        name: Of the data set.
        version: Above that of the last release of this name.
        resplit: Put groups that the published division spreads into training whole.
        withdrawn: What must not come back; it is left out, and copies of it.
        progress: Called with what is being done, pictures done and in all.

    Raises:
        SchemaError: If the folder has no usable caption table.
        ReleaseError: See `release.check_request`; also if not one picture can be used.
        StorageError: If the disk is full or a folder cannot be read or written.
    """
    parent_version = check_request(releases / name, name, version)
    found = read_upstream(folder)
    target = releases / name
    sweep_temporary(target)
    temporary = make_temporary(target, version)
    try:
        with storage_errors(temporary):
            (temporary / IMAGES).mkdir()
        records, prints, missed = _store_pictures(found, temporary, progress)
        records = _without_withdrawn(records, find_withdrawn(withdrawn, prints), temporary, missed)
        if not records:
            raise ReleaseError(
                f"{folder}: no picture of {len(found.pairs)} captions can be used "
                f"({count(reject.reason for reject in missed)}); name the folder that "
                "has caption.csv and the pictures, in dataset/ or beside it"
            )
        progress("compare pictures", 0, len(prints))
        there = {record.image_sha256 for record in records}
        groups = group_duplicates((name, prints[name]) for name in sorted(there))
        records = join_groups(records, groups)
        progress("compare pictures", len(prints), len(prints))
        records = take_sides(records, found)
        leaks = find_division_leaks(records, found)
        if resplit:
            records = mend_sides(records)
        entries, lost = build_questions(found.questions, records)
        rejects = (*found.rejects, *missed, *lost)
        old = Released() if parent_version is None else read_released(target / parent_version)
        counts = count(reject.reason for reject in rejects)
        notes = {"screening": _UNSCREENED, **division_notes(leaks, found, resplit)}
        parts = {QUESTIONS: entries, QUESTIONS_VQA: build_talks(entries)} if entries else {}
        manifest = _manifest(name, version, folder, old.parent, records, counts)
        manifest = count_records(dataclasses.replace(manifest, notes=notes), records, parts)
        derived = derived_files(records)
        changes = compare(
            old.records,
            records,
            old.manifest,
            manifest,
            old_parts=old.parts,
            new_parts={**read_parts(derived), **parts},
        )
        page = changes_page(version, parent_version, changes)
        write_parts(
            temporary,
            manifest,
            records,
            derived=derived,
            changes=page + _changes_lines(notes, counts),
            question_files=parts,
            picture_digests={r.image: file_sha256(temporary / r.image) for r in records},
        )
        rejects_file = target / f"{version}.rejects.jsonl"
        write_jsonl(rejects_file, rejects)
        publish(temporary, target / version)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return ImportedRelease(
        release=target / version,
        records=len(records),
        questions=len(entries),
        sides=count(record.split for record in records if record.split),
        rejects=counts,
        rejects_file=rejects_file,
        leaks=leaks,
        resplit=resplit,
    )


def load_picture(pair: UpstreamPair) -> LoadedPicture | Reject:
    """Read the picture of a pair, or say why it cannot be."""
    if pair.path is None:
        return _reject(pair.id, "picture_missing", "no such file")
    read = read_picture(pair.path)
    if isinstance(read, UnreadPicture):
        return _reject(pair.id, read.reason, read.detail)
    return LoadedPicture(
        rgb=read.rgb, image_sha256=pixel_digest(read.rgb), print=fingerprint(read.rgb)
    )


def _png(path: Path, loaded: LoadedPicture) -> bytes:
    """The file itself where it is a PNG that every reader decodes to these pixels, else a new one.

    A color profile, transparency or 16 bits are read differently by others.
    """
    with storage_errors(path):
        content = path.read_bytes()
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        bgr = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
        rgb = None if bgr is None else np.asarray(bgr[..., ::-1], np.uint8)
        if rgb is not None and pixel_digest(rgb) == loaded.image_sha256:
            return content
    file = io.BytesIO()
    Image.fromarray(loaded.rgb).save(file, "PNG")
    return file.getvalue()


def _reject(item_id: str, reason: str, detail: str) -> Reject:
    return Reject(item_id=item_id, stage="import", reason=reason, detail=detail)


def _store_pictures(
    found: UpstreamFolder, folder: Path, progress: Progress
) -> tuple[tuple[Record, ...], dict[str, Fingerprint], list[Reject]]:
    """Write each pair's picture; its record has no side yet."""
    records: list[Record] = []
    prints: dict[str, Fingerprint] = {}
    missed: list[Reject] = []
    for done, pair in enumerate(found.pairs, 1):
        loaded = load_picture(pair)
        if isinstance(loaded, Reject):
            missed.append(loaded)
        elif pair.path is not None:
            record = _record(pair, loaded)
            write_bytes(folder / record.image, _png(pair.path, loaded))
            prints[loaded.image_sha256] = loaded.print
            records.append(record)
        progress("import", done, len(found.pairs))
    return tuple(records), prints, missed


def _without_withdrawn(
    records: Iterable[Record],
    gone: Mapping[str, Tombstone],
    folder: Path,
    missed: list[Reject],
) -> tuple[Record, ...]:
    """Take pictures that were withdrawn out again; adds the rejects to `missed`."""
    kept: list[Record] = []
    for record in records:
        tombstone = gone.get(record.image_sha256)
        if tombstone is None:
            kept.append(record)
            continue
        with storage_errors(folder):
            (folder / record.image).unlink()
        missed.append(reject_withdrawn(record, tombstone))
    return tuple(kept)


def _record(pair: UpstreamPair, loaded: LoadedPicture) -> Record:
    told = None
    if pair.modality is not None:
        told = Label(value=pair.modality, confidence=1.0, source="imported")
    return Record(
        id=pair.id,
        image=f"{IMAGES}/{pair.id}.png",
        image_sha256=loaded.image_sha256,
        width_px=loaded.rgb.shape[1],
        height_px=loaded.rgb.shape[0],
        caption=pair.caption,
        panel_text=None,
        figure_caption=pair.caption,
        alignment=Label(value="paired", confidence=1.0, source="imported"),
        modality=told,
        demographics=Demographics(),
        terms=Terms(),
        flags=Flags(),
        provenance=Provenance(
            book_id=pair.book_id,
            book_sha256="",
            page_index=None,
            page_label="",
            bbox=None,
            figure_id=pair.figure_id,
            figure_label=None,
            panel=pair.panel,
            source="imported",
        ),
        group_id=pair.figure_id,
        split=None,
        review=Review(),
        config_sha256=config_sha256(SplitConfig()),
        code_version=__version__,
    )


def _changes_lines(notes: Mapping[str, str], rejects: dict[str, int]) -> str:
    lines = ["", "## Imported", "", *(f"- {note}" for note in notes.values())]
    lines += [f"- left out, {reason}: {number}" for reason, number in sorted(rejects.items())]
    return "\n".join(lines) + "\n"


def _manifest(
    name: str,
    version: str,
    folder: Path,
    parent: Parent | None,
    records: Sequence[Record],
    rejects: dict[str, int],
) -> Manifest:
    """The manifest without what `write_parts` adds of the records."""
    tables = hashlib.sha256()
    for table in (CAPTION_TABLE, TRAIN, TEST):
        path = folder / table
        with storage_errors(path):
            content = path.read_bytes() if path.is_file() else b""
        tables.update(f"{table} {hashlib.sha256(content).hexdigest()}\n".encode())
    books = sorted({record.provenance.book_id for record in records}, key=natural_order)
    settings = {"split": plain(SplitConfig()), "dataset": {**plain(Config().dataset), "name": name}}
    return Manifest(
        name=name,
        version=version,
        schema_version=SCHEMA_VERSION,
        code_version=__version__,
        content_digest="",
        build_digest=tables.hexdigest(),
        sums_sha256="",
        parent=parent,
        subsets={"MM-Skin-O": Subset(file=None, entries=0, note=_AS_PUBLISHED)},
        counts={},
        rejects=rejects,
        left_out_held={},
        books=tuple(
            ReleasedBook(
                id=book,
                title=f"Book {book.removeprefix('bk')} of the published MM-Skin",
                edition="",
                publisher="",
                rights=_RIGHTS,
                sha256="",
                page_count=0,
                records=0,
            )
            for book in books
        ),
        left_out_books={},
        config=json.loads(json.dumps(settings)),
        config_sha256=config_sha256(SplitConfig()),
    )
