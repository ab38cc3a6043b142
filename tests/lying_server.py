"""A server that speaks OpenAI's protocol and lies in the ways that models and servers lie."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

from local_server import serving

Answer = Callable[[dict[str, Any], int], "Served"]


class Served:
    """What the server sends: a status, headers, and a body in pieces."""

    def __init__(
        self, text: str | None, *, status: int = 200, headers: dict[str, str] | None = None,
        raw: bytes | None = None, pieces: Iterator[bytes] | None = None,
    ) -> None:  # fmt: skip
        self.status, self.headers, self.pieces = status, headers or {}, pieces
        if raw is None:
            message = {"role": "assistant", "content": text}
            value = {
                "choices": [{"message": message}],
                "usage": {"prompt_tokens": 100, "completion_tokens": 20},
            }
            raw = json.dumps(value).encode()
        self.body = raw


def pairs(*made: tuple[str, str]) -> str:
    """The reply of a model that obeys: question and answer of each pair."""
    return json.dumps({"pairs": [{"kind": "other", "question": q, "answer": a} for q, a in made]})


@contextmanager
def server(answer: Answer) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Serve on a free port; gives the base URL and the requests as they come in."""
    asked: list[dict[str, Any]] = []
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                asked.append({**body, "authorization": self.headers.get("Authorization")})
                number = len(asked)
            served = answer(body, number)
            self.send_response(served.status)
            for name, value in served.headers.items():
                self.send_header(name, value)
            if served.pieces is None:
                self.send_header("Content-Length", str(len(served.body)))
            self.end_headers()
            try:
                for piece in served.pieces or iter([served.body]):
                    self.wfile.write(piece)
            except OSError:
                pass  # the client has had enough

        def log_message(self, *_: object) -> None:
            pass

    with serving(Handler) as address:
        yield f"{address}/v1", asked
