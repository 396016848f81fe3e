"""Whether anything was lost or paid twice after a death, by what the service knows."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple


class Books(NamedTuple):
    """What the service accepted and billed from the first process on.

    accepted: tasks. billed: pictures. canceled: tasks by their ids. drawn: the picture of each other task.
    """

    accepted: int
    billed: int
    canceled: frozenset[str]
    drawn: Mapping[str, bytes]


def judge(books: Books, intents: int, found: Sequence[Mapping[str, Any]], folder: Path) -> Iterator[str]:
    """The promises that were broken, in words.

    intents: calls that were meant to be made. found: what each of two resumes told. folder: of the pictures.
    """
    for each in found:
        if "told" not in each:
            yield f"resume came to no end: {each}"
            return
    first, second = (each["told"] for each in found)
    if books.accepted > intents or books.billed > intents:
        yield f"paid twice: {intents} calls made {books.accepted} tasks and {books.billed} billed pictures"
    # Where all calls became tasks it is certain which is whose, and to name it is not enough.
    named = first["lost"] if books.accepted < intents else []
    yield from _lost(books, first["failed"], named, folder)
    yield from incomplete_files(books, folder)
    if second["results"] or second["failed"] or second["lost"] != first["lost"]:
        yield f"there was something left to do: resume told {first}, and then {second}"


def incomplete_files(books: Books, folder: Path) -> Iterator[str]:
    """Files under a final name that are no whole picture of a task."""
    for file in sorted(folder.glob("[!.]*")):
        if books.drawn.get(file.name.removesuffix("-1.png")) != file.read_bytes():
            yield f"{file.name} is there and is no picture that was made"


def _lost(
    books: Books, failed: Sequence[Sequence[str]], named: Sequence[Sequence[str]], folder: Path
) -> Iterator[str]:
    """Accepted tasks: on the disk, or told to be canceled, or the one candidate of a lost call.

    failed: ids with the names of their errors. named: the candidates of each lost call.
    """
    for task in books.canceled:
        if [task, "TaskCanceledError"] not in failed:
            yield f"task {task} was canceled, and resume told of errors {failed}"
    for task in books.drawn:
        if not (folder / f"{task}-1.png").exists() and [task] not in named:
            yield f"lost: task {task} was accepted, and resume named as lost {named}"
