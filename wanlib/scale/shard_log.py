"""`ShardLog`: the results of shards in a folder, so that an interrupted run continues with what is missing.

Each result is a file with the number of its shard, a checksum before the content. It gets its name when it is
complete, so that a killed process leaves a result or none. Results of this process that wait for their turn
are also in memory, as far as `MEMORY` allows, and only there if no other run may need them.
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
"""Bytes of results that are in memory at most."""


class ForeignShardsError(ScaleError):
    """A folder has files of another run, which must not be mixed with those of this one."""


class ShardLog:
    """The results of one run, as files.

    Attributes:
        folder: Where they are.
    """

    def __init__(self, folder: Path, run: Mapping[str, object], keeps: bool) -> None:
        """Open or create a log.

        Args:
            folder: Where the files are; it is created.
            run: What the results depend on. A folder with the results of something else is refused.
            keeps: Whether a result stays after it was taken, for another run.

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
        """Hold or write a result."""
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
            ForeignShardsError: Its file was removed or changed since.
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
        """Write what the run is, or compare it with what the folder has."""
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
