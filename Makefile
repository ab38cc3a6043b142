# Everything here sets up what it needs; `make help` lists what there is.
# The Python to build on may be named: make test PYTHON=python3.12
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?=
BIN := .venv/bin
READY := .venv/.ready
TRAIN := .venv/.train
BENCH_PDFS ?=
BENCH_OUT ?= data/work/bench.json
BENCH ?= default
BENCH_FOLDER ?= data/work/bench
BENCH_LABELS ?=
BENCH_HISTORY ?= data/bench-history.jsonl
BENCH_RIVALS ?= data/work/rivals
GROWTH_PAGES ?= 50 200 800
EXPORT_RECORDS ?= 12000
RESUME_FOLDER ?= $(shell mktemp -d)
RELEASE_RECORDS ?= 12000
SCALE_PAGES ?= 800
CALLS_BOOKS ?= 10000
BENCH_PICTURES ?= $(MMSKIN_IMAGES)
FAULT_RUNS ?= 200
FUZZ_FILES ?= 20000
FUZZ_SEED ?= 1
SCREENSHOTS ?= data/work/screenshots
SITE ?= data/work/site

.PHONY: help setup demo docs docs-pictures test test-slow test-browser test-wheel test-container \
	golden lint format types schemas bench bench-cost bench-pairs bench-stages bench-rivals \
	bench-panels bench-pixels bench-growth bench-layouts bench-pictures bench-captions \
	bench-questions bench-review bench-exports bench-releases bench-gpu bench-resume \
	bench-scale bench-calls bench-footprint bench-evaluate bench-profile \
	bench-faults fuzz audit-dependencies \
	audit review build doctor constraints clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 15

setup: $(READY)  ## virtual environment, packages, Tesseract

$(READY): pyproject.toml setup.py constraints.txt tools/setup.sh
	@PYTHON="$(PYTHON)" tools/setup.sh
	@touch $@

$(TRAIN): $(READY)
	@tools/setup.sh train
	@touch $@

demo: $(READY)  ## draw the demo book, build it, score it against its truth
	@$(BIN)/mmskin demo

test: $(READY) $(TRAIN)  ## the tests, without the slow ones
	@$(BIN)/python -m pytest -q

test-slow: $(READY) $(TRAIN)  ## all tests
	@$(BIN)/python -m pytest -q --runslow

test-browser: $(READY)  ## the review in Chromium; screenshots in SCREENSHOTS=folder
	@if command -v npm >/dev/null 2>&1; then \
		test -f .axe/node_modules/axe-core/axe.min.js || \
		npm install --prefix .axe --no-save --no-audit --no-fund --loglevel=error axe-core@4 || \
		echo "axe-core could not be fetched: accessibility is not tested" >&2; \
	else echo "npm is not installed: accessibility is not tested" >&2; fi
	@MMSKIN_SCREENSHOTS="$(SCREENSHOTS)" $(BIN)/python -m pytest -q --browser tests/test_review_browser.py

test-wheel: $(READY)  ## the wheel in a fresh environment: demo, build, audit, review, release, export
	@tools/test_wheel.sh

test-container:  ## the container, built and used with docker or podman (ENGINE="podman ...")
	@tools/test_container.sh

golden: $(READY)  ## renew tests/golden/; read the difference before committing it
	@UPDATE_GOLDEN=1 $(BIN)/python -m pytest -q tests/test_golden.py

lint: $(READY)  ## ruff and mypy, as the continuous integration runs them
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy src flows

format: $(READY)  ## let ruff mend what it can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

docs: $(READY)  ## the documentation as a site in SITE=data/work/site; warnings are errors
	@$(BIN)/python -m sphinx -n -W --keep-going -q -b html -d $(SITE).doctrees docs $(SITE)
	@echo $(SITE)/index.html

docs-pictures: $(READY) $(TRAIN)  ## go through the tutorial, take its pictures in Chromium; draw the data flow
	@folder=$$(mktemp -d) && $(BIN)/python tests/snippets.py docs/tutorial.md $$folder/tutorial && \
		$(BIN)/python tools/draw_tutorial.py $$folder/tutorial && rm -r $$folder
	@$(BIN)/python tools/draw_data_flow.py

schemas: $(READY)  ## write schemas/ from the record types
	@$(BIN)/mmskin schemas

bench: $(READY)  ## all benchmarks on one page, with history (BENCH=default|full|"cost pairs" BENCH_PDFS= BENCH_LABELS=)
	@$(BIN)/python tests/bench/whole.py --out $(BENCH_FOLDER) --bench "$(BENCH)" \
		--history $(BENCH_HISTORY) --rivals $(BENCH_RIVALS) \
		$(if $(BENCH_PDFS),--pdfs $(BENCH_PDFS)) $(if $(BENCH_LABELS),--labels $(BENCH_LABELS))

bench-cost: $(READY)  ## cost of align against plain reading (BENCH_PDFS="a.pdf b.pdf"), start time
	@mkdir -p $(dir $(BENCH_OUT))
	@$(BIN)/python tests/bench/cost.py --out $(BENCH_OUT) $(BENCH_PDFS)

bench-pairs: $(READY)  ## figures with captions beside what others find (BENCH_PDFS= BENCH_LABELS=folder)
	@$(BIN)/python tests/bench/side_by_side.py --out $(dir $(BENCH_OUT))pairs.json \
		--rivals $(BENCH_RIVALS) $(if $(BENCH_PDFS),--pdfs $(BENCH_PDFS)) \
		$(if $(BENCH_LABELS),--labels $(BENCH_LABELS))

bench-stages: $(READY)  ## a build by stage, by books and workers; start time
	@$(BIN)/python tests/bench/stages.py --out $(dir $(BENCH_OUT))stages.json

bench-rivals: $(READY)  ## other extractors, in an environment of their own, for bench and bench-pairs
	@test -x $(BENCH_RIVALS)/bin/pip || $(BIN)/python -m venv $(BENCH_RIVALS)
	@$(BENCH_RIVALS)/bin/pip install --quiet --disable-pip-version-check -r tests/bench/rivals.txt

bench-panels: $(READY)  ## panels and their words on 480 generated figures
	@$(BIN)/python tests/bench/panels.py --out $(dir $(BENCH_OUT))panels.json

bench-pixels: $(READY)  ## pictures of your PDFs against a second renderer (BENCH_PDFS="folder")
	@$(BIN)/python tests/bench/pixels.py --out $(dir $(BENCH_OUT))pixels.json $(BENCH_PDFS)

bench-layouts: $(READY)  ## figures and captions in the styles of 50 publishers, digital and as scans
	@$(BIN)/python tests/bench/layouts.py --out $(dir $(BENCH_OUT))layouts.json

bench-pictures: $(READY)  ## detectors and duplicates on a folder of pictures by class (BENCH_PICTURES=folder)
	@$(BIN)/python tests/bench/pictures.py $(BENCH_PICTURES)
	@$(BIN)/python tests/bench/screen.py --pictures $(BENCH_PICTURES)
	@$(BIN)/python tests/bench/partial_faces.py --pictures $(BENCH_PICTURES)
	@$(BIN)/python tests/bench/scanned.py $(BENCH_PICTURES)
	@$(BIN)/python tests/bench/duplicates.py $(BENCH_PICTURES) --out $(dir $(BENCH_OUT))duplicates.json

bench-captions: $(READY)  ## captions a second by the rules of text/
	@PYTHONPATH=tests $(BIN)/python tests/bench/captions.py

bench-growth: $(READY)  ## time and memory a page of demo books of GROWTH_PAGES="50 200 800"
	@$(BIN)/python tests/bench/growth.py --out $(dir $(BENCH_OUT))growth.json --pages $(GROWTH_PAGES)

bench-profile: $(READY)  ## flame graph of a build of the demo book (BENCH_PDFS="a.pdf b.pdf"), shares of stages
	@$(BIN)/python tests/bench/flame.py --out $(dir $(BENCH_OUT))profile.json $(BENCH_PDFS)

bench-scale: $(READY)  ## a book of SCALE_PAGES=800 on 1 and 2 Dask workers, some killed meanwhile
	@$(BIN)/python tests/bench/scale.py --out $(dir $(BENCH_OUT))scale.json --pages $(SCALE_PAGES)

bench-calls: $(READY)  ## hand out the calls of CALLS_BOOKS=10000 books that are nothing but calls; about half an hour
	@$(BIN)/python tests/bench/calls.py --out $(dir $(BENCH_OUT))calls.json --books $(CALLS_BOOKS)

bench-footprint: $(READY)  ## processor seconds and bytes of a page and a picture, by stage (BENCH_PDFS="a.pdf b.pdf")
	@OMP_NUM_THREADS=1 $(BIN)/python tests/bench/footprint.py --out $(dir $(BENCH_OUT))footprint.json \
		$(if $(BENCH_PDFS),--pdf $(BENCH_PDFS))

bench-review: $(READY)  ## the review with 50,000 tasks, and 1,000 decisions through 50 crashes
	@$(BIN)/python tests/bench/review.py --out $(dir $(BENCH_OUT))review.json

bench-exports: $(READY)  ## seconds and memory of each export of EXPORT_RECORDS=12000 generated records
	@PYTHONPATH=tests $(BIN)/python tests/bench/exports.py --records $(EXPORT_RECORDS) \
		--out $(dir $(BENCH_OUT))exports.json

bench-releases: $(READY)  ## cost of writing, verifying, comparing RELEASE_RECORDS=12000; 500 planted leaks
	@$(BIN)/python tests/bench/releases.py --leaks 500 --out $(dir $(BENCH_OUT))leaks.json
	@$(BIN)/python tests/bench/releases.py --records $(RELEASE_RECORDS) \
		--out $(dir $(BENCH_OUT))releases.json

bench-faults: $(READY)  ## disturb FAULT_RUNS=200 builds: disks, processes, clocks, memory; goes on where it was
	@PYTHONPATH=tests $(BIN)/python tests/faults/campaign.py --runs $(FAULT_RUNS) \
		--out $(dir $(BENCH_OUT))faults.jsonl

fuzz: $(READY) $(TRAIN)  ## feed FUZZ_FILES=20000 changed files to all that reads files (MMSKIN_ROBUST=folder of PDFs)
	@PYTHONPATH=tests $(BIN)/python tests/fuzz/fuzz.py --files $(FUZZ_FILES) --seed $(FUZZ_SEED) \
		--out $(dir $(BENCH_OUT))fuzz

audit-dependencies: $(READY)  ## licenses of the lock; known vulnerabilities where pip-audit can ask
	@$(BIN)/python tools/audit_dependencies.py

bench-gpu: $(READY) $(TRAIN)  ## training and generation against upstream's way; without a GPU in tiny shapes
	@$(BIN)/python tests/bench/gpu.py --out $(dir $(BENCH_OUT))gpu.json

bench-resume: $(READY) $(TRAIN)  ## kill training 10 times, three of them while it writes; compare the weights
	@PYTHONPATH=tests $(BIN)/python tests/skinvl_kill.py $(RESUME_FOLDER) 1 -1 3 5 -1 7 9 -1 13 18

bench-evaluate: $(READY) $(TRAIN)  ## processor time and memory of scoring 5,452 answers, twice, and comparing
	@$(BIN)/python tests/bench/evaluate.py --out $(dir $(BENCH_OUT))evaluate.json

bench-questions: $(READY)  ## questions by rule: records a second, growth, balance
	@$(BIN)/python tests/bench/questions.py --out $(dir $(BENCH_OUT))questions.json

build: $(READY)  ## build all registered books
	@$(BIN)/mmskin build

audit: $(READY)  ## HTML report of every registered book
	@$(BIN)/mmskin audit

review: $(READY)  ## decide what the program doubts, in the browser
	@$(BIN)/mmskin review

doctor: $(READY)  ## what is installed, what is missing
	@$(BIN)/mmskin doctor

constraints: $(READY)  ## pin what is installed now; run the tests first
	@$(BIN)/python -m pip freeze --all --exclude pip --exclude-editable > constraints.txt

clean:  ## delete environment and caches; data/ stays
	@rm -rf .venv build .mypy_cache .pytest_cache .ruff_cache .hypothesis src/*.egg-info
