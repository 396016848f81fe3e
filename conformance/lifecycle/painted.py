"""A service whose every picture is drawn once, whoever asks for it: they are slow to draw."""

from wanlib.emulator import Emulator, Response
from wanlib.emulator.drawing import Sheet


class Painted(Emulator):
    """The emulator with the pictures of all of its kind at hand."""

    _pictures: dict[Sheet, Response] = {}  # noqa: RUF012 - the same for all services

    def _whole(self, found: Response | Sheet) -> Response:
        if isinstance(found, Response):
            return found
        if found not in self._pictures:
            self._pictures[found] = super()._whole(found)
        return self._pictures[found]
