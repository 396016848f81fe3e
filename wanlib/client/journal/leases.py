"""`LeaseOwner`: the identity of a client in the leases of a journal, and whether an owner is still running.

A host name and a process number do not identify an owner: a restarted container has the same ones. So
each owner locks one byte, at a random position, of a file next to the journal. The operating system
releases the lock when the process ends, however it ends, and a forked child does not inherit it. An owner
whose byte can be locked is dead. The byte is in the owner's mark, with the boot of the machine, since a
lock is visible on one machine only: whether an owner on another machine is running is not known, and its
lease lasts until it ends.

Without `fcntl`, or on a disk that has no locks, the mark has no byte, and the lease lasts until it ends, too.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from secrets import randbelow, token_hex
from threading import Lock

try:
    import fcntl
except ImportError:  # not a POSIX system
    fcntl = None  # type: ignore[assignment]

LEASE = 60.0
"""Seconds beyond its deadline for which a call is kept from being taken up by another process."""
SUFFIX = "-lock"
"""Appended to the name of the journal, it is the name of the file with the locks."""
_RUN = 0
"""The place of the lock of a whole run; owners have the places from 1."""
_BYTES = 2**31
"""The number of places for locks: few owners exist at once, and one whose place is taken tries another."""
_TRIES = 8
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class LeaseOwner:
    """One client, as the owner of leases in a journal.

    Args:
        journal: The path of the journal.
    """

    def __init__(self, journal: Path) -> None:
        self._path = _lock_path(journal)
        self._pid = 0
        self._place = 0
        self._mark = ""

    @property
    def mark(self) -> str:
        """The name of this owner in the journal: another one in each process, also after a fork."""
        with _MARK_GUARD:  # the threads of a batch take their first leases at the same time
            if not self.is_used:
                place, pid = _lock_any(self._path), os.getpid()
                self._mark = f"{place}@{_machine()}/{pid}/{token_hex(8)}"
                self._pid, self._place = pid, place
            return self._mark

    @property
    def is_used(self) -> bool:
        """Whether this process has taken its mark, so that it may have leases."""
        return self._pid == os.getpid()

    def release(self) -> None:
        """Give up the identity: the owner counts as dead from now on, and the next `mark` differs."""
        if self.is_used and self._place:
            _unlock(self._path, self._place)
        self._pid = 0


def is_owner_dead(journal: Path, mark: str) -> bool:
    """Return whether the owner of a lease is known to have ended; False for one on another machine."""
    place, _, origin = mark.partition("@")
    if origin.partition("/")[0] != _machine() or not place.isdigit() or place == "0":
        return False
    return _is_free(_lock_path(journal), int(place))


@contextmanager
def exclusive_run(journal: Path) -> Iterator[bool]:
    """Lock a journal for one run that sends many calls, such as a batch, until the block ends.

    Yields:
        False if another run has the lock, in this process or another; True where there are no locks, too.
    """
    path, is_free, is_locked = _lock_path(journal), True, False
    if fcntl is not None:
        with suppress(OSError), _opened(path) as file:
            is_free = is_locked = file.try_lock(_RUN)
            if is_locked:
                file.places.add(_RUN)
    try:
        yield is_free
    finally:
        if is_locked:
            _unlock(path, _RUN)


@cache
def _machine() -> str:
    """Return an id of this boot of this machine, whose processes see each other's locks."""
    try:
        return _BOOT_ID.read_text("ascii").strip()
    except (OSError, ValueError):  # not Linux
        return socket.gethostname().replace("/", "-")


def _lock_path(journal: Path) -> Path:
    return journal.with_name(journal.name + SUFFIX)


class _LockFile:
    """The file with the locks of this process; to close it would release them all (POSIX)."""

    def __init__(self, path: Path) -> None:
        self.descriptor = os.open(path, os.O_CREAT | os.O_RDWR | getattr(os, "O_CLOEXEC", 0), 0o600)
        self.places: set[int] = set()

    def try_lock(self, place: int) -> bool:
        """Lock a byte, unless it is locked. Raise OSError where the disk has no locks."""
        if place in self.places:
            return False
        try:
            fcntl.lockf(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
        except (BlockingIOError, PermissionError):  # the two that POSIX names for a locked byte
            return False
        return True

    def unlock(self, place: int) -> None:
        fcntl.lockf(self.descriptor, fcntl.LOCK_UN, 1, place)


_FILES: dict[Path, _LockFile] = {}
_GUARD = Lock()
_MARK_GUARD = Lock()


@contextmanager
def _opened(path: Path) -> Iterator[_LockFile]:
    """Yield the open file, which stays open while this process has a lock in it."""
    with _GUARD:
        file = _FILES.get(path) or _FILES.setdefault(path, _LockFile(path))
        try:
            yield file
        finally:
            if not file.places:
                os.close(_FILES.pop(path).descriptor)


def _lock_any(path: Path) -> int:
    """Lock a free byte and return its place, from 1; 0 if there are no locks here."""
    if fcntl is None:
        return 0
    try:
        with _opened(path) as file:
            for _ in range(_TRIES):
                place = 1 + randbelow(_BYTES - 1)
                if file.try_lock(place):
                    file.places.add(place)
                    return place
    except OSError:
        pass
    return 0


def _unlock(path: Path, place: int) -> None:
    with _opened(path) as file:
        file.unlock(place)
        file.places.discard(place)


def _is_free(path: Path, place: int) -> bool:
    """Return whether a byte is not locked; False if that is not known."""
    if fcntl is None:
        return False
    try:
        with _opened(path) as file:
            is_free = file.try_lock(place)
            if is_free:
                file.unlock(place)
            return is_free
    except OSError:
        return False


def _forget_locks() -> None:
    """Close the files in a forked child, which has none of the locks."""
    global _GUARD, _MARK_GUARD
    _GUARD, _MARK_GUARD = Lock(), Lock()
    while _FILES:
        os.close(_FILES.popitem()[1].descriptor)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_locks)
