"""What a picture is.

Steps, in order:

1. `read`: any file becomes pixels, or a reason why not
2. `features`: how the pixels look, as named numbers
3. `kinds`: what kind of picture it is, with a probability each
4. `photo`: photograph or not; `modality`: clinical, dermoscopic, pathological; votes combined
5. `screen`: all detectors on one picture, once it is decoded
6. `classify`: a folder of pictures, one line each

The model of `kinds` is made by `train` from `examples` (own pictures and verdicts, changed by
`augment`; what these lack is drawn by `drawn` and `drawn_skin`), fitted by `learn`, measured by
`measure`.
"""
