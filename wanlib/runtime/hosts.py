"""Whether a URL leads to a machine that strangers have no business to name."""

import ipaddress
import re
import socket
from urllib.parse import urlsplit

# Printable ASCII without what programs read differently: a backslash, and a user before the host.
_PLAIN = re.compile(r"(?i)https?://[!-.0-?A-\[\]-~]+(?:[/?#][!-\[\]-~]*)?")
_NAMES = re.compile(r"(?i)(?:.*\.)?(?:localhost|local|internal|intranet|lan|home|corp|arpa)")


def host_of(url: str) -> str | None:
    """The host that an http(s) URL leads to, in lower case; None where programs could disagree on it."""
    try:
        return (urlsplit(url).hostname or None) if _PLAIN.fullmatch(url) else None
    except ValueError:
        return None


def is_private(host: str) -> bool:
    """Whether a host is, as far as its text tells, on this machine or on a network of its own.

    That is every address that is not global, in whatever spelling a resolver takes (`127.1`, `0x7f000001`),
    names such as `localhost`, and names without a dot. What a public name resolves to is not looked up.
    """
    bare = host.rstrip(".")
    address = _address(bare)
    if address is not None:
        return not _is_public(address)
    return "." not in bare or _NAMES.fullmatch(bare) is not None


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        if ":" in host:
            return ipaddress.IPv6Address(host)
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    inner = _inner(address) if isinstance(address, ipaddress.IPv6Address) else None
    public = address.is_global and not address.is_multicast
    return public if inner is None else _is_public(inner)


def _inner(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 address stands for: mapped, 6to4, or translated (64:ff9b::/96)."""
    if address in ipaddress.IPv6Network("64:ff9b::/96"):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
