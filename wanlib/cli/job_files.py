"""The jobs of `wanlib batch`: JSON Lines, CSV, or a folder of images."""

import csv
from collections import Counter
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
    What is sent is what was checked: a file that changes between two iterations is an error, and the images
    of a folder are listed once.

    Args:
        path: JSON Lines (`.jsonl`, `.ndjson`), CSV with the names of parameters as its head (`.csv`), or a
            folder, each image of which is a job with its file name without the suffix as label. Names that
            begin with a dot are left out.
        common: `model`, `prompt` and parameters for all jobs; a line may have its own.

    Raises:
        CliError: The path does not exist or has another suffix, or the folder has no image.
    """

    def __init__(self, path: Path, common: Mapping[str, Any]) -> None:
        self._path = path
        self._common = common
        self._folder = path if path.is_dir() else path.parent
        self._state: tuple[int, int] | None = None
        try:
            self._images = _images_in(path) if path.is_dir() else []
            if not path.exists():
                raise CliError(f"{safe_file_name(path)}: does not exist")
        except (OSError, ValueError) as error:
            raise CliError(f"{safe_file_name(path)}: can't be read: {_reason(error)}") from None
        if not path.is_dir() and path.suffix.lower() not in (".csv", ".jsonl", ".ndjson"):
            raise CliError(f"{safe_file_name(path)}: expected a folder of images, or .jsonl, .ndjson or .csv")

    def __iter__(self) -> Iterator[Any]:
        """Yield the jobs in order.

        Raises:
            CliError: The file cannot be read, has no job, or is not as it was in an earlier iteration.
        """
        for image in self._images:
            yield {**self._common, "images": [image], "label": image.stem}
        if self._images:
            return
        self._check_unchanged()
        yield from self._from_csv() if self._path.suffix.lower() == ".csv" else self._from_lines()
        self._check_unchanged()

    def _check_unchanged(self) -> None:
        """Raise CliError if the file has changed since it was first read."""
        try:
            status = self._path.stat()
        except OSError as error:
            raise CliError(f"{safe_file_name(self._path)}: can't be read: {_reason(error)}") from None
        state = (status.st_size, status.st_mtime_ns)
        if self._state not in (None, state):
            raise CliError(
                f"{safe_file_name(self._path)}: has changed since it was checked; run the command again"
            )
        self._state = state

    def _from_lines(self) -> Iterator[Any]:
        for line in read_lines(str(self._path)):
            yield line if isinstance(line, Exception) else self._with_images(line)

    def _from_csv(self) -> Iterator[Any]:
        name = safe_file_name(self._path)
        try:
            with self._path.open(encoding="utf-8-sig", newline="") as file:
                rows = csv.DictReader(file, restkey="", strict=True)
                if not rows.fieldnames:
                    raise CliError(f"{name}: is empty; expected a head with names")
                if repeated := [head for head, count in Counter(rows.fieldnames).items() if count > 1]:
                    raise CliError(f"{name}: the head has {safe_repr(repeated[0])} twice")
                is_empty = True
                for row in rows:
                    is_empty = False
                    yield self._from_row(row)
                if is_empty:
                    raise CliError(f"{name}: has no job below its head")
        except (UnicodeDecodeError, csv.Error) as error:
            raise CliError(f"{name}: is not CSV in UTF-8: {error}") from None
        except OSError as error:
            raise CliError(f"{name}: can't be read: {_reason(error)}") from None

    def _from_row(self, row: Mapping[str, Any]) -> Any:
        """Return the job of a row: cells that are empty are left out, and others are JSON or text.

        The cell of images is a JSON list, or paths and URLs with a semicolon between them.
        """
        if "" in row:
            return InvalidJsonError("the row has more cells than the head has names")
        job: dict[str, Any] = {}
        for name, cell in row.items():
            if not cell:
                continue
            if name == "images" and cell.lstrip().startswith("["):
                job[name] = _parse_cell(cell)
            elif name == "images":
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


def _images_in(folder: Path) -> list[Path]:
    """Return the images of a folder by name. Raise CliError if there are none."""
    images = sorted(
        file
        for file in folder.iterdir()
        if file.suffix.lower() in _IMAGE_SUFFIXES and not file.name.startswith(".") and file.is_file()
    )
    if not images:
        raise CliError(f"{safe_file_name(folder)}: has no image; expected {_suffixes()}")
    return images


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _suffixes() -> str:
    return ", ".join(sorted(_IMAGE_SUFFIXES))
