"""What the service says beside its documented limits, read from `vendor.yaml`."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from wanlib.base.rule_id import parse_rule_id
from wanlib.base.shown import safe_text
from wanlib.base.violation import Violation
from wanlib.spec.reader import read_file


class Told(NamedTuple):
    """A code of the vendor's and the words beside it."""

    code: str
    message: str


class Refused(Exception):
    """A request that is answered with an error body. violations: the rules behind it, if any."""

    def __init__(self, told: Told, violations: tuple[Violation, ...] = ()) -> None:
        super().__init__(told.message)
        self.told = told
        self.violations = violations


class Vendor:
    """The tables of `vendor.yaml`, each by the name that it has there."""

    def __init__(self, tables: Mapping[str, Any]) -> None:
        self.fields: Mapping[str, str] = tables["fields"]
        self.headers: Mapping[str, str] = tables["headers"]
        self.paths: Mapping[str, str] = tables["paths"]
        self.upload: Mapping[str, Any] = tables["upload"]
        self.picture: Mapping[str, Any] = tables["picture"]
        self.storage: Mapping[str, Mapping[str, Any]] = tables["storage"]
        self.token_seconds: str = tables["token_seconds"]
        self.failure: str = tables["failure"]
        self.error: str = tables["error"]
        self._tables = tables

    def situation(self, name: str, what: str = "") -> Told:
        """What is said in a situation; `what` goes where its message has room for it."""
        row = self._tables["situations"][name]
        return Told(row["code"], row["message"].replace("{what}", what))

    def of_code(self, code: str) -> Told:
        """A code with the words that belong to it."""
        return Told(code, self._tables["messages"].get(code, f"{code} on demand."))

    def refusal(self, violation: Violation, low: Any, high: Any) -> Told:
        """What answers a broken rule. low, high: the bounds of its field, for the sentences on ranges."""
        rule = parse_rule_id(violation.rule)
        row = next(row for row in self._tables["refusals"] if _answers(row, rule.kind, rule.field, violation))
        words = {
            "told": str(violation),
            "field": rule.field,
            "limit": violation.limit,
            "low": low,
            "high": high,
        }
        message: str = row["message"]
        for name, word in (words | {"value": safe_text(str(violation.value))}).items():
            message = message.replace(f"{{{name}}}", str(word))
        return Told(row["code"], message)


def _answers(row: Mapping[str, Any], kind: str, field: str, violation: Violation) -> bool:
    return (
        (not row["kinds"] or kind in row["kinds"])
        and row.get("field", field) == field
        and row.get("limit", violation.limit) == violation.limit
        and (violation.value is None or not row.get("missing"))
    )


@cache
def vendor() -> Vendor:
    """The packaged tables."""
    return Vendor(read_file(Path(__file__).with_name("vendor.yaml")))
