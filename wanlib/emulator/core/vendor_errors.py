"""Error codes, messages, names and headers of the vendor, read from `service.yaml`."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from wanlib.base.identifiers import parse_rule_id
from wanlib.base.redaction import redact_text
from wanlib.base.violation import Violation
from wanlib.base.wire_names import WireNames, read_names
from wanlib.spec import Spec


class VendorError(NamedTuple):
    """An error code of the vendor and its message."""

    code: str
    message: str


class RequestRefusedError(Exception):
    """A request is refused with an error body.

    Attributes:
        error: The code and message of the body.
        violations: The rules that were violated, if any.
    """

    def __init__(self, error: VendorError, violations: tuple[Violation, ...] = ()) -> None:
        """Create the exception; see the attributes."""
        super().__init__(error.message)
        self.error = error
        self.violations = violations


class VendorErrors:
    """The tables of `service.yaml`, as attributes of the same names."""

    def __init__(self, spec: Spec) -> None:
        """Read the tables."""
        tables = spec.service
        self.names: WireNames = read_names(tables["names"])
        self.fields: Mapping[str, str] = tables["fields"]
        self.watermark: str = tables["watermark"]["is"]
        self.headers: Mapping[str, str] = {name: row["is"] for name, row in tables["headers"].items()}
        self.id_header: str = next(name for name, value in self.headers.items() if value == "{request_id}")
        self.upload: Mapping[str, Any] = tables["upload"]
        self.storage: Mapping[str, Mapping[str, Any]] = tables["storage"]["answers"]
        self.failure: str = tables["failure"]
        self.error: str = tables["error"]
        self.download: Mapping[str, str] = tables["download"]
        self._errors: Mapping[str, Mapping[str, str]] = tables["errors"]
        self._refusals: list[Mapping[str, Any]] = tables["refusals"]
        self._messages: Mapping[str, list[Mapping[str, str]]] = tables["messages"]

    def lookup(self, error_key: str, **details: str) -> VendorError:
        """Return the error of a row of `errors`.

        Args:
            error_key: The name of the row.
            **details: Values for the placeholders of its message.
        """
        row = self._errors[error_key]
        return VendorError(row["code"], _fill(row["message"], details))

    def by_code(self, code: str, message: str = "", url: str = "") -> VendorError:
        """Return an error by its code.

        Args:
            code: A code of the vendor, or any other.
            message: Replaces the usual message of the code; "" keeps it.
            url: Named in messages about downloads.
        """
        rows = self._messages.get(code)
        if message:
            return VendorError(code, message)
        return VendorError(
            code, _fill(rows[0]["is"], {"url": url or "the URL"}) if rows else f"{code} on demand."
        )

    def for_violation(self, violation: Violation, low: Any, high: Any) -> VendorError:
        """Return the error with which the service refuses a violation.

        Args:
            violation: The violation.
            low: The lower bound of the field, for messages that name a range; None if it has none.
            high: The upper bound likewise.
        """
        rule = parse_rule_id(violation.rule)
        row = next(row for row in self._refusals if _matches(row, rule.kind, rule.field_name, violation))
        words = {
            "detail": str(violation),
            "field": rule.field_name,
            "limit": violation.limit,
            "low": low,
            "high": high,
            "value": redact_text(str(violation.value)),
        }
        return VendorError(row["code"], _fill(row["message"], words))


def error_body(names: WireNames, error: VendorError, request_id: str) -> dict[str, Any]:
    """Build the body of an error response."""
    members = names.answer
    return {members.code: error.code, members.message: error.message, members.request_id: request_id}


def _fill(template: str, words: Mapping[str, Any]) -> str:
    for name, word in words.items():
        template = template.replace(f"{{{name}}}", str(word))
    return template


def _matches(row: Mapping[str, Any], kind: str, field: str, violation: Violation) -> bool:
    return (
        (not row["kinds"] or kind in row["kinds"])
        and row.get("field", field) == field
        and row.get("limit", violation.limit) == violation.limit
        and (violation.value is None or not row.get("missing"))
    )
