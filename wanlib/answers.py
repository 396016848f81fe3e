"""Read responses of the service, for programs that call it with their own client.

`wanlib.pictures` and `wanlib.classify` are in this module.
"""

from typing import Any

from wanlib.base.error_codes import Classification
from wanlib.base.error_codes import classify as _classify
from wanlib.client.results.picture_urls import picture_urls
from wanlib.generated.calls import API


def pictures(response: Any) -> list[str]:
    """Return the URLs of all pictures of a response, in order, each once.

    A response contains its pictures as choices with one picture each, as several parts of one choice, or as
    a list of results; this reads all of them. It never raises an exception for JSON: missing data is
    skipped. The URLs are signed and expire, so do not log them.

    Args:
        response: The body as parsed JSON, text or bytes, of a synchronous call or of a task query; the events
            of a stream, parsed or as text; a list or an iterator of such; or an object of an SDK that has an
            `output`.

    Returns:
        The URLs; an empty list for a task that has not ended, an error, or anything else.
    """
    return picture_urls(API.names, response)


def classify(code: str | None, message: str | None = None, status: int | None = None) -> Classification:
    """Return what an error of the service means, and whether to try again.

    The client raises its errors by the same classification. An undocumented code is classified by its
    documented parts, then by the HTTP status; `basis` and `is_certain` show which.

    Args:
        code: The member `code` of the response, of a failed task or of a failed picture.
        message: The member `message`; some messages are more specific than their code.
        status: The HTTP status, None if there is none, as for a failed task.

    Returns:
        The class (`kind`, and `error`: the name of an exception in `wanlib.errors`), `retry` (`yes`, `once`
        or `no`), its meaning (`means`), and an `advice`.
    """
    return _classify(API.errors, code, message, status)
