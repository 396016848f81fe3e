"""All benchmarks: ratios against named peers in one run, printed and never gated.

`python -m tests.bench [NAME ...]`; `make bench` runs all of them.
"""

import sys

from tests.bench import (
    bench_body,
    bench_check,
    bench_client,
    bench_diff,
    bench_emulator,
    bench_headers,
    bench_lives,
    bench_plugin,
    bench_polls,
    bench_start,
    bench_strategies,
)
from tests.bench.comparison import HEAD
from tests.support.program_arguments import chosen_names

TABLE = {
    "check": bench_check,
    "headers": bench_headers,
    "start": bench_start,
    "body": bench_body,
    "client": bench_client,
    "polls": bench_polls,
    "emulator": bench_emulator,
    "lives": bench_lives,
    "plugin": bench_plugin,
}
"""Benchmarks whose rows are printed as one table."""
OTHERS = {"strategies": bench_strategies, "diff": bench_diff}
"""Benchmarks that print tables of their own."""


def main(names: list[str]) -> None:
    """Run some benchmarks, or all; print one table, and those of the strategies and of the diff."""
    chosen = chosen_names("benchmark", names, [*TABLE, *OTHERS])
    rows = [row for name, module in TABLE.items() if name in chosen for row in module.rows()]
    if rows:
        print(f"\n{HEAD}")
    for row in rows:
        print(row.line())
    for name, module in OTHERS.items():
        if name in chosen:
            print()
            module.main()


if __name__ == "__main__":
    main(sys.argv[1:])
