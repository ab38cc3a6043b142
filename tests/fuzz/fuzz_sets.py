"""Targets of `fuzz`: public sets as their makers publish them, answers of other models."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from fuzz_mutations import mutate_bytes, mutate_csv, mutate_json, mutate_jsonl, mutate_toml
from fuzz_target import Target, as_jsonl
from made_public import MADE, Made, edit, picture
from mmskin_build.config import Config, Workspace
from mmskin_build.evaluate.answer_files import join_answers
from mmskin_build.evaluate.class_sets import read_class_set
from mmskin_build.evaluate.predictions import Prediction, read_answered
from mmskin_build.evaluate.results import (
    SCORES,
    Group,
    Provenance,
    Result,
    Score,
    read_result,
)
from mmskin_build.evaluate.test_sets import read_llava_set, read_table_set
from mmskin_build.images.read import UnreadPicture, read_picture
from mmskin_build.public.check import check_set
from mmskin_build.public.items import ITEMS, PublicItem, read_items
from mmskin_build.public.registry import read_registry
from mmskin_build.public.sets import find_set
from mmskin_build.public.sources import TABLE_SUFFIXES, Source
from mmskin_build.store import plain, pretty_json, to_jsonl

_CELLS = b"image,atributes,categories\na.png,[],['Nevus']\nb.png,[],['Lipoma']\n"


def public_targets(folder: Path) -> list[Target]:
    """Return targets of public sets: tables of their makers, archives, what `prepare` wrote."""
    registry = '[[set]]\nname = "DDI"\npaths = ["ddi.zip", "/a/b"]\n\n[[set]]\nname = "PAD"\n'
    registry += 'paths = ["pad"]\n'
    items = [
        PublicItem(
            set="DDI", image=name, image_sha256="ab" * 32, label=label, split="train", group_id="g1"
        )
        for name, label in (("a.png", "lipoma"), ("b.png", "melanoma"))
    ]  # fmt: skip

    def use_registry(path: Path) -> None:
        read_registry(Workspace(path.parent))

    return [
        Target(
            name="public register",
            seeds=[registry.encode()],
            mutate=mutate_toml,
            use=use_registry,
            file="public.toml",
        ),
        Target(
            name="prepared set",
            seeds=[to_jsonl(items)],
            mutate=mutate_jsonl,
            use=lambda path: (read_items(path.parent), None)[1],
            file=ITEMS,
        ),
        Target(
            name="archive zip",
            seeds=[_zip_file()],
            mutate=mutate_bytes,
            use=_use_archive,
            file="given.zip",
        ),
        Target(
            name="archive tar",
            seeds=[_tar_file("w"), _tar_file("w:gz")],
            mutate=mutate_bytes,
            use=_use_archive,
            file="given.tar",
        ),
        *(_made_set(folder / made.name, made) for made in MADE if made.table),
    ]


def _made_set(folder: Path, made: Made) -> Target:
    """The table of a set, within the archive that it lies in."""
    made.write(folder)
    seeds: list[bytes] = []

    def keep(content: bytes) -> bytes:
        seeds.append(content)
        return content

    edit(folder, made.table, keep)

    def use(path: Path) -> None:
        copy = path.parent / "given"
        shutil.copytree(folder, copy)
        edit(copy, made.table, lambda old: path.read_bytes())
        check_set(Workspace(path.parent / "data"), find_set(made.name), [copy])

    return Target(
        name=f"public {made.name}",
        seeds=seeds[:1],
        mutate=mutate_csv,
        use=use,
        file="changed.csv",
        weight=1,
    )


def _members() -> Iterator[tuple[str, bytes]]:
    yield "set/table.csv", b"file,label\na.jpg,nevus\n"
    yield "set/a.jpg", picture(1)
    yield "../../escape.jpg", picture(2)
    yield "/tmp/fuzz-escape.csv", b"a,b\n"
    yield "set/inner.zip", _zip([("deep/b.jpg", picture(3))])


def _zip(members: list[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def _zip_file() -> bytes:
    return _zip(list(_members()))


def _tar_file(mode: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in _members():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        link = tarfile.TarInfo("set/link.jpg")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return out.getvalue()


def _use_archive(path: Path) -> None:
    with Source([path], path.parent / "scratch") as source:
        for entry in source.entries:
            if Path(entry.name).suffix in TABLE_SUFFIXES:
                source.read_table(entry)
            else:
                content = source.read_picture_file(entry)
                if not isinstance(content, UnreadPicture):
                    read_picture(content)


# ---------------------------------------------------------------------------------- evaluation


def evaluation_targets() -> list[Target]:
    """Return targets of what models said, of test sets in plain files, of kept scores."""
    items = tuple(
        Prediction(
            id=f"a#{number}", set="s", task="vqa", image=f"img/{number}.png", cluster="c",
            question="What is shown?", reference="A plaque.", prediction="A nodule.", run="r",
        )
        for number in range(3)
    )  # fmt: skip
    answers = [
        {"id": item.id, "prediction": "A plaque.", "probabilities": {"x": 0.5}} for item in items
    ]
    table = b"id,prediction,label\na#0,A plaque.,x\na#1,A nodule.,y\n"
    pairs = b"image,question,prediction\n0.png,What is shown?,A plaque.\n"
    questions = b"image,question,answer\n1.png,What is it?,A plaque.\n2.png,Where?,The arm.\n"
    talks = [
        {"id": "a", "image": "a.png", "conversations": [
            {"from": "human", "value": "<image>\nWhat is seen?"},
            {"from": "gpt", "value": "A plaque."}]},
    ]  # fmt: skip
    png = picture(4, ".png")
    score = Score(name="BLEU", value=0.5, low=0.4, high=0.6, n=3, clusters=1)
    result = Result(
        task="vqa",
        set="s",
        model="m",
        groups=(Group(by="all", value="", scores=(score,)),),
        provenance=Provenance(
            identity="i", prompt="p", decoding={}, data="d", data_digest="e", versions={}, code="c"
        ),
    )

    def use_tables(path: Path) -> None:
        shutil.copy(path, path.parent / "S_test.csv")
        (path.parent / "S_train.csv").write_bytes(_CELLS)
        for name in ("a.png", "b.png"):
            (path.parent / name).write_bytes(png)
        read_class_set("S", Workspace(path.parent), Config(), tables=path.parent)

    answered: list[Target] = [
        Target(
            name=f"answers {name.rpartition('.')[2]}",
            seeds=seeds,
            mutate=mutate,
            use=lambda path: (join_answers(path, items), None)[1],
            file=name,
        )
        for name, seeds, mutate in (
            ("answers.jsonl", [as_jsonl(answers)], mutate_jsonl),
            ("answers.json", [json.dumps(answers).encode()], mutate_json),
            ("answers.csv", [table, pairs], mutate_csv),
        )
    ]
    return [
        *answered,
        Target(
            name="predictions",
            seeds=[to_jsonl(items)],
            mutate=mutate_jsonl,
            use=lambda path: (read_answered(path, "r"), None)[1],
            file="predictions.jsonl",
        ),
        Target(
            name="table of questions",
            seeds=[questions],
            mutate=mutate_csv,
            use=lambda path: (read_table_set(path, captions=path), None)[1],
            file="questions.csv",
        ),
        Target(
            name="talks of a test",
            seeds=[json.dumps(talks).encode()],
            mutate=mutate_json,
            use=lambda path: (read_llava_set(path), None)[1],
            file="talks.json",
        ),
        Target(
            name="table of classes",
            seeds=[_CELLS],
            mutate=mutate_csv,
            use=use_tables,
            file="changed.csv",
        ),
        Target(
            name="scores",
            seeds=[pretty_json(plain(result))],
            mutate=mutate_json,
            use=lambda path: (read_result(path.parent), None)[1],
            file=SCORES,
        ),
    ]
