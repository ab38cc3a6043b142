"""A language model behind a server: what it invents stays out, and nothing is asked twice."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

from builders import make_record
from lying_server import Served, pairs, server
from mmskin_build.config import VqaConfig
from mmskin_build.errors import ConfigError
from mmskin_build.records import Label, Record
from mmskin_build.vqa.backend_openai import OpenAIBackend
from mmskin_build.vqa.generate import Generated, generate_pairs
from mmskin_build.vqa.replies import parse_reply
from mmskin_build.vqa.reply_cache import ReplyCache

CAPTION = "Lichen planus. Violaceous, flat-topped papules on the left wrist, without scale."
GOOD = pairs(
    ("What color are the papules?", "The papules are violaceous."),
    ("Where are the papules?", "The papules are on the left wrist."),
)


def records(count: int, caption: str = CAPTION) -> list[Record]:
    return [
        make_record(
            f"bk1_1_{number}",
            caption=f"{caption} Case {number}.",
            figure_caption=f"{caption} Case {number}.",
            modality=Label(value="clinical", confidence=0.95, source="rule"),
        )
        for number in range(count)
    ]


def ask(
    base_url: str, folder: Path, count: int = 1, waits: list[float] | None = None, **settings: Any
) -> Generated:
    cfg = VqaConfig(
        backend="openai", base_url=base_url, **({"timeout_s": 5.0, "model": "tiny"} | settings)
    )
    cache = ReplyCache(folder / "replies.sqlite")
    noted: list[float] = [] if waits is None else waits
    backend = OpenAIBackend(cfg, cache, sleep=noted.append)
    try:
        return generate_pairs(records(count), backend, cfg, {})
    finally:
        backend.close()
        cache.close()


LIES = {
    "unsupported": ("Are the papules crusted?", "Yes, the papules are crusted."),
    "hedge": ("What causes this?", "It is difficult to determine the cause from the image."),
    "leak": ("What are these violaceous papules?", "They are violaceous papules."),
    "contradiction": ("What color are the papules?", "The papules are yellow."),
    "advice": ("What comes next?", "A dermatologist should be consulted."),
    "names": ("Who is the patient?", "The patient is Mr Harold Finch."),
    "refers_to_caption": ("What is said?", "The caption says lichen planus."),
    "needs_no_picture": ("What is lichen planus?", "Lichen planus is lichen planus."),
    "not_visible": ("What treatment was used on the wrist?", "Lichen planus on the left wrist."),
    "malformed": ("Where?", " "),
}


@pytest.mark.parametrize("reason", sorted(LIES))
def test_a_lie_is_kept_apart_with_its_reason(reason: str, tmp_path: Path) -> None:
    with server(lambda body, number: Served(pairs(LIES[reason]))) as (url, _):
        made = ask(url, tmp_path)
    assert made.items == ()
    assert [reject.reason for reject in made.rejects] == [reason]
    assert made.report.pairs == 0 and sum(made.report.rejects.values()) == 1


def test_what_is_true_passes_beside_lies(tmp_path: Path) -> None:
    reply = pairs(("Where are the papules?", "They are on the left wrist."), *LIES.values())
    with server(lambda body, number: Served(reply)) as (url, _):
        made = ask(url, tmp_path)
    assert [item.answer for item in made.items] == ["They are on the left wrist."]
    assert made.items[0].source == "model" and made.items[0].backend == "openai:tiny"
    assert len(made.rejects) == len(LIES)


def test_pairs_that_repeat_or_contradict_each_other_do_not_pass(tmp_path: Path) -> None:
    reply = pairs(
        ("Is scale present?", "No, there is no scale."),
        ("Is there scale?", "No, scale is absent."),
        ("Where are the papules?", "On the left wrist."),
        ("Where are these papules?", "They are on the left wrist."),
    )
    with server(lambda body, number: Served(reply)) as (url, _):
        made = ask(url, tmp_path)
    assert len(made.items) == 2
    assert made.report.rejects == {"repeat": 2}


BROKEN = {
    "empty_reply": Served(""),
    "no_json": Served("I am sorry, I cannot do that."),
    "no_pairs": Served('{"items": 3}'),
    "broken_reply": Served(None, raw=b"<html>busy</html>"),
}


@pytest.mark.parametrize("fault", sorted(BROKEN))
def test_a_reply_without_pairs_is_counted(fault: str, tmp_path: Path) -> None:
    with server(lambda body, number: BROKEN[fault]) as (url, _):
        made = ask(url, tmp_path, retries=1)
    assert made.items == () and made.report.faults == {fault: 1}


def test_an_endless_reply_is_cut_off(tmp_path: Path) -> None:
    def endless(body: dict[str, Any], number: int) -> Served:
        return Served(None, pieces=itertools.repeat(b" " * 65_536))

    with server(endless) as (url, _):
        made = ask(url, tmp_path)
    assert made.report.faults == {"endless_reply": 1} and made.report.failed == 0


def test_a_slow_reply_is_given_up(tmp_path: Path) -> None:
    def slow(body: dict[str, Any], number: int) -> Served:
        def drip():  # type: ignore[no-untyped-def]
            while True:
                yield b" "
                time.sleep(0.05)

        return Served(None, pieces=drip())

    with server(slow) as (url, _):
        made = ask(url, tmp_path, timeout_s=0.3, retries=1)
    assert made.report.faults == {"slow_reply": 1} and made.report.retries == 1


def test_a_busy_server_is_asked_again_when_it_says_so(tmp_path: Path) -> None:
    def busy(body: dict[str, Any], number: int) -> Served:
        if number < 3:
            return Served("busy", status=429, headers={"Retry-After": "7"})
        return Served(GOOD)

    waits: list[float] = []
    with server(busy) as (url, asked):
        made = ask(url, tmp_path, waits=waits)
    assert len(made.items) == 2 and waits == [7.0, 7.0] and len(asked) == 3


def test_waits_grow_where_the_server_says_nothing(tmp_path: Path) -> None:
    waits: list[float] = []
    with server(lambda body, number: Served("", status=503)) as (url, _):
        made = ask(url, tmp_path, waits=waits, retries=3)
    assert waits == [1.0, 2.0, 4.0] and made.report.faults == {"http_503": 1}


def test_a_wrong_key_ends_the_run(tmp_path: Path) -> None:
    with server(lambda body, number: Served("", status=401)) as (url, asked):
        made = ask(url, tmp_path, count=20, concurrency=1)
    assert len(asked) == 1 and made.report.stopped == "http_401"
    assert made.report.faults == {"http_401": 20}


def test_a_server_that_holds_to_no_schema_is_asked_without(tmp_path: Path) -> None:
    def plain(body: dict[str, Any], number: int) -> Served:
        return Served("", status=400) if "response_format" in body else Served(GOOD)

    with server(plain) as (url, asked):
        made = ask(url, tmp_path, count=3, concurrency=1)
    assert len(made.items) == 6
    assert ["response_format" in body for body in asked] == [True, False, False, False]


def test_a_server_that_is_gone_ends_the_run_with_counts(tmp_path: Path) -> None:
    with server(lambda body, number: Served(GOOD)) as (url, _):
        pass
    made = ask(url, tmp_path, count=40, retries=0)
    assert made.report.stopped == "server_down" and made.report.asked == 0
    assert sum(made.report.faults.values()) == 40 and made.report.failed < 40


def test_a_spent_budget_ends_the_asking(tmp_path: Path) -> None:
    with server(lambda body, number: Served(GOOD)) as (url, asked):
        made = ask(
            url, tmp_path, count=30, token_budget=600, concurrency=1, price_in=1.0, price_out=2.0
        )
    assert made.report.stopped == "token_budget_spent"
    assert len(asked) == 5 == made.report.requests
    assert (made.report.tokens_in, made.report.tokens_out) == (500, 100)
    assert made.report.cost == pytest.approx(5 * (100 + 2 * 20) / 1e6)


def test_a_second_run_asks_nothing_and_gives_the_same(tmp_path: Path) -> None:
    with server(lambda body, number: Served(GOOD)) as (url, asked):
        first = ask(url, tmp_path, count=20)
        number = len(asked)
        second = ask(url, tmp_path, count=20)
        assert number == 20 == len(asked)
    assert second.items == first.items
    assert second.report.cached == 20 and second.report.tokens_in == 0


def test_eight_requests_are_in_flight(tmp_path: Path) -> None:
    import threading

    together = threading.Barrier(8, timeout=20)

    def wait(body: dict[str, Any], number: int) -> Served:
        if number <= 8:
            together.wait()  # breaks unless eight come at once
        return Served(GOOD)

    with server(wait) as (url, asked):
        made = ask(url, tmp_path, count=16, retries=0, timeout_s=30.0)
    assert len(asked) == 16 and made.report.failed == 0
    assert all(body["stream"] is False for body in asked)


def test_the_rate_limit_spaces_requests(tmp_path: Path) -> None:
    waits: list[float] = []
    with server(lambda body, number: Served(GOOD)) as (url, _):
        ask(url, tmp_path, count=4, waits=waits, requests_a_minute=6, concurrency=1)
    assert len(waits) == 3 and 5 < waits[0] <= 10 and 25 < waits[-1] <= 30


def test_the_key_is_sent_and_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MMSKIN_TEST_KEY", "sk-not-to-be-written")
    with server(lambda body, number: Served(GOOD)) as (url, asked):
        ask(url, tmp_path, api_key_env="MMSKIN_TEST_KEY")
    assert asked[0]["authorization"] == "Bearer sk-not-to-be-written"
    for path in tmp_path.rglob("*"):
        assert b"not-to-be-written" not in path.read_bytes()


def test_a_model_must_be_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="vqa.model"):
        OpenAIBackend(VqaConfig(), ReplyCache(tmp_path / "replies.sqlite"))


def test_a_killed_run_goes_on_without_asking_again(tmp_path: Path) -> None:
    seen: list[str] = []

    def answer(body: dict[str, Any], number: int) -> Served:
        seen.append(body["messages"][1]["content"])
        if number > 25:
            time.sleep(0.2)
        return Served(GOOD)

    script = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from test_vqa_openai import ask
        print(ask(sys.argv[1], Path(sys.argv[2]), count=60).report.pairs)
        """
    )
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path]),
    }
    with server(answer) as (url, _):
        command = [sys.executable, "-c", script, url, str(tmp_path)]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)
        while len(seen) < 30 and process.poll() is None:
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        before = len(seen)
        assert 30 <= before < 60
        made = ask(url, tmp_path, count=60)
        asked_again = len(seen) - (60 - made.report.cached)
        assert made.report.pairs == 120
        assert made.report.cached >= 20 and asked_again == before
        assert before + made.report.requests - 60 <= 8  # only what was in flight is asked again


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (GOOD, 2),
        (f"```json\n{GOOD}\n```", 2),
        (f"Here you are: {GOOD} Have fun!", 2),
        (GOOD[:-40], 2),
        (GOOD.replace('"pairs": ', "")[1:-1], 2),
        ('[{"question": "Where?", "answer": 3}, {"question": "Where?", "answer": "There."}]', 1),
        ("[" * 5000, 0),
        ("{}", 0),
        ("null", 0),
    ],
)
def test_replies_are_mended_where_they_can_be(text: str, count: int) -> None:
    assert len(parse_reply(text).drafts) == count
