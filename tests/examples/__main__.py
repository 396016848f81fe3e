"""Run the whole harness on each example spec: every case on every target, then every mutant."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from wan_conformance.engine.execute import RunRequest, execute
from wan_conformance.engine.mutation_check import run_mutants
from wan_conformance.report.tally import tally
from wan_conformance.report.terminal import console, print_log

from tests.examples.example_specs import EXAMPLES, Example


def main() -> int:
    """Return 0 if every target conforms to every example and every mutant is detected, else 1."""
    passes = [_passes(example) for example in EXAMPLES]
    return int(not all(passes))


def _passes(example: Example) -> bool:
    with TemporaryDirectory() as report:
        log = execute(RunRequest(Path(report), spec=example.folder, vectors=example.vectors))
    print_log(log, console())
    spec = example.load()
    mutants = [*run_mutants(spec, example.rules(spec))]
    survivors = [mutant.name for mutant in mutants if mutant.verdict == "survived"]
    print(f"{example.name}: {len(mutants)} mutants, {len(survivors)} survived {' '.join(survivors)}")
    return tally(log).conforms and not survivors


sys.exit(main())
