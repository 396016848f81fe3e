"""The effective values of a body's fields: truncated, or by default where ignored or absent."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from wanlib.base.missing import Missing
from wanlib.base.violation import Violation
from wanlib.spec import Condition, Family, Field, Spec
from wanlib.spec.decode import Decoder, Reading
from wanlib.spec.evaluate import Known

Value = TypeVar("Value")


def read_fields(spec: Spec, family: Family, body: dict[str, Any]) -> Reading:
    """A body whose model is known, read by its form."""
    return Decoder(family, spec.bodies[family.body]).decode(body)


def image_places(family: Family, reading: Reading) -> Iterator[tuple[Field, str, Any]]:
    """Everything that stands where an image is due, in spec order: (field, JSON Pointer, value)."""
    for field in family.fields:
        value, path = reading.values[field.name], reading.paths[field.name]
        if field.type == "image" and not isinstance(value, Missing):
            yield field, path, value
        elif field.each and field.each.type == "image" and isinstance(value, list):
            paths = reading.item_paths.get(field.name) or [f"{path}/{index}" for index in range(len(value))]
            for where, item in zip(paths, value, strict=True):
                yield field.each, where, item


class Values:
    """One accepted body's values. Total over what the rules let pass as unspecified."""

    def __init__(
        self, family: Family, reading: Reading, model: str, call: str, violations: Iterable[Violation]
    ) -> None:
        self.family = family
        self.reading = reading
        broken: dict[str, list[Violation]] = {}
        for violation in violations:
            broken.setdefault(violation.path, []).append(violation)
        self._given = {field.name: self._settled(field, broken) for field in family.fields}
        seen = {field.name: self._seen(field) for field in family.fields}
        self._known = Known(family.ready_modes, seen | {"model": model, "call": call})

    def given(self, name: str) -> Any:
        """A field's value as far as it has an effect, None where the body has none."""
        return self._given.get(name)

    def get(self, name: str) -> Any:
        """A field's value, else its default here; None where it has neither, or there is no such field."""
        if name not in self._given:
            return None
        given = self._given[name]
        if given is not None:
            return given
        default = self.under(self.family.field(name).default)
        return None if default == "derived" else default

    def holds(self, condition: Condition) -> bool:
        """Whether a mode (or not a mode) is known to hold."""
        return self._known.holds(condition.mode) is condition.wanted

    def mode(self, name: str) -> bool:
        """Whether a mode of this name is there and holds."""
        return name in self.family.modes and self.holds(Condition(name, True))

    def under(self, table: Mapping[Condition | None, Value]) -> Value | None:
        """The value whose condition holds, else the one without a condition."""
        for condition, value in table.items():
            if condition is not None and self.holds(condition):
                return value
        return table.get(None)

    def bound(self, field: str, kind: str) -> Any:
        """The limit of a kind that holds on a field here, None where there is none."""
        if field not in self._given:
            return None
        return self.under({rule.condition: rule.limit for rule in self.family.field(field).of_kind(kind)})

    def _settled(self, field: Field, broken: Mapping[str, list[Violation]]) -> Any:
        """What the field brings with it: None where it is absent, without effect or of a wrong type."""
        value = self.reading.values[field.name]
        if isinstance(value, Missing) or value is None:
            return None
        for violation in broken.get(self.reading.paths[field.name], ()):
            if violation.outcome == "ignored" or violation.rule.endswith(".type"):
                return None
            if violation.outcome == "truncated":
                return value[: violation.limit]
        return int(value) if field.type == "integer" else value

    def _seen(self, field: Field) -> Any:
        """What modes see of it: the count of a list; the value of any other, else its plain default."""
        value = self._given[field.name]
        if field.type == "list":
            return len(value) if isinstance(value, list) else 0
        return field.default.get(None) if value is None else value
