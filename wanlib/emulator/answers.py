"""The bodies of answers about work, in the shapes of `wire.yaml`."""

from collections.abc import Callable, Mapping
from typing import Any

from wanlib.emulator.life import Life
from wanlib.emulator.settings import Settings
from wanlib.emulator.times import Stamp
from wanlib.emulator.work import NEVER, Work
from wanlib.spec import Spec

Body = dict[str, Any]
Link = Callable[[Work, int], str]

_FRAGMENTS = ("Step", " {number}.")
_CLOSING = "Done."


class Answers:
    """Writes them. link: (work, picture from 0) -> where the picture can be fetched."""

    def __init__(self, spec: Spec, settings: Settings, life: Life) -> None:
        times = spec.wire["times"]["query"]
        self._spec = spec
        self._settings = settings
        self._life = life
        self._stamp = Stamp(times["form"], times["zone"])
        self._reasons: Mapping[str, str] = spec.wire["streaming"]["finish_reason"]

    def created(self, work: Work, request_id: str) -> Body:
        """Of an asynchronous create."""
        return {"request_id": request_id, "output": {"task_id": work.id, "task_status": self._life.waiting}}

    def result(self, work: Work, link: Link, request_id: str) -> Body:
        """Of a synchronous call that has succeeded."""
        return {"request_id": request_id} | self._pictures(work, link)

    def task(self, work: Work, now: float, link: Link, request_id: str) -> Body:
        """Of a query."""
        status = work.status(self._life, now)
        if status == self._life.unknown:
            return self.unknown(work.id, request_id)
        if status == self._life.failed and self._settings.failed == "flat" and not self._listed(work):
            return {"request_id": request_id, "code": work.fate.code, "message": work.fate.message}
        output: Body = {"task_id": work.id, "task_status": status} | self._times(work, now, status)
        if status == self._life.succeeded:
            pictures = self._pictures(work, link)
            return {
                "request_id": request_id,
                "output": output | pictures["output"],
                "usage": pictures["usage"],
            }
        if status == self._life.failed:
            output |= {"code": work.fate.code, "message": work.fate.message}
        if self._listed(work):
            output["task_metrics"] = self._metrics(work, ended=status == self._life.failed)
        return {"request_id": request_id, "output": output}

    def unknown(self, task_id: str, request_id: str) -> Body:
        """Of a query for an id that has expired or never was."""
        return {"request_id": request_id, "output": {"task_id": task_id, "task_status": self._life.unknown}}

    def events(self, work: Work, link: Link, request_id: str) -> list[Body]:
        """Of a streamed call: one part each, usage as it grows."""
        parts, bodies = self._parts(work, link), []
        images = texts = 0
        for number, part in enumerate(parts, 1):
            images, texts = images + ("image" in part), texts + ("text" in part)
            last = number == len(parts)
            choice = self._choice([part], "last" if last else "before_the_last")
            finished = last or self._settings.finished == "always"
            output = {"choices": [choice], "finished": finished}
            bodies.append(
                {"request_id": request_id, "output": output, "usage": self._usage(work, images, texts)}
            )
        return bodies

    def _listed(self, work: Work) -> bool:
        """Whether the model's pictures come as `results`."""
        return bool(self._spec.family(work.order.model).output["result"] == "results")

    def _times(self, work: Work, now: float, status: str) -> Body:
        times = {"submit_time": self._stamp.write(work.submitted)}
        if status != self._life.waiting and not work.canceled:
            times["scheduled_time"] = self._stamp.write(work.scheduled)
        if work.ended <= now and work.ended != NEVER:
            times["end_time"] = self._stamp.write(work.ended)
        return times

    def _pictures(self, work: Work, link: Link) -> Body:
        if self._listed(work):
            output = {"results": self._results(work, link), "task_metrics": self._metrics(work, ended=True)}
            return {"output": output, "usage": {"image_count": work.made()}}
        parts = self._parts(work, link)
        groups = [parts] if self._together(work) else [[part] for part in parts]
        choices = [self._choice(group, "last") for group in groups]
        texts = sum("text" in part for part in parts)
        return {
            "output": {"choices": choices, "finished": True},
            "usage": self._usage(work, work.made(), texts),
        }

    def _together(self, work: Work) -> bool:
        several = self._settings.several
        return work.order.one_choice if several == "documented" else several == "single"

    def _choice(self, parts: list[Body], reason: str) -> Body:
        message = {"role": "assistant", "content": parts}
        return {"finish_reason": self._reasons[reason], "message": message}

    def _parts(self, work: Work, link: Link) -> list[Body]:
        """Texts and images in reading order; what failed is not there."""
        parts: list[Body] = []
        for index in range(work.made()):
            if work.order.texts:
                fragments = (words.format(number=index + 1) for words in _FRAGMENTS)
                parts += [{"type": "text", "text": fragment} for fragment in fragments]
            parts.append({"type": "image", "image": link(work, index)})
        return [*parts, {"type": "text", "text": _CLOSING}] if work.order.texts else parts

    def _results(self, work: Work, link: Link) -> list[Body]:
        order, fate = work.order, work.fate
        prompts = {"orig_prompt": order.prompt} if order.told else {}
        if order.extended:
            prompts["actual_prompt"] = f"{order.prompt} (rewritten)"
        made = [prompts | {"url": link(work, index)} for index in range(work.made())]
        return made + [{"code": fate.code, "message": fate.message}] * (fate.tried - work.made())

    def _metrics(self, work: Work, *, ended: bool) -> Body:
        """Before the end nothing has succeeded or failed."""
        made = work.made() if ended else 0
        broken = work.fate.tried - made if ended else 0
        return {"TOTAL": work.fate.tried, "SUCCEEDED": made, "FAILED": broken}

    def _usage(self, work: Work, images: int, texts: int) -> Body:
        """Tokens stand for the texts written; no page bills them."""
        width, height = work.order.size if images else (0, 0)
        tokens = {"input_tokens": 0, "output_tokens": texts, "total_tokens": texts}
        return {"image_count": images, "size": f"{width}*{height}"} | tokens
