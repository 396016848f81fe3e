"""Features that a model lacks are refused before anything is sent: a verb, images, a mask, an option."""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.client.client_fixture import World
from tests.client.invented import SKETCH, WORDS, invented_client, invented_spec
from tests.client.service import CREATED, DONE, OLD, PHOTO, PRO
from tests.support.image_files import picture
from wanlib.errors import InvalidArgumentError, InvalidRequestError, WanError

PNG = picture("png", size=(300, 300))
FORMS: dict[str, Any] = {"URL": PHOTO, "bytes": PNG}
PROMPT = "A stone bridge in rain"


@pytest.fixture(scope="module")
def invented(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    folder = tmp_path_factory.mktemp("invented")
    with invented_client(folder, invented_spec(folder / "spec")) as package:
        yield package


@pytest.fixture
def made(world: World, invented: ModuleType, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world whose clients know the invented models, and whose service accepts everything."""
    monkeypatch.setattr("tests.client.client_fixture.Wan", invented.client.Wan)
    monkeypatch.setattr("tests.client.client_fixture.AsyncWan", invented.client_async.AsyncWan)
    world.service.on("create", CREATED)
    world.service.on("query", DONE)
    return world


VERBS: dict[str, Callable[..., Any]] = {
    "edit": lambda wan, model, **given: wan.edit(model, PROMPT, **{"images": [], **given}),
    "edit via sync": lambda wan, model, **given: wan.edit(
        model, PROMPT, **{"images": [], **given}, via="sync"
    ),
    "generate": lambda wan, model, **given: wan.generate(model, PROMPT, **given),
    "generate via sync": lambda wan, model, **given: wan.generate(model, PROMPT, **given, via="sync"),
    "submit": lambda wan, model, **given: wan.submit(model, PROMPT, **given),
    "prepare": lambda wan, model, **given: wan.prepare(model, PROMPT, **given),
    "prepare via sync": lambda wan, model, **given: wan.prepare(model, PROMPT, **given, via="sync"),
    "prepare via stream": lambda wan, model, **given: wan.prepare(model, PROMPT, **given, via="stream"),
    "stream": lambda wan, model, **given: type(wan).stream(wan, model, PROMPT, **given),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("verb", VERBS)
def test_images_on_a_model_that_takes_none_are_refused(made: World, verb: str, form: str) -> None:
    with pytest.raises(InvalidArgumentError, match="takes no images"):
        made.do(VERBS[verb](made.wan, WORDS, images=[FORMS[form]]))
    assert made.service.seen == []


@pytest.mark.parametrize("verb", [verb for verb in VERBS if not verb.startswith("generate")])
def test_a_list_of_images_on_a_model_with_a_single_one_is_refused(made: World, verb: str) -> None:
    with pytest.raises(InvalidArgumentError, match="takes no images but outline; leave out images="):
        made.do(VERBS[verb](made.wan, SKETCH, images=[PHOTO], outline=PHOTO))
    assert made.service.seen == []


@pytest.mark.parametrize(
    ("verb", "model", "given", "reason"),
    [
        ("generate", SKETCH, {"outline": PHOTO}, f"{SKETCH} draws nothing from text alone"),
        (
            "generate",
            OLD,
            {},
            f"{OLD} draws nothing from text alone; give it images [(]wan2.5/images.required[)][.]$",
        ),
        ("generate via sync", SKETCH, {"outline": PHOTO}, "draws nothing from text alone"),
        ("edit", WORDS, {}, f"{WORDS} edits no images; leave them out and call generate"),
        ("edit via sync", WORDS, {}, f"{WORDS} edits no images"),
        ("stream", WORDS, {}, f"{WORDS} does not stream"),
        (
            "stream",
            PRO,
            {"images": [PHOTO]},
            f"{PRO} does not stream; it offers sync and async calls [(]wire/endpoints[)][.]$",
        ),
        ("prepare via stream", PRO, {"images": [PHOTO]}, f"{PRO} does not stream"),
    ],
)
def test_a_verb_that_a_model_does_not_have_is_refused(
    made: World, verb: str, model: str, given: dict[str, Any], reason: str
) -> None:
    with pytest.raises(InvalidRequestError, match=reason):
        made.do(VERBS[verb](made.wan, model, **given))
    assert made.service.seen == []


@pytest.mark.parametrize("allowed", [False, True])
@pytest.mark.parametrize("name", ["mask", "outline", "picture"])
@pytest.mark.parametrize("verb", ["edit", "submit", "prepare"])
def test_a_mask_that_a_model_does_not_have_is_refused_despite_allow(
    made: World, verb: str, name: str, allowed: bool
) -> None:
    """Where its rule was allowed to be broken, it was left out once, and the rest was sent and paid for."""
    allow = {"allow": ["wan2.7/unknown", "wan2.7/only_for"]} if allowed else {}
    with pytest.raises(InvalidRequestError, match=name) as caught:
        made.do(VERBS[verb](made.wan, PRO, images=[PHOTO], n=1, **{name: PNG}, **allow))
    assert [each.path for each in caught.value.violations] == [f"/parameters/{name}"]
    assert made.service.seen == []


def test_parameters_of_the_model_are_sent(made: World) -> None:
    """The invented models work, so that the refusals above are not refusals of everything."""
    made.do(made.wan.generate(WORDS, PROMPT, n=1))
    made.do(made.wan.edit(SKETCH, PROMPT, images=[], outline=PHOTO, n=1))
    made.do(made.wan.submit(SKETCH, PROMPT, outline=PHOTO, n=1))
    bodies = [each.json() for each in made.service.of("create")]
    assert [body["input"] for body in bodies] == [
        {"prompt": PROMPT},
        {"prompt": PROMPT, "outline": PHOTO},
        {"prompt": PROMPT, "outline": PHOTO},
    ]


@pytest.mark.parametrize(
    ("verb", "option", "advice"),
    [
        ("submit", {"via": "sync"}, "submit takes no via; only edit, generate and prepare take it"),
        ("submit", {"via": None}, "submit takes no via"),
        ("submit", {"on_status": print}, r"submit takes no on_status; pass it to wait\(\)"),
        ("prepare", {"on_status": print}, "prepare takes no on_status"),
        ("stream", {"via": "sync"}, "stream takes no via"),
        ("stream", {"on_status": print}, "stream takes no on_status"),
    ],
)
def test_an_option_without_effect_is_refused(
    made: World, verb: str, option: dict[str, Any], advice: str
) -> None:
    with pytest.raises(InvalidArgumentError, match=advice):
        made.do(VERBS[verb](made.wan, "wan2.6-image", images=[PHOTO], **option))
    assert made.service.seen == []


def test_at_the_prompt(
    made: World, invented: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`submit -i` and `edit -i` of a model without images end with 2, its verbs with 1; nothing is sent."""
    from tests.cli.conftest import in_process

    image = tmp_path / "a.png"
    image.write_bytes(PNG)
    sent: list[Any] = []
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-1")
    monkeypatch.setattr("wanlib.generated.calls.API", invented.client.API)
    monkeypatch.setattr("wanlib.Wan", invented.client.Wan, raising=False)
    monkeypatch.setattr("wanlib.client.drivers.sync_driver.Driver._exchange", lambda *_: sent.append(_))
    for options in ((), ("--dry-run",), ("--curl",)):
        for words in (("edit", WORDS, PROMPT, "-i", image), ("submit", WORDS, PROMPT, "-i", image)):
            ran = in_process(*words, *options)
            assert (ran.code, ran.out) == (2, "") and f"{WORDS} takes no images" in ran.err
        ran = in_process("generate", SKETCH, PROMPT, "--set", f"outline={PHOTO}", "--n", "1", *options)
        assert (ran.code, ran.out) == (1, "") and "draws nothing from text alone" in ran.err
        ran = in_process("edit", PRO, PROMPT, "-i", PHOTO, "--mask", image, *options)
        assert (ran.code, ran.out) == (1, "") and "/parameters/mask" in ran.err
    assert sent == []


def test_the_refusals_are_errors_of_ours() -> None:
    assert issubclass(InvalidArgumentError, WanError) and issubclass(InvalidRequestError, WanError)
