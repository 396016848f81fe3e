"""The command `mutants`, which tests whether the harness detects a change of any rule."""

from collections import Counter
from typing import Annotated

import typer

from wanlib.base.redaction import printable, safe_repr
from wanlib.cli.errors import CliError, ExitCode, SpecOption, load_spec
from wanlib.cli.options.workers import WorkersOption, workers_of


def mutants(
    rule: Annotated[str, typer.Option(metavar="GLOB", help="Only rules with matching ids.")] = "*",
    workers: WorkersOption = None,
    spec: SpecOption = None,
) -> int:
    """Test whether changing any rule is detected.

    Changes each rule of the emulator in every way, and checks that the target http fails.

    Exit 0 if every change is detected, 1 if one is not.
    """
    from wan_conformance.engine.sources import matching_body_rules
    from wan_conformance.shards.mutants import shared_mutants

    loaded = load_spec(spec)
    rules = matching_body_rules(loaded, (rule,))
    if not rules:
        raise CliError(f"no rule matches {safe_repr(rule)}; `wanlib rules` lists the rules")
    counts = Counter({"killed": 0, "survived": 0, "equivalent": 0})
    for mutant in shared_mutants(spec, rules, workers_of(workers)):
        counts[mutant.verdict] += 1
        if mutant.verdict == "survived":
            typer.echo(printable(f"SURVIVED {mutant.name}"))
    summary = ", ".join(f"{count:,} {verdict}" for verdict, count in counts.items())
    typer.echo(f"{len(rules):,} rules, {counts.total():,} mutants: {summary}")
    return ExitCode.FAILED if counts["survived"] else ExitCode.OK
