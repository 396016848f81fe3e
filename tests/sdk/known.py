"""What is known not to work with the official SDK, and why the emulator does not make it work."""

from typing import NamedTuple


class Known(NamedTuple):
    """call: as the table names it. sdks: those that fail; each must. says: what must stand in the error."""

    call: str
    sdks: tuple[str, ...]
    says: str
    reason: str


_CANCEL = (
    "this version sends GET .../tasks/{id}/cancel/, and the API has a POST alone; the newest sends the POST"
)

KNOWN = tuple(
    Known(f"aio {family} cancel", ("pinned",), "404 NotFound", _CANCEL) for family in ("2.7", "2.5", "2.1")
)
