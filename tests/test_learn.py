"""The model is made again from manifests and verdicts, the same each time, and measured."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from builders import make_decision
from mmskin_build.cli import run
from mmskin_build.errors import SchemaError
from mmskin_build.images.drawn_skin import draw_clinical, draw_dermoscopy
from mmskin_build.images.examples import (
    Examples,
    join,
    pack_examples,
    read_decisions,
    read_manifest,
    unpack_examples,
)
from mmskin_build.images.kinds import KINDS, parse_model, shipped_file
from mmskin_build.images.learn import example_weights, fit_linear, leave_sources_out
from mmskin_build.images.measure import judge_left_out, score
from mmskin_build.images.train import train_model
from mmskin_build.store import to_json


def clouds(sources: int = 3, count: int = 12, apart: float = 4.0, seed: int = 0) -> Examples:
    """Kinds as clouds in a space of 12 features, each from several sources."""
    rng = np.random.default_rng(seed)
    rows, kinds, names = [], [], []
    for kind in range(len(KINDS)):
        for source in range(sources):
            middle = np.zeros(12)
            middle[kind] = apart
            middle[6 + source] = 1.0
            rows += list(rng.normal(middle, 1.0, (count, 12)))
            kinds += [kind] * count
            names += [f"source {source}"] * count
    return Examples(
        names=tuple(f"f{i}" for i in range(12)),
        rows=np.array(rows),
        kinds=np.array(kinds),
        sources=tuple(names),
        plain=np.ones(len(rows), np.bool_),
    )


def test_clear_kinds_are_learned_and_the_file_is_the_same_each_time() -> None:
    content = train_model(clouds())
    assert json.dumps(content) == json.dumps(train_model(clouds()))
    assert content["card"]["left_out"]["f1_macro"] > 0.95
    model = parse_model(json.loads(json.dumps(content)), "test")
    assert (model.probabilities(clouds(seed=1).rows).argmax(1) == clouds(seed=1).kinds).mean() > 0.9


def test_left_out_sources_have_not_been_learned_from() -> None:
    examples = clouds()
    folds = leave_sources_out(examples, ["source 1"])
    assert [fold.source for fold in folds] == ["source 1"]
    rest = examples.of(np.array([s != "source 1" for s in examples.sources]))
    assert np.allclose(folds[0].fitted.center, np.median(rest.rows, axis=0))


def test_confidence_on_left_out_sources_means_probability() -> None:
    examples = clouds(sources=5, count=40, apart=3.0)
    probabilities, kinds = judge_left_out(leave_sources_out(examples), examples)
    assert score(probabilities, kinds)["calibration_error"] < 0.06


def test_kinds_weigh_the_same_and_large_sources_less_than_their_number() -> None:
    examples = clouds(sources=2)
    few = examples.of(np.arange(len(examples.kinds)) % 24 < 15)  # 12 of the one, 3 of the other
    weights = example_weights(few)
    by_kind = [weights[few.kinds == kind].sum() for kind in range(len(KINDS))]
    assert np.allclose(by_kind, by_kind[0])
    first = np.array([source == "source 0" for source in few.sources])
    assert weights[first].sum() / weights[~first].sum() == pytest.approx(2.0)


def test_copies_of_pictures_do_not_make_the_kinds_seem_better_known() -> None:
    alone = clouds()
    copies = replace(alone, plain=np.zeros(len(alone.kinds), np.bool_))
    once, twice = fit_linear(alone), fit_linear(join([alone, copies]))
    assert np.allclose(once.linear[1][0], twice.linear[1][0], rtol=1e-4, atol=1e-6)


def test_examples_are_kept_in_the_file() -> None:
    examples = clouds()
    content = {"features": list(examples.names), "examples": pack_examples(examples)}
    found = unpack_examples(json.loads(json.dumps(content)), "test")
    assert found.sources == examples.sources and (found.kinds == examples.kinds).all()
    lost = (found.rows - examples.rows) / examples.rows.std(axis=0)
    assert np.sqrt((lost**2).mean()) < 0.2  # deviations; cheap to store, not to the last digit
    assert (found.plain == examples.plain).all()
    content["examples"]["rows"] = "no rows"
    with pytest.raises(SchemaError, match="cannot be read"):
        unpack_examples(content, "test")


def save(folder: Path, count: int) -> list[Path]:
    folder.mkdir(parents=True)
    paths = []
    for number in range(count):
        draw = draw_clinical if number % 2 else draw_dermoscopy
        path = folder / f"{number:064x}.png"
        Image.fromarray(draw(np.random.default_rng([9, number]))).save(path)
        paths.append(path)
    return paths


def decide(path: Path, *decisions: tuple[str, str, str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        to_json(
            make_decision(
                decision_id=f"d{number}",
                record_id=record,
                image_sha256=digest,
                book_sha256=record.split("_")[0],
                value=value,
                decided_at=at,
            )
        )
        for number, (record, digest, value, at) in enumerate(decisions)
    ]
    path.write_bytes(b"\n".join([*lines, b"{no decision", b""]))


def test_verdicts_are_found_by_digest_and_the_latest_wins(tmp_path: Path) -> None:
    paths = save(tmp_path / "work", 2)
    first, second = (path.stem for path in paths)
    decide(
        tmp_path / "decisions" / "a.jsonl",
        ("bk10_1_2", first, "clinical", "2026-01-02T00:00:00Z"),
        ("bk10_1_2", first, "dermoscopic", "2026-01-03T00:00:00Z"),
        ("bk11_736_c", second, "clinical", "2026-01-01T00:00:00Z"),
        ("bk11_737", "f" * 64, "clinical", "2026-01-01T00:00:00Z"),
    )
    found = read_decisions([tmp_path / "decisions"], [tmp_path / "work"])
    assert [(item.kind, item.source, item.path) for item in found] == [
        ("dermoscopic", "bk10", paths[0]),
        ("clinical", "bk11", paths[1]),
    ]
    with pytest.raises(SchemaError, match="--pictures-in"):
        read_decisions([tmp_path / "decisions"], [tmp_path / "nowhere"])


def test_a_manifest_is_read_and_one_without_columns_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text("file,class,source\na.png,nonphoto,s\nb.png,faces,s\n")
    (item,) = read_manifest(path)
    assert (item.path, item.kind) == (tmp_path / "a.png", "drawing")
    path.write_text("name,class\na.png,clinical\n")
    with pytest.raises(SchemaError, match="file, source"):
        read_manifest(path)


@pytest.mark.slow
def test_a_persons_verdicts_make_a_new_model(tmp_path: Path) -> None:
    paths = save(tmp_path / "data" / "work", 4)
    decide(
        tmp_path / "decisions.jsonl",
        *((f"bk1_{n}", path.stem, "pathological", "2026") for n, path in enumerate(paths)),
    )
    out = tmp_path / "model.json"
    command = ["modality", "train", "--from-decisions", "--data", str(tmp_path / "data"), "-q"]
    command += ["--decisions", str(tmp_path / "decisions.jsonl"), "--out", str(out)]
    assert run(command) == 0
    content = json.loads(out.read_text("utf-8"))
    assert content["card"]["pictures"]["pathological"]["bk1"] == 4
    before = shipped_file()["examples"]["plain"].count("1")
    assert content["examples"]["plain"].count("1") == before + 4
    first = out.read_bytes()
    assert run(command) == 0 and out.read_bytes() == first
