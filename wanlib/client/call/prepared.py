"""`Prepared`: a call as it would be sent, for `prepare()` and `--dry-run`."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from secrets import token_hex
from typing import Any, NamedTuple

from wanlib.base.redaction import printable_json
from wanlib.base.violation import Violation
from wanlib.client.call.plan import CallPlan
from wanlib.client.http.messages import Request
from wanlib.client.images.image_source import ImageSource
from wanlib.client.images.json_body import redact_body
from wanlib.client.protocol.budget import Price
from wanlib.client.protocol.context import ClientContext
from wanlib.client.protocol.settings import KEY_FIELD, KEY_VARIABLE

_KEY_PLACEHOLDER = f"${KEY_VARIABLE}"


class Prepared(NamedTuple):
    """A call that is not sent.

    Attributes:
        method: The HTTP method.
        url: The URL.
        headers: The headers, with the name of the environment variable in place of the key.
        body: The complete body, with a short digest in place of each local image.
        price: The maximum cost; None if no price is documented.
        passed: Violations that do not prevent sending: ignored, unspecified or allowed.
        changes: A description of each change that makes a local image fit.
        pieces: The body as JSON text, with the path of each image file in place of its base64 text.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    price: Price | None
    passed: tuple[Violation, ...]
    changes: tuple[str, ...] = ()
    pieces: tuple[str | Path, ...] = ()

    def __repr__(self) -> str:
        price = f"at most {self.price.amount} {self.price.currency}" if self.price else "no documented price"
        return f"<Prepared {self.method} {self.url}: {price}>"

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return {
            "method": self.method,
            "url": self.url,
            "headers": dict(self.headers),
            "body": dict(self.body),
            "price": self.price.to_dict() if self.price else None,
            "passed": [violation.to_dict() for violation in self.passed],
            "changes": [*self.changes],
        }

    def curl(self) -> str:
        """Return the call as a curl command for a POSIX shell, which takes the key from the environment.

        The command reads image files from disk when it runs, with `base64` and `tr`. Data URIs and images
        in memory are replaced by a digest, and query strings are removed from URLs: insert them by hand.
        """
        lines = [f"curl -X {self.method} {shlex.quote(self.url)}"]
        for name, value in self.headers.items():
            header = shlex.quote(f"{name}: {value}")
            if _KEY_PLACEHOLDER in value:
                header = f'"{name}: {value}"'
            lines.append(f"-H {header}")
        if len(self.pieces) < 2:
            body = printable_json(self.body)
            return " \\\n  ".join([*lines, f"-d {shlex.quote(body)}"])
        parts = "; ".join(_shell_command(piece) for piece in self.pieces)
        # Through a pipe: an image is too long for a command line.
        return f"{{ {parts}; }} | " + " \\\n  ".join([*lines, "--data-binary @-"])


def _shell_command(piece: str | Path) -> str:
    """Return the shell command that writes a piece of the body."""
    if isinstance(piece, str):
        return f"printf %s {shlex.quote(piece)}"
    return f"base64 < {shlex.quote(str(piece))} | tr -d '\\n'"


def _body_pieces(body: Mapping[str, Any]) -> tuple[str | Path, ...]:
    """Return a body as JSON text with the paths of its image files."""
    files: list[Path] = []
    mark = token_hex(16)

    def marked(value: Any) -> Any:
        if isinstance(value, ImageSource) and value.path is not None:
            files.append(value.path)
            return f"data:{value.mime};base64,{mark}"
        if isinstance(value, dict):
            return {name: marked(member) for name, member in value.items()}
        return [marked(item) for item in value] if isinstance(value, list) else redact_body(value)

    texts = printable_json(marked(body)).split(mark)
    pieces: list[str | Path] = [texts[0]]
    for path, text in zip(files, texts[1:], strict=True):
        pieces += [path, text]
    return tuple(pieces)


def prepare(context: ClientContext, plan: CallPlan) -> Prepared:
    """Return the request of a plan, without the key."""
    request: Request = plan.request(context.api, context.settings)
    body = plan.body()
    return Prepared(
        request.method,
        request.url,
        {name: value.replace(KEY_FIELD, _KEY_PLACEHOLDER) for name, value in request.headers.items()},
        redact_body(body),
        plan.price,
        plan.passed,
        plan.changes,
        _body_pieces(body),
    )
