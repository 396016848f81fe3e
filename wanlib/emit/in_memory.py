"""Import the generated code of a spec without writing it, for a spec that has no package.

`import_package` returns the name of a package with the validators, the tables and the checker, without typed
clients. Its modules are written when they are first imported, by the same functions as those on disk.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from itertools import count
from types import ModuleType

from wanlib.emit.client.api_tables import calls
from wanlib.emit.validator.module import validator
from wanlib.emit.validator.registry import checker, registry
from wanlib.spec import Spec

_NUMBERS = count(1)
_Writers = Mapping[str, Callable[[], str]]


@lru_cache(maxsize=32)
def import_package(spec: Spec) -> str:
    """Make the generated code of a spec importable.

    Args:
        spec: The spec.

    Returns:
        The name of a package with the modules `calls`, `checker`, `registry`, and one for each model file. An
        import of one raises EmitError if the spec cannot be written as Python.
    """
    name = f"_wanlib_spec_{next(_NUMBERS)}"
    writers = {family.module: partial(validator, spec, family) for family in spec.families}
    writers |= {function.__name__: partial(function, spec) for function in (calls, checker, registry)}
    package = ModuleType(name, "The generated code of a spec.")
    package.__path__ = []
    sys.modules[name] = package
    sys.meta_path.append(_Importer(name, writers))
    return name


class _Importer(MetaPathFinder, Loader):
    """Finds the modules of one package, and executes what its writers return."""

    def __init__(self, package: str, writers: _Writers) -> None:
        self._modules = {f"{package}.{name}": writer for name, writer in writers.items()}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the import spec of a module of this package; None for any other module."""
        return ModuleSpec(fullname, self) if fullname in self._modules else None

    def exec_module(self, module: ModuleType) -> None:
        """Write the module and execute it."""
        text = self._modules[module.__name__]()
        exec(compile(text, f"<{module.__name__}>", "exec"), module.__dict__)
