"""A call as it would be sent, printed instead."""

import json
import sys
from typing import TYPE_CHECKING

from wanlib.cli.paying import price_line
from wanlib.cli.plainly import FINE, complain, printable

if TYPE_CHECKING:
    from wanlib.runtime.prepared import Prepared


def show(model: str, prepared: "Prepared", *, curl: bool, as_json: bool) -> int:
    """Prints a call: as JSON, as a curl command with the price on stderr, or as an HTTP request."""
    if as_json:
        print(json.dumps(prepared.to_dict()))
        return FINE
    for each in prepared.passed:
        complain(f"{each.outcome}: {each}")
    if curl:
        for line in prepared.curl().split("\n"):
            print(printable(line))
    else:
        print(printable(f"{prepared.method} {prepared.url}"))
        for name, value in prepared.headers.items():
            print(printable(f"{name}: {value}"))
        body = json.dumps(prepared.body, indent=2, ensure_ascii=False)
        print("", *map(printable, body.split("\n")), "", sep="\n")
    print(price_line(model, prepared.price), file=sys.stderr if curl else sys.stdout)
    return FINE
