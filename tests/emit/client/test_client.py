"""The emitted signatures: documented parameters of each method, behaviour, and other specs."""

import ast
import asyncio
import inspect
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest

from tests.emit.source import compact
from tests.spec.small import FAMILY, FILES, write
from wanlib import AsyncWan, Wan, model
from wanlib.base.api_tables import CALL_OPTIONS
from wanlib.client.call.options import WaitOrSyncOptions
from wanlib.emit import generate_files
from wanlib.emit.client.bound_models import attribute_names
from wanlib.emit.client.overloads import METHODS, overloads
from wanlib.emit.client.types import Overload, render_type
from wanlib.emit.python_text import EmitError
from wanlib.errors import InvalidRequestError
from wanlib.generated.parameters import Model
from wanlib.spec import Spec, load

SPEC = load()
PIXELS = "tuple[int, int]"


def keys(overload: Overload) -> dict[str, str]:
    """The parameters of an overload with their types, `!` behind those that are required."""
    return {
        member.name: render_type(member.type, lambda record: record.path) + "!" * member.required
        for member in overload.members
    }


def of(spec: Spec, method: str, model: str, *names: str) -> list[tuple[str, ...]]:
    """The declaration of some parameters in each overload; empty if it does not have the parameter."""
    return [
        tuple(keys(overload).get(name, "") for name in names) for overload in overloads(spec, method, model)
    ]


def test_sizes_depend_on_model_mode_and_images() -> None:
    two, four = f"Literal['1K', '2K'] | {PIXELS}", f"Literal['1K', '2K', '4K'] | {PIXELS}"
    assert of(SPEC, "edit", "wan2.7-image-pro", "size") == [(two,)]
    assert of(SPEC, "generate", "wan2.7-image", "size", "enable_sequential") == [(two, "bool")]
    assert of(SPEC, "generate", "wan2.7-image-pro", "size", "enable_sequential") == [
        (four, "Literal[False]"),
        (two, "bool"),  # a flag that need not be known
    ]
    assert of(SPEC, "edit", "wan2.6-image", "size", "enable_interleave", "stream") == [
        (two, "Literal[False]", "Literal[False]"),
        (PIXELS, "Literal[True]!", "bool"),
    ]
    assert of(SPEC, "edit", "wan2.5-i2i-preview", "size", "negative_prompt") == [(PIXELS, "str")]


def test_a_value_that_a_verb_implies_is_not_a_parameter() -> None:
    assert of(SPEC, "generate", "wan2.6-image", "size", "enable_interleave") == [(PIXELS, "")]
    assert of(SPEC, "stream", "wan2.6-image", "size", "enable_interleave", "stream") == [(PIXELS, "", "")]


def test_a_mask_is_required_where_the_function_needs_it() -> None:
    found = of(SPEC, "edit", "wanx2.1-imageedit", "function", "mask")
    assert [mask for _, mask in found] == ["ImageLike", "ImageLike!"]
    assert found[1][0] == "Literal['description_edit_with_mask']!"
    assert found[0][0].count("'") == 2 * 9 and "with_mask" not in found[0][0] and found[0][0].endswith("!")


def test_lists_and_objects() -> None:
    (found,) = overloads(SPEC, "edit", "wan2.7-image")
    assert keys(found)["bbox_list"] == "Sequence[Sequence[Sequence[int]]]"
    assert keys(found)["color_palette"] == "Sequence[color_palette.each]"
    assert "prompt" not in keys(found) and "images" not in keys(found)
    text = generate_files(SPEC)["parameters.py"]
    assert (
        "class Wan27ColorPalette(TypedDict, total=False):\n    hex: Required[str]\n    ratio: Required[str]"
        in text
    )


def test_a_model_has_the_methods_that_it_has_calls_for() -> None:
    had = {name: {method for method in METHODS if overloads(SPEC, method, name)} for name in SPEC.models}
    assert had == {
        "wan2.7-image": {"edit", "generate", "submit", "prepare"},
        "wan2.7-image-pro": {"edit", "generate", "submit", "prepare"},
        "wan2.6-image": {"edit", "generate", "submit", "prepare", "stream"},
        "wan2.5-i2i-preview": {"edit", "submit", "prepare"},
        "wanx2.1-imageedit": {"edit", "submit", "prepare"},
    }


@pytest.mark.parametrize(
    ("method", "name", "expected"),
    [
        ("submit", "wan2.7-image", [("given", "none")]),
        ("submit", "wan2.7-image-pro", [("given",), ("none",), ("none",)]),
        ("submit", "wan2.5-i2i-preview", [("given",)]),
        ("stream", "wan2.6-image", [("given", "none")]),
        ("generate", "wan2.6-image", [("none",)]),
    ],
)
def test_images_are_required_optional_or_not_accepted(method: str, name: str, expected: list[Any]) -> None:
    assert [overload.of("images").values for overload in overloads(SPEC, method, name)] == expected


def test_calls_that_via_can_choose() -> None:
    found = {
        (method, name): [overload.of("call").values for overload in overloads(SPEC, method, name)]
        for method in METHODS
        for name in SPEC.models
    }
    assert found["edit", "wan2.6-image"] == [("async", "sync"), ("async",)]
    assert found["generate", "wan2.6-image"] == [("async",)]
    assert found["prepare", "wan2.6-image"] == [("async", "sync"), ("async",), ("async",), ("stream",)]
    assert found["edit", "wan2.5-i2i-preview"] == [("async",)]


def test_reserved_names_are_the_options_of_the_methods() -> None:
    assert set(WaitOrSyncOptions.__annotations__) | inherited(WaitOrSyncOptions) == CALL_OPTIONS


def inherited(options: Any) -> set[str]:
    return set(options.__required_keys__ | options.__optional_keys__)


def test_both_clients_have_the_same_signatures() -> None:
    files = generate_files(SPEC)
    for module in ("client", "models"):
        sync_text, async_text = (
            ast.unparse(ast.parse(files[name])) for name in (f"{module}.py", f"{module}_async.py")
        )
        bare = re.sub(r"async (?=def )|await |Async|_async\b", "", async_text)
        bare = bare.replace("wanlib.client.async_client", "wanlib.client.sync_client")
        assert sorted(bare.splitlines()) == sorted(sync_text.splitlines())


def recording_client(client: type, hand: Any) -> Any:
    """Return a client whose base returns its arguments."""
    methods = dict.fromkeys(("_edit", "_submit", "_stream"), hand)
    here: dict[str, Any] = {"__init__": lambda self: None, "_prepare": lambda self, *given: given}
    return type("Recording", (client,), {**methods, **here})()


HANDED = [
    ("edit", "wan2.7-image", "a", [b""], {"n": 2}),
    ("generate", "wan2.7-image", "a", (), {"via": "sync"}),
    ("wan2.7-image", "a", (), {}),
    ("wan2.6-image", "a", [b""], {"seed": 1}),
    ("wan2.7-image", "a", [b""], {}),
]


def calls(wan: Any) -> list[Any]:
    """A call of each method."""
    return [
        wan.edit("wan2.7-image", "a", images=[b""], n=2),
        wan.generate("wan2.7-image", "a", via="sync"),
        wan.submit("wan2.7-image", "a"),
        wan.stream("wan2.6-image", "a", images=[b""], seed=1),
        wan.prepare("wan2.7-image", "a", images=[b""]),
    ]


def bound_calls(wan: Any) -> list[Any]:
    """Return the same calls through the classes of the models."""
    return [
        wan.wan27_image.edit("a", images=[b""], n=2),
        wan.wan27_image.generate("a", via="sync"),
        wan.wan27_image.submit("a"),
        wan.wan26_image.stream("a", images=[b""], seed=1),
        wan.wan27_image.prepare("a", images=[b""]),
    ]


@pytest.mark.parametrize("make_calls", [calls, bound_calls])
def test_methods_pass_their_arguments_on(make_calls: Callable[[Any], list[Any]]) -> None:
    assert make_calls(recording_client(Wan, lambda self, *given: given)) == HANDED


@pytest.mark.parametrize("make_calls", [calls, bound_calls])
def test_async_methods_pass_their_arguments_on(make_calls: Callable[[Any], list[Any]]) -> None:
    async def hand(self: object, *given: Any) -> Any:
        return given

    async def called() -> list[Any]:
        *started, prepared = make_calls(recording_client(AsyncWan, hand))
        return [*[await each for each in started], prepared]

    assert asyncio.run(called()) == HANDED


def test_every_model_is_an_attribute_with_the_methods_that_it_has() -> None:
    names = attribute_names(SPEC.models)
    assert names["wan2.7-image-pro"] == "wan27_image_pro"
    for client in (Wan, AsyncWan):
        wan = recording_client(client, None)
        for model_name, name in names.items():
            present = {method for method in METHODS if overloads(SPEC, method, model_name)}
            assert {method for method in METHODS if hasattr(getattr(wan, name), method)} == present


@pytest.mark.parametrize("models", [["tea-1", "tea.1", "te.a1"], ["edit"], ["find-lost"]])
def test_a_model_may_not_have_the_name_of_another_member(models: list[str]) -> None:
    with pytest.raises(EmitError, match="the client has another member"):
        attribute_names(models)


def test_clients_load_the_classes_of_models_on_first_use() -> None:
    code = "import sys, wanlib; wanlib.Wan, wanlib.AsyncWan; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"wanlib.generated.models", "wanlib.generated.models_async"} & set(run.stdout.split())


def test_docstrings_describe_settings_and_exceptions() -> None:
    assert "api_key" in (inspect.getdoc(Wan) or "") and "api_key" in (inspect.getdoc(AsyncWan) or "")
    for client in (Wan, AsyncWan):
        assert all("Raises" in (getattr(client, method).__doc__ or "") for method in METHODS)


def test_a_model_by_its_name() -> None:
    assert get_args(Model) == SPEC.models
    assert [model(name) for name in SPEC.models] == [*SPEC.models]
    with pytest.raises(InvalidRequestError, match=r"no model 'wan2.7-imag'; did you mean 'wan2.7-image'\?"):
        model("wan2.7-imag")


# Other specs.


WORDS = "    one_of: [green, black, white]"
QUICK = "    default: false\n    when grand: {one_of: [false]}"
FAST = 'fast: quick and call in ("sync", "stream")'


def other(folder: Path, *changes: tuple[str, str]) -> Spec:
    """The small spec with one text in its family's file put in place of another."""
    text = FILES[FAMILY]
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return load(write(folder, {**FILES, FAMILY: text}))


def test_another_spec_yields_another_client(tmp_path: Path) -> None:
    spec = load(write(tmp_path))
    files = generate_files(spec)
    for name in ("parameters.py", "client.py", "client_async.py"):
        compile(files[name], name, "exec")
        assert "wan2" not in files[name].lower() and "Stream" not in files[name]
    edit = "class Tea1Edit(Wan10Parameters, WaitOptions, total=False):\n    via: Literal['sync']"
    assert compact(edit) in compact(files["parameters.py"])
    assert of(spec, "generate", "tea-1-pro", "size", "quick", "style") == [
        (f"Literal['1K', '2K'] | {PIXELS}", "Literal[False]", "Literal['green', 'black', 'white']")
    ]
    assert overloads(spec, "edit", "tea-1-pro") == []  # the verb means what the model forbids
    assert overloads(spec, "submit", "tea-1") == []  # which has no asynchronous call


def test_flags_that_depend_on_each_other(tmp_path: Path) -> None:
    """Three settings of two flags, which no two overloads can say."""
    spec = other(
        tmp_path,
        (FAST, "both: quick and slow"),
        (QUICK, "    default: false\n  slow: {type: boolean, default: true}"),
        (WORDS, f"{WORDS}\n    when both: {{one_of: [green]}}"),
        ("means: {quick: true}, starts: {strength: 0.2}", ""),
    )
    every, one = "Literal['green', 'black', 'white']", "Literal['green']"
    assert of(spec, "generate", "tea-1", "style", "quick", "slow") == [
        (every, "Literal[False]", "bool"),
        (one, "Literal[True]!", "bool"),
        (every, "Literal[True]!", "Literal[False]!"),
    ]


def test_a_flag_without_a_default(tmp_path: Path) -> None:
    spec = other(
        tmp_path,
        (FAST, "hasty: quick"),
        (QUICK, "    required: true"),
        (WORDS, f"{WORDS}\n    when hasty: {{one_of: [green]}}"),
    )
    assert of(spec, "generate", "tea-1", "style", "quick") == [
        ("Literal['green', 'black', 'white']", "Literal[False]!"),
        ("Literal['green']", "bool!"),
    ]


def test_a_mode_of_values_that_are_not_literal_gives_the_wider_type(tmp_path: Path) -> None:
    change = (WORDS, f"{WORDS}\n    when many: {{one_of: [green, red]}}")
    spec = other(tmp_path, (FAST, "many: strength > 0.5"), change)
    assert of(spec, "generate", "tea-1", "style") == [("Literal['green', 'black', 'white', 'red']",)]


def test_a_parameter_may_not_hide_a_type(tmp_path: Path) -> None:
    with pytest.raises(EmitError, match="the parameter int would hide the type int"):
        generate_files(other(tmp_path, ("  guard:", "  int:")))


def test_text_of_a_spec_never_becomes_code(tmp_path: Path) -> None:
    nasty = "x'); import os; (' --\n"
    spec = other(
        tmp_path,
        (FAST, "odd: style == 'green'"),
        ("[green, black, white]", json.dumps([nasty, "green"])),
        ("  guard:\n    type: text", "  guard:\n    type: text\n    when odd: {required: true}"),
    )
    text = generate_files(spec)["parameters.py"]
    assert compact(repr(nasty)) in compact(text) and "XImportOs" in text
    assert not [line for line in text.splitlines() if line.strip().startswith("import os")]
    compile(text, "parameters.py", "exec")
