from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from builders import make_decision
from made_releases import OPEN, OPEN_VQA, add_parts, make_release, open_questions, read_json
from mmskin_build import builds, cli
from mmskin_build import rebuild as rebuilding
from mmskin_build.books import add_book
from mmskin_build.config import Workspace, parse_config
from mmskin_build.dataset.exports import export_release
from mmskin_build.dataset.metadata import RECORDS, describe_record
from mmskin_build.dataset.parts import digest_files
from mmskin_build.dataset.references import word_runs
from mmskin_build.dataset.released import read_manifest, read_records
from mmskin_build.dataset.verify import verify_or_raise
from mmskin_build.dataset.withdraw import make_tombstones
from mmskin_build.dataset.withdrawn import add_tombstones
from mmskin_build.errors import (
    BookRegistryError,
    ChangedBookError,
    ConfigError,
    MissingBookError,
    ReleaseError,
    ReleaseExistsError,
    SchemaError,
    VerificationError,
)
from mmskin_build.pdf.isolation import WorkerPool
from mmskin_build.rebuild import rebuild
from mmskin_build.review.decisions import DecisionLog
from mmskin_build.store import pretty_json
from tiny_books import KEEP_EVERYTHING, draw_book

CFG = parse_config(KEEP_EVERYTHING | {"workspace": {"workers": 1}}, "the test's settings")
FIGURES = {1: 4, 2: 3}  # of each book, by its number
SAID = "of the left forearm"


def owner(folder: Path, ids: dict[str, int]) -> Workspace:
    """Someone's data folder with books of these numbers under ids of their own."""
    workspace = Workspace(folder / "data")
    workspace.data.mkdir(parents=True)
    with WorkerPool(CFG.pdf) as pool:
        for book_id, number in ids.items():
            figures = FIGURES.get(number, 2)
            pdf = draw_book(folder / f"{book_id}.pdf", figures=figures, seed=number)
            add_book(workspace, pool, pdf, book_id=book_id)
    return workspace


def questions_on(release: Path) -> dict[str, list[dict[str, Any]]]:
    """Questions whose words are partly the caption's, partly not."""
    entries, talks = [], []
    for record in read_records(release):
        asked = f"What is seen {record.caption.split(' on ')[1]}"
        answer = f"A lesion: {record.caption.lower()} It is a plaque."
        evidence = [{"start": 0, "end": 6, "quote": record.caption[:6]}]
        entries.append(
            {
                "id": f"{record.id}_q1",
                "record_id": record.id,
                "image": record.image,
                "split": record.split,
                "follows": None,
                "kind": "finding",
                "question": asked,
                "answer": answer,
                "evidence": evidence,
                "source": "template",
            }
        )
        turns = [{"from": "human", "value": f"<image>\n{asked}"}, {"from": "gpt", "value": answer}]
        talks.append({"id": record.id, "image": record.image, "conversations": turns})
    return {OPEN: entries, OPEN_VQA: talks}


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The release of the first owner."""
    workspace = owner(tmp_path_factory.mktemp("first"), {"bk1": 1, "bk2": 2})
    builds.build(workspace, CFG)
    release = builds.make_release(workspace, CFG, "1.0.0")
    add_parts(release, questions_on(release))
    return release


@pytest.fixture(scope="module")
def metadata(first: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_release(first, "metadata", tmp_path_factory.mktemp("given") / "metadata")


@pytest.fixture(scope="module")
def second(metadata: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Another owner of the same books, and of one more; the release has been rebuilt there."""
    workspace = owner(tmp_path_factory.mktemp("second"), {"mine": 3, "atlas": 2, "text-book": 1})
    found = rebuild(workspace, metadata, registry=workspace.books_toml, workers=1)
    assert found.is_same
    return workspace


@pytest.fixture
def spoiled(metadata: Path, tmp_path: Path) -> Path:
    """Metadata that a test may spoil."""
    shutil.copytree(metadata, tmp_path / "spoiled")
    return tmp_path / "spoiled"


def reseal(folder: Path, **changes: Any) -> None:
    """Change metadata.json, and make it agree with the files again."""
    page = read_json(folder / "metadata.json") | changes
    digests = digest_files(folder)
    page["files"] = {name: digests[name] for name in page["files"]}
    (folder / "metadata.json").write_bytes(pretty_json(page))


def change_record(folder: Path, number: int, **fields: Any) -> str:
    lines = (folder / RECORDS).read_text(encoding="utf-8").splitlines()
    entry = json.loads(lines[number]) | fields
    lines[number] = json.dumps(entry, ensure_ascii=False)
    (folder / RECORDS).write_text("\n".join(lines) + "\n", encoding="utf-8")
    reseal(folder)
    return str(entry["id"])


# -------------------------------------------------------------------------------- what is told


def texts(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.read_text(encoding="utf-8")


def test_the_metadata_tell_no_words_of_the_captions(first: Path, metadata: Path) -> None:
    told = {run for text in texts(metadata) for run in word_runs(text)}
    runs = {
        run
        for record in read_records(first)
        for text in (record.caption, record.figure_caption, record.panel_text or "")
        for run in word_runs(text)
    }
    assert len(runs) > 20
    assert not told & runs
    assert SAID.split()[-1] not in " ".join(texts(metadata))  # nor a single one that counts
    assert not list(metadata.rglob("*.png"))


def test_nor_do_those_of_a_larger_release_with_quotes(tmp_path: Path) -> None:
    release = make_release(tmp_path, 30)
    records = read_records(release)
    entries = open_questions(records)
    for entry, other in zip(entries[OPEN], reversed(records), strict=False):
        entry["question"] = f"Elsewhere it says {other.figure_caption}, does it not?"
    add_parts(release, entries)
    folder = export_release(release, "metadata", tmp_path / "out")
    told = {run for text in texts(folder) for run in word_runs(text)}
    for record in records:
        assert not told & set(word_runs(record.figure_caption))


def test_a_description_has_everything_but_words(first: Path) -> None:
    record = read_records(first)[0]
    told = describe_record(record)
    assert told["provenance"]["bbox"] == list(record.provenance.bbox)
    assert told["image_sha256"] == record.image_sha256
    assert told["split"] == record.split
    other = describe_record(dataclasses.replace(record, caption="Other."))
    assert {k for k in told if told[k] != other[k]} == {"caption_sha256", "record_sha256"}


# ----------------------------------------------------------------------------- the same release


def test_another_owner_of_the_books_gets_the_same_release(first: Path, second: Workspace) -> None:
    release = second.releases / "mm-skin" / "1.0.0"
    assert verify_or_raise(release).problems == ()
    assert read_manifest(release).content_digest == read_manifest(first).content_digest
    ours, theirs = digest_files(release), digest_files(first)
    # Questions came into the first one after its card and what names the card's digest.
    late = {"README.md", "croissant.json", "SHA256SUMS", "manifest.json"}
    assert {name for name in theirs if theirs[name] != ours[name]} <= late
    assert ours.keys() == theirs.keys()
    assert [b.id for b in read_manifest(release).books] == ["bk1", "bk2"]


def test_it_is_not_made_twice(second: Workspace, metadata: Path) -> None:
    with pytest.raises(ReleaseExistsError, match="this release exists"):
        rebuild(second, metadata, registry=second.books_toml)


def test_the_build_of_the_other_owner_is_left_alone(second: Workspace) -> None:
    assert not second.current.exists()
    ids = [line for line in second.books_toml.read_text().splitlines() if line.startswith("id")]
    assert ids == ['id = "mine"', 'id = "atlas"', 'id = "text-book"']


def test_the_command_says_that_it_is_the_same(
    second: Workspace,
    metadata: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = tmp_path / "data"  # the build is there already, the release is not
    shutil.copytree(second.data / "rebuilds", data / "rebuilds")
    command = ["rebuild", "--from", str(metadata), "--books", str(second.books_toml)]
    assert cli.run([*command, "--data", str(data), "--workers", "1"]) == 0
    out = capsys.readouterr().out
    assert "this is the recorded release" in out
    assert read_manifest(data / "releases" / "mm-skin" / "1.0.0").content_digest in out


# ------------------------------------------------------------------------------- what can be wrong


def test_missing_books_are_named_with_what_to_do(metadata: Path, tmp_path: Path) -> None:
    workspace = owner(tmp_path, {"mine": 3, "other": 2})
    with pytest.raises(MissingBookError) as told:
        rebuild(workspace, metadata, registry=workspace.books_toml)
    message = str(told.value)
    page = read_json(metadata / "metadata.json")
    assert page["books"][0]["sha256"] in message
    assert page["books"][1]["sha256"] not in message
    assert "bk1 (bk1)" in message
    assert "4 records" in message
    assert "mmskin books add" in message
    assert "--partial" in message
    (tmp_path / "other.pdf").unlink()
    with pytest.raises(MissingBookError, match="2 of the books"):
        rebuild(workspace, metadata, registry=workspace.books_toml, partial=True)
    with pytest.raises(BookRegistryError, match="no book is registered"):
        rebuild(workspace, metadata, registry=tmp_path / "none.toml")


def test_a_part_of_the_books_gives_a_part_of_the_release(
    metadata: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = owner(tmp_path, {"other": 2})
    command = ["rebuild", "--from", str(metadata), "--partial", "--json"]
    assert cli.run([*command, "--data", str(workspace.data), "--workers", "1"]) == 12
    told = json.loads(capsys.readouterr().out)
    assert (told["is_same"], told["records"]) == (False, 3)
    assert Path(told["release"]) == workspace.releases / "mm-skin-partial" / "1.0.0"
    assert verify_or_raise(Path(told["release"])).problems == ()
    assert len(read_json(Path(told["release"]) / OPEN)) == 3
    by_item = {entry["item"]: entry["what"] for entry in told["differences"]}
    assert "not built out of bk1" in by_item["bk1_2_1"]
    assert "4 entries are on records" in by_item[OPEN]


def test_what_was_withdrawn_here_does_not_come_back(
    first: Path, metadata: Path, second: Workspace
) -> None:
    gone = read_records(first)[1]
    made = make_tombstones(
        [(first, gone)], reason="a right was withdrawn", withdrawn_on="2026-01-31"
    )
    add_tombstones(second.withdrawn, made)
    try:
        with pytest.raises(ReleaseExistsError):
            rebuild(second, metadata, registry=second.books_toml, workers=1)
        found = rebuild(second, metadata, registry=second.books_toml, workers=1, partial=True)
    finally:
        second.withdrawn.unlink()
    assert not found.is_same
    assert gone.id not in {record.id for record in read_records(found.release)}
    assert gone.id in {difference.item for difference in found.differences}
    verify_or_raise(found.release)


def test_a_changed_file_of_a_book_is_refused(metadata: Path, tmp_path: Path) -> None:
    workspace = owner(tmp_path, {"one": 1, "two": 2})
    with (tmp_path / "two.pdf").open("ab") as file:
        file.write(b"\n% more")
    with pytest.raises(ChangedBookError, match="another sha256"):
        rebuild(workspace, metadata, registry=workspace.books_toml)


def test_what_came_out_otherwise_is_listed_and_refused(
    second: Workspace, spoiled: Path, tmp_path: Path
) -> None:
    name = change_record(spoiled, 2, caption_sha256="0" * 64, width_px=9)
    workspace = Workspace(tmp_path / "data")
    shutil.copytree(second.data / "rebuilds", workspace.data / "rebuilds")
    with pytest.raises(ReleaseError, match=f"(?s){name}: came out otherwise: caption, width_px"):
        rebuild(workspace, spoiled, registry=second.books_toml, workers=1)
    report = workspace.data / "rebuilds" / "mm-skin" / "1.0.0" / "differences.jsonl"
    assert json.loads(report.read_text().splitlines()[0])["item"] == name
    assert not workspace.releases.exists()
    found = rebuild(workspace, spoiled, registry=second.books_toml, workers=1, partial=True)
    assert found.records == 6
    assert found.release.parent.name == "mm-skin-partial"


def test_another_version_of_the_program_is_told(
    second: Workspace, metadata: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace(tmp_path / "data")
    shutil.copytree(second.data / "rebuilds", workspace.data / "rebuilds")
    monkeypatch.setattr(rebuilding, "__version__", "9.9.9")
    with pytest.raises(ReleaseError, match=r"made by mmskin 0\.\d+\.\d+, this is 9\.9\.9"):
        rebuild(workspace, metadata, registry=second.books_toml, workers=1)


def test_settings_of_another_version_are_told(second: Workspace, spoiled: Path) -> None:
    page = read_json(spoiled / "metadata.json")
    page["config"]["pdf"]["of_tomorrow"] = 1
    reseal(spoiled, config=page["config"])
    with pytest.raises(ConfigError, match=r"(?s)of_tomorrow.*made by mmskin"):
        rebuild(second, spoiled, registry=second.books_toml)


def test_a_folder_that_is_no_metadata_is_refused(second: Workspace, spoiled: Path) -> None:
    books = second.books_toml
    with pytest.raises(VerificationError, match="holds no metadata.json"):
        rebuild(second, spoiled.parent, registry=books)
    reseal(spoiled, form="mmskin metadata 7")
    with pytest.raises(SchemaError, match="mmskin metadata 7"):
        rebuild(second, spoiled, registry=books)
    with (spoiled / RECORDS).open("ab") as file:
        file.write(b"{}\n")
    reseal_form = read_json(spoiled / "metadata.json") | {"form": "mmskin metadata 1"}
    (spoiled / "metadata.json").write_bytes(pretty_json(reseal_form))
    with pytest.raises(VerificationError, match=r"records\.jsonl: was changed"):
        rebuild(second, spoiled, registry=books)
    reseal(spoiled)
    with pytest.raises(SchemaError, match=r"records\.jsonl line 8"):
        rebuild(second, spoiled, registry=books)
    (spoiled / RECORDS).unlink()
    with pytest.raises(VerificationError, match=r"records\.jsonl: missing"):
        rebuild(second, spoiled, registry=books)


@pytest.mark.parametrize(
    "changes",
    [{"name": "../out"}, {"version": "../../1"}, {"parts": {"../o.json": ""}}, {"name": ""}],
)
def test_names_that_lead_elsewhere_are_refused(
    changes: dict[str, Any], second: Workspace, spoiled: Path
) -> None:
    reseal(spoiled, **changes)
    with pytest.raises(SchemaError, match=r"metadata\.json"):
        rebuild(second, spoiled, registry=second.books_toml)


def test_text_by_adobe_needs_adobes_output(second: Workspace, spoiled: Path) -> None:
    page = read_json(spoiled / "metadata.json")
    page["books"][0]["adobe"] = True
    page["version"] = "1.1.0"
    reseal(spoiled, books=page["books"], version="1.1.0")
    with pytest.raises(BookRegistryError, match="bk1 .*Adobe PDF Extract.*text-book"):
        rebuild(second, spoiled, registry=second.books_toml)


# -------------------------------------------------------------------------------------- decisions


def verdict(name: str, **fields: Any) -> dict[str, Any]:
    common = {"id": name, "field": "sample", "value": "right", "reviewer": "ana", "note": "hm"}
    return common | {"decided_at": "2026-01-01T00:00:00Z", "seconds": 3.5} | fields


def write_decisions(folder: Path, first: Path) -> list[dict[str, Any]]:
    records = read_records(first)
    origin = records[1].provenance
    place = {"page_index": 1, "bbox": [1, 2, 3, 4], "text": records[1].figure_caption}
    lines = [
        verdict("d1", image_sha256=records[0].image_sha256),
        verdict(
            "d2",
            field="figure",
            book_sha256=origin.book_sha256,
            page_index=origin.page_index,
            caption=place,
            panels=[{"label": "a", "text": records[1].caption.upper()}],
        ),
        verdict("d3", image_sha256=records[0].image_sha256, known="clinical"),
        verdict("d4", field="figure", book_sha256="ee" * 32, page_index=0),
    ]
    folder.mkdir(parents=True)
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "ana.jsonl").write_text(text + "not a decision\n", encoding="utf-8")
    (folder / ".hidden.jsonl").write_text("{}", encoding="utf-8")
    return lines


def test_decisions_go_along_without_words_and_come_back_with_them(
    first: Path, second: Workspace, tmp_path: Path
) -> None:
    lines = write_decisions(tmp_path / "decisions", first)
    folder = export_release(
        first, "metadata", tmp_path / "metadata", decisions=tmp_path / "decisions"
    )
    told = [json.loads(line) for line in (folder / "decisions.jsonl").read_text().splitlines()]
    assert [entry["id"] for entry in told] == ["d1", "d2"]  # no known case, no other book
    page = (folder / "decisions.jsonl").read_text(encoding="utf-8")
    assert SAID.split()[-1] not in page.lower()
    assert '"note"' not in page
    assert '"seconds"' not in page
    workspace = Workspace(tmp_path / "data")
    shutil.copytree(second.data / "rebuilds", workspace.data / "rebuilds")
    assert rebuild(workspace, folder, registry=second.books_toml, workers=1).is_same
    place = workspace.data / "rebuilds" / "mm-skin" / "1.0.0" / "manual_review" / "decisions"
    back = [json.loads(line) for line in (place / "ana.jsonl").read_text().splitlines()]
    kept = [{k: v for k, v in d.items() if k not in ("note", "seconds")} for d in lines[:2]]
    assert back == kept


def test_a_decision_whose_words_are_not_here_is_told(
    first: Path, second: Workspace, tmp_path: Path
) -> None:
    write_decisions(tmp_path / "decisions", first)
    folder = export_release(
        first, "metadata", tmp_path / "metadata", decisions=tmp_path / "decisions"
    )
    path = folder / "decisions.jsonl"
    path.write_text(path.read_text().replace("bk1_2_2", "bk1_99"), encoding="utf-8")
    reseal(folder)
    workspace = Workspace(tmp_path / "data")
    shutil.copytree(second.data / "rebuilds", workspace.data / "rebuilds")
    with pytest.raises(ReleaseError, match="d2: a decision whose words are not here"):
        rebuild(workspace, folder, registry=second.books_toml, workers=1)


def test_what_people_decided_is_in_the_rebuilt_release(tmp_path: Path) -> None:
    one = owner(tmp_path / "one", {"bk1": 1})
    records = builds.read_records(one, builds.build(one, CFG)[0])
    log = DecisionLog(one.review / "decisions")
    for number, value in enumerate(("dermoscopic", "pathological")):
        record = records[number]
        verdict = make_decision(
            "modality",
            value,
            decision_id=f"d{number}",
            image_sha256=record.image_sha256,
            book_sha256=record.provenance.book_sha256,
            page_index=record.provenance.page_index,
            bbox=record.provenance.bbox,
        )
        assert log.save(verdict) is None
    builds.build(one, CFG)
    release = builds.make_release(one, CFG, "1.0.0")
    decided = [r.modality for r in read_records(release) if r.modality]
    assert [label.value for label in decided if label.source == "human"] == [
        "dermoscopic", "pathological",
    ]  # fmt: skip
    folder = export_release(
        release, "metadata", tmp_path / "metadata", decisions=one.review / "decisions"
    )
    other = owner(tmp_path / "other", {"mine": 1})
    found = rebuild(other, folder, registry=other.books_toml, workers=1)
    assert found.is_same
    assert found.content_digest == read_manifest(release).content_digest
