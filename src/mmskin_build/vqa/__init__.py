"""Questions and answers that a caption supports, word by word.

The steps, in order:

1. `vocabulary` (with ``vocabulary/*.json``), `words`, `word_lists`, `relations`: names by kind and
   group; keys that inflections share; plain words; what says the same or shuts the other out
2. `book_terms`, `anatomy`, `sides`: names that a book's headings and index bring; prefixes of
   sites; one side of the body or both
3. `told`: the words on one picture, in place
4. `assertion`: what is said to be there, denied, in doubt, or said of something else
5. `reading`, `facts`: a text read once; what is said of what, each with its characters
6. `phrases`, `findings`, `clauses`: the parts of a caption that questions are made of
7. `rules`, `micrographs`, `yes_no`, with `contraries` and `choices`: facts become `candidates`, the
   possible questions, put by `wordings`; `choose`: which are asked, in balance
8. `drafts`: what a backend gives, by rule or by a language model: `backend_openai`,
   `backend_transformers`, `replies`, `reply_cache`
9. the check of every pair from every backend: `manner`, `slots`, `lookup`, `persons`, `owners`,
   `yes_answers`, `support`, `ground`, and `pair_sets` for all pairs on a picture; `reasons`
10. `generate`: records become checked items, rejects with their reasons, and a report;
    `pair_files`: pairs from anywhere, line for line
"""
