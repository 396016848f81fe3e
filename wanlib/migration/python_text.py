"""Values as Python text, with parts that keep the expression of the source they come from."""

import json
from typing import Any

_INDENT = 4


class Written(str):
    """A string that represents an expression of a program.

    It is validated as the string. A value made from it, such as a shorter one, is a plain string again.

    Attributes:
        source: The expression; with a star, the items of a list that is not read.
    """

    source: str

    def __new__(cls, value: str, source: str) -> "Written":
        """Create a string with the expression that it represents."""
        written = super().__new__(cls, value)
        written.source = source
        return written

    @property
    def is_starred(self) -> bool:
        """Whether it represents the items of a list."""
        return self.source.startswith("*")

    @property
    def unstarred(self) -> str:
        """The expression of the list; the expression itself if it represents one value."""
        return self.source.removeprefix("*")


def python_text(value: Any, column: int, width: int) -> str:
    """Return the expression of a JSON value.

    Args:
        value: The value; strings in it may be `Written`.
        column: The indentation of the line that the expression begins in.
        width: Maximum number of characters of a line. A longer list or dict has one item on each line, except
            for a dict of one member.
    """
    line = _one_line(value)
    if column + len(line) <= width and "\n" not in line:
        return line
    inner = " " * (column + _INDENT)
    if isinstance(value, list) and not _list_expression(value):
        items = [_item(item, column + _INDENT, width) for item in value]
        opening, closing = "[", "]"
    elif isinstance(value, dict) and len(value) > 1:
        items = [
            f"{_one_line(name)}: {python_text(item, column + _INDENT, width)}" for name, item in value.items()
        ]
        opening, closing = "{", "}"
    else:
        return line
    return "\n".join((opening, *(f"{inner}{item}," for item in items), " " * column + closing))


def _item(item: Any, column: int, width: int) -> str:
    return _one_item(item) if _starred(item) else python_text(item, column, width)


def _one_line(value: Any) -> str:
    if isinstance(value, Written):
        return f"{value.unstarred}[0]" if value.is_starred else value.source
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, list):
        expression = _list_expression(value)
        return str(expression.unstarred) if expression else f"[{', '.join(map(_one_item, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_one_line(name)}: {_one_line(item)}" for name, item in value.items()) + "}"
    return repr(value)  # a number, a truth value or None


def _one_item(item: Any) -> str:
    """Return an item of a list; if it represents several, all of them, inside the dicts that contain it."""
    starred = _starred(item)
    if starred is None:
        return _one_line(item)
    if item is starred:
        return str(starred.source)
    members = ", ".join(
        f"{_one_line(name)}: {'each' if value is starred else _one_line(value)}"
        for name, value in item.items()
    )
    return f"*({{{members}}} for each in {starred.unstarred})"


def _starred(item: Any) -> Written | None:
    """Return the starred expression that an item is or contains; None if there is none."""
    for value in item.values() if isinstance(item, dict) else (item,):
        if isinstance(value, Written) and value.is_starred:
            return value
    return None


def _list_expression(value: list[Any]) -> Written | None:
    """Return the expression whose items a list has, if it has no others."""
    return _starred(value[0]) if len(value) == 1 and isinstance(value[0], Written) else None


def _string(value: str) -> str:
    """Return a literal in double quotes."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return repr(value)
    return json.dumps(value, ensure_ascii=False)
