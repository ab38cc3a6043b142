"""The web server of the review: requests in, pages, pictures and saved decisions out.

No part of a request becomes a path: ids are looked up in tables. Checks of who asks are in
`guard`, of what is sent in `answers`.
"""

from __future__ import annotations

import gc
import secrets
import socket
from collections.abc import Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from mmskin_build.config import Config, Workspace
from mmskin_build.decisions import Decision, key_of
from mmskin_build.errors import MissingDependencyError, MmskinError, StorageError
from mmskin_build.review import screens
from mmskin_build.review.answers import AnswerError, read_answer
from mmskin_build.review.decisions import REVIEWER
from mmskin_build.review.desk import Desk, Filter, in_short
from mmskin_build.review.guard import (
    LOOPBACK,
    READ_TIMEOUT_S,
    Guard,
    allowed_hosts,
    is_loopback,
    read_cookie,
)
from mmskin_build.review.index import Row
from mmskin_build.review.pictures import PictureTable, cover
from mmskin_build.review.tasks import KINDS, Task
from mmskin_build.store import parse_json

_STATIC = {
    "theme.js": "text/javascript",
    "review.js": "text/javascript",
    "review.css": "text/css",
}
_REVIEWER_COOKIE = "mmskin_reviewer"
_MOST_ANSWERS = 200  # of one request: a gallery, a figure with its panels
_CONNECTIONS = 64
_KEEP_ALIVE_S = 30


@dataclass(slots=True)
class _Server:
    """What the handlers share."""

    desk: Desk
    pictures: PictureTable
    reviewer: str

    def reviewer_of(self, request: Request) -> str:
        name = read_cookie(request.headers.get("cookie", ""), _REVIEWER_COOKIE)
        return name if REVIEWER.fullmatch(name) else self.reviewer

    def filter_of(self, request: Request) -> Filter:
        kind, book = request.query_params.get("kind", ""), request.query_params.get("book", "")
        return Filter(
            kind=kind if kind in KINDS else "",
            book_id=book if book in self.desk.books() else "",
        )

    def row_of(self, request: Request) -> Row | None:
        self.desk.refresh()
        return self.desk.row(str(request.path_params["task_id"]))

    # ---------------------------------------------------------------------------------- pages

    def home(self, request: Request) -> Response:
        self.desk.refresh()
        who, wanted = self.reviewer_of(request), self.filter_of(request)
        return HTMLResponse(screens.home_page(self.desk, who, wanted))

    def next_task(self, request: Request) -> Response:
        self.desk.refresh()
        who, wanted = self.reviewer_of(request), self.filter_of(request)
        after = request.query_params.get("after", "")
        rows = self.desk.next_rows(who, wanted, after=after)
        if not rows:
            return HTMLResponse(screens.done_page(self.desk, who, wanted))
        return RedirectResponse(f"/task/{rows[0].id}{screens.query_of(wanted)}", 303)

    def task(self, request: Request) -> Response:
        row = self.row_of(request)
        if row is None:
            return _missing()
        who, wanted = self.reviewer_of(request), self.filter_of(request)
        return HTMLResponse(screens.task_page(self.desk, row, self.desk.task(row), who, wanted))

    def gallery(self, request: Request) -> Response:
        self.desk.refresh()
        who, wanted = self.reviewer_of(request), self.filter_of(request)
        if wanted.kind not in screens.GALLERY:
            wanted = Filter(kind="modality", book_id=wanted.book_id)
        after = request.query_params.get("after", "")
        rows = self.desk.next_rows(who, wanted, most=screens.TILES, after=after, alike=True)
        if not rows:
            return HTMLResponse(screens.done_page(self.desk, who, wanted))
        tasks = [self.desk.task(row) for row in rows]
        return HTMLResponse(screens.gallery_page(self.desk, rows, tasks, who, wanted))

    def recent(self, request: Request) -> Response:
        self.desk.refresh()
        who, wanted = self.reviewer_of(request), self.filter_of(request)
        recent = self.desk.log.recent(who)
        return HTMLResponse(
            screens.list_page(self.desk, who, wanted, recent=recent, which="recent")
        )

    def disagreements(self, request: Request) -> Response:
        self.desk.refresh()
        who, wanted = self.reviewer_of(request), self.filter_of(request)
        disputes = self.desk.disputes()
        return HTMLResponse(
            screens.list_page(self.desk, who, wanted, disputes=disputes, which="disputes")
        )

    def help(self, request: Request) -> Response:
        who, wanted = self.reviewer_of(request), self.filter_of(request)
        return HTMLResponse(screens.help_page(self.desk, who, wanted))

    # ------------------------------------------------------------------------------- pictures

    def picture(self, request: Request) -> Response:
        return self._picture(request, small=False)

    def thumbnail(self, request: Request) -> Response:
        return self._picture(request, small=True)

    def _picture(self, request: Request, *, small: bool) -> Response:
        row = self.row_of(request)
        task = None if row is None else self.desk.task(row)
        number = int(request.path_params["number"])
        if task is None or number >= len(task.pictures):
            return _missing()
        digest = task.pictures[number].image_sha256
        if self.desk.is_veiled(digest) and request.query_params.get("clear") != "1":
            content = self.pictures.veiled(digest)
        elif small:
            content = self.pictures.thumbnail(digest)
        else:
            path = self.pictures.path(digest)
            if path is None or not path.is_file():
                return _missing()
            return Response(path.read_bytes(), media_type="image/png")
        return _missing() if content is None else Response(content, media_type="image/jpeg")

    def page(self, request: Request) -> Response:
        row = self.row_of(request)
        task = None if row is None else self.desk.task(row)
        page_index = int(request.path_params["page_index"])
        pages = {} if task is None else {page.page_index: page for page in task.pages}
        if task is None or page_index not in pages:
            return _missing()
        content = self.pictures.page(task.book_id, page_index)
        veils = self.desk.veils(task.book_id, page_index)
        if content is not None and veils and request.query_params.get("clear") != "1":
            content = cover(content, veils, pages[page_index].width_pt)
        return _missing() if content is None else Response(content, media_type="image/jpeg")

    # --------------------------------------------------------------------------------- saving

    def decide(self, sent: Any, who: str) -> Response:
        answers = sent.get("answers") if isinstance(sent, dict) else None
        if not isinstance(answers, list) or not 0 < len(answers) <= _MOST_ANSWERS:
            raise AnswerError(f"send 1 to {_MOST_ANSWERS} answers")
        self.desk.refresh()
        results = [self._decide(answer, who) for answer in answers]
        status = 200
        if any("conflict" in one for one in results):
            status = 409
        elif any("error" in one for one in results):
            status = 422
        return JSONResponse({"results": results}, status)

    def _decide(self, answer: Any, who: str) -> dict[str, Any]:
        name = str(answer.get("task")) if isinstance(answer, dict) else ""
        row = self.desk.row(name)
        if row is None:
            return {"task": name, "error": "there is no such task now; load the page again"}
        try:
            task: Task = self.desk.task(row)
            decision = read_answer(answer, task, reviewer=who, decided_at=_now())
        except AnswerError as error:
            return {"task": name, "error": str(error)}
        conflict = self.desk.save(decision)
        if conflict is None:
            return {"task": name, "saved": decision.id}
        current = conflict.current
        return {
            "task": name,
            "conflict": {
                "id": current.id,
                "reviewer": current.reviewer,
                "verdict": in_short(current),
                "decidedAt": current.decided_at,
            },
        }

    def undo(self, sent: Any, who: str) -> Response:
        if not isinstance(sent, dict):
            raise AnswerError("send which decision to take back, or {} for the last")
        decision_id = sent.get("decision")
        recent = self.desk.log.recent(who)
        if decision_id is None and recent:
            decision_id = recent[0].id
        undo = Decision(
            id=secrets.token_hex(16), field="undo", value="", reviewer=who, decided_at=_now()
        )
        taken = self.desk.undo(str(decision_id), undo)
        if taken is None:
            raise AnswerError("there is nothing of yours to take back")
        task_id = key_of(taken)
        return JSONResponse(
            {"undone": taken.id, "task": task_id if self.desk.row(task_id) else None}
        )

    def name(self, sent: Any, who: str) -> Response:
        name = sent.get("name") if isinstance(sent, dict) else None
        if not isinstance(name, str) or not REVIEWER.fullmatch(name):
            raise AnswerError("a name has small letters, digits and '-', a letter first")
        answer = JSONResponse({"reviewer": name})
        answer.set_cookie(_REVIEWER_COOKIE, name, httponly=True, samesite="strict")
        return answer


def _missing() -> Response:
    return JSONResponse({"error": "there is nothing under this address"}, 404)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _static(request: Request) -> Response:
    name = str(request.path_params["name"])
    if name not in _STATIC:
        return _missing()
    content = (files("mmskin_build.review") / "static" / name).read_bytes()
    return Response(content, media_type=_STATIC[name])


def build_app(
    workspace: Workspace,
    cfg: Config,
    *,
    reviewer: str,
    hosts: Sequence[str] = LOOPBACK,
    port: int,
    token: str | None = None,
) -> ASGIApp:
    """Return the application for one workspace.

    Args:
        workspace: Its queue and decisions.
        cfg: Limits for reading PDFs.
        reviewer: Who decides, unless the browser says otherwise.
        hosts: Names that the server answers to.
        port: Where it listens.
        token: What a browser must show; None for a server that only this machine reaches.

    Raises:
        SchemaError: If the queue cannot be read.
    """
    server = _Server(Desk(workspace), PictureTable(workspace, cfg), reviewer)

    def get(path: str, handler: Callable[[Request], Response]) -> Route:
        async def endpoint(request: Request) -> Response:
            return await run_in_threadpool(_safely, handler, request)

        return Route(path, endpoint, methods=["GET"])

    def post(path: str, handler: Callable[[Any, str], Response]) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                sent = parse_json(await request.body())
            except ValueError:
                return JSONResponse({"error": "that is no JSON"}, 400)
            who = server.reviewer_of(request)
            return await run_in_threadpool(_safely, lambda _: handler(sent, who), request)

        return Route(path, endpoint, methods=["POST"])

    @asynccontextmanager
    async def lifespan(app: Starlette) -> Any:
        yield
        server.pictures.close()

    app = Starlette(
        routes=[
            get("/", server.home),
            get("/next", server.next_task),
            get("/task/{task_id}", server.task),
            get("/gallery", server.gallery),
            get("/recent", server.recent),
            get("/disagreements", server.disagreements),
            get("/help", server.help),
            get("/picture/{task_id}/{number:int}", server.picture),
            get("/thumbnail/{task_id}/{number:int}", server.thumbnail),
            get("/page/{task_id}/{page_index:int}", server.page),
            get("/static/{name}", _static),
            post("/decide", server.decide),
            post("/undo", server.undo),
            post("/reviewer", server.name),
        ],
        lifespan=lifespan,
    )
    return Guard(app, allowed_hosts(hosts, port), token)


def _safely(handler: Callable[[Request], Response], request: Request) -> Response:
    try:
        return handler(request)
    except AnswerError as error:
        return JSONResponse({"error": str(error)}, 422)
    except StorageError as error:
        return JSONResponse({"error": str(error)}, 507)
    except MmskinError as error:
        return JSONResponse({"error": str(error)}, 500)


def serve(
    workspace: Workspace,
    cfg: Config,
    *,
    host: str,
    port: int,
    reviewer: str,
    names: Sequence[str] = (),
    on_ready: Callable[[str], None],
) -> None:
    """Serve until interrupted; `on_ready` is told the address once it can be opened.

    Raises:
        MissingDependencyError: If uvicorn is not installed.
        StorageError: If the port cannot be had.
    """
    try:
        import uvicorn
        from uvicorn.protocols.http.h11_impl import H11Protocol
    except ImportError:
        raise MissingDependencyError(
            "uvicorn, which serves the review, is not installed; "
            "run: pip install 'mmskin-build[review]'"
        ) from None

    class PatientProtocol(H11Protocol):
        """Closes a connection whose first request does not come in time."""

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._waiting = self.loop.call_later(READ_TIMEOUT_S, self._give_up)

        def _give_up(self) -> None:
            if self.cycle is None and not self.transport.is_closing():
                self.transport.close()

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host.strip("[]"), port))
        listening.listen(_CONNECTIONS)  # a browser that comes early waits
    except OSError as error:
        listening.close()
        raise StorageError(f"{host}:{port} cannot be listened on: {error.strerror}") from error
    port = int(listening.getsockname()[1])
    token = None if is_loopback(host) else secrets.token_urlsafe(24)
    own = [f"[{host}]" if ":" in host else host, socket.gethostname(), *names]
    app = build_app(
        workspace, cfg, reviewer=reviewer, hosts=(*LOOPBACK, *own), port=port, token=token
    )
    gc.freeze()  # the rows of a long queue need not be looked through again and again
    shown = names[0] if names else socket.gethostname() if token else host
    on_ready(f"http://{shown}:{port}/" + (f"?token={token}" if token else ""))
    settings = uvicorn.Config(
        app,
        http=PatientProtocol,
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        limit_concurrency=_CONNECTIONS,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=3,
    )
    uvicorn.Server(settings).run(sockets=[listening])
