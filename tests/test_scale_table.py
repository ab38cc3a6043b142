"""The tables of docs/scale.md are those of its figures, and follow from them as they say."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def scale() -> Any:
    path = ROOT / "tools" / "scale_table.py"
    spec = importlib.util.spec_from_file_location("scale_table", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["scale_table"] = module  # where dataclasses look for it
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def measured() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "docs" / "scale.json").read_text())
    return found


def test_the_page_holds_the_tables_of_its_figures(scale: Any, measured: dict[str, Any]) -> None:
    page = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
    made = scale.tables(measured, scale.Assumed())
    assert scale.put_tables(page, made) == page, "run: tools/scale_table.py --write"


def test_ranges_are_counted_as_they_are_handed_out(scale: Any) -> None:
    pytest.importorskip("distributed", reason="the extra 'dask' is not installed")
    from mmskin_build.flows import spread

    assert spread.RANGE_PAGES == scale._RANGE_PAGES
    assert spread.RANGE_PICTURES == scale._RANGE_PICTURES


def test_costs_grow_with_books_and_prices(scale: Any, measured: dict[str, Any]) -> None:
    given = scale.Assumed()
    one, ten = (scale.cost_of(books, measured, given) for books in (1, 10))
    for field in dataclasses.fields(one):
        assert getattr(ten, field.name) == pytest.approx(10 * getattr(one, field.name), rel=0.02)
    dear = scale.cost_of(1, measured, dataclasses.replace(given, cpu_hour=2 * given.cpu_hour))
    assert dear.compute_usd == pytest.approx(2 * one.compute_usd)
    assert dear.storage_usd == one.storage_usd


def test_more_workers_are_never_slower(scale: Any, measured: dict[str, Any]) -> None:
    for books in scale.BOOKS:
        hours = [
            scale.hours_of(scale.times_of(books, workers, measured, scale.Assumed()))[0]
            for workers in scale.WORKERS
        ]
        assert hours == sorted(hours, reverse=True)


def test_what_is_slowest_is_named(scale: Any, measured: dict[str, Any]) -> None:
    slow_link = dataclasses.replace(scale.Assumed(), link_mb_s=0.01)
    assert scale.hours_of(scale.times_of(100, 64, measured, slow_link))[1] == "sending"
    busy = json.loads(json.dumps(measured))
    busy["calls"]["scheduler_cpu_ms_a_call"] = 1e6
    assert scale.hours_of(scale.times_of(100, 64, busy, scale.Assumed()))[1] == "scheduler"


@pytest.mark.parametrize("count", [0, 1, 7, 401, 1640])
@pytest.mark.parametrize("threads", [1, 2, 3, 40])
def test_ranges_hold_all_in_order_and_end_together(count: int, threads: int) -> None:
    pytest.importorskip("distributed", reason="the extra 'dask' is not installed")
    from mmskin_build.flows.spread import cut_ranges

    found = cut_ranges(range(count), 256, threads, 1)
    assert [item for some in found for item in some] == list(range(count))
    assert all(0 < len(some) <= 256 for some in found)
    turns = -(-len(found) // threads)  # how often the busiest thread takes one
    longest = turns * max(map(len, found), default=0)
    assert longest <= count / threads + turns  # of an even share, rounded up in each turn
