"""Results that can save their pictures."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, fields
from os import PathLike
from pathlib import Path
from typing import Any, Self

from wanlib.client.results.result import Result

_SAVING = """
    folder: made where it is not there. A path that ends in `.png` is the file of a single picture, unless a
    folder of that name exists. stem: the files are `<stem>-<n>.png`, n from 1; the task's id
    unless given. What is there already, whole, is not fetched again; another file of that name is left
    alone unless `overwrite`.

    Raises InvalidArgumentError for a file where there are several pictures, or with the suffix of another
    image format. Raises LinkExpiredError once the links have died, DownloadFailedError otherwise; its
    `saved` lists
    what was saved all the same.
"""


@dataclass(frozen=True, slots=True, repr=False)
class Output(Result):
    """What a call has yielded, and the way to save it."""

    saver: Callable[..., list[Path]] = field(kw_only=True, compare=False)

    @classmethod
    def _from_result(cls, result: Result, saver: Callable[..., list[Path]]) -> Self:
        """A result that is saved so."""
        return cls(**_members(result), saver=saver)

    def save(
        self, folder: str | PathLike[str], *, stem: str | None = None, overwrite: bool = False
    ) -> list[Path]:
        """Fetches the pictures side by side into files -> their paths, in order."""
        return self.saver(self, folder, stem, overwrite)


@dataclass(frozen=True, slots=True, repr=False)
class AsyncOutput(Result):
    """What a call has yielded, and the way to save it."""

    saver: Callable[..., Awaitable[list[Path]]] = field(kw_only=True, compare=False)

    @classmethod
    def _from_result(cls, result: Result, saver: Callable[..., Awaitable[list[Path]]]) -> Self:
        """A result that is saved so."""
        return cls(**_members(result), saver=saver)

    async def save(
        self, folder: str | PathLike[str], *, stem: str | None = None, overwrite: bool = False
    ) -> list[Path]:
        """Fetches the pictures side by side into files -> their paths, in order."""
        return await self.saver(self, folder, stem, overwrite)


for _save in (Output.save, AsyncOutput.save):
    _save.__doc__ = f"{_save.__doc__}\n{_SAVING}"


def _members(result: Result) -> dict[str, Any]:
    return {member.name: getattr(result, member.name) for member in fields(Result)}
