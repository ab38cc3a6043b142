"""The generated book: a dermatology textbook that nobody wrote, with its exact truth.

Everything is drawn by code from a seed; no page, picture or patient is real. The steps, in order:

* ``text``      words: captions, panel texts, running text
* ``pictures``  pixels: skin, dermoscopy, histology, a face
* ``stored``    pixels become embedded images (JPEG, CMYK, JPX, strips, soft masks, ...)
* ``sheet``     a page as a list of things to paint; typesetting
* ``charts``    vector drawings
* ``placing``   a figure with its panels, letters and caption is put on a sheet
* ``layouts``   whole pages; ``chapters`` puts them in order
* ``render``    a sheet becomes a PDF page or a scanned bitmap; ``assemble`` makes the file
* ``truth``     what is on the pages; ``book`` writes book and truth; ``score`` compares
"""
