"""Import modules from the working directory, as `python -m` does."""

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType


def import_from_working_directory(name: str) -> ModuleType:
    """Import a module from the working directory, or an installed one.

    The directory stays last in the module search path, for imports inside functions.

    Args:
        name: Its name, with dots.

    Raises:
        ImportError: It does not exist, or one of its imports is missing. Its other exceptions propagate.
    """
    folder = str(Path.cwd())
    sys.path.insert(0, folder)
    try:
        return import_module(name)
    finally:
        sys.path.remove(folder)
        if folder not in sys.path:
            sys.path.append(folder)
