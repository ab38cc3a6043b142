"""Scores: what a model answers, how good that is, and how sure one can be of it.

Every task ends in the same files of a folder: ``predictions.jsonl`` (`predictions`), one line an
item, and ``scores.json`` (`results`), each score with its interval (`intervals`) and with all that
it hangs on. The steps, in order:

1. `test_sets`: questions with their right answers; `class_sets`: pictures with classes
2. `ask`: a model answers; `answer_files`: answers of any other model
3. `text_metrics`, `answers`: overlap with the reference; right, contradicted, hedged; `vqa`: both
   by group, beside two guessers; `run`: one such evaluation
4. `class_questions`, `zero_shot`, `category_names`, `likelihood`: a model is asked for a category
5. `features`, `probe`, `supervised`, `shots`: a linear classifier on what a model sees
6. `class_metrics`, `class_scores`, `classification`: scores of classes; `class_page`,
   `score_plots`: their page
7. `compare`, `comparison_page`: models on the same items, whatever model and task they are of
8. `whole`: all evaluations of one model
"""
