"""Figures become records, records become releases.

Steps, in order:

1. `assemble`: one record for each picture that has a caption, named as MM-Skin names them
2. `summary`: what a build found, by book, with the reasons of all that was left out
3. `release`: records and pictures become an immutable, checksummed folder; `card` describes it
4. `verify`: a release is what its manifest says
"""
