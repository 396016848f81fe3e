"""Build the JSON bodies of responses, in the shapes of `wire.yaml`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from wanlib.base.wire_names import WireNames
from wanlib.emulator.core.settings import Settings
from wanlib.emulator.jobs.job import NEVER, Job, JobOutcome
from wanlib.emulator.jobs.lifecycle import TaskLifecycle
from wanlib.spec import Spec
from wanlib.spec.model.timestamp_format import TimestampFormat

Body = dict[str, Any]
Link = Callable[[Job, int], str]

_FRAGMENTS = ("Step", " {number}.")
"""The text before a picture, in the pieces of a stream."""
_CLOSING = "Done."


class ResponseBodies:
    """Builds bodies for jobs."""

    def __init__(self, spec: Spec, settings: Settings, life: TaskLifecycle, names: WireNames) -> None:
        """Create a builder.

        Args:
            spec: The shapes.
            settings: Choices where the documents show several shapes.
            life: The states of a task.
            names: The names of members.
        """
        times = spec.wire["times"]["query"]
        self._spec = spec
        self._settings = settings
        self._lifecycle = life
        self._stamp = TimestampFormat(times["form"], times["zone"])
        self._names = names
        role = spec.wire["answers"]["choices"][names.answer.output]["members"][names.choice.choices]["each"]
        role = role["members"][names.choice.message]["members"][names.choice.role]
        self._role: str = role["one_of"][0]
        self._streaming: Mapping[str, Any] = spec.wire["streaming"]
        self._reasons: Mapping[str, str] = self._streaming["finish_reason"]

    def task_created(self, job: Job, request_id: str) -> Body:
        """Build the response to a create call: the task is accepted."""
        return self._response(request_id, self._task(job.id, self._lifecycle.waiting))

    def sync_result(self, job: Job, link: Link, request_id: str) -> Body:
        """Build the response of a synchronous call that has made pictures."""
        return {self._names.answer.request_id: request_id} | self._pictures(job, link)

    def task_status(self, job: Job, now: float, link: Link, request_id: str) -> Body:
        """Build the response to a query."""
        status = job.status(self._lifecycle, now)
        if status == self._lifecycle.unknown:
            return self.unknown_task(job.id, request_id)
        if (
            status == self._lifecycle.failed
            and self._settings.failure_codes == "flat"
            and not self._uses_results_form(job)
        ):
            return {self._names.answer.request_id: request_id} | self._reason(job.outcome)
        output = self._task(job.id, status) | self._times(job, now, status)
        if status == self._lifecycle.succeeded:
            pictures, names = self._pictures(job, link), self._names.answer
            payload = self._response(request_id, output | pictures[names.output])
            return payload | {names.usage: pictures[names.usage]}
        if status == self._lifecycle.failed:
            output |= self._reason(job.outcome)
        if self._uses_results_form(job):
            output[self._names.task.metrics] = self._metrics(job, ended=status == self._lifecycle.failed)
        return self._response(request_id, output)

    def unknown_task(self, task_id: str, request_id: str) -> Body:
        """Build the response to a query for an id that has expired or never existed."""
        return self._response(request_id, self._task(task_id, self._lifecycle.unknown))

    def stream_events(self, job: Job, link: Link, request_id: str) -> list[Body]:
        """Build the bodies of a stream, with some parts in each; usage accumulates or is in the last one."""
        parts, bodies = self._parts(job, link, _FRAGMENTS), list[Body]()
        images = words = 0
        names, size = self._names, self._streaming["parts_of_a_chunk"]
        for start in range(0, len(parts), size):
            chunk = parts[start : start + size]
            images += sum(names.choice.image in part for part in chunk)
            words += self._words(chunk)
            last = start + size >= len(parts)
            choice = self._choice(chunk, "last" if last else "before_the_last")
            finished = last or self._settings.finished_flag == "always"
            body = self._response(
                request_id, {names.choice.choices: [choice], names.choice.finished: finished}
            )
            if last or self._streaming["usage"] == "cumulative":
                body[names.answer.usage] = self._usage(job, images, words)
            bodies.append(body)
        return bodies

    def _response(self, request_id: str, output: Body) -> Body:
        names = self._names.answer
        return {names.request_id: request_id, names.output: output}

    def _task(self, task_id: str, status: str) -> Body:
        return {self._names.task.id: task_id, self._names.task.status: status}

    def _reason(self, outcome: JobOutcome) -> Body:
        return {self._names.answer.code: outcome.code, self._names.answer.message: outcome.message}

    def _uses_results_form(self, job: Job) -> bool:
        """Return True if the model returns its pictures as `results`."""
        return bool(self._spec.family(job.spec.model).output["result"] == "results")

    def _times(self, job: Job, now: float, status: str) -> Body:
        names = self._names.task
        times = {names.submitted: self._stamp.format(job.submitted)}
        if status != self._lifecycle.waiting and not job.is_canceled:
            times[names.scheduled] = self._stamp.format(job.scheduled)
        if job.ended <= now and job.ended != NEVER:
            times[names.ended] = self._stamp.format(job.ended)
        return times

    def _pictures(self, job: Job, link: Link) -> Body:
        names = self._names
        if self._uses_results_form(job):
            results = {names.result.results: self._results(job, link)}
            output = results | {names.task.metrics: self._metrics(job, ended=True)}
            return {names.answer.output: output, names.answer.usage: self._usage(job, job.image_count(), 0)}
        parts = self._parts(job, link, ["".join(_FRAGMENTS)])
        groups = [parts] if self._in_one_choice(job) else [[part] for part in parts]
        choices = [self._choice(group, "last") for group in groups]
        return {
            names.answer.output: {names.choice.choices: choices, names.choice.finished: True},
            names.answer.usage: self._usage(job, job.image_count(), self._words(parts)),
        }

    def _in_one_choice(self, job: Job) -> bool:
        several = self._settings.choice_layout
        return job.spec.one_choice if several == "documented" else several == "single"

    def _choice(self, parts: list[Body], reason: str) -> Body:
        names = self._names.choice
        message = {names.role: self._role, names.content: parts}
        return {names.finish_reason: self._reasons[reason], names.message: message}

    def _parts(self, job: Job, link: Link, texts: Sequence[str]) -> list[Body]:
        """Return `texts` and image for each picture, in reading order, without the failed ones."""
        names, parts = self._names.choice, list[Body]()
        for index in range(job.image_count()):
            if job.spec.has_texts:
                parts += [self._part(names.text, text.format(number=index + 1)) for text in texts]
            parts.append(self._part(names.image, link(job, index)))
        return [*parts, self._part(names.text, _CLOSING)] if job.spec.has_texts else parts

    def _part(self, name: str, value: str) -> Body:
        """Build a part; its type names the member that has the value."""
        return {self._names.choice.type: name, name: value}

    def _words(self, parts: list[Body]) -> int:
        """Count the words of the texts, each of which is a token."""
        return sum(len(part.get(self._names.choice.text, "").split()) for part in parts)

    def _results(self, job: Job, link: Link) -> list[Body]:
        spec, outcome = job.spec, job.outcome
        names = self._names.result
        prompts = {names.prompt: spec.prompt} if spec.repeats_prompt else {}
        if spec.is_rewritten:
            prompts[names.rewritten_prompt] = f"{spec.prompt} (rewritten)"
        made = [prompts | {names.url: link(job, index)} for index in range(job.image_count())]
        return made + [self._reason(outcome)] * (outcome.attempted - job.image_count())

    def _metrics(self, job: Job, *, ended: bool) -> Body:
        """Count pictures. Before the end, none has succeeded or failed."""
        made = job.image_count() if ended else 0
        broken = job.outcome.attempted - made if ended else 0
        names = self._names.metrics
        return {names.total: job.outcome.attempted, names.succeeded: made, names.failed: broken}

    def _usage(self, job: Job, images: int, words: int) -> Body:
        """Build the usage of a call: the tokens that the spec states, and the words written."""
        width, height = job.spec.size if images else (0, 0)
        output = self._spec.family(job.spec.model).output
        stated = output.get("tokens", {})
        read, written = stated.get("input", 0), stated.get("output", 0) + words
        counts = {
            "images": images,
            "size": f"{width}*{height}",
            "width": width,
            "height": height,
            "input_tokens": read,
            "output_tokens": written,
            "total_tokens": read + written,
        }
        names = self._names.usage
        members: Mapping[str, str] = output.get("usage") or (
            {names.images: "images"}
            if self._uses_results_form(job)
            else {name: word for word, name in names._asdict().items()}
        )
        return {member: counts[word] for member, word in members.items()}
