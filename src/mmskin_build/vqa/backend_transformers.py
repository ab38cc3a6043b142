"""Questions and answers by a model on this machine, in batches, without a server.

The only module of this room that knows torch; both libraries are imported when a model is loaded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mmskin_build.config import VqaConfig
from mmskin_build.errors import ConfigError, MissingDependencyError
from mmskin_build.records import LabelSource
from mmskin_build.vqa.drafts import Drafted, Usage
from mmskin_build.vqa.replies import MODEL_PROMPT_VERSION, build_messages, parse_reply
from mmskin_build.vqa.reply_cache import Reply, ReplyCache, request_key
from mmskin_build.vqa.told import Told


class TransformersBackend:
    """A causal language model of a folder, read without a network; its replies are kept."""

    source: LabelSource = "model"
    prompt_version = MODEL_PROMPT_VERSION

    def __init__(self, cfg: VqaConfig, cache: ReplyCache) -> None:
        """Load the model and its tokenizer from the folder ``cfg.model``.

        Raises:
            MissingDependencyError: If torch or transformers is not installed.
            ConfigError: If the folder is not there or holds no model that can be loaded.
        """
        folder = Path(cfg.model)
        if not cfg.model or not folder.is_dir():
            raise ConfigError(f"vqa.model = {cfg.model!r}: no such folder; name one with a model")
        try:
            import torch
            from transformers import AutoModelForCausalLM, AutoTokenizer
        except ImportError as error:
            raise MissingDependencyError(
                f"{error.name} is not installed; pip install 'mmskin-build[train]'"
            ) from None
        self.name = f"transformers:{folder.name}"
        self.usage = Usage()
        self._cfg, self._cache, self._torch = cfg, cache, torch
        device = "cuda" if torch.cuda.is_available() else "cpu"
        kind = torch.bfloat16 if device == "cuda" else torch.float32
        try:
            self._tokenizer: Any = AutoTokenizer.from_pretrained(
                folder, local_files_only=True, padding_side="left"
            )
            model: Any = AutoModelForCausalLM.from_pretrained(
                folder, local_files_only=True, dtype=kind
            )
        except (OSError, ValueError, KeyError) as error:
            raise ConfigError(f"vqa.model = {cfg.model!r}: cannot be loaded: {error}") from None
        self._model = model.to(device).eval()
        if self._tokenizer.pad_token_id is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token

    def write(self, told: Sequence[Told]) -> Iterator[Drafted]:
        """Ask about the records, ``cfg.batch`` at once, greedily."""
        size = self._cfg.batch
        for start in range(0, len(told), size):
            group = told[start : start + size]
            for item, reply in zip(group, self._replies(group), strict=True):
                parsed = parse_reply(reply.text)
                if parsed.fault:
                    self.usage.faults[parsed.fault] = self.usage.faults.get(parsed.fault, 0) + 1
                yield Drafted(
                    record_id=item.record.id,
                    drafts=parsed.drafts,
                    faults=(parsed.fault,) if parsed.fault else (),
                )

    def _replies(self, group: Sequence[Told]) -> list[Reply]:
        asked = [build_messages(item, self._cfg.pairs_a_picture) for item in group]
        keys = [
            request_key(self.name, m, count=self._cfg.pairs_a_picture, most=self._cfg.reply_tokens)
            for m in asked
        ]
        found = {key: reply for key in keys if (reply := self._cache.find(key)) is not None}
        self.usage.cached += sum(key in found for key in keys)
        missing = [place for place, key in enumerate(keys) if key not in found]
        if missing:
            made = self._generate([self._prompt(asked[place]) for place in missing])
            for place, reply in zip(missing, made, strict=True):
                self._cache.keep(keys[place], reply)
                found[keys[place]] = reply
        return [found[key] for key in keys]

    def _prompt(self, messages: list[dict[str, str]]) -> str:
        if self._tokenizer.chat_template:
            text = self._tokenizer.apply_chat_template(
                messages, tokenize=False, add_generation_prompt=True
            )
            return str(text)
        return "\n\n".join(m["content"] for m in messages) + "\n\n"

    def _generate(self, prompts: list[str]) -> list[Reply]:
        inputs = self._tokenizer(prompts, return_tensors="pt", padding=True)
        inputs = {
            name: value.to(self._model.device)
            for name, value in inputs.items()
            if name in ("input_ids", "attention_mask")
        }
        length = inputs["input_ids"].shape[1]
        with self._torch.inference_mode():
            output = self._model.generate(
                **inputs,
                max_new_tokens=self._cfg.reply_tokens,
                do_sample=False,
                pad_token_id=self._tokenizer.pad_token_id,
            )
        self.usage.requests += 1
        replies: list[Reply] = []
        for mask, tokens in zip(inputs["attention_mask"], output[:, length:], strict=True):
            text = self._tokenizer.decode(tokens, skip_special_tokens=True)
            sent = int(mask.sum())
            made = int((tokens != self._tokenizer.pad_token_id).sum())
            replies.append(Reply(text=text, tokens_in=sent, tokens_out=made))
            self.usage.tokens_in += sent
            self.usage.tokens_out += made
        return replies
