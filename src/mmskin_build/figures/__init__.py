"""Pages become figure-caption pairs; pure Python on `records.Page`, no PDF library.

Steps, in order:

1. `layout`: printed lines, the book's body style, its furniture
2. `labels`: figure labels as printed
3. `captions`: caption starts told from references; whole captions
4. `regions`: pictures out of image objects, strips, tiles, vector drawings and scans
5. `profile`: what this book's captions look like, learned from unambiguous pages
6. `align`: one assignment a book of pictures to captions
7. `subcaptions`: a caption's parts by panel
8. `panels`: panels inside one raster, letters, parts bound to panels
9. `confidence`: how probable each pair is
10. `ledger`: gaps in the figure numbers
"""
