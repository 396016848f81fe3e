"""The cost of creating a client: one TLS context, and no packages except httpx and its dependencies."""

import ssl
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.client.client_fixture import KEY
from wanlib import AsyncWan, Wan

ROOT = Path(__file__).parents[2]
PROXIES = {
    "HTTP_PROXY": "http://one.example.com:3128",
    "HTTPS_PROXY": "http://two.example.com:3128",
    "ALL_PROXY": "http://three.example.com:3128",
    "NO_PROXY": "example.org",
}
HTTPX = {"httpx", "httpcore", "h11", "anyio", "sniffio", "certifi", "idna", "typing_extensions"}
"""httpx and what it depends on, with what older releases of that depended on."""


@pytest.fixture
def contexts(monkeypatch: pytest.MonkeyPatch) -> list[ssl.SSLContext]:
    """Every TLS context that is made."""
    made: list[ssl.SSLContext] = []
    make = ssl.SSLContext.__new__

    def counted(kind: type[ssl.SSLContext], *given: Any, **named: Any) -> ssl.SSLContext:
        made.append(make(kind, *given, **named))
        return made[-1]

    monkeypatch.setattr(ssl.SSLContext, "__new__", counted)
    return made


@pytest.mark.parametrize("client", [Wan, AsyncWan])
@pytest.mark.parametrize("proxies", [{}, PROXIES], ids=["direct", "proxies"])
def test_a_client_builds_one_tls_context(
    client: Any, proxies: dict[str, str], contexts: list[ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in proxies.items():
        monkeypatch.setenv(name, value)
    assert client(KEY) is not None
    assert len(contexts) == 1


def test_a_proxy_as_an_argument_shares_it(contexts: list[ssl.SSLContext]) -> None:
    Wan(KEY, proxy="http://two.example.com:3128").close()
    assert len(contexts) == 1


def test_an_http_client_of_ones_own_builds_none(contexts: list[ssl.SSLContext]) -> None:
    import httpx

    with httpx.Client(verify=False) as http:
        before = len(contexts)
        Wan(KEY, http_client=http).close()
    assert len(contexts) == before


def test_the_plain_install_is_httpx_and_wanlib() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert [each.partition(">")[0] for each in project["dependencies"]] == ["httpx"]


@pytest.mark.parametrize("client", ["Wan", "AsyncWan"])
def test_a_client_loads_httpx_and_its_own_needs_alone(client: str) -> None:
    """The optional parts of httpx (command line, HTTP/2, codings) are hidden: a plain install has none."""
    hidden = "import sys; sys.modules.update(dict.fromkeys(['click', 'rich', 'h2', 'brotli', 'zstandard']))"
    code = f"{hidden}; old = set(sys.modules); import wanlib; wanlib.{client}('{KEY}')"
    script = f"{code}; print(*set(sys.modules) - old)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = {name.partition(".")[0] for name in run.stdout.split()}
    assert "httpx" in loaded
    assert loaded - set(sys.stdlib_module_names) - {"wanlib"} <= HTTPX
    assert ("asyncio" in loaded) == (client == "AsyncWan")  # a quarter of the time that a client takes
