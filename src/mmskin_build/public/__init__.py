"""Public data sets of dermatology: what their makers publish becomes pictures with labels.

The steps, in order:

1. `registry`, `sources`: where what a user downloaded lies; folders and archives as one list
2. `columns`, `people`, `one_hot`, `rows`: tables, their cells, rows with their pictures
3. `about`, `sets`, and a module a set, what is read of it: `scin`, `ddi`, `fitzpatrick17k`,
   `pad_ufes_20`, `dermnet`; `ham10000`, `isic2019`, `bcn20000`, `hiba`, `mskcc`, the last three by
   `isic_archive`; `patch16`
4. `intake`, `drafts`: pictures decoded once and put in place
5. `sides`, `release_sides`: training, validation and test over all sets and the release
6. `items`, `tables`: a picture with its label and split; upstream's tables of them
7. `captions`, `label_questions`, `other_questions`, `questions`: to train on
8. `prepare`, `check`: all of it in order; what is missing; `takedown`: what was withdrawn goes
9. `reasons`: why something is left out
"""
