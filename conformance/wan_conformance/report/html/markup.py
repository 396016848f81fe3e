"""Escaped HTML: every text of a log, a body or a server passes `text`."""

import json
from collections.abc import Iterable
from html import escape
from typing import Any
from urllib.parse import quote

from wanlib.base.redaction import printable


def text(value: object) -> str:
    """Return a value as text for HTML: escaped, without keys and control characters."""
    return escape(printable(str(value)))


def lines(value: str) -> str:
    """Return a text of several lines for `<pre>`."""
    return "\n".join(map(text, value.split("\n")))


def anchor(*parts: str) -> str:
    """Return the URL of a view of this file, such as `#rule/wan2.7/n.max`."""
    return "#" + "/".join(quote(printable(part), safe="/:,.@*+-_=") for part in parts)


def link(label: object, *parts: str) -> str:
    """Return a link to a view of this file."""
    return f'<a href="{escape(anchor(*parts))}">{text(label)}</a>'


def json_block(name: str, value: Any) -> str:
    """Return a script element that holds data; no text in the data can end the element."""
    dumped = json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="application/json" id="{name}">{dumped}</script>'


def table(caption: str, heads: Iterable[str], rows: Iterable[Iterable[str]], kind: str = "") -> str:
    """Return a table that scrolls sideways in its own frame.

    Args:
        caption: Its caption, as text.
        heads: The heads of the columns, as text.
        rows: The cells of each row, as markup; the first one is the head of the row.
        kind: A class of the frame: `words` for columns of words; empty for numbers.
    """
    head = "".join(f'<th scope="col">{text(label)}</th>' for label in heads)
    body = "".join(
        f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in others)}</tr>'
        for first, *others in rows
    )
    return (
        f'<div class="frame {kind}" role="region" tabindex="0" aria-label="{text(caption)}"><table>'
        f'<caption class="unseen">{text(caption)}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )
