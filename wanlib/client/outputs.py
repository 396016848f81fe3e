"""`Output` and `AsyncOutput`: results that can save their pictures."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, fields
from os import PathLike
from pathlib import Path
from typing import Any, Self

from wanlib.client.results.result import Result


@dataclass(frozen=True, slots=True, repr=False)
class Output(Result):
    """The result of a call, which can save its pictures."""

    saver: Callable[..., list[Path]] = field(kw_only=True, compare=False)

    @classmethod
    def _from_result(cls, result: Result, saver: Callable[..., list[Path]]) -> Self:
        """Return an output with the members of a result."""
        return cls(**_members(result), saver=saver)

    def save(
        self,
        folder: str | PathLike[str],
        *,
        stem: str | None = None,
        overwrite: bool = False,
        timeout: float | None = None,
    ) -> list[Path]:
        """Fetch the pictures, several at once, and write them to files.

        A complete picture that exists already is not fetched again. A file appears under its name only
        when it is complete and on the disk. If the call is interrupted or cancelled, a note of the exception
        names the files that were saved.

        Args:
            folder: The folder, which is created if it does not exist. A path that ends in `.png` is the file
                of a single picture, unless a folder of that name exists.
            stem: The files are `<stem>-<n>.png`, with n from 1. None means the id of the task.
            overwrite: Whether another file of that name may be replaced.
            timeout: Seconds for all pictures, during which each download continues while bytes arrive. None
                means the client's own timeout.

        Returns:
            The paths of the files, in order.

        Raises:
            InvalidArgumentError: `folder` cannot be a path, or is a file for several pictures or of another
                format; or `timeout` is not allowed.
            LinkExpiredError: The links have expired.
            DownloadFailedError: A picture could not be fetched or stored; `saved` lists the files that were.
                Each of these errors has this output as `result`.
        """
        return self.saver(self, folder, stem, overwrite, timeout)


@dataclass(frozen=True, slots=True, repr=False)
class AsyncOutput(Result):
    """The result of a call of an `AsyncWan`, which can save its pictures."""

    saver: Callable[..., Awaitable[list[Path]]] = field(kw_only=True, compare=False)

    @classmethod
    def _from_result(cls, result: Result, saver: Callable[..., Awaitable[list[Path]]]) -> Self:
        """Return an output with the members of a result."""
        return cls(**_members(result), saver=saver)

    async def save(
        self,
        folder: str | PathLike[str],
        *,
        stem: str | None = None,
        overwrite: bool = False,
        timeout: float | None = None,
    ) -> list[Path]:
        """Fetch the pictures, several at once, and write them to files.

        A complete picture that exists already is not fetched again. A file appears under its name only
        when it is complete and on the disk. If the call is interrupted or cancelled, a note of the exception
        names the files that were saved.

        Args:
            folder: The folder, which is created if it does not exist. A path that ends in `.png` is the file
                of a single picture, unless a folder of that name exists.
            stem: The files are `<stem>-<n>.png`, with n from 1. None means the id of the task.
            overwrite: Whether another file of that name may be replaced.
            timeout: Seconds for all pictures, during which each download continues while bytes arrive. None
                means the client's own timeout.

        Returns:
            The paths of the files, in order.

        Raises:
            InvalidArgumentError: `folder` cannot be a path, or is a file for several pictures or of another
                format; or `timeout` is not allowed.
            LinkExpiredError: The links have expired.
            DownloadFailedError: A picture could not be fetched or stored; `saved` lists the files that were.
                Each of these errors has this output as `result`.
        """
        return await self.saver(self, folder, stem, overwrite, timeout)


def _members(result: Result) -> dict[str, Any]:
    return {member.name: getattr(result, member.name) for member in fields(Result)}
