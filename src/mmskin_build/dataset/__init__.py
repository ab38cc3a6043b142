"""Figures become records, records become releases.

Steps, in order:

1. `words`: what captions and headings say of one picture
2. `judge`: what the settings do with it; `masks`: regions made unrecognizable on a copy
3. `verdicts`, `figure_verdicts`: what people decided, applied
4. `assemble`: figures with their pictures become records; `summary`: what a build found
5. `groups`: which records belong together, across books; `splits`: training, validation, test
6. `release`: records and pictures as an immutable folder, out of `parts` and `pictures`;
   `manifest`: what it was made of; `mmskin_d`, `mmskin_o`: its questions; `card`, `datasheet`,
   `plots`: what it says of itself; `croissant`, `croissant_rai`: the same for programs; `released`
   reads it
7. `changes`, `changes_page`, `diff`: what differs from one release to another, and why; `versions`:
   the number that this calls for
8. `verify`, `leaks`: whether a folder is still the release that it was, and nothing crosses its
   splits; `schemas`: JSON Schemas of all this
9. `exports`: releases in the forms of other programs, an ``export_*`` module each; `metadata`,
   `references`, `metadata_decisions`: releases without their pictures and words
10. `withdraw`, `withdrawn`: pictures taken down, and kept out
11. `import_upstream`, `compare_upstream`: the published MM-Skin, with an ``upstream_*`` module for
    its folder, division, questions and reasons
"""
