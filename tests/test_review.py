"""The server of the review over HTTP: what it shows, what it saves, what it refuses."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import secrets
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from builders import make_decision
from mmskin_build.config import Workspace
from mmskin_build.decisions import standing_decisions
from mmskin_build.review import guard as guard_module
from mmskin_build.review.agreement import cohen_kappa, measure_agreement, measure_attention
from mmskin_build.review.answers import AnswerError, read_answer
from mmskin_build.review.desk import Desk, Filter
from mmskin_build.review.guard import MAX_BODY_BYTES, allowed_hosts, why_refused
from mmskin_build.review.queue import order_tasks, write_queue
from mmskin_build.review.sample import error_interval
from mmskin_build.review.tasks import CHOICES, KINDS, Task
from review_desk import (
    EVIL,
    Server,
    ask,
    decisions_of,
    make_review,
    make_task,
    one_of_each,
    running,
)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return make_review(tmp_path_factory.mktemp("review"))


@pytest.fixture(scope="module")
def server(workspace: Workspace) -> Iterator[Server]:
    with running(workspace) as started:
        yield started


def first_of(workspace: Workspace, kind: str) -> Task:
    desk = Desk(workspace)
    row = next(row for row in desk.index.rows if row.kind == kind and desk.is_open(row, "ada"))
    return desk.task(row)


def answer_to(task: Task, value: str, **fields: Any) -> dict[str, Any]:
    return {
        "task": task.id,
        "id": secrets.token_hex(16),
        "value": value,
        "ground": task.ground,
        "made_on": "",
        "details": {},
    } | fields


# ------------------------------------------------------------------------------- what it shows


def test_every_page_is_answered_and_never_kept_by_the_browser(
    server: Server, workspace: Workspace
) -> None:
    task = first_of(workspace, "sensitive")
    paths = ["/", "/help", "/recent", "/disagreements", "/gallery?kind=modality"]
    paths += [f"/task/{task.id}", f"/picture/{task.id}/0", f"/picture/{task.id}/0?clear=1"]
    paths += [f"/thumbnail/{task.id}/0", f"/page/{task.id}/0", "/static/review.js"]
    for path in paths:
        status, headers, content = ask(server.port, "GET", path)
        assert (status, headers["cache-control"]) == (200, "no-store"), path
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff" and content


def test_a_held_picture_is_veiled_by_the_server_until_it_is_asked_for(
    server: Server, workspace: Workspace
) -> None:
    task = first_of(workspace, "sensitive")
    veiled = ask(server.port, "GET", f"/picture/{task.id}/0")[2]
    clear = ask(server.port, "GET", f"/picture/{task.id}/0?clear=1")[2]
    assert veiled[:2] == b"\xff\xd8" and clear[:4] == b"\x89PNG"
    assert len(veiled) < len(clear) * 4 and veiled != clear
    assert ask(server.port, "GET", f"/thumbnail/{task.id}/0")[2] == veiled
    page = f"/page/{task.id}/{task.page_index}"
    covered, clear = (ask(server.port, "GET", page + how)[2] for how in ("", "?clear=1"))
    assert task.bbox is not None
    place = (int(222 * 1500 / 612), int(212 * 1500 / 612))  # amid the picture
    colors = [Image.open(io.BytesIO(jpeg)).getpixel(place) for jpeg in (covered, clear)]
    assert np.abs(np.subtract(colors[0], (57, 64, 77))).max() < 8
    assert np.abs(np.subtract(colors[1], (57, 64, 77))).max() > 20


def test_a_script_in_a_caption_is_shown_as_text(server: Server, workspace: Workspace) -> None:
    evil = next(row for row in Desk(workspace).index.rows if row.proposed == "other")
    page = ask(server.port, "GET", f"/task/{evil.id}")[2].decode()
    assert EVIL not in page and "&lt;script&gt;" in page
    assert "\\u003cscript\\u003e" in page  # in the data block


def test_what_is_not_there_is_not_found(server: Server) -> None:
    for path in ("/task/none", "/picture/none/0", "/page/none/0", "/static/app.py", "/nothing"):
        assert ask(server.port, "GET", path)[0] == 404


# ------------------------------------------------------------------------------- what it saves


def test_a_decision_is_saved_once_however_often_it_is_sent(
    server: Server, workspace: Workspace
) -> None:
    task = first_of(workspace, "annotated")
    body = {"answers": [answer_to(task, "marks")]}
    for _ in range(3):
        status, _, content = ask(server.port, "POST", "/decide", body)
        assert status == 200 and json.loads(content)["results"][0]["saved"]
    mine = [d for d in decisions_of(workspace) if d["id"] == body["answers"][0]["id"]]
    assert len(mine) == 1
    assert mine[0]["details"] == {"reasons": "annotated_major"}
    assert mine[0]["image_sha256"] == task.pictures[0].image_sha256


def test_a_stale_decision_is_a_conflict_and_can_override(
    server: Server, workspace: Workspace
) -> None:
    task = first_of(workspace, "duplicate")
    assert ask(server.port, "POST", "/decide", {"answers": [answer_to(task, "same")]})[0] == 200
    late = answer_to(task, "different")
    bob = {"Cookie": "mmskin_reviewer=bob"}
    status, _, content = ask(server.port, "POST", "/decide", {"answers": [late]}, bob)
    conflict = json.loads(content)["results"][0]["conflict"]
    assert status == 409 and (conflict["reviewer"], conflict["verdict"]) == ("ada", "same")
    again = late | {"id": secrets.token_hex(16), "made_on": conflict["id"], "overrides": True}
    assert ask(server.port, "POST", "/decide", {"answers": [again]}, bob)[0] == 200
    assert [d["reviewer"] for d in decisions_of(workspace) if d["field"] == "duplicate"] == [
        "ada",
        "bob",
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"value": "maybe"},
        {"ground": "old"},
        {"id": "../../x"},
        {"id": None},
        {"task": "none"},
        {"made_on": 7},
        {"made_on": "\ud800"},
    ],
)
def test_what_is_no_answer_is_refused_with_a_reason(
    server: Server, workspace: Workspace, change: dict[str, Any]
) -> None:
    task = first_of(workspace, "modality")
    before = decisions_of(workspace)
    body = {"answers": [answer_to(task, "clinical") | change]}
    status, _, content = ask(server.port, "POST", "/decide", body)
    assert status == 422 and json.loads(content)["results"][0]["error"]
    assert decisions_of(workspace) == before


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("sensitive", {"value": "mask"}),
        ("sensitive", {"value": "mask", "boxes": [[0, 0, 1, 1]]}),
        ("sensitive", {"value": "mask", "boxes": [[900, 0, 999, 99]]}),
        ("sensitive", {"value": "mask", "boxes": [[0, 0, float("nan"), 9]]}),
        ("sensitive", {"value": "mask", "boxes": "all"}),
        ("figure", {"value": "caption", "caption": 99}),
        ("figure", {"value": "caption", "caption": True}),
        ("figure", {"value": "accepted", "panels": [{"bbox": [0, 0, 50, 50], "label": "../x"}]}),
        ("figure", {"value": "accepted", "panels": [{"bbox": [0, 0, 50, 50]}] * 2}),
        ("demographics", {"value": "changed", "details": {"age_years": "old"}}),
        ("demographics", {"value": "changed", "details": {"sex": "<b>"}}),
        ("qa", {"value": "changed", "details": {"answer": "x" * 30_000}}),
    ],
)
def test_boxes_captions_and_fields_are_checked(
    workspace: Workspace, kind: str, fields: dict[str, Any]
) -> None:
    task = first_of(workspace, kind)
    with pytest.raises(AnswerError):
        read_answer(
            answer_to(task, "") | fields, task, reviewer="ada", decided_at="2026-01-01T00:00:00Z"
        )


def test_undo_and_names(server: Server, workspace: Workspace) -> None:
    task = first_of(workspace, "qa")
    eve = {"Cookie": "mmskin_reviewer=eve"}
    assert ask(server.port, "POST", "/undo", {}, eve)[0] == 422
    assert (
        ask(server.port, "POST", "/decide", {"answers": [answer_to(task, "accepted")]}, eve)[0]
        == 200
    )
    status, _, content = ask(server.port, "POST", "/undo", {}, eve)
    assert status == 200 and json.loads(content)["task"] == task.id
    for name in ("../eve", "eve/..", "", "EVE", 7, None):
        assert ask(server.port, "POST", "/reviewer", {"name": name})[0] == 422
    status, headers, _ = ask(server.port, "POST", "/reviewer", {"name": "eve"})
    assert status == 200 and "HttpOnly" in headers["set-cookie"]
    assert "samesite=strict" in headers["set-cookie"].lower()
    strange = {"Cookie": "mmskin_reviewer=../../etc/passwd"}
    assert "passwd" not in ask(server.port, "GET", "/", headers=strange)[2].decode()
    names = {path.name for path in (workspace.review / "decisions").glob("*.jsonl")}
    assert names <= {"ada.jsonl", "bob.jsonl", "eve.jsonl"}


def test_nonsense_in_a_decision_file_is_told_and_stays(
    server: Server, workspace: Workspace
) -> None:
    path = workspace.review / "decisions" / "zoe.jsonl"
    path.write_bytes(b'{"id": "x"}\nnonsense <b>\n')
    time.sleep(1.1)  # the server looks once a second
    page = ask(server.port, "GET", "/")[2].decode()
    assert "<code>zoe.jsonl</code> line 1" in page and "<code>zoe.jsonl</code> line 2" in page
    assert path.read_bytes() == b'{"id": "x"}\nnonsense <b>\n'
    path.unlink()


# ----------------------------------------------------------------------------- what it refuses


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/..%2fapp.py",
        "/static/%2e%2e/%2e%2e/app.py",
        "/static//etc/passwd",
        "/../../../../etc/passwd",
        "/task/..%2f..%2fdata%2fbooks.toml",
        "/picture/..%2f..%2fx/0",
        "/picture/%00/0",
        "/page/x/-1",
        "/thumbnail/x/../../../etc/passwd",
    ],
)
def test_no_path_leads_to_the_file_system(server: Server, path: str) -> None:
    status, _, content = ask(server.port, "GET", path)
    assert status in (400, 404), path
    assert b"root:" not in content and b"import" not in content


def test_another_host_is_refused(server: Server) -> None:
    for host in ("evil.example", f"evil.example:{server.port}", "127.0.0.1:1", "localhost", ""):
        assert ask(server.port, "GET", "/", headers={"Host": host})[0] in (400, 421), host
    good = {"Host": f"localhost:{server.port}"}
    assert ask(server.port, "GET", "/", headers=good)[0] == 200


def test_a_change_from_another_site_is_refused(server: Server, workspace: Workspace) -> None:
    task = first_of(workspace, "modality")
    body = {"answers": [answer_to(task, "clinical")]}
    before = decisions_of(workspace)
    for headers in (
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": f"https://127.0.0.1.evil.example:{server.port}"},
        {"Origin": "http://127.0.0.1:1"},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Sec-Fetch-Site": "cross-site"},
    ):
        assert ask(server.port, "POST", "/decide", body, headers)[0] in (403, 415), headers
    image = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
    assert ask(server.port, "GET", f"/picture/{task.id}/0", headers=image)[0] == 403
    assert decisions_of(workspace) == before


def test_a_change_that_does_not_say_where_it_comes_from_is_refused() -> None:
    hosts = allowed_hosts(["127.0.0.1"], 8000)
    given = {"host": "127.0.0.1:8000", "content-type": "application/json"}
    assert why_refused("POST", given, hosts, None, "") is not None
    assert why_refused("POST", given | {"sec-fetch-site": "same-origin"}, hosts, None, "") is None
    assert why_refused("DELETE", given, hosts, None, "") is not None


@pytest.mark.parametrize("body", [b"[" * 100_000, b"{", b"", b"\xff", b"null", b"[]", b"7"])
def test_bodies_that_are_no_answers_are_refused(server: Server, body: bytes) -> None:
    assert ask(server.port, "POST", "/decide", body)[0] in (400, 422)
    assert ask(server.port, "POST", "/undo", body)[0] in (400, 422)


def test_a_body_that_is_too_large_is_refused_with_or_without_a_length(server: Server) -> None:
    # Who refuses a body need not read it: then the connection is closed while it is sent.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        assert ask(server.port, "POST", "/decide", b" " * (MAX_BODY_BYTES + 1))[0] == 413
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        head = (
            f"POST /decide HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
            f"Origin: http://127.0.0.1:{server.port}\r\nContent-Type: application/json\r\n"
            "Transfer-Encoding: chunked\r\n\r\n"
        )
        connection.sendall(head.encode())
        chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
        try:
            for _ in range(20):
                connection.sendall(chunk)
            answer = connection.recv(100)
        except OSError:
            answer = b"HTTP/1.1 413 closed"
        assert b" 413 " in answer


def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard_module, "READ_TIMEOUT_S", 0.05)
    sent: list[Any] = []

    async def body_reader(scope: Any, receive: Any, send: Any) -> None:
        await receive()

    async def receive() -> Any:
        await asyncio.sleep(60)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "query_string": b"",
        "headers": [
            (b"host", b"127.0.0.1:1"),
            (b"origin", b"http://127.0.0.1:1"),
            (b"content-type", b"application/json"),
        ],
    }
    guard = guard_module.Guard(body_reader, allowed_hosts(["127.0.0.1"], 1), None)
    asyncio.run(guard(scope, receive, send))
    assert sent[0]["status"] == 408


@pytest.mark.slow
def test_a_connection_that_says_nothing_is_closed(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: ")
        assert connection.recv(100) == b""


def test_another_address_wants_a_token(workspace: Workspace) -> None:
    with running(workspace, host="0.0.0.0") as started:
        address, _, token = started.address.partition("/?token=")
        port = int(address.rpartition(":")[2])
        assert len(token) > 20
        assert ask(port, "GET", "/")[0] == 401
        assert ask(port, "GET", "/?token=wrong")[0] == 401
        status, headers, _ = ask(port, "GET", f"/?token={token}")
        assert status == 200 and "HttpOnly" in headers["set-cookie"]
        cookie = {"Cookie": headers["set-cookie"].split(";")[0]}
        assert ask(port, "GET", "/help", headers=cookie)[0] == 200
        assert ask(port, "GET", "/help", headers={"Host": f"evil:{port}", **cookie})[0] == 421


# ----------------------------------------------------------------------------- queue and desk


def test_privacy_comes_first_then_value_and_groups_stay_together() -> None:
    tasks = [
        make_task("modality", 1, gain=0.9, group="a"),
        make_task("modality", 2, gain=0.2, group="b"),
        make_task("figure", 3, gain=0.1, group="a"),
        make_task("sensitive", 4, gain=0.1, group="c"),
    ]
    names = [task.figure_id for task in order_tasks(tasks)]
    assert names == ["f4", "f3", "f1", "f2"]
    assert order_tasks(tasks[::-1]) == order_tasks(tasks)


def small_desk(folder: Path, *tasks: Task, **fields: Any) -> Desk:
    workspace = Workspace(folder / "data")
    write_queue(workspace.review / "queue", tasks, ["bk1"])
    return Desk(workspace, **fields)


def save(desk: Desk, task: Task, value: str, who: str, **fields: Any) -> None:
    sent = answer_to(task, value) | fields
    decided_at = f"2026-01-01T00:00:{len(desk.log):02d}Z"
    assert desk.save(read_answer(sent, task, reviewer=who, decided_at=decided_at)) is None


def test_a_double_task_is_given_to_two_reviewers_and_no_more(tmp_path: Path) -> None:
    task = make_task("modality", 1, double=True)
    desk = small_desk(tmp_path, task)
    row = desk.index.rows[0]
    save(desk, task, "clinical", "ada")
    assert not desk.is_open(row, "ada") and desk.is_open(row, "bob")
    standing = desk.standing(row)
    assert standing is not None
    save(desk, task, "other", "bob", made_on=standing.holds.id)
    assert not desk.is_open(row, "eve")
    assert [r.id for r, _ in desk.disputes()] == [task.id]


def test_a_known_case_decides_nothing_and_measures_attention(tmp_path: Path) -> None:
    task = make_task("modality", 1, known="clinical", proposed="pathological")
    desk = small_desk(tmp_path, task)
    save(desk, task, "pathological", "ada")
    save(desk, task, "clinical", "bob")
    row = desk.index.rows[0]
    assert desk.standing(row) is None and not desk.is_open(row, "ada") and desk.is_open(row, "eve")
    found = {a.reviewer: (a.known, a.right) for a in measure_attention(desk.log.decisions)}
    assert found == {"ada": (1, 0), "bob": (1, 1)}


def test_two_reviewers_do_not_get_one_task_at_once(tmp_path: Path) -> None:
    now = [0.0]
    desk = small_desk(tmp_path, *(make_task("modality", n) for n in range(2)), clock=lambda: now[0])
    one, two = (desk.next_rows(who, Filter())[0].id for who in ("ada", "bob"))
    assert one != two
    assert desk.next_rows("eve", Filter()) == []
    now[0] = 1000.0  # ada went home
    assert desk.next_rows("eve", Filter())


def test_a_task_whose_ground_has_changed_is_open_again(tmp_path: Path) -> None:
    task = make_task("demographics", 1)
    desk = small_desk(tmp_path, task)
    save(desk, task, "accepted", "ada")
    assert desk.progress(Filter()).left == 0
    changed = replace(task, ground="other words")
    again = small_desk(tmp_path, changed)
    assert again.progress(Filter()).left == 1 and again.is_open(again.index.rows[0], "ada")


def test_a_queue_that_a_build_writes_anew_is_taken_in(tmp_path: Path) -> None:
    now = [0.0]
    desk = small_desk(tmp_path, make_task("modality", 1), clock=lambda: now[0])
    small_desk(tmp_path, make_task("modality", 2), make_task("modality", 3))
    now[0] = 5.0
    desk.refresh()
    assert desk.progress(Filter()).total == 2


def test_every_kind_has_choices_and_buttons() -> None:
    from mmskin_build.review.screens import BUTTONS, TITLES

    for kind in KINDS:
        assert {value for value, _, _ in BUTTONS[kind]} == set(CHOICES[kind])
        keys = [key for _, key, _ in BUTTONS[kind]]
        assert len(set(keys)) == len(keys) and TITLES[kind]
    assert {task.kind for task in one_of_each([(f"{n:064x}", 9, 9) for n in range(20)])} == set(
        KINDS
    )


# ------------------------------------------------------------------------- agreement, samples


def test_kappa_is_that_of_the_textbook() -> None:
    # 20 yes/yes, 15 no/no, 5 yes/no, 10 no/yes: po = 0.7, pe = 0.5
    pairs = [("y", "y")] * 20 + [("n", "n")] * 15 + [("y", "n")] * 5 + [("n", "y")] * 10
    assert cohen_kappa(pairs) == pytest.approx(0.4)
    assert cohen_kappa([]) is None


def test_agreement_is_by_field_and_pair() -> None:
    decisions = []
    for number, (one, two) in enumerate([("clinical", "clinical"), ("other", "clinical")]):
        digest = f"{number:064x}"
        decisions += [
            make_decision(value=one, decision_id=f"a{number}", image_sha256=digest),
            make_decision(value=two, decision_id=f"b{number}", image_sha256=digest, reviewer="bob"),
        ]
    (found,) = measure_agreement(standing_decisions(decisions).values())
    assert (found.field, found.reviewers, found.items, found.same) == (
        "modality",
        ("ada", "bob"),
        2,
        1,
    )


@pytest.mark.parametrize(
    ("wrong", "judged", "low", "high"),
    [(0, 10, 0.0, 0.3085), (10, 10, 0.6915, 1.0), (5, 100, 0.0164, 0.1128)],
)
def test_the_interval_is_that_of_clopper_and_pearson(
    wrong: int, judged: int, low: float, high: float
) -> None:
    assert error_interval(wrong, judged) == (low, high)
    assert error_interval(0, 0) == (None, None)
