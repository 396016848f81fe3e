"""Emit the tables of `wire.yaml`, `task.yaml` and the families as one value for the client."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from wanlib.base.error_codes import ErrorTable, read_error_table
from wanlib.base.wire_names import GROUPS, WireNames, read_names
from wanlib.emit.python_text import CodeWriter, EmitError, keyword_argument, python_literal
from wanlib.emit.validator.module import header
from wanlib.spec import Family, Spec
from wanlib.spec.model.rates import AccountLimit, account_limit
from wanlib.spec.model.timestamp_format import TimestampFormat
from wanlib.spec.source.annotated import parse_duration

_NAMES = tuple(sorted([WireNames.__name__, *(group.__name__ for group in GROUPS.values())]))
_UNITS = {"epoch s": 1, "epoch ms": 1000}
_TABLES = (
    "ApiTables",
    "ModelFunctions",
    "FineTuned",
    "Header",
    "TaskLifecycleTable",
    "Model",
    "Region",
    "UploadTable",
    "VerbTable",
)


Rows = str | list[str] | dict[str, str]


def calls(spec: Spec) -> str:
    """Return the text of the module `calls`."""
    out = CodeWriter()
    out.lines = header("*.yaml")
    out.line('"""The tables of the API for the client."""')
    out.line()
    out.line("from collections.abc import Collection")
    out.line("from functools import cache")
    out.line()
    out.line("from wanlib.base.error_codes import ErrorCode, ErrorTable, ErrorWording")
    out.line(f"from wanlib.base.wire_names import {', '.join(_NAMES)}")
    out.line(f"from wanlib.base.api_tables import {', '.join(_TABLES)}")
    for family in spec.families:
        _model_functions(family, out)
    _rule_ids(out)
    out.line()
    out.line()
    out.line("API: ApiTables = ApiTables(")
    out.depth += 1
    for name, value in _api(spec).items():
        _member(name, value, out)
    out.depth -= 1
    out.line(")")
    return out.text()


def _model_functions(family: Family, out: CodeWriter) -> None:
    """Write a function that loads a family's functions on first use."""
    name = family.module
    out.line()
    out.line()
    out.line("@cache")
    with out.block(f"def _{name}() -> ModelFunctions"):
        out.line(f"from .{name} import check_fields, complete, encode")
        out.line()
        out.line("return ModelFunctions(check_fields, complete, encode)")


def _rule_ids(out: CodeWriter) -> None:
    """Write a function that loads the ids of all rules on first use."""
    out.line()
    out.line()
    with out.block("def _rule_ids() -> Collection[str]"):
        out.line("from .registry import RULES")
        out.line()
        out.line("return RULES")


def _member(name: str, value: Rows, out: CodeWriter) -> None:
    """Write a member of the value: on one line, or with a line for each row."""
    if isinstance(value, str):
        out.line(f"{name}={value},")
        return
    table = isinstance(value, dict)
    rows = (
        [f"{python_literal(row)}: {text}" for row, text in value.items()]
        if isinstance(value, dict)
        else value
    )
    out.line(f"{name}={'{' if table else '('}")
    for row in rows:
        out.line(f"    {row},")
    out.line("}," if table else "),")


def _api(spec: Spec) -> dict[str, Rows]:
    """Return the members as Python."""
    wire, names = spec.wire, read_names(spec.service["names"])
    return {
        "base_path": python_literal(wire["base_path"]),
        "models": {model: _model(spec, spec.family(model), model) for model in spec.models},
        "rule_ids": "_rule_ids",
        "fine_tuned": _fine_tuned(wire.get("fine_tuned", {"ending": "", "regions": ()})),
        "regions": {name: _region(region) for name, region in wire["regions"].items()},
        "other_bases": python_literal(dict(wire.get("other_bases", {}))),
        "headers": [_header(name, header) for name, header in wire["headers"].items()],
        "paths": {call: python_literal(_endpoint(path)) for call, path in wire["paths"].items()},
        "task_id": python_literal(wire["task_id"]["is"]),
        "errors": _errors(read_error_table(wire)),
        "rates": python_literal(wire["account_rates"]),
        "max_poll_interval": python_literal(parse_duration(wire["polling"]["max_interval"])),
        "sync_timeout": python_literal(parse_duration(wire["timeouts"]["sync"])),
        "currency": python_literal(wire["currency"]),
        "upload": _upload(spec, names),
        "life": _lifecycle(spec.task),
        "query_zone": python_literal(_query_timezone(wire["times"]["query"])),
        "list_time": python_literal(_list_time(wire["queries"])),
        "stream_type": python_literal(wire["streaming"]["content_type"]),
        "stream_end": python_literal(wire["streaming"]["finish_reason"]["last"]),
        "names": _wire_names(names),
        "answer_role": python_literal(_answer_role(wire, names)),
        "id_header": python_literal(_id_header(spec.service)),
        "default_region": python_literal(wire["default_region"]),
        "list_units": python_literal(_UNITS[wire["times"]["list"]["form"]]),
        "list_page": python_literal(_list_page(wire, names)),
    }


def _value(kind: str, **members: str) -> str:
    arguments = (f"{keyword_argument(name)}={value}" for name, value in members.items())
    return f"{kind}({', '.join(arguments)})"


def _fine_tuned(raw: Mapping[str, Any]) -> str:
    return _value(
        "FineTuned", ending=python_literal(raw["ending"]), regions=python_literal(tuple(raw["regions"]))
    )


def _endpoint(path: str) -> tuple[str, str]:
    """Return method and path of `POST /tasks`."""
    method, _, rest = path.partition(" ")
    return method, rest


def _names(family: Family, *kinds: str) -> str:
    return python_literal(tuple(field.name for field in family.fields if field.type in kinds))


def _model(spec: Spec, family: Family, model: str) -> str:
    wire = spec.wire
    endpoints = {call: _endpoint(path) for call, path in wire["endpoints"][model].items()}
    lists = [field for field in family.fields if field.each and field.each.type == "image"]
    body = spec.form(family)
    single = [node.field for node in body.walk() if node.only]
    return _value(
        "Model",
        name=python_literal(model),
        code=f"_{family.module}",
        file=python_literal(family.name),
        fields=python_literal(tuple(field.name for field in family.fields)),
        images=python_literal(tuple(field.name for field in lists)),
        single_images=_names(family, "image"),
        sizes=_names(family, "size"),
        mimes=_mime_table(family),
        verbs=_verbs(family),
        endpoints=python_literal(endpoints),
        result=python_literal(family.output["result"]),
        prices=python_literal(wire["prices"][model]),
        submit_per_second=python_literal(_per_second(account_limit(wire["rates"][model]))),
        single=python_literal(tuple(single)),
        schemes=python_literal(_schemes(family)),
        rest=python_literal(next((name for name, node in body.members if node.form == "rest"), "")),
        only_for=python_literal(family.only_for.limit if family.only_for else {}),
        instead=python_literal(dict(family.instead)),
        located=python_literal(_located(family)),
    )


def _located(family: Family) -> tuple[str, ...]:
    """Return the fields that give places in the pixels of an image."""
    return tuple(
        field.name for field in family.fields if any(node.rules_of_kind("inside") for node in field.walk())
    )


def _schemes(family: Family) -> tuple[str, ...]:
    """Return the schemes that image strings of the family may have."""
    rules = [rule for field in family.walk() for rule in field.rules_of_kind("schemes")]
    return tuple(dict.fromkeys(scheme for rule in rules for scheme in rule.limit))


def _mime_table(family: Family) -> str:
    """Return the formats and MIME types that the family's image fields name."""
    rules = [rule for field in family.walk() for rule in field.rules_of_kind("mime")]
    return python_literal({name: mime for rule in rules for name, mime in rule.limit.items()})


def _verbs(family: Family) -> str:
    verbs = (
        f"{python_literal(name)}: VerbTable({python_literal(dict(verb.always_sends))},"
        f" {python_literal(dict(verb.default_sends))})"
        for name, verb in family.verbs.items()
    )
    return f"{{{', '.join(verbs)}}}"


def _region(region: Mapping[str, Any]) -> str:
    calls = region.get("calls")
    by_model = None if calls is None else {model: tuple(names) for model, names in calls.items()}
    texts = {name: python_literal(region.get(name)) for name in ("host", "workspace_host", "key_prefix")}
    return _value("Region", **texts, calls=python_literal(by_model))


def _header(name: str, header: Mapping[str, Any]) -> str:
    return _value(
        "Header",
        name=python_literal(name),
        value=python_literal(header["is"]),
        calls=python_literal(tuple(header.get("call", ()))),
        schemes=python_literal(tuple(header.get("schemes", ()))),
        optional=python_literal(header.get("optional", False)),
    )


def _errors(table: ErrorTable) -> str:
    """Return the table of error codes without the defaults, one line per row."""
    rows = (f"{python_literal(code)}: {_row(row)}" for code, row in table.codes.items())
    members = (
        f"codes={{{_lines(rows)}}}",
        f"prefixes={python_literal(table.prefixes)}",
        f"wordings=({_lines(map(_row, table.wordings))})",
        f"statuses={python_literal(dict(table.statuses))}",
    )
    return f"ErrorTable({_lines(members, depth=2)})"


def _lines(rows: Iterable[str], depth: int = 3) -> str:
    """Return each row on its own indented line, with a comma."""
    inner, outer = "    " * depth, "    " * (depth - 1)
    return "\n" + "".join(f"{inner}{row},\n" for row in rows) + outer


def _row(row: NamedTuple) -> str:
    defaults, values = type(row)._field_defaults, row._asdict().items()
    members = (
        f"{name}={python_literal(value)}" for name, value in values if value != defaults.get(name, ...)
    )
    return f"{type(row).__name__}({', '.join(members)})"


def _upload(spec: Spec, names: WireNames) -> str:
    upload = spec.wire["upload"]
    schemes = [scheme for header in spec.wire["headers"].values() for scheme in header.get("schemes", ())]
    if len(schemes) != 1:
        raise EmitError(f"headers name {len(schemes)} schemes of uploaded files, expected one")
    return _value(
        "UploadTable",
        expires_after=python_literal(parse_duration(upload["expires"])),
        policy_expires_after=python_literal(parse_duration(upload["policy_expires"])),
        form=python_literal(tuple(upload["form"])),
        action=python_literal(_find(spec.wire, "queries", "policy", names.policy_query.action, "one_of")[0]),
        scheme=python_literal(schemes[0]),
        accepted_status=python_literal(spec.service["upload"]["accepted_status"]),
        retry_statuses=f"frozenset({python_literal(tuple(spec.service['storage']['retry_statuses']))})",
    )


def _lifecycle(task: Mapping[str, Any]) -> str:
    terminal = tuple(name for name, state in task["states"].items() if state.get("terminal"))
    outcomes = {name: python_literal(state) for name, state in task["outcomes"].items()}
    return _value(
        "TaskLifecycleTable",
        states=python_literal(tuple(task["states"])),
        terminal=f"frozenset({python_literal(terminal)})",
        **outcomes,
        expires_after=python_literal(parse_duration(task["expires"]["is"])),
        links_expire_after=python_literal(parse_duration(task["links_expire"]["is"])),
    )


def _wire_names(names: WireNames) -> str:
    groups = {group: _group(getattr(names, group)) for group in GROUPS}
    return _value(WireNames.__name__, **groups)


def _group(group: Any) -> str:
    roles = {role: python_literal(name) for role, name in group._asdict().items()}
    return _value(type(group).__name__, **roles)


def _answer_role(wire: Mapping[str, Any], names: WireNames) -> str:
    """Return the role of the service in the message of a choice."""
    choice, members = names.choice, "members"
    output = ("answers", "choices", names.answer.output, members)
    message = (choice.choices, "each", members, choice.message, members)
    return str(_find(wire, *output, *message, choice.role, "one_of")[0])


def _find(table: Any, *path: str) -> Any:
    """Return a value of `wire.yaml`. Raise EmitError if it has no such path."""
    for step in path:
        if not isinstance(table, Mapping) or step not in table:
            raise EmitError(f"wire.yaml: {'.'.join(path)} is missing at {step!r}; the client needs it")
        table = table[step]
    return table


def _id_header(service: Mapping[str, Any]) -> str:
    """Return the response header with the request id."""
    names = [name for name, header in service["headers"].items() if header["is"] == "{request_id}"]
    if len(names) != 1:
        raise EmitError(f"{len(names)} headers hold the request id, expected one")
    return str(names[0])


def _list_page(wire: Mapping[str, Any], names: WireNames) -> int:
    """Return the page size that the client uses for task lists."""
    size = _find(wire, "queries", "list", names.list_query.page_size)
    return int(size["request"] if "request" in size else _find(size, "default"))


def _query_timezone(query: Mapping[str, str]) -> int:
    """Return the UTC offset of a query's times in seconds; their form must be ISO 8601."""
    time_format = _time_format(query["form"], query["zone"])
    try:
        datetime.fromisoformat(time_format.format(0))
    except ValueError:
        raise EmitError(f"the times of a query are {query['form']!r}, expected a form of ISO 8601") from None
    return time_format.utc_offset


def _list_time(queries: Mapping[str, Any]) -> str:
    """Return the time format that all filters of a list share."""
    forms = {query["form"] for query in queries["list"].values() if "form" in query}
    if len(forms) != 1:
        raise EmitError(f"the filters of a list have {len(forms)} forms of time, expected one")
    return _time_format(forms.pop()).directives


def _time_format(form: str, zone: str = "+00:00") -> TimestampFormat:
    try:
        return TimestampFormat(form, zone)
    except ValueError as error:
        raise EmitError(str(error)) from None


def _per_second(limit: AccountLimit) -> int | float:
    """Return a limit as submissions per second."""
    return limit.submissions if limit.window == 1 else limit.submissions / limit.window
