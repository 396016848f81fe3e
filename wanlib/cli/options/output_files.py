"""Options about output files, and saving the pictures of a call."""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wanlib.base.redaction import printable
from wanlib.cli.errors import CliError, ExitCode, print_error, safe_file_name

if TYPE_CHECKING:
    from wanlib.client.outputs import Output


@dataclass(frozen=True)
class OutputOptions:
    """The options about output files.

    Attributes:
        out: A folder, or the file of a single picture.
        stem: The beginning of the file names; None for the id of the task.
        overwrite: Whether existing files are overwritten.
    """

    out: Annotated[
        Path, typer.Option(metavar="DIR|FILE", help="A folder, or the .png file of a single picture.")
    ] = Path()
    stem: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Save as NAME-1.png and so on; default: the id of the task."),
    ] = None
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Overwrite existing files.")] = False

    @property
    def known_files(self) -> list[Path]:
        """The file of `out`, or the existing files with the stem. Other names depend on the task."""
        if self.out.suffix and not self.out.is_dir():
            return [self.out]
        return sorted(self.out.glob(f"{escape(self.stem)}-*.png")) if self.stem else []

    def check_writable(self, pictures: int = 0) -> None:
        """Check, before pictures are paid for, that they can be saved.

        Args:
            pictures: How many files with the stem must not exist yet.

        Raises:
            CliError: A file is in the way, or the folder cannot be written to.
            InvalidArgumentError: The path or the stem is invalid.
        """
        from wanlib.client.results.save_target import target_file, validate_stem

        file = target_file(self.out, pictures, self.stem)
        if file is not None:
            self._check_free(file, f"--out {safe_file_name(file)}", "name")
        folder = self.out if file is None else self.out.absolute().parent
        parents = (folder, *folder.absolute().parents)
        existing = next(parent for parent in parents if parent.exists())
        if not (existing.is_dir() and os.access(existing, os.W_OK)):
            raise CliError(f"--out {safe_file_name(self.out)}: not a writable folder")
        if self.stem is None:
            return
        validate_stem(self.stem)
        for number in range(1, pictures + 1):
            path = self.out / f"{self.stem}-{number}.png"
            self._check_free(path, safe_file_name(path), "--stem")

    def _check_free(self, path: Path, shown: str, option: str) -> None:
        """Raise CliError if a file has this name, or something that is not a file."""
        from wanlib.client.results.file_names import check_place
        from wanlib.errors import DownloadFailedError

        if os.path.lexists(path) and not self.overwrite:
            raise CliError(f"{shown}: already exists; choose another {option} or --overwrite")
        try:
            check_place(path, self.overwrite)
        except DownloadFailedError as error:
            raise CliError(f"--out: {error.message}") from None

    def save(self, output: "Output", as_json: bool, timeout: float | None = None) -> ExitCode:
        """Save the pictures and print the result.

        Args:
            output: The result of a call.
            as_json: Whether to print one JSON object instead of paths and text.
            timeout: Seconds for all pictures; None for the default of the client. The default is the least.

        Returns:
            `ExitCode.OK` if every requested picture was saved.

        Raises:
            DownloadFailedError: A picture could not be saved.
        """
        from wanlib.client.protocol.context import TIMEOUT
        from wanlib.client.results.save_target import target_file

        try:
            stem = self.stem
            if target_file(self.out, len(output.images), stem) is None:
                stem = stem or output.task_id or output.request_id or "picture"
            seconds = None if timeout is None else max(timeout, TIMEOUT)
            files = output.save(self.out, stem=stem, overwrite=self.overwrite, timeout=seconds)
        except BaseException:
            self._save_response(output)
            raise
        if as_json:
            print(json.dumps(output.to_dict() | {"files": [str(file) for file in files]}), flush=True)
        else:
            _print_result(output, files)
        is_complete = output.images and not output.has_failures and not output.is_incomplete
        return ExitCode.OK if is_complete else ExitCode.FAILED

    def _save_response(self, output: "Output") -> None:
        """Save the response of a call without a task: it is the only place with the links to the pictures."""
        if output.task_id is not None:
            return
        from tempfile import mkstemp

        folder = self.out.absolute().parent if self.out.suffix and not self.out.is_dir() else self.out
        with suppress(OSError):  # the original error is the one to report
            folder.mkdir(parents=True, exist_ok=True)
            number, path = mkstemp(".json", "response-", folder)  # readable by its owner only
            with os.fdopen(number, "w", encoding="utf-8") as file:
                json.dump(output.raw, file)
            print_error(f"the response, with links that are valid for a day, is in {safe_file_name(path)}")

    def to_arguments(self) -> list[str]:
        """Return these options as arguments for another command."""
        stem = [] if self.stem is None else ["--stem", self.stem]
        return ["--out", str(self.out), *stem, *(["--overwrite"] if self.overwrite else [])]


QUOTE = "> "
"""The prefix of each line of a model's text, so that no text looks like a path or a message."""


def _print_result(output: "Output", files: Sequence[Path]) -> None:
    """Print paths and text in reading order to stdout, and missing pictures to stderr."""
    for line in _result_lines(output, files):
        print(printable(line))
    sys.stdout.flush()
    for failure in output.failures:
        print_error(f"a picture failed: {failure.code or 'no code'}: {failure.message or 'no reason given'}")
    if output.is_incomplete:
        print_error(f"{len(output.images)} of {output.requested} pictures arrived; they are billed")
    elif not output.images and not output.failures:
        print_error("no picture arrived")


def _result_lines(output: "Output", files: Sequence[Path]) -> Iterator[str]:
    from wanlib.client.results.parts import Picture, Text

    remaining: Iterator[Any] = iter(files)
    for part in output.parts:
        if isinstance(part, Picture):
            yield str(next(remaining))
        elif isinstance(part, Text):
            yield from (f"{QUOTE}{line}" for line in part.text.splitlines())
