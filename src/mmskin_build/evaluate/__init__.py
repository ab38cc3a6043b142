"""Scores: what a model answers, how good that is, and how sure one can be of it.

Every task ends in the same files of a folder: ``predictions.jsonl`` (`predictions`), one line an
item, and ``scores.json`` (`results`), each score with its interval (`intervals`) and with all that
it hangs on. `compare` reads such folders, whatever model and task they are of.
"""
