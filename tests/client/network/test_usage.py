"""Clients that are closed, shared with a forked process, or set up with files that do not exist."""

import asyncio
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.client.client_fixture import KEY, World
from tests.client.response_samples import TASK
from tests.client.service import CREATED, DONE, PRO, RUNNING
from tests.client.socket_server import ServerConnection, answer
from tests.client.socket_testbed import SocketTestbed
from wanlib import AsyncWan, Wan, errors


def routes(connection: ServerConnection) -> None:
    while True:
        posted = connection.read()
        connection.send(answer(CREATED.body if posted else DONE.body))


VERBS: dict[str, Callable[[Any], Any]] = {
    "generate": lambda wan: wan.generate(PRO, "a vase", n=1),
    "sync": lambda wan: wan.generate(PRO, "a vase", n=1, via="sync"),
    "submit": lambda wan: wan.submit(PRO, "a vase", n=1),
    "stream": lambda wan: wan.stream("wan2.6-image", "a vase"),
    "status": lambda wan: wan.task(TASK).status(),
    "wait": lambda wan: wan.wait([TASK]),
    "cancel": lambda wan: wan.cancel(TASK),
    "resume": lambda wan: wan.resume(),
}


@pytest.mark.parametrize("verb", VERBS)
def test_a_closed_client_refuses_every_verb(world: World, tmp_path: Path, verb: str) -> None:
    wan = world.client(journal=tmp_path / "journal", budget=1)
    world.do(wan.close())
    world.do(wan.close())
    with pytest.raises(errors.UsageError, match="closed"):
        world.do(VERBS[verb](wan))
    assert (wan.spent, wan._context.budget._reserved, world.service.seen) == (0, 0, [])


def test_a_client_may_be_closed_inside_of_its_block(testbed: SocketTestbed) -> None:
    wan, _ = testbed.serve(routes)

    async def use() -> None:
        async with wan:
            await wan.generate(PRO, "a vase", n=1)
            await wan.close()

    if testbed.kind == "async":
        testbed.do(use())
        return
    with wan:
        wan.generate(PRO, "a vase", n=1)
        wan.close()


def test_a_wait_ends_when_its_client_is_closed() -> None:
    for tasks in ([TASK], [TASK, TASK[:-4] + "0002"]):
        world = World("sync")
        world.service.on("query", RUNNING)
        wan = world.client()
        with pytest.raises(errors.UsageError, match="closed"):
            wan.wait(tasks, on_status=lambda *_, wan=wan: wan.close())
        assert world.time.at < 1010
        world.close()


def test_an_http_client_that_its_owner_closed_costs_nothing(world: World) -> None:
    http = world.http()
    wan = world.client(http_client=http, budget=1)
    world.do(http.close() if world.kind == "sync" else http.aclose())
    with pytest.raises(errors.UsageError, match="closed"):
        world.do(wan.submit(PRO, "a vase", n=1))
    assert (wan.spent, wan._context.budget._reserved) == (0, 0)


def in_fork(function: Callable[[], Any]) -> str:
    """The name of the exception that a function raises in a forked process; empty for none."""
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads at a fork
        child = os.fork()
    if not child:
        try:
            function()
            os.write(writer, b"-")
        except BaseException as error:
            os.write(writer, type(error).__name__.encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        name = pipe.read().decode()
    os.waitpid(child, 0)
    return name.strip("-")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_process_does_not_use_the_connections_of_its_parent(tmp_path: Path) -> None:
    testbed = SocketTestbed("sync")
    try:
        wan, server = testbed.serve(routes, journal=tmp_path / "journal")
        unused = testbed.client(server.url)
        wan.generate(PRO, "a vase", n=1)
        seen = len(server.seen)
        assert in_fork(lambda: wan.task(TASK).status()) == "UsageError"
        assert in_fork(wan.close) == ""  # and the parent's journal stays open
        assert len(server.seen) == seen
        assert in_fork(lambda: unused.task(TASK).status()) == ""  # a server may fork after it made its client
        assert wan.task(TASK).status().ended
    finally:
        testbed.close()


@pytest.mark.parametrize("client", [Wan, AsyncWan])
@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSLKEYLOGFILE"])
def test_tls_files_that_do_not_exist_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, client: Any, name: str
) -> None:
    monkeypatch.setenv(name, str(tmp_path / "missing" / "file"))
    journal = tmp_path / "journal"
    with pytest.raises(errors.ConfigurationError, match=name):
        client(KEY, journal=journal)
    assert not journal.exists()


@pytest.mark.parametrize(
    ("proxy", "advice"),
    [("socks5://proxy.example.com", r"install httpx\[socks\]"), ("ftp://proxy.example.com", "scheme")],
)
def test_a_proxy_that_cannot_be_used_is_named(proxy: str, advice: str) -> None:
    with pytest.raises(errors.ConfigurationError, match=f"{proxy}.*{advice}"):
        Wan(KEY, proxy=proxy)


def test_a_client_of_a_loop_that_ended_can_be_closed() -> None:
    testbed = SocketTestbed("async")
    wan, server = testbed.serve(routes)
    testbed.do(wan.submit(PRO, "a vase", n=1))
    testbed.loop.close()

    async def close() -> None:
        await wan.close()
        with pytest.raises(errors.UsageError):
            await wan.task(TASK).status()

    asyncio.run(close())
    server.close()
