"""The exceptions of wanlib.

    WanError
    ├── InvalidRequestError         a rule is violated, or the service calls the request invalid
    ├── BudgetExceededError         the call could cost more than it may; nothing was sent
    ├── ConfigurationError          the client is not set up to reach the service: key, region, URL
    ├── InvalidArgumentError        an argument has a value that is not allowed; also a ValueError
    │   ├── MissingFileError        a file does not exist; also a FileNotFoundError
    │   ├── InvalidBatchError       jobs of a batch that cannot be sent; nothing was sent
    │   └── NoValidSizeError        no valid output size has this ratio or tier
    ├── UsageError                  the client is used incorrectly or at the wrong time; also a RuntimeError
    ├── ConnectionFailedError       no connection to the service; nothing can have been accepted
    ├── AuthenticationError         no key, a wrong key, or a model that the key is not granted
    ├── ContentModerationError      the input or the output was found inappropriate or infringing
    ├── QuotaExceededError          an unpaid bill, a spent quota: waiting does not help
    │   └── RateLimitError          too much at once: waiting helps
    ├── NotFoundError               a model, task or workspace that does not exist
    ├── ServiceError                the service failed and says so
    ├── MalformedResponseError      a response that has no documented form
    ├── TaskError                   the task has ended without a picture
    │   ├── TaskFailedError         where the code states the cause, one of these, also of that class:
    │   │   ├── TaskContentModerationError  also a ContentModerationError
    │   │   ├── TaskInvalidRequestError     also an InvalidRequestError
    │   │   ├── TaskQuotaExceededError      also a QuotaExceededError
    │   │   ├── TaskRateLimitError          also a RateLimitError
    │   │   └── TaskServiceError            also a ServiceError
    │   ├── TaskCanceledError
    │   └── TaskUnknownError        expired, never existed, or of another account or region
    ├── DeadlineExceededError       the timeout has passed; the task, if there is one, continues
    ├── OutcomeUnknownError         a billed call may or may not have been accepted
    ├── DownloadFailedError         a picture can't be fetched or stored
    │   └── LinkExpiredError        its link has expired
    └── JournalError                the journal can't be read or written

Every one has `status` (HTTP), `code`, `message`, `request_id` and `task_id`, each None if there is none, and
`kind`, `advice` and `retry`: the class of the error, what to do, and whether the same call may succeed later
(`yes`, `once`: one more try makes sense, `no`). No message contains a key, a signed URL or image bytes.
"""

import os
from collections.abc import Sequence
from errno import ENOENT
from pathlib import Path
from typing import Any, Self

from wanlib.base.error_codes import Classification, Retry
from wanlib.base.redaction import hide_keys
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
    "InvalidBatchError",
    "InvalidRequestError",
    "JournalError",
    "LinkExpiredError",
    "MalformedResponseError",
    "MissingFileError",
    "NoValidSizeError",
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
    """The base of all errors of a call.

    Attributes:
        message: The problem and what to do.
        status: The HTTP status; None if the service did not respond.
        code: The vendor's error code; None if there is none.
        request_id: The vendor's id of the exchange; None if there is none.
        task_id: The task that the error is about, which can be continued with this id; None if there is
            none.
        kind: The kind of the error, as returned by `wanlib.classify`; None if the service reported no
            error.
        advice: What to do, as returned by `wanlib.classify`; None if the service reported no error.
        retry: Whether the same call may succeed later: `yes`, `once` (one more try makes sense) or `no`.
        label: The caller's own name for the call that the error ended; None if it has none.
        result: The `Output` of a paid call whose pictures could not be saved. Its links are still valid, so
            that it can be saved elsewhere. None for any other error.
        journal_error: Why the journal does not contain the outcome of the call; None if it does, or without
            a journal.
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
        """Create the error; the arguments are its attributes."""
        message = hide_keys(message)
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = hide_keys(code) if code else code
        self.request_id = hide_keys(request_id) if request_id else request_id
        self.task_id = task_id
        self.label: str | None = None
        self.result: Any = None
        self.journal_error: JournalError | None = None

    def __str__(self) -> str:
        """Return the message, followed by status, code and ids."""
        details = {"HTTP": self.status, "code": self.code, "request": self.request_id, "task": self.task_id}
        known = ", ".join(f"{name} {value}" for name, value in details.items() if value is not None)
        return f"{self.message} [{known}]" if known else self.message

    def to_dict(self) -> dict[str, Any]:
        """Return the error as JSON values, for logs and for `--json`."""
        return {
            "error": type(self).__name__,
            "message": self.message,
            "status": self.status,
            "code": self.code,
            "request_id": self.request_id,
            "task_id": self.task_id,
            "label": self.label,
            "kind": self.kind,
            "advice": self.advice,
            "retry": self.retry,
            "journal_error": None if self.journal_error is None else str(self.journal_error),
        }

    def __reduce__(self) -> tuple[Any, ...]:
        """Support pickling, with the plain data of the result."""
        result = None if self.result is None else self.result.without_client()
        return type(self), self._arguments(), vars(self) | {"result": result}

    def _arguments(self) -> tuple[Any, ...]:
        """Return the constructor's arguments; the attributes are restored separately."""
        return (self.message,)

    def with_classification(self, classification: Classification) -> Self:
        """Copy kind, advice and retry from a classification, and return the error itself."""
        self.kind, self.advice = classification.kind, classification.advice
        self.retry = classification.retry
        return self


class InvalidRequestError(WanError):
    """The request violates a rule.

    Attributes:
        violations: Every violated rule, if the request was refused before it was sent; empty if the service
            refused it (then `status` and `code` are set).
    """

    def __init__(self, message: str, violations: Sequence[Violation] = (), **details: Any) -> None:
        """Create the error; the other arguments are those of WanError."""
        super().__init__(message, **details)
        self.violations = tuple(violations)

    def to_dict(self) -> dict[str, Any]:
        """Return the error as JSON values, with its violations."""
        return super().to_dict() | {"violations": [violation.to_dict() for violation in self.violations]}


class BudgetExceededError(WanError):
    """The call could cost more than `max_price` or than the rest of `budget`; nothing was sent."""


class ConfigurationError(WanError):
    """The client is not set up to reach the service: key, region, workspace, URL, proxy, journal."""


class InvalidArgumentError(WanError, ValueError):
    """An argument has a type or a value that is not allowed; nothing was sent."""


class InvalidBatchError(InvalidArgumentError):
    """Jobs of a batch cannot be sent; no job was sent.

    Attributes:
        problems: The problem of each job, with its number and label: up to 1,000.
        count: The total number of jobs that cannot be sent.
    """

    def __init__(self, message: str, problems: Sequence[Any] = (), count: int = 0, **details: Any) -> None:
        """Create the error; the other arguments are those of WanError."""
        super().__init__(message, **details)
        self.problems = tuple(problems)
        self.count = max(count, len(self.problems))


class NoValidSizeError(InvalidArgumentError):
    """No valid output size of the model has this aspect ratio or belongs to this tier."""


class MissingFileError(InvalidArgumentError, FileNotFoundError):
    """A file that an argument names does not exist.

    Attributes:
        filename: The path of the file.
        errno: As on any FileNotFoundError.
        strerror: As on any FileNotFoundError.
    """

    def __init__(self, message: str, filename: str | None = None, **details: Any) -> None:
        """Create the error for a file."""
        super().__init__(message, **details)
        self.filename = filename
        self.errno, self.strerror = ENOENT, os.strerror(ENOENT)

    def _arguments(self) -> tuple[Any, ...]:
        return (self.message, self.filename)  # filename is not in __dict__


class UsageError(WanError, RuntimeError):
    """The client is used incorrectly: when it is closed, on a second event loop, a stream too early."""


class ConnectionFailedError(WanError):
    """No connection was made in any attempt, so nothing can have been accepted."""

    retry: Retry = "yes"


class AuthenticationError(WanError):
    """The key is missing, wrong, for another region, or has no access to this model or workspace."""


class ContentModerationError(WanError):
    """The input or the output was refused by moderation; the same request will be refused again."""


class QuotaExceededError(WanError):
    """An unpaid bill or a spent quota: waiting does not help."""


class RateLimitError(QuotaExceededError):
    """Too many calls at once.

    Attributes:
        retry_after: Seconds to wait, as requested by the service; None if it did not say.
    """

    retry: Retry = "yes"
    retry_after: float | None = None


class NotFoundError(WanError):
    """A model, task or workspace does not exist, or not in this region."""


class ServiceError(WanError):
    """The service failed and reported it in its documented form: this request was not accepted."""

    retry: Retry = "yes"


class MalformedResponseError(WanError):
    """A response without a documented form: HTML, broken JSON, a list instead of an object."""


class TaskError(WanError):
    """A task has ended without a picture; `task_id` is set. It is not billed."""


class TaskFailedError(TaskError):
    """The task FAILED; `code` and `message` are the vendor's reason.

    If the code gives the cause, the error is one of the classes below: `except ContentModerationError`
    catches both a refused call and a task that failed moderation. `retry` says whether a new task may
    succeed.
    """


class TaskContentModerationError(TaskFailedError, ContentModerationError):
    """The input of the task, or the pictures that it produced, failed moderation."""


class TaskInvalidRequestError(TaskFailedError, InvalidRequestError):
    """The task failed because the service found its request invalid, such as an image that it cannot load."""


class TaskQuotaExceededError(TaskFailedError, QuotaExceededError):
    """The task failed because of an unpaid bill or a spent quota."""


class TaskRateLimitError(TaskFailedError, RateLimitError):
    """The task failed because a rate limit was exceeded."""


class TaskServiceError(TaskFailedError, ServiceError):
    """The task failed because of an error in the service."""


class TaskCanceledError(TaskError):
    """The task was CANCELED while it was pending."""


class TaskUnknownError(TaskError):
    """The service does not know the task: it is expired, invented, or of another account or region."""


class DeadlineExceededError(WanError):
    """The timeout of a call has passed. Its task continues: wait for it again by its `task_id`."""


class OutcomeUnknownError(WanError):
    """A billed call may or may not have been accepted: the connection broke, or the response is inconclusive.

    `Wan.find_lost(error)` lists the tasks that it may have become.

    Attributes:
        model: The model of the call.
        sent_at: When it was sent, in seconds since 1970.
        parts: The parts of a stream that had arrived.
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
        """Create the error; the other arguments are those of WanError."""
        super().__init__(message, **details)
        self.model = model
        self.sent_at = sent_at
        self.parts = tuple(parts)


class DownloadFailedError(WanError):
    """A picture can't be fetched or stored.

    Attributes:
        saved: The files of the other pictures, which were saved.
    """

    retry: Retry = "yes"
    saved: Sequence[Path] = ()


class LinkExpiredError(DownloadFailedError):
    """The link of a result has expired; the picture can't be fetched any more."""

    retry: Retry = "no"


class JournalError(WanError):
    """The journal can't be opened, read or written.

    It is raised only before a call is sent. Later failures are in the `journal_error` of the result or of
    the error.
    """


class IgnoredParameterWarning(UserWarning):
    """A parameter was sent that has no effect in this call."""


for _error in [
    value for value in globals().values() if isinstance(value, type) and value.__module__ == __name__
]:
    _error.__module__ = "wanlib.errors"  # where users import them from; tracebacks and pickles name it
del _error
