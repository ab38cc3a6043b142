"""A workspace to review without a build: drawn pictures, a drawn book, a task of each kind."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from mmskin_build.books import add_book
from mmskin_build.cache import Stage, Store
from mmskin_build.config import PdfConfig, Workspace
from mmskin_build.dataset.summary import BookSummary, BuildSummary
from mmskin_build.decisions import CaptionPlace, content_key, ground_digest
from mmskin_build.geometry import Bbox
from mmskin_build.pdf.isolation import WorkerPool
from mmskin_build.records import Demographics, Evidence
from mmskin_build.review.queue import write_queue
from mmskin_build.review.tasks import SECONDS, Task, TaskKind, TaskPage, TaskPicture
from mmskin_build.store import pixel_digest, to_json, write_bytes
from tiny_books import draw_book

PAGES = 6
GALLERY = 26  # modality tasks with one proposal: a grid of 24 and two more
EVIL = "<script>document.title='owned'</script><img src=x onerror=alert(1)>"


def draw_pictures(folder: Path, count: int) -> list[tuple[str, int, int]]:
    """Write `count` different PNG files named by their digest; return digest, width, height."""
    found = []
    for number in range(count):
        rng = np.random.default_rng(number)
        rgb = np.full((150, 220, 3), rng.integers(120, 230, 3), np.uint8)
        y, x = np.mgrid[:150, :220]
        for _ in range(4):
            cy, cx, r = rng.integers(20, 130), rng.integers(20, 200), rng.integers(8, 30)
            rgb[(y - cy) ** 2 + (x - cx) ** 2 < r**2] = rng.integers(60, 220, 3)
        digest = pixel_digest(rgb)
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rgb).save(folder / f"{digest}.png")
        found.append((digest, 220, 150))
    return found


def make_task(kind: TaskKind, number: int, **fields: Any) -> Task:
    """One task about the picture or figure `number` of book bk1; page and box follow from it."""
    page_index = number % PAGES
    box = Bbox(72 + 5 * number, 112, 372 + 5 * number, 312)
    digest = fields.pop("image_sha256", f"{number:064x}")
    picture = TaskPicture(
        item_id=f"f{number}#0",
        image_sha256=digest,
        book_id="bk1",
        page_index=page_index,
        bbox=box,
        width_px=220,
        height_px=150,
    )
    question = fields.get("question")
    key = content_key(
        kind,
        image_sha256=digest,
        other_sha256=fields.pop("other_sha256", None),
        book_sha256="ab" * 32,
        page_index=page_index,
        bbox=box,
        question=question,
        answer=fields.get("answer"),
    )
    caption = fields.get("caption", f"Plaque number {number} on the left forearm.")
    defaults: dict[str, Any] = {
        "id": key,
        "kind": kind,
        "book_id": "bk1",
        "book_sha256": "ab" * 32,
        "page_index": page_index,
        "bbox": box,
        "figure_id": f"f{number}",
        "figure_label": f"Figure 2.{number + 1}",
        "record_id": f"bk1_2_{number + 1}",
        "pictures": (picture,),
        "pages": (page_of(page_index),),
        "caption": caption,
        "why": ("modality_unsure",),
        "evidence": (Evidence(name="clinical", value="0.50", weight=0.5),),
        "ground": ground_digest(digest, caption),
        "group": f"bk1 f{number}",
        "gain": 0.5,
        "seconds": SECONDS[kind],
    }
    return Task(**(defaults | fields))


def page_of(page_index: int) -> TaskPage:
    return TaskPage(
        page_index=page_index, label=str(page_index + 1), width_pt=612.0, height_pt=792.0
    )


def one_of_each(pictures: Sequence[tuple[str, int, int]], start: int = 0) -> list[Task]:
    """A task of each kind, about pictures from `start` on."""
    names = [digest for digest, _, _ in pictures[start:]]
    captions = tuple(
        CaptionPlace(
            page_index=page,
            bbox=Bbox(72, 454, 372, 466),
            text=f"Plaque number {page + 1} on the left forearm.",
            label=f"Figure 2.{page + 1}",
        )
        for page in (1, 2, 3)
    )
    two = replace(make_task("duplicate", 5, image_sha256=names[5]).pictures[0])
    figure = make_task(
        "figure",
        2 + 6 * (start // 10),
        image_sha256=names[1],
        proposed="accepted",
        why=("low_confidence",),
        caption=captions[0].text,
        caption_place=captions[0],
        captions=captions,
        pages=tuple(page_of(index) for index in (1, 2, 3)),
        confidence=0.4,
    )
    panels = tuple(
        replace(
            figure.pictures[0],
            item_id=f"f2#{side}",
            bbox=Bbox(72 + 150 * side, 112, 212 + 150 * side, 312),
            image_sha256=names[1 + side],
            label="ab"[side],
            text=f"part {side}",
        )
        for side in range(2)
    )
    return [
        make_task(
            "sensitive",
            0,
            image_sha256=names[0],
            proposed="keep",
            why=("face",),
            asked=("face",),
            blocks=True,
            gain=1.0,
        ),
        replace(figure, pictures=panels),
        make_task(
            "annotated",
            3,
            image_sha256=names[3],
            proposed="drop",
            why=("annotated_major",),
            asked=("annotated_major",),
            blocks=True,
        ),
        make_task("modality", 4, image_sha256=names[4], proposed="dermoscopic"),
        make_task(
            "demographics",
            5,
            image_sha256=names[5],
            proposed="accepted",
            why=("patient_unsure",),
            caption="A 34-year-old woman with a plaque.",
            patient=Demographics(age_years=34.0, sex="female"),
        ),
        replace(
            make_task(
                "duplicate",
                5,
                image_sha256=names[5],
                other_sha256=names[6],
                proposed="same",
                why=("duplicate_unsure",),
            ),
            pictures=(two, replace(two, image_sha256=names[6])),
        ),
        make_task(
            "qa",
            7,
            image_sha256=names[7],
            proposed="accepted",
            why=("answer_unsure",),
            question="Where is the plaque?",
            answer="On the forearm.",
        ),
        make_task("sample", 8, image_sha256=names[8], proposed="right", why=()),
    ]


def make_review(folder: Path, tasks: Sequence[Task] | None = None) -> Workspace:
    """A workspace with a drawn book of `PAGES` pages, pictures in the store and a queue."""
    workspace = Workspace(folder / "data")
    (workspace.data / "books").mkdir(parents=True)
    pdf = draw_book(workspace.data / "books" / "one.pdf", figures=PAGES)
    with WorkerPool(PdfConfig()) as pool:
        book = add_book(workspace, pool, pdf, book_id="bk1")
    drawn: list[tuple[str, int, int]] = []
    keys: dict[str, str] = {}
    for name in ("cut_pictures", "assemble_book"):
        stage = Stage(name=name, version="test", config_sha256="", inputs={})

        def produce(out: Path, name: str = name) -> None:
            write_bytes(out / "about.txt", b"drawn")
            if name == "cut_pictures":
                drawn.extend(draw_pictures(out / "pictures", 40 + GALLERY))

        keys[name] = Store(workspace.store).run(stage, produce).key
    summary = BookSummary(id="bk1", title="one", sha256=book.sha256, status="built", stages=keys)
    write_bytes(workspace.current, to_json(BuildSummary(books=(summary,), content_digest="")))
    if tasks is None:
        grid = [
            make_task("modality", n, image_sha256=drawn[40 + n][0], proposed="clinical", gain=0.1)
            for n in range(GALLERY)
        ]
        evil = make_task("modality", 9, image_sha256=drawn[30][0], proposed="other", caption=EVIL)
        tasks = [*one_of_each(drawn), *one_of_each(drawn, 10), evil, *grid]
    queue = [task for task in tasks if task.kind != "sample"]
    write_queue(workspace.review / "queue", queue, ["bk1"])
    samples = [task for task in tasks if task.kind == "sample"]
    if samples:
        write_bytes(
            workspace.review / "sample" / "sample.jsonl",
            b"".join(to_json(task) + b"\n" for task in samples),
        )
    return workspace


@dataclass(slots=True)
class Server:
    """A running `mmskin review`."""

    process: subprocess.Popen[str]
    address: str

    @property
    def port(self) -> int:
        return int(self.address.partition("/?")[0].rstrip("/").rpartition(":")[2])

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def start_server(
    workspace: Workspace, *, port: int = 0, reviewer: str = "ada", host: str = "127.0.0.1"
) -> Server:
    """Start the server and wait until it listens."""
    process = subprocess.Popen(
        [sys.executable, "-m", "mmskin_build", "review", "--data", str(workspace.data)]
        + ["--host", host, "--port", str(port), "--reviewer", reviewer, "--quiet"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    assert address.startswith("http://"), address
    server = Server(process=process, address=address)
    for _ in range(200):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
            connection.request("GET", "/help")
            connection.getresponse().read()
            return server
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the server does not answer")


@contextlib.contextmanager
def running(workspace: Workspace, **options: Any) -> Iterator[Server]:
    server = start_server(workspace, **options)
    try:
        yield server
    finally:
        server.kill()


def ask(
    port: int,
    method: str,
    path: str,
    body: Any = None,
    headers: dict[str, str] | None = None,
    timeout: float = 10.0,
) -> tuple[int, dict[str, str], bytes]:
    """One request as a browser on this machine would send it."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    own = f"http://127.0.0.1:{port}"
    given = {"Origin": own, "Content-Type": "application/json"} if method == "POST" else {}
    content = None if body is None else body if isinstance(body, bytes) else json.dumps(body)
    connection.request(method, path, content, {**given, **(headers or {})})
    answer = connection.getresponse()
    found = answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
    connection.close()
    return found


def decisions_of(workspace: Workspace) -> list[dict[str, Any]]:
    """The lines of all decision files."""
    return [
        json.loads(line)
        for path in sorted((workspace.review / "decisions").glob("*.jsonl"))
        for line in path.read_bytes().splitlines()
    ]
