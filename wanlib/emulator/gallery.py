"""Where results are fetched: links that die, and what is drawn behind them."""

import hashlib
from collections.abc import Mapping

from wanlib.emulator.drawing import Panel, Sheet
from wanlib.emulator.order import Input
from wanlib.emulator.routes import RESULTS
from wanlib.emulator.work import NEVER, Work
from wanlib.emulator.world import World

MAX_INPUT_PIXELS = 25_000_000
"""An input with more pixels is not opened; its label stands for it."""


class Gallery:
    """Pictures of works, by number from 0."""

    def __init__(self, world: World, key: str) -> None:
        self._world = world
        self._key = key
        self._names = world.vendor.names.form

    def link(self, work: Work, index: int, origin: str) -> str:
        """A URL that looks as those of the storage do."""
        path = f"{RESULTS}/{work.id}/{index}.{self._format(work)}"
        dies = 0 if work.ended == NEVER else int(work.links_die_at(self._world.life))
        signed = self._sign(f"{path} {dies}")
        names = self._names
        return f"{origin}{path}?Expires={dies}&{names.access_key}=emulator&{names.signature}={signed}"

    def find(self, name: str, query: Mapping[str, str]) -> Sheet | str:
        """What to draw for `ID/NUMBER.png`; `absent` or `expired` where there is nothing to fetch."""
        key, _, file = name.partition("/")
        work = self._world.store.works.get(key)
        number, _, suffix = file.partition(".")
        now = self._world.clock.wall()
        if work is None:
            return "expired" if self._signed(name, query) else "absent"
        if suffix != self._format(work) or not (number.isascii() and number.isdecimal() and len(number) < 4):
            return "absent"
        if work.links_dead(self._world.life, now):
            return "expired"
        if int(number) >= work.made() or (work.task and now < work.ended):
            return "absent"
        return self.sheet(work, int(number))

    def sheet(self, work: Work, index: int) -> Sheet:
        """What picture `index` of a work is drawn from."""
        order = work.order
        seed, number = order.seeds[index]
        return Sheet(
            *order.size,
            order.prompt,
            tuple(map(self._panel, order.inputs)),
            f"seed {seed}" + (f" picture {number + 1}" if number else ""),
            self._world.vendor.watermark if order.watermark else "",
            MAX_INPUT_PIXELS,
        )

    def _panel(self, given: Input) -> Panel:
        shown = given.width * given.height <= MAX_INPUT_PIXELS
        return Panel(given.label, given.format, self._world.spool.get(given.piece) if shown else None)

    def _format(self, work: Work) -> str:
        """The file format of a work's pictures, which their names end with."""
        return str(self._world.spec.family(work.order.model).output["format"])

    def _signed(self, name: str, query: Mapping[str, str]) -> bool:
        """Whether a link was once given, although its work is forgotten."""
        path = f"{RESULTS}/{name}"
        return query.get(self._names.signature) == self._sign(f"{path} {query.get('Expires')}")

    def _sign(self, text: str) -> str:
        return hashlib.sha256((self._key + text).encode("utf-8", "replace")).hexdigest()[:28]
