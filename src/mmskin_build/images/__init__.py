"""What a picture is: how good it is, and which other pictures show the same.

* `quality.py`      doubts about the picture itself: small, blurred, cut, badly exposed
* `fingerprint.py`  what duplicates are found by: a small gray copy and hashed local features
* `registration.py` whether two fingerprints show the same, and how one lies in the other
* `duplicates.py`   an index of fingerprints on disk that grows with the books; groups
"""
