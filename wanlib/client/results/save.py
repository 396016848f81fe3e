"""Download all pictures of a result, and store them as files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from wanlib.client.protocol.effects import Gather, RunBlocking, Steps
from wanlib.client.results.download import DownloadRules, fetch_to_file
from wanlib.client.results.file_names import check_place, is_complete_picture
from wanlib.client.results.partial_file import PartialFile
from wanlib.client.results.parts import Picture
from wanlib.client.results.result import Result
from wanlib.client.results.save_target import validate_stem
from wanlib.errors import DownloadFailedError, LinkExpiredError, WanError

CONCURRENT_DOWNLOADS = 4
"""Pictures fetched at once."""


def save(
    result: Result,
    folder: Path,
    rules: DownloadRules,
    *,
    stem: str,
    file: Path | None = None,
    width: int = CONCURRENT_DOWNLOADS,
    overwrite: bool = False,
) -> Steps[list[Path]]:
    """Fetch each picture of a result into `<folder>/<stem>-<n>.png`, with n from 1.

    A picture appears under its name only when it is complete. No other file is overwritten unless
    `overwrite`. If the call is interrupted, saved files remain, and a note of the exception lists them.

    Args:
        result: The result.
        folder: The folder.
        rules: How the pictures are fetched.
        stem: The beginning of the file names. If it contains the task or request id, a complete PNG under a
            picture's name is taken as that picture, so that an interrupted run is continued; otherwise the
            picture is fetched and compared.
        file: The path of the only picture, in place of folder and stem. None for a folder.
        width: How many are fetched at once.
        overwrite: Whether another file of that name may be replaced.

    Returns:
        The files, in order.

    Raises:
        LinkExpiredError: All failed pictures have expired links.
        DownloadFailedError: A picture was not fetched or stored; `saved` lists those that were.
        InvalidArgumentError: The stem cannot be a file name.
    """
    if file is None:
        validate_stem(stem)
    ids = (result.task_id, result.request_id)
    is_own_name = file is None and any(name and name in stem for name in ids)
    saves = [
        _PictureSave(picture, file or folder / f"{stem}-{number}.png", rules, is_own_name, overwrite)
        for number, picture in enumerate(result.images, 1)
    ]
    try:
        outcomes: Sequence[Any] = (yield Gather([item.run() for item in saves], width)) if saves else ()
    except BaseException as interruption:
        _stop(saves, interruption)
        raise
    for outcome in outcomes:
        if isinstance(outcome, BaseException) and not isinstance(outcome, WanError):
            raise outcome
    if any(isinstance(outcome, WanError) for outcome in outcomes):
        raise _combined_error(result, saves, outcomes)
    return list(outcomes)


class _PictureSave:
    """The download of one picture into a file.

    Attributes:
        target: The file.
    """

    def __init__(
        self, picture: Picture, target: Path, rules: DownloadRules, is_own_name: bool, overwrite: bool
    ) -> None:
        self.target = target
        self._was_there = False
        self._picture = picture
        self._rules = rules
        self._is_own_name = is_own_name
        self._overwrite = overwrite
        self._part = PartialFile(target, rules.max_bytes, rules.clock.now)

    def run(self) -> Steps[Path]:
        """Return the file of the picture, fetched if it does not exist."""
        try:
            self._was_there = yield RunBlocking(self._is_there)
            if not self._was_there:
                yield from fetch_to_file(self._picture, self._rules, self._part, self._overwrite)
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise DownloadFailedError(f"it can't be stored as {self.target}: {why}") from error
        return self.target

    @property
    def is_saved(self) -> bool:
        """Whether the picture is in its file."""
        return self._was_there or self._part.is_saved

    def stop(self) -> None:
        """Stop a thread that still downloads the picture, and remove its file."""
        self._part.discard()

    def _is_there(self) -> bool:
        """Return whether the file is this picture. Raise DownloadFailedError if its name cannot be used."""
        check_place(self.target, self._overwrite)
        return self._is_own_name and not self._overwrite and is_complete_picture(self.target)


def _stop(saves: Sequence[_PictureSave], interruption: BaseException) -> None:
    """Stop all downloads immediately, and note which pictures are saved."""
    for item in saves:
        item.stop()
    saved = [item.target for item in saves if item.is_saved]
    files = f": {', '.join(map(str, saved))}" if saved else ""
    interruption.add_note(f"{len(saved)} of {len(saves)} pictures are saved{files}")


def _combined_error(
    result: Result, saves: Sequence[_PictureSave], outcomes: Sequence[Any]
) -> DownloadFailedError:
    """Return one error for all pictures that failed, with the files that were saved."""
    failed = [
        (item, outcome)
        for item, outcome in zip(saves, outcomes, strict=True)
        if isinstance(outcome, WanError)
    ]
    reasons = "; ".join(f"{item.target.name}: {error.message}" for item, error in failed)
    are_all_expired = all(isinstance(error, LinkExpiredError) for _, error in failed)
    error = (LinkExpiredError if are_all_expired else DownloadFailedError)(
        f"{len(failed)} of {len(saves)} pictures were not saved: {reasons}",
        status=failed[0][1].status,
        request_id=result.request_id,
        task_id=result.task_id,
    )
    error.saved = tuple(item.target for item in saves if item.is_saved)
    error.__cause__ = next((outcome.__cause__ for _, outcome in failed if outcome.__cause__), None)
    return error
