"""The Spec: the content of all files of a folder, checked and frozen.

Derived properties are cached on the object: a changed copy (`dataclasses.replace`) computes its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from wanlib.base.identifiers import base_model
from wanlib.spec.model.model import Fact, Family, Node, Rule


@dataclass(frozen=True, eq=False)
class Spec:
    """All files of a spec folder.

    Attributes:
        families: The model files, newest first.
        bodies: The body forms by name.
        wire: `wire.yaml` as a plain mapping.
        task: `task.yaml` as a plain mapping.
        service: `service.yaml` as a plain mapping.
        sources: `sources.yaml` as a plain mapping.
        rules: Every rule by id, in spec order.
        facts: Every fact by id, in spec order.
        digest: SHA-256 of the files, in hex.
    """

    families: tuple[Family, ...]
    bodies: Mapping[str, Node]
    wire: Mapping[str, Any]
    task: Mapping[str, Any]
    service: Mapping[str, Any]
    sources: Mapping[str, Any]
    rules: Mapping[str, Rule]
    facts: Mapping[str, Fact]
    digest: str

    @cached_property
    def models(self) -> tuple[str, ...]:
        """Every model, in spec order."""
        return tuple(model for family in self.families for model in family.models)

    @cached_property
    def fine_tuned_ending(self) -> str:
        """The regular expression for the suffix of a fine-tuned id; empty if there are none."""
        return str(self.wire.get("fine_tuned", {}).get("ending", ""))

    def base(self, model: object) -> str | None:
        """Return the listed model, or the base of a fine-tuned one; None if unknown."""
        return base_model(model, self.models, self.fine_tuned_ending)

    def form(self, family: Family) -> Node:
        """Return the body form of a family, with the leaves and parts that the family has."""
        return self._forms[family.name]

    @cached_property
    def _forms(self) -> Mapping[str, Node]:
        known = (family for family in self.families if family.body in self.bodies)
        return {family.name: self.bodies[family.body].with_fields(family.field_names) for family in known}

    def family(self, model: str) -> Family:
        """Return the family of a (fine-tuned) model. Raise KeyError if it is unknown."""
        return self._families_by_model[self.base(model) or model]

    @cached_property
    def _families_by_model(self) -> Mapping[str, Family]:
        return {model: family for family in reversed(self.families) for model in family.models}

    def calls(self, model: str) -> tuple[str, ...]:
        """Return the calls that a model has endpoints for. Raise KeyError if unknown."""
        return tuple(self.wire["endpoints"][self.base(model) or model])
