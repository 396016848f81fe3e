"""Answers that a server or proxy sends twice, or that belong to another call, over real sockets."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.client.client_fixture import World
from tests.client.response_samples import TASK, reply, task
from tests.client.service import CREATED, DONE, PRO, RUNNING
from tests.client.socket_server import Script, ServerConnection, answer
from tests.client.socket_testbed import SocketTestbed
from wanlib import errors

OTHER = TASK[:-4] + "0002"
DONE_OTHER = DONE.body.replace(TASK.encode(), OTHER.encode())
CREATED_OTHER = CREATED.body.replace(TASK.encode(), OTHER.encode())


def twice(body: bytes) -> Script:
    """Sends its first answer twice, and the connection stays open."""

    def script(connection: ServerConnection) -> None:
        connection.read()
        connection.send(answer(body) * 2)
        connection.hang()

    return script


def query(body: bytes) -> Script:
    def script(connection: ServerConnection) -> None:
        while True:
            connection.read()
            connection.send(answer(body))

    return script


def submit(testbed: SocketTestbed, wan: Any) -> Any:
    return testbed.do(wan.submit(PRO, "a vase", n=1))


def test_a_create_never_reads_the_answer_to_another(testbed: SocketTestbed) -> None:
    wan, server = testbed.serve(twice(CREATED.body), twice(CREATED_OTHER))
    assert [submit(testbed, wan).id, submit(testbed, wan).id] == [TASK, OTHER]
    assert server.connections == 2


@pytest.mark.parametrize("behind", [answer(DONE_OTHER), b"\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"])
def test_a_connection_with_unread_bytes_is_not_kept(testbed: SocketTestbed, behind: bytes) -> None:
    def chatty(connection: ServerConnection) -> None:
        connection.read()
        connection.send(answer(RUNNING.body) + behind)
        connection.hang()

    wan, server = testbed.serve(chatty, query(DONE_OTHER))
    assert testbed.do(wan.task(TASK).status()).status == "RUNNING"
    assert testbed.do(wan.task(OTHER).status()).status == "SUCCEEDED"
    assert (server.connections, len(server.seen)) == (2, 2)


def test_an_answer_about_another_task_is_requested_again_on_a_new_connection(testbed: SocketTestbed) -> None:
    wan, server = testbed.serve(query(DONE_OTHER), query(DONE.body))
    output = testbed.do(wan.task(TASK).wait(timeout=60))
    assert (output.task_id, server.connections) == (TASK, 2)


def test_an_answer_to_a_cancel_is_about_its_task(world: World) -> None:
    world.service.on("cancel", reply(task("CANCELED", task_id=OTHER)))
    with pytest.raises(errors.MalformedResponseError, match="not about this one"):
        world.do(world.client(max_retries=0).cancel(TASK))


def same_task(_: Any) -> Any:
    return httpx.Response(200, content=CREATED.body)


def test_a_task_of_another_live_call_is_not_taken(world: World) -> None:
    world.service.on("create", same_task)
    world.service.on("query", DONE)
    first = world.do(world.wan.submit(PRO, "a vase", n=1))
    with pytest.raises(errors.OutcomeUnknownError, match="which belongs to another call") as caught:
        world.do(world.wan.submit(PRO, "a clock", n=1))
    price = world.wan.prepare(PRO, "a vase", n=1).price.amount
    assert (caught.value.task_id, world.wan.spent) == (None, price)  # of the lost call
    assert world.do(first.wait()).task_id == TASK
    assert world.wan.spent == 2 * price


def test_a_task_of_another_entry_of_the_journal_is_not_taken(world: World, tmp_path: Path) -> None:
    world.service.on("create", same_task)
    first, second = (world.client(journal=tmp_path / "journal") for _ in range(2))
    world.do(first.submit(PRO, "a vase", n=1))
    with pytest.raises(errors.OutcomeUnknownError, match="which belongs to another call"):
        world.do(second.submit(PRO, "a clock", n=1))
    price = second.prepare(PRO, "a clock", n=1).price.amount
    assert (second.spent, [call.state for call in second.unfinished()]) == (price, ["lost"])
