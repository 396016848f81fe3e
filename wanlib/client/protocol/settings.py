"""`Settings`: the base URL, region, key and headers of a client, resolved from arguments and environment."""

import os
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from wanlib.base.api_tables import ApiTables, Region
from wanlib.base.redaction import Secret, safe_repr
from wanlib.base.urls import service_url_problem
from wanlib.errors import ConfigurationError


def complete_base_url(api: ApiTables, url: object, name: str) -> str:
    """Return origin and base path, without a slash at the end.

    Args:
        api: The tables of the API.
        url: The URL as the caller passed it.
        name: The argument or variable that it comes from, for messages.

    Raises:
        ConfigurationError: The text is not a base URL.
    """
    reason = service_url_problem(url)
    if reason or not isinstance(url, str):
        raise _base_url_error(api, url, name, reason)
    path = urlsplit(url).path.rstrip("/")
    origin = url[: len(url) - len(urlsplit(url).path)] if urlsplit(url).path else url
    if not path:
        return origin + api.base_path
    if reason := _path_problem(api, origin, path):
        before = next((path.partition(endpoint)[0] for endpoint in _endpoints(api) if endpoint in path), "")
        raise _base_url_error(api, url, name, reason, origin + (before or api.base_path))
    return origin + path


def check_key_fits(api: ApiTables, key: Secret, base: str) -> None:
    """Raise ConfigurationError if an API key cannot be valid on the vendor's host that it would be sent to.

    A gateway or an emulator may take any key.

    Args:
        api: The tables of the API.
        key: The API key.
        base: The base URL.
    """
    host = urlsplit(base).hostname or ""
    at = [region for region in api.regions.values() if _is_host_of(region, host)]
    takers = {
        name: region
        for name, region in api.regions.items()
        if region.key_prefix is not None and key.starts_with(region.key_prefix)
    }
    if not at or not takers or any(region in takers.values() for region in at):
        return
    prefix = next(str(region.key_prefix) for region in takers.values())
    hosts = " or ".join(f"{region.host}{api.base_path} (region={name!r})" for name, region in takers.items())
    raise ConfigurationError(
        f"the API key begins with {prefix}, and {host} does not accept such keys; allowed: {hosts}. "
        "Pass that region, or a key of this host"
    )


def _path_problem(api: ApiTables, origin: str, path: str) -> str:
    """Return why the API cannot be at a path; empty if it may be."""
    for other, what in api.other_bases.items():
        if f"{path}/".startswith(f"{other}/") or path.endswith(other):
            return f"{other} is the base of {what}"
    for endpoint in _endpoints(api):
        if f"{endpoint}/" in f"{path}/":
            return f"{endpoint} belongs to one call, not to the base"
    host = urlsplit(origin).hostname or ""
    known = any(_is_host_of(region, host) for region in api.regions.values())
    return f"on {host} the base path is {api.base_path}" if known and path != api.base_path else ""


def _endpoints(api: ApiTables) -> list[str]:
    """Return the paths of all calls below a base, the longest first."""
    paths = {path for model in api.models.values() for _, path in model.endpoints.values()}
    paths |= {path.partition("{")[0].rstrip("/") for _, path in api.paths.values()}
    return sorted(paths, key=len, reverse=True)


def _is_host_of(region: Region, host: str) -> bool:
    """Return whether a host is the shared one of a region, or one of its workspaces."""
    if region.host and urlsplit(region.host).hostname == host:
        return True
    if not region.workspace_host:
        return False
    pattern = re.escape(region.workspace_host.partition("://")[2]).replace(r"\{workspace\}", r"[^.]+")
    return re.fullmatch(pattern, host) is not None


def _base_url_error(
    api: ApiTables, url: object, name: str, reason: str, instead: str = ""
) -> ConfigurationError:
    allowed = instead or f"http(s)://host/path, such as https://host{api.base_path}"
    return ConfigurationError(f"{name} is {safe_repr(url)}: {reason}; allowed: {allowed}")


KEY_VARIABLE = "DASHSCOPE_API_KEY"
KEY_FIELD = "{key}"
"""The placeholder of the key in a header; the driver replaces it."""
BASE_VARIABLE = "DASHSCOPE_HTTP_BASE_URL"
RESPONSE_TIMEOUT = 60.0
"""Seconds within which a request is answered; chosen by this client, not documented by the service."""
STALL_TIMEOUT = 30.0
"""Seconds within which a download must make progress before it is continued on another connection."""
MIN_UPLOAD_RATE = 128 * 1024
"""The lowest rate at which a body is uploaded, in bytes per second; the timeout of a large one allows for
it."""


class Settings(NamedTuple):
    """The address and the key of a client.

    Attributes:
        key: The API key.
        region: The region of the key.
        workspace: The id of the workspace; None for the default one.
        base_url: Origin and base path, without a slash at the end.
    """

    key: Secret
    region: str
    workspace: str | None
    base_url: str

    def __repr__(self) -> str:
        return f"<Settings {self.base_url} region={self.region} workspace={self.workspace}>"

    @property
    def origin(self) -> str:
        """Scheme, host and port: where the key may be sent."""
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def is_local(self) -> bool:
        """Whether the service is on this machine or in a private network, as an emulator is."""
        from wanlib.base.urls import is_private

        return is_private(urlsplit(self.base_url).hostname or "")

    def headers(self, api: ApiTables, call: str, schemes: Iterable[str] = ()) -> dict[str, str]:
        """Return the headers of a call, with `{key}` where the driver inserts the key.

        Args:
            api: The tables of the API.
            call: The call.
            schemes: The URL schemes of the images in the body.
        """
        image_schemes = set(schemes)
        chosen = {
            "User-Agent": "wanlib",
            "Accept": api.stream_type if call == "stream" else "application/json",
        }
        for header in api.headers:
            if header.optional and not self.workspace:
                continue
            if call in header.calls or image_schemes.intersection(header.schemes):
                chosen[header.name] = header.value.replace("{workspace}", self.workspace or "")
        return chosen


def resolve_settings(
    api: ApiTables,
    api_key: Secret | None,
    region: str | None,
    workspace: str | None,
    base_url: str | None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """Return the settings from arguments and environment. Raise ConfigurationError.

    Args:
        api: The tables of the API.
        api_key: The key; None for that of the environment.
        region: The region; None for the default one.
        workspace: The id of the workspace; None for the default one.
        base_url: The address; None for that of the environment, or of the region.
        environ: The environment; None for that of the process.
    """
    key = Secret.of(_variable(KEY_VARIABLE, environ)) if api_key is None else api_key
    if key.is_empty:
        raise ConfigurationError(f"the API key is missing; pass api_key=... or set {KEY_VARIABLE}")
    if not key.is_well_formed:
        raise ConfigurationError(
            "the API key has characters that a key cannot have; check that nothing else was copied with it"
        )
    region = api.default_region if region is None else region
    if not isinstance(region, str) or region not in api.regions:
        raise ConfigurationError(f"region is {safe_repr(region)}; allowed: {', '.join(api.regions)}")
    if workspace is not None and not _is_workspace_id(workspace):
        raise ConfigurationError(f"workspace is {safe_repr(workspace)}; allowed: letters, digits, - and _")
    if base_url is not None:
        base = complete_base_url(api, base_url, "base_url")
    elif _variable(BASE_VARIABLE, environ):
        base = complete_base_url(api, _variable(BASE_VARIABLE, environ), BASE_VARIABLE)
    else:
        base = _host(api, region, workspace) + api.base_path
    check_key_fits(api, key, base)
    return Settings(key, region, workspace, base)


def _variable(name: str, environ: Mapping[str, str] | None) -> str:
    """Return a variable of the environment, empty if it is not set. No caller keeps the environment."""
    return (os.environ if environ is None else environ).get(name, "")


def _host(api: ApiTables, region: str, workspace: str | None) -> str:
    """Return the host of a region, or that of a workspace if the region has no shared one."""
    entry = api.regions[region]
    if entry.host and not workspace:
        return entry.host
    if workspace and entry.workspace_host:
        return entry.workspace_host.replace("{workspace}", workspace)
    if entry.host:
        return entry.host
    raise ConfigurationError(f"region {region} has no shared host; pass workspace=... (its id)")


def _is_workspace_id(text: object) -> bool:
    return isinstance(text, str) and re.fullmatch(r"[A-Za-z0-9_-]{1,63}", text) is not None
