"""Check API keys, and issue short-lived tokens.

Any key is accepted unless the settings name some. A token contains its own expiry, so none is stored.
"""

import re
from typing import NoReturn

from wanlib.base.violation import Violation
from wanlib.emulator.context import EmulatorContext
from wanlib.emulator.core.http_messages import Request
from wanlib.emulator.core.vendor_errors import RequestRefusedError

_TOKEN = re.compile(r"st-[0-9a-f]{24}([0-9a-f]{10})")
_KEY = re.compile(r"[!-~]{1,512}")


class Authenticator:
    """Checks the API key of each request."""

    def __init__(self, context: EmulatorContext) -> None:
        """Create an authenticator for one emulator."""
        self._context = context
        self._header, header = next(
            (name, row) for name, row in context.spec.wire["headers"].items() if "{key}" in row["is"]
        )
        self._calls: tuple[str, ...] = tuple(header["call"])
        self._before, _, self._after = header["is"].partition("{key}")
        self._name = context.vendor.names.token_query.seconds
        self._limits = context.spec.wire["queries"]["token"][self._name]

    def authenticate(self, request: Request, call: str) -> None:
        """Check the key of a request, if the call needs one.

        Raises:
            RequestRefusedError: The key is missing, malformed, expired, unknown, or of another region.
        """
        if call not in self._calls:
            return
        header = request.headers.get(self._header.lower())
        if not header:
            self._reject("no_key")
        elif not self._is_valid(header):
            self._reject("bad_key")
        else:
            self._check_region(header)

    def _check_region(self, header: str) -> None:
        """Refuse a key that is unknown or of another region; tokens are valid in any."""
        keys, here = self._context.settings.keys, self._context.region
        key = header[len(self._before) :].strip()
        if not keys or _TOKEN.fullmatch(key):
            return
        if key not in keys:
            self._reject("bad_key")
        if keys[key] != here:
            violation = Violation("wire/regions", "rejected", "", here, keys[key])
            raise RequestRefusedError(self._context.vendor.lookup("other_region"), (violation,))

    def issue_token(self, text: str | None) -> dict[str, object]:
        """Issue a token.

        Args:
            text: Its lifetime in seconds, as in the query; None or "" for the default.

        Raises:
            RequestRefusedError: The lifetime is not a number in the documented range.
        """
        low, high = self._limits["min"], self._limits["max"]
        text = text or str(self._limits["default"])
        if not (text.isascii() and text.isdecimal() and len(text) < 10 and low <= int(text) <= high):
            raise self._context.refusal("bad_query", detail=f"{self._name} is a number from {low} to {high}")
        expires = int(self._context.clock.wall()) + int(text)
        names = self._context.vendor.names.token
        return {
            names.token: f"st-{self._context.random.getrandbits(96):024x}{expires:010x}",
            names.expires_at: expires,
        }

    def _is_valid(self, header: str) -> bool:
        if header[: len(self._before)].lower() != self._before.lower():
            return False
        key = header[len(self._before) :].strip()
        if not _KEY.fullmatch(key):
            return False
        token = _TOKEN.fullmatch(key)
        return token is None or int(token[1], 16) > self._context.clock.wall()

    def _reject(self, error_key: str) -> NoReturn:
        expected = self._before + "…" + self._after
        violation = Violation(f"wire/headers.{self._header}", "rejected", "", expected, None)
        raise RequestRefusedError(self._context.vendor.lookup(error_key), (violation,))
