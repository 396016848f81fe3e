"""Image URLs that the service cannot download: both readings, every family, every notation."""

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from wanlib import check
from wanlib.base.violation import Violation
from wanlib.emit.schema.json_schema import CLAIMS
from wanlib.spec import interpret, load
from wanlib.spec.mutations import list_mutations

MODELS = load().models
PUBLIC = [
    "https://xxxx/img.png",  # the guide's own example
    "https://example.com/a.png",
    "HTTPS://EXAMPLE.COM/a.png",
    "http://example.com:8080",
    "https://example.com./a.png",
    "https://user:word@example.com/a.png",
    "https://8.8.8.8/a.png",
    "https://0x08080808/a.png",
    "https://172.15.255.255/a.png",
    "https://172.32.0.1/a.png",
    "https://100.63.255.255/a.png",
    "https://100.128.0.0/a.png",
    "https://[2606:4700::1111]:443/a.png",
    "https://[::ffff:8.8.8.8]/a.png",
    "https://[64:ff9b::808:808]/a.png",
    "https://localhost.example.com/a.png",
    "https://my-internal.example.com/a.png",
    "https://internal.aliyuncs.com/a.png",
    "https://bucket.oss-cn-beijing.aliyuncs.com/a.png",
    "https://1.2.3.4.com/a.png",
    "https://example.com/a%20b.png?u=http://127.0.0.1/",
    "https://a_b.example.com/a.png",
    f"https://{'a' * 63}.com/a.png",
    "oss://dashscope-instant/a.png",
    "OSS://k",
]
PRIVATE = [
    "http://127.0.0.1/a.png",
    "http://127.255.255.254/a.png",
    "http://127.1/a.png",
    "http://2130706433/a.png",
    "http://0x7f000001/a.png",
    "http://0X7F.0x0.0x0.0x1/a.png",
    "http://017700000001/a.png",
    "http://0177.0.0.01/a.png",
    "http://00000000000000000000000000000177.1/a.png",
    "http://0/a.png",
    "http://0x/a.png",
    "http://0.0.0.0/a.png",
    "http://10.0.0.1/a.png",
    "http://10.1/a.png",
    "http://172.16.0.1/a.png",
    "http://172.31.255.255/a.png",
    "http://192.168.0.1/a.png",
    "http://192.168.257/a.png",
    "http://169.254.169.254/latest/meta-data",
    "http://100.64.0.0/a.png",
    "http://100.100.100.200/latest/meta-data",
    "http://192.0.2.1/a.png",
    "http://198.18.0.1/a.png",
    "http://224.0.0.1/a.png",
    "http://255.255.255.255/a.png",
    "http://127.0.0.1./a.png",
    "http://127.0.0.1:80/a.png",
    "http://user@127.0.0.1/a.png",
    "http://example.com@127.0.0.1/a.png",
    "http://example.com:80@127.0.0.1/a.png",
    "http://%31%32%37.0.0.1/a.png",
    "http://127%2e0%2e0%2e1/a.png",
    "http://127\u30020\uff0e0\uff611/a.png",
    "http://\uff11\uff12\uff17.0.0.1/a.png",
    "http://\u2460\u2461\u2466.0.0.1/a.png",
    "http://loc%61lhost/a.png",
    "http://[::1]/a.png",
    "http://[0:0:0:0:0:0:0:1]:8080/a.png",
    "http://[::]/a.png",
    "http://[::127.0.0.1]/a.png",
    "http://[::ffff:127.0.0.1]/a.png",
    "http://[::ffff:7f00:1]/a.png",
    "http://[::ffff:0:127.0.0.1]/a.png",
    "http://[::ffff:0:8.8.8.8]/a.png",
    "http://[64:ff9b::7f00:1]/a.png",
    "http://[64:ff9b::192.168.0.1]/a.png",
    "http://[64:ff9b:1::808:808]/a.png",
    "http://[2002:7f00:1::]/a.png",
    "http://[2002:c0a8:1::1]/a.png",
    "http://[2001:db8::1]/a.png",
    "http://[2001::1]/a.png",
    "http://[3fff::1]/a.png",
    "http://[fc00::1]/a.png",
    "http://[fdff::1]/a.png",
    "http://[fe80::1]/a.png",
    "http://[fec0::1]/a.png",
    "http://[ff02::1]/a.png",
    "http://[4000::1]/a.png",
    "http://localhost/a.png",
    "http://LOCALHOST:3000/a.png",
    "http://localhost./a.png",
    "http://app.localhost/a.png",
    "http://localhost.localdomain/a.png",
    "http://camera.local/a.png",
    "http://metadata.google.internal/a.png",
    "http://nas.home.arpa/a.png",
    "https://oss-cn-beijing-internal.aliyuncs.com/bucket/a.png",
    "https://bucket.oss-cn-beijing-internal.aliyuncs.com/a.png",
    "https://BUCKET.OSS-CN-BEIJING-INTERNAL.ALIYUNCS.COM/a.png",
    "https://bucket.oss-cn-beijing-internal.aliyuncs.com./a.png",
    "https://bucket.cn-beijing-internal.oss-data-acc.aliyuncs.com/a.png",
]
BROKEN = [
    "https://",
    "http:///a.png",
    "https://?a",
    "https://#a",
    "https://:443/a.png",
    "https://@/a.png",
    "https://./a.png",
    "https://../a.png",
    "https://.example.com/a.png",
    "https://example..com/a.png",
    "https://example.com../a.png",
    f"https://{'a' * 64}.com/a.png",
    f"https://{'a.' * 130}com/a.png",
    "https://example.com:0/a.png",
    "https://example.com:65536/a.png",
    "https://example.com:x/a.png",
    "https://256.0.0.1/a.png",
    "https://1.2.3.4.5/a.png",
    "https://1.2.3.08/a.png",
    "https://4294967296/a.png",
    f"https://{'9' * 5000}/a.png",
    "https://example.com\\@127.0.0.1/a.png",
    "https://example.com\\/a.png",
    "https://a@b@example.com/a.png",
    "https://[::1/a.png",
    "https://::1/a.png",
    "https://[fe80::1%25eth0]/a.png",
    "https://[v1.a]/a.png",
    "https://[]/a.png",
    "https://[1:2]/a.png",
    "https://exam%00ple.com/a.png",
    "https://exam%20ple.com/a.png",
    "https://exam^ple.com/a.png",
    "https://example.com%2f@127.0.0.1/a.png",
    "https://example.com/a b.png",
    " ".join(("https://example.com/a.png", "")),
    "https://example.com/a.png\n",
    "https://example.com/\ta.png",
    "https://example.com/\x00",
    "https://example.com/\x7f",
    "https://example.com/\x85",
    "https://example.com/\u3000",
    "https://exam ple.com/a.png",
    "oss://",
    "oss:///",
    "oss://bucket/a b.png",
    "oss://bucket/a\r\n.png",
]
NOW = 1_800_000_000
SIGNED = [
    ("Expires=1799999999&Signature=s", True),
    ("Expires=1800000000&Signature=s", False),
    ("OSSAccessKeyId=k&Expires=1&Signature=s", True),
    ("Expires=xxxxxx", False),
    ("Expires=", False),
    ("Expires=-1", False),
    ("expires=1", False),
    ("a=Expires=1", False),
    ("Expires=9999999999999&Signature=s", False),
    ("%45xpires=1&Signature=s", True),
    ("x-oss-date=20270115T075959Z&x-oss-expires=0&x-oss-signature=s", True),
    ("x-oss-date=20270115T080000Z&x-oss-expires=0&x-oss-signature=s", False),
    ("x-oss-date=20270114T080000Z&x-oss-expires=86400&x-oss-signature=s", False),
    ("x-oss-date=20270114T075959Z&x-oss-expires=86400&x-oss-signature=s", True),
    ("x-oss-date=20270230T000000Z&x-oss-expires=1", False),
    ("x-oss-expires=1", False),
    ("X-Amz-Date=20270115T075800Z&X-Amz-Expires=60&X-Amz-Signature=s", True),
    ("X-Amz-Date=20270115T075800Z&X-Amz-Expires=120&X-Amz-Signature=s", False),
    ("Expires=1900000000&X-Amz-Date=20270115T075800Z&X-Amz-Expires=60", True),
]


def body(model: str, url: str) -> dict[str, Any]:
    """A correct body of a model with one image URL."""
    form = load().family(model).body
    if form == "messages":
        given: dict[str, Any] = {
            "messages": [{"role": "user", "content": [{"image": url}, {"text": "a vase"}]}]
        }
    elif form == "prompt":
        given = {"prompt": "a vase", "images": [url]}
    else:
        given = {"function": "doodle", "prompt": "a vase", "base_image_url": url}
    return {"model": model, "input": given, "parameters": {"n": 1}}


def found(sent: Any, **how: Any) -> list[Violation]:
    """The common result of both readings."""
    generated = check(sent, **how)
    call = how.pop("call", None)
    assert [tuple(each) for each in generated] == [
        tuple(violation) for violation in interpret(load(), sent, call, **how)
    ]
    return generated


def rules(url: str, model: str = "wan2.7-image", **how: Any) -> list[tuple[str, str]]:
    """Kind and outcome of what a URL breaks, but for characters beyond ASCII."""
    kinds = [
        (violation.rule.rpartition(".")[2], violation.outcome) for violation in found(body(model, url), **how)
    ]
    return [kind for kind in kinds if kind[0] != "chars"]


@pytest.mark.parametrize("url", PUBLIC)
def test_public(url: str) -> None:
    for model in MODELS:
        assert rules(url, model) == []


@pytest.mark.parametrize("url", [*PRIVATE, *BROKEN], ids=lambda url: repr(url)[:60])
def test_not_public(url: str) -> None:
    for model in MODELS:
        assert rules(url, model) == [("public", "rejected")]
        assert rules(url, model, local=True) == []
    (violation,) = check(body("wan2.7-image", url))
    assert str(violation).count("which the service cannot download: ") == 1
    assert "not public;" not in str(violation) and len(str(violation)) < 600


@pytest.mark.parametrize(("query", "has_expired"), SIGNED)
def test_expired_signatures(query: str, has_expired: bool) -> None:
    expected = [("unexpired", "unspecified")] if has_expired else []
    for at in (NOW, float(NOW), datetime.fromtimestamp(NOW, UTC)):
        for model in MODELS:
            assert rules(f"https://example.com/a.png?{query}", model, now=at) == expected
            assert rules(f"https://example.com/a.png?{query}#top", model, now=at, local=True) == expected
    assert rules(f"https://example.com/a.png#{query}", now=NOW) == []


def test_without_a_time_the_system_clock_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"https://example.com/a.png?Expires={NOW}&Signature=s"
    monkeypatch.setattr(time, "time", lambda: NOW + 1.0)
    assert rules(url) == [("unexpired", "unspecified")]
    monkeypatch.setattr(time, "time", lambda: NOW - 1.0)
    assert rules(url) == []
    monkeypatch.setattr(time, "time", lambda: 1 / 0)
    assert rules("https://example.com/a.png") == []
    assert rules("https://example.com/a.png?b=c") == []


def test_a_time_without_a_zone_is_refused() -> None:
    for judge in (check, lambda sent, **how: interpret(load(), sent, **how)):
        with pytest.raises(ValueError, match="no time zone"):
            judge(body("wan2.7-image", "https://example.com/a.png"), now=datetime(2026, 1, 1))


def test_a_mask_is_checked_like_the_base_image() -> None:
    sent = body("wanx2.1-imageedit", "https://example.com/a.png")
    sent["input"] |= {"function": "description_edit_with_mask", "mask_image_url": "http://10.0.0.1/mask.png"}
    (violation,) = found(sent)
    assert (violation.rule, violation.path) == ("wanx2.1/mask.public", "/input/mask_image_url")
    assert found(sent, local=True) == []
    sent["input"]["mask_image_url"] = "https://example.com/mask.png?Expires=1"
    assert [violation.rule for violation in found(sent)] == ["wanx2.1/mask.unexpired"]


def test_every_image_is_checked_and_no_secret_is_shown() -> None:
    urls = ["http://a.local/1.png?Signature=hidden", "https://example.com/2.png", "http://u:hidden@10.0.0.1/"]
    content = [*({"image": url} for url in urls), {"text": "a vase"}]
    sent = {"model": "wan2.7-image", "input": {"messages": [{"role": "user", "content": content}]}}
    broken = found(sent)
    assert [each.path for each in broken] == [f"/input/messages/0/content/{at}/image" for at in (0, 2)]
    assert all("hidden" not in f"{each} {json.dumps(each.to_dict())}" for each in broken)


def test_json_schema_does_not_claim_these_rules() -> None:
    assert not {"public", "unexpired"} & CLAIMS


def test_mutations_are_detected() -> None:
    spec = load()
    inside = body("wan2.7-image", "https://b-internal.oss-data-acc.aliyuncs.com/a.png")
    assert interpret(spec, inside) != []
    ways = list_mutations(spec, "wan2.7/images.each.public")
    assert [*ways] == ["wider", "dropped", "outcome", "tighter"]
    assert interpret(ways["wider"](), inside) == []
    assert interpret(ways["tighter"](), body("wan2.7-image", "https://a.example.com/a.png")) != []
    signed = body("wan2.7-image", "https://example.com/a.png?X-Amz-Date=20010909T014640Z&X-Amz-Expires=1")
    ways = list_mutations(spec, "wan2.7/images.each.unexpired")
    assert interpret(spec, signed) != [] == interpret(ways["wider"](), signed)
