"""A person's verdicts: what is asked, what was answered, and the page where it is done.

    a build -> tasks.py      what is in doubt, one task a question
            -> queue.py      in order of value, grouped; manual_review/queue/<book>.jsonl
    app.py  -> desk.py       the tasks that are left, the next one, what was decided
            -> decisions.py  manual_review/decisions/<reviewer>.jsonl, append-only
    the next build applies them (`dataset.verdicts`)

`agreement.py` compares reviewers, `sample.py` draws accepted pairs and gives their error rate.
"""
