"""Where results are fetched: links that die, and what is drawn behind them."""

import hashlib
from collections.abc import Mapping

from wanlib.emulator.context import EmulatorContext
from wanlib.emulator.core.routes import RESULTS
from wanlib.emulator.jobs.job import NEVER, InputImage, Job
from wanlib.emulator.jobs.rendering import InputPanel, RenderSpec

MAX_INPUT_PIXELS = 25_000_000
"""An input with more pixels is not opened; its label stands for it."""


class ResultStorage:
    """Pictures of jobs, by number from 0."""

    def __init__(self, context: EmulatorContext, key: str) -> None:
        self._context = context
        self._key = key
        self._names = context.vendor.names.form

    def url_for(self, job: Job, index: int, origin: str) -> str:
        """A URL that looks as those of the storage do."""
        path = f"{RESULTS}/{job.id}/{index}.{self._format(job)}"
        dies = 0 if job.ended == NEVER else int(job.links_expire_at(self._context.lifecycle))
        signed = self._sign(f"{path} {dies}")
        names = self._names
        return f"{origin}{path}?Expires={dies}&{names.access_key}=emulator&{names.signature}={signed}"

    def lookup(self, name: str, query: Mapping[str, str]) -> RenderSpec | str:
        """What to draw for `ID/NUMBER.png`; `absent` or `expired` where there is nothing to fetch."""
        key, _, file = name.partition("/")
        job = self._context.store.jobs.get(key)
        number, _, suffix = file.partition(".")
        now = self._context.clock.wall()
        if job is None:
            return "expired" if self._has_valid_signature(name, query) else "absent"
        if suffix != self._format(job) or not (number.isascii() and number.isdecimal() and len(number) < 4):
            return "absent"
        if job.are_links_expired(self._context.lifecycle, now):
            return "expired"
        if int(number) >= job.image_count() or (job.is_task and now < job.ended):
            return "absent"
        return self.render_spec(job, int(number))

    def render_spec(self, job: Job, index: int) -> RenderSpec:
        """What picture `index` of a job is drawn from."""
        order = job.spec
        seed, number = order.seeds[index]
        return RenderSpec(
            *order.size,
            order.prompt,
            tuple(map(self._input_panel, order.inputs)),
            f"seed {seed}" + (f" picture {number + 1}" if number else ""),
            self._context.vendor.watermark if order.watermark else "",
            MAX_INPUT_PIXELS,
        )

    def _input_panel(self, given: InputImage) -> InputPanel:
        shown = given.width * given.height <= MAX_INPUT_PIXELS
        return InputPanel(
            given.label, given.format, self._context.blobs.get(given.blob_key) if shown else None
        )

    def _format(self, job: Job) -> str:
        """The file format of a job's pictures, which their names end with."""
        return str(self._context.spec.family(job.spec.model).output["format"])

    def _has_valid_signature(self, name: str, query: Mapping[str, str]) -> bool:
        """Whether a link was once given, although its job is forgotten."""
        path = f"{RESULTS}/{name}"
        return query.get(self._names.signature) == self._sign(f"{path} {query.get('Expires')}")

    def _sign(self, text: str) -> str:
        return hashlib.sha256((self._key + text).encode("utf-8", "replace")).hexdigest()[:28]
