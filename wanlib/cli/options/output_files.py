"""What a call has yielded, saved and told."""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wanlib.base.redaction import printable
from wanlib.cli.errors import FINE, NO, CliError, print_error, safe_file_name

if TYPE_CHECKING:
    from wanlib.client.outputs import Output


@dataclass(frozen=True)
class OutputOptions:
    """The options about files."""

    out: Annotated[
        Path, typer.Option(metavar="DIR|FILE", help="A folder, or the .png file of a single picture.")
    ] = Path()
    stem: Annotated[
        str | None, typer.Option(metavar="NAME", help="Save as NAME-1.png and so on; else the task's id.")
    ] = None
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Overwrite files of these names.")] = False

    def check_writable(self, pictures: int = 0) -> None:
        """Looks for what would keep pictures from being saved, before they are paid for.

        pictures: how many files of the stem must not be there. Raises Refusal, InvalidArgumentError.
        """
        from wanlib.client.results.download import target_file, validate_stem

        file = target_file(self.out, pictures, self.stem)
        if file is not None and file.exists() and not self.overwrite:
            raise CliError(
                f"--out {safe_file_name(file)}: is there already; give another name, or --overwrite"
            )
        folder = self.out if file is None else self.out.absolute().parent
        there = next(each for each in (folder, *folder.absolute().parents) if each.exists())
        if not (there.is_dir() and os.access(there, os.W_OK)):
            raise CliError(f"--out {safe_file_name(self.out)}: is no folder that can be written to")
        if self.stem is None:
            return
        validate_stem(self.stem)
        for number in range(1, pictures + 1):
            path = self.out / f"{self.stem}-{number}.png"
            if path.exists() and not self.overwrite:
                raise CliError(
                    f"{safe_file_name(path)}: is there already; give another --stem, or --overwrite"
                )

    def save(self, output: "Output", as_json: bool) -> int:
        """Saves the pictures and tells the result -> the exit code: 0 where all came that were asked for.

        Raises DownloadFailedError.
        """
        from wanlib.client.results.download import target_file

        try:
            stem = self.stem
            if target_file(self.out, len(output.images), stem) is None:
                stem = stem or output.task_id or output.request_id or "picture"
            files = output.save(self.out, stem=stem, overwrite=self.overwrite)
        except BaseException:
            self._save_response(output)
            raise
        if as_json:
            print(json.dumps(output.to_dict() | {"files": [str(each) for each in files]}), flush=True)
        else:
            _print(output, files)
        return FINE if output.images and not output.has_failures and not output.is_incomplete else NO

    def _save_response(self, output: "Output") -> None:
        """Without a task to ask again, the answer is the one place of the links, which live for a day."""
        if output.task_id is not None:
            return
        from tempfile import mkstemp

        folder = self.out.absolute().parent if self.out.suffix and not self.out.is_dir() else self.out
        with suppress(OSError):  # the error that led here is the one to tell
            folder.mkdir(parents=True, exist_ok=True)
            number, path = mkstemp(".json", "answer-", folder)  # for nobody else's eyes
            with os.fdopen(number, "w", encoding="utf-8") as file:
                json.dump(output.raw, file)
            print_error(f"the answer, with links that live for a day, is kept in {safe_file_name(path)}")

    def to_arguments(self) -> list[str]:
        """These options for another command."""
        stem = [] if self.stem is None else ["--stem", self.stem]
        return ["--out", str(self.out), *stem, *(["--overwrite"] if self.overwrite else [])]


def _print(output: "Output", files: Sequence[Path]) -> None:
    """Paths and text in reading order on stdout, what is missing on stderr."""
    for line in _lines(output, files):
        print(printable(line))
    sys.stdout.flush()
    for failure in output.failures:
        print_error(
            f"a picture failed: {failure.code or 'no code'}: {failure.message or 'no reason is given'}"
        )
    if output.is_incomplete:
        print_error(f"{len(output.images)} of {output.asked} pictures came; those that came are billed")
    elif not output.images and not output.failures:
        print_error("no picture came")


def _lines(output: "Output", files: Sequence[Path]) -> Iterator[str]:
    from wanlib.client.results.parts import Picture, Text

    left: Iterator[Any] = iter(files)
    for part in output.parts:
        if isinstance(part, Picture):
            yield str(next(left))
        elif isinstance(part, Text):
            yield from part.text.splitlines()
