"""Result pictures, fetched and stored before their links die."""

from collections.abc import Callable, Sequence
from functools import partial
from mimetypes import guess_type
from pathlib import Path
from random import Random
from typing import Any, NamedTuple, TypeVar

from wanlib.base.clock import Clock
from wanlib.base.redaction import safe_repr
from wanlib.base.urls import get_host, is_private
from wanlib.client.http.messages import Request, Response, TransportError
from wanlib.client.protocol.context import MAX_RETRIES
from wanlib.client.protocol.effects import Gather, RunBlocking, Send, Sleep, Steps
from wanlib.client.protocol.timing import Backoff, Deadline
from wanlib.client.results.partial_file import (
    IncompletePictureError,
    PartialFile,
    PictureBuffer,
    is_whole_png,
)
from wanlib.client.results.parts import Picture
from wanlib.client.results.result import Result
from wanlib.errors import DownloadFailedError, InvalidArgumentError, LinkExpiredError, WanError

T = TypeVar("T")
CAP = 256 * 1_048_576
"""Bytes that a picture may have at most: a bound against endless answers and no fact of the API.

The largest picture of the pages, 4096 by 4096, is 48 MiB before any compression.
"""
_GONE = frozenset({403, 404, 410})  # what a store answers for a link that is dead
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_PNG = "image/png"
_REFUSED = frozenset('<>:"/\\|?*')  # what some system refuses in a file name


class _DownloadJob(NamedTuple):
    """One picture to fetch.

    target: the file for it, None where its bytes are returned. own: whether a file of this name can be no
    other picture. attempts: how often it is asked for at most. deadline: None for none.
    """

    picture: Picture
    target: Path | None
    own: bool
    links_expire_at: float | None
    ask: Callable[[str], Request]
    clock: Clock
    backoff: Backoff
    cap: int
    overwrite: bool
    private_ok: bool
    attempts: int
    deadline: Deadline | None


def save(
    result: Result,
    folder: Path,
    ask: Callable[[str], Request],
    clock: Clock,
    *,
    stem: str,
    file: Path | None = None,
    width: int = 4,
    cap: int = CAP,
    overwrite: bool = False,
    private_ok: bool = False,
    backoff: Backoff | None = None,
    attempts: int = 1 + MAX_RETRIES,
    deadline: Deadline | None = None,
) -> Steps[list[Path]]:
    """Fetches each picture of a result into `<folder>/<stem>-<n>.png`, n from 1 -> the files in order.

    ask: makes the GET of a URL; it must bear no key. stem: where it holds the result's task or request id,
    a whole PNG that already has a picture's name is taken as that picture, so that a broken run is taken
    up again; else the picture is fetched and compared. No other file is overwritten unless `overwrite`.
    file: the path of the only picture, in place of folder and stem.
    A picture appears under its name only when it is whole. width: how many are fetched at once.
    private_ok: whether addresses that are not public may be asked. attempts: how often each picture is
    asked for at most. deadline: the moment after which none is asked for again.

    Raises DownloadFailedError, LinkExpiredError where dead links are the only cause; `saved` of the error
    lists what
    was stored all the same. InvalidArgumentError for a stem that is no file name.
    """
    if file is None:
        validate_stem(stem)
    own = file is None and any(name and name in stem for name in (result.task_id, result.request_id))
    jobs = [
        _DownloadJob(picture, file or folder / f"{stem}-{number}.png", own, result.links_expire_at, ask,
             clock,
             backoff or Backoff(1.0, 10.0, Random()), cap, overwrite, private_ok, attempts, deadline)
        for number, picture in enumerate(result.images, 1)
    ]  # fmt: skip
    outcomes: Sequence[Any] = (yield Gather([_save_picture(job) for job in jobs], width)) if jobs else ()
    failed = [each for each in outcomes if isinstance(each, Exception)]
    for each in failed:
        if not isinstance(each, WanError):
            raise each
    if failed:
        raise _combined_error(result, jobs, outcomes)
    return list(outcomes)


def fetch(
    picture: Picture,
    ask: Callable[[str], Request],
    clock: Clock,
    *,
    backoff: Backoff,
    links_expire_at: float | None = None,
    cap: int = CAP,
    private_ok: bool = False,
    attempts: int = 1 + MAX_RETRIES,
    deadline: Deadline | None = None,
) -> Steps[bytes]:
    """Fetch one picture, with the checks of `save`, and return its bytes.

    Raises DownloadFailedError, LinkExpiredError.
    """
    job = _DownloadJob(picture, None, False, links_expire_at, ask, clock, backoff, cap, False, private_ok,
    attempts,
               deadline)  # fmt: skip
    try:
        _check(job)
        return (yield from _fetch(job, _read))
    except DownloadFailedError as error:
        message = f"the picture was not fetched: {error.message}"
        raise type(error)(message, status=error.status) from error.__cause__


def _save_picture(job: _DownloadJob) -> Steps[Path]:
    """One picture: there already, or fetched in a few tries."""
    assert job.target is not None
    try:
        if job.own and not job.overwrite and (yield RunBlocking(partial(_exists_complete, job.target))):
            return job.target
        _check(job)
        return (yield from _fetch(job, _store))
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
        if tried >= job.attempts or (job.deadline and not job.deadline.allows(wait)):
            break
        yield Sleep(wait)
        _check(job)
    times = "1 try" if tried == 1 else f"{tried} tries"
    late = "" if tried >= job.attempts else " before the time was up"
    raise DownloadFailedError(f"it could not be fetched in {times}{late}: {reason}")


def _store(job: _DownloadJob) -> Steps[Path]:
    assert job.target is not None
    part = PartialFile(job.target, job.cap)
    try:
        yield RunBlocking(part.open)
        _check_response((yield Send(job.ask(job.picture.url), part)))
        kept: Path = yield RunBlocking(partial(part.commit, job.overwrite))
        return kept
    finally:
        part.discard()


def _read(job: _DownloadJob) -> Steps[bytes]:
    buffer = PictureBuffer(job.cap)
    _check_response((yield Send(job.ask(job.picture.url), buffer)))
    return buffer.complete()


def _check(job: _DownloadJob) -> None:
    """Raises DownloadFailedError for a URL that is not asked at all."""
    host = get_host(job.picture.url)
    if host is None:
        raise DownloadFailedError(f"its link is no plain http(s) URL: {job.picture!r}")
    if is_private(host) and not job.private_ok:
        raise DownloadFailedError(
            f"its link leads to {safe_repr(host)}, which is no public address; it is not asked"
        )
    if job.links_expire_at is not None and job.clock.wall() >= job.links_expire_at:
        raise LinkExpiredError("its link has expired; the picture is gone")


def _check_response(reply: Response) -> None:
    if reply.status in _GONE:
        raise LinkExpiredError(
            f"the store answers HTTP {reply.status}: its link is dead", status=reply.status
        )
    if reply.status in _PASSING:
        raise IncompletePictureError(f"the store answers HTTP {reply.status}")
    if reply.status != 200:
        raise DownloadFailedError(f"the store answers HTTP {reply.status}, 200 was due", status=reply.status)


def _exists_complete(target: Path) -> bool:
    """Whether a whole picture has this name. A file that can't be read is judged when its name is needed."""
    try:
        with target.open("rb") as file:
            return is_whole_png(file)
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
    told = safe_repr(str(path))
    if kind != _PNG:
        raise InvalidArgumentError(
            f"{told}: pictures are PNG files; name it {path.stem}.png, or give a folder"
        )
    if stem is not None:
        raise InvalidArgumentError(f"{told} is a file, and stem names files in a folder; leave stem out")
    if pictures > 1:
        raise InvalidArgumentError(f"{told} is one file, and there can be {pictures} pictures; give a folder")
    return path


def validate_stem(stem: str) -> str:
    fine = (
        isinstance(stem, str)
        and stem.isprintable()
        and not _REFUSED & set(stem)
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
    """One error for all pictures that failed, with what was saved."""
    pairs = list(zip(jobs, outcomes, strict=True))
    failed = [(job, each) for job, each in pairs if isinstance(each, WanError)]
    told = "; ".join(f"{job.target and job.target.name}: {each.message}" for job, each in failed)
    family = (
        LinkExpiredError
        if all(isinstance(each, LinkExpiredError) for _, each in failed)
        else DownloadFailedError
    )
    error = family(
        f"{len(failed)} of {len(jobs)} pictures were not saved: {told}",
        status=failed[0][1].status,
        request_id=result.request_id,
        task_id=result.task_id,
    )
    error.saved = tuple(each for each in outcomes if isinstance(each, Path))
    return error
