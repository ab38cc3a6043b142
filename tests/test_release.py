from __future__ import annotations

import csv
import dataclasses
import json
import os
import shutil
import stat
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from builders import SHA, make_provenance, make_record
from mmskin_build.config import Config, DatasetConfig
from mmskin_build.dataset.changes import compare
from mmskin_build.dataset.manifest import NOTICE, content_digest
from mmskin_build.dataset.pictures import Picture
from mmskin_build.dataset.release import write_release
from mmskin_build.dataset.released import read_manifest, read_records, released_versions
from mmskin_build.dataset.summary import BookSummary, BuildSummary
from mmskin_build.dataset.verify import raise_problems, verify_or_raise, verify_release
from mmskin_build.errors import (
    ConfigError,
    ReleaseError,
    ReleaseExistsError,
    StorageError,
    VerificationError,
)
from mmskin_build.records import SCHEMA_VERSION, Book, Label, Record
from mmskin_build.store import file_sha256, pixel_digest

BOOKS = (
    Book(id="bk1", title="First | book", path="1.pdf", sha256=SHA, page_count=9, publisher="P"),
    Book(id="bk2", title="Second", path="2.pdf", sha256="cd" * 32, page_count=9),
)


@dataclasses.dataclass
class Shop:
    """A folder of pictures and the releases made of them."""

    folder: Path

    @property
    def releases(self) -> Path:
        return self.folder / "releases"

    def record(self, name: str, seed: int = 0, **fields: object) -> Record:
        rgb = np.random.default_rng(seed).integers(0, 255, (20, 30, 3), dtype=np.uint8)
        digest = pixel_digest(rgb)
        path = self.folder / f"{digest}.png"
        Image.fromarray(rgb).save(path)
        origin = make_provenance(book_id=name.split("_")[0], figure_id=name)
        return make_record(
            name, image_sha256=digest, width_px=30, height_px=20, provenance=origin, **fields
        )

    def release(
        self,
        version: str,
        records: Sequence[Record],
        *,
        leave_out_held: bool = False,
        name: str = "s",
    ) -> Path:
        pictures = {}
        for record in records:
            path = self.folder / f"{record.image_sha256}.png"
            pictures[record.id] = Picture(path=path, sha256=file_sha256(path))
        by_book = [record.provenance.book_id for record in records]
        summary = BuildSummary(
            books=tuple(
                BookSummary(
                    id=book.id,
                    title=book.title,
                    sha256=book.sha256,
                    status="built",
                    records=by_book.count(book.id),
                    rejects={"nonphoto": 2},
                )
                for book in BOOKS
            ),
            content_digest=content_digest(records),
        )
        return write_release(
            self.releases,
            version,
            cfg=Config(dataset=DatasetConfig(name=name)),
            summary=summary,
            books=BOOKS,
            records=records,
            pictures=pictures,
            leave_out_held=leave_out_held,
        )

    def two(self) -> list[Record]:
        return [self.record("bk1_1_1", 1, caption='A, "b"\nc'), self.record("bk2_1_1", 2)]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_a_release_is_what_it_says(shop: Shop) -> None:
    records = shop.two()
    folder = shop.release("1.0.0", records)
    check = verify_or_raise(folder)
    assert (check.records, check.problems) == (2, ())
    released = read_records(folder)
    assert [dataclasses.replace(record, split=None) for record in released] == records
    assert {record.split for record in released} <= {"train", "validation", "test"}
    manifest = read_manifest(folder)
    assert manifest.content_digest == content_digest(released)
    assert manifest.build_digest == content_digest(records)
    assert manifest.schema_version == SCHEMA_VERSION
    sides = Counter(record.split for record in released)
    totals = {"records": 2, "figures": 2, "books": 2, "doubtful_pairs": 0}
    assert manifest.counts == totals | sides
    assert manifest.rejects == {"nonphoto": 4}
    assert {name: subset.file for name, subset in manifest.subsets.items()} == {
        "MM-Skin-C": "MM-Skin-C.json",
        "MM-Skin-O": None,
        "MM-Skin-D": "MM-Skin-D.json",
    }


def test_sha256sum_agrees(shop: Shop) -> None:
    folder = shop.release("1.0.0", shop.two())
    done = subprocess.run(
        ["sha256sum", "-c", "--strict", "SHA256SUMS"], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0
    assert done.stdout.count(": OK") == 13
    assert read_manifest(folder).sums_sha256 == file_sha256(folder / "SHA256SUMS")


def test_entries_have_what_a_llava_loader_reads(shop: Shop) -> None:
    folder = shop.release("1.0.0", shop.two())
    entries = json.loads((folder / "MM-Skin-C.json").read_text())
    assert [entry["id"] for entry in entries] == ["bk1_1_1", "bk2_1_1"]
    for entry in entries:
        assert (folder / entry["image"]).is_file()
        assert entry["caption"]


def test_the_caption_table_has_upstreams_columns(shop: Shop) -> None:
    clinical = Label(value="clinical", confidence=1.0, source="rule")
    folder = shop.release("1.0.0", [*shop.two(), shop.record("bk2_2", 3, modality=clinical)])
    with (folder / "caption.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0] == {"image": "images/bk1_1_1.png", "caption": 'A, "b"\nc', "modality": ""}
    assert rows[2]["modality"] == "clinical"


def test_the_card_says_what_a_screen_by_machine_is_worth(shop: Shop) -> None:
    card = (shop.release("1.0.0", shop.two()) / "README.md").read_text()
    assert NOTICE in card
    assert "First \\| book" in card


def test_what_a_person_has_yet_to_decide_refuses_a_release_or_is_left_out(shop: Shop) -> None:
    records = [*shop.two(), shop.record("bk2_1_2", 3, held=("face", "annotated"))]
    with pytest.raises(ReleaseError, match=r"1 of 3 .*face 1.*bk2_1_2.*--leave-out-held"):
        shop.release("1.0.0", records)
    assert released_versions(shop.releases / "s") == []
    folder = shop.release("1.0.0", records, leave_out_held=True)
    assert [record.id for record in read_records(folder)] == ["bk1_1_1", "bk2_1_1"]
    assert not (folder / "images" / "bk2_1_2.png").exists()
    assert read_manifest(folder).left_out_held == {"annotated": 1, "face": 1}
    assert verify_or_raise(folder).records == 2
    with pytest.raises(ReleaseError, match="every picture"):
        shop.release("1.1.0", records[2:], leave_out_held=True)


def test_the_bytes_depend_on_the_content_alone(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = shop.release("1.0.0", shop.two())
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    other = Shop(tmp_path / "another" / "folder")
    other.folder.mkdir(parents=True)
    second = other.release("1.0.0", other.two())
    files = sorted(path.relative_to(first) for path in first.rglob("*") if path.is_file())
    assert files == sorted(p.relative_to(second) for p in second.rglob("*") if p.is_file())
    for name in files:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name


def test_the_content_digest_outlives_the_encoder_and_tells_content_apart(shop: Shop) -> None:
    records = shop.two()
    assert content_digest(records) != content_digest(records[::-1])
    changed = [dataclasses.replace(records[0], caption="Other."), records[1]]
    assert content_digest(records) != content_digest(changed)


def test_files_of_a_release_are_read_only(shop: Shop) -> None:
    folder = shop.release("1.0.0", shop.two())
    for path in folder.rglob("*"):
        if path.is_file():
            assert not path.stat().st_mode & stat.S_IWUSR


@pytest.mark.parametrize("version", ["1.0", "v1.0.0", "1.0.0-rc1", "01.0.0", "1.0.0\n", "../1.0.0"])
def test_a_version_is_three_numbers(shop: Shop, version: str) -> None:
    with pytest.raises(ReleaseError, match="three numbers"):
        shop.release(version, shop.two())
    assert not shop.releases.exists()


def test_versions_count_up_as_numbers(shop: Shop) -> None:
    shop.release("1.9.0", shop.two())
    with pytest.raises(ReleaseExistsError, match="exists"):
        shop.release("1.9.0", shop.two())
    with pytest.raises(ReleaseError, match=r"above the last release, 1\.9\.0"):
        shop.release("1.8.9", shop.two())
    shop.release("1.10.0", shop.two())
    assert released_versions(shop.releases / "s") == ["1.9.0", "1.10.0"]
    shop.release("0.1.0", shop.two(), name="another")


@pytest.mark.parametrize("name", ["", "a/b", "..", ".hidden", "a b"])
def test_a_name_that_is_no_folder_is_refused(shop: Shop, name: str) -> None:
    with pytest.raises(ConfigError, match=r"dataset\.name"):
        shop.release("1.0.0", shop.two(), name=name)


def test_nothing_to_release_is_no_release(shop: Shop) -> None:
    with pytest.raises(ReleaseError, match="no records"):
        shop.release("1.0.0", [])


def test_changes_are_told_by_id(shop: Shop) -> None:
    shop.release("1.0.0", [*shop.two(), shop.record("bk2_9", 9), shop.record("bk2_8", 8)])
    one, two = shop.two()
    new = [
        dataclasses.replace(one, code_version="9.9.9"),
        dataclasses.replace(two, caption="Other."),
        shop.record("bk2_10", 9),
        shop.record("bk2_11", 11),
    ]
    folder = shop.release("2.0.0", new)
    page = (folder / "CHANGES.md").read_text()
    assert "from 1.0.0 to 2.0.0" in page
    assert (
        "1 added, 1 removed, 1 renamed, 1 changed (0 of them moved to another split), 1 as before"
        in page
    )
    for line in ("- bk2_11", "- bk2_8", "- bk2_9 is now bk2_10", "- bk2_1_1: caption"):
        assert f"\n{line}\n" in page
    parent = read_manifest(folder).parent
    assert parent is not None
    assert parent.version == "1.0.0"
    assert parent.content_digest == read_manifest(shop.releases / "s" / "1.0.0").content_digest


def test_nothing_changed_is_nothing_told(shop: Shop) -> None:
    changes = compare(shop.two(), shop.two())
    assert (changes.added, changes.removed, changes.renamed, changes.changed) == ((), (), (), ())
    assert changes.same == 2


def test_a_damaged_picture_of_the_store_stops_the_release(shop: Shop) -> None:
    records = shop.two()
    path = shop.folder / f"{records[0].image_sha256}.png"
    pictures = {r.id: Picture(path=path, sha256="0" * 64) for r in records}
    summary = BuildSummary(books=(), content_digest="")
    with pytest.raises(StorageError, match="damaged"):
        write_release(
            shop.releases,
            "1.0.0",
            cfg=Config(dataset=DatasetConfig(name="s")),
            summary=summary,
            books=(),
            records=records,
            pictures=pictures,
        )
    assert [path for path in shop.releases.rglob("*") if path.is_file()] == []


def test_of_two_that_race_for_a_version_one_wins(shop: Shop) -> None:
    records = shop.two()
    start = threading.Barrier(4)
    ended: list[str] = []

    def run() -> None:
        start.wait()
        try:
            shop.release("1.0.0", records)
            ended.append("made")
        except ReleaseExistsError:
            ended.append("refused")

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ended) == ["made", "refused", "refused", "refused"]
    verify_or_raise(shop.releases / "s" / "1.0.0")
    assert list((shop.releases / "s" / ".tmp").iterdir()) == []


# ------------------------------------------------------------------------------------- verify


def edit(path: Path, old: str, new: str) -> None:
    path.chmod(0o644)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def seal(folder: Path) -> None:
    """Make sums and manifest agree with the files again, as a careful forger would."""
    sums = folder / "SHA256SUMS"
    names = [line.split("  ")[1] for line in sums.read_text().splitlines()]
    sums.chmod(0o644)
    sums.write_text("".join(f"{file_sha256(folder / n)}  {n}\n" for n in names))
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["sums_sha256"] = file_sha256(sums)
    (folder / "manifest.json").chmod(0o644)
    (folder / "manifest.json").write_text(json.dumps(manifest))


def paint(path: Path, size: tuple[int, int] = (30, 20)) -> None:
    path.chmod(0o644)
    Image.new("RGB", size, "red").save(path)


def flip_byte(path: Path) -> None:
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


PICTURE, RECORDS = "images/bk1_1_1.png", "MM-Skin-C.json"
CARD, MANIFEST = "README.md", "manifest.json"
NEWER = (f'"schema_version": "{SCHEMA_VERSION}"', '"schema_version": "9.0.0"')

FORGERIES: list[tuple[str, Callable[[Path], object], bool, str]] = [
    ("a byte of a picture", lambda f: flip_byte(f / PICTURE), False, f"{PICTURE}: its bytes"),
    ("no picture", lambda f: (f / PICTURE).unlink(), False, f"{PICTURE}: missing"),
    ("a file more", lambda f: (f / "images" / "x.png").write_text(""), False, "images/x.png: does"),
    ("no sums", lambda f: (f / "SHA256SUMS").unlink(), False, "SHA256SUMS: missing"),
    ("no records", lambda f: (f / RECORDS).unlink(), False, f"{RECORDS}: missing"),
    (
        "a card",
        lambda f: edit(f / "README.md", "pictures", "images"),
        False,
        "README.md: its bytes",
    ),
    ("other pixels", lambda f: paint(f / PICTURE), True, f"{PICTURE}: its pixels"),
    ("another size", lambda f: paint(f / PICTURE, (9, 9)), True, f"{PICTURE}: 9 x 9 pixels"),
    ("no PNG", lambda f: edit_bytes(f / PICTURE, b"GIF89a"), True, f"{PICTURE}: not a PNG"),
    ("half a PNG", lambda f: cut(f / PICTURE), True, f"{PICTURE}: "),
    ("a caption", lambda f: edit(f / RECORDS, "forearm", "leg"), True, "content_digest"),
    ("an unknown field", lambda f: edit(f / RECORDS, '"id"', '"x": 1, "id"'), True, "['x']"),
    (
        "a wrong type",
        lambda f: edit(f / RECORDS, '"width_px": 30', '"width_px": "w"'),
        True,
        "width_px",
    ),
    ("an id twice", lambda f: edit(f / RECORDS, '"bk2_1_1"', '"bk1_1_1"'), True, "2 times"),
    ("a path out", lambda f: edit(f / RECORDS, '"images/bk1', '"../bk1'), True, "../bk1_1_1.png"),
    ("no list", lambda f: edit_bytes(f / RECORDS, b"{}"), True, "not a list"),
    ("no JSON", lambda f: edit_bytes(f / RECORDS, b"{"), True, "not valid JSON"),
    ("a table", lambda f: edit(f / "caption.csv", "forearm", "leg"), True, "caption.csv"),
    (
        "a count",
        lambda f: edit(f / "manifest.json", '"records": 2', '"records": 3'),
        False,
        "counts 3",
    ),
    (
        "a book's count",
        lambda f: edit(f / "manifest.json", '"records": 1', '"records": 7'),
        False,
        "bk1",
    ),
    (
        "another schema",
        lambda f: edit(f / "manifest.json", f'"{SCHEMA_VERSION}",\n  "code', '"9.0.0",\n  "code'),
        False,
        "schema 9.0.0",
    ),
]


def edit_bytes(path: Path, content: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(content)


def cut(path: Path) -> None:
    edit_bytes(path, path.read_bytes()[:60])


@pytest.mark.parametrize(
    ("forge", "sealed", "said"),
    [case[1:] for case in FORGERIES],
    ids=[case[0] for case in FORGERIES],
)
def test_every_forgery_is_found_and_its_file_named(
    shop: Shop, forge: Callable[[Path], object], sealed: bool, said: str
) -> None:
    folder = shop.release("1.0.0", shop.two())
    forge(folder)
    if sealed:
        seal(folder)
    check = verify_release(folder)
    assert any(said in problem for problem in check.problems), check.problems
    with pytest.raises(VerificationError, match="problems"):
        raise_problems(folder, check)


def test_sums_that_lead_out_of_the_release_are_refused(shop: Shop) -> None:
    folder = shop.release("1.0.0", shop.two())
    with (folder / "SHA256SUMS").open("a") as file:
        file.write(f"{'0' * 64}  ../../secret\n")
    assert any("line 14" in problem for problem in verify_release(folder).problems)


def test_what_is_no_release_is_told(shop: Shop, tmp_path: Path) -> None:
    shop.release("1.0.0", shop.two())
    with pytest.raises(VerificationError, match=r"name a version: .*1\.0\.0"):
        verify_or_raise(shop.releases / "s")
    for path in (tmp_path / "nothing", tmp_path):
        with pytest.raises(VerificationError, match="not a release"):
            verify_or_raise(path)


def test_a_manifest_that_cannot_be_read_is_a_damaged_release(shop: Shop) -> None:
    folder = shop.release("1.0.0", shop.two())
    edit_bytes(folder / "manifest.json", b"{")
    with pytest.raises(VerificationError, match=r"manifest\.json"):
        verify_or_raise(folder)


def test_a_copy_elsewhere_is_as_good(shop: Shop, tmp_path: Path) -> None:
    folder = shop.release("1.0.0", shop.two())
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    os.utime(copy / "manifest.json", (0, 0))
    assert verify_or_raise(copy).content_digest == read_manifest(folder).content_digest
