"""Questions and answers by any server that speaks OpenAI's protocol, on this machine or elsewhere.

vLLM, llama.cpp's server, Ollama, `transformers serve` and hosted models do. Several requests are in
flight; the replies are taken in the order of the records, so the same replies give the same bytes.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from mmskin_build.config import VqaConfig
from mmskin_build.errors import ConfigError
from mmskin_build.records import LabelSource
from mmskin_build.vqa.drafts import Drafted, Usage
from mmskin_build.vqa.replies import (
    MODEL_PROMPT_VERSION,
    MOST_CHARACTERS,
    build_messages,
    parse_reply,
    reply_schema,
)
from mmskin_build.vqa.reply_cache import Reply, ReplyCache, request_key
from mmskin_build.vqa.told import Told

_FIRST_WAIT_S = 1.0  # before the first retry; doubled for each more
_LONGEST_WAIT_S = 60.0  # before one retry, whatever the server asks for
_MOST_BYTES = 4 * MOST_CHARACTERS + 65_536  # of one HTTP reply: the text and what is around it
_MILLION = 1_000_000
_FOR_THE_MOMENT = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
# The key, the address or the name of the model is wrong: no request will do better.
_HOPELESS = frozenset({"http_401", "http_403", "http_404"})
# A server that does not answer so many records in a row is down.
_GIVE_UP_AFTER = 5


class _NoReply(Exception):
    """A request that gave no reply; `reason` is counted, `wait_s` what the server asked for."""

    def __init__(self, reason: str, *, again: bool, wait_s: float | None = None) -> None:
        super().__init__(reason)
        self.reason, self.again, self.wait_s = reason, again, wait_s


@dataclass(frozen=True, slots=True)
class _Outcome:
    reply: Reply | None
    fault: str = ""
    cached: bool = False


class OpenAIBackend:
    """A model behind an HTTP server; its replies are kept in `cache`."""

    source: LabelSource = "model"
    prompt_version = MODEL_PROMPT_VERSION

    def __init__(
        self,
        cfg: VqaConfig,
        cache: ReplyCache,
        *,
        sleep: Callable[[float], object] = time.sleep,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Use the server of ``cfg.base_url``; `sleep` waits between tries.

        Raises:
            ConfigError: If no model is named.
        """
        if not cfg.model:
            raise ConfigError("vqa.model is empty; write the name of the server's model in [vqa]")
        self.name = f"openai:{cfg.model}"
        self.usage = Usage()
        self._cfg, self._cache, self._sleep = cfg, cache, sleep
        self._lock = threading.Lock()
        self._next_start = 0.0
        self._schema_refused = False
        self._down = 0
        key = os.environ.get(cfg.api_key_env, "")
        self._client = httpx.Client(
            base_url=cfg.base_url.rstrip("/") + "/",
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=httpx.Timeout(cfg.timeout_s, connect=min(10.0, cfg.timeout_s)),
            limits=httpx.Limits(max_connections=cfg.concurrency),
            transport=transport,
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def write(self, told: Sequence[Told]) -> Iterator[Drafted]:
        """Ask about each record; with a budget spent or the server down, the rest gets nothing."""
        waiting: deque[tuple[Told, Future[_Outcome]]] = deque()
        rest = iter(told)
        with ThreadPoolExecutor(self._cfg.concurrency) as pool:
            while True:
                while len(waiting) < 2 * self._cfg.concurrency:
                    item = next(rest, None)
                    if item is None:
                        break
                    waiting.append((item, pool.submit(self._outcome, item)))
                if not waiting:
                    return
                item, future = waiting.popleft()
                yield self._drafted(item, future.result())

    def _drafted(self, told: Told, outcome: _Outcome) -> Drafted:
        if outcome.reply is None:
            self._count(outcome.fault)
            return Drafted(record_id=told.record.id, faults=(outcome.fault,))
        parsed = parse_reply(outcome.reply.text)
        if parsed.fault:
            self._count(parsed.fault)
        faults = (parsed.fault,) if parsed.fault else ()
        return Drafted(record_id=told.record.id, drafts=parsed.drafts, faults=faults)

    def _count(self, fault: str) -> None:
        self.usage.faults[fault] = self.usage.faults.get(fault, 0) + 1

    def _outcome(self, told: Told) -> _Outcome:
        """Return the kept reply, or ask for one as long as budget and server allow."""
        messages = build_messages(told, self._cfg.pairs_a_picture)
        key = request_key(
            self._cfg.model, messages, count=self._cfg.pairs_a_picture, most=self._cfg.reply_tokens
        )
        kept = self._cache.find(key)
        if kept is not None:
            with self._lock:
                self.usage.cached += 1
            return _Outcome(kept, cached=True)
        stopped = self._stopped()
        if stopped:
            return _Outcome(None, stopped)
        try:
            reply = self._ask(messages)
        except _NoReply as failed:
            with self._lock:
                self.usage.failed += failed.again
                self._down += failed.again
                if failed.reason in _HOPELESS:
                    self.usage.stopped = failed.reason
            return _Outcome(None, failed.reason)
        self._cache.keep(key, reply)
        with self._lock:
            self._down = 0
            self._pay(reply)
        return _Outcome(reply)

    def _stopped(self) -> str:
        cfg, usage = self._cfg, self.usage
        with self._lock:
            if not usage.stopped:
                if cfg.token_budget and usage.tokens_in + usage.tokens_out >= cfg.token_budget:
                    usage.stopped = "token_budget_spent"
                elif cfg.cost_budget and usage.cost >= cfg.cost_budget:
                    usage.stopped = "cost_budget_spent"
                elif self._down >= _GIVE_UP_AFTER:
                    usage.stopped = "server_down"
            return usage.stopped

    def _pay(self, reply: Reply) -> None:
        usage, cfg = self.usage, self._cfg
        usage.tokens_in += reply.tokens_in
        usage.tokens_out += reply.tokens_out
        usage.cost += (reply.tokens_in * cfg.price_in + reply.tokens_out * cfg.price_out) / _MILLION

    def _ask(self, messages: list[dict[str, str]]) -> Reply:
        for attempt in range(self._cfg.retries + 1):
            self._pace()
            try:
                return self._request(messages)
            except _NoReply as failed:
                last = attempt == self._cfg.retries
                if last or not failed.again or self._stopped():
                    raise
                with self._lock:
                    self.usage.retries += 1
                wait = _FIRST_WAIT_S * 2**attempt if failed.wait_s is None else failed.wait_s
                self._sleep(min(max(wait, 0.0), _LONGEST_WAIT_S))
        raise AssertionError("the last try returns or raises")

    def _pace(self) -> None:
        """Wait until the rate limit allows one more request."""
        if not self._cfg.requests_a_minute:
            return
        with self._lock:
            now = time.monotonic()
            start = max(now, self._next_start)
            self._next_start = start + 60.0 / self._cfg.requests_a_minute
        if start > now:
            self._sleep(start - now)

    def _request(self, messages: list[dict[str, str]]) -> Reply:
        """Make one request and read its reply, up to a limit of bytes and of time."""
        body: dict[str, Any] = {
            "model": self._cfg.model,
            "messages": messages,
            "temperature": 0,
            "max_tokens": self._cfg.reply_tokens,
            "stream": False,
        }
        held = not self._schema_refused
        if held:
            schema = reply_schema(self._cfg.pairs_a_picture)
            body["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "pairs", "strict": True, "schema": schema},
            }
        with self._lock:
            self.usage.requests += 1
        end = time.monotonic() + self._cfg.timeout_s
        try:
            with self._client.stream("POST", "chat/completions", json=body) as response:
                content = b""
                for chunk in response.iter_bytes():
                    content += chunk
                    if len(content) > _MOST_BYTES:
                        raise _NoReply("endless_reply", again=False)
                    if time.monotonic() > end:
                        raise _NoReply("slow_reply", again=True)
        except httpx.TimeoutException:
            raise _NoReply("slow_reply", again=True) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            name = "server_unreachable" if isinstance(error, httpx.ConnectError) else "broken_reply"
            raise _NoReply(name, again=True) from None
        if response.status_code in (400, 422) and held:
            self._schema_refused = True  # a server that holds no model to a schema
            raise _NoReply("schema_refused", again=True, wait_s=0.0)
        if response.status_code != 200:
            again = response.status_code in _FOR_THE_MOMENT
            wait = _retry_after(response.headers.get("retry-after"))
            raise _NoReply(f"http_{response.status_code}", again=again, wait_s=wait)
        return _reply(content)


def _reply(content: bytes) -> Reply:
    try:
        value = json.loads(content)
        text = value["choices"][0]["message"]["content"]
        usage = value.get("usage") or {}
        return Reply(
            text=text if isinstance(text, str) else "",
            tokens_in=int(usage.get("prompt_tokens") or 0),
            tokens_out=int(usage.get("completion_tokens") or 0),
        )
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        raise _NoReply("broken_reply", again=True) from None


def _retry_after(value: str | None) -> float | None:
    """Return the seconds that a header asks to wait: a number or a date."""
    if value is None:
        return None
    try:
        return float(value)
    except ValueError:
        pass
    try:
        return parsedate_to_datetime(value).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError):
        return None
