"""Calls in Python programs converted to other models: the result runs, and sends the converted body."""

from itertools import product
from typing import Any

import pytest

from tests.migration.recording_sdk import bodies_of
from wanlib import check
from wanlib.boundary.cases import boundary_cases
from wanlib.migration.body_migration import MigrationError, migrate
from wanlib.migration.note import Consequence
from wanlib.migration.source_migration import migrate_source
from wanlib.spec import load

SPEC = load()
PLAIN, PRO, INTERLEAVE, OLDER, OLDEST = SPEC.models
ONE = "['https://example.com/1.png']"
SYNTHESIS = "from dashscope import ImageSynthesis\n"
GENERATION = "from dashscope.aigc.image_generation import ImageGeneration\n"

# The second question of the FAQ, as its pages write programs for 2.5.
FAQ = '''"""Fuse two images."""
import os

from dashscope import ImageSynthesis

image_1, image_2 = "https://example.com/clock.png", "https://example.com/vase.png"
images = [image_1, image_2]


def main():
    rsp = ImageSynthesis.call(api_key=os.getenv("DASHSCOPE_API_KEY"),
                              model="{older}",
                              prompt="Place the clock of image 1 next to the vase of image 2",
                              images=images,
                              negative_prompt="people",  # nobody
                              n=1,
                              # size="1280*1280",
                              prompt_extend=True,
                              seed=12345)
    print(rsp.output)


main()
'''.replace("{older}", OLDER)


def consequences(program: str, model: str) -> list[Consequence]:
    return [each.note.consequence for each in migrate_source(SPEC, program, model).notes]


def test_the_faq_from_2_5_to_2_7() -> None:
    """FAQ: 2.5 uses ImageSynthesis with prompt and images, 2.7 ImageGeneration with an array of messages."""
    migration = migrate_source(SPEC, FAQ, PRO)
    recorder = bodies_of(migration.text)
    assert recorder.uses == ["ImageGeneration.call"]
    (before,), (after,) = bodies_of(FAQ).bodies, recorder.bodies
    assert after == migrate(SPEC, before, PRO).body
    assert check(after).ok
    assert migration.needs_decision  # the negative prompt is lost
    assert {note.line for note in migration.notes} == {11}
    changed = set(FAQ.splitlines()) - set(migration.text.splitlines())
    assert all(any(word in line for word in ("Image", "model", "prompt", "images=")) for line in changed)
    assert '# size="1280*1280"' in migration.text


def test_the_faq_from_2_6_to_2_7_changes_the_name_of_the_model() -> None:
    program = (
        GENERATION + "from dashscope.api_entities.dashscope_response import Message\n"
        'message = Message(role="user", content=[{"text": "Dusk"}, {"image": "https://example.com/1.png"}])\n'
        f"rsp = ImageGeneration.call(model='{INTERLEAVE}', messages=[message], n=1, size='2K')\n"
    )
    migration = migrate_source(SPEC, program, PRO)
    assert migration.text == program.replace(f"'{INTERLEAVE}'", f'"{PRO}"')
    assert not migration.needs_decision


def _program(body: dict[str, Any]) -> str:
    members = {
        name: value for part in body.values() if isinstance(part, dict) for name, value in part.items()
    }
    name, line = ("ImageGeneration", GENERATION) if "messages" in members else ("ImageSynthesis", SYNTHESIS)
    arguments = ", ".join(f"{member}={value!r}" for member, value in members.items())
    return f"{line}{name}.call(model={body['model']!r}, {arguments})\n"


def test_a_converted_program_sends_the_converted_body() -> None:
    rules = [rule for rule in SPEC.rules if ".each" not in rule][::7]  # those on images take long
    bodies = [
        case.question.body
        for rule in rules
        for case in list(boundary_cases(SPEC, rule))[::5]
        if not case.breaks and "data:" not in str(case.question.body)
    ]
    assert len(bodies) > 10
    compared = 0
    for body, model in product(bodies, SPEC.models):
        if body["model"] == model:
            continue
        migration = migrate_source(SPEC, program := _program(body), model)
        try:
            expected = migrate(SPEC, body, model)
        except MigrationError:
            assert migration.text == program
            assert consequences(program, model) == [Consequence.LEFT]
            continue
        (sent,) = bodies_of(migration.text).bodies
        assert sent == expected.body, program
        assert migration.needs_decision == expected.needs_decision
        compared += 1
    assert compared > 40


CASES = {
    "a line of its own": (
        f"ImageSynthesis.call(\n    model='{OLDER}',  # the model\n    prompt='a',\n    images={ONE},\n"
        "    prompt_extend=True,  # gone\n    n=1,  # one\n)\n",
        ["# the model", "n=1,  # one\n)"],
        ["prompt_extend", "# gone"],
    ),
    "the last argument": (
        f"ImageSynthesis.call(model='{OLDER}', prompt='a', images={ONE}, n=1, prompt_extend=True)\n",
        ["n=1)"],
        ["prompt_extend"],
    ),
    "positional arguments and None": (
        f"ImageSynthesis.async_call('{OLDER}', 'a', None, ['https://a.b/1.png'], n=1)\n",
        [f'(model="{PRO}", messages=[', "n=1)"],
        ["None", "prompt"],
    ),
    "names and a list that is not read": (
        f"def f(prompt, urls, n):\n    ImageSynthesis.call(model='{OLDER}', prompt=prompt, images=urls, n=n)"
        f"\nf('a', {ONE}, 1)\n",
        ['*({"image": each} for each in urls)', '{"text": prompt}', "n=n"],
        ["images="],
    ),
    "two in a line": (
        f"ImageSynthesis.call(model='{OLDER}', prompt='a',\n    prompt_extend=True, n=1, images={ONE},)\n",
        ["\n    n=1,)"],
        ["prompt_extend"],
    ),
    "another name of the class": (
        f"from dashscope import ImageSynthesis as Images\n{GENERATION}"
        f"Images.call(model='{OLDER}', prompt='a', images={ONE}, n=1)\n",
        ["\nImageGeneration.call("],
        ["Images", f"{GENERATION}{GENERATION}"],
    ),
    "a name for the model": (
        f"MODEL = '{OLDER}'\nImageSynthesis.call(model=MODEL, prompt='a', images='https://a.b/1.png', n=1)\n",
        [f'model="{PRO}"'],
        ["images="],
    ),
    "other line ends": (
        f"rsp = ImageSynthesis.call(model='{OLDER}',\r\n    prompt='ä', images={ONE},\r\n    n=1)\r\n",
        [f'model="{PRO}",\r\n    messages=[', "],\r\n    n=1)"],
        [],
    ),
    "a use of the class elsewhere": (
        f"rsp = ImageSynthesis.async_call(model='{OLDER}', prompt='a', images={ONE}, n=1)\n"
        "ImageSynthesis.wait(rsp)\n",
        ["ImageGeneration.wait(rsp)"],
        ["ImageSynthesis"],
    ),
    "brackets, commas and comments within": (
        f"x = [ImageSynthesis.call(model='{OLDER}', prompt=('a, '  # , (\n  'b)'), images=[*{ONE}],"
        " n=int('1'))]\n",
        ["n=int('1'))]"],
        ["prompt="],
    ),
}


@pytest.mark.parametrize("program", CASES)
def test_the_text_that_a_call_leaves(program: str) -> None:
    text, present, absent = CASES[program]
    end = "\r\n" if "\r\n" in text else "\n"
    migration = migrate_source(SPEC, SYNTHESIS.replace("\n", end) + text, PRO)
    for piece in present:
        assert piece in migration.text
    for piece in absent:
        assert piece not in migration.text
    assert migration.text.startswith(GENERATION.strip())
    for body in bodies_of(migration.text).bodies:
        assert check(body).ok
        assert body["model"] == PRO
    assert migrate_source(SPEC, migration.text, PRO).text == migration.text


def test_an_argument_that_one_class_leaves_out_and_the_other_sends() -> None:
    program = f"{SYNTHESIS}ImageSynthesis.call('{OLDER}', 'a', None, {ONE}, n=1, seed=None)\n"
    (body,) = bodies_of(migrate_source(SPEC, program, INTERLEAVE).text).bodies
    assert check(body).ok
    assert body["parameters"] == {"n": 1}


def test_names_that_a_program_assigns_twice_or_changes_are_not_read() -> None:
    program = (
        f"{SYNTHESIS}prompt = 'a'\nprompt = 'b'\nimages = []\nimages.append('https://a.b/1.png')\n"
        f"ImageSynthesis.call(model='{OLDER}', prompt=prompt, images=images, n=1)\n"
    )
    notes = migrate_source(SPEC, program, PRO).notes
    unread = {note.field for _, note in notes if note.consequence is Consequence.UNREAD}
    assert unread == {"prompt", "images"}


@pytest.mark.parametrize(
    "call",
    [
        "ImageSynthesis.call(model=choose(), prompt='a', images=[])",
        "ImageSynthesis.call(**options)",
        f"ImageSynthesis.call(*arguments, model='{OLDER}')",
        f"ImageGeneration.call(model='{INTERLEAVE}', messages=build())",
        f"ImageGeneration.call(model='{INTERLEAVE}', messages=[{{'content': [{{'text': t}} for t in s]}}])",
    ],
)
def test_a_call_that_cannot_be_read_is_named_and_left(call: str) -> None:
    program = f"{SYNTHESIS}{GENERATION}\n{call}\n"
    migration = migrate_source(SPEC, program, PRO)
    assert migration.text == program
    ((line, note),) = migration.notes
    assert (line, note.consequence) == (4, Consequence.LEFT)
    assert migration.needs_decision


def test_a_call_that_its_own_model_refuses_is_converted_and_reported() -> None:
    program = f"{SYNTHESIS}ImageSynthesis.call(model='{OLDER}', prompt='a', images={ONE}, n=99)\n"
    migration = migrate_source(SPEC, program, PRO)
    texts = [str(note) for _, note in migration.notes]
    assert any(f"info: {OLDER} refuses the original: n " in text for text in texts)
    assert any(text.startswith("changed: n: 99 becomes ") for text in texts)
    assert "n=99" not in migration.text


def test_a_class_that_other_calls_need_stays_imported() -> None:
    left = "ImageSynthesis.call(model=choose(), prompt='a')\n"
    kept = f"ImageSynthesis.call(model='{OLDER}', prompt='a', images={ONE}, n=1)\n"
    text = migrate_source(SPEC, SYNTHESIS + left + kept, PRO).text
    assert text.startswith(SYNTHESIS + GENERATION + left)
    assert 'ImageGeneration.call(model="' in text
    aliased = f"import dashscope as ds, os\nimport dashscope\ndashscope.{kept}"
    text = migrate_source(SPEC, aliased, PRO).text
    assert text.startswith(f"import dashscope as ds, os\n{GENERATION}import dashscope\nImageGeneration.call(")


def test_calls_of_this_client() -> None:
    name, other = (model.replace(".", "").replace("-", "_") for model in (PRO, INTERLEAVE))
    program = (
        f"wan.edit('{PRO}', 'Dusk', images=[Path('a.png')], n=1, thinking_mode=True)\n"
        f"wan.{name}.edit('Dusk', images=photos, size='2K', n=1)\nother.edit('text')\n"
        f"sdk.images.generate(model='{PRO}', prompt='a')\n"
    )
    migration = migrate_source(SPEC, program, INTERLEAVE)
    assert migration.text == (
        f"wan.edit(\"{INTERLEAVE}\", 'Dusk', images=[Path('a.png')], n=1)\n"
        f"wan.{other}.edit('Dusk', images=photos, size='2K', n=1)\nother.edit('text')\n"
        f"sdk.images.generate(model='{PRO}', prompt='a')\n"
    )
