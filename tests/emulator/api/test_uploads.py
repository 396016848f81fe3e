"""Temporary uploads: policy, form, and files that one model can use for two days."""

from typing import Any

import pytest

from tests.emulator.api_client import (
    BASE,
    OLDER,
    ORIGIN,
    PLAIN,
    advance,
    create,
    fetch,
    functional,
    json_of,
    links,
    messages,
    query,
    rules,
    send,
    submit,
)
from tests.support.api_facts import SPEC, fitted, limit_of, seconds
from tests.support.image_files import picture
from wanlib.emulator import Emulator, Request, Response

CAT = picture("png", size=(800, 400))
RESOLVE = {"x_dashscope_ossresourceresolve": "enable"}


def policy(emulator: Emulator, model: str = PLAIN) -> dict[str, Any]:
    answer = send(emulator, "GET", f"/uploads?action=getPolicy&model={model}")
    data: dict[str, Any] = json_of(answer)["data"]
    return data


def form(leave: dict[str, Any], name: str = "cat.png", **changes: str) -> list[tuple[str, str]]:
    fields = {
        "OSSAccessKeyId": leave["oss_access_key_id"],
        "Signature": leave["signature"],
        "policy": leave["policy"],
        "x-oss-object-acl": leave["x_oss_object_acl"],
        "x-oss-forbid-overwrite": leave["x_oss_forbid_overwrite"],
        "key": f"{leave['upload_dir']}/{name}",
        "success_action_status": "200",
    }
    return [*(fields | changes).items()]


def post(
    emulator: Emulator, leave: dict[str, Any], fields: list[tuple[str, str]], data: bytes, last: str = "file"
) -> Response:
    parts = [
        f'--XX\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in fields
    ]
    head = f'--XX\r\nContent-Disposition: form-data; name="{last}"; filename="../../etc/passwd"\r\n\r\n'
    body = "".join([*parts, head]).encode() + data + b"\r\n--XX--\r\n"
    target = leave["upload_host"].removeprefix(ORIGIN)
    headers = {"content-type": "multipart/form-data; boundary=XX"}
    return emulator.handle(Request("POST", target, headers, body, ORIGIN))


POLICY_EXPIRES = seconds(SPEC.wire["upload"]["policy_expires"])
WIDEST = limit_of("wan2.7/images.each.max_ratio")
TOO_WIDE = (300 * WIDEST.width // WIDEST.height + 1, 300)


def uploaded(emulator: Emulator, data: bytes = CAT, model: str = PLAIN) -> str:
    leave = policy(emulator, model)
    answer = post(emulator, leave, form(leave), data)
    assert (answer.status, answer.body) == (200, b"")
    return f"oss://{leave['upload_dir']}/cat.png"


def test_an_uploaded_picture_is_used_as_if_it_stood_in_the_body() -> None:
    emulator = Emulator()
    task = submit(emulator, messages(PLAIN, uploaded(emulator), size="1K"), **RESOLVE)
    answer = query(emulator, task)
    size = "{}*{}".format(*fitted(limit_of("wan2.7/size.keywords")["1K"], (2, 1)))
    assert answer["usage"]["size"] == size  # its ratio was seen
    without = Emulator()
    other = query(without, submit(without, messages(PLAIN, "https://example.com/a.png", size=size, seed=1)))
    assert fetch(emulator, links(answer)[0]).body != fetch(without, links(other)[0]).body


def test_a_file_may_hold_any_bytes() -> None:
    emulator = Emulator()
    data = CAT + b"\r\n--XX-not the boundary\r\n\r\n--X"
    url = uploaded(emulator, data)
    upload = emulator.store.uploads.get(url.removeprefix("oss://"))
    assert upload and upload.size == len(data)


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (picture("png", size=(limit_of("wan2.7/images.each.min_side") - 1, 800)), "images.each.min_side"),
        (picture("gif", size=(800, 800)), "images.each.formats"),
        (b"no picture", "images.each.formats"),
        (b"", "images.each.formats"),
        (picture("png", size=TOO_WIDE), "images.each.max_ratio"),
    ],
)
def test_rules_on_images_hold_for_uploaded_ones(data: bytes, rule: str) -> None:
    emulator = Emulator()
    answer = create(emulator, messages(PLAIN, uploaded(emulator, data)), **RESOLVE)
    assert answer.status == 400 and f"wan2.7/{rule}" in rules(answer)
    assert not any(each.endswith((".mime", ".encoding", ".schemes")) for each in rules(answer))


def test_a_rule_between_two_uploaded_images_is_judged() -> None:
    emulator = Emulator()
    model = "wanx2.1-imageedit"
    base = uploaded(emulator, picture("png", size=(600, 600)), model)
    mask = uploaded(emulator, picture("png", size=(600, 601)), model)
    body = functional(base, "description_edit_with_mask")
    body["input"]["mask_image_url"] = mask
    assert rules(create(emulator, body, **RESOLVE)) == {"wanx2.1/mask.same_pixels_as": "rejected"}


def test_a_url_is_resolved_with_the_header_alone_and_for_the_same_model_alone() -> None:
    emulator = Emulator()
    url = uploaded(emulator)
    answer = create(emulator, messages(PLAIN, url))
    assert rules(answer) == {"wire/headers.X-DashScope-OssResourceResolve": "rejected"}
    assert json_of(answer)["message"].startswith("The provided URL does not appear to be valid")
    assert create(emulator, messages(PLAIN, url), **RESOLVE).status == 200
    assert create(emulator, messages(OLDER, url), **RESOLVE).status == 400
    assert create(emulator, messages(PLAIN, url + "x"), **RESOLVE).status == 400


def test_a_prompt_that_looks_like_an_upload_is_text() -> None:
    assert create(Emulator(), messages(PLAIN, prompt="oss://a/b")).status == 200


def test_a_file_is_dead_from_exactly_its_expiry() -> None:
    emulator = Emulator()
    url = uploaded(emulator)
    advance(emulator, seconds(SPEC.wire["upload"]["expires"]) - 0.001)
    assert create(emulator, messages(PLAIN, url), **RESOLVE).status == 200
    advance(emulator, 0.001)
    assert create(emulator, messages(PLAIN, url), **RESOLVE).status == 400
    assert len(emulator.store.uploads) == 0


def test_a_policy_is_dead_from_exactly_its_expiry() -> None:
    emulator = Emulator()
    leave = policy(emulator)
    assert leave["expire_in_seconds"] == POLICY_EXPIRES
    advance(emulator, POLICY_EXPIRES - 0.001)
    assert post(emulator, leave, form(leave), CAT).status == 200
    advance(emulator, 0.001)
    late = post(emulator, leave, form(leave, "b.png"), CAT)
    assert late.status == 403 and b"Policy expired." in late.body


def test_forms_out_of_order_are_refused() -> None:
    emulator = Emulator()
    leave = policy(emulator)
    assert post(emulator, leave, form(leave)[1:], CAT).status == 403  # a field is missing
    assert post(emulator, leave, form(leave), CAT, last="other").status == 400  # the file is not last
    assert post(emulator, leave, form(leave, Signature="x"), CAT).status == 403
    assert post(emulator, leave, form(leave, policy="eyJ9"), CAT).status == 403
    assert post(emulator, leave, form(leave, key="../../etc/passwd"), CAT).status == 403
    assert len(emulator.store.uploads) == 0
    assert post(emulator, leave, form(leave), CAT).status == 200
    again = post(emulator, leave, form(leave), CAT)
    assert again.status == 409 and b"FileAlreadyExists" in again.body


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "multipart/form-data", "multipart/form-data; boundary=YY"]
)
def test_a_body_that_is_not_a_form_is_refused(kind: str) -> None:
    emulator = Emulator()
    request = Request("POST", "/storage", {"content-type": kind}, b"--XX\r\n\r\n--XX--", ORIGIN)
    assert emulator.handle(request).status == 400


def test_a_policy_is_for_a_known_model() -> None:
    emulator = Emulator()
    for query_text in (
        "",
        "?action=getPolicy",
        "?action=getPolicy&model=wan9",
        "?action=x&model=wan2.7-image",
    ):
        assert send(emulator, "GET", f"/uploads{query_text}").status == 400
    assert BASE == "/api/v1"


def test_two_files_of_one_name_have_each_their_own_folder() -> None:
    emulator = Emulator()
    assert uploaded(emulator) != uploaded(emulator)
