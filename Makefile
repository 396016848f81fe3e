# Every target works as the first command on a fresh checkout.
# PYTHON=python3.13 uses another interpreter, in its own virtual environment.
ifeq ($(origin PYTHON),undefined)
PYTHON := python3
VENV := .venv
else
VENV := .venv-$(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
endif
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Pinned versions: a new release of a dependency cannot break a checkout. `make latest` empties the variable.
CONSTRAINTS := constraints.txt
# For build dependencies, old versions of pip read the first variable, new versions the second.
PIP_ENV = $(if $(1),PIP_CONSTRAINT=$(1) PIP_BUILD_CONSTRAINT=$(1))
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check
# The Python versions that the package supports and that `make pin` resolves for.
PYTHONS := python3.11 python3.12 python3.13
# The official SDK, for `parity`, `sdk` and `lifecycle`: the version that the guide requires, and the newest.
SDK_pinned := dashscope==1.25.15
SDK_newest := dashscope>=2,<3
# Processes of tests load compiled modules, also where images of CI services switch that off.
export PYTHONDONTWRITEBYTECODE :=
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(STAMP): pyproject.toml $(CONSTRAINTS)
	$(PYTHON) -m venv $(VENV)
	$(call PIP_ENV,$(CONSTRAINTS)) $(BIN)/python $(PIP_INSTALL) --editable '.[dev]'
	@touch $@

$(VENV)/.bench: $(STAMP)
	$(call PIP_ENV,$(CONSTRAINTS)) $(BIN)/python $(PIP_INSTALL) --editable '.[bench]'
	@touch $@

$(VENV)/.cluster: $(STAMP)
	$(call PIP_ENV,$(CONSTRAINTS)) $(BIN)/python $(PIP_INSTALL) --editable '.[dev,cluster]'
	@touch $@

# The constraints pin one version of the SDK; an environment of another version leaves that line out.
$(VENV)/.parity-%/.installed: $(STAMP)
	$(PYTHON) -m venv $(@D)
	grep -v '^dashscope==' constraints.txt > $(@D)/constraints.txt
	$(call PIP_ENV,$(@D)/constraints.txt) $(@D)/bin/python $(PIP_INSTALL) '$(SDK_$*)'
	@touch $@

$(VENV)/.docs: $(STAMP)
	$(call PIP_ENV,$(CONSTRAINTS)) $(BIN)/python $(PIP_INSTALL) --editable '.[docs]'
	@touch $@

install: $(STAMP) ## create .venv and install everything that the other targets need

conformance: $(STAMP) ## test every documented limit on every target; print a table and write a report
	$(BIN)/python -m wan_conformance run --baseline reports/baseline.ndjson

# Three processes keep two cores busy: a third of the time of a test is spent waiting for other processes.
test: $(STAMP) ## run the tests
	$(BIN)/python -m pytest --numprocesses 3 --dist worksteal

lint: $(STAMP) ## run ruff and mypy --strict; check that the generated code matches the spec
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/wanlib emit --check

mutants: $(STAMP) ## inject a fault into every rule, in every way: the harness must detect each
	$(BIN)/python -m wan_conformance mutants

guard: $(STAMP) ## run the harness on an invented spec: every case, every target, every mutant
	$(BIN)/python -m tests.guard_spec

effects: $(STAMP) ## change every value of the spec files in turn: each must have an effect, and none becomes code (20 minutes)
	$(BIN)/python -m tests.effects
	$(BIN)/python -m tests.effects.hostile

diff: $(STAMP) ## check `wanlib diff` on every mutant, hundreds of rewrites of the spec, and random pairs of small specs
	$(BIN)/python -m tests.diff

live: $(STAMP) ## explore the budget of live probes (orders, faults, killed processes, adversarial services), inject every change (40 minutes)
	$(BIN)/python -m tests.conformance.live
	$(BIN)/python -m tests.conformance.live.naming_trials

update-day: $(STAMP) ## rehearse a model update offline: diff, migrate, live, patch
	$(BIN)/python -m tests.update_day

examples: $(STAMP) ## run the harness and every mutant on the example specs, and the example programs (12 minutes)
	$(BIN)/python -m tests.examples
	$(BIN)/python -m tests.examples.run_programs

gateway: $(STAMP) ## judge the gateway of `examples/` by all rules, without faults and with each of its faults (6 minutes, more on a busy machine)
	$(BIN)/python -m tests.examples.run_gateway

moved: $(STAMP) ## move every number of the spec: no test fails but those of vectors and README; list these
	$(BIN)/python -m tests.maintenance --numprocesses 3 --dist worksteal

plugin: $(STAMP) ## install the wheel with pytest 8.4 and 9 and with common other plugins; run examples/pytest-project
	$(BIN)/python -m tests.plugin

emit: $(STAMP) ## write the generated code and the reference pages of docs/ from the spec
	$(BIN)/wanlib emit
	$(BIN)/python -m tests.docs.reference

docs: $(VENV)/.docs ## build the documentation with warnings as errors; look at every page in a browser (5 minutes)
	$(BIN)/python -m tests.docs

baseline: $(STAMP) ## run the main job and accept its verdicts as the baseline
	$(BIN)/python -m wan_conformance run --accept reports/baseline.ndjson

comparison: $(VENV)/.bench ## write the table of docs/comparison.md from the signatures of other clients
	$(BIN)/python -m tests.docs.comparison

bench: $(VENV)/.bench ## measure speed and memory, as ratios against peers in the same run
	$(BIN)/python -m tests.bench

parity: $(VENV)/.parity-pinned/.installed $(VENV)/.parity-newest/.installed ## compare the client's requests with the official SDK's, for hundreds of calls
	$(BIN)/python -m wan_conformance.parity --sdk pinned=$(VENV)/.parity-pinned/bin/python --sdk newest=$(VENV)/.parity-newest/bin/python

sdk: $(VENV)/.parity-pinned/.installed $(VENV)/.parity-newest/.installed ## run every call of the official SDK against `wanlib serve`
	$(BIN)/python -m tests.sdk --sdk pinned=$(VENV)/.parity-pinned/bin/python --sdk newest=$(VENV)/.parity-newest/bin/python

schemathesis: $(VENV)/.bench ## run Schemathesis with the exported OpenAPI against `wanlib serve`
	$(BIN)/python -m tests.sdk.openapi

lifecycle: $(VENV)/.parity-pinned/.installed $(VENV)/.parity-newest/.installed ## check the life of tasks in simulated time: mutants, fault schedules, stateful tests, crashes, load
	$(BIN)/python -m wan_conformance lifecycle mutation
	$(BIN)/python -m wan_conformance lifecycle schedules --faults 3 --sdk pinned=$(VENV)/.parity-pinned/bin/python --sdk newest=$(VENV)/.parity-newest/bin/python
	$(BIN)/python -m wan_conformance lifecycle stateful
	$(BIN)/python -m wan_conformance lifecycle crash
	$(BIN)/python -m wan_conformance lifecycle load

clients: $(VENV)/.parity-pinned/.installed $(VENV)/.parity-newest/.installed ## judge the conduct of clients: ours, those with curl and Node, and the official SDK (3 minutes)
	$(BIN)/python -m wan_conformance client --adapter wan_conformance.conduct.adapters:wan_adapter
	$(BIN)/python -m wan_conformance client --adapter wan_conformance.conduct.adapters:async_wan_adapter
	$(BIN)/python -m wan_conformance client --sdk pinned=$(VENV)/.parity-pinned/bin/python --sdk newest=$(VENV)/.parity-newest/bin/python
	$(BIN)/python -m wan_conformance client -- examples/clients/curl-client.sh
	$(BIN)/python -m wan_conformance client -- node examples/clients/node-client.mjs
	$(BIN)/python -m wan_conformance client -- $(VENV)/.parity-newest/bin/python examples/clients/sdk_client.py; test $$? -eq 1

batch: $(STAMP) ## run a batch of 10,000 jobs with quotas, faults and three killed processes, in simulated time (2 minutes)
	$(BIN)/python -m tests.client.batch

cluster: $(VENV)/.cluster ## distribute work over processes and a Dask cluster, kill workers, and compare with one process (10 minutes)
	$(BIN)/python -m tests.scale

load: $(STAMP) ## run an hour of mixed traffic with faults on the emulator, and compare its ledger with an independent one
	$(BIN)/python -m tests.emulator.run_load

latest: ## lint and test with the newest versions that pyproject.toml allows, in a separate environment
	rm -rf $(VENV)-latest
	$(MAKE) --no-print-directory VENV=$(VENV)-latest CONSTRAINTS= lint
	$(MAKE) --no-print-directory VENV=$(VENV)-latest CONSTRAINTS= test

pin: $(STAMP) ## update constraints.txt to the newest versions; needs every interpreter of PYTHONS
	$(BIN)/python -m tests.setup.pin --also '$(SDK_pinned)' $(PYTHONS) > constraints.new
	mv constraints.new constraints.txt

clean: ## remove what the other targets created
	rm -rf .venv .venv-* reports/last .pytest_cache .mypy_cache .ruff_cache .hypothesis

.PHONY: help install conformance test lint mutants guard effects live update-day examples gateway moved plugin diff docs emit baseline comparison bench parity sdk schemathesis lifecycle clients load cluster batch latest pin clean
