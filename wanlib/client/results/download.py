"""Download one picture in a few attempts: a broken download is continued if the store supports ranges."""

from collections.abc import Callable, Generator, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

from wanlib.base.clock import Clock
from wanlib.base.redaction import safe_repr
from wanlib.base.urls import get_host, is_private
from wanlib.base.values import MIB
from wanlib.client.http.messages import PrivateAddressError, Request, Response, TransportError
from wanlib.client.protocol.effects import RunBlocking, Send, Sleep, Steps
from wanlib.client.protocol.timing import Backoff, Deadline
from wanlib.client.results.partial_file import PartialFile
from wanlib.client.results.parts import Picture
from wanlib.client.results.picture_body import IncompletePictureError, PictureBody, PictureBuffer
from wanlib.errors import DownloadFailedError, LinkExpiredError

T = TypeVar("T")
MAX_PICTURE_BYTES = 256 * MIB
"""The maximum size of a picture in bytes: a bound against endless responses, not documented by the service.

The largest picture of the pages, 4096 by 4096, is 48 MiB before any compression.
"""
_PROGRESS = 64 * 1024
"""Bytes that count as progress: after them, attempts are counted from one again, until the deadline.
"""
_OK, _PARTIAL, _RANGE_NOT_SATISFIABLE = 200, 206, 416
_GONE_STATUSES = frozenset({403, 404, 410})  # the statuses of a store for an expired link
_RETRYABLE_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})


class DownloadRules(NamedTuple):
    """How the pictures of one call are fetched.

    Attributes:
        make_request: Makes the GET request of a URL with these headers added; it has no key.
        clock: Source of time.
        backoff: The waits between attempts.
        attempts: The maximum number of consecutive attempts without progress.
        deadline: The time after which no attempt starts; None for no deadline.
        max_bytes: The maximum size of a picture in bytes.
        allow_private: Whether addresses that are not public may be requested.
    """

    make_request: Callable[[str, Mapping[str, str]], Request]
    clock: Clock
    backoff: Backoff
    attempts: int
    deadline: Deadline | None = None
    max_bytes: int = MAX_PICTURE_BYTES
    allow_private: bool = False


def fetch(picture: Picture, rules: DownloadRules) -> Steps[bytes]:
    """Fetch one picture, with the checks of `save`, and return its bytes.

    Raises:
        LinkExpiredError: The link has expired.
        DownloadFailedError: The picture cannot be fetched.
    """
    buffer = PictureBuffer(rules.max_bytes, rules.clock.now)
    try:
        yield from _receive(picture, rules, buffer)
    except DownloadFailedError as error:
        message = f"the picture was not fetched: {error.message}"
        raise type(error)(message, status=error.status) from error.__cause__
    return buffer.complete()


def fetch_to_file(picture: Picture, rules: DownloadRules, part: PartialFile, overwrite: bool) -> Steps[Path]:
    """Fetch one picture into a file and return its path.

    Args:
        picture: The picture.
        rules: How it is fetched.
        part: The file, which is discarded if the picture cannot be fetched.
        overwrite: Whether another file of its name may be replaced.

    Raises:
        LinkExpiredError: The link has expired.
        DownloadFailedError: The picture cannot be fetched, or another file has its name.
        OSError: The file cannot be written.
    """
    try:
        yield RunBlocking(part.open)
        yield from _receive(picture, rules, part)
        path: Path = yield RunBlocking(partial(part.commit, overwrite))
        return path
    finally:
        part.discard()


def _receive(picture: Picture, rules: DownloadRules, body: PictureBody) -> Steps[None]:
    """Make attempts until the body is complete.

    Raises:
        LinkExpiredError: The store reports that the link has expired.
        DownloadFailedError: The URL is not allowed, or all attempts failed.
    """
    check_link(picture, rules.allow_private)
    attempts = attempts_without_progress = 0
    while True:
        attempts, attempts_without_progress = attempts + 1, attempts_without_progress + 1
        before = body.furthest
        try:
            yield from _attempt(picture, rules, body)
        except PrivateAddressError as error:
            raise DownloadFailedError(f"its link is not requested: {error}") from None
        except (TransportError, IncompletePictureError) as error:
            reason = str(error) or type(error).__name__
        else:
            return
        if body.furthest - before >= _PROGRESS:
            attempts_without_progress = 1
        wait = rules.backoff.wait(attempts_without_progress)
        is_late = rules.deadline is not None and not rules.deadline.permits_wait(wait)
        if is_late or attempts_without_progress >= rules.attempts:
            break
        yield Sleep(wait)
    count = "1 attempt" if attempts == 1 else f"{attempts} attempts"
    late = " before the timeout (a longer timeout allows more)" if is_late else ""
    raise DownloadFailedError(f"it could not be fetched in {count}{late}: {reason}")


def _attempt(picture: Picture, rules: DownloadRules, body: PictureBody) -> Generator[Send, Response, None]:
    """Request the picture, or the rest of it, once."""
    request = rules.make_request(picture.url, body.range_headers)
    is_continued = bool(body.range_headers)
    try:
        _check_response((yield Send(request, body)), body, is_continued)
    except TransportError:
        if not body.is_complete:  # else only the end of the exchange was lost
            raise
    body.check_complete()


def check_link(picture: Picture, allow_private: bool) -> None:
    """Raise DownloadFailedError for a URL that must not be requested."""
    host = get_host(picture.url)
    if host is None:
        raise DownloadFailedError(f"its link is not a plain http(s) URL: {picture!r}")
    if is_private(host) and not allow_private:
        raise DownloadFailedError(
            f"its link points to {safe_repr(host)}, which is not a public address; it is not requested"
        )


def _check_response(response: Response, body: PictureBody, is_continued: bool) -> None:
    """Raise the error for a status, unless it is that of a picture or of the rest of one."""
    status = response.status
    if status == _OK or (is_continued and status == _PARTIAL):
        return
    if status in _GONE_STATUSES:
        raise LinkExpiredError(f"the store returned HTTP {status}: its link is dead", status=status)
    if is_continued and status == _RANGE_NOT_SATISFIABLE:
        body.restart()
    elif status not in _RETRYABLE_STATUSES:
        raise DownloadFailedError(f"the store returned HTTP {status}, expected 200", status=status)
    raise IncompletePictureError(f"the store returned HTTP {status}")
