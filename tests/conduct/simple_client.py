"""A small client of the API with httpx, correct by default, with one injected flaw if asked for."""

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import httpx

FLAWS = {
    "retries blindly": "client/never-pays-twice",
    "downloads nothing": "client/fetches-what-it-paid-for",
    "takes the first picture": "client/keeps-all-pictures",
    "gives up on any error": "client/leaves-no-task",
    "polls every second": "client/poll-interval",
    "has no unknown": "client/stops-at-unknown",
    "waits for success only": "client/stops-at-the-end",
    "has no deadline": "client/has-a-deadline",
    "ignores retry-after": "client/backs-off",
    "tries a refused call again": "client/accepts-refusals",
    "tries dead links": "client/leaves-dead-links",
    "sends the key as a parameter": "client/no-secret-in-url",
    "sends the key everywhere": "client/no-key-to-storage",
    "always succeeds": "client/reports-the-outcome",
}
"""Every flaw, and the rule that it breaks."""

ENDS = ("SUCCEEDED", "FAILED", "CANCELED", "UNKNOWN")
PARAMETERS = "/services/aigc/image-generation/generation"


class FailedError(Exception):
    """The client gives up, and says so."""


class Given(NamedTuple):
    """The environment of the client: the address of the service, and the clock."""

    base_url: str
    key: str
    http: httpx.Client
    now: Callable[[], float]
    sleep: Callable[[float], object]


class SimpleClient:
    """Creates a task, waits for it, downloads its pictures."""

    def __init__(self, given: Given, flaw: str = "") -> None:
        assert not flaw or flaw in FLAWS
        self._given = given
        self._flaw = flaw

    def run(self, model: str, prompt: str, n: int, timeout: float) -> list[bytes]:
        """Return the pictures, or raise FailedError."""
        try:
            return self._run(model, prompt, n, timeout)
        except FailedError:
            if self._flaw == "always succeeds":
                return []
            raise

    def _run(self, model: str, prompt: str, n: int, timeout: float) -> list[bytes]:
        until = self._given.now() + timeout
        content = [{"text": prompt}]
        body = {"model": model, "input": {"messages": [{"role": "user", "content": content}]}}
        task = self._create(body | {"parameters": {"n": n, "size": "1K"}}, until)
        links = list(picture_links(self._wait(task, until)))
        if self._flaw == "takes the first picture":
            links = links[:1]
        return [] if self._flaw == "downloads nothing" else [self._download(link) for link in links]

    def _create(self, body: dict[str, Any], until: float) -> str:
        tries = 0
        while True:
            tries += 1
            try:
                answer = self._api("POST", PARAMETERS, json=body, headers={"X-DashScope-Async": "enable"})
            except httpx.TransportError as error:
                if self._flaw == "retries blindly" and tries < 3:
                    continue
                raise FailedError("whether the call was accepted is unknown") from error
            if answer.status_code == 200:
                return str(answer.json()["output"]["task_id"])
            is_repeated = self._flaw == "tries a refused call again" and tries < 3
            if answer.status_code != 429 and not (answer.status_code == 400 and is_repeated):
                raise FailedError(answer.text)
            self._pause(answer, until)

    def _wait(self, task: str, until: float) -> dict[str, Any]:
        pause = 1.0
        while self._given.now() < until or self._flaw == "has no deadline":
            try:
                answer = self._api("GET", f"/tasks/{task}")
            except httpx.TransportError:
                answer = httpx.Response(503)
            if answer.status_code != 200:
                if self._flaw == "gives up on any error":
                    raise FailedError(answer.text)
                self._pause(answer, until)
                continue
            output: dict[str, Any] = answer.json()["output"]
            status = output["task_status"]
            if status == "SUCCEEDED":
                return output
            is_end = status in ENDS and self._flaw != "waits for success only"
            if is_end and not (status == "UNKNOWN" and self._flaw == "has no unknown"):
                raise FailedError(json.dumps(output))
            self._given.sleep(1.0 if self._flaw == "polls every second" else pause)
            pause = min(2 * pause, 10.0)
        raise FailedError("timed out")

    def _download(self, link: str) -> bytes:
        for attempt in range(4):
            answer = self._given.http.get(
                link, headers=self._headers() if self._flaw == "sends the key everywhere" else {}
            )
            if answer.status_code == 200:
                return answer.content
            if answer.status_code == 403 and self._flaw != "tries dead links":
                break
            self._given.sleep(2.0**attempt)
        raise FailedError("the link is dead")

    def _api(self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any) -> Any:
        query = f"?key={self._given.key}" if self._flaw == "sends the key as a parameter" else ""
        url = self._given.base_url + path + query
        return self._given.http.request(method, url, headers=self._headers() | (headers or {}), **more)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._given.key}"}

    def _pause(self, answer: httpx.Response, until: float) -> None:
        if self._given.now() > until and self._flaw != "has no deadline":
            raise FailedError("timed out")
        seconds = float(answer.headers.get("retry-after", "2"))
        self._given.sleep(0.01 if self._flaw == "ignores retry-after" else seconds)


def picture_links(output: dict[str, Any]) -> Iterator[str]:
    """Yield the links of an answer, in whichever container they are."""
    for result in output.get("results", ()):
        if "url" in result:
            yield result["url"]
    for choice in output.get("choices", ()):
        for part in choice["message"]["content"]:
            if "image" in part:
                yield part["image"]
