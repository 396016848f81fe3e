"""`WanServer`: the emulator of a test on a loopback port, and the environment that leads clients to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from wan_conformance.plugin.emulator import WanEmulator


@dataclass(frozen=True)
class WanServer:
    """A server for clients in other processes and languages.

    Attributes:
        url: The address, `http://127.0.0.1:PORT`; the admin page is there.
        base_url: The base address of the API, as in `DASHSCOPE_HTTP_BASE_URL`.
        api_key: The key, as in `DASHSCOPE_API_KEY`. Any other key is refused.
        emulator: The emulator behind it, the same as the fixture `wan_emulator`.
    """

    url: str
    base_url: str
    api_key: str
    emulator: WanEmulator


_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


def proxy_exception(url: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that keep requests to a server from going through a proxy.

    Clients read one of two spellings, so both get the hosts of both, and the host of the server.

    Args:
        url: The address of the server.
        environment: The environment; if it names no proxy, nothing is returned.
    """
    if not any(environment.get(name) or environment.get(name.lower()) for name in _PROXIES):
        return {}
    stated = (environment.get("NO_PROXY", ""), environment.get("no_proxy", ""), urlsplit(url).hostname or "")
    names = dict.fromkeys(name.strip() for text in stated for name in text.split(",") if name.strip())
    hosts = "*" if "*" in names else ",".join(names)  # urllib knows an asterisk only on its own
    return {"NO_PROXY": hosts, "no_proxy": hosts}
