"""Every generated file, as text by its path: writing, checking and showing are made of this."""

from collections.abc import Mapping

from wanlib.emit.calls import calls
from wanlib.emit.checker import checker
from wanlib.emit.client import clients
from wanlib.emit.names import module
from wanlib.emit.registry import registry
from wanlib.emit.validator import validator
from wanlib.spec import Spec

FOLDER = "wanlib/generated"


def emitted(spec: Spec) -> Mapping[str, str]:
    """The text of each generated module, by file name, in a fixed order."""
    files = {f"{module(family.name)}.py": validator(spec, family) for family in spec.families}
    return files | {
        "calls.py": calls(spec),
        "checker.py": checker(spec),
        **clients(spec),
        "registry.py": registry(spec),
    }
