"""Those who call by one client, and what each of them wants."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from conformance.lifecycle.clock import Loop
from conformance.lifecycle.crowd.judge import STRANGER, Call
from conformance.lifecycle.crowd.service import Service
from conformance.lifecycle.players.ours import BASE, KEY

MODELS = ("wan2.7-image", "wan2.7-image-pro", "wan2.6-image", "wan2.5-i2i-preview")
IMAGES = ("https://photos.example.com/street.jpg",)
PATIENCE = 7200.0
AGAIN = 2.0
"""Seconds until the next process, which keeps a pace of its own."""


class Wish(NamedTuple):
    """What one caller wants. kind: `edit`, `cancel` or STRANGER."""

    kind: str
    model: str
    prompt: str
    asked: dict[str, Any]


def wish(number: int) -> Wish:
    """Most want a picture; some think better of it, and some ask for a task that never was."""
    kind = STRANGER if number % 50 == 7 else "cancel" if number % 20 == 3 else "edit"
    asked = {"images": IMAGES, "n": 1 + number // len(MODELS) % 2, "timeout": PATIENCE}
    return Wish(kind, MODELS[number % len(MODELS)], f"call-{number}", asked)


class Callers:
    """most: so many of them waited at once."""

    def __init__(self, folder: Path, loop: Loop, service: Service) -> None:
        self.calls: list[Call] = []
        self.most = 0
        self._loop, self._time, self._service = loop, loop.story_time, service
        self._journal, self._pictures = folder / "calls.sqlite", folder / "pictures"

    def live(self, count: int) -> Any:
        """So many calls to their ends; then what the next process takes up from the journal."""
        raise NotImplementedError

    def known(self) -> dict[str, str]:
        """The tasks of the journal by id, and how they ended."""
        with closing(sqlite3.connect(self._journal)) as books:
            return dict(books.execute("SELECT task_id, status FROM entry WHERE task_id IS NOT NULL"))

    def _client(self, kind: Callable[..., Any], line: Any, parallel: int) -> Any:
        """One as a process of its own would make it."""
        told: dict[str, Any] = {"base_url": BASE, "journal": self._journal, "clock": self._time}
        return kind(KEY, http_client=line, random=Random(1), parallel=parallel, **told)

    def _note(self, wish: Wish, said: Any, files: int = 0) -> None:
        self.calls.append(Call(wish.kind, wish.prompt, said, files))
