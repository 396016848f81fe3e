"""Where results are fetched: links that die, and what is drawn behind them."""

import hashlib
from collections.abc import Mapping

from wanlib.emulator.context import World
from wanlib.emulator.core.routes import RESULTS
from wanlib.emulator.jobs.job import NEVER, InputImage, Job
from wanlib.emulator.jobs.rendering import InputPanel, RenderSpec

MAX_INPUT_PIXELS = 25_000_000
"""An input with more pixels is not opened; its label stands for it."""


class Gallery:
    """Pictures of works, by number from 0."""

    def __init__(self, world: World, key: str) -> None:
        self._world = world
        self._key = key
        self._names = world.vendor.names.form

    def url_for(self, work: Job, index: int, origin: str) -> str:
        """A URL that looks as those of the storage do."""
        path = f"{RESULTS}/{work.id}/{index}.{self._format(work)}"
        dies = 0 if work.ended == NEVER else int(work.links_expire_at(self._world.life))
        signed = self._sign(f"{path} {dies}")
        names = self._names
        return f"{origin}{path}?Expires={dies}&{names.access_key}=emulator&{names.signature}={signed}"

    def lookup(self, name: str, query: Mapping[str, str]) -> RenderSpec | str:
        """What to draw for `ID/NUMBER.png`; `absent` or `expired` where there is nothing to fetch."""
        key, _, file = name.partition("/")
        work = self._world.store.works.get(key)
        number, _, suffix = file.partition(".")
        now = self._world.clock.wall()
        if work is None:
            return "expired" if self._has_valid_signature(name, query) else "absent"
        if suffix != self._format(work) or not (number.isascii() and number.isdecimal() and len(number) < 4):
            return "absent"
        if work.are_links_expired(self._world.life, now):
            return "expired"
        if int(number) >= work.image_count() or (work.task and now < work.ended):
            return "absent"
        return self.render_spec(work, int(number))

    def render_spec(self, work: Job, index: int) -> RenderSpec:
        """What picture `index` of a work is drawn from."""
        order = work.order
        seed, number = order.seeds[index]
        return RenderSpec(
            *order.size,
            order.prompt,
            tuple(map(self._input_panel, order.inputs)),
            f"seed {seed}" + (f" picture {number + 1}" if number else ""),
            self._world.vendor.watermark if order.watermark else "",
            MAX_INPUT_PIXELS,
        )

    def _input_panel(self, given: InputImage) -> InputPanel:
        shown = given.width * given.height <= MAX_INPUT_PIXELS
        return InputPanel(given.label, given.format, self._world.spool.get(given.piece) if shown else None)

    def _format(self, work: Job) -> str:
        """The file format of a work's pictures, which their names end with."""
        return str(self._world.spec.family(work.order.model).output["format"])

    def _has_valid_signature(self, name: str, query: Mapping[str, str]) -> bool:
        """Whether a link was once given, although its work is forgotten."""
        path = f"{RESULTS}/{name}"
        return query.get(self._names.signature) == self._sign(f"{path} {query.get('Expires')}")

    def _sign(self, text: str) -> str:
        return hashlib.sha256((self._key + text).encode("utf-8", "replace")).hexdigest()[:28]
