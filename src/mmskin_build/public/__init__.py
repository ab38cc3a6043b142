"""Public data sets of dermatology: what their makers publish becomes pictures with labels.

The steps, in order:

* ``registry``, ``sources``: where what a user downloaded lies; folders and archives as one list
* ``columns``, ``people``, ``one_hot``, ``rows``: tables, their cells, rows with their pictures
* ``about``, ``sets``, and a module a set (``scin``, ``ddi``, ...): what is read of each
* ``intake``, ``drafts``: pictures decoded once and put in place
* ``sides``, ``release_sides``: training, validation and test over all sets and the release
* ``items``, ``tables``: a picture with its label and split; upstream's tables of them
* ``prepare``, ``check``: all of it in order; what is missing
* ``captions``, ``label_questions``, ``other_questions``, ``questions``: to train on
* ``reasons``: why something is left out
"""
