"""Where calls go and with which key."""

import os
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from wanlib.base.shown import shown
from wanlib.runtime.base_url import check_key_fits, complete_base_url
from wanlib.runtime.errors import ConfigurationError
from wanlib.runtime.tables import Api

KEY_VARIABLE = "DASHSCOPE_API_KEY"
BASE_VARIABLE = "DASHSCOPE_HTTP_BASE_URL"
ANSWER = 60.0
"""Seconds in which a call that starts or asks for something is answered; a client's patience, no fact."""
LEAST_RATE = 128 * 1024
"""Bytes a second that a body goes up with at least; a large one is given so much more time."""


class Settings(NamedTuple):
    """A client's address and key.

    base: origin and base path, without a slash at its end. workspace: its id, None for the default one.
    """

    key: str
    region: str
    workspace: str | None
    base: str

    def __repr__(self) -> str:
        return f"<Settings {self.base} region={self.region} workspace={self.workspace}>"

    @property
    def origin(self) -> str:
        """Scheme, host and port: where the key may go."""
        parts = urlsplit(self.base)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def private(self) -> bool:
        """Whether the service is played on this machine or in this network."""
        from wanlib.base.hosts import is_private

        return is_private(urlsplit(self.base).hostname or "")

    def headers(self, api: Api, call: str, schemes: Iterable[str] = ()) -> dict[str, str]:
        """The headers that a call needs, the key among them; schemes: those of the images in the body."""
        met = set(schemes)
        chosen = {
            "User-Agent": "wanlib",
            "Accept": api.stream_type if call == "stream" else "application/json",
        }
        for header in api.headers:
            if header.optional and not self.workspace:
                continue
            if call in header.calls or met.intersection(header.schemes):
                value = header.value.replace("{key}", self.key)
                chosen[header.name] = value.replace("{workspace}", self.workspace or "")
        return chosen


def read_settings(
    api: Api,
    api_key: str | None,
    region: str | None,
    workspace: str | None,
    base_url: str | None,
    environ: Mapping[str, str] = os.environ,
) -> Settings:
    """What arguments and environment say. Raises ConfigurationError: no key, unknown region, no host."""
    key = environ.get(KEY_VARIABLE, "") if api_key is None else api_key
    if not isinstance(key, str) or not key.strip():
        raise ConfigurationError(f"there is no API key; pass api_key=... or set {KEY_VARIABLE}")
    if not key.isascii() or not key.isprintable() or " " in key.strip():
        raise ConfigurationError(
            "the API key has characters that no key has; was something else copied with it?"
        )
    region = api.default_region if region is None else region
    if not isinstance(region, str) or region not in api.regions:
        raise ConfigurationError(f"region is {shown(region)}; allowed: {', '.join(api.regions)}")
    if workspace is not None and not _is_label(workspace):
        raise ConfigurationError(f"workspace is {shown(workspace)}; allowed: letters, digits, - and _")
    if base_url:
        base = complete_base_url(api, base_url, "base_url")
    elif environ.get(BASE_VARIABLE):
        base = complete_base_url(api, environ[BASE_VARIABLE], BASE_VARIABLE)
    else:
        base = _host(api, region, workspace) + api.base_path
    check_key_fits(api, key.strip(), base)
    return Settings(key.strip(), region, workspace, base)


def _host(api: Api, region: str, workspace: str | None) -> str:
    """A workspace is asked at a host of its own where the region has no shared one."""
    entry = api.regions[region]
    if entry.host and not workspace:
        return entry.host
    if workspace and entry.workspace_host:
        return entry.workspace_host.replace("{workspace}", workspace)
    if entry.host:
        return entry.host
    raise ConfigurationError(f"region {region} has no shared host; pass workspace=... (its id)")


def _is_label(text: object) -> bool:
    return isinstance(text, str) and 0 < len(text) <= 63 and text.replace("-", "").replace("_", "").isalnum()
