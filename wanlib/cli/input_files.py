"""Read JSON and bytes from files and standard input, with a limit on their size."""

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from wanlib.base.values import MIB
from wanlib.cli.errors import CliError, safe_file_name
from wanlib.cli.strict_json import InvalidJsonError, parse_json

LIMIT = 400 * MIB
"""Bytes of the largest body that is read: nine images of 20 MB are 240 MB in base64."""
_CHUNK = MIB


def read_body(name: str) -> Any:
    """Return the JSON value of a file.

    Args:
        name: A path; `-` is standard input.

    Raises:
        CliError: It cannot be read or is not strict JSON; the message names the file and the position.
    """
    with _open(name) as (file, shown_name):
        try:
            return parse_json(_read_all(file))
        except InvalidJsonError as error:
            place = f"{shown_name}:{error.at[0]}:{error.at[1]}" if error.at else shown_name
            raise CliError(f"{place}: {error.problem}") from None


def read_lines(name: str) -> Iterator[Any]:
    """Yield the JSON value of each line as it arrives; an InvalidJsonError for a line that is not JSON.

    Args:
        name: A path; `-` is standard input.

    Raises:
        CliError: The file cannot be read or is empty.
    """
    for line in read_raw_lines(name):
        yield too_large_error() if line is None else parse_line(line)


def read_raw_lines(name: str) -> Iterator[bytes | None]:
    """Yield each line as it arrives, without its end; None for one of more than `LIMIT` bytes.

    Args:
        name: A path; `-` is standard input.

    Raises:
        CliError: The file cannot be read or is empty.
    """
    with _open(name) as (file, shown_name):
        is_empty = True
        for line in _split_lines(file):
            is_empty = False
            yield line
        if is_empty:
            raise CliError(f"{shown_name}: is empty; expected a JSON value on each line")


def read_bytes(name: str) -> bytes:
    """Return all bytes of a file.

    Args:
        name: A path; `-` is standard input.

    Raises:
        CliError: It cannot be read, is closed or is too large.
    """
    with _open(name) as (file, shown_name):
        try:
            return bytes(_read_all(file))
        except InvalidJsonError as error:
            raise CliError(f"{shown_name}: {error.problem}") from None


@contextmanager
def _open(name: str) -> Iterator[tuple[BinaryIO, str]]:
    """Open a file and yield it with its name for messages; errors while reading are reported with it."""
    shown_name = "standard input" if name == "-" else safe_file_name(name)
    try:
        if name != "-":
            with Path(name).open("rb") as file:
                yield file, shown_name
        elif sys.stdin is None:
            raise CliError(f"{shown_name}: is closed")
        else:
            yield sys.stdin.buffer, shown_name
    except OSError as error:
        raise CliError(f"{shown_name}: can't be read: {error.strerror or error}") from None


def _read_all(file: BinaryIO) -> bytearray:
    """Return all bytes of a file; a regular file that is too large is refused before it is read."""
    if _file_size(file) > LIMIT:
        raise too_large_error()
    content = bytearray()
    while chunk := file.read(_CHUNK):
        content += chunk
        if len(content) > LIMIT:
            raise too_large_error()
    return content


def _file_size(file: BinaryIO) -> int:
    """Return the size of a regular file; 0 for a pipe or a terminal."""
    with suppress(OSError, ValueError):
        status = os.fstat(file.fileno())
        return status.st_size if stat.S_ISREG(status.st_mode) else 0
    return 0


def _split_lines(file: BinaryIO) -> Iterator[bytes | None]:
    """Yield each line without its end; None for one that is too large, which is skipped."""
    while line := file.readline(LIMIT + 1):
        if len(line) <= LIMIT or line.endswith(b"\n"):
            yield line.removesuffix(b"\n")
            continue
        while (rest := file.readline(_CHUNK)) and not rest.endswith(b"\n"):
            pass
        yield None


def parse_line(line: bytes) -> Any:
    """Return the JSON value of a line, or an InvalidJsonError with the problem."""
    try:
        return parse_json(line)
    except InvalidJsonError as error:
        return InvalidJsonError(f"column {error.at[1]}: {error.problem}") if error.at else error


def too_large_error() -> InvalidJsonError:
    """Return the error for a body of more than `LIMIT` bytes."""
    return InvalidJsonError(f"is larger than {LIMIT // MIB} MB, more than any request body needs")


def is_regular_file(name: str) -> bool:
    """Return whether a name is a file on disk that can be opened; False for standard input and pipes."""
    if name == "-":
        return False
    try:
        with Path(name).open("rb") as file:
            return stat.S_ISREG(os.fstat(file.fileno()).st_mode)
    except OSError:
        return False
