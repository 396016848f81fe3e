"""A call that is paid for, from the prompt to its task or its pictures."""

import json
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from wanlib.cli.choosing import a_model
from wanlib.cli.connection import Connection
from wanlib.cli.dry_run import show
from wanlib.cli.failure import Telling, interrupted
from wanlib.cli.given import Given, images_of
from wanlib.cli.paying import Paying
from wanlib.cli.plainly import FINE, NO, complain, printable
from wanlib.cli.progress import Progress
from wanlib.cli.saving import Saving

_NO_TASK = "the call was under way and may be billed; it has no task that could be taken up again"


@dataclass(frozen=True)
class Order:
    """What the arguments of `edit`, `generate` and `submit` say. saving: None where nothing is waited for."""

    verb: str
    model: str
    prompt: str
    images: Sequence[str]
    given: Given
    paying: Paying
    connection: Connection
    saving: Saving | None
    upload: bool
    sync: bool
    timeout: float | None
    as_json: bool

    def run(self) -> int:
        """Judges and prices the call, asks, makes it -> the exit code. Raises Refusal."""
        from wanlib.generated.calls import API
        from wanlib.runtime.errors import IgnoredParameter

        a_model(self.model, tuple(API.models), API.fine_tuned.ending)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", IgnoredParameter)  # they are told in lines of their own
            return self._telling.guarded(self._run)

    def _run(self) -> int:
        arguments = self._arguments()
        with self.connection.open(idle=self.paying.idle) as wan:
            prepared = wan.prepare(self.model, self.prompt, **arguments)
            self._check_verb()
            if self.paying.idle:
                return show(self.model, prepared, curl=self.paying.curl, as_json=self.as_json)
            if self.saving is not None:
                self.saving.check(prepared.price.pictures if prepared.price else 1)
            if not self.paying.agreed(self.model, prepared):
                complain("nothing was sent")
                return NO
            arguments |= {"max_price": self.paying.max_price, "timeout": self._patience()}
            arguments |= {"upload": True} if self.upload else {}
            return self._sent(wan, arguments)

    def _check_verb(self) -> None:
        """Raise InvalidRequest where the model does not have this command, whatever its images are."""
        from wanlib.generated.calls import API
        from wanlib.runtime.asked import find_model
        from wanlib.runtime.errors import InvalidRequest
        from wanlib.runtime.refusing import missing_verb

        missing = missing_verb(find_model(API, self.model), self.verb) if self.saving is not None else None
        if missing:
            raise InvalidRequest(f"nothing was sent: {missing}")

    def _arguments(self) -> dict[str, Any]:
        """What the verbs and `prepare` take alike."""
        images = images_of(self.images)
        more = ({"images": images} if images else {}) | ({"via": "sync"} if self.sync else {})
        return self.given.read() | more

    def _sent(self, wan: Any, arguments: dict[str, Any]) -> int:
        if self.saving is None:
            return self._told(self._submitted(wan, arguments))
        if self.sync:
            output = self._answered(wan, arguments)
            return self.saving.keep(output, self.as_json)
        clock = self.connection.clock
        until = clock.now() + arguments["timeout"]
        task = self._submitted(wan, arguments)
        with interrupted(self._telling.again(task.id)):
            with Progress(clock, self.as_json) as progress:
                progress.show(task.id, f"task {task.id} is submitted")
                output = task.wait(timeout=max(until - clock.now(), 0.001), on_status=progress)
            return self.saving.keep(output, self.as_json)

    def _submitted(self, wan: Any, arguments: dict[str, Any]) -> Any:
        lost = ("the call may have been accepted and billed", self._telling.look(self.model))
        with interrupted(*lost):
            return wan.submit(self.model, self.prompt, **arguments)

    def _answered(self, wan: Any, arguments: dict[str, Any]) -> Any:
        """One call without a task."""
        with interrupted(_NO_TASK), Progress(self.connection.clock, self.as_json) as progress:
            progress.show(self.model, f"{self.model} is at work")
            return getattr(wan, self.verb)(self.model, self.prompt, **arguments)

    def _told(self, task: Any) -> int:
        told = {"task_id": task.id, "model": task.model, "submitted_at": task.submitted_at}
        print(json.dumps(told) if self.as_json else printable(task.id), flush=True)
        if not self.as_json:
            print(printable(self._telling.again(task.id)), file=sys.stderr)
        return FINE

    def _patience(self) -> float:
        from wanlib.runtime.context import TIMEOUT

        return TIMEOUT if self.timeout is None else self.timeout

    @property
    def _telling(self) -> Telling:
        return Telling(self.connection, self.saving, self.as_json, tasks=not self.sync)
