"""Files and standard input as bytes, with a bound on what is taken into memory."""

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from wanlib.cli.errors import CliError, safe_file_name
from wanlib.cli.strict_json import InvalidJsonError, parse_json

LIMIT = 400 * 1_048_576
"""Bytes of the largest body that is read: nine images of 20 MB as base64 are 240 MB."""

_CHUNK = 1_048_576


def read_body(name: str) -> Any:
    """The JSON value of a file, or of standard input for `-`. Raises Refusal, which names the file."""
    with _opened(name) as (file, said):
        try:
            return parse_json(_whole(file))
        except InvalidJsonError as error:
            place = f"{said}:{error.at[0]}:{error.at[1]}" if error.at else said
            raise CliError(f"{place}: {error.what}") from None


def read_lines(name: str) -> Iterator[Any]:
    """The JSON value of each line as it comes in; for a line that can't be read, the Unreadable.

    Raises Refusal where the file can't be read or is empty.
    """
    with _opened(name) as (file, said):
        empty = True
        for raw in _lines(file):
            empty = False
            yield _line(raw)
        if empty:
            raise CliError(f"{said}: is empty; due is a request body in JSON on each line")


def read_input() -> bytes:
    """All bytes of standard input. Raises Refusal."""
    with _opened("-") as (file, said):
        try:
            return bytes(_whole(file))
        except InvalidJsonError as error:
            raise CliError(f"{said}: {error.what}") from None


@contextmanager
def _opened(name: str) -> Iterator[tuple[BinaryIO, str]]:
    """The file, and its name for messages; an error while it is read is told with that name."""
    said = "standard input" if name == "-" else safe_file_name(name)
    try:
        if name != "-":
            with Path(name).open("rb") as file:
                yield file, said
        elif sys.stdin is None:
            raise CliError(f"{said}: is closed")
        else:
            yield sys.stdin.buffer, said
    except OSError as error:
        raise CliError(f"{said}: can't be read: {error.strerror or error}") from None


def _whole(file: BinaryIO) -> bytearray:
    """All bytes of a file. A regular one that is too large is refused before any is read."""
    if _size(file) > LIMIT:
        raise _too_large()
    taken = bytearray()
    while chunk := file.read(_CHUNK):
        taken += chunk
        if len(taken) > LIMIT:
            raise _too_large()
    return taken


def _size(file: BinaryIO) -> int:
    """The size of a regular file; 0 of a pipe or a terminal, which tell none."""
    with suppress(OSError, ValueError):
        status = os.fstat(file.fileno())
        return status.st_size if stat.S_ISREG(status.st_mode) else 0
    return 0


def _lines(file: BinaryIO) -> Iterator[bytes | None]:
    """Each line without its end; None for one that is too large, which is passed over unkept."""
    while line := file.readline(LIMIT + 1):
        if len(line) <= LIMIT or line.endswith(b"\n"):
            yield line.removesuffix(b"\n")
            continue
        while (rest := file.readline(_CHUNK)) and not rest.endswith(b"\n"):
            pass
        yield None


def _line(raw: bytes | None) -> Any:
    if raw is None:
        return _too_large()
    try:
        return parse_json(raw)
    except InvalidJsonError as error:
        return InvalidJsonError(f"column {error.at[1]}: {error.what}") if error.at else error


def _too_large() -> InvalidJsonError:
    return InvalidJsonError(f"is larger than {LIMIT // 1_048_576} MB; no request body is")
