"""Every way in which a call can end badly.

::

    WanError
    ├── InvalidRequestError        a rule is broken, or the service calls the request invalid
    ├── BudgetExceededError            the call could cost more than it may; nothing was sent
    ├── ConfigurationError    the client can't reach the service as it is set up: key, region, URL
    ├── InvalidArgumentError  an argument has a value that it can't have; also a ValueError
    │   ├── MissingFileError  a file that is not there; also a FileNotFoundError
    │   └── NoLegalSizeError  no legal output size has this ratio or tier
    ├── UsageError            a call at a wrong place or time; also a RuntimeError
    ├── Unreachable           no connection to the service; nothing can have been accepted
    ├── AuthenticationError   no, wrong or foreign key; a model or workspace that is not granted
    ├── ContentModerationError  the input or the output was found inappropriate or infringing
    ├── QuotaExceededError         an unpaid bill, a spent quota: waiting does not help
    │   └── RateLimitError       too much at once: waiting helps
    ├── NotFound              a model, task or workspace that is not there
    ├── ServiceError          the service failed, and says so
    ├── MalformedResponseError       an answer that is none of the documented ones
    ├── TaskError             the task has ended without a picture
    │   ├── TaskFailedError        and, where the code says why, one of these, each also an error of that
    cause:
    │   │   ├── TaskContentModerationError  also a ContentModerationError
    │   │   ├── TaskInvalidRequestError     also an InvalidRequestError
    │   │   ├── TaskQuotaExceededError      also a QuotaExceededError
    │   │   ├── TaskRateLimitError          also a RateLimitError
    │   │   └── TaskServiceError            also a ServiceError
    │   ├── TaskCanceledError
    │   └── TaskUnknownError       expired, never there, or of another account or region
    ├── DeadlineExceededError      the time is up; the task, if any, goes on
    ├── OutcomeUnknownError        a paid call may or may not have been accepted
    ├── DownloadFailedError        a picture can't be fetched or stored
    │   └── LinkExpiredError       its link has died
    └── JournalError          the journal can't be read or written

Every one has `status` (HTTP), `code`, `message`, `request_id` and `task_id`, each None where there is
none, and `kind`, `advice` and `retry`: the class of the error, what to do, and whether the same call may
succeed later (`yes`, `once`: one more try makes sense, `no`). No message holds a key, a signed URL or
image bytes.
"""

import os
from collections.abc import Sequence
from errno import ENOENT
from pathlib import Path
from typing import Any, Self

from wanlib.base.error_codes import Classification, Retry
from wanlib.base.violation import Violation

__all__ = [
    "AuthenticationError",
    "BudgetExceededError",
    "ConfigurationError",
    "ConnectionFailedError",
    "ContentModerationError",
    "DeadlineExceededError",
    "DownloadFailedError",
    "IgnoredParameterWarning",
    "InvalidArgumentError",
    "InvalidRequestError",
    "JournalError",
    "LinkExpiredError",
    "MalformedResponseError",
    "MissingFileError",
    "NoLegalSizeError",
    "NotFoundError",
    "OutcomeUnknownError",
    "QuotaExceededError",
    "RateLimitError",
    "ServiceError",
    "TaskCanceledError",
    "TaskContentModerationError",
    "TaskError",
    "TaskFailedError",
    "TaskInvalidRequestError",
    "TaskQuotaExceededError",
    "TaskRateLimitError",
    "TaskServiceError",
    "TaskUnknownError",
    "UsageError",
    "WanError",
]


class WanError(Exception):
    """Whatever goes wrong in a call.

    message: what was met and what to do. status: the HTTP status of the answer. code: the vendor's error
    code. request_id: the vendor's id of the exchange. task_id: the task that it is about, so that it can
    be taken up again. kind, advice: as of `wanlib.classify`, None where the service states no error.
    retry: whether the same call may succeed later: `yes`, `once` (one more try makes sense) or `no`.
    """

    kind: str | None = None
    advice: str | None = None
    retry: Retry = "no"

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        task_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.request_id = request_id
        self.task_id = task_id

    def __str__(self) -> str:
        details = {"HTTP": self.status, "code": self.code, "request": self.request_id, "task": self.task_id}
        known = ", ".join(f"{name} {value}" for name, value in details.items() if value is not None)
        return f"{self.message} [{known}]" if known else self.message

    def to_dict(self) -> dict[str, Any]:
        """The error as JSON values, for logs and for `--json`."""
        return {
            "error": type(self).__name__,
            "message": self.message,
            "status": self.status,
            "code": self.code,
            "request_id": self.request_id,
            "task_id": self.task_id,
            "kind": self.kind,
            "advice": self.advice,
            "retry": self.retry,
        }

    def with_classification(self, classification: Classification) -> Self:
        """Take over what a classification says, and return the error itself."""
        self.kind, self.advice = classification.kind, classification.advice
        self.retry = classification.retry
        return self


class InvalidRequestError(WanError):
    """The request breaks a rule.

    violations: every broken rule, where it was refused before it was sent; empty where the service
    refused it (then `status` and `code` are set).
    """

    def __init__(self, message: str, violations: Sequence[Violation] = (), **details: Any) -> None:
        super().__init__(message, **details)
        self.violations = tuple(violations)

    def to_dict(self) -> dict[str, Any]:
        """The error as JSON values, with its violations."""
        return super().to_dict() | {"violations": [violation.to_dict() for violation in self.violations]}


class BudgetExceededError(WanError):
    """The call could cost more than `max_price` or than what is left of `budget`; nothing was sent."""


class ConfigurationError(WanError):
    """The client can't reach the service as it is set up: key, region, workspace, URL, proxy, journal."""


class InvalidArgumentError(WanError, ValueError):
    """An argument has a type or a value that it can't have; nothing was sent."""


class NoLegalSizeError(InvalidArgumentError):
    """No legal output size of the model has this aspect ratio or belongs to this tier."""


class MissingFileError(InvalidArgumentError, FileNotFoundError):
    """A file that an argument names is not there.

    filename: its path. errno, strerror: as of any FileNotFoundError.
    """

    def __init__(self, message: str, filename: str | None = None, **details: Any) -> None:
        super().__init__(message, **details)
        self.filename = filename
        self.errno, self.strerror = ENOENT, os.strerror(ENOENT)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message, self.filename), vars(self)  # filename is in no __dict__


class UsageError(WanError, RuntimeError):
    """A call at a wrong place or time: a closed client, a second event loop, a stream before its end."""


class ConnectionFailedError(WanError):
    """No connection came about after all tries, so nothing can have been accepted."""

    retry: Retry = "yes"


class AuthenticationError(WanError):
    """The key is missing, wrong, of another region, or without the right to this model or workspace."""


class ContentModerationError(WanError):
    """The input or the output was refused by moderation; the same request will be refused again."""


class QuotaExceededError(WanError):
    """An unpaid bill or a spent quota: waiting does not help."""


class RateLimitError(QuotaExceededError):
    """Too many calls at once. retry_after: seconds that the service asks to wait, None where it does not."""

    retry: Retry = "yes"
    retry_after: float | None = None


class NotFoundError(WanError):
    """A model, task or workspace that is not there, or not in this region."""


class ServiceError(WanError):
    """The service failed and says so in its own form: this request was not accepted."""

    retry: Retry = "yes"


class MalformedResponseError(WanError):
    """An answer that is none of the documented ones: HTML, broken JSON, a list where an object was due."""


class TaskError(WanError):
    """A task has ended without a picture; `task_id` is set. Nothing of it is billed."""


class TaskFailedError(TaskError):
    """The task FAILED; `code` and `message` are the vendor's reason.

    Where the code says why, it is one of the classes below, so that `except ContentModerationError` catches
    a refused call and a task that failed in moderation alike. `retry` says whether a new task may succeed.
    """


class TaskContentModerationError(TaskFailedError, ContentModerationError):
    """The task failed in moderation: of its input, or of the pictures that it made."""


class TaskInvalidRequestError(TaskFailedError, InvalidRequestError):
    """The task failed because the service found its request invalid, such as an image that it cannot load."""


class TaskQuotaExceededError(TaskFailedError, QuotaExceededError):
    """The task failed because of an unpaid bill or a spent quota."""


class TaskRateLimitError(TaskFailedError, RateLimitError):
    """The task failed because there was too much at once."""


class TaskServiceError(TaskFailedError, ServiceError):
    """The task failed because the service did."""


class TaskCanceledError(TaskError):
    """The task was CANCELED while it was waiting."""


class TaskUnknownError(TaskError):
    """The service knows no such task: it has expired, never was, or belongs to another account or region."""


class DeadlineExceededError(WanError):
    """The time for a call is up. A task goes on: take it up again by its `task_id`."""


class OutcomeUnknownError(WanError):
    """A paid call may or may not have been accepted: the connection broke, or the answer says nothing.

    model: of the call. sent_at: seconds since the epoch, when it was sent. parts: what had come of a
    stream. `Wan.find_lost(error)` lists the tasks that it may have become.
    """

    def __init__(
        self,
        message: str,
        *,
        model: str = "",
        sent_at: float = 0.0,
        parts: Sequence[Any] = (),
        **details: Any,
    ) -> None:
        super().__init__(message, **details)
        self.model = model
        self.sent_at = sent_at
        self.parts = tuple(parts)


class DownloadFailedError(WanError):
    """A picture can't be fetched or stored. saved: the files of the others, which are kept."""

    retry: Retry = "yes"
    saved: Sequence[Path] = ()


class LinkExpiredError(DownloadFailedError):
    """A result's link has died; the picture is gone."""

    retry: Retry = "no"


class JournalError(WanError):
    """The journal can't be opened, read or written."""


class IgnoredParameterWarning(UserWarning):
    """A parameter is sent that has no effect in this call."""


for _error in [each for each in globals().values() if isinstance(each, type) and each.__module__ == __name__]:
    _error.__module__ = "wanlib.errors"  # where users import them from; tracebacks and pickles name it
del _error
