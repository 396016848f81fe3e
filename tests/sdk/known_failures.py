"""Calls of the official SDK that are known to fail, and why the emulator does not make them work."""

from typing import NamedTuple


class KnownSdkFailure(NamedTuple):
    """A call that must fail.

    Attributes:
        call: the name of the call in the table.
        sdks: the SDKs for which it must fail.
        error_text: a part of the error.
        reason: why it fails.
    """

    call: str
    sdks: tuple[str, ...]
    error_text: str
    reason: str


_CANCEL = (
    "this version sends GET .../tasks/{id}/cancel/, and the API has a POST alone; the newest sends the POST"
)

_V2_PATH = "the v2 client posts this model to the path of text-to-image models, which refuses it"
_V2_LIST = "the v2 client reads the tasks of a list from `tasks`, and the service names them `data`"
_FAMILIES = ("2.7", "2.5", "2.1")
_V2_FACES = ("v2", "v2 aio")

KNOWN_FAILURES = (
    *(KnownSdkFailure(f"aio {family} cancel", ("pinned",), "404 NotFound", _CANCEL) for family in _FAMILIES),
    *(
        KnownSdkFailure(f"{face} {family} generate", ("newest",), "url error, please check url", _V2_PATH)
        for face in _V2_FACES
        for family in _FAMILIES
    ),
    *(KnownSdkFailure(f"{face} 2.6 list", ("newest",), "read []", _V2_LIST) for face in _V2_FACES),
)
