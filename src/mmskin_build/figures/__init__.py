"""Pages become figure-caption pairs; pure Python on `records.Page`, no PDF library.

Steps, in order:

1. `labels`: figure labels as printed
2. `printed_lines`: the reader's pieces joined, `line_numbers` left out; `layout`: the book's body
   style, its furniture; `headings`: chapters and sections; `index_pages`: the index at the back
3. `caption_starts`: captions told from references; `captions`, `caption_flow`, `caption_leading`:
   whole captions; `caption_runs`: several in one paragraph
4. `regions`: pictures out of image objects, strips, tiles, vector drawings and scans, `tables`
   told apart; `galleries`: books without running text
5. `profile`: what this book's captions look like, learned from unambiguous pages
6. `align`, `stacks`: pictures to captions on each page, by `assignment` at the least total cost, by
   how they stand to one another, `placement`, or dealt in order; `openings`, `facing`: the same
   across the page break; `own_words`, `unnumbered`: captions without a number, by place and type;
   `islands`: by place alone, on scanned pages; `titles`: with a title above the picture;
   `panel_words`: words under each panel
7. `caption_marks`, `caption_forms`, `subcaptions`: a caption's parts by panel
8. `glyphs`, `lettering`: the letters inside the pictures of a figure
9. `paper`, `gutters`, `charts`, `standing`, `lattice`, `drawings`, `plate_cuts`, `plates`,
   `cutting`: panels inside one raster, by gutters, by letters, by both
10. `panels`: letters of the text layer, and parts bound to panels
11. `ledger`: figure numbers in order, and the gaps in them
12. `facts`: what speaks for and against each pair; `confidence`: how probable each pair is
13. `opinions`: what other readers say of pages in doubt

`book` runs them for one book; `cutting` works in the pictures that `pdf.pixels` cuts.
"""
