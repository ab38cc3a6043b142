"""What every test may rely on; the builders of records are in `builders.py`."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# No deadline: the machine decides how long an example takes, never whether a test passes.
settings.register_profile("default", deadline=None, max_examples=60)
settings.register_profile("ci", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("ci" if os.environ.get("CI") else "default")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--runslow", action="store_true", help="run the tests marked slow, too")
    parser.addoption("--browser", action="store_true", help="run the tests marked browser, too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    skips = {
        "slow": ("--runslow", "slow; run with --runslow (make test-slow)"),
        "browser": ("--browser", "needs a browser; run with --browser (make test-browser)"),
    }
    for name, (option, reason) in skips.items():
        if config.getoption(option):
            continue
        for item in items:
            if name in item.keywords:
                item.add_marker(pytest.mark.skip(reason=reason))
