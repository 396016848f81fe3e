"""Result pictures, fetched and stored as files before their links expire."""

from collections.abc import Callable, Sequence
from functools import partial
from mimetypes import guess_type
from pathlib import Path
from random import Random
from typing import Any, NamedTuple, TypeVar

from wanlib.base.clock import Clock
from wanlib.base.redaction import safe_repr
from wanlib.base.urls import get_host, is_private
from wanlib.base.values import MIB
from wanlib.client.http.messages import Request, Response, TransportError
from wanlib.client.protocol.context import MAX_RETRIES
from wanlib.client.protocol.effects import Gather, RunBlocking, Send, Sleep, Steps
from wanlib.client.protocol.timing import Backoff, Deadline
from wanlib.client.results.partial_file import (
    IncompletePictureError,
    PartialFile,
    PictureBuffer,
    is_complete_png,
)
from wanlib.client.results.parts import Picture
from wanlib.client.results.result import Result
from wanlib.errors import DownloadFailedError, InvalidArgumentError, LinkExpiredError, WanError

T = TypeVar("T")
MAX_PICTURE_BYTES = 256 * MIB
"""Bytes that a picture may have at most: a bound against endless answers and no fact of the API.

The largest picture of the pages, 4096 by 4096, is 48 MiB before any compression.
"""
_GONE_STATUSES = frozenset({403, 404, 410})  # what a store answers for a link that is dead
_RETRYABLE_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
_PNG = "image/png"
_FORBIDDEN_CHARACTERS = frozenset('<>:"/\\|?*')  # what some system refuses in a file name


class _DownloadJob(NamedTuple):
    """One picture to fetch.

    Attributes:
        target: The file for it; None if its bytes are returned.
        name_is_unique: Whether a file of this name can only be this picture.
        attempts: The most attempts.
        deadline: None for no deadline.
    """

    picture: Picture
    target: Path | None
    name_is_unique: bool
    links_expire_at: float | None
    make_request: Callable[[str], Request]
    clock: Clock
    backoff: Backoff
    max_bytes: int
    overwrite: bool
    allow_private: bool
    attempts: int
    deadline: Deadline | None


def save(
    result: Result,
    folder: Path,
    make_request: Callable[[str], Request],
    clock: Clock,
    *,
    stem: str,
    file: Path | None = None,
    width: int = 4,
    max_bytes: int = MAX_PICTURE_BYTES,
    overwrite: bool = False,
    allow_private: bool = False,
    backoff: Backoff | None = None,
    attempts: int = 1 + MAX_RETRIES,
    deadline: Deadline | None = None,
) -> Steps[list[Path]]:
    """Fetch each picture of a result into `<folder>/<stem>-<n>.png`, with n from 1.

    A picture appears under its name only when it is complete. No other file is overwritten unless
    `overwrite`.

    Args:
        result: The result.
        folder: The folder.
        make_request: Makes the GET request of a URL; it must not contain a key.
        clock: Source of time.
        stem: The beginning of the file names. If it contains the task or request id, a complete PNG under a
            picture's name is taken as that picture, so that an interrupted run is continued; else the picture
            is fetched and compared.
        file: The path of the only picture, in place of folder and stem. None for a folder.
        width: How many are fetched at once.
        max_bytes: The most bytes of a picture.
        overwrite: Whether another file of that name may be replaced.
        allow_private: Whether addresses that are not public may be requested.
        backoff: The waits between attempts; None for the default.
        attempts: The most attempts for each picture.
        deadline: The time after which no attempt starts; None for no deadline.

    Returns:
        The files, in order.

    Raises:
        LinkExpiredError: Expired links are the only cause.
        DownloadFailedError: A picture was not fetched or stored; `saved` lists those that were.
        InvalidArgumentError: The stem cannot be a file name.
    """
    if file is None:
        validate_stem(stem)
    name_is_unique = file is None and any(
        name and name in stem for name in (result.task_id, result.request_id)
    )
    jobs = [
        _DownloadJob(
            picture,
            file or folder / f"{stem}-{number}.png",
            name_is_unique,
            result.links_expire_at,
            make_request,
            clock,
            backoff or Backoff(1.0, 10.0, Random()),
            max_bytes,
            overwrite,
            allow_private,
            attempts,
            deadline,
        )
        for number, picture in enumerate(result.images, 1)
    ]
    outcomes: Sequence[Any] = (yield Gather([_save_picture(job) for job in jobs], width)) if jobs else ()
    failed = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    for error in failed:
        if not isinstance(error, WanError):
            raise error
    if failed:
        raise _combined_error(result, jobs, outcomes)
    return list(outcomes)


def fetch(
    picture: Picture,
    make_request: Callable[[str], Request],
    clock: Clock,
    *,
    backoff: Backoff,
    links_expire_at: float | None = None,
    max_bytes: int = MAX_PICTURE_BYTES,
    allow_private: bool = False,
    attempts: int = 1 + MAX_RETRIES,
    deadline: Deadline | None = None,
) -> Steps[bytes]:
    """Fetch one picture, with the checks of `save`, and return its bytes.

    Raises:
        LinkExpiredError: The link has expired.
        DownloadFailedError: The picture cannot be fetched.
    """
    job = _DownloadJob(
        picture,
        None,
        False,
        links_expire_at,
        make_request,
        clock,
        backoff,
        max_bytes,
        False,
        allow_private,
        attempts,
        deadline,
    )
    try:
        _check_link(job)
        return (yield from _fetch(job, _download_to_memory))
    except DownloadFailedError as error:
        message = f"the picture was not fetched: {error.message}"
        raise type(error)(message, status=error.status) from error.__cause__


def _save_picture(job: _DownloadJob) -> Steps[Path]:
    """Return the file of a picture, which is there or fetched in a few attempts."""
    assert job.target is not None
    try:
        if (
            job.name_is_unique
            and not job.overwrite
            and (yield RunBlocking(partial(_exists_complete, job.target)))
        ):
            return job.target
        _check_link(job)
        return (yield from _fetch(job, _download_to_file))
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise DownloadFailedError(f"it can't be stored as {job.target}: {why}") from error


def _fetch(job: _DownloadJob, attempt: "Callable[[_DownloadJob], Steps[T]]") -> Steps[T]:
    tried = 0
    while True:
        tried += 1
        try:
            return (yield from attempt(job))
        except (TransportError, IncompletePictureError) as error:
            reason = str(error) or type(error).__name__
        wait = job.backoff.wait(tried)
        if tried >= job.attempts or (job.deadline and not job.deadline.permits_wait(wait)):
            break
        yield Sleep(wait)
        _check_link(job)
    times = "1 try" if tried == 1 else f"{tried} tries"
    late = "" if tried >= job.attempts else " before the time was up"
    raise DownloadFailedError(f"it could not be fetched in {times}{late}: {reason}")


def _download_to_file(job: _DownloadJob) -> Steps[Path]:
    assert job.target is not None
    part = PartialFile(job.target, job.max_bytes)
    try:
        yield RunBlocking(part.open)
        _check_response((yield Send(job.make_request(job.picture.url), part)))
        kept: Path = yield RunBlocking(partial(part.commit, job.overwrite))
        return kept
    finally:
        part.discard()


def _download_to_memory(job: _DownloadJob) -> Steps[bytes]:
    buffer = PictureBuffer(job.max_bytes)
    _check_response((yield Send(job.make_request(job.picture.url), buffer)))
    return buffer.complete()


def _check_link(job: _DownloadJob) -> None:
    """Raise DownloadFailedError for a URL that is not requested at all."""
    host = get_host(job.picture.url)
    if host is None:
        raise DownloadFailedError(f"its link is not a plain http(s) URL: {job.picture!r}")
    if is_private(host) and not job.allow_private:
        raise DownloadFailedError(
            f"its link leads to {safe_repr(host)}, which is not a public address; it is not requested"
        )
    if job.links_expire_at is not None and job.clock.wall() >= job.links_expire_at:
        raise LinkExpiredError("its link has expired; the picture is gone")


def _check_response(response: Response) -> None:
    if response.status in _GONE_STATUSES:
        raise LinkExpiredError(
            f"the store answers HTTP {response.status}: its link is dead", status=response.status
        )
    if response.status in _RETRYABLE_STATUSES:
        raise IncompletePictureError(f"the store answers HTTP {response.status}")
    if response.status != 200:
        raise DownloadFailedError(
            f"the store answers HTTP {response.status}, 200 was due", status=response.status
        )


def _exists_complete(target: Path) -> bool:
    """Return whether a complete picture has this name; False for a file that cannot be read."""
    try:
        with target.open("rb") as file:
            return is_complete_png(file)
    except OSError:
        return False


def target_file(path: Path, pictures: int, stem: str | None) -> Path | None:
    """Return `path` where it names the file of one picture, None where it is a folder.

    A path with the suffix of an image format is a file, unless a folder of that name exists.

    Args:
        path: What the user gave to save to.
        pictures: The number of pictures, or the most that there can be.
        stem: The name for files in a folder, None where none is given.

    Raises:
        InvalidArgumentError: There can be several pictures, the suffix is not that of PNG, or a stem is
            given.
    """
    kind, _ = guess_type(path.name)
    if kind is None or not kind.startswith("image/") or path.is_dir():
        return None
    shown = safe_repr(str(path))
    if kind != _PNG:
        raise InvalidArgumentError(
            f"{shown}: pictures are PNG files; name it {path.stem}.png, or give a folder"
        )
    if stem is not None:
        raise InvalidArgumentError(f"{shown} is a file, and stem names files in a folder; leave stem out")
    if pictures > 1:
        raise InvalidArgumentError(
            f"{shown} is one file, and there can be {pictures} pictures; give a folder"
        )
    return path


def validate_stem(stem: str) -> str:
    """Return a beginning of file names that every system allows. Raise InvalidArgumentError."""
    fine = (
        isinstance(stem, str)
        and stem.isprintable()
        and not _FORBIDDEN_CHARACTERS & set(stem)
        and 0 < len(stem.encode("utf-8", "replace")) <= 180
    )
    if not fine or stem[0] in ". ":
        raise InvalidArgumentError(
            f"the name for files is {safe_repr(stem)}; allowed: up to 180 bytes of a plain file name"
        )
    return stem


def _combined_error(
    result: Result, jobs: Sequence[_DownloadJob], outcomes: Sequence[Any]
) -> DownloadFailedError:
    """Return one error for all pictures that failed, with the files that were saved."""
    pairs = list(zip(jobs, outcomes, strict=True))
    failed = [(job, outcome) for job, outcome in pairs if isinstance(outcome, WanError)]
    reasons = "; ".join(f"{job.target and job.target.name}: {error.message}" for job, error in failed)
    family = (
        LinkExpiredError
        if all(isinstance(error, LinkExpiredError) for _, error in failed)
        else DownloadFailedError
    )
    error = family(
        f"{len(failed)} of {len(jobs)} pictures were not saved: {reasons}",
        status=failed[0][1].status,
        request_id=result.request_id,
        task_id=result.task_id,
    )
    error.saved = tuple(outcome for outcome in outcomes if isinstance(outcome, Path))
    return error
