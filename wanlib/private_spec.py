"""The generated package of a spec folder, in memory: the tables for `Wan(spec=...)` and `--spec`.

Imported only when a spec is passed, because it loads YAML and the emitter.
"""

from importlib import import_module
from pathlib import Path

from wanlib.base.api_tables import ApiTables
from wanlib.base.redaction import safe_repr
from wanlib.errors import ConfigurationError


def load_api(folder: str | Path) -> ApiTables:
    """Return the tables of a spec; the arguments and errors are those of `load_package`."""
    api = import_module(f"{load_package(folder)}.calls").API
    assert isinstance(api, ApiTables)
    return api


def load_package(folder: str | Path) -> str:
    """Generate the package of a spec in memory, and return its name for `import_module`.

    Args:
        folder: An overlay on the packaged spec, or a complete spec.

    Raises:
        ConfigurationError: The folder does not exist, or the spec is broken; the message has each problem
            with its file and line.
    """
    from wanlib.emit.in_memory import import_package
    from wanlib.emit.python_text import EmitError
    from wanlib.spec import SpecError, load

    if not isinstance(folder, str | Path):
        raise ConfigurationError(f"spec is {safe_repr(folder)}; allowed: the path of a folder of spec files")
    try:
        return import_package(load(Path(folder)))
    except SpecError as error:
        raise ConfigurationError(f"spec: {error}") from None
    except EmitError as error:
        raise ConfigurationError(f"spec: it can't be written as Python: {error}") from None
