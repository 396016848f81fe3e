"""`UsageGuard`: whether a client may be used here and now."""

import os

from wanlib.errors import UsageError


class UsageGuard:
    """Refuses the use of a client that is closed, or that another process uses.

    Connections, locks, the budget and the journal's file handle cannot be shared with a forked process: two
    processes that read one connection receive each other's responses. A client belongs to the process that
    first makes a call with it, so that a server may create one before it forks its workers.
    """

    def __init__(self) -> None:
        self._process: int | None = None
        self._is_closed = False

    def check(self) -> None:
        """Raise UsageError if the client is closed or belongs to another process."""
        if self._is_closed:
            raise UsageError("this client is closed; make another one")
        self.check_process()

    def check_process(self) -> None:
        """Raise UsageError if the client belongs to another process; the first process takes it."""
        process = os.getpid()
        if self._process is None:
            self._process = process
        if self._process != process:
            raise UsageError(
                f"this client belongs to process {self._process}, which made a call with it before it forked "
                f"process {process}; make one client in each process"
            )

    def close(self) -> bool:
        """Mark the client as closed. Return False if it is closed already or belongs to another process."""
        is_elsewhere = self._process not in (None, os.getpid())
        if self._is_closed or is_elsewhere:
            return False
        self._is_closed = True
        return True
