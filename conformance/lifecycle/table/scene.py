"""One client before one service, in a time of their own."""

from pathlib import Path
from random import Random
from typing import Any

from conformance.lifecycle.clock import START, Time
from conformance.lifecycle.line import Line
from conformance.lifecycle.players.ours import BASE, KEY
from conformance.lifecycle.table.tasks import WAITS, WORKS
from wanlib import Wan
from wanlib.emulator import Emulator, Fault, Settings
from wanlib.spec import Spec


class Scene:
    """A client and a service in a time of their own. wan: the client. time: as both have it."""

    def __init__(self, true: Spec, folder: Path, waits: float = WAITS, works: float = WORKS) -> None:
        self.time, self.folder = Time(), folder
        settings = Settings(waiting=waits, working=works)
        self._service = Emulator(true, clock=self.time, settings=settings)
        self._journal = folder / "calls.sqlite"
        self._journal.unlink(missing_ok=True)
        self.wan = self._client()

    def anew(self) -> None:
        """The next process."""
        self.wan.close()
        self.wan = self._client()

    def submitted(self, fault: Fault | None = None) -> Any:
        """The handle of a new task."""
        self._service.faults.script([fault])
        return self.wan.submit(
            "wan2.5-i2i-preview", "tulips", images=["https://photos.example.com/street.jpg"], n=1
        )

    def doubts(self, word: str) -> None:
        """The next query is answered with another state."""
        self._service.faults.script([Fault("status", word=word, on=("query",))])

    def made(self, call: str) -> list[float]:
        """When calls of a kind were made, in seconds since the scene began."""
        return [seen.at - START for seen in self._service.history if seen.call == call]

    def close(self) -> None:
        """Ends both."""
        self.wan.close()
        self._service.close()

    def _client(self) -> Wan:
        line = Line(self._service, self.time.sleep)
        told: dict[str, Any] = {"base_url": BASE, "journal": self._journal, "clock": self.time}
        return Wan(KEY, http_client=line, random=Random(1), **told)
