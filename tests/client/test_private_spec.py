"""`Wan(spec=...)`: the untyped client of a spec folder, checked by code that is made from it in memory."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.private_model import BASE, MODEL, write_overlay
from wanlib import AsyncWan, Wan
from wanlib.errors import ConfigurationError, InvalidRequestError

LIMIT = BASE.field("n").rules_of_kind("max")[0].limit


@pytest.mark.parametrize("client", [Wan, AsyncWan])
def test_a_private_model(client: Any, tmp_path: Path) -> None:
    wan = client("sk-key", spec=write_overlay(tmp_path))
    prepared = wan.prepare(MODEL, "A cup", n=LIMIT)
    assert (prepared.body["model"], str(prepared.price)) == (MODEL, f"{LIMIT}.00 CNY for {LIMIT} pictures")
    with pytest.raises(InvalidRequestError) as exc_info:
        wan.prepare(MODEL, "A cup", n=LIMIT + 1)
    assert [violation.rule for violation in exc_info.value.violations] == [f"{MODEL}/n.max"]
    assert wan.prepare(BASE.models[0], "A cup", n=1).body["model"] == BASE.models[0]


def test_other_clients_do_not_have_it() -> None:
    unknown: Any = MODEL
    with pytest.raises(InvalidRequestError):
        Wan("sk-key").prepare(unknown, "A cup")


def test_a_spec_folder_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is not a folder"):
        Wan("sk-key", spec=tmp_path / "none")
    wrong: Any = 5
    with pytest.raises(ConfigurationError, match="allowed: the path"):
        Wan("sk-key", spec=wrong)


def test_a_broken_spec_names_file_and_line(tmp_path: Path) -> None:
    file = write_overlay(tmp_path) / f"{MODEL}.yaml"
    file.write_text(file.read_text("utf-8").replace("body: messages", "body: message"), "utf-8")
    with pytest.raises(ConfigurationError, match=rf"spec: {MODEL}.yaml:\d+: the body form 'message'"):
        Wan("sk-key", spec=tmp_path)
