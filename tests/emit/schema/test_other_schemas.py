"""The exported JSON Schema of specs with features that the present model files do not use."""

import shutil
from pathlib import Path
from random import Random

import pytest

from tests.emit.schema.bodies import IMAGE, TEXT, URL, Striker, messages
from tests.emit.schema.readings import Readings
from tests.support.api_facts import limit_of
from wanlib.emit.schema.keywords import KEYWORDS
from wanlib.emit.schema.locations import SchemaLocation
from wanlib.spec import Rule, Spec, SpecError, load
from wanlib.spec.load import spec_folder

PROMPT_MODES = """
modes:
  some:     count(images) in (0, 2, 3)
  wide:     n >= 3
  either:   some or wide
  neither:  not either and watermark
  lettered: letter == "a"
  others:   letter not in ("a", "b")
  alone:    model == "wan2.5-i2i-preview" and count(images) != 2
  never:    not model == "wan2.5-i2i-preview"
  called:   call == "async" or watermark

fields:
  letter: {type: text, required: true, one_of: [a, b, c]}
  counted: {type: integer, max: 9, when either: {max: 3, required: true}, when neither: {max: 5}}
  gone: {type: integer, max: 9, when never: {max: 0}}
  odd: {type: text, effective: either, needs: lettered, max_chars: 2}
  shape: {type: text, when called: {max_chars: 3}, max_chars: 5}
  deep:
    type: list
    effective: not neither
    same_count_as: images
    max_count: 2
    when others: {min_count: 1}
    each:
      type: object
      fields:
        a: {type: text, when wide: {required: true, max_chars: 2}, needs: alone}
        b: {type: percent, decimals: 0}
"""


IMAGES = limit_of("wan2.7/images.max_count")


def altered(folder: Path, name: str, *changes: tuple[str, str]) -> Spec:
    """The packaged spec with changes to one file."""
    shutil.copytree(spec_folder(), folder / "spec")
    path = folder / "spec" / name
    text = path.read_text("utf-8")
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path.write_text(text, "utf-8")
    return load(folder / "spec")


def agree(spec: Spec, striker: Striker, count: int) -> None:
    readings = Readings(spec)
    for seed in range(count):
        body = striker.body(Random(seed))
        assert readings.by_schema(body) == readings.by_walk(body), body


def test_modes_of_every_kind_agree(tmp_path: Path) -> None:
    spec = altered(tmp_path, "wan2.5.yaml", ("\nfields:\n", PROMPT_MODES))
    valid = [
        {
            "model": "wan2.5-i2i-preview",
            "input": {"prompt": "p", "images": [URL] * count},
            "parameters": {"letter": letter, "n": n, "counted": 2, "watermark": True},
        }
        for count in (1, 2)
        for letter in "abc"
        for n in (1, 3)
    ]
    striker = Striker(spec, valid)
    striker.by_type["text"] += ["a", "b", "c", "abc", "abcd"] * 5
    striker.by_type["list"] += [[{"a": "a"}], [{"b": "5%"}] * 2, [{"a": "abc", "b": "1.00%"}], [URL] * 3] * 3
    agree(spec, striker, 300)


def test_rules_on_a_list_of_parts_agree(tmp_path: Path) -> None:
    spec = altered(
        tmp_path,
        "wan2.7.yaml",
        ("modes:\n", "modes:\n  two: count(images) >= 2\n  odd: count(images) not in (2, 4)\n"),
        (
            f"    max_count: {IMAGES}\n",
            f"    max_count: {IMAGES}\n    effective: odd\n    needs: two\n    min_count: 1\n",
        ),
        (", without_image: square", ""),
        ("  watermark:\n", "  watermark:\n    required: true\n    when two: {one_of: [true]}\n"),
    )
    valid = [
        messages("wan2.7-image-pro", TEXT, *[IMAGE] * count, watermark=True) for count in (0, 1, 2, 3, 5)
    ]
    valid += [
        messages("wan2.7-image-pro", TEXT),
        messages("wan2.7-image", TEXT, IMAGE, enable_sequential=True),
    ]
    agree(spec, Striker(spec, valid), 200)


@pytest.mark.parametrize(
    "pattern", [r"#\d{6}", "(?i)#[a-f]{6}", "(?P<hex>#[0-9]{6})", "#[0-9]{,6}", "#[0-9]++"]
)
def test_a_pattern_with_another_meaning_in_ecma_262_is_refused(pattern: str) -> None:
    rule = Rule("wan2.7/a.pattern", "pattern", pattern, "rejected", "wan2.7.yaml", 7, "guide#a")
    with pytest.raises(
        SpecError, match=r"^wan2\.7\.yaml:7: pattern .* expected what Python and ECMA 262 read alike"
    ):
        KEYWORDS["pattern"](rule, SchemaLocation(()))
