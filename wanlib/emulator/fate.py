"""How a piece of work will end."""

from wanlib.emulator.fault import FATES, Fault
from wanlib.emulator.order import Order
from wanlib.emulator.vendor import Vendor
from wanlib.emulator.work import Fate


def fated(order: Order, fault: Fault | None, vendor: Vendor) -> Fate:
    """All its pictures, unless a fault says otherwise; of a partial failure at least one picture is left."""
    if fault is None or fault.kind not in FATES:
        return Fate(order.pictures)
    if fault.kind == "short":
        return Fate(order.pictures if order.exact else max(1, order.pictures - fault.count))
    broken = order.pictures if fault.kind == "fail" else min(fault.count, order.pictures - 1)
    told = vendor.of_code(fault.code or vendor.failure, fault.message)
    return Fate(order.pictures, broken, *told) if broken else Fate(order.pictures)
