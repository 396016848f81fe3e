"""The service played on this machine, from the Spec alone: strict, honest, and without a bill."""

from wanlib.base.clock import Clock, ManualClock, RealClock
from wanlib.base.extras import require

require("emulator", "yaml", "jsonschema", "PIL")

from wanlib.emulator.emulator import Emulator
from wanlib.emulator.exchange import FAULT_HEADER, RULES_HEADER, Request, Response
from wanlib.emulator.fault import Fault
from wanlib.emulator.settings import Settings
from wanlib.emulator.store import Account, MemoryStore, Store
from wanlib.emulator.work import Work

__all__ = [
    "FAULT_HEADER",
    "RULES_HEADER",
    "Account",
    "Clock",
    "Emulator",
    "Fault",
    "ManualClock",
    "MemoryStore",
    "RealClock",
    "Request",
    "Response",
    "Settings",
    "Store",
    "Work",
]
