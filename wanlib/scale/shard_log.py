"""`ShardLog`: the results of shards in a folder, so that an interrupted run can be continued.

Each result is a file that is named by the number of its shard and has a checksum before the content. It gets
its name when it is complete, so that a killed process leaves a complete result or none. Results of this
process that wait for their turn are also in memory, up to `MEMORY` bytes; they are only there if no later run
needs them.
"""

import json
import os
import zlib
from collections.abc import Mapping
from pathlib import Path

from wanlib.base.redaction import printable
from wanlib.scale.workers import ScaleError

_RUN = "run.json"
_CHECKSUM_BYTES = 4
MEMORY = 67_108_864
"""The maximum size of the results in memory, in bytes."""


class ForeignShardsError(ScaleError):
    """A folder has files of another run, which must not be mixed with the results of this run."""


class ShardLog:
    """The results of one run, as files.

    Attributes:
        folder: The folder with the files.
    """

    def __init__(self, folder: Path, run: Mapping[str, object], keeps: bool) -> None:
        """Open or create a log.

        Args:
            folder: Where the files are; it is created.
            run: The input of the results. A folder with results of another input is refused.
            keeps: Whether the file of a result stays for a later run after the result was taken.

        Raises:
            ForeignShardsError: The folder has other files.
            OSError: It cannot be written.
        """
        self.folder = folder
        self._keeps = keeps
        self._added: set[int] = set()
        self._held: dict[int, bytes] = {}
        self._free = MEMORY
        folder.mkdir(parents=True, exist_ok=True)
        self._check_run(json.dumps(run, sort_keys=True).encode())

    def __contains__(self, number: int) -> bool:
        """Return whether there is a complete result."""
        return number in self._added or self._read(number) is not None

    def add(self, number: int, result: bytes) -> None:
        """Keep a result in memory, in a file, or both."""
        fits = len(result) <= self._free
        if fits:
            self._held[number] = result
            self._free -= len(result)
        if self._keeps or not fits:
            self._write(self._path(number), zlib.crc32(result).to_bytes(_CHECKSUM_BYTES), result)
        self._added.add(number)

    def take(self, number: int) -> bytes:
        """Return a result.

        Raises:
            ForeignShardsError: Its file was removed or changed meanwhile.
        """
        self._added.discard(number)
        if (held := self._held.pop(number, None)) is not None:
            self._free += len(held)
            return held
        result = self._read(number)
        if result is None:
            raise ForeignShardsError(
                f"{printable(str(self._path(number)))} was removed or changed meanwhile; run the same command"
                " again"
            )
        if not self._keeps:
            self._path(number).unlink()
        return result

    def _path(self, number: int) -> Path:
        return self.folder / f"shard-{number:09d}"

    def _read(self, number: int) -> bytes | None:
        """Return a complete result; None if there is none."""
        try:
            content = self._path(number).read_bytes()
        except FileNotFoundError:
            return None
        result = content[_CHECKSUM_BYTES:]
        is_complete = zlib.crc32(result).to_bytes(_CHECKSUM_BYTES) == content[:_CHECKSUM_BYTES]
        return result if is_complete else None

    def _check_run(self, run: bytes) -> None:
        """Write what the run depends on, or compare it with what the folder has."""
        path = self.folder / _RUN
        try:
            known = path.read_bytes()
        except FileNotFoundError:
            if any(self.folder.iterdir()):
                raise ForeignShardsError(
                    f"{printable(str(self.folder))} has other files; name an empty or new folder"
                ) from None
            self._write(path, run)
            return
        if known != run:
            raise ForeignShardsError(
                f"{printable(str(self.folder))} has the results of another input, other options or another"
                " version; name another folder, or remove it"
            )

    @staticmethod
    def _write(path: Path, *pieces: bytes) -> None:
        """Write a file that appears only when it is complete."""
        temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
        with temporary.open("wb") as file:
            file.writelines(pieces)
        temporary.replace(path)
