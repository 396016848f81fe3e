# Every target works as the first command on a fresh checkout.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# The official SDK, which `parity`, `sdk` and `lifecycle` alone need: the version that the guide asks for, and the newest.
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

mutants: $(STAMP) ## a planted fault in every rule, in every way: the harness must see each
	$(BIN)/python -m conformance mutants

emit: $(STAMP) ## write the generated code from the spec
	$(BIN)/wanlib emit

baseline: $(STAMP) ## accept the present run as the baseline
	$(BIN)/python -m conformance run --accept reports/baseline.ndjson

bench: $(VENV)/.bench ## speed and memory, as ratios against peers in the same run
	$(BIN)/python -m tests.bench

parity: $(VENV)/.parity-pinned/.installed $(VENV)/.parity-newest/.installed ## the client's requests against the official SDK's, for hundreds of calls
	$(BIN)/python -m conformance.parity --sdk pinned=$(VENV)/.parity-pinned/bin/python --sdk newest=$(VENV)/.parity-newest/bin/python

sdk: $(VENV)/.parity-pinned/.installed $(VENV)/.parity-newest/.installed ## the official SDK, every call of it, against `wanlib serve`
	$(BIN)/python -m tests.sdk --sdk pinned=$(VENV)/.parity-pinned/bin/python --sdk newest=$(VENV)/.parity-newest/bin/python

schemathesis: $(VENV)/.bench ## Schemathesis with the exported OpenAPI against `wanlib serve`
	$(BIN)/python -m tests.sdk.openapi

lifecycle: $(VENV)/.parity-pinned/.installed $(VENV)/.parity-newest/.installed ## the life of tasks in simulated time: its table, every schedule of faults, free plays, kill -9, a crowd
	$(BIN)/python -m conformance lifecycle table
	$(BIN)/python -m conformance lifecycle schedules --faults 3 --sdk pinned=$(VENV)/.parity-pinned/bin/python --sdk newest=$(VENV)/.parity-newest/bin/python
	$(BIN)/python -m conformance lifecycle drawn
	$(BIN)/python -m conformance lifecycle kills
	$(BIN)/python -m conformance lifecycle crowd

load: $(STAMP) ## an hour of mixed traffic with faults on the emulator, against a bookkeeping of its own
	$(BIN)/python -m tests.emulator.load

clean: ## remove what the other targets made
	rm -rf $(VENV) reports/last .pytest_cache .mypy_cache .ruff_cache .hypothesis

.PHONY: help install conformance test lint mutants emit baseline bench parity sdk schemathesis lifecycle load clean
