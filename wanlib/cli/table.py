"""Rows for people and for pipes."""

import sys
from collections.abc import Iterable, Sequence


def print_rows(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table on a terminal, columns with tabs between them in a pipe. The cells must be printable."""
    if not sys.stdout.isatty():
        for row in rows:
            print("\t".join(row))
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    Console(highlight=False).print(table)
