"""Turn owned dermatology textbooks (PDF) into versioned image-caption data sets.

In the order in which data flow:

1. `errors`, `geometry`, `records`, `qa`, `decisions`, `config`, `store`, `packing`,
   `remote`, `cache`: the ground
2. `pdf`: a file becomes pages; `figures`: pages become figures; `alignment`: both, for one document
3. `images`: what a picture is; `text`: what a caption says; `screening`: asked in workers
4. `dataset`: figures become records, records become releases
5. `audit`: what was found, laid open; `review`: a person's verdicts
6. `vqa`: questions and answers; `public`: public data sets
7. `skinvl`: the model; `evaluate`: scores
8. `demo`: the generated book; `calibrate`: the confidence of pairs
9. `books`: the register; `steps`, `questions`, `queues`, `builds`: one book, then all of them, in
   order; `rebuild`, `reports`, `doctor`, `repair`: what is done with a build
10. `flows`: the same with Prefect and on Dask; `cli`: the commands
"""

__version__ = "0.1.0"
