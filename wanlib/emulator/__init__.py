"""The service played on this machine, from the Spec alone: strict, honest, and without a bill."""

from wanlib.base.clock import Clock, ManualClock, RealClock
from wanlib.base.extras import require

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
