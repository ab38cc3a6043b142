"""The page of a benchmark run: tables, plots and history in one file that opens from disk."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import matplotlib
from bench_history import NOTICEABLE, NOTICEABLE_SHARE, Change, Run, alike
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

OURS, OTHERS = "#0072b2", "#9aa5ae"
MOST_RUNS = 40  # of the history that a plot shows


def write_page(
    path: Path, content: dict[str, Any], changes: Sequence[Change], runs: Sequence[Run]
) -> None:
    """Write the page of the last of `runs`; `content` is what stands in bench.json."""
    loader = FileSystemLoader(Path(__file__).parent)
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
    environment.trim_blocks = environment.lstrip_blocks = True
    pairs = content["parts"].get("pairs", {}).get("report", {})
    page = environment.get_template("bench_page.html.j2").render(
        run=content["run"],
        reading_s_per_page=content["reading_s_per_page"],
        parts={name: {"failed": "", **part} for name, part in content["parts"].items()},
        changes=changes,
        worse=[change for change in changes if change.worse],
        told=[change for change in changes if change.worse or change.better],
        noticeable=NOTICEABLE,
        noticeable_share=NOTICEABLE_SHARE,
        sets=pairs.get("sets", {}),
        about=pairs.get("about", {}),
        absent=pairs.get("absent", {}),
        plots=list(draw_plots(content["parts"], runs)),
    )
    path.write_text(page, encoding="utf-8")


def draw_plots(parts: dict[str, Any], runs: Sequence[Run]) -> Iterator[str]:
    """Draw what the parts found and the history, each plot as SVG to stand in a page."""
    reports = {name: part["report"] for name, part in parts.items() if "report" in part}
    if "pairs" in reports:
        yield _svg(_draw_pairs(reports["pairs"]["sets"]))
    if "stages" in reports:
        yield _svg(_draw_stages(reports["stages"]))
    if "growth" in reports:
        yield _svg(_draw_growth(reports["growth"]))
    told = alike(runs[:-1], runs[-1])[-MOST_RUNS:]
    if told and runs[-1].figures:
        yield _svg(_draw_history([*told, runs[-1]]))


def _svg(canvas: Canvas) -> str:
    out = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "mmskin"}):
        canvas.savefig(out, format="svg", metadata={"Date": None})
    text = out.getvalue()
    return text[text.index("<svg") :]


def _draw_pairs(sets: dict[str, Any]) -> Canvas:
    """Quality against cost: one panel a set, a point for each who looked for figures."""
    canvas = Canvas(figsize=(10, 3.6 * max(1, (len(sets) + 1) // 2)), layout="constrained")
    axes = canvas.subplots(max(1, (len(sets) + 1) // 2), 2, squeeze=False).flat
    for axis, (name, rows) in zip(axes, sets.items(), strict=False):
        for who, row in rows.items():
            color = OURS if who == "mmskin" else OTHERS
            axis.scatter(row["cpu_s_per_page"], row["f1"], color=color, zorder=3)
            place = (row["cpu_s_per_page"], row["f1"])
            axis.annotate(who, place, xytext=(5, 3), textcoords="offset points", fontsize=8)
        axis.set_xscale("log")
        axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axis.xaxis.set_minor_formatter(NullFormatter())
        axis.set_ylim(-0.05, 1.08)
        _label(axis, name, "processor seconds a page", "F1 of figures with captions")
    for axis in list(canvas.axes)[len(sets) :]:
        axis.set_visible(False)
    return canvas


def _draw_stages(report: dict[str, Any]) -> Canvas:
    canvas = Canvas(figsize=(10, 3.6), layout="constrained")
    left, right = canvas.subplots(1, 2)
    stages = report["stages"]
    names = list(stages["cpu_s"])[::-1]
    left.barh(names, [stages["cpu_s"][n] / stages["pages"] for n in names], color=OURS)
    _label(left, "Where a build spends its time", "processor seconds a page", "")
    for workers in sorted({row["workers"] for row in report["books"]}):
        rows = [row for row in report["books"] if row["workers"] == workers]
        counts = [row["books"] for row in rows]
        right.plot(
            counts, [row["wall_s_per_page"] for row in rows], marker="o", label=f"{workers} workers"
        )
    right.set_ylim(bottom=0)
    right.legend()
    _label(right, "More books, more workers", "books", "wall seconds a page")
    return canvas


def _draw_growth(rows: Sequence[dict[str, Any]]) -> Canvas:
    canvas = Canvas(figsize=(10, 3.2), layout="constrained")
    left, right = canvas.subplots(1, 2)
    pages = [row["pages"] for row in rows]
    left.plot(pages, [row["cpu_s_per_page"] for row in rows], marker="o", color=OURS)
    left.set_ylim(bottom=0)
    _label(left, "Time a page as the book grows", "pages", "processor seconds a page")
    for role in sorted({role for row in rows for role in row["peak_mib"]}):
        right.plot(pages, [row["peak_mib"].get(role, 0) for row in rows], marker="o", label=role)
    right.set_ylim(bottom=0)
    if rows[0]["peak_mib"]:
        right.legend()
    _label(right, "Memory as the book grows", "pages", "peak MiB")
    return canvas


def _draw_history(runs: Sequence[Run]) -> Canvas:
    """A small panel for each figure of the last run, over the runs like it."""
    names = sorted(runs[-1].figures)
    columns = 4
    lines = -(-len(names) // columns)
    canvas = Canvas(figsize=(10, 1.5 * lines), layout="constrained")
    axes = list(canvas.subplots(lines, columns, squeeze=False).flat)
    for axis, name in zip(axes, names, strict=False):
        told = [(at, run.figures[name]) for at, run in enumerate(runs) if name in run.figures]
        axis.plot([at for at, _ in told], [value for _, value in told], color=OTHERS)
        axis.plot(*told[-1], marker="o", color=OURS)
        axis.set_title(f"{name} ({runs[-1].units[name]})", fontsize=6)
        axis.tick_params(labelsize=6)
        axis.set_xticks([])
        axis.margins(y=0.4)
    for axis in axes[len(names) :]:
        axis.set_visible(False)
    canvas.suptitle(f"History: the last {len(runs)} runs like this one", fontsize=10)
    return canvas


def _label(axis: Axes, title: str, across: str, up: str) -> None:
    axis.set_title(title, fontsize=10)
    axis.set_xlabel(across, fontsize=8)
    axis.set_ylabel(up, fontsize=8)
    axis.tick_params(labelsize=8)
    axis.grid(alpha=0.3)
