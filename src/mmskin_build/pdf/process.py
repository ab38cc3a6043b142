"""A worker process of `isolation`: its two ends and what they say to each other.

The worker is a fresh interpreter whose standard input is one end of a socket pair. It leads a
process group of its own, so that ending it also ends the programs it started (Tesseract). It ends
when the other end closes, which the kernel does however the parent ends.
"""

from __future__ import annotations

import gc
import json
import os
import pickle
import queue
import re
import resource
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, cast

from mmskin_build.config import PdfConfig
from mmskin_build.errors import InputPdfError, MmskinError, ResourceError

if TYPE_CHECKING:
    from mmskin_build.pdf.document import Document

_START_LIMIT_S = 120.0  # importing the libraries from a slow disk
_COLLECT_AFTER = 10_000  # new objects; Python's 700 cost a hundredth of a worker's time
WORN_MIB = 768  # resident memory from which an idle worker is replaced before its next chunk
_ORPHAN_GRACE_S = 30.0  # how much longer than a page's limit the kernel lets a page run
_OUT_OF_MEMORY = re.compile(
    r"[mc]alloc\b.*fail|realloc\b.*fail|bad_alloc|out of memory|insufficient memory"
    r"|failed to allocate|cannot allocate|failed to map segment|can't start new thread"
    r"|failed to serialize proto",  # what protobuf says of a network when memory is short
    re.IGNORECASE,
)

_MAIN: Final = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from mmskin_build.pdf.process import serve; serve(*json.loads(sys.argv[2]))"
)

_NOT_AT_START: Final = ("pymupdf.layout", "pymupdf4llm")

# One thread each: two pages at once come from two workers, and sums stay in one order.
_ENVIRONMENT: Final = {
    "OMP_THREAD_LIMIT": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENCV_FOR_THREADS_NUM": "1",
    # Pictures come and go: glibc would give their memory back to the kernel each time, which then
    # clears it anew, half of a worker's time in the kernel. Other systems ignore it.
    "MALLOC_MMAP_THRESHOLD_": str(32 * 1024 * 1024),
    "MALLOC_TRIM_THRESHOLD_": str(128 * 1024 * 1024),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """To the worker: open `path` and apply `call`, a pickled (opener, work), to each job."""

    path: Path
    password: str | None
    call: bytes
    jobs: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Ready:
    """From the worker: the libraries are imported and the limits are set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """From the worker: the document of the chunk is open."""

    page_count: int
    repaired: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NotOpened:
    """From the worker: the document cannot be opened."""

    kind: type[MmskinError]
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """From the worker: the next job of the chunk is done."""

    pickled: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """From the worker: the next job of the chunk, or opening its document, raised an error."""

    reason: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """From the worker: no job can succeed, and why."""

    error: Exception


Message = Ready | Opened | NotOpened | Result | Failed | Broken


class WorkerProcess:
    """The parent's end of one worker.

    `path` is the document it was given last, `positions` are the jobs it has not answered yet, the
    first one under way; `ready` and `opened` tell how far it has come, `deadline`
    (`time.monotonic` seconds) until when it must speak again.
    """

    def __init__(self, limits: PdfConfig) -> None:
        """Start the interpreter; it says `Ready` by itself."""
        self.connection, theirs = Pipe()
        path = [entry or str(Path.cwd()) for entry in sys.path]
        arguments = [limits.page_time_limit_s, limits.memory_limit_mib]
        self._process = subprocess.Popen(
            [sys.executable, "-c", _MAIN, json.dumps(path), json.dumps(arguments)],
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | _ENVIRONMENT,
            start_new_session=True,
        )
        theirs.close()
        self._limit_s = limits.page_time_limit_s
        self.path: Path | None = None
        self.ready = False
        self.opened = False
        self.busy = False
        self.positions: deque[int] = deque()
        self.deadline = time.monotonic() + _START_LIMIT_S

    def send(self, chunk: Chunk, positions: Sequence[int]) -> bool:
        """Hand over a chunk; False when the worker is no longer there."""
        self.opened = False
        self.path = chunk.path
        self.positions = deque(positions)
        try:
            self.connection.send(chunk)
        except OSError:
            return False
        self.busy = True
        self._extend()
        return True

    def receive(self) -> Message | None:
        """Read one message and note what it means for the state; None when the worker is gone."""
        try:
            message: Message = self.connection.recv()
        except (EOFError, OSError):
            return None
        match message:
            case Ready():
                self.ready = True
            case Opened():
                self.opened = True
                self.busy = bool(self.positions)
        self._extend()
        return message

    def pop_position(self) -> int:
        """Take the job under way off the list: it has been answered."""
        position = self.positions.popleft()
        self.busy = bool(self.positions)
        return position

    def is_worn(self) -> bool:
        """Whether so much memory has gathered in the worker that a fresh one is better.

        MuPDF keeps what it decoded, and its allocator gives little back, whatever the pages were.
        """
        import psutil  # here, since workers load this module, too

        try:
            resident = psutil.Process(self._process.pid).memory_info().rss
        except psutil.Error:
            return False
        return bool(resident > WORN_MIB * 1024 * 1024)

    def cause_of_death(self) -> tuple[str, str]:
        """Return the failure's reason and one line on how a worker ended that closed its end."""
        try:
            code = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return "page_crashed", "the worker closed its connection"
        if code == -signal.SIGKILL:
            return "page_out_of_memory", "the system ended the worker, most likely to free memory"
        if code == -signal.SIGALRM:
            return "page_timed_out", ""
        if code < 0:
            return "page_crashed", f"the PDF library ended with {signal.Signals(-code).name}"
        return "page_crashed", f"the worker ended with exit code {code}"

    def kill(self) -> None:
        """End the worker and all that it started, and collect it."""
        self.connection.close()
        self._end_group()
        self._process.wait()

    def interrupt(self) -> None:
        """End the worker from another thread than the one that will see its end and collect it."""
        if self._process.returncode is None:
            self._end_group()

    def _end_group(self) -> None:
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):  # macOS: the group has ended, not collected
            self._process.kill()

    def _extend(self) -> None:
        limit_s = self._limit_s if self.ready else self._limit_s + _START_LIMIT_S
        self.deadline = time.monotonic() + limit_s


# ------------------------------------------------------------------------- inside the worker


def serve(page_time_limit_s: float, memory_limit_mib: int) -> None:
    """Answer chunks until the other end closes; the body of a worker process."""
    connection = Connection(os.dup(0))
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    chunks: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(connection, chunks), daemon=True).start()
    try:
        # PyMuPDF loads its layout network and its writer of Markdown along with itself, which
        # triples the time to start. Who wants them can still import them.
        for name in _NOT_AT_START:
            sys.modules[name] = cast("ModuleType", None)
        import pymupdf

        for name in _NOT_AT_START:
            del sys.modules[name]
        # What the writer of Markdown sets for all: boxes of text as high as the font says.
        pymupdf.TOOLS.unset_quad_corrections(True)
        pymupdf.TOOLS.mupdf_display_errors(False)
        pymupdf.TOOLS.mupdf_display_warnings(False)
        _limit_memory(memory_limit_mib)
    except Exception as error:
        kind = ResourceError if is_out_of_memory(error) else MmskinError
        connection.send(Broken(error=kind(f"PyMuPDF cannot be used: {_brief(error)}")))
        return
    gc.freeze()  # what is imported stays: the collector need not go through it again and again
    gc.set_threshold(_COLLECT_AFTER)
    connection.send(Ready())
    opened = _OpenedDocument()
    # Where the parent was killed while C code here holds the interpreter, no thread of ours runs:
    # then the kernel's alarm ends this process (SIGALRM has no handler on purpose).
    while True:
        _answer(chunks.get(), connection, opened, page_time_limit_s + _ORPHAN_GRACE_S)
        signal.setitimer(signal.ITIMER_REAL, 0)


def _listen(connection: Connection, chunks: queue.SimpleQueue[bytes]) -> None:
    """Pass chunks on; end this process and its children when the parent is gone."""
    try:
        while True:
            chunks.put(connection.recv_bytes())
    except BaseException:
        os.killpg(0, signal.SIGKILL)


def _limit_memory(memory_limit_mib: int) -> None:
    """Cap the address space at what is used now plus the limit; Linux only."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        return
    used = int(statm.read_text().split()[0]) * resource.getpagesize()
    cap = used + memory_limit_mib * 1024 * 1024
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    if hard != resource.RLIM_INFINITY:
        cap = min(cap, hard)
    resource.setrlimit(resource.RLIMIT_AS, (cap, hard))


class _OpenedDocument:
    """The last document, kept open for the next chunk of the same, unchanged file."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] | None = None
        self._document: Document | None = None

    def get(self, path: Path, password: str | None, opener: Callable[..., Document]) -> Document:
        stat = path.stat()
        key = (path, stat.st_mtime_ns, stat.st_size, password, opener)
        if self._document is None or key != self._key:
            self.drop()
            self._document = opener(path, password)
            self._key = key
        return self._document

    def drop(self) -> None:
        document, self._document, self._key = self._document, None, None
        if document is not None:
            document.close()


def _answer(
    pickled: bytes, connection: Connection, opened: _OpenedDocument, alarm_s: float
) -> None:
    try:
        chunk: Chunk = pickle.loads(pickled)
        opener, work = pickle.loads(chunk.call)
        if opener is None:
            from mmskin_build.pdf.document import open_document as opener
    except Exception as error:
        reason = f"a worker cannot import the work it is given: {_brief(error)}"
        connection.send(Broken(error=ValueError(reason)))
        return
    signal.setitimer(signal.ITIMER_REAL, alarm_s)
    try:
        document = opened.get(chunk.path, chunk.password, opener)
        page_count, repaired = document.page_count, document.repaired
    except Exception as error:
        connection.send(_not_opened(chunk.path, error))
        return
    connection.send(Opened(page_count=page_count, repaired=repaired))
    for job in chunk.jobs:
        signal.setitimer(signal.ITIMER_REAL, alarm_s)
        try:
            message: Message = Result(pickled=pickle.dumps(work(document, job)))
        except Exception as error:
            message = _failed(error)
        connection.send(message)


def _not_opened(path: Path, error: Exception) -> NotOpened | Failed:
    if is_out_of_memory(error):
        return Failed(reason="page_out_of_memory", detail=_brief(error))
    if isinstance(error, MmskinError):
        return NotOpened(kind=type(error), detail=str(error))
    detail = f"{path}: the file cannot be opened ({_brief(error)}); rewrite it with `qpdf IN OUT`"
    return NotOpened(kind=InputPdfError, detail=detail)


def _failed(error: Exception) -> Failed | Broken:
    if is_out_of_memory(error):
        return Failed(reason="page_out_of_memory", detail=_brief(error))
    if isinstance(error, InputPdfError):
        return Failed(reason="page_unreadable", detail=_one_line(str(error)))
    if isinstance(error, MmskinError):
        return Broken(error=error)
    return Failed(reason="page_unreadable", detail=_brief(error))


def is_out_of_memory(error: Exception) -> bool:
    """Whether memory ran out, as Python says it, a library, or the loader of one.

    Also where that was met with something else, as by a package that then looks for its libraries
    in another place.
    """
    chain: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in chain:
        chain.append(cause)
        cause = cause.__cause__ or cause.__context__
    return any(isinstance(e, MemoryError) or _OUT_OF_MEMORY.search(str(e)) for e in chain)


def _brief(error: Exception) -> str:
    """Describe an error in one line; where it is not the PDF library's own, with its place."""
    text = _one_line(str(error))
    name = type(error).__name__
    if type(error).__module__.startswith("pymupdf"):
        return f"{name}: {text}" if text else name
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{name}{place}: {text}" if text else f"{name}{place}"


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 300 else line[:297] + "..."
