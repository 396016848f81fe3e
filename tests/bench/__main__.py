"""All benchmarks: ratios against named peers in one run, printed and never gated."""

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


def main() -> None:
    """Run every benchmark, and print one table, and those of the strategies and of the diff."""
    rows = [*bench_check.rows(), *bench_headers.rows(), *bench_start.rows()]
    rows += [*bench_body.rows(), *bench_client.rows(), *bench_polls.rows()]
    rows += [*bench_emulator.rows(), *bench_lives.rows(), *bench_plugin.rows()]
    print()
    print(HEAD)
    for row in rows:
        print(row.line())
    print()
    bench_strategies.main()
    print()
    bench_diff.main()


if __name__ == "__main__":
    main()
