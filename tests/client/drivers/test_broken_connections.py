"""Broken connections, over real sockets: reset, close, hang, trickle, half an answer."""

import socket
from typing import Any

import pytest

from tests.client.response_samples import TASK
from tests.client.service import CREATED, DONE, PHOTO, PRO, RUNNING
from tests.client.socket_server import Line, Story, answer
from tests.client.socket_stage import Stage
from wanlib import errors

ACCEPTED = answer(CREATED.body)
BIG = "x" * 12_000_000  # more than the buffers of a loopback connection hold


def reset_before(line: Line) -> None:
    line.read()
    line.reset()


def close_before(line: Line) -> None:
    line.read()
    line.close()


def reset_in_the_head(line: Line) -> None:
    line.read()
    line.send(ACCEPTED[:30])
    line.reset()


def close_in_the_body(line: Line) -> None:
    line.read()
    line.send(ACCEPTED[:-10])
    line.close()


def hang(line: Line) -> None:
    line.read()
    line.hang()


def hang_in_the_body(line: Line) -> None:
    line.read()
    line.send(ACCEPTED[:-10])
    line.hang()


def trickle_the_body(line: Line) -> None:
    line.read()
    line.send(answer(b" " * 9999)[:-9999])
    line.trickle(b" ", 0.02)


def nonsense(line: Line) -> None:
    line.read()
    line.send(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")


def half_read(line: Line) -> None:
    line.read(most=100_000)
    line.reset()


CUT = [reset_before, close_before, reset_in_the_head, close_in_the_body, nonsense]
SLOW = [hang, hang_in_the_body, trickle_the_body]


def serve(*bodies: bytes) -> Story:
    """Answers request after request on one connection."""

    def story(line: Line) -> None:
        for body in bodies:
            line.read()
            line.send(answer(body))

    return story


def routes(line: Line) -> None:
    """A create and then a query that succeeds, on whatever connection."""
    while True:
        posted = line.read()
        line.send(answer(CREATED.body if posted else DONE.body))


@pytest.mark.parametrize("via", ["async", "sync"])
@pytest.mark.parametrize("story", CUT, ids=lambda story: story.__name__)
def test_a_cut_create_is_sent_once(stage: Stage, story: Story, via: str) -> None:
    """Rows `reset before answer` and `reset in the middle of a 200 answer`: the SDK sends up to 3 POSTs."""
    wan, playground = stage.play(story)
    with pytest.raises(errors.OutcomeUnknownError) as caught:
        stage.edit(wan, via=via)
    assert (playground.posts, playground.connections, caught.value.model) == (1, 1, PRO)
    assert wan.spent == wan.prepare(PRO, "", images=[PHOTO], n=1).price.amount


@pytest.mark.parametrize("story", SLOW, ids=lambda story: story.__name__)
def test_a_create_that_is_not_answered_ends_in_time_and_is_sent_once(stage: Stage, story: Story) -> None:
    """Row `hang`: a server that trickles beats the SDK's timeout; its 2.0 sends the POST again."""
    _, _, playground = stage.run_out_of_time(
        errors.OutcomeUnknownError, story, lambda wan, seconds: stage.edit(wan, timeout=seconds), posts=1
    )
    assert (playground.posts, playground.was_outlasted) == (1, False)


def test_a_half_sent_body_is_not_sent_again(stage: Stage) -> None:
    wan, playground = stage.play(half_read)
    with pytest.raises(errors.OutcomeUnknownError):
        stage.edit(wan, images=[PHOTO], extra={"padding": BIG})
    assert playground.connections == 1


def test_a_refused_connection_is_tried_again_and_reported(stage: Stage) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # kept, so that no server of another test gets it
        wan = stage.client(f"http://127.0.0.1:{unused.getsockname()[1]}/api/v1")
        with pytest.raises(errors.ConnectionFailedError, match="nothing was accepted"):
            stage.edit(wan)
    assert wan.spent == 0


def test_a_failed_handshake_means_that_nothing_was_accepted(stage: Stage) -> None:
    def no_tls(line: Line) -> None:
        line.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    _, playground = stage.play(no_tls)
    secure = stage.client(playground.url.replace("http:", "https:"))
    with pytest.raises(errors.ConnectionFailedError):
        stage.edit(secure)
    assert (playground.connections, secure.spent) == (5, 0)


def test_a_name_that_does_not_resolve(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_such_host(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    wan = stage.client("http://wan.invalid/api/v1")
    monkeypatch.setattr(socket, "getaddrinfo", no_such_host)
    with pytest.raises(errors.ConnectionFailedError):
        stage.edit(wan)
    assert wan.spent == 0


@pytest.mark.parametrize("story", CUT, ids=lambda story: story.__name__)
def test_a_cut_poll_is_sent_again(stage: Stage, story: Story) -> None:
    """Row `one reset while polling`: a raw ConnectionError, the task id lost."""
    wan, playground = stage.play(serve(CREATED.body), story, story, serve(RUNNING.body, DONE.body))
    assert stage.edit(wan).task_id == TASK
    assert playground.posts == 1


@pytest.mark.parametrize("story", SLOW, ids=lambda story: story.__name__)
def test_a_poll_that_is_not_answered_ends_in_time(stage: Stage, story: Story) -> None:
    """Row `fetch(request_timeout=1)`: ignored, 300 s."""
    error, _, playground = stage.run_out_of_time(
        errors.DeadlineExceededError, story, lambda wan, seconds: wan.task(TASK).wait(timeout=seconds)
    )
    assert (error.task_id, playground.was_outlasted) == (TASK, False)


def test_polls_share_one_connection(stage: Stage) -> None:
    """The create has a connection of its own. The official SDK opens one for each poll, too."""
    wan, playground = stage.play(serve(CREATED.body), serve(RUNNING.body, RUNNING.body, DONE.body))
    stage.edit(wan)
    assert (playground.connections, len(playground.seen)) == (2, 4)


def test_no_cookie_is_taken(stage: Stage) -> None:
    def tagging(line: Line) -> None:
        while True:
            body = CREATED.body if line.read() else DONE.body
            line.send(answer(body).replace(b"\r\n", b"\r\nset-cookie: tag=1; path=/\r\n", 1))

    wan, playground = stage.play(tagging)
    stage.edit(wan)
    assert [b"cookie" in head.lower() for head in playground.heads] == [False, False]


def test_a_connection_that_went_stale_does_no_harm(stage: Stage) -> None:
    """A kept connection that the server closed is replaced before a query goes out on it."""
    gone: list[bool] = []

    def one_answer(line: Line) -> None:
        line.read()
        line.send(answer(DONE.body))
        line.close()
        gone.append(True)

    wan, playground = stage.play(one_answer, routes)
    stage.do(wan.task(TASK).status())
    while not gone:
        pass
    assert stage.do(wan.task(TASK).status()).ended
    assert (playground.connections, len(playground.seen)) == (2, 2)


def test_a_head_that_trickles_ends_in_time(stage: Stage) -> None:
    def trickle_the_head(line: Line) -> None:
        line.read()
        line.trickle(b"HTTP/1.1 200 OK\r\nX: x", 0.02)

    _, _, playground = stage.run_out_of_time(
        errors.OutcomeUnknownError,
        trickle_the_head,
        lambda wan, seconds: stage.edit(wan, timeout=seconds),
        posts=1,
    )
    assert (playground.posts, playground.was_outlasted) == (1, False)
