"""Answers in the vendor's form to what never comes to the core."""

import json
from uuid import uuid4

from wanlib.emulator.exchange import Response
from wanlib.emulator.vendor import vendor


def turned_away(status: int, situation: str, what: str) -> Response:
    """The answer of a situation of `vendor.yaml`; the connection ends with it."""
    told = vendor().situation(situation, what)
    body = json.dumps({"code": told.code, "message": told.message, "request_id": str(uuid4())})
    headers = (("content-type", "application/json"), ("connection", "close"))
    return Response(status, headers, (body.encode(),))
