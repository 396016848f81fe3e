"""YAML in, a checked and frozen Spec out; and the plain walk that reads a body by it."""

from wanlib.base.extras import require

require("spec", "yaml", "jsonschema")

from wanlib.spec.interpreter.interpret import interpret
from wanlib.spec.load import load
from wanlib.spec.model.errors import SpecError
from wanlib.spec.model.model import Fact, Family, Field, Node, Rule, Spec
from wanlib.spec.model.modes import Condition

__all__ = ["Condition", "Fact", "Family", "Field", "Node", "Rule", "Spec", "SpecError", "interpret", "load"]
