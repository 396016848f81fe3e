"""Where calls go, with which key, over which HTTP client."""

import ssl
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.client.client_fixture import KEY, World
from tests.client.response_samples import reply
from tests.client.service import CREATED, DONE, MIXED, PHOTO, POLICY, PRO
from tests.support.image_files import picture
from wanlib import AsyncWan, Wan, errors
from wanlib.client.drivers import http_adapter as wire

BEARER = f"Bearer {KEY}"
PNG = picture("png", size=(300, 300))
HOME = "https://dashscope.aliyuncs.com/api/v1/"


@pytest.fixture(autouse=True)
def _one_tls_context(monkeypatch: pytest.MonkeyPatch) -> None:
    """To make a TLS context takes its time; one serves all clients of a test run."""
    monkeypatch.setattr(httpx, "create_ssl_context", lambda **_: CONTEXT)


CONTEXT = httpx.create_ssl_context()


def ready(world: World) -> World:
    world.service.on("create", CREATED)
    world.service.on("query", DONE)
    world.service.on("list", reply({"data": [], "total": 0}))
    world.service.on("cancel", reply({"request_id": "r"}))
    world.service.on("policy", POLICY)
    world.service.on("upload", reply(b""))
    world.service.on("download", reply(PNG))
    return world


def edit(world: World, wan: Any, **given: Any) -> Any:
    return world.do(wan.edit(PRO, "Make it dusk", **{"images": [PHOTO], "n": 1, **given}))


def test_the_key_as_an_argument_or_from_the_environment(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready(world)
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-of-the-environment")
    edit(world, world.client(None))
    edit(world, world.client(KEY))
    sent = [each.headers["authorization"] for each in world.service.of("create")]
    assert sent == ["Bearer sk-of-the-environment", BEARER]


@pytest.mark.parametrize("key", [None, "", "  ", "\n"], ids=repr)
def test_without_a_key_nothing_is_sent(world: World, key: str | None) -> None:
    """Row `missing key`: SDK 2.0 sends the request without Authorization."""
    with pytest.raises(errors.ConfigurationError, match="DASHSCOPE_API_KEY"):
        world.client(key)


@pytest.mark.parametrize(
    "key", ["sk-1\nX-Evil: 1", "sk-1\r\n", "sk 1", "sk-é", "sk-\x00", b"sk-1", 7], ids=repr
)
def test_a_text_that_cannot_be_a_key_is_refused_and_not_shown(world: World, key: Any) -> None:
    with pytest.raises(errors.ConfigurationError) as caught:
        world.client(key)
    assert "sk" not in str(caught.value).replace("ask", "")


def test_spaces_around_a_key_are_removed(world: World) -> None:
    ready(world)
    edit(world, world.client(f" {KEY} "))
    assert world.service.seen[0].headers["authorization"] == BEARER


@pytest.mark.parametrize(
    ("settings", "base"),
    [
        ({}, "https://dashscope.aliyuncs.com/api/v1/"),
        ({"region": "singapore"}, "https://dashscope-intl.aliyuncs.com/api/v1/"),
        ({"workspace": "ws-1"}, "https://ws-1.cn-beijing.maas.aliyuncs.com/api/v1/"),
        (
            {"region": "singapore", "workspace": "ws-1"},
            "https://ws-1.ap-southeast-1.maas.aliyuncs.com/api/v1/",
        ),
        ({"base_url": "https://proxy.example.com/wan/api/v1/"}, "https://proxy.example.com/wan/api/v1/"),
        ({"base_url": "http://127.0.0.1:8686/api/v1"}, "http://127.0.0.1:8686/api/v1/"),
    ],
    ids=str,
)
def test_every_call_goes_to_one_address(world: World, settings: dict[str, Any], base: str) -> None:
    """The official SDK uses `base_address` for the POST alone; the rest goes elsewhere with the key."""
    ready(world)
    wan = world.client(upload=True, **settings)
    handle = world.do(wan.submit(PRO, "Make it dusk", images=[PNG], n=1))
    world.do(handle.wait())
    world.do(handle.cancel())
    world.all(wan.tasks())
    calls = [each for each in world.service.seen if each.call != "upload"]
    assert [each.call for each in calls] == ["policy", "create", "query", "cancel", "list"]
    assert all(each.url.startswith(base) for each in calls)
    workspace = [each.headers.get("x-dashscope-workspace") for each in calls if each.call != "policy"]
    assert set(workspace) == {settings.get("workspace")}


def test_the_address_of_the_environment_as_the_sdk_reads_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready(world)
    monkeypatch.setenv("DASHSCOPE_HTTP_BASE_URL", "https://else.example.com/api/v1")
    edit(world, world.client())
    edit(world, world.client(base_url=HOME))
    assert [each.url[:25] for each in world.service.of("create")] == [
        "https://else.example.com/",
        HOME[:25],
    ]


@pytest.mark.parametrize(
    "settings",
    [
        {"region": "mars"},
        {"region": ["beijing"]},
        {"base_url": 7},
        {"region": "frankfurt"},
        {"workspace": "a.evil.com/"},
        {"workspace": ""},
        {"workspace": "büro"},
        {"base_url": "dashscope.aliyuncs.com/api/v1"},
        {"base_url": "ftp://dashscope.aliyuncs.com"},
        {"base_url": "https://user:secret@host/api/v1"},
        {"base_url": "https://host/api/v1?key=secret"},
        {"base_url": "https://host:99999/api/v1"},
        {"base_url": "https:///api/v1"},
        {"budget": "lots"},
        {"budget": -1},
        {"budget": float("nan")},
        {"journal": 7},
        {"http_client": 7},
    ],
    ids=str,
)
def test_an_impossible_setting_is_refused(world: World, settings: dict[str, Any]) -> None:
    kind = errors.ConfigurationError
    if not settings.keys().isdisjoint({"budget", "journal"}):
        kind = errors.InvalidArgumentError
    with pytest.raises(kind) as caught:
        world.client(**settings)
    assert "secret" not in str(caught.value)


def test_the_other_kind_of_http_client_is_refused(world: World) -> None:
    other = httpx.AsyncClient() if world.kind == "sync" else httpx.Client()
    with pytest.raises(errors.ConfigurationError, match="allowed: an httpx"):
        world.client(http_client=other)


def test_netrc_never_replaces_the_key(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the official SDK `~/.netrc` replaces the Bearer token by Basic auth."""
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine dashscope.aliyuncs.com login me password hunter2\ndefault login a password b\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(netrc))
    ready(world)
    own = world.http(trust_env=True, auth=httpx.NetRCAuth())
    for wan in (world.client(), world.client(http_client=own)):
        result = edit(world, wan)
        world.do(result.save(tmp_path / f"out-{id(wan)}"))
    for each in world.service.seen:
        due = None if each.call == "download" else BEARER
        assert each.headers.get("authorization") == due


def test_the_clients_own_transport_reads_proxies_of_the_environment(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com:3128")
    for trust, count in ((True, 1), (False, 0)):
        wan = (Wan if world.kind == "sync" else AsyncWan)(KEY, trust_env=trust)
        proxied = [key for key, each in wan._http._mounts.items() if each is not None]
        assert len(proxied) == count
        world.do(wan.close())


@pytest.mark.parametrize("proxy", ["nonsense", "ftp://p.example.com", "http://user:hunter2@[::1", 7], ids=str)
def test_an_impossible_proxy_is_refused(world: World, proxy: Any) -> None:
    with pytest.raises(errors.ConfigurationError, match="proxy") as caught:
        (Wan if world.kind == "sync" else AsyncWan)(KEY, proxy=proxy)
    assert "hunter2" not in str(caught.value)


def test_a_client_makes_one_tls_context(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """To read the certificates is what takes the time; a proxy must not read them again."""
    monkeypatch.undo()
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com:3128")
    read: list[Any] = []
    load = ssl.SSLContext.load_verify_locations

    def counted(self: ssl.SSLContext, *given: Any, **named: Any) -> None:
        read.append(given)
        load(self, *given, **named)

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", counted)
    wan = (Wan if world.kind == "sync" else AsyncWan)(KEY)
    assert len(read) == 1
    world.do(wan.close())


def test_an_http_client_of_ones_own_is_used_and_left_open(world: World) -> None:
    ready(world)
    http = world.http(headers={"X-Team": "7"}, follow_redirects=True, auth=("me", "hunter2"))
    wan = world.client(http_client=http)
    edit(world, wan)
    world.do(wan.close())
    assert not http.is_closed
    assert world.service.seen[0].headers["x-team"] == "7"
    assert world.service.seen[0].headers["authorization"] == BEARER


def test_httpx2_passes_through_the_seam(world: World, tmp_path: Path) -> None:
    """The maintained successor of httpx, where it is installed: all kinds of exchanges."""
    httpx2 = pytest.importorskip("httpx2", reason="httpx2 is not installed; it is in the dev extra")
    ready(world)
    wan = world.client(http_client=world.http(httpx2), upload=True)
    result = edit(world, wan, images=[PNG])
    (saved,) = world.do(result.save(tmp_path))
    assert saved.read_bytes() == PNG
    stream = (
        b'data: {"output":{"choices":[{"finish_reason":"stop","message":{"content":[{"text":"Hi"}]}}]}}\n\n'
    )
    world.service.on("create", reply(stream, content_type="text/event-stream"))
    parts = world.all(world.do(wan.stream(MIXED, "A story", max_images=1)))
    assert [each.text for each in parts] == ["Hi"]
    world.service.on("create", httpx2.ConnectError, httpx2.ReadError)
    with pytest.raises(errors.OutcomeUnknownError):
        edit(world, wan)
    assert world.service.count("create") == 4
    assert wire.detect_library(world.http(httpx2), type(world.http(httpx2)).__name__) is httpx2
