"""The commands that repeat a case: one of the harness for any target, and curl for a server."""

import json
from collections.abc import Mapping
from shlex import quote
from typing import Any

from wan_conformance.model import UNJUDGED, Verdict
from wan_conformance.report.text import redacted_body

_KEY = "$DASHSCOPE_API_KEY"
_SERVER = "http"
"""The target that sends requests."""
_MAX_BODY = 2000
"""Maximum number of characters of a body in a command."""
_END = "end:"
"""Prefixes of the ids of verdicts about a target as a whole."""
_NO_CASE = ("known:", _END)
"""Prefixes of the ids of verdicts that are not about a case."""


def replay_command(verdict: Verdict, run: Mapping[str, Any]) -> str:
    """Return the command that runs just the case of a verdict on its target.

    Args:
        verdict: The verdict.
        run: The first line of the log.
    """
    arguments: Mapping[str, Any] = run.get("arguments", {})
    options = _selection(verdict, arguments)
    options += [(name, arguments.get(name)) for name in ("spec", "vectors", "base_url", "api_key_env")]
    if verdict.case.startswith("strategy:"):
        options += [("seed", run.get("seed")), ("examples", arguments.get("examples"))]
        options += [("model", model) for model in arguments.get("models", ())]
    options += [("claims", claim) for claim in arguments.get("claims", ()) if ":" in verdict.target]
    words = ["wan-conformance", "run"]
    for name, value in options:
        if value is not None:
            words += [f"--{name.replace('_', '-')}", str(value)]
    return " ".join(map(quote, words))


def _selection(verdict: Verdict, arguments: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return the options that select the case of a verdict; those of the run for one about the whole run."""
    if not verdict.case.startswith(_NO_CASE):
        is_about_rule = verdict.is_unjudged and verdict.rule is not None
        case = ("rule", verdict.rule) if is_about_rule else ("case", verdict.case.removeprefix(UNJUDGED))
        return [("target", verdict.target), case]
    is_about_target = verdict.case.startswith(_END)
    targets = [verdict.target] if is_about_target else arguments.get("target", ())
    selected = [("target", target) for target in targets]
    for option, name in (("rule", "rule"), ("model", "models"), ("case", "cases"), ("known", "known")):
        selected += [(option, value) for value in arguments.get(name, ())]
    return selected


def curl_command(verdict: Verdict, run: Mapping[str, Any]) -> str | None:
    """Return the create request of a case as a shell command, with placeholders for long values.

    Args:
        verdict: The verdict.
        run: The first line of the log.

    Returns:
        The command; None if the target is not a server, or the log does not have the body or the endpoints.
    """
    requests: Mapping[str, Any] | None = run.get("requests")
    details = verdict.reproduction
    if verdict.target != _SERVER or requests is None or details is None or verdict.body is None:
        return None
    call, endpoint = _endpoint(requests["endpoints"], verdict.body, details.call)
    if endpoint is None:
        return None
    method, _, path = endpoint.partition(" ")
    parts = [f"curl -sS -X {quote(method)} {quote(requests['base_url'] + path)}"]
    parts += [
        f'-H "{name}: {_in_double_quotes(value)}"'
        for name, value in requests["headers"].get(call, {}).items()
    ]
    return " \\\n  ".join([*parts, f"-d {quote(body_text(verdict))}"])


def _endpoint(
    endpoints: Mapping[str, Mapping[str, str]], body: Any, call: str | None
) -> tuple[str, str | None]:
    """Return the call and the endpoint of a body; the endpoint of another model if its own has none."""
    model = body.get("model") if isinstance(body, dict) else None
    own = endpoints.get(model, {}) if isinstance(model, str) else {}
    calls = dict.fromkeys(name for of_model in (own, *endpoints.values()) for name in of_model)
    chosen = call or ("async" if "async" in (own or calls) else next(iter(own or calls), ""))
    others = (of_model[chosen] for of_model in endpoints.values() if chosen in of_model)
    return chosen, own.get(chosen) or next(others, None)


def _in_double_quotes(value: str) -> str:
    """Return the value of a header for double quotes, in which the shell fills in the key."""
    escaped = "".join(f"\\{char}" if char in '"\\$`' else char for char in value)
    return escaped.replace("{key}", _KEY)


def body_text(verdict: Verdict) -> str:
    """Return the body as one line of JSON, with texts such as `<png image of 300*240 pixels>` in it.

    A body without a template is redacted and cut.
    """
    details = verdict.reproduction
    if details is None or details.template is None:
        return redacted_body(verdict, _MAX_BODY)
    return json.dumps(with_placeholders(details.template), ensure_ascii=False)


def with_placeholders(value: Any) -> Any:
    """Return a template with texts such as `<png image of 300*240 pixels>` in place of its macros."""
    if isinstance(value, list):
        return [with_placeholders(item) for item in value]
    if not isinstance(value, dict):
        return value
    name = next(iter(value), "")
    if name == "$image":
        image = value[name]
        size = f", {image['bytes']:,} bytes" if "bytes" in image else ""
        return f"<{image['format']} image of {image['width']}*{image['height']} pixels{size}>"
    if name == "$text":
        return f"<{value[name]['char']} {value[name]['count']:,} times>"
    if name == "$repeat":
        return f"<{value[name]['count']:,} times {json.dumps(with_placeholders(value[name]['of']))}>"
    return {key: with_placeholders(member) for key, member in value.items()}
