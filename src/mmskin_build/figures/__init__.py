"""Pages become figure-caption pairs; pure Python on `records.Page`, no PDF library.

Steps, in order:

1. `labels`: figure labels as printed
2. `layout`: printed lines, the book's body style, its furniture
3. `captions`: caption starts told from references; whole captions
4. `regions`: pictures out of image objects, strips, tiles, vector drawings and scans
5. `profile`: what this book's captions look like, learned from unambiguous pages
6. `align`, `facing`: pictures to captions, on each page and then across the page break
7. `subcaptions`: a caption's parts by panel
8. `unnumbered`: captions without a number, known by place and type
9. `glyphs`, `lettering`: the letters inside the pictures of a figure
10. `gutters`, `plates`, `cutting`: panels inside one raster, by gutters, by letters, by both
11. `panels`: letters of the text layer, and parts bound to panels
12. `ledger`: figure numbers in order, and the gaps in them
13. `facts`: what speaks for and against each pair
14. `confidence`: how probable each pair is

`book` runs them for one book; `cutting` works in the pictures that `pdf.pixels` cuts.
"""
