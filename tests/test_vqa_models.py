"""Real language models, tiny ones: in this process, and behind `transformers serve`."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from lying_server import pairs
from mmskin_build.config import VqaConfig
from mmskin_build.errors import ConfigError
from mmskin_build.vqa.backend_transformers import TransformersBackend
from mmskin_build.vqa.generate import generate_pairs
from mmskin_build.vqa.replies import build_messages
from mmskin_build.vqa.reply_cache import ReplyCache
from mmskin_build.vqa.told import read_told
from test_vqa_openai import ask, records
from tiny_model import make_tiny_model

REPLY = pairs(
    ("What color are the papules?", "The papules are violaceous."),
    ("Where are the papules?", "The papules are on the scalp."),
)
NEEDED = ("torch", "transformers")
needs_models = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in NEEDED),
    reason="torch and transformers are not installed: pip install 'mmskin-build[train]'",
)
SERVE = "from transformers.cli.transformers import main; main()"
needs_server = pytest.mark.skipif(
    importlib.util.find_spec("openai") is None,
    reason="transformers cannot serve: pip install 'transformers[serving]'",
)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    told = [read_told(record) for record in records(4)]
    talks = [build_messages(item, 5) for item in told if item is not None]
    return make_tiny_model(tmp_path_factory.mktemp("model"), talks, REPLY)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    cfg = VqaConfig(backend="transformers", model=str(tmp_path / "none"))
    with pytest.raises(ConfigError, match="no such folder"):
        TransformersBackend(cfg, ReplyCache(tmp_path / "replies.sqlite"))


@needs_models
def test_a_folder_without_a_model_is_told(tmp_path: Path) -> None:
    cfg = VqaConfig(backend="transformers", model=str(tmp_path))
    with pytest.raises(ConfigError, match="cannot be loaded"):
        TransformersBackend(cfg, ReplyCache(tmp_path / "replies.sqlite"))


@pytest.mark.slow
@needs_models
def test_a_local_model_writes_in_batches_and_its_lie_stays_out(model: Path, tmp_path: Path) -> None:
    cfg = VqaConfig(backend="transformers", model=str(model), batch=4, reply_tokens=200)
    cache = ReplyCache(tmp_path / "replies.sqlite")
    backend = TransformersBackend(cfg, cache)
    made = generate_pairs(records(6), backend, cfg, {})
    assert {item.answer for item in made.items} == {"The papules are violaceous."}
    assert made.report.pairs >= 4 and made.report.rejects["contradiction"] >= 1
    assert made.report.requests == 2
    assert made.report.tokens_out > 0

    again = TransformersBackend(cfg, cache)
    assert generate_pairs(records(6), again, cfg, {}).items == made.items
    assert again.usage.cached == 6 and again.usage.requests == 0


@pytest.fixture(scope="module")
def served(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("server") / "log"
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    with log.open("wb") as file:
        process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                SERVE,
                "serve",
                str(model),
                "--device",
                "cpu",
                "--host",
                "127.0.0.1",
            ]
            + ["--port", str(port)],
            stdout=file,
            stderr=file,
            env=environment,
        )
    try:
        for _ in range(600):
            assert process.poll() is None, log.read_text()
            try:
                httpx.get(f"http://127.0.0.1:{port}/health")
                break
            except httpx.HTTPError:
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}/v1", log
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.slow
@needs_models
@needs_server
def test_a_real_server_answers_eight_at_once_and_nothing_is_asked_twice(
    served: tuple[str, Path], model: Path, tmp_path: Path
) -> None:
    url, log = served
    script = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from test_vqa_openai import ask
        ask(sys.argv[1], Path(sys.argv[2]), count=24, model=sys.argv[3], timeout_s=120.0,
            reply_tokens=200)
        """
    )
    paths = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    process = subprocess.Popen(
        [sys.executable, "-c", script, url, str(tmp_path), str(model)],
        env={**os.environ, "PYTHONPATH": paths},
    )

    def answered() -> int:
        return len(re.findall(r"POST /v1/chat/completions", log.read_text()))

    while answered() < 8 and process.poll() is None:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()

    made = ask(url, tmp_path, count=24, model=str(model), timeout_s=120.0, reply_tokens=200)
    assert made.report.cached >= 7, made.report
    assert made.report.requests == 24 - made.report.cached
    assert {item.answer for item in made.items} == {"The papules are violaceous."}
    assert made.report.pairs >= 16 and made.report.rejects["contradiction"] >= 1

    before = answered()
    again = ask(url, tmp_path, count=24, model=str(model), timeout_s=120.0, reply_tokens=200)
    assert again.items == made.items and answered() == before
