"""A diff as plain text, and the parts that all reports share: headings, the summary, short bodies."""

import json
from collections.abc import Iterator

from wanlib.base.redaction import printable, redact_json
from wanlib.diff.change import ChangeClass, Diff, DiffChange, Witness

HEADINGS = {
    ChangeClass.BREAKING: "Breaking",
    ChangeClass.BEHAVIOUR: "Other results, prices or outcomes",
    ChangeClass.ADDITIVE: "Additions",
    ChangeClass.EDITORIAL: "Editorial",
}
"""The heading of each class."""
REQUESTS = "Your requests"
"""The heading of the requests of the user."""
NO_REQUESTS = "All are treated as before."
"""The text under it if none is treated differently."""
LONGEST_BODY = 400
"""Maximum number of characters of a witness in a report; a longer one, with an image, is shortened."""


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
            yield f"    {printable(change.id)} ({change.relation}){place_text(change)}"
            for witness in change.witnesses:
                yield f"    {_witness_line(witness)}"
    if diff.requests is not None:
        yield from ("", REQUESTS)
        yield from (f"  {printable(str(request))}" for request in diff.requests)
        if not diff.requests:
            yield f"  {NO_REQUESTS}"


def place_text(change: DiffChange) -> str:
    """Return `, file:line` of the new side, or of the old one; empty if neither states it."""
    location = change.new_location or change.old_location
    return f", {location.file}:{location.line}" if location else ""


def _witness_line(witness: Witness) -> str:
    other = "new" if witness.accepted_by == "old" else "old"
    call = f", call {witness.call}" if witness.call else ""
    body = printable(short_body(witness))
    return f"{witness.accepted_by} accepts, {other} refuses{call}: {body}"


def short_body(witness: Witness, indent: int | None = None) -> str:
    """Return the body of a witness as JSON text, with images shortened if it is long.

    Args:
        witness: The witness.
        indent: Spaces for each level of nesting; None for one line.
    """
    is_short = len(json.dumps(witness.body, ensure_ascii=False)) <= LONGEST_BODY
    body = witness.body if is_short else redact_json(witness.body)
    return json.dumps(body, ensure_ascii=False, indent=indent)
