"""Words that would do something if a page took them for markup, and the search for what does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

#: Every string is data: none may become a node, an attribute or an address that does something.
EVIL = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</textarea></script><svg onload=alert(1)>",
    "[see](javascript:alert(1))",
    '" onmouseover="alert(1)',
)


class _Nodes(HTMLParser):
    """What in a page runs, or leads to something that does, and comes from data."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._script = tag == "script" and given.get("type") != "application/json"
        for name, value in given.items():
            plain = "".join(value.split()).lower()
            if name.startswith("on") or plain.startswith(("javascript:", "data:text/html")):
                self.found.append(f"{tag} {name}={value}")
        if tag in ("iframe", "object", "embed", "base", "svg") and "alert" in str(given):
            self.found.append(f"{tag} {given}")
        if tag == "img" and given.get("src") == "x":
            self.found.append(f"img {given}")

    def handle_endtag(self, tag: str) -> None:
        self._script = False

    def handle_data(self, data: str) -> None:
        if self._script and "alert(1)" in data:
            self.found.append(f"script {data[:80]}")


def executable_nodes(page: str) -> Iterator[str]:
    nodes = _Nodes()
    nodes.feed(page)
    nodes.close()
    yield from nodes.found


def policy_of(page: str) -> dict[str, tuple[str, ...]]:
    """What a page's own Content-Security-Policy allows; nothing is found where it has none."""
    match = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', page)
    parts = match[1].split(";") if match else []
    return {name: tuple(given) for name, *given in (part.split() for part in parts if part.strip())}
