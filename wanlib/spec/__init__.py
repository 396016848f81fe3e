"""The spec: YAML files loaded into a checked `Spec`, and the interpreter.

May be imported by `wanlib.emit`, `wanlib.diff`, `wanlib.emulator`, `wanlib.cli` and the harness; the client
runs without it. Start reading in `load.py`, then `model/model.py`, then `interpreter/interpret.py`.
"""

from wanlib.extras import require

require("spec", "yaml", "jsonschema")

from wanlib.spec.interpreter.interpret import interpret
from wanlib.spec.load import load
from wanlib.spec.model.errors import SpecError
from wanlib.spec.model.model import Fact, Family, Field, Node, Rule
from wanlib.spec.model.modes import Condition
from wanlib.spec.model.spec import Spec

__all__ = ["Condition", "Fact", "Family", "Field", "Node", "Rule", "Spec", "SpecError", "interpret", "load"]
