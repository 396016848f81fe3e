"""Keeps web pages of elsewhere from the page and its control surface."""

import ipaddress
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

HEADER = "x-wan-control"
"""A request that changes something carries it, whatever it says: no page of elsewhere can send it unasked."""

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_OWN = ("same-origin", "none")


def refusal(method: str, headers: Mapping[str, str], hosts: Collection[str] | None, *, page: bool) -> str:
    """Why a request is refused; "" where it is not.

    hosts: names that may be used beside those of loopback; None where any address may, though no other
    name: a page of elsewhere gets here by a name of its own only. page: whether it is the page itself, to
    which a link may lead.
    """
    host = headers.get("host", "")
    if not _known(_name(f"//{host}"), hosts):
        return "the Host is none of this server's names; call it by its address or by localhost"
    origin = headers.get("origin")
    if origin is not None and origin.lower().partition("://")[2] != host.lower():
        return "the Origin is another site"
    if not page and headers.get("sec-fetch-site", "none") not in _OWN:
        return "another site asks for it"
    if method not in ("GET", "HEAD") and origin is None and HEADER not in headers:
        return f"a request that changes something carries the header {HEADER}, or an Origin"
    return ""


def _name(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _known(name: str, hosts: Collection[str] | None) -> bool:
    if name in _LOOPBACK:
        return True
    if hosts is not None:
        return name in hosts
    try:
        return bool(ipaddress.ip_address(name))
    except ValueError:
        return False
