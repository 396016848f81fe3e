"""Files of Python source, and the calls in them.

A file is decoded as Python itself would decode it. Files that cannot be read are reported and left out.
"""

import ast
import io
import os
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from wanlib.migration.call_edits import SourceText
from wanlib.migration.source_calls import SourceCall, source_calls
from wanlib.spec import Spec

BYTE_ORDER_MARK = "\ufeff"


class FoundCall(NamedTuple):
    """A call that was found, or why a file or a call cannot be read.

    Attributes:
        file: The file.
        call: The call; None if there is none or it cannot be read.
        line: Its line, from 1; 0 for a file as a whole.
        problem: Why it cannot be read; empty if it can.
    """

    file: Path
    call: SourceCall | None
    line: int = 0
    problem: str = ""


def calls_below(spec: Spec, source: Path) -> Iterator[FoundCall]:
    """Yield the calls of a file or of every `.py` file below a folder, sorted by file.

    Args:
        spec: The spec that has the models.
        source: A file or a folder.
    """
    problems: list[FoundCall] = []
    files = [source] if not source.is_dir() else sorted(_files_below(source, problems))
    yield from problems
    if not files and not problems:
        yield FoundCall(source, None, problem="contains no Python file")
    for file in files:
        try:
            text = read_source(file.read_bytes())[0].removeprefix(BYTE_ORDER_MARK)
            tree = ast.parse(text)
        except OSError as error:
            yield FoundCall(file, None, problem=f"can't be read: {error.strerror or error}")
            continue
        except SyntaxError as error:
            yield FoundCall(file, None, error.lineno or 0, f"is not valid Python: {error.msg}")
            continue
        except (RecursionError, MemoryError):  # the parser raises either for source that is nested too deeply
            yield FoundCall(file, None, problem="can't be read as Python: it is nested too deeply")
            continue
        except (ValueError, LookupError) as error:
            yield FoundCall(file, None, problem=f"can't be read as Python: {error}")
            continue
        for call in source_calls(spec, SourceText(text), tree):
            yield FoundCall(file, None if call.problem else call, call.line, call.problem)


def _files_below(folder: Path, problems: list[FoundCall]) -> Iterator[Path]:
    """Yield the Python files below a folder; add the folders that cannot be read to the problems."""

    def add(error: OSError) -> None:
        problems.append(
            FoundCall(Path(error.filename or folder), None, problem=f"can't be read: {error.strerror}")
        )

    for parent, _, names in os.walk(folder, onerror=add):
        yield from (Path(parent, name) for name in names if name.endswith(".py"))


def read_source(content: bytes) -> tuple[str, str]:
    """Return the text of a Python file, with its byte order mark if it has one, and its encoding.

    Args:
        content: The bytes of the file.

    Raises:
        SyntaxError: The file names an unknown encoding.
        ValueError: The file is not in the encoding that it names, or not in UTF-8 if it names none.
    """
    encoding = tokenize.detect_encoding(io.BytesIO(content).readline)[0].removesuffix("-sig")
    return content.decode(encoding), encoding
