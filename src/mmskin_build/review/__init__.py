"""A person's verdicts: what is asked, what was answered, and the page where it is done.

The steps, in order:

1. `doubts`: what a built book leaves in doubt becomes `tasks`, one a question
2. `queue`: in order of value, grouped, into ``manual_review/queue/<book>.jsonl``
3. `index`: the tasks in memory, to find the next one; `desk`: which are left, what was decided
4. `screens`, `pictures`: the page as HTML, its pictures, veiled where they may be delicate
5. `guard`: who may ask; `app`: the page over HTTP
6. `answers`: what a browser sends, checked; `decisions`: append-only lines in
   ``manual_review/decisions/<reviewer>.jsonl``
7. `applying`: what the next build needs of them (`dataset.verdicts` applies it)
8. `agreement`: how far reviewers agree; `sample`: accepted pairs drawn at random, their error rate
"""
