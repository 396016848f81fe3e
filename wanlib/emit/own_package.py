"""Write a package with the typed client of a spec, for `wanlib emit --out`."""

from importlib.util import find_spec
from keyword import iskeyword
from pathlib import Path

from wanlib.emit.output import MARK, format_files, generate_unformatted
from wanlib.emit.validator.module import header
from wanlib.spec import Spec

_INIT = '''\
"""The client, the validator and the parameter types of a spec, as those of wanlib."""

from .checker import bill, check
from .client import Wan
from .client_async import AsyncWan
from .parameters import Model, model

__all__ = ["AsyncWan", "Model", "Wan", "bill", "check", "model"]
'''


class PackageError(ValueError):
    """A package cannot be written to a folder."""


def generate_package(spec: Spec, folder: Path) -> dict[str, str]:
    """Return the text of each file of a package by name.

    ruff formats the files if it is installed.

    Args:
        spec: The spec.
        folder: Where the package will be. Files of the same names must be generated ones.

    Raises:
        PackageError: The folder's name is not a valid package name, or a file in it is not generated.
        EmitError: The spec cannot be written as Python.
    """
    name = folder.resolve().name
    if not (name.isidentifier() and name.isascii()) or iskeyword(name):
        raise PackageError(f"{name!r} can't be imported; expected a name of letters, digits and _")
    files = generate_unformatted(spec)
    files["__init__.py"] = "\n".join([*header("*.yaml"), _INIT])
    for file in files:
        path = folder / file
        if path.exists() and not path.read_bytes().startswith(MARK.encode("ascii")):
            raise PackageError(f"{file} exists and is not generated; expected another folder, or none")
    if find_spec("ruff") is not None:
        files = format_files(files)
    return {**files, "py.typed": ""}
