"""A few of the disturbed builds of `make bench-faults`, and what they have found."""

from __future__ import annotations

import dataclasses
import multiprocessing
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fault_chores import CHORES, prepare_chores, run_chore
from fault_kinds import GOOD, KINDS, Base, make_base, run_fault
from mmskin_build import builds, cli, steps, store
from mmskin_build.cache import Entry, Stage, Store
from mmskin_build.config import Config, PdfConfig, Workspace, WorkspaceConfig
from mmskin_build.errors import ResourceError, SchemaError, StorageError
from mmskin_build.images import bodyparts, classify, imagenet, screen
from mmskin_build.images.classify import screen_files
from mmskin_build.pdf import crew
from mmskin_build.pdf.isolation import WorkerPool
from mmskin_build.pdf.jobs import PageJob, PdfSource
from mmskin_build.pdf.process import is_out_of_memory
from mmskin_build.records import PageFailure
from page_work import act
from tiny_books import draw_book

QUICK = ("disk_full", "read_error", "store_damaged")  # of which one run is in every test run
CFG = Config(workspace=WorkspaceConfig(workers=1))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    return make_base(tmp_path_factory.mktemp("faults") / "base", pages=8)


@pytest.mark.parametrize(
    ("kind", "seed"),
    [
        pytest.param(kind, seed, marks=() if kind in QUICK and not seed else pytest.mark.slow)
        for kind in KINDS
        for seed in range(2)
    ],
)
def test_a_disturbed_build_ends_the_same_or_says_why_it_stopped(
    base: Base, kind: str, seed: int
) -> None:
    folder = base.folder.parent / f"{kind}-{seed}"
    ended = run_fault(base, kind, seed, folder, took_s=10.0)
    assert ended.outcome in GOOD, ended


@pytest.fixture(scope="module")
def with_chores(base: Base, tmp_path_factory: pytest.TempPathFactory) -> Base:
    folder = tmp_path_factory.mktemp("chores") / "base"
    shutil.copytree(base.folder, folder)
    return prepare_chores(Base(folder=folder))


@pytest.mark.slow
@pytest.mark.parametrize("name", CHORES)
@pytest.mark.parametrize("seed", range(2))
def test_a_disturbed_chore_ends_the_same_or_says_why_it_stopped(
    with_chores: Base, name: str, seed: int
) -> None:
    folder = with_chores.folder.parent / f"{name}-{seed}"
    ended = run_chore(with_chores, name, seed, folder, took_s=4.0)
    assert ended.outcome in GOOD, ended


# ------------------------------------------------------------------------- what they have found


def test_a_picture_that_changed_on_the_disk_is_cut_again_before_it_is_screened(
    base: Base, tmp_path: Path
) -> None:
    workspace = copy_of(base, tmp_path)
    before = workspace.current.read_bytes()
    for picture in workspace.store.glob("cut_pictures/*/*/pictures/*.png"):
        content = bytearray(picture.read_bytes())
        content[len(content) // 2] ^= 1
        picture.write_bytes(content)
    for name in ("screen_pictures", "assemble_book", "join_books"):
        subprocess.run(["rm", "-r", str(workspace.store / name)], check=True)
    builds.build(workspace, CFG)
    assert workspace.current.read_bytes() == before


def test_a_picture_that_is_read_back_otherwise_stops_the_build(base: Base, tmp_path: Path) -> None:
    workspace = copy_of(base, tmp_path)
    subprocess.run(["rm", "-r", str(workspace.store / "screen_pictures")], check=True)

    def unread(files: Any, **options: Any) -> Any:
        reason = {"reason": "file_unreadable", "detail": "input/output error"}
        return tuple(dataclasses.replace(p, **reason) for p in screen_files(files, **options))

    (book,) = builds.begin_build(workspace)
    with (
        steps.open_job(workspace, CFG) as job,
        pytest.raises(StorageError, match="input/output error.*mmskin build --check"),
    ):
        builds.build_book(dataclasses.replace(job, screen=unread), book)


def copy_of(base: Base, tmp_path: Path) -> Workspace:
    subprocess.run(["cp", "-r", str(base.folder), str(tmp_path / "copy")], check=True)
    return Workspace(tmp_path / "copy" / "data")


def test_what_the_machine_failed_is_tried_again_when_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace(tmp_path / "data")
    pdf = draw_book(tmp_path / "book.pdf", figures=2)
    assert cli.run(["books", "add", str(pdf), "--id", "bk1", "--data", str(workspace.data)]) == 0
    real = steps.read_pages

    def some_failed(*given: Any) -> Any:
        pages, failures = real(*given)
        lost = PageFailure(page_index=1, reason="page_out_of_memory", detail="no memory")
        return pages[:1], (*failures, lost)

    monkeypatch.setattr(steps, "read_pages", some_failed)
    first, _ = builds.build(workspace, CFG)
    monkeypatch.undo()
    kept, _ = builds.build(workspace, CFG)
    assert kept.books[0].failed_pages == {"page_out_of_memory": 1} == first.books[0].failed_pages
    again, outcomes = builds.build(workspace, CFG, check=True)
    assert again.books[0].failed_pages == {}
    assert "read_book" in outcomes[0].computed
    assert builds.build(workspace, CFG, check=True)[1][0].computed == ()


def test_a_worker_that_dies_while_it_starts_is_started_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pdf = draw_book(tmp_path / "book.pdf", figures=1)
    started: list[crew.WorkerProcess] = []
    real = crew.WorkerProcess

    def deadly(limits: PdfConfig) -> crew.WorkerProcess:
        worker = real(limits)
        started.append(worker)
        if len(started) <= dead:
            os.kill(worker._process.pid, signal.SIGKILL)
        return worker

    monkeypatch.setattr(crew, "WorkerProcess", deadly)
    source, jobs = PdfSource(path=pdf), [PageJob(page_index=0, payload="read")]
    dead = 1
    with WorkerPool(PdfConfig()) as pool:
        assert isinstance(pool.run(source, jobs, act)[0], str)
    started.clear()
    dead = 2
    with WorkerPool(PdfConfig()) as pool, pytest.raises(ResourceError, match="did not start"):
        pool.run(source, jobs, act)


def test_a_worker_that_screens_ends_with_its_parent(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys\n"
        "from mmskin_build.images.classify import _pool\n"
        "if __name__ == '__main__':\n"
        "    with _pool(1) as (pool, _):\n"
        "        print(pool.submit(os.getpid).result(), flush=True)\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    script = tmp_path / "parent.py"
    script.write_text(code)
    done = subprocess.run([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    worker = int(done.stdout)
    if psutil.pid_exists(worker):
        _, alive = psutil.wait_procs([psutil.Process(worker)], timeout=60)
        assert alive == []


def test_a_pool_that_cannot_start_its_thread_leaves_no_workers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    before = set(multiprocessing.active_children())
    monkeypatch.setattr("concurrent.futures.process._ExecutorManagerThread.start", refuse)
    with pytest.raises(RuntimeError, match="thread"), classify._pool(1) as (pool, _):
        pool.submit(os.getpid)
    started = set(multiprocessing.active_children()) - before
    for process in started:
        process.join(60)
    assert [process for process in started if process.is_alive()] == []


def test_a_pool_whose_thread_ends_is_given_up_and_leaves_no_workers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(self: Any) -> None:
        raise RuntimeError("can't start new thread")

    hook, before = threading.excepthook, set(multiprocessing.active_children())
    monkeypatch.setattr("multiprocessing.queues.Queue._start_thread", refuse)
    with pytest.raises(RuntimeError, match="thread"), classify._pool(1) as (pool, ended):
        list(ended([pool.submit(os.getpid)]))
    for process in set(multiprocessing.active_children()) - before:
        process.join(60)
        assert not process.is_alive()
    assert threading.excepthook is hook
    assert "Traceback" not in capsys.readouterr().err


def test_a_detector_without_memory_says_nothing_of_the_picture() -> None:
    def starved() -> None:
        raise MemoryError

    with pytest.raises(MemoryError):
        screen._ask("marks", starved, [])
    lost = classify.ScreenedPicture(name="a", reason="picture_too_large", detail=classify.NO_MEMORY)
    large = classify.ScreenedPicture(name="a", reason="picture_too_large", detail="9 x 9 pixels")
    assert classify.is_machine_to_blame(lost)
    assert not classify.is_machine_to_blame(large)
    assert multiprocessing.parent_process() is None  # nobody to end with: this is no worker


def test_weights_that_memory_is_too_short_for_are_not_to_be_installed_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def starve(*given: Any, **options: Any) -> None:
        raise RuntimeError("Failed to serialize proto")

    monkeypatch.setattr("onnxruntime.InferenceSession", starve)
    for session in (bodyparts._sessions, imagenet._session):
        with pytest.raises(MemoryError, match="serialize"):
            session.__wrapped__()


def test_what_was_tried_after_memory_ran_out_does_not_hide_it() -> None:
    try:
        try:
            raise ImportError("_mupdf.so: failed to map segment from shared object")
        except ImportError:
            raise ModuleNotFoundError("No module named 'mupdf'")  # noqa: B904
    except ModuleNotFoundError as error:
        assert is_out_of_memory(error)
    assert not is_out_of_memory(ModuleNotFoundError("No module named 'mupdf'"))


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (MemoryError(), 16, "out of memory"),
        (ImportError("a.so: failed to map segment from shared object"), 16, "out of memory"),
        (RuntimeError("[ONNXRuntimeError] failed:std::bad_alloc"), 16, "out of memory"),
        (OSError(28, "No space left on device", "/a"), 11, "/a: the disk is full"),
        (OSError(5, "Input/output error", "/a"), 11, "mmskin doctor --repair"),
        (OSError(27, "File too large", "/a"), 11, "larger than is allowed"),
    ],
)
def test_what_the_machine_refuses_is_no_mistake_of_the_program(
    error: Exception,
    code: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    def fail(*given: Any, **options: Any) -> None:
        raise error

    monkeypatch.setattr(builds, "build", fail)
    assert cli.run(["build", "--data", str(tmp_path)]) == code
    shown = capsys.readouterr().err
    assert said in shown
    assert "unexpected" not in shown


def test_a_cap_below_what_libraries_need_is_told_before_they_are_loaded(tmp_path: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (200 * 2**20, 200 * 2**20))

    command = [sys.executable, "-m", "mmskin_build", "books", "list", "--data", str(tmp_path)]
    done = subprocess.run(command, preexec_fn=limit, capture_output=True, text=True)
    assert done.returncode == 16
    assert "ulimit -v" in done.stderr


def test_a_damaged_file_of_the_last_build_does_not_stop_the_next(
    base: Base, tmp_path: Path
) -> None:
    workspace = copy_of(base, tmp_path)
    before = workspace.current.read_bytes()
    for content in (before[:50], b"\xff", b""):
        workspace.current.write_bytes(content)
        assert cli.run(["build", "--data", str(workspace.data), "--workers", "1", "-q"]) == 0
        assert workspace.current.read_bytes() == before


def test_a_build_clears_away_what_killed_ones_were_writing(base: Base, tmp_path: Path) -> None:
    workspace = copy_of(base, tmp_path)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    name = store.process_name().rpartition(".")[0] + f".{ended.pid}"
    left = workspace.work / f".build.json.00@{name}.tmp"
    left.write_bytes(b"{")
    builds.begin_build(workspace)
    assert not left.exists()


@pytest.mark.parametrize("content", [b"", b"no gzip", "cut", "flipped"])
def test_a_damaged_gzip_file_is_told_with_its_name(tmp_path: Path, content: bytes | str) -> None:
    path = tmp_path / "pages.jsonl.gz"
    store.write_jsonl(path, [PageFailure(page_index=n, reason="r", detail="d") for n in range(99)])
    whole = path.read_bytes()
    damaged = {"cut": whole[:-20], "flipped": whole[:30] + b"\xff\xff" + whole[32:]}
    path.write_bytes(content if isinstance(content, bytes) else damaged[content])
    if content:
        with pytest.raises(SchemaError, match=r"pages\.jsonl\.gz"):
            store.read_jsonl(path, PageFailure)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


@given(data=st.data())
def test_no_bit_of_a_manifest_can_change_unseen(folder: Path, data: st.DataObject) -> None:
    stage = Stage(name="s", version="1", config_sha256="c", inputs={"a": "b"})
    entry = Store(folder).run(stage, lambda out: store.write_bytes(out / "a.json", b"{}"))
    path = entry.folder / "manifest.json"
    content = path.read_bytes()
    changed = bytearray(content)
    at = data.draw(st.integers(0, len(content) - 1))
    changed[at] ^= 1 << data.draw(st.integers(0, 7))
    try:
        path.write_bytes(changed)
        found = Store(folder).find(stage, deep=True)
        # Spaces between the parts of JSON may change; nothing that is read may.
        assert found is None or same(found, entry)
    finally:
        path.write_bytes(content)


def same(one: Entry, other: Entry) -> bool:
    return (one.key, one.outputs) == (other.key, other.outputs)


def test_a_file_that_may_not_grow_is_told(tmp_path: Path) -> None:
    code = "from pathlib import Path\nfrom mmskin_build.store import write_bytes\n"
    code += f"write_bytes(Path({str(tmp_path / 'a')!r}), bytes(9000))\n"

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    done = subprocess.run(
        [sys.executable, "-c", code], preexec_fn=limit, capture_output=True, text=True
    )
    assert "StorageError" in done.stderr and "larger than is allowed" in done.stderr
    assert list(tmp_path.iterdir()) == []
