"""A real S3 server for tests, and one that behaves as badly as networks do."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

import pytest

from local_server import serving
from mmskin_build.remote import open_remote

_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
_served: list[str] = []
#: A process of its own, so that what it does is not done by the test's.
_SERVE = """
import logging, sys
from moto.server import ThreadedMotoServer
logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""


@contextmanager
def s3_server() -> Iterator[str]:
    """Moto's S3 server on a free port; gives its address."""
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.stdin.close()
        process.wait()


def use_server(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Point this process, and all that it starts, to a server, as a user's environment does."""
    import s3fs

    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    for name, value in {**_CREDENTIALS, "AWS_ENDPOINT_URL": address}.items():
        monkeypatch.setenv(name, value)
    if _served[-1:] != [address]:  # a new client costs half a second
        s3fs.S3FileSystem.clear_instance_cache()
        open_remote.cache_clear()
        _served.append(address)


Answer = Callable[[BaseHTTPRequestHandler, int], None]


@contextmanager
def bad_server(answer: Answer) -> Iterator[tuple[str, list[str]]]:
    """A server that answers every request by `answer(handler, number)`; its address and requests.

    Numbers count from 1.
    """
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except OSError:
                self.close_connection = True

        def any(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked.append(f"{self.command} {self.path}")
            answer(self, len(asked))

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = any

        def log_message(self, *_: object) -> None:
            pass

    with serving(Handler) as address:
        yield address, asked


def refuse(handler: BaseHTTPRequestHandler, number: int) -> None:
    """Answer with an error of the server's own."""
    handler.send_response(500)
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def hang(handler: BaseHTTPRequestHandler, number: int) -> None:
    """Answer too late for anybody."""
    time.sleep(3)
    handler.close_connection = True


def hang_up(handler: BaseHTTPRequestHandler, number: int) -> None:
    """Close the connection instead of answering."""
    handler.close_connection = True
    handler.connection.close()


def break_off(handler: BaseHTTPRequestHandler, number: int) -> None:
    """Promise much and send little."""
    handler.send_response(206 if handler.command == "GET" else 200)
    handler.send_header("Content-Length", "100000")
    handler.send_header("ETag", '"1"')
    handler.send_header("Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT")
    handler.end_headers()
    if handler.command == "GET":
        handler.wfile.write(b"x" * 100)
    handler.close_connection = True


def forbid(handler: BaseHTTPRequestHandler, number: int) -> None:
    """Say that these credentials may not."""
    body = b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>"
    handler.send_response(403)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(body)
