"""Questions and answers that a caption supports, word by word.

The steps, in order:

* ``vocabulary`` (with ``vocabulary/*.json``): the names of diseases, lesions, sites, structures
* ``book_terms``: the names that a book's headings and index bring
* ``words``: words to keys that inflections share; numbers
* ``assertion``: what is said to be there, denied, in doubt, or said of something else
* ``facts``: a caption becomes facts, each with its characters
* ``clauses``, ``wordings``, ``rules``, ``micrographs``, ``yes_no``: facts become questions and
  answers; the backend that needs no model
* ``replies``, ``reply_cache``, ``backend_openai``, ``backend_transformers``: language models
* ``manner``, ``support``, ``ground``, ``pair_sets``: the check of every pair from every backend
* ``generate``: records become checked items, rejects with their reasons, and a report
"""
