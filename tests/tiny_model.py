"""A tiny language model with its tokenizer, made from a config and taught one reply by heart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

_STEPS = 150

_TEMPLATE = "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}{% endfor %}<|assistant|>"


def make_tiny_model(folder: Path, talks: Sequence[list[dict[str, str]]], reply: str) -> Path:
    """Write a model to `folder` that answers `talks` and their like by `reply`; return the folder.

    It is made from a config with random weights, without any download, and learns in seconds.
    """
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    special = ["<|end|>", "<|system|>", "<|user|>", "<|assistant|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=800,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    texts = [m["content"] for talk in talks for m in talk]
    raw.train_from_iterator([*texts, reply], trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw, eos_token="<|end|>", pad_token="<|end|>", chat_template=_TEMPLATE
    )
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=4096,
        bos_token_id=0,
        eos_token_id=0,
        pad_token_id=0,
    )
    model = LlamaForCausalLM(config)
    answer = tokenizer(reply + "<|end|>", return_tensors="pt").input_ids[0]
    rows = []
    for talk in talks:
        prompt = tokenizer.apply_chat_template(talk, tokenize=False, add_generation_prompt=True)
        rows.append(torch.cat([tokenizer(prompt, return_tensors="pt").input_ids[0], answer]))
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    for step in range(_STEPS):
        row = rows[step % len(rows)][None]
        labels = row.clone()
        labels[:, : -len(answer)] = -100
        loss = model(input_ids=row, labels=labels).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    model.save_pretrained(folder)
    return folder
