"""The vendor's guide as a list of units: one for each sentence and for each table cell.

A unit is what `spec/sources.yaml` accounts for, by its SHA-256, so that the repository need not hold the
vendor's words. The guide is text that a browser left behind: sentences run over several lines, bullets
stand inside lines, and the blank after a full stop is often lost.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import zip_longest

# A line that ends so was cut in mid-sentence, where the page had a word in code style.
CUT = re.compile(r"\b(?:a|an|and|from|of|or|the|to|triggers|version|with)$", re.IGNORECASE)
# The dash of a bullet, before its text or left over on the line above it; not that of "240 - 8,000".
BULLET = re.compile(r"(?:^|(?<=[.:]))\s?-(?:\s|$)|\s-(?:$|\s(?=[A-Z]))")
END = re.compile(
    r"""
      (?<=[.!?]) (?<!e\.g\.) \s+                # the usual end of a sentence
    | (?<=[.!?]["')\]]) \s+                       # the same, inside a bracket or a quotation
    | (?<=[\w)\]}][.!?]) (?=[A-Z])                # the blank after it lost: "later.Outdated"
    | (?<=[a-z]\.) (?=\d)                         # the same before a number: "pixels.4K", not "2.7"
    """,
    re.VERBOSE,
)


def normalize_space(text: str) -> str:
    """Replace every run of white space by one blank, and remove it at the ends."""
    return " ".join(text.split())


def sha256(unit: str) -> str:
    """Return the SHA-256 of a unit in UTF-8, in hex."""
    return hashlib.sha256(unit.encode()).hexdigest()


def split_statements(text: str) -> list[str]:
    """Return the sentences and table cells of a text in order, with normalized white space.

    A cell in the head of a table is the cell itself, the first cell of a row is `head | cell`, any other
    is `head | first cell of the row | cell`, so that equal numbers differ. Text without a letter or digit
    (the place of a picture, a rule between rows) is not a unit. The second occurrence of a unit ends in
    ` (2)`, and so on, so that each unit is one place of the page.
    """
    seen: Counter[str] = Counter()
    units = []
    for unit in _plain_units(text):
        seen[unit] += 1
        units.append(unit if seen[unit] == 1 else f"{unit} ({seen[unit]})")
    return units


def _plain_units(text: str) -> Iterator[str]:
    prose: list[str] = []
    table: list[list[str]] = []
    for line in [*map(normalize_space, text.splitlines()), ""]:
        if line.startswith("|"):
            yield from _sentences(prose)
            prose = []
            table.append([cell.strip() for cell in line.strip("|").split("|")])
        else:
            yield from _cells(table)
            table = []
            prose.append(line)
    yield from _sentences(prose)


def _cells(table: list[list[str]]) -> Iterator[str]:
    if not table:
        return
    head, *rows = table
    yield from filter(_is_statement, head)
    for row in rows:
        label, *cells = row
        if _is_statement(label):
            yield f"{head[0]} | {label}"
        for name, cell in zip_longest(head[1:], cells, fillvalue=""):
            if _is_statement(cell):
                yield f"{name} | {label} | {cell}"


def _sentences(lines: list[str]) -> Iterator[str]:
    for item in _joined(part for line in lines for part in BULLET.split(line)):
        yield from filter(_is_statement, map(normalize_space, END.split(item)))


def _joined(parts: Iterable[str]) -> Iterator[str]:
    """Yield the parts, with those that were cut in two joined again."""
    sentence = ""
    for part in parts:
        if sentence and not _continues(sentence, part):
            yield sentence
            sentence = ""
        sentence = f"{sentence} {part}".strip()
    yield sentence


def _continues(part: str, following: str) -> bool:
    """Return whether a sentence continues: after a conjunction or article, or a colon before code."""
    return bool(CUT.search(part) or (part.endswith(":") and following[:1].islower()))


def _is_statement(unit: str) -> bool:
    return any(character.isalnum() for character in unit)
