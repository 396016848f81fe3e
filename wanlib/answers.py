"""What an answer of the service says, for programs that call it in their own way."""

from typing import Any

from wanlib.base.error_codes import Classification
from wanlib.base.error_codes import classify as _classify
from wanlib.client.results.picture_urls import picture_urls
from wanlib.generated.calls import API


def pictures(answer: Any) -> list[str]:
    """Return the URLs of all pictures of an answer, in order, each once.

    An answer holds its pictures as choices with one picture each, as several parts of one choice, or as a
    list of results; this reads all of them. It never raises on JSON: what is not there is left out. The
    URLs are signed and expire, so that they belong in no log.

    Args:
        answer: the body as parsed JSON, text or bytes, of a synchronous call or of a task query; the events
            of a stream, parsed or as text; a list or an iterator of such; or an object of an SDK that has an
            `output`.

    Returns:
        The URLs; an empty list for a task that is not done, an error, or anything else.
    """
    return picture_urls(API.names, answer)


def classify(code: str | None, message: str | None = None, status: int | None = None) -> Classification:
    """Return what an error of the service means, and whether to try again.

    It is the reading by which the client raises its errors. An undocumented code is read by its documented
    parts, then by the HTTP status; `basis` and `is_certain` say so.

    Args:
        code: the member `code` of the answer, of a failed task or of a failed picture.
        message: the member `message`; some messages say more than their code.
        status: the HTTP status, None if there is none, as for a failed task.

    Returns:
        The class (`kind`, and `error`: the name of an exception in `wanlib.errors`), `retry` (`yes`, `once`
        or `no`), what it `means`, and an `advice`.
    """
    return _classify(API.errors, code, message, status)
