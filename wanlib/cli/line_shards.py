"""The check of a large file of bodies, shared out over processes or machines.

A worker reads a byte range of the file and returns text. It does not know how many lines precede its range:
it writes the number of a line, counted in its range, between two NUL characters, which no JSON text and no
printable message has, and the merge replaces it by the number of the line in the file.
"""

import json
import re
import sys
import zlib
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from wanlib import __version__
from wanlib.base.redaction import printable
from wanlib.cli.body_checks import BodyChecker, CheckOptions
from wanlib.cli.errors import CliError, ExitCode, load_spec, safe_file_name
from wanlib.cli.input_files import LIMIT, too_large_error
from wanlib.cli.strict_json import InvalidJsonError
from wanlib.scale.line_ranges import RANGE_BYTES, ByteRange, byte_ranges, read_range
from wanlib.scale.shard_log import ShardLog
from wanlib.scale.sharing import share_out
from wanlib.scale.workers import THIS_PROCESS, Workers

_MEGABYTE = 1_048_576
MAX_SHARED_LINE = 16 * _MEGABYTE
"""Bytes of the longest line with workers; a check takes up to 6 times as much, if a character is an emoji."""
_PLAIN_BYTES = 16 * _MEGABYTE
"""Output of a shard that is kept as it is; what comes after it is compressed, as millions of lines of one
character have a hundred times as much output as input."""
_PIECE_BYTES = 4 * _MEGABYTE
_MARK = "\0%d\0"
_NUMBER = re.compile(r"\0(\d+)\0")


class _Text:
    """Text that a shard produces, in pieces."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.sizes: list[tuple[int, bool]] = []
        self._lines: list[str] = []
        self._pending = self._plain = 0

    def add(self, line: str) -> None:
        """Add a line, which gets an end."""
        self._lines.append(line)
        self._pending += len(line) + 1
        if self._pending >= _PIECE_BYTES:
            self.end()

    def end(self) -> None:
        """Make a piece of the lines since the last one."""
        if not self._lines:
            return
        piece = "\n".join(self._lines).encode() + b"\n"
        is_compressed = self._plain >= _PLAIN_BYTES
        self._plain += len(piece)
        if is_compressed:
            piece = zlib.compress(piece, 1)
        self.pieces.append(piece)
        self.sizes.append((len(piece), is_compressed))
        self._lines, self._pending = [], 0


@dataclass(frozen=True, slots=True)
class LineTask:
    """The check of the lines of a byte range; it is sent to the workers.

    Attributes:
        path: The file, by a path that is the same on every machine.
        size: Its size in bytes.
        options: How bodies are checked.
        max_line: The most bytes of a line; a longer one is an unreadable line.
    """

    path: Path
    size: int
    options: CheckOptions
    max_line: int

    def __call__(self, part: ByteRange) -> bytes:
        """Return what the lines of a range print, with the worst exit code."""
        checker, output, notes = _checker(self.options), _Text(), _Text()
        number, worst = 0, ExitCode.OK
        for line in read_range(self.path, self.size, part, self.max_line):
            number += 1
            if line is None:
                text, code, problem = checker.unreadable(self._too_long(), number, _MARK)
            else:
                text, code, problem = checker.line(line, number, _MARK)
            output.add(text)
            if code > worst:
                worst = code
            if problem:
                notes.add(f"wanlib: line {_MARK % number}: {printable(problem)}")
        return _pack(number, worst, output, notes)

    def _too_long(self) -> InvalidJsonError:
        if self.max_line == LIMIT:
            return too_large_error()
        limit = self.max_line // _MEGABYTE
        return InvalidJsonError(
            f"is larger than {limit} MB, the longest line with --workers; check this body without --workers"
        )


@lru_cache(maxsize=1)
def _checker(options: CheckOptions) -> BodyChecker:
    """Return the checker of this process, which is made for the first shard."""
    return BodyChecker(options)


def check_lines(name: str, options: CheckOptions, workers: Workers | None, folder: Path | None) -> ExitCode:
    """Print the object for each line of a regular file, and return the worst exit code.

    Args:
        name: The file.
        options: How bodies are checked.
        workers: Where lines are checked; None is this process, which takes longer lines, too.
        folder: Where finished shards are kept, for a run that continues this one; None keeps none.

    Raises:
        CliError: The file can't be read or is empty.
        ScaleError: The work can't be shared out.
    """
    path = Path(name).absolute()
    status = path.stat()
    if not status.st_size:
        raise CliError(f"{safe_file_name(name)}: is empty; expected a request body in JSON on each line")
    _checker(options)  # what is wrong with the options is reported before a worker starts
    is_shared = workers is not None or folder is not None
    task = LineTask(path, status.st_size, options, MAX_SHARED_LINE if is_shared else LIMIT)
    run = {
        "wanlib": __version__,
        "file": str(path),
        "bytes": status.st_size,
        "modified_ns": status.st_mtime_ns,
        "shard_bytes": RANGE_BYTES,
        "options": {name: None if value is None else str(value) for name, value in asdict(options).items()},
        "spec": None if options.spec is None else load_spec(options.spec).digest,
    }
    worst, before = ExitCode.OK, 0
    with ExitStack() as stack:
        finished = None
        if is_shared:
            place = folder or Path(stack.enter_context(TemporaryDirectory(prefix="wanlib-shards-")))
            finished = ShardLog(place, run, keeps=folder is not None)
        results = share_out(task, byte_ranges(status.st_size), workers or THIS_PROCESS, finished)
        for result in stack.enter_context(closing(results)):
            lines, code = _print(result, before)
            before, worst = before + lines, max(worst, code)
    return worst


def _pack(lines: int, code: ExitCode, output: _Text, notes: _Text) -> bytes:
    """Return the result of a shard: a line with sizes, and the pieces of text."""
    output.end()
    notes.end()
    head = {"lines": lines, "code": int(code), "output": output.sizes, "notes": notes.sizes}
    return b"".join([json.dumps(head).encode(), b"\n", *output.pieces, *notes.pieces])


def _print(result: bytes, before: int) -> tuple[int, ExitCode]:
    """Print the result of a shard; return the number of its lines, and its exit code."""
    position = result.index(b"\n") + 1
    head = json.loads(result[:position])
    for name, stream in (("output", sys.stdout), ("notes", sys.stderr)):
        for size, is_compressed in head[name]:
            piece = result[position : position + size]
            position += size
            text = (zlib.decompress(piece) if is_compressed else piece).decode()
            if "\0" in text:
                text = _NUMBER.sub(lambda match: str(before + int(match[1])), text)
            stream.write(text)
    return head["lines"], ExitCode(head["code"])
