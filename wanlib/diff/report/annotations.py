"""A diff as annotations of GitHub Actions, which mark the lines of the new spec."""

from collections.abc import Iterator

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
        place = f"file={_property(f'{folder}/{location.file}')},line={location.line}," if location else ""
        command = _COMMANDS.get(change.change_class, "notice")
        yield f"::{command} {place}title={_property(change.id)}::{_data(change.text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
