"""The generated book: a dermatology textbook that nobody wrote, with its exact truth.

Everything is drawn by code from a seed; no page, picture or patient is real. The steps, in order:

1. `text`: words: captions, panel texts, running text
2. `pictures`: pixels: skin, dermoscopy, histology, a face
3. `stored`: pixels become embedded images (JPEG, CMYK, JPX, strips, soft masks, ...)
4. `plans`: figures before any page exists; `charts`: vector drawings
5. `sheet`: a page as a list of things to paint; typesetting; `placing`: a figure with its panels,
   letters and caption is put on it
6. `layouts`, `columns`, `unusual`, `front`: whole pages, ordinary and others; `chapters`: what a
   chapter has in common; `contents`: which pages a book has, in which order
7. `render`: a sheet becomes a PDF page or a scanned bitmap; `assemble` makes the file
8. `truth`: what is on the pages; `book` writes book and truth
9. `score`: what was found against the truth; `compare`: the pixels
"""
