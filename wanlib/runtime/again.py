"""One more try of what costs nothing, where that may help."""

from collections.abc import Callable
from typing import TypeVar

from wanlib.runtime.context import LOG
from wanlib.runtime.effects import Protocol, Sleep
from wanlib.runtime.errors import (
    DeadlineExceeded,
    MalformedAnswer,
    RateLimited,
    ServiceError,
    Unreachable,
)
from wanlib.runtime.retry import Backoff, Deadline

T = TypeVar("T")

PASSING = (Unreachable, RateLimited, ServiceError, MalformedAnswer)
"""What may be otherwise the next time."""


def again(
    step: Callable[[], Protocol[T]],
    what: str,
    tries: int,
    backoff: Backoff,
    deadline: Deadline,
    task_id: str | None = None,
) -> Protocol[T]:
    """What a step yields, in up to so many tries.

    Raises its last error; DeadlineExceeded, which names `what` and that error, where the time is up.
    """
    for tried in range(1, tries + 1):
        try:
            return (yield from step())
        except PASSING as error:
            wait = backoff.wait(tried, error.retry_after if isinstance(error, RateLimited) else None)
            if tried == tries:
                raise
            if not deadline.allows(wait):
                late = f"{what} has no answer in time; the last was: {error}"
                raise DeadlineExceeded(late, task_id=task_id) from error
            LOG.info("%s: %s; again in %.1f s", what, type(error).__name__, wait)
        yield Sleep(wait)
    raise AssertionError("the last try returns or raises")
