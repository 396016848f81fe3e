# Every target works as the first command on a fresh checkout.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

$(VENV)/.bench: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	@touch $@

install: $(STAMP) ## make .venv and install everything that the other targets need

conformance: $(STAMP) ## the main job: every documented limit on every target, with a table and a report
	$(BIN)/python -m conformance run --baseline reports/baseline.ndjson

test: $(STAMP) ## the tests
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal

lint: $(STAMP) ## ruff, mypy --strict, and that generated code is what the spec emits
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/wanlib emit --check

emit: $(STAMP) ## write the generated code from the spec
	$(BIN)/wanlib emit

baseline: $(STAMP) ## accept the present run as the baseline
	$(BIN)/python -m conformance run --accept reports/baseline.ndjson

bench: $(VENV)/.bench ## speed and memory, as ratios against peers in the same run
	$(BIN)/python -m tests.bench

clean: ## remove what the other targets made
	rm -rf $(VENV) reports/last .pytest_cache .mypy_cache .ruff_cache .hypothesis

.PHONY: help install conformance test lint emit baseline bench clean
