"""A process that makes paid calls and is killed on the way: `python -m conformance.lifecycle.kill.victim`.

It reads orders from its input, a line of JSON each, and forks a child for every one: a new process as far as
the client and its journal can tell, without the time that imports take. A child kills itself at the point
that was ordered, or tells what it came to; then its parent tells how it ended.
"""

import gc
import json
import os
import signal
import sys
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import wanlib.generated
import wanlib.runtime
from conformance.lifecycle.kill.lives import LIVES, Order, Victim

_LONGEST = 60  # seconds of real time; a life takes a hundredth of one


def main() -> None:
    """Serves orders until there are no more."""
    _load()
    for line in sys.stdin:
        child = os.fork()
        if not child:
            signal.alarm(_LONGEST)
            _tell(_live(Order(**json.loads(line))))
            os._exit(0)
        _, status = os.waitpid(child, 0)  # a dead child that nobody waits for is taken to live
        _tell({"ended": os.waitstatus_to_exitcode(status)})


def _live(order: Order) -> dict[str, Any]:
    """What came of it, where nothing kills it."""
    try:
        victim = Victim(order, lambda name: _tell({"point": name}))
        told = LIVES[order.life](victim)
        victim.run(victim.wan.close())
    except Exception as error:
        return {"error": repr(error)}
    return {"told": told, "points": victim.points.names}


def _load() -> None:
    """All that a client loads when it first needs it; else every child would."""
    for package in (wanlib.runtime, wanlib.generated):
        for each in iter_modules(package.__path__, f"{package.__name__}."):
            import_module(each.name)
    for name in ("_strptime", "anyio._backends._asyncio", "anyio.streams.tls", "encodings.idna", "httpcore"):
        import_module(name)
    gc.freeze()  # no child looks through it again


def _tell(told: dict[str, Any]) -> None:
    os.write(1, json.dumps(told).encode() + b"\n")


if __name__ == "__main__":
    main()
