"""Who may ask: the checks of a request that need no web framework."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

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
