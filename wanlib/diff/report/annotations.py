"""A diff as annotations of GitHub Actions, which mark the lines of the new spec."""

from collections.abc import Iterator

from wanlib.base.redaction import printable
from wanlib.diff.change import ChangeClass, Diff

_COMMANDS = {ChangeClass.BREAKING: "error", ChangeClass.BEHAVIOUR: "warning"}


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
        command = _COMMANDS.get(change.change_class, "notice")
        place = None if location is None else (f"{folder}/{location.file}", location.line)
        yield annotation(command, change.id, change.text, place)
    for request in diff.requests or ():
        command = "error" if request.is_breaking else "warning"
        title, text = printable(request.request.place), printable(request.effect)
        yield annotation(command, title, text, request.request.source)


def annotation(command: str, title: str, text: str, place: tuple[str, int] | None = None) -> str:
    """Return a workflow command of GitHub Actions that shows a message.

    Args:
        command: `error`, `warning` or `notice`.
        title: The title of the message.
        text: The message.
        place: The file, from the top of the repository, and the line to mark; None marks none.
    """
    where = "" if place is None else f"file={_property(place[0])},line={place[1]},"
    return f"::{command} {where}title={_property(title)}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
