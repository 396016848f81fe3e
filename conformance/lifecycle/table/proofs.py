"""Why a mutant can't be told from the true table: not because no test sees it, but because nothing is other.

Each proof is a rule that is worked out for each mutant; what the rules stand on is read from the source
(`reads.GROUNDS`).
"""

from collections.abc import Mapping
from typing import Any

from conformance.lifecycle.table.mutants import Mutant
from wanlib.emit.calls import calls
from wanlib.emulator.life import read_life
from wanlib.spec import Spec

SAME = (
    "the service reads the same life from it: "
    "a state that follows itself is the state that stays, and an end is one where no step leads on"
)
UNPACED = "a service advises how often it is asked, and does nothing by it"
UNTOLD = "the client is not told this word: what is generated for it is the same to the letter"


def proof(true: Spec, mutant: Mutant, side: str) -> str:
    """Why a mutant is equivalent on a side, "" where nothing says that it is."""
    return _of_service(true, mutant) if side == "service" else _of_client(true, mutant)


def _of_service(true: Spec, mutant: Mutant) -> str:
    """A service does what its Life says, and paces callers by `account_rates`."""
    if _but(mutant.spec.wire, "polling") != _but(true.wire, "polling"):
        return ""
    if read_life(mutant.spec.task) != read_life(true.task):
        return ""
    return SAME if mutant.spec.wire == true.wire else UNPACED


def _of_client(true: Spec, mutant: Mutant) -> str:
    return UNTOLD if mutant.code is None and calls(mutant.spec) == calls(true) else ""


def _but(table: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in table.items() if key != name}
