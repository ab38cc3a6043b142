"""Figures become records, records become releases.

Steps, in order:

1. `words`: what captions and headings say of one picture
2. `judge`: what the settings do with it; `masks`: regions made unrecognizable on a copy
3. `assemble`: figures with their pictures become records; `summary`: what a build found
4. `groups`: which records belong together, across books; `splits`: training, validation, test
5. `release`: records and pictures as an immutable folder; `manifest`, `card`, `changes` and
   `mmskin_d`: what it says of itself
6. `exports`: releases in the forms of other programs, an ``export_*`` module each;
   `croissant`: what they say to programs; `metadata`, `references`, `metadata_decisions`: releases
   without their pictures and words
7. `verify`: whether a folder is still the release that it was; `schemas`: JSON Schemas of all this
"""
