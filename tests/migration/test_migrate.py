"""Bodies converted to other models: the questions of the FAQ, what is lost, and that results are accepted."""

from itertools import product
from pathlib import Path
from typing import Any

import pytest

from wanlib import bill, check
from wanlib.boundary.cases import boundary_cases
from wanlib.migration.body_migration import MigrationError, migrate
from wanlib.migration.note import Consequence, Migration
from wanlib.spec import load

SPEC = load()
PLAIN, PRO, INTERLEAVE, OLDER, OLDEST = SPEC.models
URL = "https://example.com/{}.png"
EDIT_25 = {
    "model": OLDER,
    "input": {
        "prompt": "Make it dusk",
        "images": [URL.format(1), URL.format(2)],
        "negative_prompt": "people",
    },
    "parameters": {"seed": 7, "n": 1},
}


def messages(model: str, text: str, *images: str, **parameters: Any) -> dict[str, Any]:
    content = [*({"image": image} for image in images), {"text": text}]
    body: dict[str, Any] = {"model": model, "input": {"messages": [{"role": "user", "content": content}]}}
    return body | ({"parameters": parameters} if parameters else {})


def consequences(migration: Migration) -> dict[str, Consequence]:
    return {note.field: note.consequence for note in migration.notes}


def test_from_2_6_to_2_7_the_model_name_changes() -> None:
    """FAQ: "Both use the same API pattern. To switch between them, change the model name." """
    body = messages(INTERLEAVE, "Make it dusk", URL.format(1), n=2, seed=7, size="2K")
    for model in (PRO, PLAIN):
        migration = migrate(SPEC, body, model)
        assert migration.body == body | {"model": model}
        assert not migration.needs_decision


def test_from_2_5_to_2_7_prompt_and_images_become_a_message() -> None:
    """FAQ: "The API design is different": prompt and images against an array of messages."""
    migration = migrate(SPEC, EDIT_25, PRO)
    assert migration.body == messages(PRO, "Make it dusk", URL.format(1), URL.format(2), seed=7, n=1)
    assert consequences(migration)["negative_prompt"] is Consequence.LOST
    assert migration.needs_decision
    assert "Describe in the prompt" in str(migration.notes[0])


def test_from_2_5_to_2_6_the_negative_prompt_moves() -> None:
    migration = migrate(SPEC, EDIT_25, INTERLEAVE)
    assert migration.body["parameters"]["negative_prompt"] == "people"
    assert "negative_prompt" not in migration.body["input"]
    assert not migration.needs_decision
    assert migrate(SPEC, migration.body, OLDER).body == EDIT_25


def test_from_2_1_the_function_is_lost() -> None:
    """FAQ: "The function parameter is no longer supported or required." """
    body = {
        "model": OLDEST,
        "input": {"function": "colorization", "prompt": "a blue cup", "base_image_url": URL.format(1)},
        "parameters": {"n": 1},
    }
    migration = migrate(SPEC, body, OLDER)
    assert migration.body["input"] == {"prompt": "a blue cup", "images": [URL.format(1)]}
    assert consequences(migration)["function"] is Consequence.LOST
    assert not migration.remaining


def test_the_number_of_pictures_stays() -> None:
    body = {name: value for name, value in EDIT_25.items() if name != "parameters"}
    for model in (PRO, INTERLEAVE, OLDEST):
        pictures = bill(migrate(SPEC, body, model).body).pictures
        assert pictures == bill(body).pictures


def test_excess_images_and_text_are_cut_to_the_limits() -> None:
    images = [URL.format(index) for index in range(9)]
    migration = migrate(SPEC, messages(PRO, "x" * 4000, *images, n=1, size="2000*300"), OLDER)
    assert not migration.remaining
    assert check(migration.body).ok
    assert len(migration.body["input"]["images"]) < 9
    assert migration.body["input"]["images"] == images[: len(migration.body["input"]["images"])]
    found = consequences(migration)
    assert (found["images"], found["prompt"], found["size"]) == (
        Consequence.LOST,
        Consequence.LOST,
        Consequence.CHANGED,
    )


def test_a_model_that_limits_the_sides_alone() -> None:
    spec = load(Path(__file__).parents[2] / "examples" / "qwen-image-edit")
    body = messages(PLAIN, "Make it dusk", URL.format(1), n=1, size="2200*1800")
    migration = migrate(spec, body, "qwen-image-edit")
    assert not migration.remaining
    assert consequences(migration)["size"] is Consequence.CHANGED


def test_every_result_is_accepted_or_needs_a_decision() -> None:
    bodies = [
        case.question.body
        for rule in list(SPEC.rules)[::3]
        for case in list(boundary_cases(SPEC, rule))[::9]
        if not case.breaks
    ]
    assert len(bodies) > 50
    for body, model in product(bodies, SPEC.models):
        try:
            migration = migrate(SPEC, body, model)
        except MigrationError:
            continue
        if not migration.needs_decision:
            assert check(migration.body).ok, (body, model)
        if body["model"] == model:
            assert not migration.needs_decision


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"model": 1},
        {"model": "tea"},
        {"model": PRO},
        {"model": PRO, "input": 3},
    ],
)
def test_a_body_that_cannot_be_read(body: Any) -> None:
    with pytest.raises(MigrationError) as caught:
        migrate(SPEC, body, PLAIN)
    assert "None" not in str(caught.value)


def test_a_body_that_its_own_model_refuses_is_converted() -> None:
    """One image too many for 2.6 is right for 2.7; a value of a wrong type stays wrong, and is printed."""
    images = [URL.format(index) for index in range(5)]
    migration = migrate(SPEC, messages(INTERLEAVE, "a", *images, n=1), PLAIN)
    assert not migration.needs_decision
    assert migration.body == messages(PLAIN, "a", *images, n=1)
    assert any(f"{INTERLEAVE} refuses the original" in note.text for note in migration.notes)
    wrong = migrate(SPEC, messages(INTERLEAVE, "a", URL.format(1), n="two", size=7, max_images=[1]), PLAIN)
    assert wrong.body["parameters"] == {"n": "two", "size": 7}
    assert [violation.rule for violation in wrong.remaining] == ["wan2.7/size.type", "wan2.7/n.type"]


def test_members_that_no_field_has_are_named() -> None:
    """An undocumented parameter, one of another model, null, a second text and another role."""
    body = messages(PRO, "a", URL.format(1), n=1, tea=1, negative_prompt="b", seed=None)
    migration = migrate(SPEC, body, INTERLEAVE)
    assert migration.body["parameters"] == {"n": 1}
    found = consequences(migration)
    assert (found["tea"], found["negative_prompt"], found["seed"]) == (
        *(Consequence.LOST, Consequence.LOST),
        Consequence.INFO,
    )
    (message,) = body["input"]["messages"]
    message["content"].append({"text": "b"})
    message["role"] = "system"
    lost = [note.text for note in migrate(SPEC, body, PLAIN).notes if " at /input/" in note.text]
    assert len(lost) == 2


def test_defaults_and_sizes_of_the_mode() -> None:
    """2.6 has its default size in one mode only; a rewritten prompt is lost in silence without a note."""
    body = messages(INTERLEAVE, "a", URL.format(1), n=1)
    notes = {note.field: note for note in migrate(SPEC, body, PLAIN).notes}
    assert notes["size"].consequence is Consequence.CHANGED
    assert "(was: 1K, " in notes["size"].text
    assert "sets it to true by default" in notes["prompt_extend"].text
    notes = {note.field: note for note in migrate(SPEC, EDIT_25, INTERLEAVE).notes}
    assert "rounded to multiples" in notes["size"].text
    assert "prompt_extend" not in notes
    explicit = messages(PLAIN, "a", URL.format(1), n=1, size="1024*1024", thinking_mode=True)
    assert "size" not in {note.field for note in migrate(SPEC, explicit, PRO).notes}
