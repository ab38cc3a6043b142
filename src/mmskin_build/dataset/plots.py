"""Bar charts as SVG: small, without fonts or scripts of others, the same bytes everywhere.

A plotting library would bring its own fonts and version into the bytes of every release.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

WIDTH = 640  # units of the view box; the page scales it
_LEFT, _RIGHT, _TOP = 150, 60, 44
_ROW, _BAR = 24, 16
_LETTER = 6.4  # width of one at most, on average, at 12 units
_MAX_LABEL = 22  # characters left of a bar
# Okabe and Ito's colors (2008), which people with any color vision can tell apart.
_COLORS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#999999")


def bar_chart(title: str, rows: Sequence[tuple[str, int]]) -> bytes:
    """Return horizontal bars, one a row of label and number, from the top.

    >>> bar_chart("Sex", [("female", 2)]).startswith(b"<svg ")
    True
    """
    return stacked_bars(title, [(label, {"": number}) for label, number in rows], ("",))


def stacked_bars(
    title: str, rows: Sequence[tuple[str, Mapping[str, int]]], parts: Sequence[str]
) -> bytes:
    """Return horizontal bars in parts, one a row of label and numbers by part.

    Args:
        title: Above the chart, and what a screen reader says of it, with all numbers.
        rows: Label and numbers, from the top.
        parts: Their names in the order of drawing; one named "" alone needs no legend.
    """
    has_legend = any(parts)
    legend_lines = _legend(parts) if has_legend else []
    top = _TOP + 20 * (1 + max(line for _, _, line in legend_lines)) if legend_lines else _TOP
    height = top + _ROW * max(1, len(rows)) + 12
    largest = max((sum(numbers.values()) for _, numbers in rows), default=0) or 1
    scale = (WIDTH - _LEFT - _RIGHT) / largest
    said = "; ".join(f"{label} {_said(numbers)}" for label, numbers in rows)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'font-family="sans-serif" font-size="12">',
        f"<title>{_text(title)}</title><desc>{_text(said)}</desc>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="12" y="24" font-size="15" fill="#111111">{_text(title)}</text>',
    ]
    for name, x, line in legend_lines:
        y = _TOP + 20 * line
        color = _COLORS[parts.index(name) % len(_COLORS)]
        out.append(f'<rect x="{x}" y="{y - 10}" width="12" height="12" fill="{color}"/>')
        out.append(f'<text x="{x + 17}" y="{y}" fill="#333333">{_text(name)}</text>')
    if not rows:
        out.append(f'<text x="12" y="{top + 12}" fill="#333333">none</text>')
    for number, (label, numbers) in enumerate(rows):
        y = top + _ROW * number
        shown = label if len(label) <= _MAX_LABEL else label[: _MAX_LABEL - 1] + "…"
        out.append(
            f'<text x="{_LEFT - 8}" y="{y + 12}" text-anchor="end" fill="#333333">'
            f"{_text(shown)}</text>"
        )
        end = float(_LEFT)
        for place, part in enumerate(parts):
            length = numbers.get(part, 0) * scale
            if length:
                color = _COLORS[place % len(_COLORS)]
                out.append(
                    f'<rect x="{end:.2f}" y="{y}" width="{length:.2f}" height="{_BAR}" '
                    f'fill="{color}"/>'
                )
            end += length
        total = sum(numbers.values())
        out.append(f'<text x="{end + 6:.2f}" y="{y + 12}" fill="#333333">{total}</text>')
    return ("\n".join([*out, "</svg>"]) + "\n").encode()


def count_ranges(values: Sequence[float], edges: Sequence[float]) -> list[tuple[str, int]]:
    """Count values by range: from each edge up to the next, the last one open.

    >>> count_ranges([0, 9.5, 10, 70], [0, 10, 60])
    [('0-10', 2), ('10-60', 1), ('60+', 1)]
    """
    ends = [*edges[1:], None]
    return [
        (
            f"{start:g}+" if end is None else f"{start:g}-{end:g}",
            sum(1 for v in values if v >= start and (end is None or v < end)),
        )
        for start, end in zip(edges, ends, strict=True)
    ]


def _legend(parts: Sequence[str]) -> list[tuple[str, int, int]]:
    """Name, x and line of each entry, broken where the width is used up."""
    found, x, line = [], 12, 0
    for name in parts:
        width = round(17 + _LETTER * len(name) + 18)
        if x + width > WIDTH and x > 12:
            x, line = 12, line + 1
        found.append((name, x, line))
        x += width
    return found


def _said(numbers: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {number}".strip() for name, number in numbers.items())


def _text(text: str) -> str:
    """Escape a text, without the control characters that XML has no form for."""
    return escape("".join(c for c in text if c.isprintable() or c == " "))
