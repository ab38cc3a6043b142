"""What a picture is: what was drawn on it, and what in it is sensitive.

1. `strokes`: pieces that could be ink, with facts of color, edge, shape and company
2. `marks`: which of them are ink; marks that the PDF itself paints; `mark_kinds`: what they are
3. `annotated`: none, minor or major
4. `bodyparts`: the detector, run directly; `skin`, `eye_bars`
5. `faces`: identifiable faces and parts of them; `identifiers`: names and numbers, read
6. `sensitive`: flags of all that, and of what the caption says
7. `policy`: keep, hold, drop or mask, by category

`drawn_marks` draws what `marks` was trained on.
"""
