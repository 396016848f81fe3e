"""Optional parts of wanlib: which package brings what, and what to install where it is missing."""

from importlib.util import find_spec


def require(extra: str, *packages: str) -> None:
    """Check that the packages of an extra are installed.

    Args:
        extra: The name of the extra that brings them, such as "emulator".
        packages: The names by which they are imported.

    Raises:
        ModuleNotFoundError: One is not there; the message names the extra to install.
    """
    for package in packages:
        if find_spec(package) is None:
            raise ModuleNotFoundError(missing_extra_message(extra, package), name=package)


def missing_extra_message(extra: str, *packages: str) -> str:
    """Return the message for missing packages of an extra."""
    return f"this needs {', '.join(packages)}: pip install 'wanlib[{extra}]'"
