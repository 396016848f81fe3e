"""The body of a download: checked as it arrives, and continued by range after a broken attempt.

The ranges are those of RFC 9110, section 14. A body is continued only if the store gave it a strong ETag, so
that the rest belongs to the same picture; otherwise the next attempt starts again at the first byte.
"""

import re
from collections.abc import Callable

from wanlib.client.http.messages import Response
from wanlib.client.protocol.settings import STALL_TIMEOUT
from wanlib.client.results.png_verifier import PngVerifier
from wanlib.errors import DownloadFailedError

MIN_RATE = 1024
"""Bytes per second below which an attempt is ended and the download continued on another connection."""
_OK, _PARTIAL = 200, 206
_STRONG_ETAG = re.compile(r'"[\x21\x23-\x7e]*"')  # RFC 9110, section 8.8.3; a weak one begins with W/
_CONTENT_RANGE = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19}|\*)", re.ASCII)


class IncompletePictureError(Exception):
    """The received bytes are not the complete picture; another attempt may fetch the rest or all of it."""


class PictureBody:
    """Receives the body of a download, over several attempts, and checks its length and format.

    Args:
        max_bytes: The maximum size of a picture in bytes.
        now: Returns monotonic seconds.

    Attributes:
        furthest: The largest number of bytes that any attempt has reached.
    """

    def __init__(self, max_bytes: int, now: Callable[[], float]) -> None:
        self.furthest = 0
        self._max_bytes = max_bytes
        self._rate = _RateWatch(now)
        self._is_picture = True  # False for the body of a refusal
        self._refusal_size = 0
        self._etag: str | None = None
        self._expected_size: int | None = None
        self._size = 0
        self._png = PngVerifier()

    @property
    def is_complete(self) -> bool:
        """Whether the complete picture was received."""
        return self._png.is_complete and self._expected_size in (None, self._size)

    @property
    def range_headers(self) -> dict[str, str]:
        """The headers of a request for the bytes that are missing; empty for a request for all of them."""
        if not self._size or self._etag is None:
            return {}
        return {"Range": f"bytes={self._size}-", "If-Range": self._etag}

    def start(self, response: Response) -> None:
        """Take status and headers of an attempt.

        Raises:
            IncompletePictureError: It is not the requested part of the picture.
            DownloadFailedError: The picture is larger than the limit.
        """
        self._rate.start()
        is_continued = response.status == _PARTIAL and bool(self.range_headers)
        self._is_picture = response.status == _OK or is_continued
        if is_continued:
            self._check_continued(response)
        elif self._is_picture:
            self.restart()
            self._read_headers(response)
        self._check_size(self._expected_size or 0)

    def write(self, chunk: bytes) -> None:
        """Take the next bytes.

        Raises:
            IncompletePictureError: They are not part of a PNG, or they arrive too slowly.
            DownloadFailedError: The picture is larger than the limit.
            OSError: The bytes cannot be stored.
        """
        self._rate.add(len(chunk))
        if not self._is_picture:
            self._refusal_size += len(chunk)
            self._check_size(self._refusal_size)
            return
        self._check_size(self._size + len(chunk))
        self._png.feed(chunk)
        if self._png.problem:
            problem = self._png.problem
            self.restart()
            raise IncompletePictureError(f"the received bytes are not the picture: {problem}")
        self._store_chunk(chunk)
        self._size += len(chunk)
        self.furthest = max(self.furthest, self._size)

    def restart(self) -> None:
        """Drop the received bytes; the next attempt requests the complete picture."""
        self._etag, self._expected_size, self._size = None, None, 0
        self._png = PngVerifier()
        self._drop_chunks()

    def check_complete(self) -> None:
        """Raise IncompletePictureError unless the complete picture was received."""
        if self.is_complete:
            return
        size, expected = self._size, self._expected_size
        if expected is not None and size != expected:
            reason = f"{size:,} of {expected:,} bytes were received"
        else:
            reason = f"the picture ended after {size:,} bytes"
        if expected is not None and size >= expected:
            self.restart()  # no missing byte can be requested
        raise IncompletePictureError(reason)

    def _read_headers(self, response: Response) -> None:
        if _is_encoded(response):
            return  # the length is that of the encoded body
        length = response.headers.get("content-length", "")
        if length.isdecimal():
            self._expected_size = int(length[:20])
        etag = response.headers.get("etag", "")
        self._etag = etag if _STRONG_ETAG.fullmatch(etag) else None

    def _check_continued(self, response: Response) -> None:
        """Raise IncompletePictureError unless a 206 begins with the first missing byte of this picture."""
        match = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
        is_next = match is not None and int(match[1]) == self._size <= int(match[2])
        total = int(match[3]) if match and match[3] != "*" else self._expected_size
        is_same_size = self._expected_size in (None, total)
        is_same = is_same_size and response.headers.get("etag", self._etag) == self._etag
        if _is_encoded(response) or not (is_next and is_same):
            self.restart()
            raise IncompletePictureError("the store sent another part than the requested one")
        self._expected_size = total

    def _check_size(self, size: int) -> None:
        if size > self._max_bytes:
            raise DownloadFailedError(f"it is larger than {self._max_bytes:,} bytes, the limit for a picture")

    def _store_chunk(self, chunk: bytes) -> None:
        raise NotImplementedError

    def _drop_chunks(self) -> None:
        raise NotImplementedError


class PictureBuffer(PictureBody):
    """Receives the body of a download in memory."""

    def __init__(self, max_bytes: int, now: Callable[[], float]) -> None:
        super().__init__(max_bytes, now)
        self._chunks: list[bytes] = []

    def complete(self) -> bytes:
        """Return the picture. Raise IncompletePictureError if it is not complete."""
        self.check_complete()
        return b"".join(self._chunks)

    def _store_chunk(self, chunk: bytes) -> None:
        self._chunks.append(bytes(chunk))

    def _drop_chunks(self) -> None:
        self._chunks.clear()


def _is_encoded(response: Response) -> bool:
    return response.headers.get("content-encoding", "identity") != "identity"


class _RateWatch:
    """Measures the rate at which bytes arrive, in consecutive windows."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._began = 0.0
        self._bytes = 0

    def start(self) -> None:
        """Begin the first window of an attempt."""
        self._began, self._bytes = self._now(), 0

    def add(self, count: int) -> None:
        """Count bytes that arrived. Raise IncompletePictureError at the end of a window with too few."""
        self._bytes += count
        elapsed = self._now() - self._began
        if elapsed < STALL_TIMEOUT:
            return
        if self._bytes < MIN_RATE * elapsed:
            raise IncompletePictureError(
                f"{self._bytes:,} bytes arrived in {elapsed:,.0f} s, fewer than {MIN_RATE:,} a second"
            )
        self.start()
