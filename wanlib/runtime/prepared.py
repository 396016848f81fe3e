"""A call as it would be sent, for people to look at."""

import json
import shlex
from collections.abc import Mapping
from typing import Any, NamedTuple

from wanlib.base.violation import Violation
from wanlib.runtime.body import digest_body
from wanlib.runtime.context import Context
from wanlib.runtime.exchange import Request
from wanlib.runtime.plan import Plan
from wanlib.runtime.price import Price
from wanlib.runtime.settings import KEY_VARIABLE

_HIDDEN = f"${KEY_VARIABLE}"


class Prepared(NamedTuple):
    """A call that is not made. headers: the key is replaced by the name of its variable. body: whole, an
    image in hand as a short digest. price: the most that it can cost; None where no page says.
    passed: rules that it breaks and that let it pass: ignored, unspecified or allowed.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    price: Price | None
    passed: tuple[Violation, ...]

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "method": self.method,
            "url": self.url,
            "headers": dict(self.headers),
            "body": dict(self.body),
            "price": self.price.to_dict() if self.price else None,
            "passed": [each.to_dict() for each in self.passed],
        }

    def curl(self) -> str:
        """The call as a curl command for a POSIX shell; it takes the key from the environment.

        An image in hand stands as its digest: put its data URI or URL there.
        """
        lines = [f"curl -X {self.method} {shlex.quote(self.url)}"]
        for name, value in self.headers.items():
            told = shlex.quote(f"{name}: {value}")
            if _HIDDEN in value:
                told = f'"{name}: {value}"'
            lines.append(f"-H {told}")
        body = json.dumps(self.body, ensure_ascii=False)
        return " \\\n  ".join([*lines, f"-d {shlex.quote(body)}"])


def prepared(context: Context, plan: Plan) -> Prepared:
    """A plan as its request, without the key."""
    request: Request = plan.request(context.api, context.settings._replace(key=_HIDDEN))
    body = digest_body(plan.body())
    return Prepared(request.method, request.url, request.headers, body, plan.price, plan.passed)
