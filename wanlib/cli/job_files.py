"""The jobs of `wanlib batch`: JSON Lines, CSV, or a folder of images."""

import csv
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from wanlib.base.redaction import safe_repr
from wanlib.cli.errors import CliError, safe_file_name
from wanlib.cli.input_files import LIMIT, read_lines
from wanlib.cli.options.parameters import image_parameters, parse_value, path_or_url
from wanlib.cli.strict_json import EmptyJsonError, InvalidJsonError, parse_json

_IMAGE_SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".webp"})
_CONVERTIBLE_SUFFIXES = frozenset({".gif", ".tif", ".tiff"})
_TEXTS = ("model", "prompt", "label")
_LIST_SEPARATOR = ";"
_SEPARATORS = (",", ";", "\t")
"""The separators of cells; spreadsheets write semicolons in locales with a decimal comma."""


class JobFile:
    """A file or folder of jobs, read again by each iteration, so that it need not be in memory.

    A line that cannot be read is an exception in place of a job, so that all problems are reported at once.
    The checked jobs are the ones that are sent: a file that changes between two iterations is an error, and
    the images of a folder are listed once.

    Args:
        path: JSON Lines (`.jsonl`, `.ndjson`), CSV with the names of parameters as its head (`.csv`), or a
            folder, each image of which is a job with its file name without the suffix as label. Names that
            begin with a dot, and folders in it, are left out.
        common: `model`, `prompt` and parameters for all jobs; a line may have its own.
        fit: Whether images are fitted, so that a folder may also contain GIF and TIFF files.

    Attributes:
        left_out: The names of the files of a folder that are not jobs.
        expected: A text with the suffixes of the files that are jobs.

    Raises:
        CliError: The path does not exist or has another suffix, or the folder has no image.
    """

    def __init__(self, path: Path, common: Mapping[str, Any], *, fit: bool = False) -> None:
        self.left_out: list[str] = []
        self.expected = ""
        self._path = path
        self._common = common
        self._folder = path if path.is_dir() else path.parent
        self._state: tuple[int, int] | None = None
        self._images: list[Path] = []
        self._lines = array("Q")
        try:
            if path.is_dir():
                self._list_images(_IMAGE_SUFFIXES | (_CONVERTIBLE_SUFFIXES if fit else set()))
            elif not path.exists():
                raise CliError(f"{safe_file_name(path)}: does not exist")
            elif not path.is_file():
                raise CliError(f"{safe_file_name(path)}: is not a file that can be read twice")
        except (OSError, ValueError) as error:
            raise CliError(f"{safe_file_name(path)}: can't be read: {_reason(error)}") from None
        if not path.is_dir() and path.suffix.lower() not in (".csv", ".jsonl", ".ndjson"):
            raise CliError(f"{safe_file_name(path)}: expected a folder of images, or .jsonl, .ndjson or .csv")

    def _list_images(self, suffixes: frozenset[str]) -> None:
        """Find the images of a folder, by name. Raise CliError if there are none."""
        self.expected = f"expected {', '.join(sorted(suffixes))}"
        for file in sorted(self._path.iterdir()):
            if file.name.startswith(".") or not file.is_file():
                continue
            if file.suffix.lower() in suffixes:
                self._images.append(file)
            else:
                self.left_out.append(file.name)
        if not self._images:
            raise CliError(f"{safe_file_name(self._path)}: has no image; {self.expected}")

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
        self._lines = array("Q")
        yield from self._from_csv() if self._path.suffix.lower() == ".csv" else self._from_lines()
        if not self._lines:
            raise CliError(f"{safe_file_name(self._path)}: has no job")
        self._check_unchanged()

    def place_of(self, number: int) -> str:
        """Return the place of a job of the last iteration, as the beginning of a message about it.

        Args:
            number: The number of the job, from 1.
        """
        if self._images:
            return f"{safe_file_name(self._images[number - 1])}: "
        return f"{safe_file_name(self._path)}:{self._lines[number - 1]}: " if self._lines else ""

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
        for number, line in enumerate(read_lines(str(self._path)), 1):
            if not isinstance(line, EmptyJsonError):
                self._lines.append(number)
                yield line if isinstance(line, Exception) else self._with_images(line)

    def _from_csv(self) -> Iterator[Any]:
        name = safe_file_name(self._path)
        csv.field_size_limit(LIMIT)  # of the whole process, which has no other CSV
        try:
            with self._path.open(encoding="utf-8-sig", newline="") as file:
                head = file.readline()
                file.seek(0)
                rows = csv.reader(file, delimiter=max(_SEPARATORS, key=head.count), strict=True)
                names = [text.strip() for text in next(rows, [])]
                self._check_head(names)
                number = rows.line_num + 1
                for row in rows:
                    if any(cell.strip() for cell in row):
                        self._lines.append(number)
                        yield self._from_row(names, row)
                    number = rows.line_num + 1
        except UnicodeDecodeError:
            raise CliError(f"{name}: is not UTF-8 text; save it as CSV in UTF-8") from None
        except csv.Error as error:
            raise CliError(f"{name}:{rows.line_num}: is not CSV: {error}") from None
        except OSError as error:
            raise CliError(f"{name}: can't be read: {_reason(error)}") from None

    def _check_head(self, names: Sequence[str]) -> None:
        """Raise CliError if the first row of a CSV file has no names, a name twice, or no model."""
        file, counts = safe_file_name(self._path), Counter(filter(None, names))
        if not counts:
            raise CliError(f"{file}: is empty; expected a head with names")
        if repeated := [name for name, count in counts.items() if count > 1]:
            raise CliError(f"{file}: the head has {safe_repr(repeated[0])} twice")
        if "model" not in counts and "model" not in self._common:
            raise CliError(
                f"{file}: the head has no model: {safe_repr([*counts])}; name it there, or with --model"
            )

    def _from_row(self, names: Sequence[str], row: Sequence[str]) -> Any:
        """Return the job of a row: cells that are empty are left out, and others are JSON or text.

        The cell of images is a JSON list, one data URI, or paths and URLs with a semicolon between them.
        """
        job: dict[str, Any] = {}
        for column, cell in enumerate(row):
            name = names[column] if column < len(names) else ""
            if not cell:
                continue
            if not name:
                return InvalidJsonError(
                    f"cell {column + 1} is {safe_repr(cell)}, and the head has no name for it"
                )
            if name == "images":
                job[name] = _parse_images(cell)
            else:
                job[name] = cell if name in _TEXTS else parse_value(name, cell)
        return self._with_images(job)

    def _with_images(self, line: Any) -> Any:
        """Return a job with paths in place of file names, which are relative to the file of the jobs."""
        if not isinstance(line, Mapping):
            return InvalidJsonError(f"the job is {safe_repr(line)}; expected an object")
        job = {**self._common, **line}
        images = job.get("images")
        if isinstance(images, list):
            job["images"] = [self._image(image) for image in images]
        for name in image_parameters() & line.keys():
            job[name] = self._image(job[name])
        return job

    def _image(self, value: Any) -> Any:
        """Return the path or URL of an image; anything but a text or a path as it is."""
        image = path_or_url(value) if isinstance(value, str) else value
        return self._folder / image if isinstance(image, Path) else image


def _parse_images(cell: str) -> Any:
    """Return the images of a cell; the cell itself if it is a broken JSON list."""
    text = cell.strip()
    if text.startswith("["):
        try:
            return parse_json(text.encode())
        except InvalidJsonError:
            return cell
    if text.lower().startswith("data:"):
        return [text]
    return [image.strip() for image in text.split(_LIST_SEPARATOR) if image.strip()]


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
