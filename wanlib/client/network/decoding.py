"""Content encodings of responses, decoded in pieces of bounded size.

A response of a few kilobytes can decode to gigabytes. Therefore `zlib` decodes one bounded piece at a time,
so that a limit on the decoded bytes holds before memory is used. We request no encoding; a gateway may
still use gzip or deflate. Any other encoding, or two of them, is refused.
"""

import zlib
from collections.abc import Iterator

from wanlib.base.redaction import safe_repr
from wanlib.client.http.messages import ConnectionLostError

_PIECE = 64 * 1024
_ENCODINGS = frozenset({"gzip", "x-gzip", "deflate"})
_ANY_HEADER, _NO_HEADER = 47, -15
"""Window bits of zlib: with the header of gzip or zlib; without one, as some servers send `deflate`."""


class BodyDecoder:
    """Decodes the body of one response.

    Args:
        encoding: The value of Content-Encoding; empty for none.

    Raises:
        ConnectionLostError: The encoding is not supported.
    """

    def __init__(self, encoding: str) -> None:
        name = encoding.strip().lower()
        self._may_lack_header = name == "deflate"
        if name in ("", "identity"):
            self._inflater = None
        elif name in _ENCODINGS:
            self._inflater = zlib.decompressobj(_ANY_HEADER)
        else:
            raise ConnectionLostError(
                f"the response has the content encoding {safe_repr(encoding)}; allowed: none, gzip, deflate"
            )

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Yield the decoded bytes of the next part of the body, in bounded pieces.

        Raises:
            ConnectionLostError: The part is not in the stated encoding.
        """
        if self._inflater is None:
            yield data
            return
        while data:
            piece = self._inflate(self._inflater, data)
            if piece:
                yield piece
            assert self._inflater is not None
            if self._inflater.eof:  # bytes after the end are not part of the body
                return
            data = self._inflater.unconsumed_tail

    def _inflate(self, inflater: "zlib._Decompress", data: bytes) -> bytes:
        is_first, self._may_lack_header = self._may_lack_header, False
        try:
            return inflater.decompress(data, _PIECE)
        except zlib.error as error:
            if not is_first:
                raise ConnectionLostError(f"the response is not in its content encoding: {error}") from None
        self._inflater = zlib.decompressobj(_NO_HEADER)
        return self._inflate(self._inflater, data)

    def finish(self) -> None:
        """Raise ConnectionLostError if the encoded body is not complete."""
        if self._inflater is not None and not self._inflater.eof:
            raise ConnectionLostError("the response ends within its content encoding")
