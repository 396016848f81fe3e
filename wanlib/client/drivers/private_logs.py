"""Keep secrets out of the logs of HTTP libraries: httpx logs every URL at INFO, signed ones whole.

A filter on the loggers of these libraries removes users, queries and fragments of URLs from the records of
our exchanges. A context variable marks an exchange, so records of the caller's own clients stay as they are.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from wanlib.base.redaction import without_queries

_KEY: ContextVar[str | None] = ContextVar("wanlib_exchange_key", default=None)

_LIBRARIES = ("httpx", "httpcore", "urllib3", "aiohttp", "requests")
# Created ahead, since some modules of these libraries are imported during the first exchange.
_LOGGERS = (
    "httpx",
    *(f"httpcore.{part}" for part in ("connection", "http11", "http2", "proxy", "socks")),
    "urllib3.connectionpool",
    "hpack.hpack",
    "hpack.table",
)
_OF_HEADERS = ("hpack", "h2")  # log request headers one by one, the path and the key among them


class _Filter(logging.Filter):
    """Redacts records of our exchanges, and drops those that show request headers."""

    def filter(self, record: logging.LogRecord) -> bool:
        key = _KEY.get()
        if key is None:
            return True
        if record.name.partition(".")[0] in _OF_HEADERS:
            return False
        try:
            text = record.getMessage()
        except Exception:  # a record that can't be formatted: logging itself reports that
            return True
        text = without_queries(text)
        record.msg, record.args = text.replace(key, "***") if key else text, None
        return True


_FILTER = _Filter()


def protect_logs(library: str) -> None:
    """Add the filter to the loggers of an HTTP library and those below it, once each.

    Args:
        library: the name of the package that a client comes from, such as `httpx`.
    """
    families = {*_LIBRARIES, *_OF_HEADERS, library, library.replace("httpx", "httpcore")}
    known = list(logging.root.manager.loggerDict)
    for name in {*_LOGGERS, library, *(logger for logger in known if logger.partition(".")[0] in families)}:
        logging.getLogger(name).addFilter(_FILTER)


@contextmanager
def our_exchange(key: str) -> Iterator[None]:
    """Mark what is logged in this context as part of an exchange of ours.

    Args:
        key: the API key, which is masked wherever it appears.
    """
    token = _KEY.set(key)
    try:
        yield
    finally:
        _KEY.reset(token)
