"""The meaning of an error code of the service, its kind, and whether to try again.

`classify` is the only interpretation of codes in the project: the client raises exceptions accordingly,
`wanlib.classify` returns it and `wanlib explain` prints it. The table itself is data of `spec/wire.yaml`.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

Retry = Literal["no", "once", "yes"]
Basis = Literal["code", "prefix", "parent", "status", "none"]

UNKNOWN = "unknown"
_TRANSIENT = frozenset({"rate", "service"})
"""Kinds of errors that are usually temporary."""
_KINDS: Mapping[str, tuple[str, str]] = {
    "invalid": (
        "InvalidRequestError",
        "the same request will be refused again: change what the message names",
    ),
    "moderation": (
        "ContentModerationError",
        "the same request will be refused again: change its text or images",
    ),
    "billing": ("QuotaExceededError", "waiting does not help: check the account's bill or quota"),
    "authentication": (
        "AuthenticationError",
        "use a key of this region that is granted the model and workspace",
    ),
    "not_found": ("NotFoundError", "check the name or id, and whether this region has it"),
    "rate": ("RateLimitError", "wait a little, then ask again, less often"),
    "service": ("ServiceError", "try again later; keep the request id for the vendor's support"),
    UNKNOWN: ("WanError", "read the message; keep the request id for the vendor's support"),
}
"""For each kind of error, the exception of `wanlib.errors` and what to do."""
_RETRIES: Mapping[Any, Retry] = {False: "no", True: "yes", "once": "once"}
_ONCE = "try the same request once more; if it fails again, host the file where it can be fetched quickly"


class ErrorCode(NamedTuple):
    """A documented error code.

    Attributes:
        status: The HTTP status.
        kind: invalid, moderation, billing, authentication, not_found, rate or service.
        retry: `yes` if the same request may succeed later, `once` if one more try makes sense, else `no`.
        means: What has happened.
        advice: What to do; None means the advice of the kind.
        alias_of: The code of which this is another spelling; None if it is not an alias.
        once_if: Words of a message with which one more try makes sense; None if there are none.
    """

    status: int
    kind: str
    retry: Retry = "no"
    means: str = ""
    advice: str | None = None
    alias_of: str | None = None
    once_if: str | None = None


class ErrorWording(NamedTuple):
    """A message that is more specific than its code.

    Attributes:
        codes: The codes that it comes with.
        contains: Words of the message, in lower case.
        means: What has happened.
        advice: What to do.
    """

    codes: tuple[str, ...]
    contains: str
    means: str
    advice: str


class ErrorTable(NamedTuple):
    """The spec's data about errors.

    Attributes:
        codes: The documented codes.
        prefixes: Prefixes of codes, followed by a dot.
        wordings: Messages that are more specific than their codes.
        statuses: The kind by HTTP status, as `429` or `4xx`, of codes that are not in `codes`.
    """

    codes: Mapping[str, ErrorCode]
    prefixes: tuple[str, ...]
    wordings: tuple[ErrorWording, ...]
    statuses: Mapping[str, str]


class Classification(NamedTuple):
    """The meaning of an error of the service.

    Attributes:
        code: The code, as passed in.
        kind: Its kind; `unknown` if neither code nor status decides it.
        error: The name of the exception in `wanlib.errors`.
        retry: `yes` if the same request may succeed later, `once` if one more try makes sense, else `no`.
        means: What has happened, as a sentence.
        advice: What to do, as a sentence.
        basis: What decided: the documented `code`, its ending after a documented `prefix`, its documented
            `parent` (`A` of `A.B`), the HTTP `status`, or `none`.
        documented: The code of the table that decided; None if the status did.
        status: The documented HTTP status, or the one passed in.
    """

    code: str | None
    kind: str
    error: str
    retry: Retry
    means: str
    advice: str
    basis: Basis
    documented: str | None
    status: int | None

    @property
    def is_certain(self) -> bool:
        """Whether the code itself is documented, and nothing was inferred."""
        return self.basis in ("code", "prefix")

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return self._asdict()


def classify(
    table: ErrorTable, code: str | None, message: str | None = None, status: int | None = None
) -> Classification:
    """Return the meaning of an error. The code decides, not the status; the message may refine it.

    Args:
        table: the codes and kinds of the spec.
        code: the vendor's code; None if the response has none.
        message: the vendor's message.
        status: the HTTP status, which decides where the code is not documented.
    """
    basis, documented = _find(table, code or "")
    if documented is None:
        kind = _kind_of_status(table, status)
        error, advice = _KINDS[kind]
        basis = "none" if kind == UNKNOWN else "status"
        retry: Retry = "yes" if kind in _TRANSIENT and _is_http_error(status) else "no"
        return Classification(code, kind, error, retry, _undocumented(code), advice, basis, None, status)
    row = table.codes[documented]
    main = table.codes[row.alias_of] if row.alias_of else row
    error, advice = _KINDS.get(row.kind, _KINDS[UNKNOWN])
    means, advice, retry = main.means, main.advice or advice, main.retry
    text = (message or "").lower()
    if retry == "once" or (main.once_if and main.once_if in text):
        retry, advice = "once", _ONCE
    for wording in table.wordings:
        if (row.alias_of or documented) in wording.codes and wording.contains in text:
            means, advice = wording.means, wording.advice
    shown = row.status if status is None else status
    return Classification(code, row.kind, error, retry, means, advice, basis, documented, shown)


def read_error_table(wire: Mapping[str, Any]) -> ErrorTable:
    """Return the table that the mapping of `wire.yaml` states."""
    codes = {
        code: ErrorCode(
            status=row["status"],
            kind=row["class"],
            retry=_RETRIES[row.get("retry", False)],
            means=row.get("means", ""),
            advice=row.get("advice"),
            alias_of=row.get("alias_of"),
            once_if=row.get("once_if"),
        )
        for code, row in wire["errors"].items()
    }
    wordings = tuple(
        ErrorWording(tuple(row["codes"]), row["contains"], row["means"], row["advice"])
        for row in wire["error_wordings"].values()
    )
    return ErrorTable(codes, tuple(wire["error_prefixes"]["is"]), wordings, dict(wire["statuses"]))


def _find(table: ErrorTable, code: str) -> tuple[Basis, str | None]:
    """Return how a code was found in the table, and the matching code."""
    if code in table.codes:
        return "code", code
    rests = [code.removeprefix(f"{prefix}.") for prefix in table.prefixes if code.startswith(f"{prefix}.")]
    for rest in rests:
        if rest in table.codes:
            return "prefix", rest
    for text in (*rests, code):
        for parent in _parents(text):
            if parent in table.codes:
                return "parent", parent
    return "none", None


def _parents(code: str) -> Iterator[str]:
    """Yield `A.B`, then `A`, of `A.B.C`."""
    while "." in code:
        code = code.rpartition(".")[0]
        yield code


def _is_http_error(status: int | None) -> bool:
    """Return True for 4xx and 5xx: a response with any other status is not an error in HTTP."""
    return status is not None and 400 <= status < 600


def _kind_of_status(table: ErrorTable, status: int | None) -> str:
    if status is None:
        return UNKNOWN
    return table.statuses.get(str(status)) or table.statuses["4xx" if 400 <= status < 500 else "5xx"]


def _undocumented(code: str | None) -> str:
    return "The response has no code." if not code else "No page documents this code."
