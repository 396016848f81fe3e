"""Modules that stand in for the official SDK: their classes keep the bodies that calls would send."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace
from typing import Any

# What each class of the SDK writes to `input`; it writes all other arguments to `parameters`.
_INPUT = {
    "ImageSynthesis": ("prompt", "negative_prompt", "images", "function", "mask_image_url", "base_image_url"),
    "ImageGeneration": ("messages",),
}
_CONTROL = ("api_key", "workspace", "timeout")


class Recorder:
    """Keeps the bodies of calls.

    Attributes:
        bodies: The bodies, in the order of the calls.
        uses: The name of the class and of the method of each call.
    """

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.uses: list[str] = []

    def class_named(self, name: str, positional: tuple[str, ...]) -> type:
        def method(verb: str) -> Any:
            def call(*values: Any, **named: Any) -> Any:
                self._record(f"{name}.{verb}", dict(zip(positional, values, strict=False)) | named)
                return SimpleNamespace(output=None)

            return staticmethod(call)

        def wait(task: Any) -> None:
            self.uses.append(f"{name}.wait")

        verbs = {verb: method(verb) for verb in ("call", "async_call", "sync_call")}
        return type(name, (), {**verbs, "wait": staticmethod(wait)})

    def _record(self, use: str, arguments: dict[str, Any]) -> None:
        self.uses.append(use)
        in_input = _INPUT[use.partition(".")[0]]
        body: dict[str, Any] = {"model": arguments.pop("model")}
        for name, value in arguments.items():
            if name not in _CONTROL and not (value is None and use.startswith("ImageSynthesis")):
                body.setdefault("input" if name in in_input else "parameters", {})[name] = value
        self.bodies.append(body)


@contextmanager
def recording() -> Iterator[Recorder]:
    """The modules of the SDK while a program runs."""
    recorder = Recorder()
    synthesis = recorder.class_named("ImageSynthesis", ("model", "prompt", "negative_prompt", "images"))
    generation = recorder.class_named("ImageGeneration", ("model", "api_key", "messages"))
    contents = {
        "dashscope": {"ImageSynthesis": synthesis},
        "dashscope.aigc": {},
        "dashscope.aigc.image_synthesis": {"ImageSynthesis": synthesis},
        "dashscope.aigc.image_generation": {"ImageGeneration": generation},
        "dashscope.api_entities": {},
        "dashscope.api_entities.dashscope_response": {"Message": dict},
    }
    before = {name: sys.modules.get(name) for name in contents}
    for name, members in contents.items():
        module = ModuleType(name)
        vars(module).update(members)
        sys.modules[name] = module
    try:
        yield recorder
    finally:
        for name, present in before.items():
            if present is None:
                del sys.modules[name]
            else:
                sys.modules[name] = present


def bodies_of(program: str) -> Recorder:
    """Run a program of a test, and return what its calls would send."""
    with recording() as recorder:
        exec(compile(program, "program.py", "exec"), {})
    return recorder
