"""A caller's mistake raises an error of wanlib that says what is allowed, and nothing is sent."""

import asyncio
import gc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.client.client_fixture import KEY, World
from tests.client.response_samples import TASK, reply
from tests.client.service import BROKEN, CREATED, DONE, PHOTO, POLICY, PRO, RUNNING
from tests.support.image_files import picture
from wanlib import AsyncWan, Wan, errors
from wanlib.base.clock import ManualClock

PNG = picture("png", size=(300, 300))
NAN, INFINITE = float("nan"), float("inf")
Broken = Callable[[Any, Path], Any]


class Array:
    """As an array of numpy: it has items, and no truth value."""

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> Any:
        return PHOTO

    def __bool__(self) -> bool:
        raise ValueError("the truth value is ambiguous")


def edit(wan: Any, **given: Any) -> Any:
    return wan.edit(PRO, "Make it dusk", **{"images": [PHOTO], "n": 1, **given})


CALLS: dict[str, Broken] = {
    **{
        f"timeout={value!r}": lambda wan, _, value=value: edit(wan, timeout=value)
        for value in (0, -1, NAN, INFINITE, True, "60", [60])
    },
    **{
        f"images={type(value).__name__!s}": lambda wan, _, value=value: edit(wan, images=value)
        for value in (None, PHOTO, PNG, Path("a.png"), {PHOTO}, 7, (x for x in ()))
    },
    **{
        f"submit(images={value!r})": lambda wan, _, value=value: wan.submit(PRO, "a", images=value)
        for value in (None, PHOTO, 7)
    },
    "an array of images": lambda wan, _: edit(wan, images=Array()),
    "submit(an array of images)": lambda wan, _: wan.submit(PRO, "a", images=Array()),
    "an array as an image": lambda wan, _: edit(wan, images=[Array()]),
    "an image that is None": lambda wan, _: edit(wan, images=[None]),
    "an image that is an empty text": lambda wan, _: edit(wan, images=[""]),
    "a path as text": lambda wan, _: edit(wan, images=["a.png"]),
    "an empty path": lambda wan, _: edit(wan, images=[Path()]),
    "a directory": lambda wan, folder: edit(wan, images=[folder]),
    "a file below a file": lambda wan, folder: edit(wan, images=[_file(folder) / "a.png"]),
    "a missing file": lambda wan, folder: edit(wan, images=[folder / "none.png"]),
    "a path with a zero byte": lambda wan, _: edit(wan, images=[Path("a\0.png")]),
    "allow=None": lambda wan, _: edit(wan, allow=None),
    "allow=7": lambda wan, _: edit(wan, allow=7),
    "allow='a rule'": lambda wan, _: edit(wan, allow="wan2.7/n.max"),
    "allow=[no rule]": lambda wan, _: edit(wan, allow=["wan2.7/n.mox"]),
    "allow=[a list]": lambda wan, _: edit(wan, allow=[["wan2.7/n.max"]]),
    "extra=None": lambda wan, _: edit(wan, extra=None),
    "extra={1: 2}": lambda wan, _: edit(wan, extra={1: 2}),
    "extra={NaN}": lambda wan, _: edit(wan, extra={"a": NAN}),
    "upload='yes'": lambda wan, _: edit(wan, upload="yes"),
    "max_price='lots'": lambda wan, _: edit(wan, max_price="lots"),
    "max_price=[1]": lambda wan, _: edit(wan, max_price=[1]),
    "prepare(max_price=-1)": lambda wan, _: wan.prepare(PRO, "a", n=1, max_price=-1),
    "prepare(timeout=-1)": lambda wan, _: wan.prepare(PRO, "a", n=1, timeout=-1),
    "on_status=7": lambda wan, _: edit(wan, on_status=7),
    "via='stream'": lambda wan, _: edit(wan, via="stream"),
    "via=None": lambda wan, _: edit(wan, via=None),
    "generate(images=)": lambda wan, _: wan.generate(PRO, "a", images=[PHOTO]),
    "wait(a text)": lambda wan, _: wan.wait(TASK),
    "wait(None)": lambda wan, _: wan.wait(None),
    "wait([None])": lambda wan, _: wan.wait([None]),
    "wait(on_status=7)": lambda wan, _: wan.wait([TASK], on_status=7),
    "wait(timeout=NaN)": lambda wan, _: wan.wait([TASK], timeout=NAN),
    "task(7)": lambda wan, _: wan.task(7),
    "task('../a')": lambda wan, _: wan.task("../a"),
    "cancel(None)": lambda wan, _: wan.cancel(None),
    "find_lost(None)": lambda wan, _: wan.find_lost(None),
    "tasks(status=7)": lambda wan, _: wan.tasks(status=7),
    "tasks(status=[])": lambda wan, _: wan.tasks(status=[]),
    "tasks(start='today')": lambda wan, _: wan.tasks(start="today"),
    "tasks(start=NaN)": lambda wan, _: wan.tasks(start=NAN),
    "tasks(start=1e300)": lambda wan, _: wan.tasks(start=1e300),
    "tasks(end=-1)": lambda wan, _: wan.tasks(end=-1),
    "save(7)": lambda wan, _: _output(wan, lambda output: output.save(7)),
    "save(None)": lambda wan, _: _output(wan, lambda output: output.save(None)),
    "save('')": lambda wan, _: _output(wan, lambda output: output.save("")),
    "save(a zero byte)": lambda wan, _: _output(wan, lambda output: output.save("a\0b")),
    "save(stem='')": lambda wan, folder: _output(wan, lambda output: output.save(folder, stem="")),
    "save(stem=7)": lambda wan, folder: _output(wan, lambda output: output.save(folder, stem=7)),
    "save(stem='a/b')": lambda wan, folder: _output(wan, lambda output: output.save(folder, stem="a/b")),
}


def _file(folder: Path) -> Path:
    file = folder / "file"
    file.write_bytes(b"")
    return file


def _output(wan: Any, use: Callable[[Any], Any]) -> Any:
    made = edit(wan)
    if not asyncio.iscoroutine(made):
        return use(made)

    async def used() -> Any:
        return await use(await made)

    return used()


@pytest.fixture(scope="module", autouse=True)
def _only_new_objects_are_collected() -> Iterator[None]:
    """Make `gc.collect` after each test cheap: it passes over what was there before this module."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def ready(world: World) -> Iterator[World]:
    world.service.on("create", CREATED)
    world.service.on("query", DONE)
    yield world
    gc.collect()


@pytest.mark.parametrize("name", CALLS)
def test_a_wrong_argument_is_an_error_of_ours(ready: World, name: str, tmp_path: Path) -> None:
    with pytest.raises(errors.InvalidArgumentError) as caught:
        made = ready.do(CALLS[name](ready.wan, tmp_path))
        if name.startswith("tasks("):
            ready.all(made)
    assert isinstance(caught.value, ValueError)
    assert "save(" in name or ready.service.seen == []
    assert str(caught.value).strip()


SETTINGS = [
    *({"timeout": value} for value in (0, -1, NAN, INFINITE, True, "60", None)),
    *({"max_retries": value} for value in (-1, 1.5, True, "3", None, NAN, 101)),
    *({"parallel": value} for value in (0, -1, 1.5, True, "8", None)),
    *({name: value} for name in ("upload", "file_urls", "trust_env") for value in (None, "yes", 1)),
    {"clock": 7},
    {"clock": "now"},
    {"random": 7},
    {"budget": []},
    {"journal": 7},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=repr)
def test_a_wrong_setting_is_an_error_of_ours(world: World, settings: dict[str, Any]) -> None:
    (name,) = settings
    with pytest.raises(errors.InvalidArgumentError, match=f"{name} is .*; allowed: "):
        world.client(**settings)


def test_a_setting_that_is_not_there_is_pythons_own_error(world: World) -> None:
    with pytest.raises(TypeError, match="retries"):
        world.client(retries=3)


# timeout and max_retries


def test_the_timeout_of_the_client_holds_for_every_wait(ready: World) -> None:
    ready.service.on("query", RUNNING)
    wan = ready.client(timeout=50)
    waits: list[Callable[[], Any]] = [
        lambda: edit(wan),
        lambda: wan.task(TASK).wait(),
        lambda: wan.generate(PRO, "a", n=1),
        lambda: _first(ready.do(wan.wait([TASK]))),
    ]
    for wait in waits:
        began = ready.time.at
        with pytest.raises(errors.DeadlineExceededError):
            ready.do(wait())
        assert ready.time.at - began == pytest.approx(50)
    began = ready.time.at
    with pytest.raises(errors.DeadlineExceededError):
        ready.do(edit(wan, timeout=20))
    assert ready.time.at - began == pytest.approx(20)
    began = ready.time.at
    with pytest.raises(errors.DeadlineExceededError):
        ready.do(edit(ready.client(), timeout=None))
    assert ready.time.at - began == pytest.approx(900)


def _first(ends: list[Any]) -> Any:
    raise ends[0]


def test_the_timeout_holds_for_questions_and_downloads_too(ready: World, tmp_path: Path) -> None:
    busy = reply(b"", 503)
    for call in ("query", "list", "cancel", "download"):
        ready.service.on(call, busy)
    wan = ready.client(timeout=2, max_retries=100)
    asked: list[Callable[[], Any]] = [
        lambda: wan.task(TASK).status(),
        lambda: wan.cancel(TASK),
        lambda: ready.all(wan.tasks()),
    ]
    for ask in asked:
        began = ready.time.at
        with pytest.raises(errors.WanError):
            ready.do(ask())
        assert ready.time.at - began <= 2
    ready.service.on("query", DONE)
    found = ready.do(edit(ready.client(timeout=2, max_retries=100), timeout=60))
    began = ready.time.at
    with pytest.raises(errors.DownloadFailedError, match="attempts before the timeout"):
        ready.do(found.save(tmp_path))
    assert ready.time.at - began <= 2


@pytest.mark.parametrize("retries", [0, 1, 4, 6])
def test_max_retries_holds_for_every_request(ready: World, retries: int, tmp_path: Path) -> None:
    wan = ready.client(max_retries=retries, upload=True)
    busy = reply(b"", 503)
    refused = reply({"code": "Throttling.RateQuota", "message": "slow", "request_id": "r"}, 429)

    def count(call: str, ask: Callable[[], Any]) -> int:
        before = ready.service.count(call)
        with pytest.raises(errors.WanError):
            ready.do(ask())
        return ready.service.count(call) - before

    found = ready.do(edit(wan))
    for call in ("query", "list", "cancel", "download", "policy"):
        ready.service.on(call, busy)
    asked: dict[str, Callable[[], Any]] = {
        "query": lambda: wan.task(TASK).status(),
        "list": lambda: ready.all(wan.tasks()),
        "cancel": lambda: wan.cancel(TASK),
        "download": lambda: found.save(tmp_path),
        "policy": lambda: edit(wan, images=[PNG]),
    }
    assert {call: count(call, ask) for call, ask in asked.items()} == dict.fromkeys(asked, retries + 1)
    ready.service.on("policy", POLICY)
    ready.service.on("upload", busy)
    assert count("upload", lambda: edit(wan, images=[PNG])) == retries + 1
    ready.service.on("create", refused)
    assert count("create", lambda: edit(wan)) == retries + 1
    other = ready.client(max_retries=retries + 1, upload=True)
    assert count("create", lambda: edit(other, max_retries=retries)) == retries + 1
    assert count("upload", lambda: edit(other, images=[PNG], max_retries=retries)) == retries + 1
    ready.service.on("create", BROKEN)  # which may have been accepted
    assert count("create", lambda: edit(wan)) == 1


# Places where a client cannot work.


def test_a_closed_client_says_so() -> None:
    wan = Wan(KEY, clock=ManualClock(0.0), trust_env=False, base_url="http://127.0.0.1:9/api/v1")
    wan.close()
    with pytest.raises(errors.UsageError, match="client is closed; make another one"):
        wan.generate(PRO, "a", n=1)
    with pytest.raises(RuntimeError):
        wan.task(TASK).status()


def test_a_closed_async_client_says_so() -> None:
    async def main() -> None:
        wan = AsyncWan(KEY, clock=ManualClock(0.0), trust_env=False, base_url="http://127.0.0.1:9/api/v1")
        await wan.close()
        with pytest.raises(errors.UsageError, match="client is closed; make another one"):
            await wan.generate(PRO, "a", n=1)

    asyncio.run(main())


def test_an_async_client_on_a_second_event_loop_says_so(async_world: World) -> None:
    world = async_world
    world.service.on("create", CREATED)
    world.service.on("query", DONE)
    wan = world.client()
    world.do(wan.generate(PRO, "a", n=1))
    sent = len(world.service.seen)
    verbs: list[Callable[[], Any]] = [
        lambda: wan.generate(PRO, "a", n=1),
        lambda: wan.submit(PRO, "a", n=1),
        lambda: wan.task(TASK).wait(),
        lambda: wan.task(TASK).status(),
        lambda: wan.wait([TASK]),
        lambda: wan.close(),
    ]
    for verb in verbs:
        with pytest.raises(errors.UsageError, match="make one AsyncWan for each loop"):
            asyncio.run(_run(verb))
    assert len(world.service.seen) == sent
    world.do(wan.generate(PRO, "a", n=1))  # its own loop is as good as before


async def _run(verb: Callable[[], Any]) -> Any:
    return await verb()


def test_an_async_client_without_a_loop_of_asyncio_says_so(async_world: World) -> None:
    """As under trio, whose coroutines run with no loop of asyncio."""
    coroutine = async_world.wan.generate(PRO, "a", n=1)
    with pytest.raises(errors.UsageError, match="under trio, call a Wan in a thread"):
        coroutine.send(None)
    assert async_world.service.seen == []
