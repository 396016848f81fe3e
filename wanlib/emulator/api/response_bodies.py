"""The bodies of answers about work, in the shapes of `wire.yaml`."""

from collections.abc import Callable, Mapping
from typing import Any

from wanlib.base.api_tables import WireNames
from wanlib.emulator.core.settings import Settings
from wanlib.emulator.core.time import Stamp
from wanlib.emulator.jobs.job import NEVER, Job, Outcome
from wanlib.emulator.jobs.lifecycle import TaskLifecycle
from wanlib.spec import Spec

Body = dict[str, Any]
Link = Callable[[Job, int], str]

_FRAGMENTS = ("Step", " {number}.")
_CLOSING = "Done."


class ResponseBodies:
    """Writes them. link: (work, picture from 0) -> where the picture can be fetched."""

    def __init__(self, spec: Spec, settings: Settings, life: TaskLifecycle, names: WireNames) -> None:
        times = spec.wire["times"]["query"]
        self._spec = spec
        self._settings = settings
        self._life = life
        self._stamp = Stamp(times["form"], times["zone"])
        self._names = names
        role = spec.wire["answers"]["choices"][names.answer.output]["members"][names.choice.choices]["each"]
        role = role["members"][names.choice.message]["members"][names.choice.role]
        self._role: str = role["one_of"][0]
        self._streaming: Mapping[str, Any] = spec.wire["streaming"]
        self._reasons: Mapping[str, str] = self._streaming["finish_reason"]

    def task_created(self, work: Job, request_id: str) -> Body:
        """Of an asynchronous create."""
        return self._answer(request_id, self._task(work.id, self._life.waiting))

    def sync_result(self, work: Job, link: Link, request_id: str) -> Body:
        """Of a synchronous call that has succeeded."""
        return {self._names.answer.request_id: request_id} | self._pictures(work, link)

    def task_status(self, work: Job, now: float, link: Link, request_id: str) -> Body:
        """Of a query."""
        status = work.status(self._life, now)
        if status == self._life.unknown:
            return self.unknown_task(work.id, request_id)
        if (
            status == self._life.failed
            and self._settings.failed == "flat"
            and not self._uses_results_form(work)
        ):
            return {self._names.answer.request_id: request_id} | self._reason(work.fate)
        output = self._task(work.id, status) | self._times(work, now, status)
        if status == self._life.succeeded:
            pictures, names = self._pictures(work, link), self._names.answer
            whole = self._answer(request_id, output | pictures[names.output])
            return whole | {names.usage: pictures[names.usage]}
        if status == self._life.failed:
            output |= self._reason(work.fate)
        if self._uses_results_form(work):
            output[self._names.task.metrics] = self._metrics(work, ended=status == self._life.failed)
        return self._answer(request_id, output)

    def unknown_task(self, task_id: str, request_id: str) -> Body:
        """Of a query for an id that has expired or never was."""
        return self._answer(request_id, self._task(task_id, self._life.unknown))

    def stream_events(self, work: Job, link: Link, request_id: str) -> list[Body]:
        """Of a streamed call: some parts each, usage as it grows or at the end."""
        parts, bodies = self._parts(work, link), list[Body]()
        images = texts = 0
        names, size = self._names, self._streaming["parts_of_a_chunk"]
        for start in range(0, len(parts), size):
            chunk = parts[start : start + size]
            images += sum(names.choice.image in part for part in chunk)
            texts += sum(names.choice.text in part for part in chunk)
            last = start + size >= len(parts)
            choice = self._choice(chunk, "last" if last else "before_the_last")
            finished = last or self._settings.finished == "always"
            body = self._answer(request_id, {names.choice.choices: [choice], names.choice.finished: finished})
            if last or self._streaming["usage"] == "cumulative":
                body[names.answer.usage] = self._usage(work, images, texts)
            bodies.append(body)
        return bodies

    def _answer(self, request_id: str, output: Body) -> Body:
        names = self._names.answer
        return {names.request_id: request_id, names.output: output}

    def _task(self, task_id: str, status: str) -> Body:
        return {self._names.task.id: task_id, self._names.task.status: status}

    def _reason(self, fate: Outcome) -> Body:
        return {self._names.answer.code: fate.code, self._names.answer.message: fate.message}

    def _uses_results_form(self, work: Job) -> bool:
        """Whether the model's pictures come as `results`."""
        return bool(self._spec.family(work.order.model).output["result"] == "results")

    def _times(self, work: Job, now: float, status: str) -> Body:
        names = self._names.task
        times = {names.submitted: self._stamp.format(work.submitted)}
        if status != self._life.waiting and not work.canceled:
            times[names.scheduled] = self._stamp.format(work.scheduled)
        if work.ended <= now and work.ended != NEVER:
            times[names.ended] = self._stamp.format(work.ended)
        return times

    def _pictures(self, work: Job, link: Link) -> Body:
        names = self._names
        if self._uses_results_form(work):
            results = {names.result.results: self._results(work, link)}
            output = results | {names.task.metrics: self._metrics(work, ended=True)}
            return {names.answer.output: output, names.answer.usage: {names.usage.images: work.image_count()}}
        parts = self._parts(work, link)
        groups = [parts] if self._in_one_choice(work) else [[part] for part in parts]
        choices = [self._choice(group, "last") for group in groups]
        texts = sum(names.choice.text in part for part in parts)
        return {
            names.answer.output: {names.choice.choices: choices, names.choice.finished: True},
            names.answer.usage: self._usage(work, work.image_count(), texts),
        }

    def _in_one_choice(self, work: Job) -> bool:
        several = self._settings.several
        return work.order.one_choice if several == "documented" else several == "single"

    def _choice(self, parts: list[Body], reason: str) -> Body:
        names = self._names.choice
        message = {names.role: self._role, names.content: parts}
        return {names.finish_reason: self._reasons[reason], names.message: message}

    def _parts(self, work: Job, link: Link) -> list[Body]:
        """Texts and images in reading order; what failed is not there."""
        names, parts = self._names.choice, list[Body]()
        for index in range(work.image_count()):
            if work.order.texts:
                fragments = (words.format(number=index + 1) for words in _FRAGMENTS)
                parts += [self._part(names.text, fragment) for fragment in fragments]
            parts.append(self._part(names.image, link(work, index)))
        return [*parts, self._part(names.text, _CLOSING)] if work.order.texts else parts

    def _part(self, name: str, value: str) -> Body:
        """A part says by its type which member holds its value."""
        return {self._names.choice.type: name, name: value}

    def _results(self, work: Job, link: Link) -> list[Body]:
        order, fate = work.order, work.fate
        names = self._names.result
        prompts = {names.prompt: order.prompt} if order.told else {}
        if order.extended:
            prompts[names.rewritten_prompt] = f"{order.prompt} (rewritten)"
        made = [prompts | {names.url: link(work, index)} for index in range(work.image_count())]
        return made + [self._reason(fate)] * (fate.tried - work.image_count())

    def _metrics(self, work: Job, *, ended: bool) -> Body:
        """Before the end nothing has succeeded or failed."""
        made = work.image_count() if ended else 0
        broken = work.fate.tried - made if ended else 0
        names = self._names.metrics
        return {names.total: work.fate.tried, names.succeeded: made, names.failed: broken}

    def _usage(self, work: Job, images: int, texts: int) -> Body:
        """Return the usage of a call: the tokens that the spec states, and the texts written."""
        width, height = work.order.size if images else (0, 0)
        names = self._names.usage
        stated = self._spec.family(work.order.model).output.get("tokens", {})
        read, written = stated.get("input", 0), stated.get("output", 0) + texts
        tokens = {
            names.input_tokens: read,
            names.output_tokens: written,
            names.total_tokens: read + written,
        }
        return {names.images: images, names.size: f"{width}*{height}"} | tokens
