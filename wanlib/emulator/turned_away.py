"""Answers in the vendor's form to what never comes to the core."""

import json
from uuid import uuid4

from wanlib.emulator.exchange import Response
from wanlib.emulator.vendor import Vendor, error_body


def turned_away(vendor: Vendor, status: int, error_key: str, detail: str) -> Response:
    """Build the answer of a row of `errors`; the connection ends with it."""
    told = vendor.lookup(error_key, detail=detail)
    body = json.dumps(error_body(vendor.names, told, str(uuid4())))
    headers = (("content-type", "application/json"), ("connection", "close"))
    return Response(status, headers, (body.encode(),))
