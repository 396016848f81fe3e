"""What the store of the temporary upload says when it refuses a file: XML with a code and a message."""

import re

from wanlib.runtime.errors import InvalidRequest, ServiceError, WanError
from wanlib.runtime.exchange import Reply
from wanlib.runtime.members import clean
from wanlib.runtime.tables import Api


def refusal(api: Api, reply: Reply, argument: str) -> WanError:
    """The error for an answer that is no success: ServiceError where a new try may help."""
    names = api.names.storage
    passing = not 400 <= reply.status < 500 or reply.status in api.upload.retry_statuses
    family: type[WanError] = ServiceError if passing else InvalidRequest
    reason = _element(reply, names.message) or "no reason is given"
    return family(
        f"the upload of {argument} was refused by the store: {reason}",
        status=reply.status,
        code=_element(reply, names.code),
        request_id=_element(reply, names.request_id),
    )


def _element(reply: Reply, name: str) -> str | None:
    """The text of an element, without a parser: the answer is flat, and a stranger's may be hostile."""
    found = re.search(rf"<{name}>([^<]{{1,1000}})</{name}>", reply.body[:10_000].decode("utf-8", "replace"))
    return clean(found[1]) or None if found else None
