"""A scripted store of result pictures, and `save` run against it; shared by the tests of downloads."""

from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any

from tests.client.response_samples import API, PRO, TASK, choice, choices, image
from tests.client.steps_driver import play
from tests.support.fake_clock import FakeClock
from tests.support.image_files import picture
from wanlib.client.http.messages import Request, Response
from wanlib.client.protocol.context import MAX_RETRIES
from wanlib.client.protocol.effects import Send
from wanlib.client.protocol.timing import Backoff, Deadline
from wanlib.client.results.download import DownloadRules
from wanlib.client.results.result import CallContext, Result, parse_result
from wanlib.client.results.save import save

ATTEMPTS = 1 + MAX_RETRIES
PNG = {name: picture("png", "RGB", (9, 4 + number)) for number, name in enumerate("abcd")}
ENDED = 1_777_852_860.0


def result(*names: str, **known: Any) -> Result:
    """Return a result with these pictures."""
    body = choices(choice(*(image(name) for name in names)))
    return parse_result(API, PRO, body, CallContext(**({"task_id": TASK, "ended_at": ENDED} | known)))


def picture_request(url: str, headers: Mapping[str, str]) -> Request:
    """Return the request for a picture."""
    return Request("GET", url, {"Accept": "image/png", **headers}, None, 60.0)


class Store:
    """The store of result pictures: an answer for each name, or a list of them, one for each attempt.

    Attributes:
        asked: The names in the order of the requests.
        ranges: The `Range` headers of the requests, None for none.
    """

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[str] = []
        self.ranges: list[str | None] = []

    def __call__(self, send: Send) -> Response:
        name = send.request.url.partition("?")[0].rpartition("/")[2].removesuffix(".png")
        self.asked.append(name)
        self.ranges.append(send.request.headers.get("Range"))
        answer = self.answers.get(name, PNG[name])
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if isinstance(answer, Exception):
            raise answer
        status, headers, body = answer if isinstance(answer, tuple) else (200, {}, answer)
        reply = Response(
            status, headers if "no" in headers else {"content-length": str(len(body))} | headers, b""
        )
        assert send.sink is not None
        send.sink.start(reply)
        for at in range(0, len(body), 16):
            send.sink.write(body[at : at + 16])
        return reply


def rules(clock: FakeClock, **how: Any) -> DownloadRules:
    """Return the rules of a download on a clock."""
    seconds = how.pop("seconds", None)
    how = {"backoff": Backoff(1.0, 8.0, Random(1)), "attempts": ATTEMPTS} | how
    if seconds is not None:
        how["deadline"] = Deadline(clock.now() + seconds, clock.now)
    return DownloadRules(picture_request, clock, **how)


def save_pictures(
    store: Callable[[Send], Response], folder: Path, *names: str, time: FakeClock | None = None, **how: Any
) -> list[Path]:
    """Save pictures `a` and `b`, or those named.

    Args:
        store: Answers the requests.
        folder: Where to save.
        names: The pictures.
        time: The clock; None for one that starts when the task has ended.
        how: Arguments of `save`, of `DownloadRules`, `of` for another result, `seconds` for a deadline.
    """
    of = how.pop("of") if "of" in how else result(*(names or ("a", "b")))
    clock = time or FakeClock(ENDED)
    kept = {name: how.pop(name) for name in ("stem", "file", "width", "overwrite") if name in how}
    return play(save(of, folder, rules(clock, **how), **{"stem": TASK, **kept}), store, clock)


def names(folder: Path) -> list[str]:
    """Return the name of every file of a folder, hidden ones too."""
    return sorted(path.name for path in folder.iterdir())
