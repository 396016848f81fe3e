"""The command `cases`, which exports the cases, and the options that it shares with `run`."""

import sys
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from wanlib.base.text import quantity
from wanlib.cli.errors import CliError, ExitCode, SpecOption, load_spec

ModelOption = Annotated[
    list[str] | None, typer.Option(metavar="MODEL", help="Only cases of this model. Repeatable.")
]
CaseOption = Annotated[
    list[str] | None, typer.Option(metavar="ID", help="Only this case, or those of a glob. Repeatable.")
]
VectorsOption = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="A folder with vectors for the spec, in addition to the packaged ones."),
]


def cases(
    rule: Annotated[
        list[str] | None, typer.Option(metavar="GLOB", help="Only rules with matching ids. Repeatable.")
    ] = None,
    model: ModelOption = None,
    case: CaseOption = None,
    large: Annotated[bool, typer.Option(help="Also write lines of more than a megabyte.")] = False,
    spec: SpecOption = None,
    vectors: VectorsOption = None,
) -> int:
    """Print the cases as JSON Lines, for your own tests.

    Each has a body and the rules that it violates. These are the cases on both sides of each limit, and
    those that were written by hand.

    Exit 0, or 2 for a usage error.
    """
    from wan_conformance.engine.case_lines import LARGE, case_lines
    from wan_conformance.engine.sources import select_units, selection_problem
    from wan_conformance.engine.vector_choice import choose_vectors
    from wan_conformance.selection import Selection

    loaded = load_spec(spec)
    chosen, _ = choose_vectors(loaded, spec, vectors)
    selection = Selection(tuple(rule or ()), tuple(model or ()), tuple(case or ()))
    if problem := selection_problem(loaded, selection, chosen):
        raise CliError(problem)
    left_out: Counter[str] = Counter()
    for line in case_lines(loaded, select_units(loaded, selection, chosen).sources()):
        if line is None:
            left_out["that no JSON expresses"] += 1
        elif len(line) > LARGE and not large:
            left_out["of more than a megabyte; --large writes them"] += 1
        else:
            sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()
    for reason, count in left_out.items():
        typer.echo(f"left out: {quantity(count, 'case')} {reason}", err=True)
    return ExitCode.OK
