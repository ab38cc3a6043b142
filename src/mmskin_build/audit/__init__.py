"""What was found in a book, laid open for a person.

1. `report`: one HTML report a book, page by page with boxes, that opens from disk
2. `table`: the same figures as CSV
3. `overlay`: page pictures with the boxes drawn in, as PNG files

4. `document`: draws the pages that are needed, once, and writes all three

None of this reads a PDF: page pictures come from `pdf.preview` through a pool of workers.
"""
