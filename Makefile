# Everything here sets up what it needs; `make help` lists what there is.
# The Python to build on may be named: make test PYTHON=python3.12
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?=
BIN := .venv/bin
READY := .venv/.ready
BENCH_PDFS ?=
BENCH_OUT ?= data/work/bench.json

.PHONY: help setup demo test test-slow lint format types schemas bench audit build doctor \
	constraints clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

setup: $(READY)  ## virtual environment, packages, Tesseract

$(READY): pyproject.toml setup.py constraints.txt tools/setup.sh
	@PYTHON="$(PYTHON)" tools/setup.sh
	@touch $@

demo: $(READY)  ## draw the demo book, build it, score it against its truth
	@$(BIN)/mmskin demo

test: $(READY)  ## the tests, without the slow ones
	@$(BIN)/python -m pytest -q

test-slow: $(READY)  ## all tests
	@$(BIN)/python -m pytest -q --runslow

lint: $(READY)  ## ruff and mypy, as the continuous integration runs them
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy src flows

format: $(READY)  ## let ruff mend what it can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

schemas: $(READY)  ## write schemas/ from the record types
	@$(BIN)/mmskin schemas

bench: $(READY)  ## cost of align against plain reading (BENCH_PDFS="a.pdf b.pdf"), start time
	@mkdir -p $(dir $(BENCH_OUT))
	@$(BIN)/python tests/bench/cost.py --out $(BENCH_OUT) $(BENCH_PDFS)

build: $(READY)  ## build all registered books
	@$(BIN)/mmskin build

audit: $(READY)  ## HTML report of every registered book
	@$(BIN)/mmskin audit

doctor: $(READY)  ## what is installed, what is missing
	@$(BIN)/mmskin doctor

constraints: $(READY)  ## pin what is installed now; run the tests first
	@$(BIN)/python -m pip freeze --all --exclude pip --exclude-editable > constraints.txt

clean:  ## delete environment and caches; data/ stays
	@rm -rf .venv build .mypy_cache .pytest_cache .ruff_cache .hypothesis src/*.egg-info
