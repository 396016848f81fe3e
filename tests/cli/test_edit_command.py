"""`wanlib edit` and `wanlib generate` against a service on loopback."""

import base64
import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.cli.service import FAKE_TIME, KEY, PNG, SIGNATURE, TASK, Service
from tests.support.api_facts import price_of
from tests.support.image_files import picture

PRO = "wan2.7-image-pro"
Command = Callable[..., Any]


ONE, TWO = price_of(PRO), price_of(PRO, 2)


def test_an_edit_is_submitted_followed_and_saved(
    edit: Command, service: Service, street: Path, out: Path
) -> None:
    ran = edit(
        "--size", "2K", "--n", "1", "--seed", "7", "--set", "enable_sequential=false", "--no-watermark"
    )
    saved = out / f"{TASK}-1.png"
    assert (ran.code, ran.out) == (0, f"{saved}\n")
    assert saved.read_bytes() == PNG
    assert ran.err.splitlines() == [
        f"{PRO}, 1 picture: at most {ONE} CNY",
        f"task {TASK} is submitted",
        f"task {TASK} is PENDING after 1 s",
        f"task {TASK} is RUNNING after 3 s",
        f"task {TASK} is SUCCEEDED after 7 s",
    ]
    (sent,) = service.created()
    image = "data:image/png;base64," + base64.b64encode(street.read_bytes()).decode()
    assert sent.headers["authorization"] == f"Bearer {KEY}"
    assert sent.body["input"]["messages"][0]["content"] == [{"image": image}, {"text": "Make it dusk"}]
    assert sent.body["parameters"] == {
        "size": "2K",
        "n": 1,
        "seed": 7,
        "enable_sequential": False,
        "watermark": False,
    }


def test_the_images_keep_their_order_and_their_kinds(
    call: Command, service: Service, street: Path, tmp_path: Path
) -> None:
    links = ["https://example.com/a.png?sig=x", "-", str(street), f"file://{street}", "oss://b/c.png"]
    arguments = [text for link in links for text in ("-i", link)]
    ran = call(
        "edit", PRO, "Dusk", *arguments, "--n", 1, "--out", tmp_path, stdin=picture("jpeg", size=(300, 300))
    )
    assert ran.code == 0
    (sent,) = service.created()
    images = [part["image"] for part in sent.body["input"]["messages"][0]["content"] if "image" in part]
    assert [image[:16] for image in images] == [
        "https://example.",
        "data:image/jpeg;",
        "data:image/png;b",
        "data:image/png;b",
        "oss://b/c.png",
    ]
    assert sent.headers["x-dashscope-ossresourceresolve"] == "enable"


def test_parameters_as_they_stand_at_the_prompt(call: Command, street: Path) -> None:
    ran = call(
        "edit", "wanx2.1-imageedit", "Red", "-i", "https://example.com/a.png", "--mask", street, "--dry-run",
        "--json", "--set", "function=description_edit_with_mask", "--extra", "new_one=[1, 2]",
        "--extra", "newer=plain text",
    )  # fmt: skip
    body = json.loads(ran.out)["body"]
    assert body["input"]["function"] == "description_edit_with_mask"
    assert body["input"]["mask_image_url"].startswith("data:image/png;base64,… (street.png, ")
    assert (body["parameters"]["new_one"], body["parameters"]["newer"]) == ([1, 2], "plain text")


def test_generate_is_a_call_without_images(call: Command, service: Service, tmp_path: Path) -> None:
    service.parts = [{"text": "First\nthis:"}, {"image": "1"}, {"text": "Then that."}]
    ran = call("generate", "wan2.6-image", "A street", "--out", tmp_path, "--stem", "street")
    assert (ran.code, ran.out) == (0, f"> First\n> this:\n{tmp_path / 'street-1.png'}\n> Then that.\n")
    assert service.created()[0].body["parameters"]["enable_interleave"] is True


def test_one_synchronous_call(call: Command, service: Service, tmp_path: Path) -> None:
    ran = call("generate", PRO, "A street", "--n", "1", "--via", "sync", "--out", tmp_path)
    assert (ran.code, ran.out) == (0, f"{tmp_path / 'r-3-1.png'}\n")
    assert [request.path.rpartition("/")[2] for request in service.seen] == ["generation", "1.png"]


def test_the_response_of_a_synchronous_call_is_kept_if_saving_fails(
    call: Command, service: Service, tmp_path: Path
) -> None:
    service.png = b"no picture"
    ran = call("generate", PRO, "A street", "--n", "1", "--via", "sync", "--out", tmp_path)
    assert (ran.code, ran.out) == (1, "")
    (answer,) = tmp_path.iterdir()
    assert SIGNATURE in answer.read_text("utf-8")
    assert f"is in {answer}" in ran.err
    assert answer.stat().st_mode & 0o077 == 0


def test_json_is_one_object_and_shows_no_progress(edit: Command, out: Path) -> None:
    ran = edit("--n", "1", "--json")
    result = json.loads(ran.out)
    assert ran.code == 0
    assert result["files"] == [str(out / f"{TASK}-1.png")]
    assert (result["task_id"], result["spent"]["amount"], result["short"]) == (TASK, str(ONE), False)
    assert ran.err == f"{PRO}, 1 picture: at most {ONE} CNY\n"


def test_failed_pictures_are_reported(edit: Command, service: Service, out: Path) -> None:
    reason = {"code": "InternalError.Algo", "message": "it broke"}
    service.results = [{"url": "1"}, reason]
    ran = edit("--n", "2", model="wan2.5-i2i-preview")
    assert (ran.code, ran.out) == (1, f"{out / f'{TASK}-1.png'}\n")
    assert "wanlib: a picture failed: InternalError.Algo: it broke\n" in ran.err
    assert "wanlib: 1 of 2 pictures arrived" in ran.err
    service.results, service.statuses = [reason], ["SUCCEEDED"]
    printed = json.loads(edit("--n", "1", "--json", model="wan2.5-i2i-preview").out)
    assert (printed["partial"], printed["files"]) == (True, [])


def test_a_dry_run_sends_nothing_and_needs_no_key(
    edit: Command, service: Service, monkeypatch: pytest.MonkeyPatch, out: Path
) -> None:
    monkeypatch.delenv("DASHSCOPE_API_KEY")
    printed = edit("--dry-run", "--n", "2", "--journal", out / "calls.sqlite")
    assert (printed.code, printed.err) == (0, "")
    head, body, price = printed.out.split("\n\n")
    assert head.startswith(f"POST {service.base}/services/aigc/image-generation/generation\n")
    assert "Authorization: Bearer $DASHSCOPE_API_KEY" in head
    assert "(street.png, " in body and json.loads(body)["parameters"] == {"n": 2}
    assert price == f"{PRO}, up to 2 pictures: at most {TWO} CNY\n"
    curl = edit("--curl", "--n", "2")
    assert curl.out.startswith("{ printf %s ") and "street.png | tr -d " in curl.out
    assert "; } | curl -X POST " in curl.out and '"Authorization: Bearer $DASHSCOPE_API_KEY"' in curl.out
    assert curl.err == price
    assert json.loads(edit("--dry-run", "--n", "2", "--json").out)["price"]["amount"] == str(TWO)
    assert not service.seen and not out.exists()


@pytest.mark.parametrize(
    ("options", "answer", "code"),
    [
        ((), b"y\n", 0),
        ((), b"n\n", 1),
        ((), b"", 1),
        (("--yes",), b"", 0),
        (("--max-price", str(ONE)), b"", 0),
    ],
)
def test_the_question_on_a_terminal(
    edit: Command,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    answer: bytes,
    code: int,
) -> None:
    monkeypatch.setattr("wanlib.cli.options.payment.is_interactive", lambda: True)
    ran = edit("--n", "1", *options, stdin=answer)
    assert ran.code == code
    assert len(service.created()) == 1 - code
    assert ("Send it? [y/N] " in ran.err) is not options
    assert ("wanlib: nothing was sent\n" in ran.err) == bool(code)


def test_a_violated_rule_is_reported_as_by_check(edit: Command, call: Command, service: Service) -> None:
    ran = edit("--n", "9", "--set", "nn=1")
    assert (ran.code, ran.out, service.seen) == (1, "", [])
    lines = ran.err.splitlines()
    assert lines[0] == "wanlib: nothing was sent"
    body = {
        "model": PRO,
        "input": {"messages": [{"role": "user", "content": [{"image": "https://a/b"}, {"text": "x"}]}]},
        "parameters": {"n": 9, "nn": 1},
    }
    checked = call("check", "-", stdin=json.dumps(body).encode()).out.splitlines()
    assert lines[1:3] == checked[:2]
    assert "wan2.7/unknown" in ran.err and lines[-1].startswith("2 violations: ")
    printed = json.loads(edit("--n", "9", "--json").out)
    assert printed["error"] == "InvalidRequestError"
    assert [row["rule"] for row in printed["violations"]] == ["wan2.7/n.max"]
    assert "1 of 9 pictures arrived" in edit("--n", "9", "--allow", "wan2.7/n.max").err


def test_an_ignored_parameter_is_reported_and_sent(call: Command, tmp_path: Path, service: Service) -> None:
    options = ("--n", "1", "--set", "thinking_mode=true", "--size", "2K", "--out", tmp_path)
    ran = call("edit", PRO, "Dusk", "-i", "https://example.com/a.png", *options)
    assert ran.code == 0 and len(service.created()) == 1
    assert ran.err.startswith("wanlib: ignored: "), ran.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--set", "n"], "--set 'n': expected name=value"),
        (["--n", "1", "--set", "n=2"], "--set 'n': it is set twice"),
        (["--set", "max_price=9"], "--set 'max_price': it is set twice or has its own option"),
        (["-i", "none.png"], "images[1]"),
        (["-i", "ftp://example.com/a.png"], "does not begin with http://"),
        (["-i", "-", "-i", "-"], "standard input can hold only one image"),
        (["--region", "mars"], "region is 'mars'; allowed: beijing"),
        (["--timeout", "0"], "timeout is 0"),
        (["--stem", "a/b"], "the name for files is 'a/b'"),
        (["--max-price", "much"], "max_price is 'much'"),
        (["--out", __file__], "not a writable folder"),
    ],
)
def test_contradictory_options_are_usage_errors(
    edit: Command, service: Service, options: list[str], message: str, tmp_path: Path
) -> None:
    ran = edit(*options)
    assert (ran.code, ran.out, service.seen) == (2, "", [])
    assert message in ran.err.splitlines()[-1] and ran.err.splitlines()[-1].startswith("wanlib: ")


def test_without_a_key_or_with_an_unknown_model(
    edit: Command, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = edit(model="wan2.7-imag")
    assert ran.code == 2 and "no model 'wan2.7-imag'; did you mean 'wan2.7-image'?" in ran.err
    monkeypatch.delenv("DASHSCOPE_API_KEY")
    ran = edit()
    assert (ran.code, ran.err.count("\n")) == (2, 1) and "set DASHSCOPE_API_KEY" in ran.err
    assert not service.seen


def test_an_existing_file_is_found_before_the_call(edit: Command, service: Service, out: Path) -> None:
    out.mkdir()
    (out / "dusk-2.png").write_bytes(b"mine")
    ran = edit("--n", "2", "--stem", "dusk")
    assert (ran.code, service.seen) == (2, [])
    assert f"{out / 'dusk-2.png'}: already exists" in ran.err
    service.parts = [{"image": "1"}, {"image": "2"}]
    assert edit("--n", "2", "--stem", "dusk", "--overwrite").code == 0
    assert (out / "dusk-2.png").read_bytes() == PNG


def test_a_limit_on_the_price(edit: Command, service: Service) -> None:
    less = str(TWO - Decimal("0.01"))
    ran = edit("--n", "2", "--max-price", less)
    assert (ran.code, service.seen) == (1, [])
    assert f"wanlib: this call could cost {TWO} CNY for 2 pictures; max_price is {less}" in ran.err


@pytest.mark.skipif(sys.platform == "win32", reason="pipes with names are of POSIX")
@pytest.mark.parametrize("options", [["--out", "a.png"], ["--out", ".", "--stem", "a", "--overwrite"]])
def test_a_path_that_is_not_a_file_is_refused_before_paying(
    call: Command, service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.png").symlink_to("nowhere")
    os.mkfifo(tmp_path / "a-1.png")
    ran = call("generate", PRO, "Dusk", "--n", "1", *options)
    assert (ran.code, service.created()) == (2, [])
    assert ("already exists" if options[1] == "a.png" else "a-1.png is a named pipe") in ran.err


@pytest.mark.skipif(sys.platform == "win32", reason="terminals are of POSIX")
def test_question_and_progress_on_a_terminal(process: Command, service: Service, tmp_path: Path) -> None:
    import os
    import pty

    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "r+b", buffering=0) as terminal:
        os.write(ours, b"y\n")  # the terminal keeps it until the question is asked
        running = process(
            "generate", PRO, "Dusk", "--n", "1", "--base-url", service.base, "--out", tmp_path,
            code=FAKE_TIME, env={"DASHSCOPE_API_KEY": KEY, "TERM": "xterm"}, stdin=terminal, stderr=terminal,
        )  # fmt: skip
        assert running.communicate()[0].decode() == f"{tmp_path / f'{TASK}-1.png'}\n"
    shown = b""
    with suppress(OSError):  # the end, on Linux: the other side is closed
        while chunk := os.read(ours, 65536):
            shown += chunk
    os.close(ours)
    assert running.returncode == 0
    assert f"at most {ONE} CNY" in shown.decode() and "Send it? [y/N] " in shown.decode()
    assert f"task {TASK} is SUCCEEDED" in shown.decode()


def test_a_wrong_base_url_is_refused_with_the_reason(
    wanlib: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-sp-abc")
    wrong = "https://dashscope.aliyuncs.com/compatible-mode/v1"
    ran = wanlib("generate", PRO, "Dusk", "--n", "1", "--base-url", wrong, "--yes")
    assert ran.code == 2 and "the base of the OpenAI-compatible protocol" in ran.err
    assert "https://dashscope.aliyuncs.com/api/v1" in ran.err
    ran = wanlib("generate", PRO, "Dusk", "--n", "1", "--yes")
    assert ran.code == 2 and "region='token-plan'" in ran.err and "sk-sp-abc" not in ran.err
    monkeypatch.setenv("DASHSCOPE_HTTP_BASE_URL", wrong)
    ran = wanlib("tasks")
    assert ran.code == 2 and "DASHSCOPE_HTTP_BASE_URL is" in ran.err
