"""Name lookup and the check of addresses: the address that is connected to decides."""

import socket
from collections.abc import Callable
from typing import Any

import httpcore
import httpx
import pytest

from tests.client.response_samples import TASK
from tests.client.service import DONE
from tests.client.socket_server import ServerConnection, answer
from tests.client.socket_testbed import CONTEXT, SocketTestbed
from wanlib import errors
from wanlib.client.drivers.http_adapter import create_http_client
from wanlib.client.http.messages import PrivateAddressError
from wanlib.client.network.limits import EXTENSION, ExchangeLimits
from wanlib.client.network.transport import Transport, environment_proxies
from wanlib.client.results.parts import Picture


def resolver(*lookups: list[str]) -> tuple[Callable[..., Any], list[str]]:
    """A `getaddrinfo` that answers with these addresses, one list for each lookup; the names looked up."""
    real, seen, answers = socket.getaddrinfo, list[str](), list(lookups)

    def getaddrinfo(host: str, port: int, *given: Any, **named: Any) -> Any:
        if host.replace(".", "").isdigit() or ":" in host:
            return real(host, port, *given, **named)
        seen.append(host)
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        return [entry for address in addresses for entry in real(address, port, type=socket.SOCK_STREAM)]

    return getaddrinfo, seen


def fetch(transport: Transport, url: str, *, public_only: bool) -> httpx.Response:
    extensions = {EXTENSION: ExchangeLimits(2.0, public_only=public_only), "timeout": {"connect": 1.0}}
    return transport.handle_request(httpx.Request("GET", url, extensions=extensions))


def answering(connection: ServerConnection) -> None:
    connection.read()
    connection.send(answer(DONE.body))


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "169.254.169.254", "10.0.0.1"])
def test_a_public_name_with_a_private_address_is_not_connected_to(
    testbed: SocketTestbed, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    lookup, _ = resolver([address])
    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    connected: list[Any] = []
    monkeypatch.setattr(socket.socket, "connect", lambda _, place: connected.append(place))
    http = create_http_client("Client" if testbed.kind == "sync" else "AsyncClient", None, False)
    request = httpx.Request("GET", "http://pictures.example.com:8/a.png")
    request.extensions = {EXTENSION: ExchangeLimits(2.0, public_only=True), "timeout": {"connect": 1.0}}
    with pytest.raises(PrivateAddressError, match="does not have a public address"):
        testbed.do(http.send(request))
    testbed.do(http.close() if testbed.kind == "sync" else http.aclose())
    assert connected == []


def test_a_picture_at_a_private_address_is_not_requested(
    testbed: SocketTestbed, monkeypatch: pytest.MonkeyPatch
) -> None:
    lookup, seen = resolver(["10.0.0.1"])
    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    wan = testbed.client("http://wan.example.com/api/v1")
    picture = wan._with_reader(Picture("http://pictures.example.com/a.png", 0))
    with pytest.raises(errors.DownloadFailedError, match=r"not requested: .*public address"):
        testbed.do(picture.read() if testbed.kind == "sync" else picture.aread())
    assert seen == ["pictures.example.com"]  # and it is not tried again


def test_a_name_is_looked_up_once_for_check_and_connection(
    testbed: SocketTestbed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second lookup could lead elsewhere (rebinding): the connection goes to what was checked."""
    lookup, seen = resolver(["192.0.1.1"], ["127.0.0.1"])
    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    connected: list[Any] = []

    def connect(_: Any, place: Any) -> None:
        connected.append(place[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", connect)
    with pytest.raises(httpcore.ConnectError):
        fetch(Transport(CONTEXT), "http://pictures.example.com/a.png", public_only=True)
    assert (seen, connected) == (["pictures.example.com"], ["192.0.1.1"])


def test_only_the_public_addresses_of_a_name_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    lookup, _ = resolver(["10.0.0.1", "192.0.1.1", "192.0.1.2"])
    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    connected: list[Any] = []

    def connect(_: Any, place: Any) -> None:
        connected.append(place[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", connect)
    with pytest.raises(httpcore.ConnectError):
        fetch(Transport(CONTEXT), "http://pictures.example.com/a.png", public_only=True)
    assert connected == ["192.0.1.1", "192.0.1.2"]


def test_a_service_and_a_proxy_may_have_private_addresses(
    testbed: SocketTestbed, monkeypatch: pytest.MonkeyPatch
) -> None:
    lookup, seen = resolver(["127.0.0.1"])
    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    _, server = testbed.serve(answering)
    port = server.url.split(":")[2].split("/")[0]
    wan = testbed.client(f"http://wan.example.com:{port}/api/v1")
    assert testbed.do(wan.task(TASK).status()).ended
    proxied = testbed.client("http://wan.example.com/api/v1", proxy=f"http://proxy.example.com:{port}")
    assert testbed.do(proxied.task(TASK).status()).ended
    assert seen == ["wan.example.com", "proxy.example.com"]
    assert server.seen[-1][1].startswith("http://wan.example.com/")
    transport = Transport(CONTEXT, httpx.Proxy(f"http://proxy.example.com:{port}"))
    assert fetch(transport, "http://pictures.example.com/a.png", public_only=True).status_code == 200
    transport.close()


@pytest.mark.parametrize(
    "host",
    ["a" * 64 + ".example.com", "a..example.com", ".example.com", "xn--a.example.com", "*.example.com"],
)
def test_an_odd_host_is_an_error_of_ours(testbed: SocketTestbed, host: str) -> None:
    wan = testbed.client("http://127.0.0.1:9/api/v1", max_retries=0)
    with pytest.raises((errors.DownloadFailedError, errors.ConfigurationError)):
        picture = wan._with_reader(Picture(f"http://{host}:9/a.png", 0))
        testbed.do(picture.read() if testbed.kind == "sync" else picture.aread())


@pytest.mark.parametrize(
    ("no_proxy", "pattern"),
    [
        ("example.org", "all://*example.org"),
        (".example.org", "all://*.example.org"),
        ("localhost", "all://localhost"),
        ("10.0.0.0/8", "all://10.0.0.0/8"),
        ("::1", "all://[::1]"),
        ("http://example.org", "http://example.org"),
    ],
)
def test_the_environment_sets_proxies_as_httpx_reads_them(
    monkeypatch: pytest.MonkeyPatch, no_proxy: str, pattern: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "proxy.example.com:3128")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    expected = {"https://": "http://proxy.example.com:3128", pattern: None}
    assert environment_proxies() == expected
    with httpx.Client() as http:
        assert {str(key.pattern) for key in http._mounts} == set(expected)
    monkeypatch.setenv("NO_PROXY", f"{no_proxy},*")
    assert environment_proxies() == {}
