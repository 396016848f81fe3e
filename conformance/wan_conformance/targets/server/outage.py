"""Detect that every case on a server ends with the same error, and then send only a few more."""

_LIMIT = 50


class Outage:
    """Counts the cases in a row that ended with the same error.

    After 50 of them only every fiftieth case is sent, until one ends differently: thousands of requests to a
    server that is down, or at another address, would add no information.
    """

    def __init__(self) -> None:
        self._error = ""
        self._alike = 0

    def problem(self) -> str | None:
        """Return why the next case is not sent; None if it should be sent."""
        if self._alike < _LIMIT:
            return None
        self._alike += 1
        if self._alike % _LIMIT == 0:
            return None
        return f"not sent, after {_LIMIT} cases in a row with: {self._error}"

    def record(self, error: str | None) -> None:
        """Count the error of a case that was sent; None if it was judged."""
        if error is None or error != self._error:
            self._error, self._alike = error or "", 0
        if error is not None:
            self._alike += 1
