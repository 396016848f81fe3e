# Every target works as the first command on a fresh checkout.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# The official SDK, which `parity` alone needs: the version that the guide asks for, and the newest.
SDK_pinned := dashscope==1.25.15
SDK_newest := dashscope>=2,<3
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

$(VENV)/.parity-%/.installed: $(STAMP)
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check '$(SDK_$*)'
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

parity: $(VENV)/.parity-pinned/.installed $(VENV)/.parity-newest/.installed ## the client's requests against the official SDK's, for hundreds of calls
	$(BIN)/python -m conformance.parity --sdk pinned=$(VENV)/.parity-pinned/bin/python --sdk newest=$(VENV)/.parity-newest/bin/python

clean: ## remove what the other targets made
	rm -rf $(VENV) reports/last .pytest_cache .mypy_cache .ruff_cache .hypothesis

.PHONY: help install conformance test lint emit baseline bench parity clean
