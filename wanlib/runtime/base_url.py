"""The base URL of the service: completed where that is safe, otherwise refused with the reason.

`https://host` becomes `https://host/api/v1`. What another protocol's base, a whole endpoint or a URL with a
user, query or fragment was meant to be is not guessed.
"""

import re
from urllib.parse import urlsplit

from wanlib.base.hosts import host_of
from wanlib.base.shown import shown
from wanlib.runtime.errors import ConfigurationError
from wanlib.runtime.tables import Api, Region


def complete_base_url(api: Api, url: object, name: str) -> str:
    """Return origin and base path, without a slash at the end.

    Args:
        api: what is known of the service.
        url: as the caller gave it.
        name: what the caller gave it by, for messages.

    Raises:
        ConfigurationError: the text is not a base URL.
    """
    reason = _problem(url)
    if reason or not isinstance(url, str):
        raise _refusal(api, url, name, reason)
    path = urlsplit(url).path.rstrip("/")
    origin = url[: len(url) - len(urlsplit(url).path)] if urlsplit(url).path else url
    if not path:
        return origin + api.base_path
    if reason := _wrong_path(api, origin, path):
        before = next((path.partition(each)[0] for each in _endpoints(api) if each in path), "")
        raise _refusal(api, url, name, reason, origin + (before or api.base_path))
    return origin + path


def check_key_fits(api: Api, key: str, base: str) -> None:
    """Raise ConfigurationError where an API key can't be one of the vendor's host that it would be sent to.

    A gateway or an emulator may take any key.

    Args:
        api: what is known of the service.
        key: the API key.
        base: the base URL.
    """
    host = urlsplit(base).hostname or ""
    at = [region for region in api.regions.values() if _is_host_of(region, host)]
    takers = {
        name: region
        for name, region in api.regions.items()
        if region.key_prefix is not None and key.startswith(region.key_prefix)
    }
    if not at or not takers or any(region in takers.values() for region in at):
        return
    prefix = next(str(region.key_prefix) for region in takers.values())
    hosts = " or ".join(f"{region.host}{api.base_path} (region={name!r})" for name, region in takers.items())
    raise ConfigurationError(
        f"the API key begins with {prefix}, and {host} does not accept such keys; allowed: {hosts}. "
        "Pass that region, or a key of this host"
    )


def _problem(url: object) -> str:
    """What keeps a value from being the URL of a service; empty where nothing does."""
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
    return "" if host_of(url) else "it has no valid host"


def _wrong_path(api: Api, origin: str, path: str) -> str:
    """Why the API can't be at a path; empty where it may be."""
    for other, what in api.other_bases.items():
        if f"{path}/".startswith(f"{other}/") or path.endswith(other):
            return f"{other} is the base of {what}"
    for endpoint in _endpoints(api):
        if f"{endpoint}/" in f"{path}/":
            return f"{endpoint} belongs to one call, not to the base"
    host = urlsplit(origin).hostname or ""
    known = any(_is_host_of(region, host) for region in api.regions.values())
    return f"on {host} the base path is {api.base_path}" if known and path != api.base_path else ""


def _endpoints(api: Api) -> list[str]:
    """The paths of all calls below a base, the longest first."""
    paths = {path for model in api.models.values() for _, path in model.endpoints.values()}
    paths |= {path.partition("{")[0].rstrip("/") for _, path in api.paths.values()}
    return sorted(paths, key=len, reverse=True)


def _is_host_of(region: Region, host: str) -> bool:
    """Whether a host is the shared one of a region, or one of its workspaces'."""
    if region.host and urlsplit(region.host).hostname == host:
        return True
    if not region.workspace_host:
        return False
    pattern = re.escape(region.workspace_host.partition("://")[2]).replace(r"\{workspace\}", r"[^.]+")
    return re.fullmatch(pattern, host) is not None


def _refusal(api: Api, url: object, name: str, reason: str, instead: str = "") -> ConfigurationError:
    allowed = instead or f"http(s)://host/path, such as https://host{api.base_path}"
    return ConfigurationError(f"{name} is {shown(url)}: {reason}; allowed: {allowed}")
