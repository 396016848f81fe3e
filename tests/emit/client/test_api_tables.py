"""The emitted tables of the API."""

import subprocess
import sys
from datetime import datetime
from itertools import product
from pathlib import Path

import pytest

from tests.emit.source import compact
from tests.spec.small import FILES, write
from wanlib.base.api_tables import Header, TaskLifecycleTable, UploadTable, VerbTable
from wanlib.base.error_codes import ErrorCode, read_error_table
from wanlib.emit import generate_files
from wanlib.emit.python_text import EmitError
from wanlib.generated.calls import API
from wanlib.spec import load
from wanlib.spec.source.annotated import parse_duration

SPEC = load()
ROOT = Path(__file__).parents[3]


def test_every_model_has_its_family() -> None:
    assert tuple(API.models) == SPEC.models
    for name, model in API.models.items():
        family = SPEC.family(name)
        assert (model.name, model.file) == (name, family.name)
        assert model.fields == tuple(field.name for field in family.fields)
        assert model.result == family.output["result"]
        code = model.code()
        assert {each.__module__ for each in code} == {f"wanlib.generated.{family.name.replace('.', '_')}"}
        assert {call: " ".join(path) for call, path in model.endpoints.items()} == SPEC.wire["endpoints"][
            name
        ]
        assert model.submit_per_second == SPEC.wire["rates"][name]["submit_per_second"]


def test_documented_fields_of_models() -> None:
    old, new = API.models["wanx2.1-imageedit"], API.models["wan2.7-image-pro"]
    assert (old.images, old.single_images, old.sizes, old.single) == (("images",), ("mask",), (), ("images",))
    assert (new.images, new.single_images, new.sizes, new.single) == (("images",), (), ("size",), ())
    assert old.mimes == dict(new.mimes) | {"tiff": "image/tiff"}
    assert new.prices == SPEC.wire["prices"][new.name]


def test_verbs() -> None:
    verbs = {name: model.verbs for name, model in API.models.items()}
    assert {name: set(each) for name, each in verbs.items()} == {
        "wan2.7-image": {"edit", "generate"},
        "wan2.7-image-pro": {"edit", "generate"},
        "wan2.6-image": {"edit", "generate", "stream"},
        "wan2.5-i2i-preview": {"edit"},
        "wanx2.1-imageedit": {"edit"},
    }
    assert verbs["wan2.6-image"]["generate"] == VerbTable({"enable_interleave": True}, {"max_images": 1})
    assert verbs["wan2.6-image"]["stream"] == VerbTable({"enable_interleave": True, "stream": True}, {})
    assert verbs["wan2.6-image"]["edit"] == verbs["wan2.7-image"]["generate"] == VerbTable({}, {})


@pytest.mark.parametrize(
    ("name", "verb"), [(name, verb) for name in API.models for verb in API.models[name].verbs]
)
def test_values_that_a_verb_sends_are_legal(name: str, verb: str) -> None:
    model = API.models[name]
    call = "stream" if verb == "stream" else "async"
    fields = {"prompt": "a vase", "function": "colorization", **model.verbs[verb].default_sends}
    fields |= model.verbs[verb].always_sends
    fields |= {"images": ["https://a/b.png"]} if verb == "edit" else {}
    known = {field: value for field, value in fields.items() if field in model.fields}
    code = model.code()
    assert code.check_fields(name, code.complete(name, known, call).fields, call) == []


def test_regions_headers_and_paths() -> None:
    assert (API.regions["beijing"].host, API.regions["frankfurt"].host) == (
        "https://dashscope.aliyuncs.com",
        None,
    )
    for (name, region), model in product(API.regions.items(), API.models):
        assert (model in (region.calls or {})) is (name in API.models[model].prices)
    unstated = [name for name, region in API.regions.items() if region.calls is None]
    assert unstated == ["hongkong", "tokyo", "token-plan", "token-plan-singapore"]
    assert API.regions["hongkong"].host == "https://cn-hongkong.dashscope.aliyuncs.com"
    assert API.regions["tokyo"].workspace_host == "https://{workspace}.ap-northeast-1.maas.aliyuncs.com"
    assert {region.key_prefix for region in API.regions.values()} == {None, "sk-sp-"}
    assert API.headers[0].value == "Bearer {key}"
    assert Header("X-DashScope-OssResourceResolve", "enable", (), ("oss",), False) in API.headers
    assert [header.name for header in API.headers if header.optional] == ["X-DashScope-WorkSpace"]
    assert API.paths["cancel"] == ("POST", "/tasks/{task_id}/cancel")


def test_error_codes_task_states_and_times() -> None:
    codes = API.errors.codes
    assert codes["Throttling"] == ErrorCode(429, "rate", "yes", "Too many requests.")
    assert codes["PrepaidBillOverdue"] == ErrorCode(429, "billing", "no", "The prepaid bill is overdue.")
    assert API.errors == read_error_table(load().wire)
    assert API.life == TaskLifecycleTable(
        states=("PENDING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELED", "UNKNOWN"),
        terminal=frozenset({"SUCCEEDED", "FAILED", "CANCELED", "UNKNOWN"}),
        succeeded="SUCCEEDED",
        failed="FAILED",
        canceled="CANCELED",
        unknown="UNKNOWN",
        expires_after=parse_duration(SPEC.task["expires"]["is"]),
        links_expire_after=parse_duration(SPEC.task["links_expire"]["is"]),
    )
    assert isinstance(API.upload, UploadTable) and (API.upload.form[-1], API.upload.policy_expires_after) == (
        "file",
        parse_duration(SPEC.wire["upload"]["policy_expires"]),
    )
    assert (API.max_poll_interval, API.sync_timeout, API.currency) == (
        parse_duration(SPEC.wire["polling"]["max_interval"]),
        parse_duration(SPEC.wire["timeouts"]["sync"]),
        "CNY",
    )
    assert (API.stream_type, API.stream_end) == ("text/event-stream", "stop")
    assert API.query_zone == 8 * 3600
    assert datetime(2026, 5, 7, 18, 5, 9).strftime(API.list_time) == "20260507180509"


def test_another_spec_yields_another_api(tmp_path: Path) -> None:
    text = generate_files(load(write(tmp_path)))["calls.py"]
    written = compact(text)
    for part in (
        "'tea-1-pro'",
        "currency='CNY'",
        "list_time='%Y-%m-%d'",
        "succeeded='DONE'",
        "unknown='LOST'",
        "names=WireNames(answer=AnswerNames(request_id='request_id',",
        "id_header='x-id'",
        "answer_role='waiter'",
        "action='ask', scheme='store', accepted_status='200', retry_statuses=frozenset((403,))",
        "statuses={'4xx': 'invalid', '5xx': 'service'}",
        "default_region='here'",
        "list_page=7",
    ):
        assert compact(part) in written
    assert "query_zone=-5400" in text
    assert compact("'edit': VerbTable({'quick': True}, {'strength': 0.2})") in written
    assert "wan2" not in text and "dashscope" not in text.lower()


def test_a_query_time_that_is_not_iso_8601_is_refused(tmp_path: Path) -> None:
    files = FILES | {"wire.yaml": FILES["wire.yaml"].replace("YYYY-MM-DD hh:mm", "DD-MM-YYYY hh:mm")}
    with pytest.raises(EmitError, match="'DD-MM-YYYY hh:mm', expected a form of ISO 8601"):
        generate_files(load(write(tmp_path, files)))


def test_a_list_without_a_time_format_is_refused(tmp_path: Path) -> None:
    files = FILES | {"wire.yaml": FILES["wire.yaml"].replace(", form: YYYY-MM-DD", "")}
    with pytest.raises(EmitError, match="the filters of a list have 0 forms of time, expected one"):
        generate_files(load(write(tmp_path, files)))


def test_importing_the_tables_loads_no_family() -> None:
    code = "import sys, wanlib.generated.calls; print(*(name for name in sys.modules if 'wanlib' in name))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert set(run.stdout.split()) == {
        "wanlib",
        "wanlib.base",
        "wanlib.base.error_codes",
        "wanlib.base.values",
        "wanlib.base.violation",
        "wanlib.base.api_tables",
        "wanlib.base.wire_names",
        "wanlib.generated",
        "wanlib.generated.calls",
    }
