"""A copy of the spec files in which the numbers are moved to other values that the loader accepts.

Limits, defaults, prices, rates, durations and sizes move by a small step. The rest stays: names with digits
(models, statuses, hosts), prose, and what `kept` states.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from wanlib.spec import SpecError, load

YamlPath = tuple[str | int, ...]
NOT_NUMBERS = ("notes", "source", "wan", "status", "accepted_status", "retry_statuses")
"""Keys whose values are prose or names, whatever digits they contain."""
MARGIN = 16
"""Pixels by which the sides of a size move: a multiple of every `multiple_of`."""
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DURATION = re.compile(r"([0-9]+) (ms|s|min|h|d|MB)")
_PIXELS = re.compile(r"([0-9]+)\*([0-9]+)")
_RATIO = re.compile(r"([0-9]+):([0-9]+)")
_DECIMAL = re.compile(r"([0-9]+)\.([0-9]+)")
_INTEGER = re.compile(r"[0-9]+")
_FORMS = (_DURATION, _PIXELS, _RATIO, _DECIMAL, _INTEGER)


@dataclass(frozen=True, slots=True)
class Number:
    """A number in a spec file.

    Attributes:
        file: The name of the file.
        path: Keys and indices from the top.
        line: The line, from 1.
        start: The position of its first character in the file; a quote is not part of it.
        text: The number as written.
    """

    file: str
    path: YamlPath
    line: int
    start: int
    text: str

    @property
    def kind(self) -> str:
        """The name of the limit or fact: the last key that is one."""
        return next(str(step) for step in reversed(self.path) if isinstance(step, str) and step != "is")


def find_numbers(file: str, text: str) -> Iterator[Number]:
    """Yield the numbers of a spec file."""
    for path, node in _scalars(yaml.compose(text, Loader=_LOADER), ()):
        start = node.start_mark.index + bool(node.style)
        is_number = any(form.fullmatch(node.value) for form in _FORMS)
        if is_number and not any(step in NOT_NUMBERS for step in path):
            yield Number(file, path, node.start_mark.line + 1, start, node.value)


def _scalars(node: Any, path: YamlPath) -> Iterator[tuple[YamlPath, yaml.ScalarNode]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _scalars(value, (*path, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _scalars(value, (*path, index))
    else:
        yield path, node


def kept(number: Number) -> str:
    """Return why a number stays; empty if it moves."""
    if number.text in ("0", "1", "0.0", "1.0"):
        return "where counting begins, or a single one"
    if number.kind == "count":
        return "the number of corners of a box, or of turns of a conversation"
    if number.kind in ("total", "decimals"):
        return "percentages have two decimals and add up to 100"
    if number.kind == "multiple_of":
        return "the sizes of the other lines are written for it"
    return ""


def candidates(number: Number) -> list[str]:
    """Return other values for a number, the preferred one first, and last its own."""
    shrinks = number.kind.startswith("min_") or number.path[-1] == "min"
    steps = (-1, 1) if shrinks else (1, -1)
    return [*dict.fromkeys(_moved(number.text, step) for step in steps), number.text]


def _moved(text: str, step: int) -> str:
    if match := _DURATION.fullmatch(text):
        return f"{int(match[1]) + step} {match[2]}"
    if match := _PIXELS.fullmatch(text):
        return f"{int(match[1]) + MARGIN * step}*{int(match[2]) + MARGIN * step}"
    if match := _RATIO.fullmatch(text):
        large = 1 if match[2] == "1" else 2
        sides = [int(match[side]) + abs(step) * (side == large) for side in (1, 2)]
        return f"{sides[0]}:{sides[1]}"
    if match := _DECIMAL.fullmatch(text):
        digits = len(match[2])
        return f"{Decimal(text) + Decimal(step).scaleb(-digits)}"
    return str(int(text) + step)


@dataclass(frozen=True, slots=True)
class MovedSpec:
    """The moved files.

    Attributes:
        texts: The files by name.
        moved: The numbers that moved, each with its new text.
        stuck: The numbers for which the loader accepts no other value.
    """

    texts: dict[str, str]
    moved: list[tuple[Number, str]]
    stuck: list[Number]


def move_numbers(source: Path, folder: Path) -> MovedSpec:
    """Write the moved spec to a folder that has the other files of a spec already.

    Args:
        source: The folder of the spec.
        folder: Where the moved files are written.
    """
    texts = {path.name: path.read_text("utf-8") for path in sorted(source.glob("*.yaml"))}
    numbers = [
        number
        for name, text in texts.items()
        if name != "sources.yaml"
        for number in find_numbers(name, text)
        if not kept(number)
    ]
    choice = dict.fromkeys(numbers, 0)
    while True:
        written = {name: _written(text, choice, name) for name, text in texts.items()}
        for name, text in written.items():
            (folder / name).write_text(text, "utf-8")
        try:
            load(folder)
        except SpecError as error:
            lines = {tuple(line.split(":")[:2]) for line in error.diagnostics}
            wrong = [number for number in numbers if (number.file, str(number.line)) in lines]
            wrong = [number for number in wrong if choice[number] < len(candidates(number)) - 1]
            if not wrong:
                raise
            choice |= {number: choice[number] + 1 for number in wrong}
        else:
            break
    ends = {number: candidates(number)[index] for number, index in choice.items()}
    return MovedSpec(
        written,
        [(number, text) for number, text in ends.items() if text != number.text],
        [number for number, text in ends.items() if text == number.text],
    )


def _written(text: str, choice: dict[Number, int], name: str) -> str:
    for number, index in sorted(choice.items(), key=lambda item: -item[0].start):
        if number.file == name:
            end = number.start + len(number.text)
            text = text[: number.start] + candidates(number)[index] + text[end:]
    return text
