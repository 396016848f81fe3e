"""An emulator of the service, built from the spec alone; import its public names from here.

The command `wanlib serve`, the pytest plugin, the harness and tests use it; the client and generated code
never do.
Start reading in `emulator.py`: one request in, one response out. `api` handles calls, `jobs` determines
their outcome.
"""

from wanlib.base.clock import Clock, ManualClock, RealClock
from wanlib.extras import require

require("emulator", "yaml", "jsonschema", "PIL")

from wanlib.emulator.core.fault import Fault
from wanlib.emulator.core.http_messages import FAULT_HEADER, RULES_HEADER, Request, Response
from wanlib.emulator.core.settings import Settings
from wanlib.emulator.emulator import Emulator
from wanlib.emulator.jobs.job import Job
from wanlib.emulator.storage.store import Account, MemoryStore, Store

__all__ = [
    "FAULT_HEADER",
    "RULES_HEADER",
    "Account",
    "Clock",
    "Emulator",
    "Fault",
    "Job",
    "ManualClock",
    "MemoryStore",
    "RealClock",
    "Request",
    "Response",
    "Settings",
    "Store",
]
