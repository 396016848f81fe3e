"""What the service calls things and what it says beside its limits, read from `service.yaml`."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from wanlib.base.api_tables import WireNames, read_names
from wanlib.base.redaction import redact_text
from wanlib.base.rule_id import parse_rule_id
from wanlib.base.violation import Violation
from wanlib.spec import Spec


class VendorError(NamedTuple):
    """A code of the vendor's and the words beside it."""

    code: str
    message: str


class RequestRefused(Exception):
    """A request that is answered with an error body. violations: the rules behind it, if any."""

    def __init__(self, told: VendorError, violations: tuple[Violation, ...] = ()) -> None:
        super().__init__(told.message)
        self.told = told
        self.violations = violations


class VendorErrors:
    """The tables of `service.yaml`, each by the name that it has there."""

    def __init__(self, spec: Spec) -> None:
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
        """Return what answers a situation of `errors`; the details go where its message has room for them."""
        row = self._errors[error_key]
        return VendorError(row["code"], _fill(row["message"], details))

    def by_code(self, code: str, message: str = "", url: str = "") -> VendorError:
        """Return a code with the words that belong to it.

        Args:
            code: of the vendor.
            message: other words, "" for its own.
            url: what the words on downloads name.
        """
        rows = self._messages.get(code)
        if message:
            return VendorError(code, message)
        return VendorError(
            code, _fill(rows[0]["is"], {"url": url or "the URL"}) if rows else f"{code} on demand."
        )

    def for_violation(self, violation: Violation, low: Any, high: Any) -> VendorError:
        """What answers a broken rule. low, high: the bounds of its field, for the sentences on ranges."""
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


def error_body(names: WireNames, told: VendorError, request_id: str) -> dict[str, Any]:
    """Build the body of an error answer."""
    answer = names.answer
    return {answer.code: told.code, answer.message: told.message, answer.request_id: request_id}


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
