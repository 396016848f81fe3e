"""Keys: none is checked against anything; only those that the emulator gave itself grow old."""

import re

from wanlib.base.violation import Violation
from wanlib.emulator.exchange import Request
from wanlib.emulator.vendor import Refused
from wanlib.emulator.world import World

_HEADER = "Authorization"
_LENT = re.compile(r"st-[0-9a-f]{24}([0-9a-f]{10})")
_KEY = re.compile(r"[!-~]{1,512}")


class Keys:
    """A lent key holds its own end, so none is remembered."""

    def __init__(self, world: World) -> None:
        self._world = world
        header = world.spec.wire["headers"][_HEADER]
        self._calls: tuple[str, ...] = tuple(header["call"])
        self._before, _, self._after = header["is"].partition("{key}")
        self._limits = world.spec.wire["queries"]["token"]["expire_in_seconds"]

    def check(self, request: Request, call: str) -> None:
        """Refused where a call needs a key and the request brings none that may be one."""
        if call not in self._calls:
            return
        given = request.headers.get(_HEADER.lower())
        if not given:
            self._refuse("no_key")
        elif not self._is_good(given):
            self._refuse("bad_key")

    def lend(self, text: str | None) -> dict[str, object]:
        """A key for so many seconds. Refused for a number out of its range."""
        low, high = self._limits["min"], self._limits["max"]
        text = text or self._world.vendor.token_seconds
        if not (text.isascii() and text.isdecimal() and len(text) < 10 and low <= int(text) <= high):
            raise self._world.refuse("bad_query", f"expire_in_seconds should be [{low}, {high}]")
        ends = int(self._world.clock.wall()) + int(text)
        return {"token": f"st-{self._world.random.getrandbits(96):024x}{ends:010x}", "expires_at": ends}

    def _is_good(self, given: str) -> bool:
        if given[: len(self._before)].lower() != self._before.lower():
            return False
        key = given[len(self._before) :].strip()
        if not _KEY.fullmatch(key):
            return False
        lent = _LENT.fullmatch(key)
        return lent is None or int(lent[1], 16) > self._world.clock.wall()

    def _refuse(self, situation: str) -> None:
        due = self._before + "…" + self._after
        broken = Violation(f"wire/headers.{_HEADER}", "rejected", "", due, None)
        raise Refused(self._world.vendor.situation(situation), (broken,))
