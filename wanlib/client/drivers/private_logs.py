"""Keep secrets out of the logs of HTTP libraries: httpx logs every URL, signed ones included, at INFO.

A filter on the loggers of these libraries removes keys, and users, queries and fragments of URLs, from the
records of our exchanges. A context variable marks an exchange, so records of the caller's own clients are
unchanged.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from wanlib.base.redaction import without_queries

_IS_OURS: ContextVar[bool] = ContextVar("wanlib_exchange", default=False)

_LIBRARIES = ("httpx", "httpcore", "h11", "socksio", "anyio", "urllib3", "aiohttp", "requests")
# Created ahead, since some modules of these libraries are imported during the first exchange.
_LOGGERS = (
    "httpx",
    *(f"httpcore.{part}" for part in ("connection", "http11", "http2", "proxy", "socks")),
    "urllib3.connectionpool",
    "hpack.hpack",
    "hpack.table",
)
_HEADER_LOGGERS = ("hpack", "h2")  # log request headers one by one, the path and the key among them


class _Filter(logging.Filter):
    """Redacts records of our exchanges, and drops those that show request headers."""

    def filter(self, record: logging.LogRecord) -> bool:
        if not _IS_OURS.get():
            return True
        if record.name.partition(".")[0] in _HEADER_LOGGERS:
            return False
        try:
            text = record.getMessage()
        except Exception:  # logging would print the arguments of a record that can't be formatted
            return False
        record.msg, record.args = without_queries(text), None
        return True


_FILTER = _Filter()
_protected = {*_LIBRARIES, *_HEADER_LOGGERS}
"""The libraries whose loggers have the filter: first parts of the names."""
_logger_count = 0
"""The number of loggers when the filter was last added: if it grows, a library may have new ones."""


def protect_logs(library: str) -> None:
    """Add the filter to the loggers of an HTTP library and those below it, once each.

    Args:
        library: the name of the package that a client comes from, such as `httpx`.
    """
    _protected.update((library, library.replace("httpx", "httpcore")))
    for name in (*_LOGGERS, library):
        logging.getLogger(name).addFilter(_FILTER)
    _protect_new_loggers()


def _protect_new_loggers() -> None:
    """Add the filter to loggers that the libraries have created since the last call."""
    global _logger_count
    if len(logging.root.manager.loggerDict) == _logger_count:
        return
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in _protected:
            logging.getLogger(name).addFilter(_FILTER)
    _logger_count = len(logging.root.manager.loggerDict)


@contextmanager
def our_exchange() -> Iterator[None]:
    """Mark log records in this context as part of our own exchange."""
    _protect_new_loggers()
    token = _IS_OURS.set(True)
    try:
        yield
    finally:
        _IS_OURS.reset(token)
