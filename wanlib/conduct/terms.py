"""`ServiceTerms`: what the spec states about the life of a task, polling and errors, for the rules."""

from typing import NamedTuple

from wanlib.base.error_codes import ErrorTable, classify, read_error_table
from wanlib.spec import Spec
from wanlib.spec.source.annotated import parse_duration

_TRANSIENT = ("rate", "service")


class ServiceTerms(NamedTuple):
    """The facts that conduct is judged by.

    Attributes:
        min_poll_interval: The shortest documented interval between two polls of a task, in seconds.
        succeeded: The state of success.
        failed: The state of failure.
        canceled: The state after a cancel.
        unknown: The state of an id that no longer exists.
        currency: The currency of prices.
        query: The call that asks for the state of a task.
        cancel: The call that cancels a task.
        errors: The documented error codes.
    """

    min_poll_interval: float
    succeeded: str
    failed: str
    canceled: str
    unknown: str
    currency: str
    query: str
    cancel: str
    errors: ErrorTable

    @property
    def ends(self) -> frozenset[str]:
        """The states in which a task ends."""
        return frozenset((self.succeeded, self.failed, self.canceled, self.unknown))

    def is_refusal(self, status: int, code: str) -> bool:
        """Return True if a response refuses a request for good, so that the same request is refused again."""
        if not code or not 400 <= status < 500:
            return False
        return classify(self.errors, code, status=status).retry == "no"

    def is_overload(self, status: int, code: str) -> bool:
        """Return True if a response asks the client to send less, or later."""
        return status in (429, 503) and (
            not code or classify(self.errors, code, status=status).kind in _TRANSIENT
        )

    def is_unaccepted(self, status: int, code: str) -> bool:
        """Return True if a response means that a create was not accepted: a refusal or a rate limit."""
        return self.is_refusal(status, code) or (
            bool(code) and classify(self.errors, code, status=status).kind == "rate"
        )


def read_terms(spec: Spec) -> ServiceTerms:
    """Read the facts from a spec."""
    outcomes = spec.task["outcomes"]
    return ServiceTerms(
        min_poll_interval=parse_duration(spec.wire["polling"]["min_interval"]),
        succeeded=outcomes["succeeded"],
        failed=outcomes["failed"],
        canceled=outcomes["canceled"],
        unknown=outcomes["unknown"],
        currency=spec.wire["currency"],
        query="query",
        cancel="cancel",
        errors=read_error_table(spec.wire),
    )
