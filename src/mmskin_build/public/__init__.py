"""Public data sets of dermatology: what their makers publish becomes pictures with labels.

The steps, in order:

* ``items``, ``tables``: a picture with its label and split; upstream's tables of them
"""
