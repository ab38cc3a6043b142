"""Every page that opens from disk: words stay words, nothing foreign is fetched or run.

The audit and the review are tried with a whole book in `test_no_network`.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from hostile_words import EVIL, executable_nodes, policy_of
from made_releases import make_release
from mmskin_build.dataset.diff import diff_html, diff_releases
from mmskin_build.evaluate.class_page import write_report
from mmskin_build.evaluate.compare import Comparison, DifferenceRow, ScoreRow
from mmskin_build.evaluate.comparison_page import write_comparison
from mmskin_build.evaluate.predictions import PREDICTIONS, Prediction
from mmskin_build.evaluate.results import Group, Provenance, Result, Score, write_result
from mmskin_build.store import write_jsonl

SOURCE = Path(__file__).resolve().parent.parent / "src" / "mmskin_build"
NAME = " ".join(("{{7*7}}", *EVIL, "$\\frac{", "\\notacommand$", "\u202e"))
PROVENANCE = Provenance(
    identity=NAME, prompt=NAME, decoding={NAME: NAME}, preset=NAME, data=NAME, data_digest=NAME,
    versions={NAME: NAME}, code=NAME, notes=(NAME,),
)  # fmt: skip


def write_diff(folder: Path) -> Path:
    before, after = (make_release(folder / name, 4) for name in ("a", "b"))
    path = after / "MM-Skin-C.json"
    records = json.loads(path.read_bytes())
    for record in records:
        record |= {"caption": NAME, "panel_text": NAME, "figure_caption": NAME}
    path.chmod(0o644)
    path.write_text(json.dumps(records))
    page = folder / "diff.html"
    page.write_bytes(diff_html(diff_releases(before, after)))
    return page


def write_scores(folder: Path) -> Path:
    score = Score(name=NAME, value=0.5, low=0.4, high=0.6, n=2, clusters=2)
    groups = tuple(
        Group(by=by, value=NAME, scores=(score, dataclasses.replace(score, name="accuracy")))
        for by in ("all", "sex", "shots")
    )
    result = Result(
        task="supervised", set=NAME, model=NAME, groups=groups, provenance=PROVENANCE,
        baselines={NAME: groups[:1]},
    )  # fmt: skip
    write_result(folder, result)
    items = [
        Prediction(
            id=str(number), set=NAME, task="supervised", image=NAME, reference=f"{number}{NAME}",
            prediction=NAME, label=f"0{NAME}", cluster=NAME,
            probabilities={f"0{NAME}": 0.75, f"1{NAME}": 0.25},
        )
        for number in range(2)
    ]  # fmt: skip
    write_jsonl(folder / PREDICTIONS, items)
    return write_report(folder / "index.html", NAME, [folder], [(NAME, NAME)])


def write_compared(folder: Path) -> Path:
    models = (NAME, f"2 {NAME}", f"3 {NAME}")
    common = {"by": NAME, "group": NAME, "value": 0.5, "low": 0.4, "high": 0.6, "n": 2}
    scores = tuple(
        ScoreRow(**(common | {"by": by}), model=model, score=NAME, clusters=2)
        for by in ("all", NAME)
        for model in models
    )
    differences = tuple(
        DifferenceRow(
            **(common | {"by": by}), model=model, score=NAME, clusters=2, p=0.01, p_holm=0.02,
            detectable=0.1,
        )
        for by in ("all", NAME)
        for model in models[1:]
    )  # fmt: skip
    found = Comparison(
        set=NAME, task="vqa", models=models, n=2, clusters=2, scores=scores,
        differences=differences, provenance=dict.fromkeys(models, PROVENANCE), notes=(NAME,),
    )  # fmt: skip
    write_comparison(folder, found)
    return folder / "comparison.html"


def write_training(folder: Path) -> Path:
    pytest.importorskip("torch", reason="the extra 'train' is not installed")
    from mmskin_build.skinvl.journal import LOG, write_summary

    (folder / LOG).write_text(json.dumps({"step": 1, "loss": 2.0, NAME: NAME}) + "\n")
    return write_summary(folder, title=NAME, verdict=NAME, tables=[(NAME, [(NAME, NAME)])])


#: Where pages are made, and who tries it; None: `test_no_network` does, with a whole book.
PAGES: dict[str, Callable[[Path], Path] | None] = {
    "audit/templates/pictures.html.j2": None,
    "audit/templates/report.html.j2": None,
    "review/templates/base.html.j2": None,
    "dataset/templates/diff.html.j2": write_diff,
    "evaluate/comparison_page.py": write_compared,
    "evaluate/templates/scores.html.j2": write_scores,
    "skinvl/templates/summary.html.j2": write_training,
}


def test_every_page_is_tried() -> None:
    made = {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*")
        if path.suffix in (".py", ".j2") and "<html" in path.read_text(encoding="utf-8")
    }
    assert made == PAGES.keys()


@pytest.mark.parametrize("source", [source for source, write in PAGES.items() if write])
def test_a_page_runs_nothing_that_stands_in_its_words(source: str, tmp_path: Path) -> None:
    write = PAGES[source]
    assert write is not None
    page = write(tmp_path).read_text(encoding="utf-8")
    assert "alert(1)" in page
    assert "{{7*7}}" in re.sub("<[^>]*>", "", page)  # words are no templates
    assert list(executable_nodes(page)) == []
    policy = policy_of(page)
    assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == ("'none'",)
    assert "script-src" not in policy
    assert policy.get("img-src", ()) in ((), ("data:",))
