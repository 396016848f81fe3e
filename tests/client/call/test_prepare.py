"""A call that is looked at before it is made; and what verbs refuse before anything is sent."""

import json
import os
import shutil
import subprocess
import warnings
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.client.client_fixture import KEY, World
from tests.client.response_samples import TASK
from tests.client.service import CREATED, MIXED, OLD, PRO
from tests.support.api_facts import limit_of
from wanlib.boundary.images import encode_image
from wanlib.client.call.arguments import CallArguments
from wanlib.client.call.options import ParsedCall, parse_call
from wanlib.client.http.messages import Request, Response
from wanlib.client.protocol.effects import OpenedResponse
from wanlib.client.results.stream_reader import ServerSentEvent
from wanlib.emulator import Settings
from wanlib.emulator.api.uploads import FormField
from wanlib.emulator.core import http_messages
from wanlib.errors import (
    ConfigurationError,
    IgnoredParameterWarning,
    InvalidArgumentError,
    InvalidRequestError,
)
from wanlib.types import BatchJob

URL = ["https://example.com/a.png?token=abc"]


def test_prepare_sends_nothing_and_hides_the_key(world: World) -> None:
    prepared = world.wan.prepare(PRO, "a vase", images=URL, size=(1280, 720), n=1)
    assert world.service.seen == []
    assert prepared.method == "POST"
    assert prepared.url == "https://dashscope.aliyuncs.com/api/v1/services/aigc/image-generation/generation"
    assert prepared.headers["Authorization"] == "Bearer $DASHSCOPE_API_KEY"
    assert prepared.headers["X-DashScope-Async"] == "enable"
    assert prepared.body["parameters"] == {"size": "1280*720", "n": 1}
    shown = json.dumps(prepared.to_dict()) + repr(prepared) + prepared.curl()
    assert KEY not in shown and "token=abc" not in shown


def test_bodies_links_and_keys_are_not_shown(world: World) -> None:
    secret, prompt = "Signature=abc", "a long prompt " * 300
    link = f"https://example.com/a.png?{secret}"
    arguments = CallArguments("edit", "async", PRO, prompt, [link], {"seed": prompt})
    headers = {"authorization": f"Bearer {KEY}", "location": link}
    response = Response(200, headers, f"{link} {prompt}".encode())
    values = [
        world.wan.prepare(PRO, prompt, images=[link, encode_image("png", 400, 400)], n=1),
        BatchJob(1, PRO, prompt, [link, prompt.encode()], None, {"negative_prompt": prompt}),
        arguments,
        ParsedCall(arguments, None, None, None, None, None, None),
        world.wan._core.plan(parse_call("edit", "async", PRO, prompt, [link], {})),
        Request("GET", link, headers, prompt.encode(), 1.0),
        response,
        OpenedResponse(response, None, {"url": link}),
        ServerSentEvent("message", link + prompt, "1"),
        http_messages.Request("POST", f"/a?{secret}", headers, prompt.encode()),
        http_messages.Response(200, tuple(headers.items()), (link.encode(), prompt.encode())),
        FormField("file", prompt.encode()),
        Settings(keys={KEY: "beijing"}, origin="http://127.0.0.1"),
    ]
    for value in values:
        shown = repr(value)
        assert not any(text in shown for text in (KEY, secret, "a long prompt")), shown[:400]


@pytest.mark.parametrize(
    ("via", "path", "header"),
    [
        ("sync", "multimodal-generation", None),
        ("async", "image-generation", "X-DashScope-Async"),
        ("stream", "multimodal-generation", "X-DashScope-Sse"),
    ],
)
def test_each_call_has_its_endpoint_and_headers(
    world: World, via: str, path: str, header: str | None
) -> None:
    prepared = world.wan.prepare(MIXED, "a story", via=via, **({} if via != "sync" else {"images": URL}))
    assert f"/aigc/{path}/" in prepared.url
    marks = [name for name in prepared.headers if name.startswith("X-DashScope")]
    assert marks == ([header] if header else [])


def test_a_local_image_is_shown_as_a_digest_and_an_uploaded_one_needs_a_header(world: World) -> None:
    prepared = world.wan.prepare(PRO, "a vase", images=[encode_image("png", 512, 512), "oss://dir/a.png"])
    (image, uploaded, _) = prepared.body["input"]["messages"][0]["content"]
    assert image["image"].startswith("data:image/png;base64,…") and len(image["image"]) < 90
    assert uploaded == {"image": "oss://dir/a.png"}
    assert prepared.headers["X-DashScope-OssResourceResolve"] == "enable"


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("bash")), reason="needs curl and bash")
def test_the_curl_command_makes_the_call(world: World) -> None:
    seen: list[tuple[str, dict[str, str], Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.append((self.path, dict(self.headers), json.loads(body)))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.handle_request)
    thread.start()
    client = world.client(base_url=f"http://127.0.0.1:{server.server_port}/api/v1")
    prompt = 'it\'s "dusk" $HOME `id`\n\\ 雪'
    prepared = client.prepare(OLD, prompt, images=["https://example.com/a.png"], n=1)
    environ = os.environ | {"DASHSCOPE_API_KEY": "sk-from-env"}
    subprocess.run(["bash", "-c", prepared.curl() + " --silent --noproxy '*'"], check=True, env=environ)
    thread.join()
    server.server_close()
    ((path, headers, body),) = seen
    assert path == "/api/v1/services/aigc/image2image/image-synthesis"
    assert headers["Authorization"] == "Bearer sk-from-env"
    assert body == prepared.body and body["input"]["prompt"] == prompt


def test_every_violated_rule_is_reported_and_nothing_is_sent(world: World) -> None:
    prompt = "x" * (limit_of("wan2.7/prompt.max_chars") + 1)
    images = URL * (limit_of("wan2.7/images.max_count") + 1)
    with pytest.raises(InvalidRequestError, match="nothing was sent: ") as caught:
        world.do(world.wan.submit(PRO, prompt, images=images, n=limit_of("wan2.7/n.max") + 1, size="4K"))
    assert {each.rule for each in caught.value.violations} == {
        "wan2.7/prompt.max_chars",
        "wan2.7/images.max_count",
        "wan2.7/n.max",
        "wan2.7/size.keywords",
    }
    assert world.service.seen == []
    assert caught.value.to_dict()["violations"][0]["rule"] == caught.value.violations[0].rule


def test_a_local_image_is_checked_by_its_bytes(world: World, tmp_path: Path) -> None:
    small, side = tmp_path / "small.png", limit_of("wan2.7/images.each.min_side")
    small.write_bytes(encode_image("png", side - 1, side))
    with pytest.raises(InvalidRequestError) as caught:
        world.do(world.wan.submit(PRO, "a vase", images=[small, encode_image("gif", 300, 300)], n=1))
    assert [each.rule for each in caught.value.violations] == [
        "wan2.7/images.each.min_side",
        "wan2.7/images.each.formats",
    ]


def test_a_named_rule_may_be_broken(world: World) -> None:
    world.service.on("create", CREATED)
    world.do(world.wan.submit(PRO, "a vase", images=URL, n=5, allow=["wan2.7/n.max"]))
    assert world.service.of("create")[0].json()["parameters"]["n"] == 5


def test_a_newer_parameter_goes_through_extra_and_a_misspelt_one_nowhere(world: World) -> None:
    world.service.on("create", CREATED)
    with pytest.raises(InvalidRequestError, match=r"did you mean 'watermark'\?"):
        world.do(world.wan.submit(PRO, "a vase", images=URL, n=1, watermrak=True))
    assert world.service.seen == []
    world.do(world.wan.submit(PRO, "a vase", images=URL, n=1, extra={"style": {"name": "oil"}}))
    assert world.service.of("create")[0].json()["parameters"] == {"n": 1, "style": {"name": "oil"}}
    with pytest.raises(
        InvalidArgumentError, match=r"extra has .seed., which is a parameter of wan2\.7-image-pro"
    ):
        world.do(world.wan.submit(PRO, "a vase", images=URL, extra={"seed": 1}))


def test_an_ignored_parameter_is_sent_with_a_warning(world: World) -> None:
    world.service.on("create", CREATED)
    with pytest.warns(
        IgnoredParameterWarning, match=r"an effect only with .*wan2\.7/thinking_mode\.effective"
    ):
        world.do(world.wan.submit(PRO, "a vase", images=URL, n=1, thinking_mode=True))
    assert world.service.of("create")[0].json()["parameters"]["thinking_mode"] is True


def test_the_warning_points_at_the_caller(world: World) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        world.wan.prepare(PRO, "a vase", images=URL, n=1, thinking_mode=True)
    assert [each.filename for each in caught] == [__file__]


def test_a_region_without_the_call_is_refused(world: World) -> None:
    with pytest.raises(
        InvalidRequestError, match=r"takes no async call in region virginia; it does in beijing, singap"
    ):
        world.do(world.client(region="virginia").submit(PRO, "a vase", images=URL, n=1))
    with pytest.raises(ConfigurationError, match="region frankfurt has no shared host; pass workspace="):
        world.client(region="frankfurt")
    prepared = world.client(region="frankfurt", workspace="ws-1").prepare(MIXED, "a vase")
    assert prepared.url.startswith("https://ws-1.eu-central-1.maas.aliyuncs.com/api/v1/services/")
    assert prepared.headers["X-DashScope-WorkSpace"] == "ws-1"


def test_an_edit_needs_an_image_and_a_generation_none(world: World) -> None:
    with pytest.raises(InvalidArgumentError, match="edit was given no image; call generate"):
        world.do(world.wan.edit(PRO, "a vase", images=[]))
    with pytest.raises(InvalidArgumentError, match="generate takes no images; call edit"):
        world.do(world.wan.generate(PRO, "a vase", images=URL))
    with pytest.raises(InvalidArgumentError, match=r"allowed: a list of images\. Write images=\[\.\.\.\]"):
        world.do(world.wan.edit(PRO, "a vase", images="https://example.com/a.png"))
    with pytest.raises(InvalidRequestError, match=r"images has 2 items; wanx2\.1-imageedit takes one"):
        world.do(world.wan.edit("wanx2.1-imageedit", "a vase", images=URL * 2, function="doodle"))
    with pytest.raises(InvalidRequestError, match=r"wan2\.5/images\.required"):
        world.do(world.wan.generate(OLD, "a vase"))
    assert world.service.seen == []


def test_an_unknown_model_is_refused_with_the_known_ones(world: World) -> None:
    with pytest.raises(
        InvalidRequestError, match=r"no model 'wan2.7-image-por'; did you mean 'wan2.7-image-pro'\?"
    ):
        world.do(world.wan.submit("wan2.7-image-por", "a vase"))


def test_nothing_of_the_caller_is_changed(world: World) -> None:
    world.service.on("create", CREATED)
    boxes, palette, extra = [[[1, 2, 3, 4]]], [{"hex": "#112233", "ratio": "33.33%"}] * 2, {"more": [1]}
    palette.append({"hex": "#445566", "ratio": "33.34%"})
    images: list[Any] = [encode_image("png", 512, 512)]
    before = json.dumps([boxes, palette, extra]), list(images)
    task = world.do(
        world.wan.submit(PRO, "x", images=images, n=1, bbox_list=boxes, color_palette=palette, extra=extra)
    )
    assert (json.dumps([boxes, palette, extra]), images) == before
    assert task.id == TASK


LOCAL = "http://127.0.0.1:8000/a.png"


def test_a_private_image_url_is_refused_unless_the_service_is_private_too(world: World) -> None:
    with pytest.raises(
        InvalidRequestError, match=r"127\.0\.0\.1 is not a public address \(loopback\)"
    ) as caught:
        world.do(world.wan.submit(PRO, "a vase", images=[LOCAL], n=1))
    assert [each.rule for each in caught.value.violations] == ["wan2.7/images.each.public"]
    assert world.service.seen == []
    for base in ("http://127.0.0.1:8686/api/v1", "http://emulator:8686/api/v1", "http://[::1]/api/v1"):
        prepared = world.client(base_url=base).prepare(PRO, "a vase", images=[LOCAL], n=1)
        assert prepared.body["input"]["messages"][0]["content"][0] == {"image": LOCAL}
    with pytest.raises(InvalidRequestError, match="not a public address"):
        world.client(base_url="https://gateway.example.com/api/v1").prepare(PRO, "a vase", images=[LOCAL])


def test_signatures_expire_by_the_clock_of_the_client(world: World) -> None:
    url = f"https://example.com/a.png?Expires={int(world.time.wall())}&Signature=s"
    call = parse_call("edit", "async", PRO, "a vase", [url], {"n": 1})
    assert world.wan._core.plan(call).passed == ()
    world.time.at += 1
    assert [each.rule for each in world.wan._core.plan(call).passed] == ["wan2.7/images.each.unexpired"]
