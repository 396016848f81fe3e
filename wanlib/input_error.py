"""`InputError`, the base of the errors that a user of a command can correct.

Each package derives its own errors from it, so that a command reports them without importing the package.
"""


class InputError(Exception):
    """Something that the user named or wrote is wrong. Commands print its lines and exit with 2.

    Attributes:
        lines: The message, one line for each problem.
    """

    def __init__(self, *lines: str) -> None:
        """Create an error with one line for each problem."""
        self.lines = lines
        super().__init__("\n".join(lines))
