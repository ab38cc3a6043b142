"""Each public set against a small copy of what its makers publish, and what is wrong with one."""

from __future__ import annotations

import json
import shutil
import tarfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import made_public
from made_public import MADE, Made, edit, picture, put, rename, table, tarred, zipped
from mmskin_build.cli import run
from mmskin_build.config import Config, Workspace
from mmskin_build.errors import ConfigError, PublicSetError, SchemaError
from mmskin_build.images.read import Picture, read_picture
from mmskin_build.public import intake
from mmskin_build.public.columns import Line
from mmskin_build.public.isic_archive import label_of
from mmskin_build.public.items import ITEMS, PublicItem, image_path, read_items
from mmskin_build.public.prepare import PREPARED, REJECTS, Prepared, prepare
from mmskin_build.public.registry import add_set, read_registry
from mmskin_build.public.sets import SETS, find_set
from mmskin_build.public.sides import find_leaks
from mmskin_build.public.sources import Source
from mmskin_build.public.tables import TableRow, read_table, table_path, write_table
from mmskin_build.records import Reject
from mmskin_build.store import pixel_digest, read_jsonl

BY_NAME = {made.name: made for made in MADE}
WITH_TABLE = [made for made in MADE if made.table]
WITH_ARCHIVE = [made for made in MADE if made.archive]


def name_of(made: Made) -> str:
    return made.name


def prepare_one(tmp_path: Path, name: str, given: Path, **options: Any) -> Prepared:
    workspace = Workspace(tmp_path / "data")
    return prepare(workspace, Config(), [(find_set(name), [given])], **options)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Prepared]:
    """All eleven sets, prepared together."""
    folder = tmp_path_factory.mktemp("public")
    for made in MADE:
        made.write(folder / "given" / made.name)
    workspace = Workspace(folder / "data")
    chosen = [(find_set(m.name), [folder / "given" / m.name]) for m in MADE]
    return workspace, prepare(workspace, Config(), chosen)


def test_all_sets_of_upstream_are_there() -> None:
    assert [one.about.name for one in SETS] == [made.name for made in MADE]
    for one in SETS:
        for alias in one.about.aliases:
            assert find_set(alias.upper()) is one
    with pytest.raises(ConfigError, match="is HAM10000 meant"):
        find_set("HAM1000")


@pytest.mark.parametrize("made", MADE, ids=name_of)
def test_a_set_is_read_as_its_makers_publish_it(
    made: Made, prepared: tuple[Workspace, Prepared]
) -> None:
    workspace, report = prepared
    folder = workspace.public / made.name
    items = read_items(folder)
    about = find_set(made.name).about
    assert len(items) == made.pictures
    assert Counter(item.label for item in items) == Counter(made.classes)
    assert find_leaks(items) == []
    assert {item.set for item in items} == {made.name}
    for item in items:
        found = read_picture(image_path(folder, item))
        assert isinstance(found, Picture)
        assert pixel_digest(found.rgb) == item.image_sha256
    one = next(s for s in report.sets if s.read.set == made.name)
    assert one.rejects == (made.rejects or {})
    assert one.pictures + sum(one.rejects.values()) == one.read.listed
    assert one.sides["train"] > 0
    assert all(given.size > 0 for given in one.read.given)
    assert any(given.sha256 for given in one.read.given)
    assert json.loads((folder / PREPARED).read_text())["classes"] == made.classes
    assert len(read_jsonl(folder / REJECTS, Reject)) == sum(one.rejects.values())
    rows: list[TableRow] = []
    for split in ("train", "validation", "test"):
        part = read_table(table_path(folder, about.label_table or made.name, split))
        assert {row.image for row in part} == {
            f"{made.name}/images/{item.image}" for item in items if item.split == split
        }
        rows += part
    names = {about.table_names.get(label, label) for label in made.classes}
    assert {row.categories for row in rows} == {(name,) for name in names}
    if about.coarse_table:
        assert read_table(table_path(folder, about.coarse_table, "train"))


def item_of(prepared: tuple[Workspace, Prepared], name: str, image: str) -> PublicItem:
    items = read_items(prepared[0].public / name)
    (found,) = [i for i in items if i.image.rsplit("/", 1)[-1].startswith(image)]
    return found


def test_what_tables_tell_besides_is_kept(prepared: tuple[Workspace, Prepared]) -> None:
    ham = item_of(prepared, "HAM10000", "ISIC_0024306.")
    assert (ham.age_years, ham.age_group, ham.sex, ham.body_site) == (40, "adult", "male", "back")
    assert (ham.lesion, ham.modality) == ("HAM_0000000", "dermoscopic")
    pad = item_of(prepared, "PAD", "PAT_0_101_1.png")
    assert (pad.patient, pad.skin_type, pad.sex, pad.body_site) == ("PAT_0", "3", "male", "forearm")
    ddi = item_of(prepared, "DDI", "000004.png")
    assert (ddi.skin_type, ddi.coarse) == ("12", "Malignant")
    fitzpatrick = item_of(prepared, "Fitzpatrick", "httpsexampleorg7")
    assert (fitzpatrick.skin_type, fitzpatrick.coarse) == ("6", "benign")
    hiba = item_of(prepared, "HIBA", "ISIC_0004000")
    assert (hiba.modality, hiba.skin_type, hiba.coarse) == ("clinical", "1", "benign")
    assert (hiba.patient, hiba.body_site) == ("IP_0000000", "head and neck")
    mskcc = item_of(prepared, "MSKCC", "ISIC_0005001")
    assert (mskcc.age_years, mskcc.age_group, mskcc.body_site) == (65, None, "head or neck")
    tile = item_of(prepared, "Patch16", "nontumor_skin_necrosis_necrosis_ws_2_8.jpg")
    assert (tile.patient, tile.coarse, tile.split) == ("ws 2", "nontumor", "train")
    scin = item_of(prepared, "SCIN", "100.png")
    assert (scin.patient, scin.age_years, scin.skin_type, scin.sex) == ("5001", None, "4", "male")
    assert scin.body_site is None  # an arm and a leg
    other = item_of(prepared, "SCIN", "300.png")
    assert (other.age_group, other.body_site, other.skin_type) == ("adult", "arm", "4")


def test_published_sides_are_kept(prepared: tuple[Workspace, Prepared]) -> None:
    for item in read_items(prepared[0].public / "Dermnet"):
        assert (item.split == "test") == item.image.startswith("test/")
    sides = {item.patient: item.split for item in read_items(prepared[0].public / "Patch16")}
    assert (sides["ws 0"], sides["ws 4"], sides["ws 5"]) == ("train", "validation", "test")


def test_the_test_set_of_isic_2018_is_that_of_ham10000(tmp_path: Path) -> None:
    made_public.write_ham10000(tmp_path / "ham")
    made_public.write_ham10000_test(tmp_path / "ham")
    prepare_one(tmp_path, "ham", tmp_path / "ham")
    items = read_items(tmp_path / "data" / "public" / "HAM10000")
    tested = {item.image for item in items if item.split == "test"}
    assert tested == {f"{made_public.isic_id(34524 + n)}.jpg" for n in range(7)}
    assert len(items) == 49 and any(item.split == "validation" for item in items)


def test_the_challenge_of_2018_is_ham10000_too(tmp_path: Path) -> None:
    """Upstream links to the challenge, whose tables have a column a class."""
    columns = ("MEL", "NV", "BCC", "AKIEC", "BKL", "DF", "VASC")
    names = [made_public.isic_id(24306 + n) for n in range(14)]
    truth = [
        {"image": name, **{c: float(n // 2 == i) for i, c in enumerate(columns)}}
        for n, name in enumerate(names)
    ]
    groups = [{"image": name, "lesion_id": f"HAM_{n // 2}"} for n, name in enumerate(names)]
    put(tmp_path / "ham" / "ISIC2018_Task3_Training_GroundTruth.csv", table(truth))
    put(tmp_path / "ham" / "ISIC2018_Task3_Training_LesionGroupings.csv", table(groups))
    zipped(
        tmp_path / "ham" / "ISIC2018_Task3_Training_Input.zip",
        {f"ISIC2018_Task3_Training_Input/{n}.jpg": picture(100 + i) for i, n in enumerate(names)},
    )
    prepare_one(tmp_path, "ham", tmp_path / "ham")
    items = read_items(tmp_path / "data" / "public" / "HAM10000")
    assert [item.label for item in items[:4:2]] == ["melanoma", "melanocytic nevus"]
    assert items[2].lesion == "HAM_1"


def test_a_case_of_patch16_on_two_sides_is_no_patient(tmp_path: Path) -> None:
    made_public.write_patch16(tmp_path / "given")

    def with_case(of: Callable[[int], int]) -> Callable[[bytes], bytes]:
        def change(content: bytes) -> bytes:
            head, *lines = content.decode().splitlines()
            cells = [f"{line},{of(number)}" for number, line in enumerate(lines)]
            return "\n".join([f"{head},case", *cells]).encode()

        return change

    def patients() -> set[str | None]:
        prepare_one(tmp_path, "Patch16", tmp_path / "given")
        items = read_items(tmp_path / "data" / "public" / "Patch16")
        assert Counter(item.split for item in items) == {"train": 32, "validation": 8, "test": 8}
        return {item.patient for item in items}

    edit(tmp_path / "given", "tiles-v2.csv", with_case(lambda number: 100))
    assert patients() == {f"ws {slide}" for slide in range(12)}
    made_public.write_patch16(tmp_path / "given")
    edit(tmp_path / "given", "tiles-v2.csv", with_case(lambda number: 100 + number // 4))
    assert patients() == {str(100 + slide) for slide in range(12)}


@pytest.mark.parametrize(
    ("cells", "label"),
    [
        ({"diagnosis": "nevus"}, "melanocytic nevus"),
        ({"diagnosis": "lentigo NOS"}, "lentigo"),
        ({"diagnosis": "", "diagnosis_3": "Melanoma Invasive"}, "melanoma"),
        ({"diagnosis_3": "Squamous cell carcinoma in situ"}, "squamous cell carcinoma"),
        ({"diagnosis_3": "Nevus", "diagnosis_4": "Nevus, NOS, Dermal"}, "melanocytic nevus"),
        ({"diagnosis_2": "Benign soft tissue proliferations - Vascular"}, "vascular lesion"),
        ({"diagnosis_1": "Benign", "diagnosis_2": "Benign melanocytic proliferations"}, None),
        ({"diagnosis": "other"}, None),
        ({"diagnosis_3": "Some new name"}, "some new name"),
    ],
)
def test_both_forms_of_the_archive_give_one_name(cells: dict[str, str], label: str | None) -> None:
    assert label_of(Line(cells, "metadata.csv line 2")) == label


def test_bcn20000_may_come_from_the_archive(tmp_path: Path) -> None:
    made_public.write_archive(tmp_path / "bcn", 60000, 12, is_new=True)
    prepare_one(tmp_path, "bcn", tmp_path / "bcn")
    items = read_items(tmp_path / "data" / "public" / "BCN20000")
    assert {item.label for item in items} == {
        "melanocytic nevus", "melanoma", "basal cell carcinoma", "solar lentigo",
    }  # fmt: skip


# ------------------------------------------------------------------------ what may be wrong


@pytest.mark.parametrize("made", WITH_TABLE, ids=name_of)
def test_a_missing_column_is_named_with_the_mend(made: Made, tmp_path: Path) -> None:
    made.write(tmp_path / "given")

    def without_column(content: bytes) -> bytes:
        return content.replace(made.column.encode(), b"renamed", 1)

    edit(tmp_path / "given", made.table, without_column)
    with pytest.raises(PublicSetError) as caught:
        prepare_one(tmp_path, made.name, tmp_path / "given")
    assert made.column in str(caught.value)
    assert "makers publish it" in str(caught.value) or "mmskin public list" in str(caught.value)


@pytest.mark.parametrize("made", WITH_TABLE, ids=name_of)
def test_a_renamed_table_is_looked_for_by_its_name(made: Made, tmp_path: Path) -> None:
    made.write(tmp_path / "given")
    rename(tmp_path / "given", made.table, f"old-{Path(made.table).stem}.txt")
    with pytest.raises(PublicSetError) as caught:
        prepare_one(tmp_path, made.name, tmp_path / "given")
    assert made.table in str(caught.value)
    assert "mmskin public list" in str(caught.value)


def test_a_table_with_a_number_in_its_name_is_recognized(tmp_path: Path) -> None:
    made_public.write_isic2019(tmp_path / "given")
    rename(
        tmp_path / "given",
        "ISIC_2019_Training_GroundTruth.csv",
        "ISIC_2019_Training_GroundTruth (1).csv",
    )
    with pytest.raises(PublicSetError, match=r"GroundTruth \(1\).csv may be it"):
        prepare_one(tmp_path, "isic2019", tmp_path / "given")


def test_renamed_folders_of_dermnet_are_told(tmp_path: Path) -> None:
    zipped(tmp_path / "a.zip", {"training/Eczema Photos/a.jpg": picture(1)})
    with pytest.raises(PublicSetError, match="folder that holds train and test"):
        prepare_one(tmp_path, "Dermnet", tmp_path / "a.zip")


@pytest.mark.parametrize("made", WITH_ARCHIVE, ids=name_of)
def test_an_archive_that_is_cut_off_is_told_with_the_mend(made: Made, tmp_path: Path) -> None:
    made.write(tmp_path / "given")
    path = tmp_path / "given" / (made.archive or "")
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    with pytest.raises(PublicSetError) as caught:
        prepare_one(tmp_path, made.name, tmp_path / "given")
    assert path.name in str(caught.value)
    assert "download it again" in str(caught.value)


def test_an_inner_archive_and_a_plain_tar_that_are_cut_off_are_told(tmp_path: Path) -> None:
    made_public.write_pad(tmp_path / "pad")
    edit(tmp_path / "pad", "imgs_part_2.zip", lambda content: content[: len(content) // 2])
    with pytest.raises(PublicSetError, match="download it again"):
        prepare_one(tmp_path, "PAD", tmp_path / "pad")
    tarred(tmp_path / "t.tar", {f"train/Eczema Photos/{n}.jpg": picture(n) for n in range(4)}, "w")
    content = (tmp_path / "t.tar").read_bytes()
    (tmp_path / "t.tar").write_bytes(content[:5000])
    with pytest.raises(PublicSetError, match="download it again"):
        prepare_one(tmp_path, "Dermnet", tmp_path / "t.tar")


def broken_picture(folder: Path) -> None:
    edit(folder, "PAT_3_107_7.png", lambda content: content[:60])


def lost_picture(folder: Path) -> None:
    (folder / "PAT_3_107_7.png").unlink()


def unnamed_picture(folder: Path) -> None:
    put(folder / "PAT_99_1_1.png", picture(1, ".png"))


def repeated_picture(folder: Path) -> None:
    put(folder / "again" / "PAT_3_107_7.png", picture(6007, ".png"))


def unknown_code(folder: Path) -> None:
    edit(folder, "metadata.csv", lambda content: content.replace(b",ACK,", b",XYZ,", 1))


def repeated_row(folder: Path) -> None:
    edit(folder, "metadata.csv", lambda c: c + c.splitlines(keepends=True)[-1])


@pytest.mark.parametrize(
    ("spoil", "reason", "lost"),
    [
        (broken_picture, "picture_damaged", 1),
        (lost_picture, "row_without_picture", 1),
        (unnamed_picture, "picture_without_row", 0),
        (repeated_picture, "picture_repeated", 0),
        (unknown_code, "label_unknown", 1),
        (repeated_row, "row_repeated", 0),
    ],
)
def test_what_cannot_be_used_is_counted_with_its_reason(
    spoil: Callable[[Path], None], reason: str, lost: int, tmp_path: Path
) -> None:
    made_public.write_pad(tmp_path / "zip")
    with Source([tmp_path / "zip"], tmp_path / "scratch") as source:  # as a user unpacks it
        for entry in source.entries:
            content = source.read_picture_file(entry)
            assert isinstance(content, bytes)
            put(tmp_path / "given" / entry.basename, content)
    spoil(tmp_path / "given")
    made = prepare_one(tmp_path, "PAD", tmp_path / "given")
    assert made.sets[0].pictures == 36 - lost
    assert made.sets[0].rejects == {reason: 1}
    (reject,) = read_jsonl(tmp_path / "data" / "public" / "PAD" / REJECTS, Reject)
    assert reject.reason == reason and reject.detail


def test_a_forgotten_archive_is_refused_unless_a_part_is_enough(tmp_path: Path) -> None:
    made_public.write_ham10000(tmp_path / "ham")
    (tmp_path / "ham" / "HAM10000_images_part_2.zip").unlink()
    with pytest.raises(PublicSetError, match=r"21 of 42 rows have no picture.*_part_2\.zip"):
        prepare_one(tmp_path, "ham", tmp_path / "ham")
    made = prepare_one(tmp_path, "ham", tmp_path / "ham", is_partial=True)
    assert made.sets[0].pictures == 21


def test_a_set_with_unknown_labels_only_says_what_it_found(tmp_path: Path) -> None:
    zipped(tmp_path / "a.zip", {"train/Warts of trolls/a.jpg": picture(1)})
    with pytest.raises(PublicSetError, match="none of the 23 folders|train"):
        prepare_one(tmp_path, "Dermnet", tmp_path / "a.zip")


# --------------------------------------------------------------------- archives and folders


@pytest.mark.parametrize("how", ["folder", "zip", "tar", "tar.gz", "inside a zip"])
def test_a_set_may_be_a_folder_or_any_archive(how: str, tmp_path: Path) -> None:
    members = {
        f"{part}/Eczema Photos/{n}.jpg": picture(n)
        for n, part in enumerate(("train", "train", "train", "test"))
    }
    given = tmp_path / "given"
    match how:
        case "folder":
            for name, content in members.items():
                put(given / "archive" / name, content)
        case "zip":
            zipped(given / "archive.zip", members)
        case "inside a zip":
            zipped(tmp_path / "inner.zip", members)
            zipped(given / "a.zip", {"b.zip": (tmp_path / "inner.zip").read_bytes()})
        case _:
            tarred(given / f"archive.{how}", members, "w:gz" if how == "tar.gz" else "w")
    prepare_one(tmp_path, "Dermnet", given)
    items = read_items(tmp_path / "data" / "public" / "Dermnet")
    assert [item.image for item in items] == sorted(members)
    assert not (tmp_path / "data" / "work" / "public" / "Dermnet" / "archives").exists()


def test_no_member_of_an_archive_leads_outside(tmp_path: Path) -> None:
    names = (
        "../../train/Eczema Photos/a.jpg",
        "/train/Eczema Photos/b.jpg",
        "train/../c.jpg",
        "train/Eczema Photos/../../../d.jpg",
        "train\\Eczema Photos\\e.jpg",
    )
    members = {name: picture(n) for n, name in enumerate(names)}
    zipped(tmp_path / "given" / "a.zip", members)
    with tarfile.open(tmp_path / "given" / "b.tar", "w") as archive:
        link = tarfile.TarInfo("train/Eczema Photos/link.jpg")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    prepare_one(tmp_path, "Dermnet", tmp_path / "given")
    made = {path for path in tmp_path.rglob("*") if path.is_file()} - before
    assert all(path.is_relative_to(tmp_path / "data") for path in made)
    pictures = [path for path in made if path.suffix == ".jpg"]
    images = tmp_path / "data" / "public" / "Dermnet" / "images" / "train" / "Eczema Photos"
    assert {path.parent for path in pictures} == {images}


def test_an_archive_beside_its_folder_is_not_read_again(tmp_path: Path) -> None:
    zipped(tmp_path / "given" / "archive.zip", {"train/Eczema Photos/a.jpg": picture(1)})
    put(tmp_path / "given" / "archive" / "train" / "Eczema Photos" / "a.jpg", picture(1))
    made = prepare_one(tmp_path, "Dermnet", tmp_path / "given")
    assert made.sets[0].rejects == {}


def test_tables_may_have_tabs_quotes_and_a_mark_of_byte_order(tmp_path: Path) -> None:
    made_public.write_ham10000(tmp_path / "ham", 14)
    path = tmp_path / "ham" / "HAM10000_metadata.csv"
    lines = path.read_text().splitlines()
    quoted = ["\t".join(f'"{cell}"' for cell in line.split(",")) for line in lines]
    path.unlink()
    put(path.with_suffix(".tab"), b"\xef\xbb\xbf" + "\r\n".join(quoted).encode())
    made = prepare_one(tmp_path, "ham", tmp_path / "ham")
    assert made.sets[0].pictures == 14 and made.sets[0].rejects == {}


# ------------------------------------------------------------------------ going on, the same


def test_a_stopped_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made_public.write_ham10000(tmp_path / "ham")
    looked: list[int] = []
    real = intake.pixel_digest

    def digest(rgb: Any) -> str:
        looked.append(1)
        if len(looked) == 30:
            raise KeyboardInterrupt
        return real(rgb)

    monkeypatch.setattr(intake, "pixel_digest", digest)
    monkeypatch.setattr(intake, "_AT_ONCE", 8)
    with pytest.raises(KeyboardInterrupt):
        prepare_one(tmp_path, "ham", tmp_path / "ham")
    assert not (tmp_path / "data" / "public" / "HAM10000" / ITEMS).exists()
    done = len(looked)
    made = prepare_one(tmp_path, "ham", tmp_path / "ham")
    assert made.sets[0].pictures == 42
    assert len(looked) - done < 42
    again = len(looked)
    assert prepare_one(tmp_path, "ham", tmp_path / "ham") == made
    assert len(looked) == again


def test_the_same_sets_give_the_same_bytes_in_any_order(tmp_path: Path) -> None:
    names = ("HAM10000", "ISIC", "DDI")
    for name in names:
        BY_NAME[name].write(tmp_path / name)
    contents = []
    for number, order in enumerate((names, names[::-1])):
        workspace = Workspace(tmp_path / f"data{number}")
        for name in order:
            prepare(workspace, Config(), [(find_set(name), [tmp_path / name])])
        files = sorted(path for path in workspace.public.rglob("*") if path.is_file())
        contents.append({p.relative_to(workspace.public): p.read_bytes() for p in files})
    assert contents[0] == contents[1]


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    put(tmp_path / "given" / "train" / "Eczema Photos" / "a.jpg", picture(1))
    prepare_one(tmp_path, "Dermnet", tmp_path / "given")
    put(tmp_path / "given" / "train" / "Eczema Photos" / "b.jpg", picture(2))
    (tmp_path / "given" / "train" / "Eczema Photos" / "a.jpg").unlink()
    put(tmp_path / "given" / "train" / "Eczema Photos" / "a.jpg", picture(3) + b"\0")
    prepare_one(tmp_path, "Dermnet", tmp_path / "given")
    put(tmp_path / "given" / "train" / "Eczema Photos" / "c.jpg", picture(4))
    (tmp_path / "given" / "train" / "Eczema Photos" / "b.jpg").unlink()
    prepare_one(tmp_path, "Dermnet", tmp_path / "given")
    folder = tmp_path / "data" / "public" / "Dermnet"
    inside = folder / "images" / "train" / "Eczema Photos"
    assert sorted(path.name for path in inside.iterdir()) == ["a.jpg", "c.jpg"]
    for item in read_items(folder):
        found = read_picture(image_path(folder, item))
        assert isinstance(found, Picture) and pixel_digest(found.rgb) == item.image_sha256


# ------------------------------------------------------------------ registry, tables, command


def test_the_registry_keeps_where_sets_lie(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "data")
    put(tmp_path / "data" / "ham" / "x.csv", b"a\n1\n")
    assert read_registry(workspace) == {}
    add_set(workspace, "ham", [tmp_path / "data" / "ham"])
    assert 'paths = ["ham"]' in workspace.public_toml.read_text()
    assert read_registry(workspace) == {"HAM10000": (tmp_path / "data" / "ham",)}
    with pytest.raises(PublicSetError, match="no such file or folder"):
        add_set(workspace, "DDI", [tmp_path / "nowhere"])
    workspace.public_toml.write_text('[[set]]\nname = "ham"\npaths = "x"\n')
    with pytest.raises(ConfigError, match="set number 1 needs"):
        read_registry(workspace)


def test_tables_of_upstream_are_read_and_written(tmp_path: Path) -> None:
    rows = (
        TableRow(image="HAM10000/a, b.jpg", categories=("Nevus",)),
        TableRow(image="MSKCC/c.jpg", categories=(), attributes=("x", "it's")),
    )
    write_table(tmp_path / "t.csv", rows)
    assert (tmp_path / "t.csv").read_text().startswith("image,atributes,categories\n")
    assert read_table(tmp_path / "t.csv") == rows
    other = b"image,attributes,categories,set\nPatch16/a.jpg,[],['nontumor'],Test\n"
    put(tmp_path / "u.csv", other)
    assert read_table(tmp_path / "u.csv") == (
        TableRow(image="Patch16/a.jpg", categories=("nontumor",)),
    )
    for content, words in (
        (b"image,label\na.jpg,Nevus\n", "no column 'categories'"),
        (b"image,atributes,categories\na.jpg,[],Nevus\n", r"line 2: categories is 'Nevus'"),
        (b"image,atributes,categories\n,[],['Nevus']\n", "line 2: names no picture"),
    ):
        put(tmp_path / "v.csv", content)
        with pytest.raises(SchemaError, match=words):
            read_table(tmp_path / "v.csv")


def call(tmp_path: Path, *command: object) -> int:
    return run(["public", *map(str, command), "--data", str(tmp_path / "data")])


def test_from_a_download_to_questions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made_public.write_ham10000(tmp_path / "ham")
    assert call(tmp_path, "check") == 3
    assert "no public set is registered" in capsys.readouterr().err
    assert call(tmp_path, "list", "--json") == 0
    assert len(json.loads(capsys.readouterr().out)["sets"]) == 11
    assert call(tmp_path, "list", "ham") == 0
    said = capsys.readouterr().out
    assert "HAM10000_images_part_1.zip" in said and "10.7910/DVN/DBW86T" in said
    assert call(tmp_path, "add", "ham", tmp_path / "ham") == 0
    assert call(tmp_path, "prepare", "DDI") == 3
    assert "mmskin public add DDI" in capsys.readouterr().err
    assert call(tmp_path, "check", "--json") == 0
    (found,) = json.loads(capsys.readouterr().out)["sets"]
    assert (found["listed"], found["usable"], found["status"]) == (42, 42, "ok")
    assert call(tmp_path, "prepare") == 0
    said = capsys.readouterr().out
    assert "HAM10000" in said and "10015" in said
    assert call(tmp_path, "questions", "--json") == 0
    asked = json.loads(capsys.readouterr().out)["questions"]
    assert sum(one["pairs"] for one in asked) > 20
    assert call(tmp_path, "list") == 0
    assert "prepared" in capsys.readouterr().out
    shutil.rmtree(tmp_path / "data" / "public" / "HAM10000" / "images")
    assert call(tmp_path, "check") == 1
    assert "42 pictures are gone" in capsys.readouterr().err
    (tmp_path / "ham" / "HAM10000_metadata.csv").unlink()
    assert call(tmp_path, "check") == 8
    assert "HAM10000_metadata.csv" in capsys.readouterr().err
