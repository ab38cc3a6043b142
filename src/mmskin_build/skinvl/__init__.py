"""The model SkinVL: LLaVA-Med v1.5 (Mistral 7B) fine-tuned on releases, merged and asked.

In the order of use:

1. `layout`, `weights`: names of tensors in three layouts; shards read and written
2. `convert`: a published checkpoint becomes a folder that `transformers` loads; `tiny`: the same in
   a few thousand parameters, made from nothing
3. `model`, `lora`: a folder becomes a model, tokenizer and picture processor; adapters
4. `conversation`: prompts and which tokens are learned
5. `examples`, `sources`: LLaVA's JSON becomes questions; which files a variant is made of
6. `rows`, `order`: questions become rows of tokens; rows become steps
7. `pictures`, `batches`: pictures and rows become tensors, in workers
8. `loss`, `optimizer`: the loss on answers only; AdamW with float32 masters; the schedule
9. `run`, `plan`: a run before its first step: what it takes in steps, memory, time and cost
10. `train`, `trainer`: the loop; the state of a run, and one step of it
11. `state`, `guard`, `signals`: checkpoints that are whole or not there; NaN and spikes; SIGTERM
12. `journal`, `finish`, `card`: logs; adapter and summary; what a folder says of itself
13. `merge`, `merge_check`: adapters are added to the base; logits before and after
14. `questions`, `generate`: many questions; answers in batches

Torch and `transformers` are imported by these modules only; they come with the extra ``train``.
"""
