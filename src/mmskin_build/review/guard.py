"""Who may ask: checks of each request before the application sees it, by ASGI itself."""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

MAX_BODY_BYTES = 512 * 1024
READ_TIMEOUT_S = 10.0
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
TOKEN_COOKIE = "mmskin_token"

#: Headers of every answer. Nothing is loaded from elsewhere, nothing is kept by the browser.
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def is_loopback(host: str) -> bool:
    """Return whether an address is reached from this machine only.

    >>> [is_loopback(host) for host in ("127.0.0.1", "localhost", "::1", "0.0.0.0", "10.0.0.2")]
    [True, True, True, False, False]
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def allowed_hosts(names: Iterable[str], port: int) -> frozenset[str]:
    """Return what the Host header may say: each name with the port."""
    hosts = {f"{name.lower()}:{port}" for name in names}
    return frozenset(hosts | ({name.lower() for name in names} if port == 80 else set()))


def why_refused(
    method: str, headers: Mapping[str, str], hosts: frozenset[str], token: str | None, given: str
) -> tuple[int, str] | None:
    """Return the status and the reason for which a request is refused, None where it is welcome.

    Args:
        method: Of the request.
        headers: By small names.
        hosts: What the Host header may say; another name is DNS rebinding.
        token: What must be given, None where nobody else can reach this server.
        given: The token that came with the request.
    """
    host = headers.get("host", "").lower()
    if host not in hosts:
        return 421, "this server does not answer to that name"
    site = headers.get("sec-fetch-site", "")
    if site in ("cross-site", "same-site") and headers.get("sec-fetch-mode") != "navigate":
        return 403, "asked for by another site"
    if method not in ("GET", "HEAD"):
        origin = headers.get("origin")
        if origin is None and site != "same-origin":
            return 403, "a change must say where it comes from"
        if origin is not None and urlsplit(origin).netloc.lower() != host:
            return 403, "a change from another site"
        if headers.get("content-type", "").split(";")[0].strip() != "application/json":
            return 415, "send JSON"
    if token is not None and not hmac.compare_digest(given.encode(), token.encode()):
        return 401, "open the address with its token, as the server printed it"
    return None


class Guard:
    """Lets in who may ask, adds the headers, limits bodies in size and time."""

    def __init__(self, app: Application, hosts: frozenset[str], token: str | None) -> None:
        """Guard `app`, which answers to the names of `hosts`."""
        self._app, self._hosts, self._token = app, hosts, token

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        asked = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        cookie = read_cookie(headers.get("cookie", ""), TOKEN_COOKIE)
        refused = why_refused(scope["method"], headers, self._hosts, self._token, asked or cookie)
        length = headers.get("content-length", "0")
        if refused is None and not (length.isdecimal() and int(length) <= MAX_BODY_BYTES):
            refused = 413, "too much was sent"

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                extra = [(k.lower().encode(), v.encode()) for k, v in HEADERS.items()]
                if self._token and asked == self._token:
                    value = f"{TOKEN_COOKIE}={asked}; HttpOnly; SameSite=Strict; Path=/"
                    extra.append((b"set-cookie", value.encode()))
                message = {**message, "headers": [*message.get("headers", []), *extra]}
            await send(message)

        if refused is None and scope["method"] not in ("GET", "HEAD"):
            taken = await _read_body(receive)
            if isinstance(taken, bytes):
                receive = _replay(taken, receive)
            else:
                refused = taken
        if refused is None:
            await self._app(scope, receive, sending)
            return
        body = json.dumps({"error": refused[1]}).encode()
        refusal = [(b"content-type", b"application/json"), (b"connection", b"close")]
        refusal.append((b"content-length", str(len(body)).encode()))
        start = {"type": "http.response.start", "status": refused[0], "headers": refusal}
        await sending(start)
        await sending({"type": "http.response.body", "body": body})


async def _read_body(receive: Receive) -> bytes | tuple[int, str]:
    """The whole body, or why it is not taken: too large, or too slow."""
    body: bytes = b""
    while True:
        try:
            message = await asyncio.wait_for(receive(), READ_TIMEOUT_S)
        except TimeoutError:
            return 408, "the rest of the request did not come"
        body += bytes(message.get("body", b""))
        if len(body) > MAX_BODY_BYTES:
            return 413, "too much was sent"
        if message["type"] != "http.request" or not message.get("more_body"):
            return body


def _replay(body: bytes, receive: Receive) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replaying() -> Message:
        return messages.pop() if messages else await receive()

    return replaying


def read_cookie(header: str, name: str) -> str:
    """Return a cookie of a Cookie header, "" where there is none."""
    try:
        found = SimpleCookie(header).get(name)
    except CookieError:
        return ""
    return found.value if found else ""
