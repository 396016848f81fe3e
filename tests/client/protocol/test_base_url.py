"""The base URL of a client: completed where that is safe, else refused with the reason and the way out."""

import re
from typing import Any

import pytest

from tests.client.client_fixture import World
from tests.client.service import CREATED, OLD, PRO
from wanlib import errors
from wanlib.client.protocol.settings import complete_base_url
from wanlib.generated.calls import API

HOME = "https://dashscope.aliyuncs.com/api/v1"


@pytest.mark.parametrize(
    ("given", "base"),
    [
        ("https://dashscope.aliyuncs.com", HOME),
        ("https://dashscope.aliyuncs.com/", HOME),
        ("https://dashscope.aliyuncs.com//", HOME),
        (HOME, HOME),
        (f"{HOME}/", HOME),
        ("HTTPS://DASHSCOPE.aliyuncs.com/api/v1", "HTTPS://DASHSCOPE.aliyuncs.com/api/v1"),
        ("https://ws-1.cn-beijing.maas.aliyuncs.com", "https://ws-1.cn-beijing.maas.aliyuncs.com/api/v1"),
        ("http://127.0.0.1:8686", "http://127.0.0.1:8686/api/v1"),
        ("http://localhost:8686/", "http://localhost:8686/api/v1"),
        ("http://[::1]:8686", "http://[::1]:8686/api/v1"),
        ("https://gateway.example.com", "https://gateway.example.com/api/v1"),
        ("https://gateway.example.com/wan", "https://gateway.example.com/wan"),
        ("https://gateway.example.com/wan/api/v1/", "https://gateway.example.com/wan/api/v1"),
    ],
)
def test_completed_or_kept(given: str, base: str) -> None:
    assert complete_base_url(API, given, "base_url") == base


@pytest.mark.parametrize(
    ("given", "reason", "instead"),
    [
        ("https://dashscope.aliyuncs.com/compatible-mode/v1", "of the OpenAI-compatible protocol", HOME),
        ("https://dashscope.aliyuncs.com/compatible-mode/v1/", "the OpenAI-compatible protocol", HOME),
        ("https://dashscope.aliyuncs.com/compatible-mode/v1/images", "the OpenAI-compatible protocol", HOME),
        ("https://gateway.example.com/compatible-mode/v1", "OpenAI", "https://gateway.example.com/api/v1"),
        ("https://dashscope.aliyuncs.com/apps/anthropic", "the Anthropic-compatible protocol", HOME),
        (f"{HOME}/services/aigc/image-generation/generation", "belongs to one call", HOME),
        (f"{HOME}/services/aigc/image2image/image-synthesis/", "belongs to one call", HOME),
        (f"{HOME}/tasks", "/tasks belongs to one call", HOME),
        (f"{HOME}/tasks/0385dc79", "/tasks belongs to one call", HOME),
        ("https://h.example/wan/uploads", "/uploads belongs to one call", "https://h.example/wan"),
        ("https://dashscope.aliyuncs.com/api", "the base path is /api/v1", HOME),
        ("https://dashscope.aliyuncs.com/v1", "the base path is /api/v1", HOME),
        ("https://dashscope-intl.aliyuncs.com/api/v2", "/api/v1", "https://dashscope-intl.aliyuncs.com/api/v1"),
        (f"{HOME}/api/v1", "the base path is /api/v1", HOME),
        (f"{HOME}?key=secret", "a query or a fragment", "https://host/api/v1"),
        (f"{HOME}#secret", "a query or a fragment", "https://host/api/v1"),
        ("https://me:secret@dashscope.aliyuncs.com/api/v1", "a user in it", "https://host/api/v1"),
        ("https://secret@dashscope.aliyuncs.com", "a user in it", "https://host/api/v1"),
        ("dashscope.aliyuncs.com/api/v1", "begin with https://", "https://host/api/v1"),
        ("ftp://dashscope.aliyuncs.com", "begin with https://", "https://host/api/v1"),
        ("https://", "no valid host", "https://host/api/v1"),
        ("https:///api/v1", "no valid host", "https://host/api/v1"),
        ("https://host:99999/api/v1", "no valid host", "https://host/api/v1"),
        ("https://a..b/api/v1", "no valid host", "https://host/api/v1"),
        ("https://[::1/api/v1", "no valid host", "https://host/api/v1"),
        (f" {HOME}", "begin with https://", "https://host/api/v1"),
        (f"{HOME} ", "blank or control character", "https://host/api/v1"),
        (f"{HOME}\n", "blank or control character", "https://host/api/v1"),
        ("https://dashscope.aliyuncs.com\\api", "a backslash", "https://host/api/v1"),
        ("https://d\u00e4shscope.example/api/v1", "beyond ASCII", "https://host/api/v1"),
        (7, "not text", "https://host/api/v1"),
        (b"https://host", "not text", "https://host/api/v1"),
    ],
)  # fmt: skip
def test_refused_with_reason_and_way_out(given: Any, reason: str, instead: str) -> None:
    with pytest.raises(errors.ConfigurationError) as caught:
        complete_base_url(API, given, "base_url")
    message = str(caught.value)
    assert message.startswith("base_url is ") and reason in message
    assert message.endswith(instead)
    assert "secret" not in message


def test_the_client_goes_to_the_completed_address(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the argument and by the environment, whose variable is named where it is wrong."""
    world.service.on("create", CREATED)
    world.do(
        world.client(base_url="https://dashscope-intl.aliyuncs.com").submit(OLD, "p", images=[PHOTO], n=1)
    )
    monkeypatch.setenv("DASHSCOPE_HTTP_BASE_URL", "https://dashscope.aliyuncs.com/")
    world.service.on("create", CREATED)
    world.do(world.client().submit(OLD, "p", images=[PHOTO], n=1))
    assert [re.split("/services", each.url)[0] for each in world.service.of("create")] == [
        "https://dashscope-intl.aliyuncs.com/api/v1",
        HOME,
    ]
    monkeypatch.setenv("DASHSCOPE_HTTP_BASE_URL", "https://dashscope.aliyuncs.com/compatible-mode/v1")
    with pytest.raises(errors.ConfigurationError, match=r"DASHSCOPE_HTTP_BASE_URL is 'https://dash.*OpenAI"):
        world.client()
    world.client(base_url=HOME)


PHOTO = "https://photos.example.com/street.jpg"
PLAN_KEY = "sk-sp-0123456789abcdefghij"


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"region": "singapore"},
        {"workspace": "ws-1"},
        {"base_url": HOME},
        {"base_url": "https://ws-1.ap-southeast-1.maas.aliyuncs.com"},
    ],
    ids=str,
)
def test_a_plan_key_at_another_host(world: World, settings: dict[str, Any]) -> None:
    with pytest.raises(errors.ConfigurationError) as caught:
        world.client(PLAN_KEY, **settings)
    message = str(caught.value)
    assert "begins with sk-sp-" in message and PLAN_KEY not in message
    assert "https://token-plan.cn-beijing.maas.aliyuncs.com/api/v1 (region='token-plan')" in message
    assert "https://token-plan.ap-southeast-1.maas.aliyuncs.com/api/v1" in message


@pytest.mark.parametrize(
    ("settings", "host"),
    [
        ({"region": "token-plan"}, "https://token-plan.cn-beijing.maas.aliyuncs.com"),
        ({"region": "token-plan-singapore"}, "https://token-plan.ap-southeast-1.maas.aliyuncs.com"),
        *(
            ({"base_url": host}, host)
            for host in (
                "https://token-plan.cn-beijing.maas.aliyuncs.com",
                "http://127.0.0.1:8686",
                "https://gateway.example.com",
            )
        ),
    ],
    ids=str,
)
def test_a_plan_key_at_a_host_that_may_take_it(world: World, settings: dict[str, Any], host: str) -> None:
    assert world.client(PLAN_KEY, **settings).prepare(PRO, "a vase", n=1).url.startswith(f"{host}/api/v1/")


def test_the_calls_of_a_region_may_be_unknown(world: World) -> None:
    """The call is let through, its price is not known, and a cap on it can't be kept."""
    for settings in ({"region": "hongkong"}, {"region": "tokyo", "workspace": "ws-1"}):
        prepared = world.client(**settings).prepare(PRO, "a vase", n=1)
        assert prepared.price is None
    assert prepared.url.startswith("https://ws-1.ap-northeast-1.maas.aliyuncs.com/api/v1/services/")
    with pytest.raises(errors.ConfigurationError, match="region tokyo has no shared host; pass workspace="):
        world.client(region="tokyo")
    world.service.on("create", CREATED)
    world.do(world.client(region="hongkong").submit(PRO, "a vase", n=1))
    with pytest.raises(errors.InvalidRequestError, match="region frankfurt"):
        world.client(region="frankfurt", workspace="ws-1").prepare(PRO, "a vase", n=1)
    with pytest.raises(errors.WanError, match="price"):
        world.do(world.client(region="hongkong").submit(PRO, "a vase", n=1, max_price=5))
