"""`wanlib check`: a wire body, or one on each line, against every rule."""

import json
from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from wanlib.base.shown import safe_text
from wanlib.base.violation import Violation
from wanlib.cli.choosing import SpecOption, the_spec
from wanlib.cli.findings import lines_of
from wanlib.cli.plainly import FINE, NO, USAGE
from wanlib.cli.reading import read_body, read_lines
from wanlib.cli.strict_json import Unreadable

Judge = Callable[[Any], list[Violation]]


class Call(StrEnum):
    """How a body is sent; stream is the synchronous call with the SSE header."""

    SYNC = "sync"
    ASYNC = "async"
    STREAM = "stream"


def check(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A request body in JSON; - is standard input.")],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object: model, ok, violations.")
    ] = False,
    lines: Annotated[
        bool, typer.Option("--lines", help="Read JSON Lines; print one JSON object for each line.")
    ] = False,
    call: Annotated[Call | None, typer.Option(help="How it will be sent, for the rules that ask.")] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit 1 for any violation, ignored and unspecified ones too.")
    ] = False,
    local: Annotated[
        bool, typer.Option("--local", help="Accept image URLs on this machine or network, for local testing.")
    ] = False,
    spec: SpecOption = None,
) -> int:
    """Check a request body as it goes over the wire.

    Exit 0 where nothing would be rejected or truncated, 1 where something would, 2 where it can't be read.
    """
    judge = _judge(spec, call.value if call else None, local)
    if lines:
        return max(_line(number, body, judge, strict) for number, body in enumerate(read_lines(file), 1))
    body = read_body(file)
    found = judge(body)
    print(json.dumps(_object(body, found)) if as_json else "\n".join(lines_of(found)))
    return _code(found, strict)


def _judge(folder: Path | None, call: str | None, local: bool) -> Judge:
    if folder is None:
        from wanlib.generated.checker import check as generated

        return partial(generated, call=call, local=local)
    from wanlib.spec import interpret

    return partial(interpret, the_spec(folder), call=call, local=local)


def _code(found: Sequence[Violation], strict: bool) -> int:
    return NO if any(strict or each.refused for each in found) else FINE


def _object(body: Any, found: Sequence[Violation]) -> dict[str, Any]:
    """What `--json` prints; `model` is what the body names, known or not."""
    model = body.get("model") if isinstance(body, dict) else None
    return {
        "model": safe_text(model) if isinstance(model, str) else None,
        "ok": not any(each.refused for each in found),
        "violations": [each.to_dict() for each in found],
    }


def _line(number: int, body: Any, judge: Judge, strict: bool) -> int:
    """Prints the object for one line, at once: who feeds a pipe may wait for it. The line's exit code."""
    if isinstance(body, Unreadable):
        told = {"line": number, "ok": False, "error": str(body), "violations": []}
        print(json.dumps(told), flush=True)
        return USAGE
    found = judge(body)
    print(json.dumps(_object(body, found)), flush=True)
    return _code(found, strict)
