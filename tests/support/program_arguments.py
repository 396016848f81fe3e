"""Arguments of the programs behind make targets."""

import sys
from collections.abc import Sequence


def chosen_names(kind: str, arguments: Sequence[str], known: Sequence[str]) -> Sequence[str]:
    """Return the names that are arguments, or all known ones without an argument.

    Args:
        kind: What a name stands for.
        arguments: The arguments of the program.
        known: The names that it knows.

    Raises:
        SystemExit: An argument is not a known name; the message lists them.
    """
    if wrong := [name for name in arguments if name not in known]:
        sys.exit(f"no {kind} {wrong[0]!r}; known: {', '.join(known)}")
    return arguments or known
