"""What differs between releases, with its cause; versions that choose themselves; leaks refused."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from builders import make_provenance, make_record
from made_releases import BOOKS, seal, write_anyway
from mmskin_build import cli
from mmskin_build.config import Config, DatasetConfig, ImagesConfig
from mmskin_build.dataset.card import SpotCheck
from mmskin_build.dataset.changes import (
    BOOK_ADDED,
    BOOK_FILE,
    BOOK_REMOVED,
    DECISION,
    JOINED,
    NOT_RECORDED,
    PROGRAM,
    SETTINGS,
    compare,
)
from mmskin_build.dataset.diff import SHOWN_ROWS, diff_html, diff_json, diff_releases, diff_text
from mmskin_build.dataset.manifest import content_digest
from mmskin_build.dataset.pictures import Picture
from mmskin_build.dataset.release import write_release
from mmskin_build.dataset.released import read_manifest, read_records
from mmskin_build.dataset.summary import BookSummary, BuildSummary
from mmskin_build.dataset.verify import verify_release
from mmskin_build.errors import ReleaseError
from mmskin_build.records import Book, Flag, Flags, Record, Review
from mmskin_build.store import file_sha256, pixel_digest, plain, pretty_json

THIRD = Book(id="bk3", title="Third", path="3.pdf", sha256="77" * 32, page_count=9)


def drawn(seed: int) -> np.ndarray[Any, Any]:
    noise = np.random.default_rng(seed).integers(0, 255, (18, 24, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(noise, (160, 120), interpolation=cv2.INTER_CUBIC))


def nearly(rgb: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.ascontiguousarray(rgb[4:, 3:] * 0.92).astype(np.uint8)


@dataclasses.dataclass
class Shop:
    """Pictures, records of them, and releases."""

    folder: Path
    books: tuple[Book, ...] = BOOKS
    cfg: Config = dataclasses.field(
        default_factory=lambda: Config(dataset=DatasetConfig(name="made"))
    )

    def record(self, name: str, rgb: np.ndarray[Any, Any] | int, **fields: Any) -> Record:
        rgb = drawn(rgb) if isinstance(rgb, int) else rgb
        digest = pixel_digest(rgb)
        cv2.imwrite(str(self.folder / f"{digest}.png"), rgb[..., ::-1])
        book_id = name.split("_")[0]
        book = next((book for book in self.books if book.id == book_id), None)
        origin = make_provenance(
            book_id=book_id, book_sha256=book.sha256 if book else "00" * 32, figure_id=name
        )
        defaults: dict[str, Any] = {
            "image_sha256": digest,
            "width_px": rgb.shape[1],
            "height_px": rgb.shape[0],
            "provenance": origin,
            "group_id": name,
            "caption": f"Caption of {name}.",
            "figure_caption": f"Caption of {name}.",
        }
        return make_record(name, **(defaults | fields))

    def release(self, version: str | None, records: Sequence[Record], **more: Any) -> Path:
        paths = {r.id: self.folder / f"{r.image_sha256}.png" for r in records}
        summary = BuildSummary(
            books=tuple(
                BookSummary(id=b.id, title=b.title, sha256=b.sha256, status="built")
                for b in self.books
            ),
            content_digest="",
        )
        return write_release(
            self.folder / "releases",
            version,
            cfg=self.cfg,
            summary=summary,
            books=self.books,
            records=records,
            pictures={n: Picture(path=p, sha256=file_sha256(p)) for n, p in paths.items()},
            **more,
        )


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def other(record: Record, **fields: Any) -> Record:
    return dataclasses.replace(record, **fields)


# ------------------------------------------------------------------------------------ causes


def test_each_change_names_the_cause_that_is_recorded(shop: Shop) -> None:
    a, b, c = (shop.record(f"bk1_{n}", n) for n in (1, 2, 3))
    moved_file = dataclasses.replace(a.provenance, book_sha256="99" * 32)
    accepted = Review(state="changed", reviewer="r", decided_at="2026-01-01T00:00:00Z")
    for new, causes in (
        (other(a, caption="x", provenance=moved_file), (BOOK_FILE,)),
        (other(a, caption="x", review=accepted), (DECISION,)),
        (other(a, caption="x", config_sha256="9" * 64), (SETTINGS,)),
        (other(a, caption="x", code_version="9.9.9"), (PROGRAM,)),
        (other(a, caption="x", code_version="9.9.9", review=accepted), (DECISION, PROGRAM)),
        (other(a, caption="x"), (NOT_RECORDED,)),
    ):
        (found,) = compare([a, b], [new, b]).changed
        assert found.causes == causes
        assert "caption" in {field.field for field in found.fields}
    added = compare([a], [a, b, shop.record("rook_1", 4)]).added
    assert {record.id: record.causes for record in added} == {
        "bk1_2": (NOT_RECORDED,),
        "rook_1": (BOOK_ADDED,),
    }
    (removed,) = compare([a, shop.record("rook_1", 4)], [a]).removed
    assert removed.causes == (BOOK_REMOVED,)
    joined = compare([b, c], [b, other(c, group_id="bk1_2")])
    assert [(join.group, join.joined) for join in joined.joined] == [("bk1_2", ("bk1_2", "bk1_3"))]
    assert joined.changed[0].causes == (JOINED,)


def test_a_field_is_told_as_deep_as_it_differs(shop: Shop) -> None:
    old = shop.record("bk1_1", 1)
    new = other(old, alignment=dataclasses.replace(old.alignment, confidence=0.5), split="test")
    (change,) = compare([other(old, split="train")], [new]).changed
    told = {field.field: (field.before, field.after) for field in change.fields}
    assert told["alignment.confidence"] == (old.alignment.confidence, 0.5)
    assert told["split"] == ("train", "test")
    assert set(told) == {"alignment.confidence", "split"}


# ----------------------------------------------------------------------------------- the diff


def two_releases(shop: Shop) -> tuple[Path, Path]:
    first = [shop.record(f"bk1_{n}", n) for n in range(1, 6)]
    a = shop.release(None, first)
    shop.books = (*BOOKS, THIRD)
    shop.cfg = dataclasses.replace(shop.cfg, images=ImagesConfig(photo_from=0.4))
    face = Flags(sensitive=(Flag(name="face", score=0.9, source="model"),))
    second = [
        other(first[1], caption="<script>alert(1)</script>", config_sha256="5" * 64, flags=face),
        *first[2:],
        shop.record("bk3_1", nearly(drawn(3))),
    ]
    return a, shop.release(None, second)


def test_a_diff_tells_the_same_as_text_json_and_html(shop: Shop) -> None:
    a, b = two_releases(shop)
    assert (a.name, b.name) == ("1.0.0", "2.0.0")
    diff = diff_releases(a, b)
    told = json.loads(diff_json(diff))
    assert told["step"] == "major"
    assert [record["id"] for record in told["removed"]] == ["bk1_1"]
    assert [(r["id"], r["causes"]) for r in told["added"]] == [("bk3_1", [BOOK_ADDED])]
    (changed,) = told["changed"]
    assert (changed["id"], changed["causes"]) == ("bk1_2", [SETTINGS])
    assert told["counts"]["same"] == 3
    assert "book bk3: added (Third)" in told["inputs"]
    assert any(line.startswith("setting images.photo_from") for line in told["inputs"])
    text = diff_text(diff)
    for line in ("- bk1_1", "- bk3_1", "## Added (book added)", "## Changed (settings changed)"):
        assert f"\n{line}\n" in text
    assert "became '<script>" in text
    assert "script" not in (b / "CHANGES.md").read_text()  # names of fields alone
    page = diff_html(diff).decode()
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert page.count("data:image/jpeg;base64,") == 3
    assert page.count('type="checkbox"') == 1  # the face is blurred
    assert not re.search(r"(src|href)=\"(?!data:|#)", page)


def test_long_sections_are_cut_and_counted(shop: Shop) -> None:
    records = [shop.record(f"bk1_{n}", n) for n in range(1, 4)]
    diff = diff_releases(shop.release(None, records), shop.release(None, records))
    many = tuple(other(records[0], id=f"bk1_{n}", image_sha256=f"{n:064x}") for n in range(10, 400))
    grown = dataclasses.replace(diff, news={r.id: r for r in many}, changes=compare([], many))
    page = diff_html(grown).decode()
    assert page.count("<tr>\n<td") == SHOWN_ROWS
    assert f"390, {SHOWN_ROWS} shown" in page
    assert len(json.loads(diff_json(grown))["added"]) == 390


def test_the_command_takes_versions_and_folders(
    shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a, b = two_releases(shop)
    data = ["--data", str(tmp_path), "--name", "made"]
    assert cli.run(["diff", "1.0.0", "2.0.0", *data]) == 0
    by_version = capsys.readouterr().out
    assert cli.run(["diff", str(a), str(b)]) == 0
    assert capsys.readouterr().out == by_version
    out = tmp_path / "d.html"
    assert cli.run(["diff", str(a), str(b), "--format", "html", "--out", str(out)]) == 0
    assert out.read_text().startswith("<!doctype html>")
    assert cli.run(["diff", "1.0.0", "7.0.0", *data]) == 9
    assert "there are 1.0.0, 2.0.0" in capsys.readouterr().err


# ---------------------------------------------------------------------------------- versions


def test_a_step_too_small_is_refused_and_the_next_version_chosen(shop: Shop) -> None:
    first = [shop.record(f"bk1_{n}", n) for n in range(1, 5)]
    assert shop.release(None, first).name == "1.0.0"
    assert shop.release(None, first).name == "1.0.1"
    more = [*first, shop.record("bk1_9", 9)]
    with pytest.raises(ReleaseError, match=r"1\.1\.0 at least(.|\n)*bk1_9: added"):
        shop.release("1.0.2", more)
    assert shop.release(None, more).name == "1.1.0"
    with pytest.raises(ReleaseError, match=r"2\.0\.0 at least(.|\n)*bk1_1: removed"):
        shop.release("1.2.0", more[1:])
    left = sorted(path.name for path in (shop.folder / "releases" / "made").iterdir())
    assert left == [".tmp", "1.0.0", "1.0.1", "1.1.0"]
    assert list((shop.folder / "releases" / "made" / ".tmp").iterdir()) == []
    assert shop.release(None, more[1:]).name == "2.0.0"
    assert shop.release("2.5.0", more[1:], any_step=True).name == "2.5.0"


# ------------------------------------------------------------------------------------ splits


def test_no_record_changes_its_side_while_books_come_and_go(shop: Shop) -> None:
    shop.books = tuple(
        Book(id=f"bk{n}", title=f"B{n}", path="b.pdf", sha256=f"{n:064x}", page_count=9)
        for n in range(1, 7)
    )
    by_book = {
        b.id: [shop.record(f"{b.id}_{n}", hash_of(b.id, n)) for n in range(7)] for b in shop.books
    }
    by_book["bk6"][0] = shop.record("bk6_0", nearly(drawn(hash_of("bk1", 0))))
    by_book["bk6"][1] = shop.record("bk6_1", nearly(drawn(hash_of("bk3", 5))))

    def released(names: Sequence[str]) -> dict[str, Any]:
        folder = shop.release(None, [r for name in names for r in by_book[name]])
        return {r.id: r for r in read_records(folder)}

    names = list(by_book)
    five, six, four = released(names[:5]), released(names), released(names[1:5])
    assert {name: six[name].split for name in five} == {n: r.split for n, r in five.items()}
    assert {name: r.split for name, r in four.items()} == {n: five[n].split for n in four}
    for copy, of in (("bk6_0", "bk1_0"), ("bk6_1", "bk3_5")):
        assert six[copy].split == six[of].split
        assert six[copy].group_id == six[of].group_id == of
    assert len({r.split for r in five.values()}) == 3


def hash_of(book_id: str, number: int) -> int:
    return int(book_id.removeprefix("bk")) * 100 + number


def test_a_release_joins_near_duplicates_and_captions_that_the_build_left_apart(
    shop: Shop,
) -> None:
    text = "Violaceous flat-topped papules on the flexor wrist."
    records = [shop.record(f"bk1_{n}", n) for n in range(12)]
    records += [shop.record(f"rook_{n}", nearly(drawn(n))) for n in range(6)]
    records += [shop.record("rook_80", 80, caption=text), shop.record("rook_81", 81, caption=text)]
    folder = shop.release(None, records)
    found = {record.id: record for record in read_records(folder)}
    for n in range(6):
        assert found[f"bk1_{n}"].split == found[f"rook_{n}"].split
    assert found["rook_80"].group_id == found["rook_81"].group_id
    assert len({record.group_id for record in found.values()}) == 13
    assert verify_release(folder).problems == ()


def test_verify_finds_leaks_that_a_careful_forger_hid_by_himself(shop: Shop) -> None:
    text = "Violaceous flat-topped papules on the flexor wrist."
    records = [
        shop.record("bk1_1", 1),
        shop.record("rook_1", nearly(drawn(1))),
        shop.record("bk1_2", 2, caption=text),
        shop.record("bk1_3", 3, caption=text),
    ]
    folder = shop.release(None, records)
    assert verify_release(folder).problems == ()
    forged = [
        other(r, group_id=r.id, split="test" if r.id in ("rook_1", "bk1_3") else "train")
        for r in read_records(folder)
    ]
    write_anyway(folder / "MM-Skin-C.json", pretty_json([plain(r) for r in forged]))
    counts = {"records": 4, "figures": 4, "books": 2, "doubtful_pairs": 0, "train": 2, "test": 2}
    manifest = read_manifest(folder)
    seal(
        folder,
        dataclasses.replace(manifest, counts=counts, content_digest=content_digest(forged)),
    )
    problems = "\n".join(verify_release(folder).problems)
    assert "bk1_1 (train) and rook_1 (test) are near duplicates" in problems
    assert "is on two sides, of bk1_3 (test) and bk1_2 (train)" in problems
    assert "sha256" not in problems


def test_a_list_that_names_a_picture_too_many_is_found(shop: Shop) -> None:
    folder = shop.release(None, [shop.record("bk1_1", 1)])
    entry = {"id": "q1", "record_id": "bk1_1", "image": "images/bk1_7.png"}
    write_anyway(folder / "MM-Skin-O.json", pretty_json([entry]))
    seal(folder, read_manifest(folder))
    (problem,) = verify_release(folder).problems
    assert "MM-Skin-O.json entry 0: no picture 'images/bk1_7.png'" in problem


# -------------------------------------------------------------------------------------- card


def test_the_card_counts_charts_and_says_how_often_it_is_wrong(shop: Shop) -> None:
    records = [shop.record(f"bk1_{n}", n) for n in range(12)]
    card = (shop.release(None, records) / "README.md").read_text()
    assert re.search(r"\| all \| 12 \| \d+ \| \d+ \| \d+ \|", card)
    assert "Error rate: not measured" in card
    check = SpotCheck(sampled=200, wrong=3, low=0.0031, high=0.0432)
    folder = shop.release(None, records, spot_check=check)
    card = (folder / "README.md").read_text()
    assert "Error rate: 1.5% (3 of 200 records" in card
    assert "interval 0.3% to 4.3%" in card
    charts = re.findall(r"!\[.*\]\((card/[a-z_]+\.svg)\)", card)
    assert len(charts) == 4
    for name in charts:
        assert (folder / name).read_bytes().startswith(b"<svg ")
    for heading in ("How it was made", "What was left out", "Intended use", "Datasheet"):
        assert f"## {heading}" in card
