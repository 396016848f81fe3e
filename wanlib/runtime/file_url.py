"""Paths written as `file://` strings: the path is what stands behind the slashes (guide, Method 3)."""

import os
import re
from pathlib import Path
from urllib.parse import unquote_to_bytes

_SCHEME = len("file://")
_DRIVE_BEHIND_SLASH = re.compile(r"/[A-Za-z]:(?=[/\\])")


def file_url_paths(url: str, *, windows: bool = os.name == "nt") -> tuple[str, ...]:
    """The paths that a `file://` string can stand for, the likeliest first.

    A name with a percent sign, `#` or `?` in it is first taken as it stands; only then are `%41` and
    the like decoded. `file:///D:/x` means `D:/x` on Windows; elsewhere it is first taken as it stands.
    Raises ValueError for text that no path can hold.
    """
    text = url[_SCHEME:]
    decoded = os.fsdecode(unquote_to_bytes(os.fsencode(text)))
    taken = [path for each in (text, decoded) for path in _drives(each, windows)]
    return tuple(dict.fromkeys(taken))


def _drives(text: str, windows: bool) -> tuple[str, ...]:
    if not _DRIVE_BEHIND_SLASH.match(text):
        return (text,)
    return (text[1:],) if windows else (text, text[1:])


def path_of_file_url(url: str) -> Path:
    """The first of the paths that is there; where none is, the one as it stands."""
    paths = [Path(each) for each in file_url_paths(url)]
    return next((path for path in paths if os.path.lexists(path)), paths[0])
