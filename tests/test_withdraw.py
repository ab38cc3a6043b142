"""Taking pictures down: from releases, exports and later builds, interrupted or not."""

from __future__ import annotations

import csv
import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import made_public
from builders import make_record
from made_releases import BOOKS, add_parts, open_questions, read_json
from mmskin_build.cli import run
from mmskin_build.config import Config, DatasetConfig, Workspace
from mmskin_build.dataset.exports import export_release
from mmskin_build.dataset.pictures import Picture
from mmskin_build.dataset.release import write_release
from mmskin_build.dataset.released import read_manifest, read_records
from mmskin_build.dataset.summary import BookSummary, BuildSummary
from mmskin_build.dataset.verify import verify_or_raise
from mmskin_build.dataset.withdraw import (
    find_affected,
    find_targets,
    finish_moves,
    make_tombstones,
    withdraw,
)
from mmskin_build.dataset.withdrawn import add_tombstones, read_tombstones
from mmskin_build.errors import ReleaseError, VerificationError
from mmskin_build.images.copies import find_copies, trace_of
from mmskin_build.images.fingerprint import fingerprint
from mmskin_build.public.items import read_items
from mmskin_build.records import Reject
from mmskin_build.store import file_sha256, pixel_digest, read_jsonl
from tiny_books import KEEP_EVERYTHING, draw_book, write_settings

REASON = "a face was found"


def blotches(seed: int, side_px: int = 240) -> NDArray[np.uint8]:
    """A picture with structure of all sizes, another one for each seed: (side, side, 3) uint8."""
    rng = np.random.default_rng(seed)
    rgb = np.zeros((side_px, side_px, 3), np.float32)
    for cells in (4, 8, 16, 32, 64):
        rough = rng.normal(size=(cells, cells, 3)).astype(np.float32)
        rgb += (
            cv2.resize(rough, (side_px, side_px), interpolation=cv2.INTER_CUBIC) * 16 / cells**0.5
        )
    return np.clip(rgb * 2 + 128, 0, 255).astype(np.uint8)


def changed(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The same picture, mirrored and stored as JPEG."""
    turned = np.ascontiguousarray(rgb[:, ::-1])
    return np.asarray(cv2.imdecode(cv2.imencode(".jpg", turned, [1, 80])[1], 1), np.uint8)


class Shop:
    """Releases of pictures that are drawn by number; -n is a changed copy of picture n."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.releases = self.data / "releases"
        self.tombstones = self.data / "withdrawn.jsonl"
        self.ledger = self.data / "exports.jsonl"

    def release(self, version: str, numbers: dict[str, int]) -> Path:
        records, pictures = [], {}
        for name, number in numbers.items():
            rgb = blotches(abs(number)) if number > 0 else changed(blotches(abs(number)))
            path = self.folder / "pictures" / f"{name}.png"
            path.parent.mkdir(exist_ok=True)
            cv2.imwrite(str(path), rgb[..., ::-1])
            text = f"Sentence of {name}: red scales on the scalp\nof a patient."
            record = make_record(
                name,
                image_sha256=pixel_digest(rgb),
                width_px=rgb.shape[1],
                height_px=rgb.shape[0],
                caption=text,
                figure_caption=text,
                group_id=name,
            )
            provenance = dataclasses.replace(record.provenance, figure_id=name)
            records.append(dataclasses.replace(record, provenance=provenance))
            pictures[name] = Picture(path=path, sha256=file_sha256(path))
        book = BOOKS[0]
        folder = write_release(
            self.releases,
            version,
            cfg=Config(dataset=DatasetConfig(name="made")),
            summary=BuildSummary(
                books=(
                    BookSummary(id=book.id, title=book.title, sha256=book.sha256, status="built"),
                ),
                content_digest="ef" * 32,
            ),
            books=BOOKS,
            records=records,
            pictures=pictures,
        )
        add_parts(folder, open_questions(read_records(folder)))
        return folder

    def bury(self, *names: str) -> None:
        targets = find_targets(self.releases, names, None)
        made = make_tombstones(targets, reason=REASON, withdrawn_on="2026-01-31")
        add_tombstones(self.tombstones, made)

    def withdraw(self) -> Any:
        return withdraw(self.releases, self.tombstones, self.ledger)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_a_withdrawn_record_leaves_every_release_with_its_words_and_its_copies(shop: Shop) -> None:
    first = shop.release("1.0.0", {"bk1_1": 1, "bk1_2": 2, "bk1_3": 3})
    second = shop.release("2.0.0", {"bk1_2": 2, "bk1_7": -2, "bk1_8": 8, "bk1_9": 9})
    before = read_manifest(first)
    shop.bury("bk1_2")
    done = shop.withdraw()

    assert done.releases == {"made/1.0.0": ("bk1_2",), "made/2.0.0": ("bk1_2", "bk1_7")}
    for release, kept in ((first, ["bk1_1", "bk1_3"]), (second, ["bk1_8", "bk1_9"])):
        verify_or_raise(release)
        assert [record.id for record in read_records(release)] == kept
        assert sorted(path.stem for path in (release / "images").iterdir()) == kept
        assert b"Sentence of bk1_2" not in everything_in(release)
        assert b"Sentence of bk1_7" not in everything_in(release)
        assert {e["record_id"] for e in read_json(release / "MM-Skin-O.json")} <= set(kept)
        assert {e["id"] for e in read_json(release / "MM-Skin-O_vqa.json")} <= set(kept)
        rows = list(csv.DictReader((release / "caption.csv").open(encoding="utf-8", newline="")))
        assert [row["image"] for row in rows] == [f"images/{name}.png" for name in kept]
        assert REASON in (release / "CHANGES.md").read_text(encoding="utf-8")
    after = read_manifest(first)
    assert after.content_digest != before.content_digest
    assert [w.record_id for w in after.withdrawn] == ["bk1_2"]
    assert after.counts["records"] == 2
    assert [w.record_id for w in read_manifest(second).withdrawn] == ["bk1_2", "bk1_7"]


def test_a_tombstone_holds_no_pixel_and_no_word_of_the_caption(shop: Shop) -> None:
    shop.release("1.0.0", {"bk1_1": 1, "bk1_2": 2})
    shop.bury("bk1_2")
    (line,) = shop.tombstones.read_bytes().splitlines()
    assert set(json.loads(line)) == {
        "record_id", "image_sha256", "trace", "reason", "withdrawn_on"
    }  # fmt: skip
    assert set(json.loads(line)["trace"]) == {"points", "keys"}
    assert b"Sentence" not in line


def test_withdrawing_again_changes_nothing(shop: Shop) -> None:
    release = shop.release("1.0.0", {"bk1_1": 1, "bk1_2": 2})
    shop.bury("bk1_2")
    shop.withdraw()
    content = everything_in(release)
    done = shop.withdraw()
    assert done.releases == {} and done.exports == ()
    assert everything_in(release) == content
    assert len(read_tombstones(shop.tombstones)) == 1


def test_exports_are_made_again_without_the_record(shop: Shop, tmp_path: Path) -> None:
    release = shop.release("1.0.0", {"bk1_1": 1, "bk1_2": 2, "bk1_3": 3})
    out = tmp_path / "elsewhere" / "llava"
    export_release(release, "llava", out, ledger=shop.ledger)
    assert b"Sentence of bk1_2" in everything_in(out)
    shop.bury("bk1_2")
    done = shop.withdraw()
    assert done.exports == (str(out),)
    assert b"Sentence of bk1_2" not in everything_in(out)
    assert b"Sentence of bk1_3" in everything_in(out)
    assert not [path for path in out.rglob("bk1_2*")]


def test_an_export_that_cannot_be_made_again_is_deleted(shop: Shop, tmp_path: Path) -> None:
    release = shop.release("1.0.0", {"bk1_1": 1, "bk1_2": 2})
    out = export_release(release, "llava", tmp_path / "out", ledger=shop.ledger)
    (out / "export.json").write_text("{}")
    shop.bury("bk1_2")
    done = shop.withdraw()
    assert not out.exists() and list(done.deleted) == [str(out)]


def test_an_export_whose_release_is_gone_is_told(shop: Shop, tmp_path: Path) -> None:
    shop.release("1.0.0", {"bk1_1": 1, "bk1_2": 2})
    other = shop.release("2.0.0", {"bk1_1": 1, "bk1_2": 2})
    out = export_release(other, "llava", tmp_path / "out", ledger=shop.ledger)
    shop.bury("bk1_2")
    shutil.rmtree(other)
    assert shop.withdraw().unknown == (str(out),)


def test_a_release_that_still_has_what_was_withdrawn_does_not_verify(shop: Shop) -> None:
    release = shop.release("1.0.0", {"bk1_1": 1, "bk1_2": 2})
    shop.bury("bk1_2")
    with pytest.raises(VerificationError, match=r"images/bk1_2\.png: was withdrawn"):
        verify_or_raise(
            release, withdrawn={t.image_sha256 for t in read_tombstones(shop.tombstones)}
        )


def test_an_unknown_record_is_named_with_similar_ones(shop: Shop) -> None:
    shop.release("1.0.0", {"bk1_12": 1, "bk1_13": 2})
    with pytest.raises(ReleaseError, match=r"bk1_1: no such record .* did you mean bk1_1[23]"):
        shop.bury("bk1_1")


def test_all_records_of_a_release_may_be_withdrawn(shop: Shop) -> None:
    release = shop.release("1.0.0", {"bk1_1": 1})
    shop.bury("bk1_1")
    shop.withdraw()
    verify_or_raise(release)
    assert read_records(release) == ()


@pytest.mark.parametrize("has_new", [False, True])
def test_a_release_that_was_being_moved_comes_back(shop: Shop, has_new: bool) -> None:
    release = shop.release("1.0.0", {"bk1_1": 1, "bk1_2": 2})
    moving = release.parent / ".withdrawing"
    moving.mkdir()
    release.rename(moving / "1.0.0.old")
    if has_new:
        shutil.copytree(moving / "1.0.0.old", moving / "1.0.0")
    finish_moves(shop.releases)
    verify_or_raise(release)
    assert not moving.exists()


KILLED = """
import sys, time, pathlib
from mmskin_build.dataset.withdraw import withdraw
data = pathlib.Path(sys.argv[1])
print("begun", flush=True)
withdraw(data / "releases", data / "withdrawn.jsonl", data / "exports.jsonl")
"""


@pytest.mark.slow
def test_a_withdrawal_killed_at_any_moment_is_ended_by_the_next(shop: Shop, tmp_path: Path) -> None:
    first = shop.release("1.0.0", {f"bk1_{n}": n for n in range(1, 9)})
    second = shop.release("2.0.0", {f"bk1_{n}": n for n in range(2, 12)})
    out = export_release(first, "llava", tmp_path / "out", ledger=shop.ledger)
    kept = tmp_path / "kept"
    shutil.copytree(shop.data, kept)
    shop.bury("bk1_4")
    buried = shop.tombstones.read_bytes()
    for attempt in range(12):
        for path in (shop.data, out):
            shutil.rmtree(path)
        shutil.copytree(kept, shop.data)
        export_release(first, "llava", out, ledger=shop.ledger)
        shop.tombstones.write_bytes(buried)
        child = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(shop.data)], stdout=subprocess.PIPE
        )
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(0.02 * attempt)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        shop.withdraw()
        for release in (first, second):
            verify_or_raise(release)
            assert "bk1_4" not in {record.id for record in read_records(release)}
        assert b"Sentence of bk1_4" not in everything_in(out)
        assert not (shop.releases / "made" / ".withdrawing").exists()


def test_copies_are_known_by_features_alone() -> None:
    originals = {str(n): trace_of(fingerprint(blotches(n))) for n in range(1, 4)}
    pictures = {
        **{f"copy {n}": fingerprint(changed(blotches(n))) for n in range(1, 4)},
        **{f"other {n}": fingerprint(blotches(n)) for n in range(10, 30)},
    }
    assert find_copies(originals, pictures) == {f"copy {n}": str(n) for n in range(1, 4)}


def test_what_many_pictures_share_makes_none_of_them_a_copy() -> None:
    mark = blotches(99, 90)

    def marked(number: int) -> NDArray[np.uint8]:
        rgb = blotches(number)
        rgb[-90:, -90:] = mark
        return rgb

    original = {"withdrawn": trace_of(fingerprint(marked(1)))}
    pictures = {str(n): fingerprint(marked(n)) for n in range(1, 30)}
    assert find_copies(original, pictures) == {"1": "withdrawn"}


def test_a_withdrawn_picture_does_not_come_back_with_a_later_build(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = write_settings(tmp_path / "mmskin.toml", KEEP_EVERYTHING)
    data = tmp_path / "data"
    where = ["--data", str(data), "--config", str(settings)]
    draw_book(tmp_path / "a.pdf")
    assert run(["books", "add", str(tmp_path / "a.pdf"), "--id", "bk1", *where]) == 0
    assert run(["build", *where]) == 0
    assert run(["release", "1.0.0", *where]) == 0
    release = data / "releases" / "mm-skin" / "1.0.0"
    gone = read_records(release)[0]
    capsys.readouterr()
    assert run(["withdraw", gone.id, "--yes", "--reason", REASON, *where]) == 0
    assert f"mm-skin/1.0.0: 1 removed: {gone.id}" in capsys.readouterr().out
    assert gone.id not in {record.id for record in read_records(release)}

    assert run(["release", "2.0.0", *where]) != 0
    assert "withdrawn since the last build" in capsys.readouterr().err
    assert run(["build", *where]) == 0
    assert f"{gone.id}: withdrawn on" in capsys.readouterr().out
    draw_book(tmp_path / "b.pdf", chapter=7)  # another file with the same pictures
    assert run(["books", "add", str(tmp_path / "b.pdf"), "--id", "bk2", *where]) == 0
    assert run(["build", *where]) == 0
    assert run(["release", "2.0.0", *where]) == 0
    later = data / "releases" / "mm-skin" / "2.0.0"
    assert {record.image_sha256 for record in read_records(later)}.isdisjoint({gone.image_sha256})
    assert len(read_records(later)) == 4
    assert read_manifest(later).rejects["withdrawn"] == 2


def test_a_reason_is_asked_for_and_nothing_done_without_one(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    release = shop.release("1.0.0", {"bk1_1": 1})
    assert run(["withdraw", "bk1_1", "--data", str(shop.data)]) == 2
    assert "--reason" in capsys.readouterr().err
    verify_or_raise(release)
    assert not shop.tombstones.exists()


def test_find_affected_tells_progress(shop: Shop) -> None:
    shop.release("1.0.0", {"bk1_1": 1, "bk1_2": 2})
    told: list[tuple[str, int, int]] = []
    find_affected(shop.releases, (), lambda *args: told.append(args))
    assert told == [("look for copies", 1, 2), ("look for copies", 2, 2)]


# ---------------------------------------------------------------------- public sets, evaluations


@pytest.fixture
def shown_elsewhere(shop: Shop) -> Workspace:
    """A release, and a public set of which one picture is a changed copy of a record's."""
    shop.release("1.0.0", {"bk1_1_1": 1, "bk1_1_2": 2})
    given = shop.folder / "given"
    made_public.write_ham10000(given, count=14)
    copy = cv2.imencode(".jpg", changed(blotches(1))[..., ::-1])[1].tobytes()
    made_public.edit(given, "ISIC_0024306.jpg", lambda old: copy)
    (shop.data / "mmskin.toml").write_text('[dataset]\nname = "made"\n')
    for command in (["add", "HAM10000", str(given)], ["prepare", "--partial"]):
        assert on(shop, "public", *command) == 0
    return Workspace(shop.data)


def on(shop: Shop, *command: str) -> int:
    given = ["--data", str(shop.data), "--config", str(shop.data / "mmskin.toml"), "--quiet"]
    return run([*command, *given])


def images_of(workspace: Workspace) -> set[str]:
    folder = workspace.public / "HAM10000"
    items = {item.image for item in read_items(folder)}
    assert items == {path.name for path in (folder / "images").iterdir()}
    asked = {
        talk["image"].rpartition("/")[2]
        for name in ("pub_vqa.json", "pub_vqa_validation.json")
        for talk in json.loads((workspace.public / name).read_bytes())
    }
    assert asked <= items
    return items


def test_a_copy_in_a_prepared_public_set_goes_and_does_not_come_back(
    shop: Shop, shown_elsewhere: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    before = images_of(shown_elsewhere)
    assert "ISIC_0024306.jpg" in before
    assert on(shop, "withdraw", "bk1_1_1", "--reason", REASON, "--yes") == 0
    assert "public set HAM10000: 1 removed: ISIC_0024306.jpg" in capsys.readouterr().out
    assert images_of(shown_elsewhere) == before - {"ISIC_0024306.jpg"}
    assert on(shop, "public", "prepare", "--partial") == 0
    assert images_of(shown_elsewhere) == before - {"ISIC_0024306.jpg"}
    rejects = read_jsonl(shown_elsewhere.public / "HAM10000" / "rejects.jsonl", Reject)
    (gone,) = [reject for reject in rejects if reject.reason == "withdrawn"]
    assert gone.item_id == "HAM10000/ISIC_0024306.jpg"


def test_questions_of_an_interrupted_withdrawal_are_written_by_the_next(
    shop: Shop, shown_elsewhere: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*given: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("mmskin_build.public.questions.write_questions", die)
        assert on(shop, "withdraw", "bk1_1_1", "--reason", REASON, "--yes") == 130
    assert on(shop, "withdraw") == 0
    assert "ISIC_0024306.jpg" not in images_of(shown_elsewhere)


def test_a_set_whose_fingerprints_are_gone_is_told(
    shop: Shop, shown_elsewhere: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    (shown_elsewhere.public_work / "duplicates.sqlite").unlink()
    assert on(shop, "withdraw", "bk1_1_1", "--reason", REASON, "--yes") == 0
    assert "run mmskin public prepare HAM10000" in capsys.readouterr().err
    assert on(shop, "public", "prepare", "--partial") == 0
    assert "ISIC_0024306.jpg" not in images_of(shown_elsewhere)


def test_evaluations_that_ask_about_it_are_told(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.release("1.0.0", {"bk1_1_1": 1, "bk1_1_2": 2})
    for name in ("bk1_1_1", "bk1_1_2"):
        path = shop.data / "evaluations" / name / "predictions.jsonl"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({"id": f"{name}_q1", "image": f"images/{name}.png"}) + "\n")
    (shop.data / "mmskin.toml").write_text('[dataset]\nname = "made"\n')
    assert on(shop, "withdraw", "bk1_1_1", "--reason", REASON, "--yes") == 0
    told = capsys.readouterr().err
    assert str(shop.data / "evaluations" / "bk1_1_1") in told
    assert str(shop.data / "evaluations" / "bk1_1_2") not in told
