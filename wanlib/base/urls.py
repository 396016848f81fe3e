"""Hosts in URLs: the host of a URL, and whether it is on the public internet.

The rule on image URLs, downloads, uploads and `base_url` all use this one parser. RFC 3986 gives the form
of a URL, the WHATWG URL standard the notations of an address, and the IANA special-purpose address
registries the addresses that are not global. A name is not resolved.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # takes a millisecond to load, and is needed by few URLs
    from datetime import datetime

_AUTHORITY = re.compile(r"https?://([^/?#]*)", re.IGNORECASE)
_BRACKETED = re.compile(r"\[([0-9A-Fa-f:.]{2,45})\](?::([0-9]*))?")
_NAMED = re.compile(r"([^:\[\]]*)(?::([0-9]*))?")
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\x9f#%/:<>?@\[\\\]^`{|}]|\s")
_BLANK = re.compile(r"[\x00-\x20\x7f-\x9f]|\s")
# Strict: printable ASCII without what programs read differently, that is a backslash, a user before the
# host and an escaped character in it.
_STRICT = re.compile(r"(?i)https?://[!-$&-.0-?A-\[\]-~]+(?:[/?#][!-\[\]-~]*)?")

LOCAL_NAMES = ("localhost", "localdomain", "local", "internal", "home.arpa")
"""Names that, with all names below them, are never public (RFC 6761, RFC 6762, RFC 8375, ICANN)."""

_PRIVATE_NAMES = (*LOCAL_NAMES, "svc", "test", "intranet", "lan", "home", "corp", "arpa")

# Network, length of its prefix, and its name. A more specific network comes first.
_IPV4 = (
    (0x00000000, 32, "unspecified"),
    (0x00000000, 8, "reserved"),
    (0x0A000000, 8, "private"),
    (0x64400000, 10, "shared"),
    (0x7F000000, 8, "loopback"),
    (0xA9FE0000, 16, "link-local"),
    (0xAC100000, 12, "private"),
    (0xC0000000, 24, "reserved"),
    (0xC0000200, 24, "documentation"),
    (0xC0A80000, 16, "private"),
    (0xC6120000, 15, "benchmarking"),
    (0xC6336400, 24, "documentation"),
    (0xCB007100, 24, "documentation"),
    (0xE0000000, 4, "multicast"),
    (0xF0000000, 4, "reserved"),
)
_IPV6 = (
    (0, 128, "unspecified"),
    (1, 128, "loopback"),
    (0x0064FF9B0001 << 80, 48, "private"),
    (0x20010000 << 96, 23, "reserved"),
    (0x20010DB8 << 96, 32, "documentation"),
    (0x3FFF0000 << 96, 20, "documentation"),
    (0xFC00 << 112, 7, "private"),
    (0xFE80 << 112, 10, "link-local"),
    (0xFEC0 << 112, 10, "private"),
    (0xFF00 << 112, 8, "multicast"),
)
_GLOBAL_IPV6 = (0x2000 << 112, 3)
# Networks whose addresses stand for an IPv4 address, the bits to the right of it, and whether it is reached
# through them: mapped, NAT64, 6to4, compatible, translated (SIIT).
_EMBEDDED = (
    (0xFFFF << 32, 96, 0, True),
    (0x0064FF9B << 96, 96, 0, True),
    (0x2002 << 112, 16, 80, True),
    (0, 96, 0, False),
    (0xFFFF << 48, 96, 0, False),
)


def get_host(url: str) -> str | None:
    """Return the host of an http(s) URL that is safe to request, in its usual notation.

    None where the text is not such a URL, or where programs could disagree on its host: a user before the
    host, a backslash, an escape in the host, characters beyond ASCII.
    """
    return parse_public_host(url) if _STRICT.fullmatch(url) else None


def parse_public_host(url: str) -> str | None:
    """Return the host of an http(s) URL in its usual notation, however it is written.

    The host is read as browsers read it: percent-encoding is undone, width variants and other dots are
    mapped to ASCII, an IPv4 address may be decimal, octal, hexadecimal or short. None if no valid host is
    in the URL.
    """
    match = _AUTHORITY.match(url)
    if match is None:
        return None
    user, _, place = match[1].rpartition("@")
    if "@" in user or "\\" in match[1]:
        return None
    parts = _BRACKETED.fullmatch(place) or _NAMED.fullmatch(place)
    if parts is None or (parts[2] and not 0 < _number(parts[2], 10) < 65536):
        return None
    return _ipv6_text(parts[1]) if place.startswith("[") else normalize_host(parts[1])


def service_url_problem(url: object) -> str:
    """Return why a value cannot be the base URL of a service; empty if it can."""
    if not isinstance(url, str):
        return "it is not text"
    if not re.match(r"https?://", url, re.IGNORECASE):
        return "it does not begin with https:// or http://"
    if re.search(r"[\x00-\x20\x7f-\x9f]|\s", url):
        return "it has a blank or control character"
    if "@" in re.split(r"[/?#]", url[url.index("://") + 3 :])[0]:
        return "it has a user in it"
    if "?" in url or "#" in url:
        return "it has a query or a fragment"
    if "\\" in url or not url.isascii():
        return "it has a backslash or characters beyond ASCII"
    return "" if get_host(url) else "it has no valid host"


def normalize_host(text: str) -> str | None:
    """Return a host in its usual notation; None if the text is not a host.

    Args:
        text: a name or an IPv4 address in any notation, or an IPv6 address without brackets.
    """
    if ":" in text:
        return _ipv6_text(text.partition("%")[0])
    if not text.isascii() or "%" in text:
        text = _mapped(text)
    name = text.lower().removesuffix(".")
    labels = name.split(".")
    if len(name) > 253 or _FORBIDDEN.search(name) or not all(0 < len(label) < 64 for label in labels):
        return None
    if not re.fullmatch(r"[0-9]+|0x[0-9a-f]*", labels[-1], re.ASCII):
        return name
    address = _ipv4(labels)
    return None if address is None else ".".join(str(byte) for byte in address.to_bytes(4, "big"))


def address_scope(host: str) -> str | None:
    """Return the word for an address that is not global, such as `loopback` or `private`.

    None for a global address and for a name.

    Args:
        host: as `normalize_host` returns it.
    """
    if ":" in host:
        return _ipv6_scope(_ipv6(host))
    labels = host.split(".")
    address = _ipv4(labels) if labels[-1].isdigit() else None
    return None if address is None else _ipv4_scope(address)


def is_under(host: str, names: Sequence[str]) -> bool:
    """Return whether a host is one of these names, or a subdomain of one."""
    return any(host == name or host.endswith(f".{name}") for name in names)


def is_private(host: str) -> bool:
    """Return whether a host is, as far as its text shows, on this machine or in a private network.

    That is every address that is not global, a name without a dot, a name below one that is reserved for
    private networks and tests (`localhost`, `local`, `internal`, `svc`, `test` and others), and what is not
    a host. The rule on image URLs is less strict on names: see `private_url_reason`.
    """
    name = normalize_host(host)
    if name is None or address_scope(name):
        return True
    is_name = ":" not in name and not name.rpartition(".")[2].isdigit()
    return is_name and ("." not in name or is_under(name, _PRIVATE_NAMES))


def private_url_reason(url: str, private_suffixes: Sequence[str]) -> str | None:
    """Return a short reason why an image URL is not public; None if it may be.

    A name without a dot passes: the service may know it. `oss://` needs a key behind it.

    Args:
        url: an image string that begins with `http://`, `https://` or `oss://`; any other passes.
        private_suffixes: suffixes of host names that cannot be reached from outside, such as
            `-internal.example.com`.
    """
    scheme = url[:8].lower()
    if not scheme.startswith(("http://", "https://", "oss://")):
        return None
    if blank := _BLANK.search(url):
        return f"it has a blank or control character (U+{ord(blank[0]):04X})"
    if scheme.startswith("oss://"):
        return None if url[6:].strip("/") else "it has no key"
    host = parse_public_host(url)
    if host is None:
        return "it has no valid host"
    scope = address_scope(host)
    if scope:
        return f"{host} is not a public address ({scope})"
    if is_under(host, LOCAL_NAMES) or host.endswith(tuple(private_suffixes)):
        return f"{host[-80:]} is a name of a private network"
    return None


def plain_url_mismatch(schemes: Sequence[str], private_suffixes: Sequence[str]) -> "re.Pattern[str]":
    """Return a pattern that matches every text except plain public URLs of these schemes.

    A quick test before `private_url_reason`: a text that it does not match is public and has no query, hence
    no signature. A text that it matches may still be public. A pattern that does not match creates no match
    object, which makes the usual case faster.
    """
    names = [scheme for scheme in schemes if scheme in ("http", "https")]
    begin = "https?" if len(names) == 2 else "".join(names)
    # Every local name has a longer ending than this.
    longest = min(len(name.rpartition(".")[2]) for name in LOCAL_NAMES) - 1
    suffixes = "".join(f"(?<!{re.escape(suffix)})" for suffix in private_suffixes)
    forms = []
    if names:  # at most 7 labels of 30 characters and a last one of letters: below the limits of a name
        host = rf"(?:[a-z0-9-]{{1,30}}+\.){{1,7}}+[a-z]{{2,{longest}}}{suffixes}"
        forms.append(rf"{begin}://{host}/[!#->@-~]*+")
    if "oss" in schemes:
        forms.append(r"oss://[a-z0-9][!#->@-~]*+")
    return re.compile(rf"(?!(?:{'|'.join(forms) or '(?!)'})\Z)", re.ASCII)


def _mapped(text: str) -> str:
    """Undo percent-encoding and map width variants and ideographic full stops to ASCII (UTS 46)."""
    from unicodedata import normalize
    from urllib.parse import unquote

    return normalize("NFKC", unquote(text)).replace("\u3002", ".").replace("\uff61", ".")


def _number(digits: str, base: int) -> int:
    """Return a number of any length; a number that is too large for an address is replaced by 2**64."""
    digits = digits.lstrip("0")
    return int(digits or "0", base) if len(digits) <= 16 else 1 << 64


def _ipv4(labels: Sequence[str]) -> int | None:
    """Return an address of one to four numbers, the last of which fills the rest (WHATWG URL)."""
    if not 1 <= len(labels) <= 4:
        return None
    numbers = []
    for label in labels:
        if re.fullmatch(r"0x[0-9a-f]*", label):
            numbers.append(_number(label[2:], 16))
        elif re.fullmatch(r"0[0-7]*", label):
            numbers.append(_number(label, 8))
        elif re.fullmatch(r"[1-9][0-9]*", label):
            numbers.append(_number(label, 10))
        else:
            return None
    *first, last = numbers
    if any(number > 255 for number in first) or last >= 256 ** (4 - len(first)):
        return None
    return sum((number << 8 * (3 - index) for index, number in enumerate(first)), last)


def _ipv4_scope(address: int) -> str | None:
    for network, length, scope in _IPV4:
        if address >> (32 - length) == network >> (32 - length):
            return scope
    return None


@lru_cache(maxsize=64)
def _ipv6(text: str) -> int | None:
    from ipaddress import IPv6Address

    try:
        return int(IPv6Address(text))
    except ValueError:
        return None


def _ipv6_text(text: str) -> str | None:
    from ipaddress import IPv6Address

    address = _ipv6(text)
    return None if address is None else str(IPv6Address(address))


def _ipv6_scope(address: int | None) -> str | None:
    if address is None:
        return "invalid"
    for network, length, scope in _IPV6:
        if address >> (128 - length) == network >> (128 - length):
            return scope
    for network, length, shift, is_global in _EMBEDDED:
        if address >> (128 - length) == network >> (128 - length):
            return _ipv4_scope(address >> shift & 0xFFFFFFFF) or (None if is_global else "reserved")
    network, length = _GLOBAL_IPV6
    return None if address >> (128 - length) == network >> (128 - length) else "reserved"


SignatureParameters = tuple[str, ...]

_DATE = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})T([0-9]{2})([0-9]{2})([0-9]{2})Z")
_SECONDS = re.compile(r"[0-9]{1,11}")


def signature_expiry(url: str, forms: Sequence[SignatureParameters]) -> int | None:
    """Return when the signature of a URL expires, in Unix seconds.

    Where several forms give a time, the earliest counts. None where the query has no such time.
    """
    query = url.partition("#")[0].partition("?")[2]
    if not query:
        return None
    from urllib.parse import unquote

    values: dict[str, str] = {}
    for part in query.split("&"):
        name, _, value = part.partition("=")
        values.setdefault(unquote(name), unquote(value))
    ends = [end for form in forms if (end := _expiry(form, values)) is not None]
    return min(ends, default=None)


def unix_seconds(now: "float | datetime") -> float:
    """Return a time as Unix seconds. Raise ValueError for a datetime without a time zone."""
    from datetime import datetime

    if not isinstance(now, datetime):
        return now
    if now.tzinfo is None:
        raise ValueError(f"now is {now!r}, which has no time zone; pass Unix seconds or an aware datetime")
    return now.timestamp()


def iso_time(seconds: int) -> str:
    """Return Unix seconds as `2026-01-01T00:00:00Z`; beyond the year 9999, as a number."""
    from datetime import UTC, datetime

    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return str(seconds)


def _expiry(form: SignatureParameters, values: dict[str, str]) -> int | None:
    last = values.get(form[-1], "")
    if not _SECONDS.fullmatch(last):
        return None
    if len(form) == 1:
        return int(last)
    begin = _DATE.fullmatch(values.get(form[0], ""))
    if begin is None:
        return None
    from datetime import UTC, datetime

    try:
        return int(datetime(*map(int, begin.groups()), tzinfo=UTC).timestamp()) + int(last)  # type: ignore[misc,arg-type]
    except ValueError:
        return None
