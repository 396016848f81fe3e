"""A server or proxy that echoes the key, in any form: no error, log, journal or variable shows it."""

import copy
import json
import logging
import pickle
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx
import pytest

from tests.base.echoes import ECHOES, shows_key
from tests.client.client_fixture import KEY, World
from tests.client.response_samples import MIXED, PRO, choices, refusal, reply, task, words
from tests.client.service import CREATED, PHOTO
from wanlib import AsyncWan, Wan
from wanlib.client.http.messages import Response
from wanlib.errors import OutcomeUnknownError, WanError

FIELDS = ("code", "message", "request_id")
ONE_LINE = [name for name, echo in ECHOES.items() if echo(KEY).isprintable()]


def events(*payloads: Any, name: str = "message") -> Response:
    text = "".join(f"event: {name}\ndata: {json.dumps(payload)}\n\n" for payload in payloads)
    return reply(text.encode(), content_type="text/event-stream")


def _of_stream(echo: str) -> Response:
    return events({**choices({"message": {"content": [words(echo)]}}), "request_id": echo})


def _in_utf_16(payload: Any) -> Response:
    return reply(json.dumps(payload).encode("utf-16"), 400, content_type="application/json; charset=utf-16")


ANSWERS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "message and code": ("create", lambda echo: refusal(echo, f"wrong: {echo}")),
    "request id": ("create", lambda echo: reply({"code": "X", "message": "m", "request_id": echo}, 400)),
    "names of members": ("create", lambda echo: reply({echo: {echo: echo}}, 400)),
    "a page": ("create", lambda echo: reply(f"<p>{echo}</p>".encode(), 502)),
    "a list": ("create", lambda echo: reply([echo], 200)),
    "UTF-16": ("create", lambda echo: _in_utf_16(dict.fromkeys(FIELDS, echo))),
    "a task id": ("create", lambda echo: reply({"request_id": echo, "output": {"task_id": echo}})),
    "a status": ("query", lambda echo: reply(task(echo, message=echo))),
    "a failed task": ("query", lambda echo: reply(task("FAILED", code=echo, message=echo))),
    "an event of an error": ("stream", lambda echo: events(dict.fromkeys(FIELDS, echo), name="error")),
    "a broken stream": ("stream", _of_stream),
    "a broken connection": ("create", lambda echo: raising(httpx.ReadError, echo)),
    "no connection": ("create", lambda echo: raising(httpx.ConnectError, echo)),
}
IN_HEADERS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "the header of the id": ("create", lambda echo: refusal("X", x_request_id=echo)),
    "any header": (
        "create",
        lambda echo: refusal("X", x_echo=echo, retry_after=echo, date=echo),
    ),
    "a redirect": ("create", lambda echo: reply(b"", 302, location=f"https://a.example/{echo}?a={echo}")),
}


def shown_by(error: BaseException) -> str:
    """Everything that a log, a report or a debugger shows of an error."""
    plain = json.dumps(error.to_dict()) if isinstance(error, WanError) else ""
    pickled = repr(pickle.dumps(error, 0))
    return "".join([*traceback.format_exception(error), repr(error), repr(vars(error)), plain, pickled])


def provoke(world: World, where: str, answer: Any) -> WanError:
    """Let the service give an answer to a call, and return the error."""
    service, wan = world.service, world.wan
    service.on("create", CREATED if where == "query" else answer)
    service.on("query", answer)
    with pytest.raises(WanError) as caught:
        if where == "stream":
            stream = world.do(wan.stream(MIXED.name, "p", images=[PHOTO], max_images=1))
            world.all(stream)
        else:
            world.do(wan.edit(PRO.name, "p", images=[PHOTO], n=1, timeout=30))
    return caught.value


def raising(kind: type[httpx.TransportError], text: str) -> Callable[[Any], Any]:
    def answer(request: Any) -> Any:
        raise kind(text, request=request)

    return answer


@pytest.fixture
def quiet(
    caplog: pytest.LogCaptureFixture, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[World]:
    """A client with a journal; at the end no log and no file contains the key."""
    caplog.set_level(logging.DEBUG)
    world = World(getattr(request, "param", "sync"))
    world._wan = world.client(journal=tmp_path / "journal", max_retries=0)
    yield world
    world.close()
    files = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert files and not shows_key(caplog.text, KEY)
    assert KEY.encode() not in files


@pytest.mark.parametrize(("where", "answer"), ANSWERS.values(), ids=ANSWERS)
def test_an_answer_with_the_key(quiet: World, where: str, answer: Callable[[str], Any]) -> None:
    for name, echo in ECHOES.items():
        shown = shown_by(provoke(quiet, where, answer(echo(KEY))))
        assert not shows_key(shown, KEY), (name, shown)


@pytest.mark.parametrize(("where", "answer"), IN_HEADERS.values(), ids=IN_HEADERS)
def test_a_header_with_the_key(quiet: World, where: str, answer: Callable[[str], Any]) -> None:
    for name in ONE_LINE:
        shown = shown_by(provoke(quiet, where, answer(ECHOES[name](KEY))))
        assert not shows_key(shown, KEY), (name, shown)


@pytest.mark.parametrize("quiet", ["sync", "async"], indirect=True)
def test_no_variable_of_our_frames_holds_the_key(quiet: World) -> None:
    for where, answer in ANSWERS.values():
        error = provoke(quiet, where, answer(KEY))
        assert not shows_key(shown_by(error), KEY)
        assert not leaks(error), leaks(error)


def test_a_key_in_two_events_of_a_stream(quiet: World) -> None:
    """Each event alone shows half of it."""
    halves = [choices({"message": {"content": [words(half)]}}) for half in (KEY[:16], KEY[16:])]
    quiet.service.on("create", events(*halves))
    stream = quiet.do(quiet.wan.stream(MIXED.name, "p", images=[PHOTO], max_images=1))
    with pytest.raises(OutcomeUnknownError) as caught:
        quiet.all(stream)
    assert [part.text for part in caught.value.parts] == ["***"]


def leaks(error: BaseException | None) -> list[str]:
    """Return the variables of our frames, along the chain of an error, that contain the key."""
    found: list[str] = []
    while error is not None:
        frame: TracebackType | None = error.__traceback__
        while frame is not None:
            code = frame.tb_frame.f_code
            if "/wanlib/" in code.co_filename and "/tests/" not in code.co_filename:
                for name, value in frame.tb_frame.f_locals.items():
                    if any(shows_key(text, KEY) for text in _texts(value, 6, set())):
                        found.append(f"{code.co_qualname}: {name}")
            frame = frame.tb_next
        error = error.__cause__ or error.__context__
    return found


def _texts(value: Any, depth: int, seen: set[int]) -> Iterator[str]:
    """Yield what an error tracker shows of a value: items of containers and objects, else the repr."""
    if id(value) in seen or not depth:
        return
    seen.add(id(value))
    if isinstance(value, bytes | bytearray):
        yield value.decode("latin-1")
    elif isinstance(value, dict):
        for key, member in [*value.items()]:
            yield from _texts(key, depth - 1, seen)
            yield from _texts(member, depth - 1, seen)
    elif isinstance(value, list | tuple | set | frozenset):
        for item in [*value]:
            yield from _texts(item, depth - 1, seen)
    else:
        yield str(value)
        yield repr(value)
        if type(value).__module__.startswith("wanlib.client"):
            yield from _texts(getattr(value, "__dict__", {}), depth - 1, seen)


@pytest.mark.parametrize("kind", [Wan, AsyncWan])
@pytest.mark.parametrize(
    ("key", "settings"),
    [
        (KEY, {"parallel": 0}),
        (KEY, {"region": "moon"}),
        (KEY, {"base_url": "ftp://x"}),
        (KEY, {"budget": "much"}),
        (KEY, {"journal": 5}),
        (KEY, {"proxy": "nothing://x"}),
        (KEY, {"http_client": 5}),
        (f"{KEY}\n", {}),
        (f"{KEY} {KEY}", {}),
        (None, {"region": "moon"}),
        (KEY.encode(), {}),
        ({"key": KEY}, {}),
    ],
    ids=str,
)
def test_no_variable_of_a_client_that_is_not_made_holds_the_key(
    kind: Any, key: Any, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASHSCOPE_API_KEY", f"{KEY}\n" if key is None else "sk-other")
    with pytest.raises(WanError) as caught:
        kind(key, **settings)
    assert not leaks(caught.value)
    assert not shows_key(shown_by(caught.value), KEY)


def test_no_variable_of_an_exchange_holds_the_key() -> None:
    """By our own transport, on a port at which nothing listens."""
    with (
        Wan(KEY, base_url="http://127.0.0.1:9/api/v1", max_retries=0) as wan,
        pytest.raises(WanError) as caught,
    ):
        wan.edit(PRO.name, "p", images=[PHOTO], n=1)
    assert not leaks(caught.value)


def test_the_variables_that_hold_a_key_are_seen() -> None:
    """Otherwise the tests above would pass whatever happens."""
    code = compile("def fail(headers):\n    raise ValueError", "/site/wanlib/x.py", "exec")
    space: dict[str, Any] = {}
    exec(code, space)
    for held in (KEY, [KEY.encode()], {"Authorization": f"Bearer {KEY}"}, httpx.URL(f"https://x/{KEY}")):
        with pytest.raises(ValueError) as caught:
            space["fail"](held)
        assert leaks(caught.value) == ["fail: headers"]


def test_no_object_in_reach_is_pickled_or_printed_with_the_key(world: World) -> None:
    wan = world.wan
    context = wan._context
    request = context.request("list", context.deadline(5))
    for each in (wan, context, context.settings, request, request.headers, vars(wan), wan._http):
        assert not shows_key(f"{each} {each!r}", KEY)
        assert not [text for text in _texts(each, 8, set()) if shows_key(text, KEY)]
    with pytest.raises(TypeError):
        pickle.dumps(context.settings)
    assert copy.deepcopy(context.settings) == context.settings
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.warn(f"{context.settings}", stacklevel=1)
    assert KEY not in str(caught[0].message)
