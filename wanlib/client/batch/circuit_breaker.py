"""`CircuitBreaker`: which failures of single jobs stop the batch, because all other jobs would fail, too."""

from wanlib.errors import (
    AuthenticationError,
    BudgetExceededError,
    ConfigurationError,
    ConnectionFailedError,
    DownloadFailedError,
    JournalError,
    QuotaExceededError,
    RateLimitError,
    TaskError,
    WanError,
)

_MAX_UNSAVED = 10
"""Jobs in a row that are paid and whose pictures cannot be fetched, after which no further one is sent."""
_FATAL = (AuthenticationError, QuotaExceededError, BudgetExceededError, ConfigurationError, JournalError)


class CircuitBreaker:
    """Counts failures. The threads of a batch share it."""

    def __init__(self) -> None:
        self._is_reachable = False
        self._unsaved = 0

    def is_unreachable(self, error: WanError) -> bool:
        """Return whether a call found no connection, and the service has responded to no call of this run."""
        return isinstance(error, ConnectionFailedError) and not self._is_reachable

    def sent(self, error: WanError | None = None) -> None:
        """Note that a call was accepted; with an error, that it was not, or that it was not sent."""
        if error is None or error.status is not None:
            self._is_reachable = True

    def saved(self) -> None:
        """Note that the pictures of a job are on disk."""
        self._unsaved = 0

    def is_fatal(self, error: WanError, *, is_new: bool) -> bool:
        """Return whether no further job may be sent.

        Args:
            error: Why a job failed.
            is_new: Whether this run has sent the job.
        """
        if isinstance(error, DownloadFailedError):
            self._unsaved += is_new
            return isinstance(error.__cause__, OSError) or self._unsaved >= _MAX_UNSAVED
        is_fatal = isinstance(error, _FATAL) and not isinstance(error, TaskError | RateLimitError)
        return is_fatal or self.is_unreachable(error)
