"""Broken connections, over real sockets: reset, close, hang, trickle, half an answer."""

import socket
from typing import Any

import pytest

from tests.client.response_samples import TASK
from tests.client.service import CREATED, DONE, PHOTO, PRO, RUNNING
from tests.client.socket_server import Script, ServerConnection, answer
from tests.client.socket_testbed import SocketTestbed
from wanlib import errors

ACCEPTED = answer(CREATED.body)
BIG = "x" * 12_000_000  # more than the buffers of a loopback connection hold


def reset_before(connection: ServerConnection) -> None:
    connection.read()
    connection.reset()


def close_before(connection: ServerConnection) -> None:
    connection.read()
    connection.close()


def reset_in_the_head(connection: ServerConnection) -> None:
    connection.read()
    connection.send(ACCEPTED[:30])
    connection.reset()


def close_in_the_body(connection: ServerConnection) -> None:
    connection.read()
    connection.send(ACCEPTED[:-10])
    connection.close()


def hang(connection: ServerConnection) -> None:
    connection.read()
    connection.hang()


def hang_in_the_body(connection: ServerConnection) -> None:
    connection.read()
    connection.send(ACCEPTED[:-10])
    connection.hang()


def trickle_the_body(connection: ServerConnection) -> None:
    connection.read()
    connection.send(answer(b" " * 9999)[:-9999])
    connection.trickle(b" ", 0.02)


def nonsense(connection: ServerConnection) -> None:
    connection.read()
    connection.send(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")


def half_read(connection: ServerConnection) -> None:
    connection.read(most=100_000)
    connection.reset()


CUT = [reset_before, close_before, reset_in_the_head, close_in_the_body, nonsense]
SLOW = [hang, hang_in_the_body, trickle_the_body]


def serve(*bodies: bytes) -> Script:
    """Answers request after request on one connection."""

    def script(connection: ServerConnection) -> None:
        for body in bodies:
            connection.read()
            connection.send(answer(body))

    return script


def routes(connection: ServerConnection) -> None:
    """A create and then a query that succeeds, on whatever connection."""
    while True:
        posted = connection.read()
        connection.send(answer(CREATED.body if posted else DONE.body))


@pytest.mark.parametrize("via", ["async", "sync"])
@pytest.mark.parametrize("script", CUT, ids=lambda script: script.__name__)
def test_a_cut_create_is_sent_once(testbed: SocketTestbed, script: Script, via: str) -> None:
    """Rows `reset before answer` and `reset in the middle of a 200 answer`: the SDK sends up to 3 POSTs."""
    wan, server = testbed.serve(script)
    with pytest.raises(errors.OutcomeUnknownError) as caught:
        testbed.edit(wan, via=via)
    assert (server.posts, server.connections, caught.value.model) == (1, 1, PRO)
    assert wan.spent == wan.prepare(PRO, "", images=[PHOTO], n=1).price.amount


@pytest.mark.parametrize("script", SLOW, ids=lambda script: script.__name__)
def test_a_create_without_a_response_ends_in_time_and_is_sent_once(
    testbed: SocketTestbed, script: Script
) -> None:
    """Row `hang`: a server that trickles beats the SDK's timeout; its 2.0 sends the POST again."""
    _, _, server = testbed.run_out_of_time(
        errors.OutcomeUnknownError, script, lambda wan, seconds: testbed.edit(wan, timeout=seconds), posts=1
    )
    assert (server.posts, server.was_outlasted) == (1, False)


def test_a_half_sent_body_is_not_sent_again(testbed: SocketTestbed) -> None:
    wan, server = testbed.serve(half_read)
    with pytest.raises(errors.OutcomeUnknownError):
        testbed.edit(wan, images=[PHOTO], extra={"padding": BIG})
    assert server.connections == 1


def test_a_refused_connection_is_tried_again_and_reported(testbed: SocketTestbed) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # kept, so that no server of another test gets it
        wan = testbed.client(f"http://127.0.0.1:{unused.getsockname()[1]}/api/v1")
        with pytest.raises(errors.ConnectionFailedError, match="nothing was accepted"):
            testbed.edit(wan)
    assert wan.spent == 0


def test_a_failed_handshake_means_that_nothing_was_accepted(testbed: SocketTestbed) -> None:
    def no_tls(connection: ServerConnection) -> None:
        connection.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    _, server = testbed.serve(no_tls)
    secure = testbed.client(server.url.replace("http:", "https:"))
    with pytest.raises(errors.ConnectionFailedError):
        testbed.edit(secure)
    assert (server.connections, secure.spent) == (5, 0)


def test_a_name_that_does_not_resolve(testbed: SocketTestbed, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_such_host(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    wan = testbed.client("http://wan.invalid/api/v1")
    monkeypatch.setattr(socket, "getaddrinfo", no_such_host)
    with pytest.raises(errors.ConnectionFailedError):
        testbed.edit(wan)
    assert wan.spent == 0


@pytest.mark.parametrize("script", CUT, ids=lambda script: script.__name__)
def test_a_cut_poll_is_sent_again(testbed: SocketTestbed, script: Script) -> None:
    """Row `one reset while polling`: a raw ConnectionError, the task id lost."""
    wan, server = testbed.serve(serve(CREATED.body), script, script, serve(RUNNING.body, DONE.body))
    assert testbed.edit(wan).task_id == TASK
    assert server.posts == 1


@pytest.mark.parametrize("script", SLOW, ids=lambda script: script.__name__)
def test_a_poll_that_is_not_answered_ends_in_time(testbed: SocketTestbed, script: Script) -> None:
    """Row `fetch(request_timeout=1)`: ignored, 300 s."""
    error, _, server = testbed.run_out_of_time(
        errors.DeadlineExceededError, script, lambda wan, seconds: wan.task(TASK).wait(timeout=seconds)
    )
    assert (error.task_id, server.was_outlasted) == (TASK, False)


def test_polls_share_one_connection(testbed: SocketTestbed) -> None:
    """The create has its own connection. The official SDK also opens one for each poll."""
    wan, server = testbed.serve(serve(CREATED.body), serve(RUNNING.body, RUNNING.body, DONE.body))
    testbed.edit(wan)
    assert (server.connections, len(server.seen)) == (2, 4)


def test_no_cookie_is_taken(testbed: SocketTestbed) -> None:
    def tagging(connection: ServerConnection) -> None:
        while True:
            body = CREATED.body if connection.read() else DONE.body
            connection.send(answer(body).replace(b"\r\n", b"\r\nset-cookie: tag=1; path=/\r\n", 1))

    wan, server = testbed.serve(tagging)
    testbed.edit(wan)
    assert [b"cookie" in head.lower() for head in server.heads] == [False, False]


def test_a_connection_that_went_stale_does_no_harm(testbed: SocketTestbed) -> None:
    """A kept connection that the server closed is replaced before a query goes out on it."""
    gone: list[bool] = []

    def one_answer(connection: ServerConnection) -> None:
        connection.read()
        connection.send(answer(DONE.body))
        connection.close()
        gone.append(True)

    wan, server = testbed.serve(one_answer, routes)
    testbed.do(wan.task(TASK).status())
    while not gone:
        pass
    assert testbed.do(wan.task(TASK).status()).ended
    assert (server.connections, len(server.seen)) == (2, 2)


def test_a_head_that_trickles_ends_in_time(testbed: SocketTestbed) -> None:
    def trickle_the_head(connection: ServerConnection) -> None:
        connection.read()
        connection.trickle(b"HTTP/1.1 200 OK\r\nX: x", 0.02)

    _, _, server = testbed.run_out_of_time(
        errors.OutcomeUnknownError,
        trickle_the_head,
        lambda wan, seconds: testbed.edit(wan, timeout=seconds),
        posts=1,
    )
    assert (server.posts, server.was_outlasted) == (1, False)
