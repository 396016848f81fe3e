"""Effective values of an accepted body: truncated ones, and defaults for missing or ignored ones."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, TypeVar

from wanlib.base.values import ABSENT, UNDETERMINED
from wanlib.base.violation import Violation
from wanlib.spec import Condition, Family, Field, Spec
from wanlib.spec.interpreter.decode import DecodedBody, decode_body
from wanlib.spec.model.modes import ModeState, given_key

Value = TypeVar("Value")


def decode_fields(spec: Spec, family: Family, body: dict[str, Any]) -> DecodedBody:
    """Decode a body whose model is known."""
    return decode_body(family, spec.form(family), body)


def iter_image_values(family: Family, decoded: DecodedBody) -> Iterator[tuple[Field, str, Any]]:
    """Iterate over all values in image fields, in spec order: (field, JSON Pointer, value)."""
    for name, field, listed in _image_fields(family):
        value, path = decoded.values[name], decoded.paths[name]
        if not listed and value is not ABSENT and value is not UNDETERMINED:
            yield field, path, value
        elif listed and isinstance(value, list):
            paths = decoded.item_paths.get(name) or [f"{path}/{index}" for index in range(len(value))]
            for where, item in zip(paths, value, strict=True):
                yield field, where, item


@lru_cache(maxsize=64)
def _image_fields(family: Family) -> tuple[tuple[str, Field, bool], ...]:
    """Return the image fields: (name of the whole field, field of the image, whether it is in a list)."""
    fields = [(field.name, field.each or field, field.each is not None) for field in family.fields]
    return tuple(entry for entry in fields if entry[1].type == "image")


class Values:
    """The values of one accepted body. Works for any value that no rule rejects."""

    def __init__(
        self, family: Family, decoded: DecodedBody, model: str, call: str, violations: Iterable[Violation]
    ) -> None:
        """Collect the values.

        Args:
            family: The family of the model.
            decoded: The decoded body.
            model: The base model.
            call: A call of `wire.yaml`.
            violations: Rules that the body violates without being rejected.
        """
        self.family = family
        self.decoded = decoded
        self._broken: dict[str, list[Violation]] = {}
        for violation in violations:
            self._broken.setdefault(violation.path, []).append(violation)
        inputs = {field.name: self._mode_input(field) for field in family.mode_fields}
        inputs |= {given_key(name): self.explicit_value(name) is not None for name in family.given_fields}
        self._known = ModeState(family.compiled_modes, inputs | {"model": model, "call": call})

    def has_field(self, name: str) -> bool:
        """Return True if the model has a field of this name."""
        return name in self.decoded.values

    def explicit_value(self, name: str) -> Any:
        """Return the value of a field in the body, as far as it has an effect.

        None if it is missing, ignored or of a wrong type, or if the model has no such field.
        """
        value = self.decoded.values.get(name)
        if value is None or value is ABSENT or value is UNDETERMINED:
            return None
        if self._broken:
            for violation in self._broken.get(self.decoded.paths[name], ()):
                if violation.outcome == "ignored" or violation.rule.endswith(".type"):
                    return None
                if violation.outcome == "truncated":
                    return value[: violation.limit]
        if type(value) is float and self.family.field(name).type == "integer":
            return int(value)
        return value

    def get(self, name: str) -> Any:
        """Return the value of a field, else its default; None if it has neither."""
        value = self.explicit_value(name)
        if value is not None or not self.has_field(name):
            return value
        default = self.active_value(self.family.field(name).default)
        return None if default == "derived" else default

    def holds(self, condition: Condition) -> bool:
        """Return True if a condition on a mode is known to hold."""
        return self._known.holds(condition.mode) is condition.wanted

    def active_value(self, table: Mapping[Condition | None, Value]) -> Value | None:
        """Return the value whose condition holds, else the one without a condition."""
        for condition, value in table.items():
            if condition is not None and self.holds(condition):
                return value
        return table.get(None)

    def active_limit(self, field: str, kind: str) -> Any:
        """Return the limit of a kind that applies to a field here, None if there is none."""
        if not self.has_field(field):
            return None
        limit = None
        for rule in self.family.field(field).rules_of_kind(kind):
            if rule.condition is None:
                limit = rule.limit
            elif self.holds(rule.condition):
                return rule.limit
        return limit

    def _mode_input(self, field: Field) -> Any:
        """Return the value of a field for modes: the length of a list, else the value or its default."""
        value = self.explicit_value(field.name)
        if field.type == "list":
            return len(value) if isinstance(value, list) else 0
        return field.plain_default if value is None else value
