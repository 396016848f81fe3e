"""YAML in, a checked and frozen Spec out; and the plain walk that reads a body by it."""

from wanlib.base.extras import require

require("spec", "yaml", "jsonschema")

from wanlib.spec.errors import SpecError
from wanlib.spec.interpret import interpret
from wanlib.spec.load import load
from wanlib.spec.mode import Condition
from wanlib.spec.model import Fact, Family, Field, Node, Rule, Spec

__all__ = ["Condition", "Fact", "Family", "Field", "Node", "Rule", "Spec", "SpecError", "interpret", "load"]
