"""No text of a spec file becomes code: hostile texts at places of the spec, here a sample of them.

`python -m tests.effects.hostile` (`make effects`) tries a text at every place.
"""

from random import Random

import pytest

from tests.effects.generated_names import MARK, foreign_names
from tests.effects.hostile import HARMLESS, REFUSED, Attack, Attacker, attacks, renamed
from tests.effects.spec_values import replace_value
from wanlib.emit import python_text
from wanlib.emit.python_text import Code, EmitError, interpolated, python_literal
from wanlib.spec import SpecError
from wanlib.spec.load import build, read_documents, spec_folder
from wanlib.spec.source.yaml_reader import read_yaml

SAMPLE = 5
SEED = 2
HARMFUL = f"{{{MARK}()}}"


@pytest.fixture(scope="module")
def attacker() -> Attacker:
    """The packaged spec."""
    return Attacker(read_documents(spec_folder()))


def test_a_sample_of_hostile_texts_stays_text(attacker: Attacker) -> None:
    chosen = Random(SEED).sample(attacker.places, SAMPLE)
    outcomes = {str(attack): attacker.outcome(attack) for attack in attacks(attacker.documents, chosen)}
    assert {HARMLESS, REFUSED} == {*outcomes.values()}, "\n".join(
        f"{attack}: {outcome}" for attack, outcome in outcomes.items() if outcome not in (HARMLESS, REFUSED)
    )


@pytest.fixture
def careless_loader(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the loader accept any name in a body form, so that only the emitters refuse it."""
    monkeypatch.setattr("wanlib.spec.build.bodies.check_member_name", lambda *_: None)


def attacked_form(attacker: Attacker) -> Attack:
    """Return a spec with a hostile text as the name of a member that is a field."""
    (place,) = [
        each
        for each in attacker.places
        if each.path[:2] == ("bodies", "prompt") and each.path[-1] == each.value == "images"
    ]
    return Attack(
        "form", {**attacker.documents, "wire": renamed(attacker.documents["wire"], place.path, HARMFUL)}
    )


def test_the_name_of_a_member_stays_text(attacker: Attacker, careless_loader: None) -> None:
    assert attacker.outcome(attacked_form(attacker)) == HARMLESS


def test_an_emitter_that_lets_text_into_an_f_string_is_seen(
    attacker: Attacker, careless_loader: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    unescaped = lambda part: part if isinstance(part, str) else f"{{{part.text}}}"  # noqa: E731
    monkeypatch.setattr(python_text, "_in_f_string", unescaped)
    assert f"called name '{MARK}'" in attacker.outcome(attacked_form(attacker))


@pytest.mark.parametrize(
    "foreign",
    [
        f"{MARK}()",
        f"_x = f'{HARMFUL}'",
        "import os",
        "_x = MODELS.__class__",
        f"{MARK} = 1",
        "print = 1",
        "_x = dict(pwn=1)",
        f"# {MARK}",
        f'"""{HARMFUL}"""',
    ],
)
def test_foreign_code_is_seen(attacker: Attacker, foreign: str) -> None:
    changed = {"checker.py": f"{attacker.clean['checker.py']}\n{foreign}\n"}
    assert foreign_names(changed, attacker.names, attacker.clean)


def test_only_names_and_subscripts_are_interpolated() -> None:
    assert interpolated(["/a", "b"]) == "'/ab'"
    text = interpolated(["/{x}'\\N", Code("_index0"), "}"])
    assert eval(text, {"_index0": 7}) == "/{x}'\\N7}"
    for code in ("a()", "a.b", "a[0]", "a[b][c]", "", "a\n"):
        with pytest.raises(EmitError):
            interpolated([Code(code)])
    with pytest.raises(EmitError):
        python_literal(float("inf"))


@pytest.mark.parametrize(
    ("path", "name", "line"),
    [
        (("bodies", "messages"), HARMFUL, 25),
        (("bodies", "messages", "input", "messages", "each", "content", "parts"), HARMFUL, 31),
    ],
)
def test_member_names_are_checked_with_their_line(
    attacker: Attacker, path: tuple[str, ...], name: str, line: int
) -> None:
    place = next(each for each in attacker.places if each.path[: len(path)] == path)
    found = [
        each for each in attacks(attacker.documents, [place], every=True) if f"as {name!r}" in each.where
    ]
    with pytest.raises(SpecError) as caught:
        build(found[-1].documents, "")
    assert [each for each in caught.value.diagnostics if each.startswith("wire.yaml:") and repr(name) in each]


@pytest.mark.parametrize("model", ["Wan", "wan 2", '"""', "wan\u202e", "../wan", ""])
def test_model_names_are_checked_with_their_line(attacker: Attacker, model: str) -> None:
    (place,) = [each for each in attacker.places if (each.file, each.path) == ("wan2.5", ("models", 0))]
    with pytest.raises(SpecError, match=rf"wan2\.5\.yaml:{place.line}: the model name"):
        build(replace_value(attacker.documents, place, model), "")


@pytest.mark.parametrize(
    "escape", ["\\e", "\\r", "\\a", "\\u202e", "\\u2028", "\\x85", "\\u200b", "\\0", "\\t"]
)
@pytest.mark.parametrize("text", ['a: 1\nb: "x{}"\n', 'a: 1\n"b{}": x\n', 'a: 1\nb: [y, "x{}"]\n'])
def test_characters_that_steer_a_terminal_are_refused(text: str, escape: str) -> None:
    with pytest.raises(SpecError, match=r"wire\.yaml:2: has the character U\+[0-9A-F]{4}"):
        read_yaml(text.replace("{}", escape), "wire.yaml")


def test_line_ends_and_other_scripts_are_text() -> None:
    assert read_yaml("a: |\n  x\n  y\nb: 错误\n", "wire.yaml") == {"a": "x\ny\n", "b": "错误"}
