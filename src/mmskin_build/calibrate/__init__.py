"""Fit the confidence of pairs on books whose truth is known, and measure how well it fits.

Steps, in order:

1. `labelled`: books with their truth: generated ones, and documents labelled by hand
2. `spoil`: what goes wrong in real books, done to those books on purpose
3. `examples`: the pairs that alignment makes of them, each right or wrong; `decided`:
   those that people decided
4. `fit`: logistic models with weights of known sign, and a rising curve after them
5. `measure`: expected calibration error, precision of the sure ones, swaps that are flagged

`run` does them all and writes ``figures/confidence_model.json``.
"""
