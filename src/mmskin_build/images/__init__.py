"""What a picture is. Each file asks one thing; `screen` asks all of it, in order, once a picture.

1. `read`: a file becomes pixels, or a reason why not
2. `features`, `embedding`, `imagenet`, `description`: how it looks, and what networks see in it;
   `kinds`: what sort of picture that is; `photo`, `modality`: whether it is a photograph, and
   clinical, dermoscopic or pathological
3. `strokes`, `mark_shapes`, `mark_kinds`, `insets`, `plate_letters`, `marks`, `annotated`: what was
   drawn on it, and whether that matters
4. `bodyparts`, `eye_bars`, `faces`, `skin`, `identifiers`, `sensitive`: what must not be published
   unasked; `policy`: what is done about it
5. `quality`: how good it is: small, blurred, cut, badly exposed
6. `fingerprint`, `registration`, `duplicates`: which other pictures show the same; an index on disk
   that grows with the books; `joins`: the same among all pictures of a release at once;
   `copies`: of pictures that are not there any more

`classify` runs `screen` in worker processes. The model of kinds is made apart from this: `train`
runs `examples`, `learn` and `measure` with pictures of `augment`, `drawn` and `drawn_skin`;
`drawn_marks` draws what the model of marks learns from.
"""
