"""What reads files of others in this program, each with sound files to begin from.

A target takes a changed file and either uses it or refuses it with an error of `errors.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import random
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pikepdf
from PIL import Image

from builders import make_decision
from fuzz_checkpoints import checkpoint_targets
from fuzz_mutations import (
    VALUES,
    mutate_bytes,
    mutate_csv,
    mutate_json,
    mutate_jsonl,
    mutate_pdf,
    mutate_toml,
)
from fuzz_sets import evaluation_targets, public_targets
from fuzz_target import Target, Use, as_jsonl, ask_command, in_a_copy, run_command
from made_releases import make_release
from made_upstream import make_upstream
from mmskin_build.alignment import align_document
from mmskin_build.books import read_registry
from mmskin_build.builds import read_build
from mmskin_build.cache import MANIFEST, read_entry
from mmskin_build.config import Config, PdfConfig, Workspace, load_config
from mmskin_build.dataset.import_upstream import import_upstream
from mmskin_build.dataset.metadata import read_descriptions, read_metadata
from mmskin_build.dataset.verify import verify_release
from mmskin_build.dataset.withdrawn import read_tombstones
from mmskin_build.decisions import CaptionPlace, standing_decisions
from mmskin_build.demo.book import write_demo_book
from mmskin_build.geometry import Bbox
from mmskin_build.images.examples import read_manifest as read_examples
from mmskin_build.images.kinds import read_model_file
from mmskin_build.images.read import read_picture
from mmskin_build.packing import unpack, write_pack
from mmskin_build.pdf.adobe import load_extract
from mmskin_build.pdf.isolation import WorkerPool
from mmskin_build.pdf.jobs import PdfSource
from mmskin_build.review.app import build_app
from mmskin_build.review.decisions import read_decisions
from mmskin_build.review.tasks import Task
from mmskin_build.store import file_sha256, read_jsonl, to_json, write_jsonl
from review_desk import make_review

#: Small, so that a file cannot take long: what is tried is that they hold.
LIMITS = PdfConfig(page_time_limit_s=8.0, memory_limit_mib=768)
_PAGES = 24  # of the demo book; each is a file to begin from


@contextlib.contextmanager
def open_targets(folder: Path, robust: Path | None = None) -> Iterator[dict[str, Target]]:
    """Provide all targets; sound files are made in `folder`, PDFs of `robust` join the drawn ones.

    Of a PDF the first page, the last one and one between them are read. Kinds whose package is not
    installed are left out.
    """
    with WorkerPool(LIMITS, 1) as pool:
        targets = [
            _pdf(folder / "pdf", pool, robust),
            *_settings(),
            *_lines(),
            *_release(folder / "release"),
            *_upstream(folder / "upstream"),
            *_pictures(),
            *_build(folder / "build"),
            *_tables(),
            *checkpoint_targets(folder / "checkpoint"),
            *public_targets(folder / "public"),
            *evaluation_targets(),
            _requests(folder / "review"),
        ]
        yield {target.name: target for target in targets}


# -------------------------------------------------------------------------------------- targets


def _pdf(folder: Path, pool: WorkerPool, robust: Path | None) -> Target:
    folder.mkdir(parents=True)
    whole = folder / "demo.pdf"
    write_demo_book(whole, pages=_PAGES, keep_pixels=False)
    seeds = []
    with pikepdf.open(whole) as pdf:
        for page in pdf.pages:
            with pikepdf.new() as single:
                single.pages.append(page)
                out = io.BytesIO()
                single.save(out)
                seeds.append(out.getvalue())
    if robust is not None:
        small = [path for path in sorted(robust.glob("*.pdf")) if path.stat().st_size < 300_000]
        # As many drawn ones as others: those have all that a book has, and cost less.
        seeds = seeds * max(1, round(len(small) / len(seeds)))
        seeds += [path.read_bytes() for path in small]
    cfg = Config(pdf=LIMITS)

    def use(path: Path) -> None:
        source, out = PdfSource(path=path), path.parent / "out"
        count = pool.inspect(source).page_count
        pages = sorted({0, count // 2, count - 1})
        digest = file_sha256(path)
        found = align_document(
            pool, source, cfg, book_sha256=digest, page_indices=pages, out_dir=out / "pictures"
        )
        write_jsonl(out / f"{digest}.jsonl", found.figures)

    return Target(name="pdf", seeds=seeds, mutate=mutate_pdf, use=use, file="book.pdf")


def _settings() -> list[Target]:
    text = ask_command(["config"])
    book = {"id": "bk1", "title": "One", "path": "one.pdf", "sha256": "ab" * 32, "page_count": 9}
    lines = [f"{key} = {json.dumps(value)}" for key, value in book.items()]
    lines += ['skip_pages = ["1-2", "9"]', 'language = "eng"', 'rights = "owned"']
    books = "\n".join(["[[book]]", *lines, "", "[[book]]", 'id = "bk2"', 'title = "Two"', ""])

    def use_books(path: Path) -> None:
        read_registry(path)
        run_command(["books", "list", "--data", str(path.parent)])

    return [
        Target(
            name="settings",
            seeds=[text.encode()],
            mutate=mutate_toml,
            use=lambda path: (load_config(path), None)[1],
            file="mmskin.toml",
        ),
        Target(
            name="register",
            seeds=[books.encode()],
            mutate=mutate_toml,
            use=use_books,
            file="books.toml",
        ),
    ]


def _lines() -> list[Target]:
    place = CaptionPlace(page_index=1, bbox=Bbox(1, 2, 3, 4), text="A plaque.", label="Figure 1")
    decisions = [
        make_decision(),
        make_decision("caption", "changed", decision_id="d2", caption=place, seconds=2.5),
        make_decision("qa", "changed", decision_id="d3", details={"question": "Q?", "answer": "A"}),
        make_decision("undo", "", decision_id="d4", undoes="d1"),
    ]
    pairs = [
        {"caption": "A plaque on the left arm.", "question": "Where is it?", "answer": "Left arm."},
        {"caption": "Nests of melanocytes, 40x.", "question": "Is it stained?", "answer": "Yes."},
    ]
    sentences = [
        {"text": "A 34-year-old woman with a plaque."},
        {"text": "Two boys, 3 months old."},
    ]
    talks = [
        {
            "id": "a",
            "image": "a.png",
            "conversations": [
                {"from": "human", "value": "<image>\nWhat is seen?"},
                {"from": "gpt", "value": "A plaque."},
            ],
        }
    ]
    tombstone = {"image_sha256": "ab" * 32, "reason": "asked", "withdrawn_on": "2026-01-01"}

    def use_decisions(path: Path) -> None:
        standing_decisions(read_decisions(path.parent)[0])

    def checked(*command: str) -> Use:
        return lambda path: run_command([*command, "--in", str(path), "--out", str(path) + ".out"])

    return [
        Target(
            name="decisions",
            seeds=[b"".join(to_json(one) + b"\n" for one in decisions)],
            mutate=mutate_jsonl,
            use=use_decisions,
            file="ann.jsonl",
        ),
        Target(
            name="pairs",
            seeds=[as_jsonl(pairs)],
            mutate=mutate_jsonl,
            use=checked("vqa", "check"),
            file="pairs.jsonl",
        ),
        Target(
            name="sentences",
            seeds=[as_jsonl(sentences)],
            mutate=mutate_jsonl,
            use=checked("demographics"),
            file="sentences.jsonl",
        ),
        Target(
            name="withdrawn",
            seeds=[as_jsonl([tombstone])],
            mutate=mutate_jsonl,
            use=lambda path: (read_tombstones(path), None)[1],
            file="withdrawn.jsonl",
        ),
        Target(
            name="talks",
            seeds=[json.dumps(talks).encode()],
            mutate=mutate_json,
            use=_use_talks,
            file="talks.json",
        ),
    ]


def _use_talks(path: Path) -> None:
    from mmskin_build.skinvl.examples import read_conversations

    read_conversations(path)


def _release(folder: Path) -> list[Target]:
    release = make_release(folder, 4)
    files = sorted(path for path in release.iterdir() if path.suffix in (".json", ".csv"))
    files.append(release / "SHA256SUMS")
    return [
        in_a_copy("release", release, file, lambda copy: verify_release(copy)) for file in files
    ]


def _upstream(folder: Path) -> list[Target]:
    source = make_upstream(folder)

    def use(copy: Path) -> None:
        import_upstream(copy, copy.parent / "out", "fuzz", "1.0.0")

    return [
        in_a_copy("upstream", source, source / name, use)
        for name in ("caption.csv", "vqa_MM.json", "MM-Skin_test.csv")
    ]


def _pictures() -> list[Target]:
    rgb = np.random.default_rng(1).integers(0, 255, (40, 60, 3), np.uint8)
    seeds = []
    for form in ("PNG", "JPEG", "WEBP", "TIFF", "GIF", "BMP"):
        out = io.BytesIO()
        Image.fromarray(rgb).save(out, form)
        seeds.append(out.getvalue())
    return [
        Target(
            name="pictures",
            seeds=seeds,
            mutate=mutate_bytes,
            use=lambda path: (read_picture(path), None)[1],
            file="picture.png",
        )
    ]


def _build(folder: Path) -> list[Target]:
    """A stage output's manifest, the same packed for shared storage, the last build, the queue."""
    workspace = make_review(folder)
    entry = next(iter(workspace.store.glob("cut_pictures/*/*")))

    def use_entry(path: Path) -> None:
        copy = path.parent / entry.name
        copy.mkdir(exist_ok=True)
        shutil.copy(entry / "about.txt", copy)
        shutil.copy(path, copy / MANIFEST)
        read_entry(copy, deep=True)

    def use_pack(path: Path) -> None:
        copy = path.parent / "unpacked"
        copy.mkdir()
        with path.open("rb") as file:
            unpack(file, copy)
        again = io.BytesIO()
        write_pack(again, copy)
        if again.getvalue() != path.read_bytes():
            raise AssertionError("what was taken is not what was packed")

    packed = io.BytesIO()
    write_pack(packed, entry)

    def use_build(path: Path) -> None:
        data = path.parent / "data"
        (data / "work").mkdir(parents=True, exist_ok=True)
        shutil.copy(path, data / "work" / "build.json")
        read_build(Workspace(data))

    queue = next(iter((workspace.review / "queue").glob("*.jsonl"))).read_bytes()
    return [
        Target(
            name="manifest",
            seeds=[(entry / MANIFEST).read_bytes()],
            mutate=mutate_json,
            use=use_entry,
            file="changed.json",
        ),
        Target(
            name="pack",
            seeds=[packed.getvalue()],
            mutate=_mutate_pack,
            use=use_pack,
            file="changed.tar",
        ),
        Target(
            name="last build",
            seeds=[workspace.current.read_bytes()],
            mutate=mutate_json,
            use=use_build,
            file="changed.json",
        ),
        Target(
            name="queue",
            seeds=[queue],
            mutate=mutate_jsonl,
            use=lambda path: (read_jsonl(path, Task), None)[1],
            file="bk1.jsonl",
        ),
    ]


def _mutate_pack(rng: random.Random, content: bytes) -> bytes:
    """Change any bytes, or what the manifest in front lists, its header put right again."""
    if rng.random() < 0.5:
        return mutate_bytes(rng, content)
    block = tarfile.BLOCKSIZE
    head = tarfile.TarInfo.frombuf(content[:block], "utf-8", "strict")
    manifest = mutate_json(rng, content[block : block + head.size])
    rest = content[block + head.size + -head.size % block :]
    head.size = len(manifest)
    made = head.tobuf(tarfile.USTAR_FORMAT) + manifest + bytes(-len(manifest) % block)
    return made + rest


def _tables() -> list[Target]:
    examples = b"file,class,source\na.png,clinical,one\nb.png,dermoscopic,two\n"
    element = {
        "Bounds": [72.0, 700.0, 300.0, 712.0],
        "Page": 0,
        "Path": "//Document/P",
        "Text": "Figure 1. A plaque.",
        "Font": {"name": "Times", "weight": 400, "italic": False},
        "TextSize": 9.0,
    }
    page = {"page_number": 0, "width": 612.0, "height": 792.0, "rotation": 0, "is_scanned": False}
    extract = {
        "version": {"json_export": "1"},
        "extended_metadata": {"page_count": 1},
        "pages": [page],
        "elements": [element, {**element, "Path": "//Document/Figure"}],
    }
    return [
        Target(
            name="examples",
            seeds=[examples],
            mutate=mutate_csv,
            use=lambda path: (read_examples(path), None)[1],
            file="examples.csv",
        ),
        Target(
            name="adobe",
            seeds=[json.dumps(extract).encode()],
            mutate=mutate_json,
            use=lambda path: (load_extract(path.parent, 1), None)[1],
            file="structuredData.json",
        ),
        Target(
            name="model of kinds",
            seeds=[b'{"form": 1, "kinds": [], "features": 3, "weights": [[0.1, 0.2]]}'],
            mutate=mutate_json,
            use=lambda path: (read_model_file(path), None)[1],
            file="model.json",
        ),
        Target(
            name="metadata",
            seeds=[b'{"form": "mmskin-metadata-1", "name": "a", "version": "1.0.0", "files": {}}'],
            mutate=mutate_json,
            use=lambda path: (read_metadata(path.parent), read_descriptions(path.parent), None)[2],
            file="metadata.json",
        ),
    ]


def _requests(folder: Path) -> Target:
    workspace = make_review(folder)
    app: Any = build_app(workspace, Config(), reviewer="ada", port=8000)
    tasks = [
        task.id
        for path in sorted((workspace.review / "queue").glob("*"))
        for task in read_jsonl(path, Task)
    ]
    host = {"Host": "127.0.0.1:8000", "Origin": "http://127.0.0.1:8000"}
    seeds = []
    for method, path, body in (
        ("GET", f"/task/{tasks[0]}?kind=modality&book=bk1", None),
        ("GET", "/next?after=1&kind=figure", None),
        ("GET", "/gallery?kind=modality&after=2", None),
        ("GET", f"/thumbnail/{tasks[0]}/0", None),
        ("GET", "/static/review.js", None),
        ("POST", "/decide", {"task": tasks[1], "id": "ab" * 16, "value": "clinical", "ground": "g",
                             "made_on": "", "details": {"text": "A plaque."}, "note": "n"}),
        ("POST", "/decide", [{"task": tasks[2], "id": "cd" * 16, "value": "accepted"}]),
        ("POST", "/undo", {"id": "ab" * 16}),
        ("POST", "/reviewer", {"name": "bob"}),
    ):  # fmt: skip
        headers = {**host, "Content-Type": "application/json"} if method == "POST" else host
        seeds.append(
            json.dumps({"method": method, "path": path, "headers": headers, "body": body}).encode()
        )

    def use(path: Path) -> None:
        try:
            asked = json.loads(path.read_bytes())
            request = httpx.Request(
                str(asked["method"]),
                "http://127.0.0.1:8000/" + str(asked["path"]).lstrip("/"),
                headers={str(k): str(v) for k, v in dict(asked["headers"]).items()},
                content=asked["body"]
                if isinstance(asked["body"], str)
                else json.dumps(asked["body"]),
            )
        except Exception:
            return  # the client itself refuses to send it
        status = asyncio.run(_ask(app, request))
        assert status < 500, f"the server answered {status}"

    return Target(
        name="requests", seeds=seeds, mutate=_mutate_request, use=use, file="request.json"
    )


def _mutate_request(rng: random.Random, content: bytes) -> bytes:
    asked = json.loads(content)
    part = rng.choice(("method", "path", "headers", "body", "body"))
    if part == "path":
        pieces = asked["path"].split("/")
        pieces[rng.randrange(len(pieces))] = str(rng.choice(VALUES))[:3000]
        asked["path"] = rng.choice(("/", "//", "/%2e%2e/")).join(pieces)
    elif asked[part] is not None:
        asked[part] = json.loads(mutate_json_only(rng, json.dumps(asked[part]).encode()))
    return json.dumps(asked).encode("utf-8", "surrogatepass")


def mutate_json_only(rng: random.Random, content: bytes) -> bytes:
    """JSON that stays JSON."""
    while True:
        changed = mutate_json(rng, content)
        try:
            json.loads(changed)
        except (ValueError, RecursionError):
            continue
        return changed


async def _ask(app: Any, request: httpx.Request) -> int:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport) as client:
        return (await client.send(request)).status_code
