"""Weakenings of what happens on this machine: files that are read and written, arguments, money, secrets."""

import logging
import os
import warnings
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.client.client_fixture import KEY, World
from tests.client.response_samples import KEY as SIGNATURE
from tests.client.response_samples import refusal, reply
from tests.client.service import CREATED, DONE, PHOTO, POLICY, PRO
from tests.client.weakenings.weakening import PNG, edit, refused, result_of, sent, weakened, weakened_by
from tests.support.api_facts import price_of
from tests.support.image_files import picture
from wanlib import errors
from wanlib.client.call import arguments
from wanlib.client.images.inputs import to_image_input
from wanlib.client.protocol.budget import Budget
from wanlib.client.results import partial_file
from wanlib.client.results.partial_file import PartialFile
from wanlib.errors import IgnoredParameterWarning

LARGE = picture("png", size=(600, 600))
MASKED = "wanx2.1-imageedit"


def _reading_files(only: str) -> Any:
    def weaken(patch: pytest.MonkeyPatch) -> None:
        def read(image: Any, *, file_urls: bool, argument: str, **others: Any) -> Any:
            file_urls |= argument.startswith(only)
            return to_image_input(image, file_urls=file_urls, argument=argument, **others)

        patch.setattr(arguments, "to_image_input", read)

    return weaken


def _file_url(folder: Path) -> str:
    folder.mkdir(exist_ok=True)
    (folder / "in.png").write_bytes(LARGE)
    return f"file://{folder / 'in.png'}"


@weakened_by("file:// is always read for images", _reading_files("images"))
def files_for_images_can_be_turned_off(world: World, folder: Path) -> None:
    url = _file_url(folder)
    result_of(world)
    edit(world, images=[url])
    assert b"base64" in sent(world, "create")[-1].body
    before = len(sent(world, "create"))
    refused(errors.InvalidArgumentError, lambda: edit(world, world.client(file_urls=False), images=[url]))
    assert len(sent(world, "create")) == before


@weakened_by("file:// is always read for the mask", _reading_files("mask"))
def files_for_masks_can_be_turned_off(world: World, folder: Path) -> None:
    url = _file_url(folder)
    world.service.on("create", CREATED)
    given: dict[str, Any] = {"images": [PHOTO], "mask": url, "function": "description_edit_with_mask", "n": 1}
    world.do(world.wan.submit(MASKED, "dusk", **given))
    assert b"base64" in sent(world, "create")[-1].body
    wan = world.client(file_urls=False)
    refused(errors.InvalidArgumentError, lambda: world.do(wan.submit(MASKED, "dusk", **given)))
    assert len(sent(world, "create")) == 1


@weakened("text is taken for a path", "wanlib.client.images.inputs._FILE", lambda text: True)
def text_is_never_a_path(world: World, folder: Path) -> None:
    _file_url(folder)
    error = refused(errors.InvalidArgumentError, lambda: edit(world, images=[str(folder / "in.png")]))
    assert "never taken for a path" in str(error) and not world.service.seen


def _never_uploading(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        "wanlib.client.images.upload.upload", lambda context, model, sources, deadline: _embedded(sources)
    )


def _embedded(sources: Any) -> Any:
    yield from ()
    return ["https://store.example.net/a.png" for _ in sources]


@weakened_by("upload has no effect", _never_uploading)
def uploads_can_be_turned_on(world: World, folder: Path) -> None:
    for upload in (False, True):
        result_of(world)
        world.service.on("policy", POLICY)
        world.service.on("upload", reply(b"", 200))
        edit(world, world.client(upload=upload), images=[PNG])
        assert bool(sent(world, "upload")) is upload
        assert (b"oss://" in sent(world, "create")[-1].body) is upload


@weakened("files go to any host", "wanlib.client.images.upload_policy._is_storage_url", lambda *_: True)
def files_go_to_public_hosts_with_tls(world: World, folder: Path) -> None:
    for host in ("http://store.example.net", "https://10.0.0.1", "ftp://store.example.net"):
        body = POLICY.body.replace(b"https://store.example.net", host.encode())
        world.service.on("policy", POLICY._replace(body=body))
        wan = world.client(upload=True, max_retries=0)
        refused(errors.MalformedResponseError, lambda wan=wan: edit(world, wan, images=[PNG]))
    assert not sent(world, "upload") and not sent(world, "create")


@weakened("files of any size are uploaded", "wanlib.client.images.upload._check_file_size", lambda *_: None)
def files_larger_than_the_policy_allows_stay_here(world: World, folder: Path) -> None:
    large = PNG.ljust(1024 * 1024 + 1, b"\0")
    world.service.on("policy", POLICY._replace(body=POLICY.body.replace(b"100", b"1")))
    world.service.on("upload", reply(b"", 200))
    refused(errors.InvalidRequestError, lambda: edit(world, world.client(upload=True), images=[large]))
    assert not sent(world, "upload")


@weakened("rules are not checked", "wanlib.client.call.plan.raise_violations", lambda *_: None)
def broken_rules_are_refused_before_anything_is_sent(world: World, folder: Path) -> None:
    world.service.on("create", CREATED)
    world.service.on("query", DONE)
    error = refused(errors.InvalidRequestError, lambda: edit(world, n=99))
    assert isinstance(error, errors.InvalidRequestError) and error.violations and not world.service.seen
    edit(world)


@weakened("no warning is given", "wanlib.client.call.plan.warn_ignored", lambda *_: None)
def ignored_parameters_warn(world: World, folder: Path) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        world.wan.prepare(PRO, "dusk", images=[PHOTO], n=1)
        assert not caught
        world.wan.prepare(PRO, "dusk", images=[PHOTO], n=1, thinking_mode=True)
    assert [each.category for each in caught] == [IgnoredParameterWarning]


@weakened("images are never refused", "wanlib.client.call.plan.refuse_images", lambda *_: None)
def images_are_refused_where_a_verb_has_none(world: World, folder: Path) -> None:
    refused(
        errors.InvalidArgumentError, lambda: world.do(world.wan.generate(PRO, "dusk", n=1, images=[PHOTO]))
    )
    assert not world.service.seen


@weakened(
    "the budget is not enforced", "wanlib.client.protocol.budget.Budget.reserve", lambda *_: Budget().spent
)
def a_budget_is_kept(world: World, folder: Path) -> None:
    wan = world.client(budget=price_of(PRO))
    result_of(world, wan)
    refused(errors.BudgetExceededError, lambda: edit(world, wan))
    refused(errors.BudgetExceededError, lambda: edit(world, max_price="0.01"))
    assert len(sent(world, "create")) == 1


@weakened("nothing counts as spent", "wanlib.client.protocol.budget.Budget.settle", lambda *_: None)
def delivered_pictures_count_as_spent(world: World, folder: Path) -> None:
    wan = world.client(budget=price_of(PRO))
    world.service.on("create", refusal("InvalidParameter"))
    refused(errors.InvalidRequestError, lambda: edit(world, wan))
    assert wan.spent == 0
    result_of(world, wan)
    assert wan.spent > 0


def _without_sync(patch: pytest.MonkeyPatch) -> None:
    class _Os:
        fsync = staticmethod(lambda descriptor: None)

        def __getattr__(self, name: str) -> Any:
            return getattr(os, name)

    patch.setattr(partial_file, "os", _Os())


@weakened_by("pictures are not synced", _without_sync)
@weakened("names are not synced", "wanlib.client.results.partial_file.sync_folder", lambda folder: None)
def pictures_and_their_names_are_synced(world: World, folder: Path) -> None:
    synced: list[tuple[int, int]] = []
    real = os.fsync

    def note(descriptor: int) -> None:
        real(descriptor)
        synced.append((os.fstat(descriptor).st_ino, os.fstat(descriptor).st_size))

    output = result_of(world)
    world.service.on("download", reply(PNG))
    os.fsync = note
    try:
        (path,) = world.do(output.save(folder))
    finally:
        os.fsync = real
    assert (path.stat().st_ino, len(PNG)) in synced
    assert folder.stat().st_ino in [inode for inode, _ in synced]


@weakened(
    "other files are overwritten",
    "wanlib.client.results.partial_file.rename_exclusively",
    lambda source, target: bool(source.replace(target)),
)
@weakened("overwrite has no effect", "wanlib.client.results.save._PictureSave._is_there", lambda self: True)
def other_files_are_kept_unless_overwrite(world: World, folder: Path) -> None:
    output = result_of(world)
    world.service.on("download", reply(PNG))
    (folder / "a.png").write_bytes(b"mine")
    refused(errors.DownloadFailedError, lambda: world.do(output.save(folder / "a.png")))
    assert (folder / "a.png").read_bytes() == b"mine"
    world.do(output.save(folder / "a.png", overwrite=True))
    assert (folder / "a.png").read_bytes() == PNG


@weakened("a dead link is a free name", "wanlib.client.results.save.check_place", lambda *_: None)
def symbolic_links_are_not_followed_to_nowhere(world: World, folder: Path) -> None:
    output = result_of(world)
    world.service.on("download", reply(PNG))
    (folder / "a.png").symlink_to(folder / "elsewhere.png")
    error = refused(errors.DownloadFailedError, lambda: world.do(output.save(folder / "a.png")))
    assert "symbolic link" in str(error) and not (folder / "elsewhere.png").exists()


@weakened("a name may lead out of the folder", "wanlib.client.results.save.validate_stem", lambda stem: stem)
def names_stay_in_their_folder(world: World, folder: Path) -> None:
    output = result_of(world)
    world.service.on("download", reply(PNG))
    inner = folder / "inner"
    inner.mkdir()
    for stem in ("../out", "a/b", ".hidden", "a\nb"):
        refused(errors.InvalidArgumentError, lambda stem=stem: world.do(output.save(inner, stem=stem)))
    assert [path.name for path in folder.iterdir()] == ["inner"]


def _keeping_parts(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(PartialFile, "discard", lambda part: part._file and part._file.close())


@weakened(
    "half a picture is kept",
    "wanlib.client.results.picture_body.PictureBody.check_complete",
    lambda self: None,
)
@weakened_by("what is left of a download stays", _keeping_parts)
def half_a_picture_leaves_no_file(world: World, folder: Path) -> None:
    output = result_of(world, world.client(max_retries=0))
    world.service.on("download", reply(b"half", content_length="8"))
    refused(errors.DownloadFailedError, lambda: world.do(output.save(folder)))
    assert not [*folder.iterdir()]


@weakened(
    "an id may be a path",
    "wanlib.client.protocol.context.ClientContext.validate_task_id",
    lambda self, text: text,
)
def ids_are_checked_before_they_enter_a_url(world: World, folder: Path) -> None:
    for text in ("../../users", "a?b=c", "a b", "", "x" * 65):
        refused(errors.InvalidArgumentError, lambda text=text: world.wan.task(text))


@weakened("any base URL passes", "wanlib.client.protocol.settings.service_url_problem", lambda url: "")
def base_urls_are_checked(world: World, folder: Path) -> None:
    for url in ("ftp://a.example/api/v1", "https://me@a.example/api/v1", "https://a.example/api/v1?x=1"):
        refused(errors.ConfigurationError, lambda url=url: world.client(base_url=url))


@weakened(
    "a workspace may be any text", "wanlib.client.protocol.settings._is_workspace_id", lambda text: True
)
def workspaces_are_labels(world: World, folder: Path) -> None:
    for text in ("a.evil.example/", "a b", "", "x" * 64):
        refused(errors.ConfigurationError, lambda text=text: world.client(workspace=text))
    world.client(workspace="ws-1")


@weakened("a key goes to any host", "wanlib.client.protocol.settings.check_key_fits", lambda *_: None)
def keys_of_a_plan_go_to_its_host_alone(world: World, folder: Path) -> None:
    refused(errors.ConfigurationError, lambda: world.client(f"sk-sp-{KEY}"))
    world.client(f"sk-sp-{KEY}", region="token-plan")


@weakened("a key may be any text", "wanlib.base.redaction.Secret.is_well_formed", True)
def keys_have_plain_characters(world: World, folder: Path) -> None:
    for key in (f"{KEY}\r\nX: y", f"{KEY} {KEY}", f"{KEY}\u00e9"):
        refused(errors.ConfigurationError, lambda key=key: world.client(key))


@weakened("an echoed key is shown", "wanlib.base.redaction.Secret.hide_in", lambda self, text: text)
def echoed_keys_are_masked(world: World, folder: Path) -> None:
    world.service.on("create", refusal("X", f"wrong key {KEY}", x_request_id=KEY))
    error = refused(errors.WanError, lambda: edit(world))
    assert KEY not in f"{error} {error!r}" and "***" in str(error)


def _unprotected(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("wanlib.client.drivers.private_logs._Filter.filter", lambda self, record: True)


@weakened_by("logs of httpx are left as they are", _unprotected)
@weakened(
    "queries of URLs stay in logs", "wanlib.client.drivers.private_logs.without_queries", lambda text: text
)
def logs_show_no_signed_url(world: World, folder: Path) -> None:
    records: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: records.append(record.getMessage())  # type: ignore[method-assign]
    root, before = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        output = result_of(world)
        world.service.on("download", reply(PNG))
        world.do(output.save(folder))
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
    text = "\n".join(records)
    assert "HTTP Request: GET https://pictures" in text and SIGNATURE not in text and KEY not in text


@weakened("messages show whole URLs", "wanlib.client.http.json_access.redact_text", lambda text: text)
def messages_show_no_signed_url(world: World, folder: Path) -> None:
    world.service.on("create", refusal("X", f"can't load {PHOTO}?{SIGNATURE}"))
    error = refused(errors.WanError, lambda: edit(world))
    assert SIGNATURE not in str(error)


@weakened(
    "the journal is written afterwards", "wanlib.client.tasks.billing._record_intent", lambda *_: iter(())
)
def the_journal_knows_a_call_before_it_is_sent(world: World, folder: Path) -> None:
    wan = world.client(journal=folder / "journal", max_retries=0)
    world.service.on("create", httpx.ReadError)
    world.service.on("list", reply({"data": [], "total": 0}))
    refused(errors.OutcomeUnknownError, lambda: edit(world, wan))
    resumed = world.do(wan.resume(timeout=5))
    assert len(resumed.lost) == 1
