"""`retry_call`: retries of exchanges that cost nothing."""

from collections.abc import Callable
from typing import TypeVar

from wanlib.client.protocol.context import LOG
from wanlib.client.protocol.effects import Sleep, Steps
from wanlib.client.protocol.timing import Backoff, Deadline
from wanlib.errors import (
    ConnectionFailedError,
    DeadlineExceededError,
    MalformedResponseError,
    RateLimitError,
    ServiceError,
)

T = TypeVar("T")

RETRYABLE_ERRORS = (ConnectionFailedError, RateLimitError, ServiceError, MalformedResponseError)
"""The errors that may not occur in another attempt."""


def retry_call(
    step: Callable[[], Steps[T]],
    what: str,
    attempts: int,
    backoff: Backoff,
    deadline: Deadline,
    task_id: str | None = None,
) -> Steps[T]:
    """Return what a step returns, in at most `attempts` attempts.

    Args:
        step: Makes the steps of one attempt.
        what: A description of the action, for messages.
        attempts: The maximum number of attempts.
        backoff: The waits between them.
        deadline: The time after which no attempt starts.
        task_id: The task that it is about; None if there is none.

    Raises:
        DeadlineExceededError: The deadline passed; the message names `what` and the last error.
        WanError: The error of the last attempt, or one that is permanent.
    """
    for attempt in range(1, attempts + 1):
        try:
            return (yield from step())
        except RETRYABLE_ERRORS as error:
            wait = backoff.wait(attempt, error.retry_after if isinstance(error, RateLimitError) else None)
            if attempt == attempts:
                raise
            if not deadline.permits_wait(wait):
                late = f"{what} was not completed in time; the last error: {error}"
                raise DeadlineExceededError(late, task_id=task_id) from error
            LOG.info("%s: %s; again in %.1f s", what, type(error).__name__, wait)
        yield Sleep(wait)
    raise AssertionError("the last attempt returns or raises")
