"""All benchmarks: ratios against named peers in one run, printed and never gated."""

from tests.bench import (
    bench_body,
    bench_check,
    bench_client,
    bench_emulator,
    bench_headers,
    bench_lives,
    bench_polls,
    bench_start,
    bench_strategies,
)
from tests.bench.contest import HEAD


def main() -> None:
    """Runs every part and prints one table, then the strategies' own."""
    found = [*bench_check.rows(), *bench_headers.rows(), *bench_start.rows()]
    found += [*bench_body.rows(), *bench_client.rows(), *bench_polls.rows()]
    found += [*bench_emulator.rows(), *bench_lives.rows()]
    print()
    print(HEAD)
    for row in found:
        print(row.line())
    print()
    bench_strategies.main()


if __name__ == "__main__":
    main()
