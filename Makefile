# Every target works as the first command on a fresh checkout.
# PYTHON=python3.13 uses another interpreter, in a virtual environment of its own.
ifeq ($(origin PYTHON),undefined)
PYTHON := python3
VENV := .venv
else
VENV := .venv-$(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
endif
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Pinned versions, so that a new release of a dependency cannot break a checkout. `make latest` sets it to nothing.
CONSTRAINTS := constraints.txt
# Old versions of pip read the first for build dependencies, new versions the second.
PIP_ENV = $(if $(1),PIP_CONSTRAINT=$(1) PIP_BUILD_CONSTRAINT=$(1))
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check
# The Python versions that the package supports and that `make pin` resolves for.
PYTHONS := python3.11 python3.12 python3.13
# The official SDK, which `parity`, `sdk` and `lifecycle` alone need: the version that the guide asks for, and the newest.
SDK_pinned := dashscope==1.25.15
SDK_newest := dashscope>=2,<3
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(STAMP): pyproject.toml $(CONSTRAINTS)
	$(PYTHON) -m venv $(VENV)
	$(call PIP_ENV,$(CONSTRAINTS)) $(BIN)/python $(PIP_INSTALL) --editable '.[dev]'
	@touch $@

$(VENV)/.bench: $(STAMP)
	$(call PIP_ENV,$(CONSTRAINTS)) $(BIN)/python $(PIP_INSTALL) --editable '.[bench]'
	@touch $@

# The constraints pin one version of the SDK; an environment of another version leaves that line out.
$(VENV)/.parity-%/.installed: $(STAMP)
	$(PYTHON) -m venv $(@D)
	grep -v '^dashscope==' constraints.txt > $(@D)/constraints.txt
	$(call PIP_ENV,$(@D)/constraints.txt) $(@D)/bin/python $(PIP_INSTALL) '$(SDK_$*)'
	@touch $@

install: $(STAMP) ## make .venv and install everything that the other targets need

conformance: $(STAMP) ## the main job: every documented limit on every target, with a table and a report
	$(BIN)/python -m wan_conformance run --baseline reports/baseline.ndjson

test: $(STAMP) ## the tests
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal

lint: $(STAMP) ## ruff, mypy --strict, and that generated code is what the spec emits
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/wanlib emit --check

mutants: $(STAMP) ## a planted fault in every rule, in every way: the harness must see each
	$(BIN)/python -m wan_conformance mutants

effects: $(STAMP) ## every value of the spec files changed in turn: each must have an effect; about ten minutes
	$(BIN)/python -m tests.effects

emit: $(STAMP) ## write the generated code from the spec
	$(BIN)/wanlib emit

baseline: $(STAMP) ## accept the present run as the baseline
	$(BIN)/python -m wan_conformance run --accept reports/baseline.ndjson

bench: $(VENV)/.bench ## speed and memory, as ratios against peers in the same run
	$(BIN)/python -m tests.bench

parity: $(VENV)/.parity-pinned/.installed $(VENV)/.parity-newest/.installed ## the client's requests against the official SDK's, for hundreds of calls
	$(BIN)/python -m wan_conformance.parity --sdk pinned=$(VENV)/.parity-pinned/bin/python --sdk newest=$(VENV)/.parity-newest/bin/python

sdk: $(VENV)/.parity-pinned/.installed $(VENV)/.parity-newest/.installed ## the official SDK, every call of it, against `wanlib serve`
	$(BIN)/python -m tests.sdk --sdk pinned=$(VENV)/.parity-pinned/bin/python --sdk newest=$(VENV)/.parity-newest/bin/python

schemathesis: $(VENV)/.bench ## Schemathesis with the exported OpenAPI against `wanlib serve`
	$(BIN)/python -m tests.sdk.openapi

lifecycle: $(VENV)/.parity-pinned/.installed $(VENV)/.parity-newest/.installed ## the life of tasks in simulated time: its table, every schedule of faults, free plays, kill -9, a crowd
	$(BIN)/python -m wan_conformance lifecycle table
	$(BIN)/python -m wan_conformance lifecycle schedules --faults 3 --sdk pinned=$(VENV)/.parity-pinned/bin/python --sdk newest=$(VENV)/.parity-newest/bin/python
	$(BIN)/python -m wan_conformance lifecycle drawn
	$(BIN)/python -m wan_conformance lifecycle kills
	$(BIN)/python -m wan_conformance lifecycle crowd

load: $(STAMP) ## an hour of mixed traffic with faults on the emulator, against a bookkeeping of its own
	$(BIN)/python -m tests.emulator.load

latest: ## lint and tests with the newest versions that pyproject.toml allows, in an environment of their own
	rm -rf $(VENV)-latest
	$(MAKE) --no-print-directory VENV=$(VENV)-latest CONSTRAINTS= lint
	$(MAKE) --no-print-directory VENV=$(VENV)-latest CONSTRAINTS= test

pin: $(STAMP) ## renew constraints.txt with the newest versions; needs every interpreter of PYTHONS
	$(BIN)/python -m tests.setup.pin --also '$(SDK_pinned)' $(PYTHONS) > constraints.new
	mv constraints.new constraints.txt

clean: ## remove what the other targets made
	rm -rf .venv .venv-* reports/last .pytest_cache .mypy_cache .ruff_cache .hypothesis

.PHONY: help install conformance test lint mutants effects emit baseline bench parity sdk schemathesis lifecycle load latest pin clean
