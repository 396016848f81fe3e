"""`WanServer`: the emulator of a test on a loopback port."""

from dataclasses import dataclass

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
