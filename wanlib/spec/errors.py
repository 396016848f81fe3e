"""What is wrong with a spec."""


class SpecError(ValueError):
    """A broken spec file. `str()` has a line for each complaint: `file:line: what, expected what`."""

    def __init__(self, complaints: list[str]) -> None:
        self.complaints = complaints
        super().__init__("\n".join(complaints))
