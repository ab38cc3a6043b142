"""The model SkinVL: LLaVA-Med v1.5 (Mistral 7B) fine-tuned on releases, merged and asked.

In the order of use:

* ``layout.py``, ``weights.py``  names of tensors in three layouts; shards read and written
* ``convert.py``                 a published checkpoint becomes a folder that `transformers` loads
* ``tiny.py``                    the same in a few thousand parameters, made from nothing, for tests
* ``model.py``, ``lora.py``      a folder becomes a model, tokenizer and picture processor; adapters
* ``conversation.py``            prompts and which tokens are learned
* ``examples.py``, ``sources.py``  LLaVA's JSON becomes questions; which files a variant is made of
* ``rows.py``, ``order.py``      questions become rows of tokens; rows become steps
* ``pictures.py``, ``batches.py``  pictures and rows become tensors, in workers
* ``loss.py``, ``optimizer.py``  the loss on answers only; AdamW with float32 masters; the schedule
* ``plan.py``                    steps, memory, time and cost, before anything is loaded
* ``state.py``, ``guard.py``     checkpoints that are whole or not there; NaN and spikes
* ``journal.py``                 JSONL, TensorBoard, the summary page
* ``train.py``                   the loop
* ``merge.py``, ``merge_check.py``  adapters are added to the base; logits before and after
* ``generate.py``                answers in batches

Torch and `transformers` are imported by these modules only; they come with the extra ``train``.
"""
