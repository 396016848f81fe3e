"""Interleaved output as server-sent events."""

import json
from dataclasses import replace
from math import isqrt
from types import MappingProxyType
from typing import Any

import jsonschema
import pytest

from tests.emulator.api_client import INTERLEAVED, OLDER, SPEC, create, fetch, links, messages
from wanlib.emit.schema.openapi import response_schemas
from wanlib.emulator import Emulator, RealClock, Response, Settings
from wanlib.spec.model.kinds import parse_pixels


def events(response: Response) -> list[Any]:
    """The bodies of the events, each of which came in a separate part."""
    found = []
    for part in response.parts:
        lines = part.decode().removesuffix("\n\n").split("\n")
        (data,) = [line for line in lines if line.startswith("data:")]
        found.append(json.loads(data[5:]))
    return found


def test_each_event_has_one_part_and_the_last_says_stop() -> None:
    emulator = Emulator()
    answer = create(emulator, INTERLEAVED, "stream")
    assert answer.status == 200 and answer.header("content-type") == "text/event-stream"
    bodies = events(answer)
    choices = [body["output"]["choices"][0] for body in bodies]
    assert [choice["finish_reason"] for choice in choices] == ["null"] * (len(bodies) - 1) + ["stop"]
    assert {len(choice["message"]["content"]) for choice in choices} == {1}
    for body in bodies:
        jsonschema.validate(body, response_schemas(SPEC)["choices"])
    assert len({body["request_id"] for body in bodies}) == 1
    pictures = [link for body in bodies for link in links(body)]
    assert len(pictures) == 2 and fetch(emulator, pictures[1]).body.startswith(b"\x89PNG")


SIDE = isqrt(parse_pixels(SPEC.family("wan2.6-image").output["size"]["interleave"]["max_pixels"]))


def test_usage_grows_with_each_event() -> None:
    usages = [body["usage"] for body in events(create(Emulator(), INTERLEAVED, "stream"))]
    assert (usages[0]["image_count"], usages[0]["size"]) == (0, "0*0")
    assert (usages[-1]["image_count"], usages[-1]["size"]) == (2, f"{SIDE}*{SIDE}")
    for name in ("image_count", "output_tokens"):
        counts = [usage[name] for usage in usages]
        assert counts == sorted(counts)


def streamed(**streaming: Any) -> list[Any]:
    """The events of a service whose spec states the stream otherwise."""
    wire = {**SPEC.wire, "streaming": {**SPEC.wire["streaming"], **streaming}}
    emulator = Emulator(replace(SPEC, wire=MappingProxyType(wire)))
    return events(create(emulator, INTERLEAVED, "stream"))


@pytest.mark.parametrize(("size", "sizes"), [(2, [2, 2, 2, 1]), (3, [3, 3, 1]), (7, [7]), (8, [7])])
def test_the_spec_says_how_many_parts_an_event_has(size: int, sizes: list[int]) -> None:
    choices = [body["output"]["choices"][0] for body in streamed(parts_of_a_chunk=size)]
    assert [len(choice["message"]["content"]) for choice in choices] == sizes
    assert [choice["finish_reason"] for choice in choices][-1] == "stop"


def test_the_spec_says_which_events_have_a_usage() -> None:
    bodies = streamed(usage="last")
    assert all("usage" not in body for body in bodies[:-1])
    assert bodies[-1]["usage"] == streamed()[-1]["usage"]


@pytest.mark.parametrize(("finished", "first"), [("always", True), ("last", False)])
def test_finished_is_true_in_all_chunks_or_in_the_last(finished: Any, first: bool) -> None:
    bodies = events(create(Emulator(settings=Settings(finished_flag=finished)), INTERLEAVED, "stream"))
    assert bodies[0]["output"]["finished"] is first and bodies[-1]["output"]["finished"] is True


def test_work_that_fails_ends_in_an_error_event() -> None:
    answer = create(Emulator(), INTERLEAVED, "stream", x_wan_fault="fail code=DataInspectionFailed")
    (body,) = events(answer)
    assert body["code"] == "DataInspectionFailed" and b"event:error\n:HTTP_STATUS/400\n" in answer.body


def test_by_the_real_clock_the_events_take_the_time_that_the_work_takes() -> None:
    emulator = Emulator(clock=RealClock(), settings=Settings(working=6))
    answer = create(emulator, INTERLEAVED, "stream")
    assert answer.pace * len(answer.parts) == pytest.approx(6) and answer.delay == 0
    edit = messages(OLDER, "https://example.com/a.png", n=1)
    assert create(emulator, edit, "sync").delay == pytest.approx(6)
    with_manual_clock = Emulator(settings=Settings(working=6))
    assert create(with_manual_clock, edit, "sync").delay == 0
