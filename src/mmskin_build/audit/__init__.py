"""What was found in a book, laid open for a person.

1. `document`: draws the pages that are needed, once, and writes all of the following
2. `checks`: the text layer, a second reader's words, places of letters and parts, once a page
3. `report`: one HTML report a book, page by page with boxes, that opens from disk
4. `sheets`: its pictures as thumbnails, by modality and by flag
5. `table`: the same figures as CSV
6. `overlay`: page pictures with the boxes drawn in, as PNG files

None of this reads a PDF: page pictures come from `pdf.preview` through a pool of workers.
"""
