"""A call on a new connection, as each paid call is: our submit against httpx and the official SDK."""

import os
from typing import Any, cast
from unittest.mock import patch

import httpx

from tests.bench.bodies import MODEL, clean_body
from tests.bench.comparison import Comparison, contest
from tests.bench.sink import sink
from wanlib import Wan

ONE_CALL = httpx.Limits(max_keepalive_connections=0)
KEY = "sk-0123456789abcdefghijklmnopqrstuv"


def rows() -> list[Comparison]:
    """Compare clients that send the same body and read the task id; ours also validates and prices it."""
    body = clean_body()
    message, parameters = body["input"]["messages"][0], body["parameters"]
    images = [part["image"] for part in message["content"][:-1]]
    prompt = message["content"][-1]["text"]
    with sink() as base, httpx.Client(limits=ONE_CALL) as http, Wan(KEY, base_url=base) as wan:
        url = f"{base}/services/aigc/image-generation/generation"
        headers = {"Authorization": f"Bearer {KEY}", "X-DashScope-Async": "enable"}
        sdk, submit = _official(base), cast("Any", wan.submit)

        def bare() -> Any:
            answer = http.post(url, json=body, headers=headers)
            return answer.raise_for_status().json()["output"]["task_id"]

        def official() -> Any:
            given = {"model": MODEL, "api_key": KEY, "messages": [message]}
            return sdk.async_call(**given, **parameters).output.task_id

        def ours() -> Any:
            return submit(MODEL, prompt, images=images, **parameters).id

        assert ours() < bare() < official()
        peers = {"httpx, bare": (bare, 1.25), "official SDK": (official, 1.0)}
        return contest("submit, new connection", ours, peers, rounds=21, min_seconds=0.1)


def _official(base: str) -> Any:
    """Import the SDK, which reads its address at import."""
    with patch.dict(os.environ, {"DASHSCOPE_HTTP_BASE_URL": base}):
        from dashscope.aigc.image_generation import ImageGeneration
    return ImageGeneration
