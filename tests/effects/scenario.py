"""Shared code of the scenarios of the transcript: an emulator at a fixed time, and responses as text."""

import hashlib
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from tests.emulator.api_client import (
    create,
    data_uri,
    fetch,
    links,
    send,
)
from tests.support.api_facts import KEPT_FOR
from tests.support.fake_clock import LATE_MAY_2026
from wanlib.base.clock import ManualClock
from wanlib.emulator import Emulator, Response, Settings
from wanlib.spec import Spec

START = LATE_MAY_2026
DAY, NEVER = KEPT_FOR, float("inf")
PROMPTED, FUNCTIONAL = "wan2.5-i2i-preview", "wanx2.1-imageedit"


def new_emulator(spec: Spec, settings: Settings | None = None) -> Emulator:
    """Return an emulator with a clock that starts at the same time in each run."""
    return Emulator(spec, clock=ManualClock(START), settings=settings)


def to_text(response: Response) -> str:
    parts = [part.decode("utf-8", "replace") for part in response.parts]
    return json.dumps([response.status, response.headers, parts, response.delay])


@cache
def image(width: int, height: int) -> str:
    return data_uri(width, height)


def query_task(emulator: Emulator, task_id: str) -> Response:
    return send(emulator, "GET", f"/tasks/{task_id}")


def submit(emulator: Emulator, body: Any, **headers: str) -> str:
    return str(json.loads(create(emulator, body, **headers).body)["output"]["task_id"])


def all_responses(emulator: Emulator, body: Any, **headers: str) -> Iterator[str]:
    """Yield the responses for a task from its creation to its first picture."""
    created = create(emulator, body, **headers)
    yield to_text(created)
    if created.status == 200:
        answer = query_task(emulator, json.loads(created.body)["output"]["task_id"])
        yield to_text(answer)
        if urls := links(json.loads(answer.body)):
            file = fetch(emulator, urls[-1])
            yield json.dumps([file.status, file.headers, hashlib.sha256(file.body).hexdigest()])
