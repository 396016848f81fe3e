"""Run the whole harness on the guard spec: every case on every target, then every mutant."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from wan_conformance.engine.execute import RunRequest, execute
from wan_conformance.engine.mutation_check import run_mutants
from wan_conformance.engine.sources import matching_body_rules
from wan_conformance.report.tally import tally
from wan_conformance.report.terminal import console, print_log

from tests.guard_spec.guard import VECTORS, guard_spec


def main() -> int:
    """Return 0 if every target conforms and every mutant is detected, else 1."""
    with TemporaryDirectory() as name:
        folder = Path(name, "spec")
        spec = guard_spec(folder)
        log = execute(RunRequest(Path(name, "report"), spec=folder, vectors=VECTORS))
        print_log(log, console())
        survivors = 0
        for mutant in run_mutants(spec, matching_body_rules(spec)):
            if mutant.verdict == "survived":
                survivors += 1
                print(f"SURVIVED {mutant.name}")
        print(f"{survivors} mutants survived")
    return int(survivors > 0 or not tally(log).conforms)


sys.exit(main())
