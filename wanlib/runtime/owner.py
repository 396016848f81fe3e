"""Who holds a lease in a journal: a client of a process on a machine."""

import os
import socket

LEASE = 60.0
"""Seconds beyond its deadline for which a call is kept from being taken up by another process."""


def new_owner() -> str:
    """A mark of this process, another each time."""
    return f"{os.getpid()}@{socket.gethostname()}/{os.urandom(16).hex()}"


def is_dead(owner: str) -> bool:
    """Whether an owner's process is known to be gone; one on another machine is taken to live."""
    pid, _, place = owner.partition("@")
    if place.partition("/")[0] != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except OSError:  # alive, and another user's
        return False
    return False
