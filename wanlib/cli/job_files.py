"""The jobs of `wanlib batch`: JSON Lines, CSV, or a folder of images."""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from wanlib.base.redaction import safe_repr
from wanlib.cli.errors import CliError, safe_file_name
from wanlib.cli.input_files import read_lines
from wanlib.cli.options.parameters import parse_image
from wanlib.cli.strict_json import InvalidJsonError, parse_json

_IMAGE_SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".webp"})
_TEXTS = ("model", "prompt", "label")
_LIST_SEPARATOR = ";"


class JobFile:
    """A file or folder of jobs, read anew by each iteration, so that it need not be in memory.

    A line that cannot be read is an exception in place of a job, so that all problems are reported at once.

    Args:
        path: JSON Lines (`.jsonl`, `.ndjson`), CSV with the names of parameters as its head (`.csv`), or a
            folder, each image of which is a job with its file name as label.
        common: `model`, `prompt` and parameters for all jobs; a line may have its own.

    Raises:
        CliError: The path does not exist or has another suffix.
    """

    def __init__(self, path: Path, common: Mapping[str, Any]) -> None:
        self._path = path
        self._common = common
        self._folder = path if path.is_dir() else path.parent
        if not path.exists():
            raise CliError(f"{safe_file_name(path)}: does not exist")
        if not path.is_dir() and path.suffix not in (".csv", ".jsonl", ".ndjson"):
            raise CliError(f"{safe_file_name(path)}: expected a folder of images, or .jsonl, .ndjson or .csv")

    def __iter__(self) -> Iterator[Any]:
        """Yield the jobs in order.

        Raises:
            CliError: The file or folder cannot be read, or has no job.
        """
        if self._path.is_dir():
            return self._from_folder()
        return self._from_csv() if self._path.suffix == ".csv" else self._from_lines()

    def _from_folder(self) -> Iterator[Any]:
        files = sorted(file for file in self._path.iterdir() if file.suffix.lower() in _IMAGE_SUFFIXES)
        if not files:
            raise CliError(f"{safe_file_name(self._path)}: has no image; expected {_suffixes()}")
        for file in files:
            yield {**self._common, "images": [file], "label": file.stem}

    def _from_lines(self) -> Iterator[Any]:
        for line in read_lines(str(self._path)):
            yield line if isinstance(line, Exception) else self._with_images(line)

    def _from_csv(self) -> Iterator[Any]:
        try:
            with self._path.open(encoding="utf-8-sig", newline="") as file:
                rows = csv.DictReader(file, restkey="", strict=True)
                if not rows.fieldnames:
                    raise CliError(f"{safe_file_name(self._path)}: is empty; expected a head with names")
                for row in rows:
                    yield self._from_row(row)
        except (UnicodeDecodeError, csv.Error) as error:
            raise CliError(f"{safe_file_name(self._path)}: is not CSV in UTF-8: {error}") from None

    def _from_row(self, row: Mapping[str, Any]) -> Any:
        """Return the job of a row: cells that are empty are left out, and others are JSON or text."""
        if "" in row:
            return InvalidJsonError("the row has more cells than the head has names")
        job: dict[str, Any] = {}
        for name, cell in row.items():
            if not cell:
                continue
            if name == "images":
                job[name] = [text.strip() for text in cell.split(_LIST_SEPARATOR)]
            else:
                job[name] = cell if name in _TEXTS else _parse_cell(cell)
        return self._with_images(job)

    def _with_images(self, line: Any) -> Any:
        """Return a job with paths in place of file names, which are relative to the file of the jobs."""
        if not isinstance(line, Mapping):
            return InvalidJsonError(f"the job is {safe_repr(line)}; expected an object")
        job = {**self._common, **line}
        images = job.get("images")
        if isinstance(images, list) and all(isinstance(image, str) and image != "-" for image in images):
            job["images"] = [self._image(image) for image in images]
        return job

    def _image(self, text: str) -> Any:
        image = parse_image(text)
        return self._folder / image if isinstance(image, Path) else image


def _parse_cell(text: str) -> Any:
    try:
        return parse_json(text.encode())
    except InvalidJsonError:
        return text


def _suffixes() -> str:
    return ", ".join(sorted(_IMAGE_SUFFIXES))
