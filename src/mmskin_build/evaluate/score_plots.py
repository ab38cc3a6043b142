"""Plots of scores as SVG, without fonts or scripts of others, the same bytes everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from mmskin_build.evaluate.class_metrics import Bin

_WIDTH, _HEIGHT = 420, 260  # units of the view box; the page scales it
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 12, 12, 40
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
_COLOR, _FAINT = "#0072b2", "#8888"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A score with its interval above a label of the axis."""

    label: str
    value: float | None
    low: float | None
    high: float | None


def curve_plot(title: str, axis: str, points: Sequence[Point], ceiling: float = 1.0) -> str:
    """Return points joined by a line, with their intervals, from 0 to `ceiling`."""
    step = (_WIDTH - _LEFT - _RIGHT) / max(1, len(points))
    said = "; ".join(
        f"{point.label}: {point.value:.3f}" for point in points if point.value is not None
    )
    out = [*_frame(title, axis, said, ceiling)]
    line = []
    for number, point in enumerate(points):
        x = _LEFT + step * (number + 0.5)
        out.append(_words(x, _HEIGHT - 24, point.label, "middle"))
        if point.value is None:
            continue
        y = _down(point.value / ceiling)
        line.append(f"{x:.1f},{y:.1f}")
        if point.low is not None and point.high is not None:
            low, high = _down(point.low / ceiling), _down(point.high / ceiling)
            out.append(
                f'<path d="M{x - 4:.1f} {low:.1f}h8m-4 0V{high:.1f}m-4 0h8" stroke="{_COLOR}" '
                'fill="none"/>'
            )
        out.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{_COLOR}"/>')
    out.append(f'<polyline points="{" ".join(line)}" stroke="{_COLOR}" fill="none"/>')
    return "\n".join([*out, "</svg>"])


def calibration_plot(title: str, bins: Sequence[Bin]) -> str:
    """Return the share told right in each bin against its mean probability; size is pictures."""
    most = max((each.pictures for each in bins), default=1)
    said = "; ".join(
        f"{each.confidence:.2f} sure, {each.right:.2f} right, {each.pictures} pictures"
        for each in bins
    )
    out = [*_frame(title, "probability of the class that is said", said, 1.0)]
    out.append(
        f'<path d="M{_across(0):.1f} {_down(0):.1f}L{_across(1):.1f} {_down(1):.1f}" '
        f'stroke="{_FAINT}" stroke-dasharray="4"/>'
    )
    for tick in _TICKS:
        out.append(_words(_across(tick), _HEIGHT - 24, f"{tick:g}", "middle"))
    for each in bins:
        x, y = _across(each.confidence), _down(each.right)
        size = 3 + 9 * (each.pictures / most) ** 0.5
        out.append(
            f'<path d="M{x:.1f} {_down(each.confidence):.1f}V{y:.1f}" stroke="{_COLOR}"/>'
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size:.1f}" fill="{_COLOR}" '
            f'fill-opacity="0.6"><title>{each.pictures} pictures</title></circle>'
        )
    return "\n".join([*out, "</svg>"])


def _frame(title: str, axis: str, said: str, ceiling: float) -> list[str]:
    out = [
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" font-family="sans-serif" '
        f'font-size="12"><title>{escape(title)}</title><desc>{escape(said)}</desc>'
    ]
    for tick in _TICKS:
        y = _down(tick)
        out.append(f'<path d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}" stroke="{_FAINT}"/>')
        out.append(_words(_LEFT - 6, y + 4, f"{tick * ceiling:g}", "end"))
    out.append(_words((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 6, axis, "middle"))
    return out


def _words(x: float, y: float, text: str, anchor: str) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="currentColor">'
        f"{escape(text)}</text>"
    )


def _across(share: float) -> float:
    return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)


def _down(share: float) -> float:
    return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)
