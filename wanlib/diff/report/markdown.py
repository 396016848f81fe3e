"""A diff as Markdown: a document, and a section of a changelog."""

from collections.abc import Iterator

from wanlib.base.redaction import printable
from wanlib.diff.change import ChangeClass, Diff
from wanlib.diff.report.text import HEADINGS, NO_REQUESTS, REQUESTS, place_text, short_body, summary


def markdown_lines(diff: Diff) -> Iterator[str]:
    """Yield the lines of a Markdown document, with each witness in its own block."""
    yield f"# {_escape(summary(diff))}"
    for change_class in ChangeClass:
        changes = diff.of_class(change_class)
        if not changes:
            continue
        yield from ("", f"## {HEADINGS[change_class]}", "")
        for change in changes:
            yield f"- {_escape(change.text)} (`{change.id}`{place_text(change)})"
            for witness in change.witnesses:
                other = "new" if witness.accepted_by == "old" else "old"
                yield from ("", f"  {witness.accepted_by} accepts this, {other} refuses it:", "")
                yield from ("  ```json", f"  {short_body(witness)}", "  ```")
    if diff.requests is not None:
        yield from ("", f"## {REQUESTS}", "")
        yield from (f"- {_escape(str(request))}" for request in diff.requests)
        if not diff.requests:
            yield NO_REQUESTS


def changelog_lines(diff: Diff) -> Iterator[str]:
    """Yield a section of a changelog: one sentence for each change that is not editorial."""
    yield f"## {_escape(diff.new)}"
    if all(change.change_class is ChangeClass.EDITORIAL for change in diff.changes):
        yield from ("", "No changes.")
    for change_class in (ChangeClass.BREAKING, ChangeClass.BEHAVIOUR, ChangeClass.ADDITIVE):
        changes = diff.of_class(change_class)
        if changes:
            yield from ("", f"### {HEADINGS[change_class]}", "")
            yield from (f"- {_escape(change.text)} (`{change.id}`)" for change in changes)


def _escape(text: str) -> str:
    """Return text that Markdown shows unchanged."""
    for character in "\\`*_[]<>":
        text = text.replace(character, f"\\{character}")
    return printable(text)
