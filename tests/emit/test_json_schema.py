"""The exported JSON Schema as a third reading: on what it claims it must say what the interpreter says."""

import copy
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from wanlib.base.rule_id import parse_rule_id
from wanlib.emit.json_schema import CLAIMS, envelope, schema
from wanlib.emit.schema_errors import broken_rules
from wanlib.spec import interpret, load

SPEC = load()
ENVELOPE = Draft202012Validator(envelope(SPEC))
VALIDATORS = {model: Draft202012Validator(schema(SPEC, model)) for model in SPEC.models}


def by_schema(body: Any) -> tuple[str, ...]:
    """The broken rules by the envelope and, where it is kept, by the model's schema."""
    outside = broken_rules(ENVELOPE.iter_errors(body))
    return outside or broken_rules(VALIDATORS[body["model"]].iter_errors(body))


def by_walk(body: Any) -> tuple[str, ...]:
    """The broken rules by the interpreter, as far as the schema claims their kind."""
    rules = {violation.rule for violation in interpret(SPEC, body, None)}
    return tuple(sorted(rule for rule in rules if parse_rule_id(rule).kind in CLAIMS))


def messages(model: str, *parts: tuple[str, Any], **parameters: Any) -> dict[str, Any]:
    content = [{name: value} for name, value in parts]
    return {
        "model": model,
        "input": {"messages": [{"role": "user", "content": content}]},
        "parameters": parameters,
    }


URL = "https://example.com/a.png"
IMAGE, TEXT = ("image", URL), ("text", "Place the clock beside the vase")
PALETTE = [{"hex": "#C2D1E6", "ratio": "33.33%"}, {"hex": "#ffffff", "ratio": "33.33%"}]
PALETTE += [{"hex": "#000000", "ratio": "33.34%"}]
VALID: list[dict[str, Any]] = [
    messages("wan2.7-image", IMAGE, ("image", "oss://bucket/b.png"), TEXT, size="2K", n=1, watermark=False),
    messages("wan2.7-image", TEXT, IMAGE, bbox_list=[[[10, 20, 30, 40], [0, 0, 5, 5]]], seed=7),
    messages("wan2.7-image-pro", TEXT, size="4K", thinking_mode=True, n=4, color_palette=PALETTE),
    messages("wan2.7-image-pro", TEXT, size="1024*1024", enable_sequential=True, n=12),
    messages("wan2.7-image-pro", IMAGE, IMAGE, IMAGE, TEXT, bbox_list=[[], [[1, 2, 3, 4]], []], size="1K"),
    messages("wan2.6-image", IMAGE, TEXT, size="1K", n=2, prompt_extend=True, negative_prompt="blur"),
    messages("wan2.6-image", TEXT, IMAGE, enable_interleave=True, max_images=3, n=1, size="1280*1280", stream=True),
    {
        "model": "wan2.5-i2i-preview",
        "input": {"prompt": "Make it dusk", "images": [URL, "data:image/png;base64,AAAA"], "negative_prompt": "x"},
        "parameters": {"size": "1280*1280", "n": 1, "prompt_extend": False, "watermark": True, "seed": 0},
    },
    {
        "model": "wanx2.1-imageedit",
        "input": {
            "function": "description_edit_with_mask",
            "prompt": "A hat",
            "base_image_url": URL,
            "mask_image_url": URL,
        },
        "parameters": {"n": 1, "seed": 2147483647},
    },
    {
        "model": "wanx2.1-imageedit",
        "input": {"function": "expand", "prompt": "More sky", "base_image_url": "DATA:image/png;base64,AAAA"},
        "parameters": {"top_scale": 1.5, "left_scale": 2, "watermark": False},
    },
    {
        "model": "wanx2.1-imageedit",
        "input": {"function": "stylization_all", "prompt": "Cubist", "base_image_url": URL},
        "parameters": {"strength": 0.5},
    },
]


TYPES = {field.name: field.type for family in SPEC.families for field in family.fields}
TYPES |= {"text": "text", "image": "image", "base_image_url": "image", "mask_image_url": "image"}
LIMITS = sorted({rule.limit for rule in SPEC.rules.values() if rule.kind in ("min", "max", "max_chars")})
NUMBERS = [near for limit in LIMITS for near in (limit - 1, limit, limit + 1, limit + 0.5, float(limit))]
NUMBERS += [-0.0, 1e300, 10**30, -(10**30), 2.0000001]
NEAR = "1K 2K 4K 2k 0*5 1024x1024 8000*100 1024*1024 1000000*1 #C2D1E6 C2D1E6 23.51% 100% 5.5% 1000.00% 01.00%"
WORDS = [*NEAR.split(), *SPEC.rules["wanx2.1/function.one_of"].limit, *SPEC.models, *TYPES]
WORDS += ["user", "text", "image", "hex", "ratio", "", "1024*1024\n", "#C2D1E6\n", "23.51%\n", "1024*1024 ", "１*１"]
URLS = [URL, "HTTPS://x", "http:/x", "data:", "Data:例", "oss://", "oss:/x", "ftp://x", " https://x", "https://例"]
TEXTS = ["é" * (limit + more) for limit in LIMITS if 100 < limit < 10_000 for more in (0, 1)]
BY_TYPE: dict[str, list[Any]] = {
    "boolean": [True, False],
    "image": URLS,
    "text": [*WORDS[16:30], *TEXTS],
    "size": WORDS[:9],
    "list": [[], [[]], [[], []], [URL], [[1, 2, 3, 4]], [[[1, 2, 3, 4]]], [[[1, -2, 3.0, 4.5]]], [[[1]]] * 2],
}
BY_TYPE["list"] += [PALETTE, PALETTE[:2], PALETTE * 4, [*PALETTE, {"hex": "x", "ratio": "1%"}], [{}, None, {"a": 1}]]
BY_TYPE["list"] += [[[]] * count for count in (3, 9, 10, 11, 19, 30)]


VALID += [messages("wan2.6-image", IMAGE, IMAGE, TEXT)]
VALID += [{key: body[key] for key in ("model", "input")} for body in VALID]


def places_in(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in a body with each of its keys or indices."""
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from places_in(value[key])


def some(random: Random, depth: int = 0) -> Any:
    """Any JSON value, often one that would be right somewhere."""
    if depth < 3 and random.random() < 0.2:
        inner = [some(random, depth + 1) for _ in range(random.randrange(4))]
        return inner if random.random() < 0.5 else {random.choice(WORDS): value for value in inner}
    kinds = [[None], [True, False], NUMBERS, WORDS, URLS, TEXTS, BY_TYPE["list"]]
    return copy.deepcopy(random.choice(random.choice(kinds)))


def typed(random: Random, kind: str) -> Any:
    """A value of a type, right or not by the limits of a field."""
    return copy.deepcopy(random.choice(BY_TYPE.get(kind, NUMBERS)))


def mutilated(random: Random) -> Any:
    """A valid body after a few blows at random places; now and then something else altogether."""
    body = copy.deepcopy(random.choice(VALID))
    for _ in range(random.randrange(5)):
        strike(random, body)
    return some(random) if random.random() < 0.01 else body


def strike(random: Random, body: dict[str, Any]) -> None:
    """One blow: a field given, or something replaced, removed, added, repeated or put elsewhere."""
    found = list(places_in(body))
    container, key = random.choice(found or [(body, "model")])
    blow = random.choice(["give"] * 6 + ["replace", "replace", "remove", "add", "repeat", "move", "move"])
    if blow == "give":
        name = random.choice(list(TYPES))
        holders = [holder for holder in (body, body.get("input"), body.get("parameters")) if type(holder) is dict]
        random.choice([*holders, holders[-1], holders[-1]])[name] = typed(random, TYPES[name])
    elif blow == "replace":
        container[key] = some(random) if random.random() < 0.4 or key not in TYPES else typed(random, TYPES[key])
    elif blow == "remove":
        container.pop(key, None) if isinstance(container, dict) else container.pop(key)
    elif blow == "repeat" and isinstance(container, list):
        container[key:key] = copy.deepcopy([container[key]]) * random.choice([1, 2, 4, 9, 12])
    elif blow == "move" and found:
        other, place = random.choice(found)
        other[place] = copy.deepcopy(container[key])
    elif isinstance(container, dict):
        container[random.choice(WORDS)] = some(random)


EXAMPLES = int(os.environ.get("WAN_EXAMPLES", "300"))


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.randoms(use_true_random=True).map(mutilated))
def test_the_schema_and_the_walk_agree(body: Any) -> None:
    assert by_schema(body) == by_walk(body)
