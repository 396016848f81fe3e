"""How a piece of work will end."""

from wanlib.base.shown import safe_text
from wanlib.emulator.fault import FATES, Fault
from wanlib.emulator.order import Order
from wanlib.emulator.vendor import Vendor
from wanlib.emulator.work import Fate


def fated(order: Order, fault: Fault | None, vendor: Vendor, url: str = "") -> Fate:
    """All its pictures, unless a fault says otherwise; of a partial failure at least one picture is left.

    url: of the first input image that the service downloads, "" where there is none.
    """
    if fault is None or fault.kind not in FATES or (fault.kind == "download" and not url):
        return Fate(order.pictures)
    if fault.kind == "short":
        return Fate(order.pictures if order.exact else max(1, order.pictures - fault.count))
    broken = min(fault.count, order.pictures - 1) if fault.kind == "partial" else order.pictures
    usual = vendor.download["failed"] if fault.kind == "download" else vendor.failure
    told = vendor.of_code(fault.code or usual, fault.message, safe_text(url))
    return Fate(order.pictures, broken, *told) if broken else Fate(order.pictures)
