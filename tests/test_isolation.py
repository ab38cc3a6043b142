"""Workers: a page that crashes, hangs, eats memory or raises fails alone; nothing else does."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pymupdf
import pytest

from mmskin_build.config import PdfConfig
from mmskin_build.errors import (
    ConfigError,
    EncryptedPdfError,
    InputPdfError,
    MissingBookError,
    MmskinError,
)
from mmskin_build.pdf import process
from mmskin_build.pdf.isolation import FAILURES, WorkerPool
from mmskin_build.pdf.jobs import PageJob, PdfSource
from mmskin_build.records import PageFailure
from page_work import act, count_opening, crash_on_opening, crash_once, meet

LIMITS = PdfConfig(page_time_limit_s=60.0, memory_limit_mib=1024)
QUICK = PdfConfig(page_time_limit_s=2.0, memory_limit_mib=1024)


def make_pdf(path: Path, pages: int = 4, **options: object) -> PdfSource:
    document = pymupdf.open()
    for index in range(pages):
        document.new_page(width=200, height=200).insert_text((20, 40), f"Page {index}")
    document.save(path, **options)
    return PdfSource(path=path)


def jobs(*deeds: str) -> list[PageJob[str]]:
    return [PageJob(page_index=index, payload=deed) for index, deed in enumerate(deeds)]


@pytest.fixture
def source(tmp_path: Path) -> PdfSource:
    return make_pdf(tmp_path / "four.pdf")


@pytest.fixture(scope="module")
def pool() -> WorkerPool:
    with WorkerPool(LIMITS) as pool:
        yield pool


def test_results_keep_the_order_of_the_jobs(pool: WorkerPool, source: PdfSource) -> None:
    seen: list[int] = []
    order = [PageJob(page_index=index, payload="read") for index in (3, 0, 2)]

    assert pool.run(source, order, act, on_page=seen.append) == ["3:Page 3", "0:Page 0", "2:Page 2"]
    assert seen == [3, 0, 2]
    assert pool.run(source, [], act) == []


def test_a_worker_that_has_gathered_much_memory_is_replaced_between_chunks(
    source: PdfSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = [PageJob(page_index=index % 4, payload="pid") for index in range(120)]
    with WorkerPool(LIMITS) as pool:
        assert len(set(pool.run(source, work, act))) == 1
        monkeypatch.setattr(process, "WORN_MIB", 1)
        seen = pool.run(source, work, act)
    assert len(set(seen)) == 3  # one a chunk of 50 pages
    assert seen == sorted(seen, key=seen.index)


@pytest.mark.parametrize(
    ("deed", "reason", "detail"),
    [
        ("crash", "page_crashed", "SIGSEGV"),
        ("exit", "page_crashed", "exit code 3"),
        ("allocate", "page_out_of_memory", "MemoryError"),
        ("allocate in C", "page_out_of_memory", "alloc"),
        ("mistake", "page_unreadable", r"TypeError at page_work.py:\d+: can only concatenate"),
        ("bad page", "page_unreadable", "^page of 300 inches is over the limit$"),
        ("unpicklable", "page_unreadable", "cannot pickle"),
    ],
)
def test_a_bad_page_fails_alone(
    pool: WorkerPool, source: PdfSource, deed: str, reason: str, detail: str
) -> None:
    seen: list[int] = []

    first, bad, *rest = pool.run(source, jobs("read", deed, "read", "read"), act, seen.append)

    assert (first, rest) == ("0:Page 0", ["2:Page 2", "3:Page 3"])
    assert isinstance(bad, PageFailure)
    assert (bad.page_index, bad.reason) == (1, reason)
    assert reason in FAILURES
    assert re.search(detail, bad.detail)
    assert "\n" not in bad.detail
    assert sorted(seen) == [0, 1, 2, 3]
    assert pool.run(source, jobs("read"), act) == ["0:Page 0"]


@pytest.mark.parametrize("deed", ["hang", "hang in C"])
def test_a_page_without_end_is_stopped(source: PdfSource, deed: str) -> None:
    with WorkerPool(QUICK) as pool:
        *good, bad = pool.run(source, jobs("read", "read", "read", deed), act)

        assert good == ["0:Page 0", "1:Page 1", "2:Page 2"]
        assert bad == PageFailure(
            page_index=3, reason="page_timed_out", detail="gave no result within 2 s"
        )
        assert pool.run(source, jobs("read"), act) == ["0:Page 0"]


def test_the_number_of_workers_changes_nothing(tmp_path: Path) -> None:
    source = make_pdf(tmp_path / "many.pdf", pages=60)
    deeds = ["read"] * 60
    for index, deed in {0: "crash", 30: "allocate", 31: "mistake"}.items():
        deeds[index] = deed

    with WorkerPool(LIMITS, workers=1) as one, WorkerPool(LIMITS, workers=2) as two:
        expected = one.run(source, jobs(*deeds), act)

        assert two.run(source, jobs(*deeds), act) == expected

    failed = [item.page_index for item in expected if isinstance(item, PageFailure)]
    assert failed == [0, 30, 31]
    assert len(expected) == 60


def test_a_crash_that_does_not_repeat_costs_nothing(source: PdfSource, tmp_path: Path) -> None:
    order = [PageJob(page_index=index, payload=tmp_path / "crashed") for index in range(4)]

    with WorkerPool(LIMITS) as pool:
        assert pool.run(source, order, crash_once) == [f"{n}:Page {n}" for n in range(4)]

    assert (tmp_path / "crashed").exists()


def test_one_worker_opens_an_unchanged_document_once(source: PdfSource) -> None:
    log = source.path.with_suffix(".opened")
    with WorkerPool(LIMITS, opener=count_opening) as pool:
        assert pool.inspect(source).page_count == 4
        pids = {*pool.run(source, jobs("pid"), act), *pool.run(source, jobs("pid"), act)}
        assert log.read_text() == "x"
        assert len(pids) == 1

        make_pdf(source.path, pages=7)

        assert pool.inspect(source).page_count == 7
        assert log.read_text() == "xx"


def test_a_wrong_setting_ends_the_run_and_the_pool_survives(
    pool: WorkerPool, source: PdfSource
) -> None:
    with pytest.raises(ConfigError, match="Klingon"):
        pool.run(source, jobs("read", "bad setting", "read"), act)

    assert pool.run(source, jobs("read"), act) == ["0:Page 0"]


def test_an_error_in_the_callback_is_passed_on(pool: WorkerPool, source: PdfSource) -> None:
    def interrupt(page_index: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pool.run(source, jobs("read", "hang"), act, on_page=interrupt)

    assert pool.run(source, jobs("read"), act) == ["0:Page 0"]


def test_work_that_a_worker_cannot_import_is_refused(pool: WorkerPool, source: PdfSource) -> None:
    with pytest.raises(ValueError, match="top level"):
        pool.run(source, jobs("read"), lambda document, job: job.payload)
    with pytest.raises(ValueError, match="at least 1 worker"):
        WorkerPool(LIMITS, workers=0)


def test_inspect_counts_pages_and_tells_of_repairs(pool: WorkerPool, tmp_path: Path) -> None:
    whole = make_pdf(tmp_path / "whole.pdf", pages=3)
    damaged = PdfSource(path=tmp_path / "damaged.pdf")
    damaged.path.write_bytes(re.sub(rb"startxref\s+\d+", b"startxref\n7", whole.path.read_bytes()))

    assert (pool.inspect(whole).page_count, pool.inspect(whole).repaired) == (3, False)
    assert (pool.inspect(damaged).page_count, pool.inspect(damaged).repaired) == (3, True)


@pytest.mark.parametrize(
    ("name", "content", "error", "message"),
    [
        ("absent.pdf", None, MissingBookError, "no such file"),
        ("empty.pdf", b"", InputPdfError, "empty"),
        ("page.html", b"<html><body>not here</body></html>", InputPdfError, "not a PDF"),
        ("cut.pdf", b"%PDF-1.7\n1 0 obj\n<< /Type /Cat", InputPdfError, "end is missing"),
    ],
)
def test_inspect_says_what_is_wrong_with_a_file(
    pool: WorkerPool,
    tmp_path: Path,
    name: str,
    content: bytes | None,
    error: type[MmskinError],
    message: str,
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(error, match=message) as caught:
        pool.inspect(PdfSource(path=path))

    assert str(path) in str(caught.value)


def test_a_folder_is_not_a_document(pool: WorkerPool, tmp_path: Path) -> None:
    with pytest.raises(InputPdfError, match="folder"):
        pool.inspect(PdfSource(path=tmp_path))


def test_too_many_pages_are_refused(tmp_path: Path) -> None:
    source = make_pdf(tmp_path / "long.pdf", pages=12)
    with (
        WorkerPool(PdfConfig(max_pages=11)) as pool,
        pytest.raises(InputPdfError, match="12 pages are more than max_pages = 11"),
    ):
        pool.inspect(source)


@pytest.mark.parametrize("count", [0, -1, 2**31 - 1, 2**31, 10**12])
def test_a_page_tree_that_lies_about_its_count_is_refused_or_read(
    pool: WorkerPool, source: PdfSource, count: int
) -> None:
    content = source.path.read_bytes()
    assert content.count(b"/Count 4") == 1
    source.path.write_bytes(content.replace(b"/Count 4", b"/Count %d" % count))
    try:
        found = pool.inspect(source).page_count
    except InputPdfError as error:
        assert str(source.path) in str(error)
    else:
        assert 1 <= found <= LIMITS.max_pages
        assert len(pool.run(source, jobs(*["read"] * min(found, 9)), act)) == min(found, 9)


def test_a_document_whose_opening_crashes_is_refused(source: PdfSource) -> None:
    with WorkerPool(LIMITS, opener=crash_on_opening) as pool:
        with pytest.raises(InputPdfError, match=r"four\.pdf: opening .* crashes .*SIGSEGV"):
            pool.inspect(source)
        with pytest.raises(InputPdfError, match="crashes"):
            pool.run(source, jobs("read"), act)


def test_passwords_come_from_the_environment(
    pool: WorkerPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "locked.pdf"
    make_pdf(path, encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="open", owner_pw="own")
    source = PdfSource(path=path, password_env="BOOK_PASSWORD")

    with pytest.raises(EncryptedPdfError, match="password_env"):
        pool.inspect(PdfSource(path=path))
    with pytest.raises(EncryptedPdfError, match="BOOK_PASSWORD is not set"):
        pool.inspect(source)
    monkeypatch.setenv("BOOK_PASSWORD", "shut")
    with pytest.raises(EncryptedPdfError, match="BOOK_PASSWORD does not open") as caught:
        pool.inspect(source)
    assert "shut" not in str(caught.value)
    monkeypatch.setenv("BOOK_PASSWORD", "open")
    assert pool.inspect(source).page_count == 4


def test_workers_serve_a_thread_that_ends(source: PdfSource) -> None:
    results: list[object] = []
    with WorkerPool(LIMITS) as pool:

        def read() -> None:
            results.extend(pool.run(source, jobs("pid"), act))

        for _ in range(2):
            thread = threading.Thread(target=read)
            thread.start()
            thread.join()

    assert len(results) == 2
    assert results[0] == results[1]


def test_calls_from_two_threads_have_a_worker_each(tmp_path: Path) -> None:
    folder = tmp_path / "met"
    folder.mkdir()
    sources = [make_pdf(tmp_path / f"{name}.pdf") for name in "ab"]
    work = [PageJob(page_index=index % 4, payload=folder) for index in range(8)]
    with WorkerPool(LIMITS, workers=2) as pool, ThreadPoolExecutor(2) as threads:
        calls = [threads.submit(pool.run, source, work, meet) for source in sources]
        assert [call.result() for call in calls] == [[2] * 8, [2] * 8]


def test_a_call_without_a_worker_comes_before_the_next_chunk_of_another(source: PdfSource) -> None:
    ended: list[str] = []
    with WorkerPool(LIMITS, workers=1) as pool, ThreadPoolExecutor(1) as threads:

        def ask() -> list[object]:
            return [pool.run(source, jobs("read"), act), ended.append("short")]

        def on_page(index: int) -> None:
            if not others:
                others.append(threads.submit(ask))
                while not pool._crew._queue:
                    time.sleep(0.01)

        others: list[Future[list[object]]] = []
        work = [PageJob(page_index=index % 4, payload="read") for index in range(120)]
        pool.run(source, work, act, on_page)
        ended.append("long")
        assert others[0].result()[0] == ["0:Page 0"]
    assert ended == ["short", "long"]


def test_closing_ends_the_calls_of_other_threads(source: PdfSource) -> None:
    under_way = threading.Event()
    with WorkerPool(LIMITS) as pool, ThreadPoolExecutor(1) as threads:
        work = jobs("read", "hang")
        call = threads.submit(pool.run, source, work, act, lambda index: under_way.set())
        under_way.wait()
        pool.close()
        with pytest.raises(RuntimeError, match="closed"):
            call.result(timeout=60)
        assert pool.run(source, jobs("read"), act) == ["0:Page 0"]


# A script without a __main__ guard, read from a file as a user would run it.
SCRIPT = """
import json, sys
from pathlib import Path
from mmskin_build.config import PdfConfig
from mmskin_build.pdf.jobs import PageJob
from mmskin_build.pdf.isolation import WorkerPool
from mmskin_build.pdf.jobs import PdfSource
from page_work import act

pool = WorkerPool(PdfConfig())
source = PdfSource(path=Path(sys.argv[1]))
[pid] = pool.run(source, [PageJob(page_index=0, payload="pid")], act)
print(pid, flush=True)
pool.run(source, [PageJob(page_index=0, payload=sys.argv[2])], act)
print("done", flush=True)
"""


def start_script(source: PdfSource, tmp_path: Path, deed: str) -> subprocess.Popen[str]:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    return subprocess.Popen(
        [sys.executable, str(script), str(source.path), deed],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])},
        # A shell that runs the tests in the background lets them ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def wait_for_end(pid: int) -> bool:
    """Wait until a process that is not our child has ended, at most a minute."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], 60)[0])
    finally:
        os.close(handle)


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs Linux to watch a process")
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_workers_die_with_their_parent(source: PdfSource, tmp_path: Path, end: int) -> None:
    with start_script(source, tmp_path, "hang") as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        parent.send_signal(end)

        assert parent.wait(timeout=60) != 0
        assert wait_for_end(worker)


def test_a_script_needs_no_main_guard(source: PdfSource, tmp_path: Path) -> None:
    with start_script(source, tmp_path, "read") as parent:
        output, _ = parent.communicate(timeout=120)

    assert output.split()[1:] == ["done"]
    assert json.loads(output.split()[0]) > 0
