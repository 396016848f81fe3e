"""Load a Python file of `examples/` as a module."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

FOLDER = Path(__file__).parents[2] / "examples"


def load_example(name: str) -> ModuleType:
    """Return a new module each time, so that it reads its environment again.

    Args:
        name: The path of the file below `examples/`.
    """
    path = FOLDER / name
    found = spec_from_file_location(path.stem, path)
    assert found is not None and found.loader is not None
    module = module_from_spec(found)
    found.loader.exec_module(module)
    return module
