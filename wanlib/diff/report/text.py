"""A diff as plain text, as Markdown, as a section of a changelog, and as annotations of GitHub."""

import json
from collections.abc import Iterator
from typing import Any

from wanlib.base.redaction import printable, redact_json
from wanlib.diff.change import Change, ChangeClass, Diff, Witness

HEADINGS = {
    ChangeClass.BREAKING: "Breaking",
    ChangeClass.BEHAVIOUR: "Other results, prices or outcomes",
    ChangeClass.ADDITIVE: "Additions",
    ChangeClass.EDITORIAL: "Editorial",
}
"""The heading of each class."""
LONGEST_BODY = 2_000
"""Characters of a witness in a report; a longer one, which contains an image, is shortened."""
_ANNOTATIONS = {ChangeClass.BREAKING: "error", ChangeClass.BEHAVIOUR: "warning"}


def summary(diff: Diff) -> str:
    """Return one sentence: the number of changes of each class."""
    counts = [
        f"{len(changes)} {change_class}"
        for change_class in ChangeClass
        if (changes := diff.of_class(change_class))
    ]
    result = ", ".join(counts) or "no changes"
    return f"{diff.old} -> {diff.new}: {result}"


def text_lines(diff: Diff) -> Iterator[str]:
    """Yield the lines for a terminal or a pipe."""
    yield printable(summary(diff))
    for change_class in ChangeClass:
        changes = diff.of_class(change_class)
        if not changes:
            continue
        yield ""
        yield HEADINGS[change_class]
        for change in changes:
            yield f"  {printable(change.text)}"
            yield f"    {printable(change.id)} ({change.relation}){_place(change)}"
            for witness in change.witnesses:
                yield f"    {_witness_line(witness)}"


def _place(change: Change) -> str:
    location = change.new_location or change.old_location
    return f", {location.file}:{location.line}" if location else ""


def _witness_line(witness: Witness) -> str:
    other = "new" if witness.accepted_by == "old" else "old"
    call = f", call {witness.call}" if witness.call else ""
    body = printable(short_body(witness))
    return f"{witness.accepted_by} accepts, {other} refuses{call}: {body}"


def short_body(witness: Witness) -> str:
    """Return the body of a witness as JSON text, with images shortened if it is long."""
    text = _json(witness.body)
    return text if len(text) <= LONGEST_BODY else _json(redact_json(witness.body))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def markdown_lines(diff: Diff) -> Iterator[str]:
    """Yield the lines of a Markdown document, with each witness in a block of its own."""
    yield f"# {_escape(summary(diff))}"
    for change_class in ChangeClass:
        changes = diff.of_class(change_class)
        if not changes:
            continue
        yield from ("", f"## {HEADINGS[change_class]}", "")
        for change in changes:
            yield f"- {_escape(change.text)} (`{change.id}`{_place(change)})"
            for witness in change.witnesses:
                other = "new" if witness.accepted_by == "old" else "old"
                yield from ("", f"  {witness.accepted_by} accepts this, {other} refuses it:", "")
                yield from ("  ```json", f"  {short_body(witness)}", "  ```")


def changelog_lines(diff: Diff) -> Iterator[str]:
    """Yield a section of a changelog: one sentence for each change that is more than editorial."""
    yield f"## {diff.new}"
    for change_class in (ChangeClass.BREAKING, ChangeClass.BEHAVIOUR, ChangeClass.ADDITIVE):
        changes = diff.of_class(change_class)
        if changes:
            yield from ("", f"### {HEADINGS[change_class]}", "")
            yield from (f"- {_escape(change.text)} (`{change.id}`)" for change in changes)


def _escape(text: str) -> str:
    """Return text that Markdown shows as it is."""
    for character in "\\`*_[]<>":
        text = text.replace(character, f"\\{character}")
    return printable(text)


def annotation_lines(diff: Diff, folder: str) -> Iterator[str]:
    """Yield workflow commands of GitHub Actions, which mark the lines of the new spec.

    Args:
        diff: The diff.
        folder: The folder of the new spec, from the top of the repository.
    """
    for change in diff.changes:
        if change.change_class is ChangeClass.EDITORIAL:
            continue
        location = change.new_location
        place = f"file={_property(f'{folder}/{location.file}')},line={location.line}," if location else ""
        command = _ANNOTATIONS.get(change.change_class, "notice")
        yield f"::{command} {place}title={_property(change.id)}::{_data(change.text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
