"""A file becomes pages. The only room that knows PDF libraries and Tesseract.

Steps, in order:

1. `jobs`, `isolation`, `process`: every call below runs in a spawned worker, with limits of time
   and memory; `crew`: which call has which worker; `work`: what workers do with a page, by name
2. `document` opens a file, `reader` makes one page a `records.Page`, digital or scanned
3. `text`: the lines of a page, with fonts, sizes and colors
4. `painting`: what the page paints, in order: images with their clips, vector paths
5. `scans`: an image-only page; `text_layer` judges a hidden layer, `scan_paper` knows the paper,
   `scan_tones` and `scan_regions` find pictures, `scan_grounds` the grounds around them; `ocr`,
   `ocr_reading`, `ocr_missed`, `ocr_lines` and `tesseract` read the text
6. `adobe`, `adobe_pages`: the same page from what Adobe PDF Extract read, where one has that
7. `second_look`: other readers of a page in doubt
8. `pixels`, `raster`, `jpeg`, `overlays`: a region of a page at the resolution that the publisher
   embedded
9. `preview`: small page pictures for the audit; `page_check`: what it tells of a page's text
"""
