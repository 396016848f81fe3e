"""`InputError`, the base of the errors that a user of a command can correct.

Each package derives its own errors from it, so that a command reports them without importing the package.
"""


class InputError(Exception):
    """Something that the user named or wrote is wrong. Commands print its lines and exit with 2."""

    def __init__(self, *lines: str) -> None:
        """Create an error with one line for each problem."""
        super().__init__(*lines)

    @property
    def lines(self) -> tuple[str, ...]:
        """The message, one line for each problem."""
        return self.args

    def __str__(self) -> str:
        return "\n".join(self.lines)
