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
    """Every run of white space as one blank, none at the ends."""
    return " ".join(text.split())


def sha256(unit: str) -> str:
    """The SHA-256 of a unit's UTF-8, in hexadecimal."""
    return hashlib.sha256(unit.encode()).hexdigest()


def split_statements(text: str) -> list[str]:
    """The sentences and table cells of a text, in order, white space folded.

    A cell of a table's head is the cell itself, a row's first cell `head | cell`, any other cell
    `head | first cell of its row | cell`, so that equal numbers differ. What has no letter and no digit
    (a picture's place, a rule between rows) says nothing and is no unit. The second time that a unit occurs
    it ends in ` (2)`, and so on: each stands for one place of the page.
    """
    seen: Counter[str] = Counter()
    found = []
    for unit in _plain_units(text):
        seen[unit] += 1
        found.append(unit if seen[unit] == 1 else f"{unit} ({seen[unit]})")
    return found


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
    """The parts, those that were cut in two put together again."""
    whole = ""
    for part in parts:
        if whole and not _continues(whole, part):
            yield whole
            whole = ""
        whole = f"{whole} {part}".strip()
    yield whole


def _continues(part: str, following: str) -> bool:
    """Whether a sentence runs on: it stops at a word that asks for another, or at a colon before code."""
    return bool(CUT.search(part) or (part.endswith(":") and following[:1].islower()))


def _is_statement(unit: str) -> bool:
    return any(character.isalnum() for character in unit)
