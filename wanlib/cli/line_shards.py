"""The check of a large file of bodies, distributed over processes or machines.

A worker reads a byte range of the file and returns text. It does not know how many lines precede its range:
the merge inserts the line numbers.
"""

import json
import sys
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from wanlib import __version__
from wanlib.base.redaction import printable
from wanlib.cli.body_checks import LINE_NUMBER, CheckOptions, LineChecker, unreadable_line
from wanlib.cli.errors import CliError, ExitCode, load_spec, print_error, safe_file_name
from wanlib.cli.input_files import LIMIT, too_large_error
from wanlib.cli.shard_text import TextWriter, read_text
from wanlib.cli.strict_json import InvalidJsonError
from wanlib.scale.line_ranges import RANGE_BYTES, ByteRange, byte_ranges, read_range
from wanlib.scale.shard_log import ShardLog
from wanlib.scale.sharing import map_shards
from wanlib.scale.workers import THIS_PROCESS, Workers

_MEGABYTE = 1_048_576
MAX_SHARED_LINE = 12 * _MEGABYTE
"""Maximum size of a line with workers; its check takes up to 12 times as much memory, if it has an emoji."""


@dataclass(frozen=True, slots=True)
class LineTask:
    """The check of the lines of a byte range; it is sent to the workers.

    Attributes:
        path: The file, by a path that is the same on every machine.
        size: Its size in bytes.
        options: How bodies are checked.
        max_line: The maximum size of a line; a longer one is an unreadable line.
    """

    path: Path
    size: int
    options: CheckOptions
    max_line: int

    def __call__(self, part: ByteRange) -> bytes:
        """Return the output for the lines of a range, with the worst exit code."""
        checker, output, notes = _checker(self.options), TextWriter(), TextWriter()
        number, worst = 0, ExitCode.OK
        for line in read_range(self.path, self.size, part, self.max_line):
            number += 1
            result = unreadable_line(self._too_long()) if line is None else checker.line(line)
            output.add(result.text)
            if result.code > worst:
                worst = result.code
            if result.problem:
                notes.add(f"{number} {printable(result.problem)}")
        return _pack(number, worst, output, notes)

    def _too_long(self) -> InvalidJsonError:
        if self.max_line == LIMIT:
            return too_large_error()
        limit = self.max_line // _MEGABYTE
        return InvalidJsonError(
            f"is larger than {limit} MB, the longest line with --workers; check this body without --workers"
        )


@lru_cache(maxsize=1)
def _checker(options: CheckOptions) -> LineChecker:
    """Return the checker of this process, created for the first shard."""
    return LineChecker(options)


def check_lines(name: str, options: CheckOptions, workers: Workers | None, folder: Path | None) -> ExitCode:
    """Print the object for each line of a regular file, and return the worst exit code.

    Args:
        name: The file.
        options: How bodies are checked.
        workers: Where lines are checked; None is this process, which also accepts longer lines.
        folder: Where finished shards are kept, for a run that continues this one; None keeps none.

    Raises:
        CliError: The file can't be read or is empty.
        ScaleError: The work can't be distributed.
    """
    path = Path(name).absolute()
    status = path.stat()
    if not status.st_size:
        raise CliError(f"{safe_file_name(name)}: is empty; expected a request body in JSON on each line")
    _checker(options)  # invalid options are reported before a worker starts
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
        results = map_shards(task, byte_ranges(status.st_size), workers or THIS_PROCESS, finished)
        for result in stack.enter_context(closing(results)):
            lines, code = _print(result, before)
            before, worst = before + lines, max(worst, code)
    return worst


def _pack(lines: int, code: ExitCode, output: TextWriter, notes: TextWriter) -> bytes:
    """Return the result of a shard: a line with sizes, and the pieces of text."""
    output.end()
    notes.end()
    head = {"lines": lines, "code": int(code), "output": output.sizes, "notes": notes.sizes}
    return b"".join([json.dumps(head).encode(), b"\n", *output.pieces, *notes.pieces])


def _print(result: bytes, before: int) -> tuple[int, ExitCode]:
    """Print the result of a shard; return the number of its lines, and its exit code."""
    file = BytesIO(result)
    head = json.loads(file.readline())
    number = before
    for lines in read_text((file.read(size), is_compressed) for size, is_compressed in head["output"]):
        text = "\n".join(lines)
        if LINE_NUMBER in text:
            numbered = enumerate(lines, number + 1)
            text = "\n".join([line.replace(LINE_NUMBER, str(number)) for number, line in numbered])
        sys.stdout.write(f"{text}\n")
        number += len(lines)
    for notes in read_text((file.read(size), is_compressed) for size, is_compressed in head["notes"]):
        for note in notes:
            line, _, problem = note.partition(" ")
            print_error(f"line {before + int(line)}: {problem}")
    return head["lines"], ExitCode(head["code"])
