"""The guard of the admin page and its control API: requests of other sites are refused.

A page of another site can reach a server on loopback: under its own name that resolves to it (DNS
rebinding), or directly, without reading the response. So the Host must be a name of this server, exactly as
RFC 9110, section 7.2 writes it; an Origin must be this server, with its scheme and port; and a change needs
an Origin or a header that only scripts of the same site can send.
"""

import ipaddress
import re
from collections.abc import Collection, Iterable
from typing import NamedTuple

ADMIN_HEADER = "x-wan-control"
"""A request that changes something has this header, with any value: a page of another site cannot send it."""

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_SAME_SITE = ("same-origin", "none")
_SAFE_METHODS = ("GET", "HEAD")
_DECISIVE_HEADERS = frozenset({"host", "origin", "sec-fetch-site"})
_DEFAULT_PORTS = {"http": 80, "https": 443}
_MAX_PORT = 65535
_AUTHORITY = re.compile(r"(?:\[(?P<ipv6>[0-9a-f:.]+)\]|(?P<name>[0-9a-z._-]+))(?::(?P<port>[0-9]{1,5}))?")


class Authority(NamedTuple):
    """A host and its port.

    Attributes:
        name: A name or an IP address in lower case, without brackets.
        port: None if it is not stated.
    """

    name: str
    port: int | None


def reject_foreign_origin(
    method: str,
    scheme: str,
    headers: Iterable[tuple[str, str]],
    hosts: Collection[str] | None,
    *,
    page: bool,
) -> str:
    """Return the reason why a request is refused; "" if it is allowed.

    Args:
        method: The HTTP method.
        scheme: The scheme by which the server was called.
        headers: The headers of the request, with names in lower case.
        hosts: Host names that are allowed besides those of loopback. None allows any IP address, but no
            other name: a page of another site reaches the server only under its own name.
        page: Whether the request is for the page itself, which may be the target of a link.
    """
    fields: dict[str, str] = {}
    for name, value in headers:
        if name in fields and name in _DECISIVE_HEADERS:
            return f"the request has more than one {name.title()}"
        fields[name] = value
    host = parse_authority(fields.get("host", ""))
    if host is None or not _is_allowed_host(host.name, hosts):
        return "the Host is not a name of this server; use its address or localhost"
    origin = fields.get("origin")
    if origin is not None and not _is_origin(origin, scheme, host):
        return "the Origin is another site"
    if not page and fields.get("sec-fetch-site", "none") not in _SAME_SITE:
        return "the request comes from another site"
    if method not in _SAFE_METHODS and origin is None and ADMIN_HEADER not in fields:
        return f"a request that changes something needs the header {ADMIN_HEADER} or an Origin"
    return ""


def parse_authority(text: str) -> Authority | None:
    """Parse `host` or `host:port`. Return None for anything else, such as user information or a path."""
    match = _AUTHORITY.fullmatch(text.lower())
    if match is None or int(match["port"] or 0) > _MAX_PORT:
        return None
    if match["ipv6"] is not None and not _is_ip_address(match["ipv6"]):
        return None
    return Authority(match["name"] or match["ipv6"], int(match["port"]) if match["port"] else None)


def _is_origin(origin: str, scheme: str, host: Authority) -> bool:
    """Return True if an Origin is this server: the same scheme, host and port (RFC 6454, section 5)."""
    its_scheme, separator, rest = origin.lower().partition("://")
    authority = parse_authority(rest) if separator else None
    if authority is None or its_scheme != scheme.lower():
        return False
    default = _DEFAULT_PORTS.get(its_scheme)
    return authority.name == host.name and (authority.port or default) == (host.port or default)


def _is_allowed_host(name: str, hosts: Collection[str] | None) -> bool:
    if name in _LOOPBACK:
        return True
    return _is_ip_address(name) if hosts is None else name in hosts


def _is_ip_address(text: str) -> bool:
    try:
        return bool(ipaddress.ip_address(text))
    except ValueError:
        return False
