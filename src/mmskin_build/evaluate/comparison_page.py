"""A comparison for people and other programs: HTML, PNG, LaTeX, CSV, JSON in one folder.

The page stands alone: it fetches nothing, and every name in it is escaped.
"""

from __future__ import annotations

import base64
import csv
import dataclasses
import io
from collections.abc import Sequence
from html import escape
from pathlib import Path

from mmskin_build.evaluate.compare import LESS_IS_BETTER, Comparison, DifferenceRow, ScoreRow
from mmskin_build.store import plain, pretty_json, write_bytes

_SIGNIFICANT = 0.05
_INCH = 0.24  # height of a row of the plot
_STYLE = """body{font:15px/1.45 sans-serif;max-width:76rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;margin:.5rem 0 1.5rem;font-size:13px}
th,td{padding:.25rem .6rem;text-align:right;border-bottom:1px solid #ddd}
th:first-child,td:first-child{text-align:left}small{color:#555;display:block}
.scroll{overflow-x:auto}img{max-width:100%}.sure{font-weight:bold}"""


def write_comparison(folder: Path, found: Comparison) -> None:
    """Write page, plot, LaTeX and JSON as ``comparison.*``, and two tables as CSV.

    Raises:
        StorageError: If the folder cannot be written.
    """
    plot = draw_differences(found)
    write_bytes(folder / "comparison.png", plot)
    write_bytes(folder / "comparison.html", build_page(found, plot).encode())
    write_bytes(folder / "comparison.tex", build_latex(found).encode())
    write_bytes(folder / "comparison.json", pretty_json(plain(found)))
    write_bytes(folder / "scores.csv", _table(found.scores))
    write_bytes(folder / "differences.csv", _table(found.differences))


def build_page(found: Comparison, plot: bytes) -> str:
    """Return the page; `plot` is the PNG of `draw_differences`."""
    title = f"{', '.join(found.models)} on {found.set}"
    image = base64.b64encode(plot).decode()
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; '
        "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">",
        '<meta name="viewport" content="width=device-width">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1>",
        f"<p>{found.n} items that all models have, in {found.clusters} clusters (figures or "
        "patients). In small: the interval that holds the truth in 95 of 100 such sets. "
        f"Differences are to {escape(found.models[0])}, on the same items; p is corrected for the "
        "number of comparisons (Holm); bold: p below 0.05.</p>",
        *(f"<p>{escape(note)}</p>" for note in found.notes),
        f'<img alt="{escape(_said(found))}" src="data:image/png;base64,{image}">',
    ]
    for by, group in _group_names(found):
        heading = "All items" if by == "all" else f"{by.replace('_', ' ')}: {group}"
        rows = [row for row in found.scores if (row.by, row.group) == (by, group)]
        parts += [f"<h2>{escape(heading)} <small>{rows[0].n} items</small></h2>", _scores(rows)]
        told = [row for row in found.differences if (row.by, row.group) == (by, group)]
        parts.append(_differences(told))
    parts.append("<h2>What the scores hang on</h2>")
    for model, p in found.provenance.items():
        versions = ", ".join(f"{name} {number}" for name, number in p.versions.items())
        decoding = ", ".join(f"{key} {value}" for key, value in p.decoding.items())
        lines = (
            ("identity", p.identity), ("prompt", p.prompt), ("decoding", decoding),
            ("preset", p.preset), ("data", f"{p.data} {p.data_digest}"), ("versions", versions),
            ("code", p.code), *(("note", note) for note in p.notes),
        )  # fmt: skip
        parts.append(f"<h3>{escape(model)}</h3><table>")
        parts += [f"<tr><td>{a}</td><td>{escape(b)}</td></tr>" for a, b in lines]
        parts.append("</table>")
    return "\n".join([*parts, "</body></html>\n"])


def build_latex(found: Comparison) -> str:
    """Return a table for a paper: a row a model, a column a score, all items; needs booktabs."""
    rows = [row for row in found.scores if row.by == "all"]
    names = _score_names(rows)
    lines = [
        "% needs \\usepackage{booktabs}",
        "\\begin{tabular}{l" + "r" * len(names) + "}",
        "\\toprule",
        " & ".join(["Model", *(_tex(name) for name in names)]) + " \\\\",
        "\\midrule",
    ]
    for model in found.models:
        own = {row.score: row for row in rows if row.model == model}
        cells = [
            f"{100 * own[n].value:.1f}{_tex_interval(own[n])}" if n in own else "--" for n in names
        ]
        lines.append(" & ".join([_tex(model), *cells]) + " \\\\")
    return "\n".join([*lines, "\\bottomrule", "\\end{tabular}", ""])


def draw_differences(found: Comparison) -> bytes:
    """Return a PNG of all differences on all items, each with its interval."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = [row for row in found.differences if row.by == "all"]
    figure = Figure(figsize=(8.5, 1.2 + _INCH * max(1, len(rows))), dpi=110, layout="tight")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for at, row in enumerate(reversed(rows)):
        sure = row.p_holm is not None and row.p_holm < _SIGNIFICANT
        color = "#0072b2" if sure else "#777777"
        if row.low is not None and row.high is not None:
            axes.plot([row.low, row.high], [at, at], color=color, linewidth=2)
        axes.plot([row.value], [at], "o", color=color, markersize=5)
    labels = [_label(row, len(found.models) > 2) for row in reversed(rows)]
    axes.set_yticks(range(len(rows)), [text.replace("$", r"\$") for text in labels], fontsize=8)
    axes.axvline(0, color="#111111", linewidth=0.8)
    axes.set_xlabel("difference, with its 95 % interval; blue: p < 0.05 after Holm", fontsize=8)
    axes.tick_params(axis="x", labelsize=8)
    content = io.BytesIO()
    figure.savefig(content, format="png", metadata={"Software": None})
    return content.getvalue()


def _label(row: DifferenceRow, several: bool) -> str:
    name = row.score.replace("_", " ") + (" (less is better)" if _is_cost(row.score) else "")
    return f"{row.model[:24]}: {name}" if several else name


def _is_cost(score: str) -> bool:
    return score in LESS_IS_BETTER


def _said(found: Comparison) -> str:
    return "; ".join(
        f"{row.model} {row.score} {row.value:+.3f}" for row in found.differences if row.by == "all"
    )


def _group_names(found: Comparison) -> list[tuple[str, str]]:
    return list(dict.fromkeys((row.by, row.group) for row in found.scores))


def _score_names(rows: Sequence[ScoreRow]) -> list[str]:
    return list(dict.fromkeys(row.score for row in rows))


def _scores(rows: Sequence[ScoreRow]) -> str:
    names = _score_names(rows)
    head = "".join(f"<th>{escape(name.replace('_', ' '))}</th>" for name in names)
    lines = []
    for model in dict.fromkeys(row.model for row in rows):
        own = {row.score: row for row in rows if row.model == model}
        cells = "".join(
            f"<td>{100 * own[n].value:.1f}<small>{_interval(own[n])}</small></td>"
            if n in own
            else "<td>-</td>"
            for n in names
        )
        lines.append(f"<tr><td>{escape(model)}</td>{cells}</tr>")
    return (
        f'<div class="scroll"><table><tr><th>model (in %)</th>{head}</tr>{"".join(lines)}'
        "</table></div>"
    )


def _differences(rows: Sequence[DifferenceRow]) -> str:
    lines = []
    for row in rows:
        sure = row.p_holm is not None and row.p_holm < _SIGNIFICANT
        cells = (
            f"{100 * row.value:+.2f}", _interval(row),
            "-" if row.p_holm is None else f"{row.p_holm:.3f}",
            "-" if row.detectable is None else f"{100 * row.detectable:.2f}",
        )  # fmt: skip
        lines.append(
            f"<tr{' class=sure' if sure else ''}><td>{escape(row.model)}: "
            f"{escape(row.score.replace('_', ' '))}</td>"
            + "".join(f"<td>{cell}</td>" for cell in cells)
            + "</tr>"
        )
    return (
        "<details><summary>differences</summary><table><tr><th>in points</th><th>difference</th>"
        "<th>95 %</th><th>p</th><th>smallest that these items can show</th></tr>"
        + "".join(lines)
        + "</table></details>"
    )


def _interval(row: ScoreRow | DifferenceRow) -> str:
    if row.low is None or row.high is None:
        return "-"
    return f"{100 * row.low:.1f} to {100 * row.high:.1f}"


def _tex_interval(row: ScoreRow) -> str:
    if row.low is None or row.high is None:
        return ""
    return f" {{\\scriptsize ({100 * row.low:.1f}--{100 * row.high:.1f})}}"


def _tex(text: str) -> str:
    special = {c: f"\\{c}" for c in "&%$#_{}"}
    special |= {"\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}"}
    return "".join(special.get(c, c) for c in text)


def _table(rows: Sequence[ScoreRow] | Sequence[DifferenceRow]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    if rows:
        writer.writerow([field.name for field in dataclasses.fields(rows[0])])
    for row in rows:
        values = dataclasses.astuple(row)
        writer.writerow(["" if value is None else value for value in values])
    return text.getvalue().encode()
