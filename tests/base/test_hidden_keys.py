"""`Secret` and `hide_keys`: a key in any form is masked; nothing else is."""

import copy
import gc
import pickle
from collections.abc import Callable

import pytest

from tests.base.echoes import ECHOES, shows_key
from wanlib.base.redaction import (
    Secret,
    hide_keys,
    hide_keys_in_json,
    hide_keys_within,
    redact_text,
    safe_repr,
)

KEY = "sk-4Fe7+a/b9c3d5e7f9a1b3c5d7e9f1a3Z"
KEPT = [
    "",
    "sk-",
    KEY[:-1],
    KEY[1:],
    "a request id 4f1c-33",
    "https://host/path?x=1",
    "73",
    "c2st",
    "\\u0073k-",
]


@pytest.fixture
def secret() -> Secret:
    return Secret.of(KEY)


@pytest.mark.parametrize("echo", ECHOES.values(), ids=ECHOES)
def test_a_key_is_masked_in_any_form(secret: Secret, echo: Callable[[str], str]) -> None:
    text = f"before {echo(KEY)} after"
    assert shows_key(text, KEY)
    for shown in (hide_keys(text), redact_text(text), safe_repr(text), safe_repr([text, {text: text}])):
        assert not shows_key(shown, KEY), shown
    assert hide_keys(text).startswith("before ") and hide_keys(text).endswith(" after")


@pytest.mark.parametrize("text", KEPT)
def test_other_texts_are_kept(secret: Secret, text: str) -> None:
    assert hide_keys(text) == text


def test_members_and_their_names_are_masked(secret: Secret) -> None:
    value = {KEY: [1, None, True, {"a": f"x {KEY}"}]}
    assert hide_keys_in_json(value) == {"***": [1, None, True, {"a": "x ***"}]}


@pytest.mark.parametrize("at", [0, 1, 70, 79, 80, 81])
def test_a_key_that_begins_in_the_shown_part_is_masked_completely(secret: Secret, at: int) -> None:
    text = "x" * at + KEY + "y" * 9000
    assert not shows_key(hide_keys_within(text, 80), KEY)
    assert len(hide_keys_within(text, 80)) <= 80


def test_short_keys_are_not_looked_for() -> None:
    short = Secret.of("sk-test")
    assert hide_keys("sk-test") == "sk-test" and short.reveal() == "sk-test"


def test_a_key_is_forgotten_with_its_last_user() -> None:
    secret = Secret.of("sk-forgotten-soon")
    assert hide_keys("sk-forgotten-soon") == "***"
    del secret
    gc.collect()
    assert hide_keys("sk-forgotten-soon") == "sk-forgotten-soon"


def test_nothing_but_reveal_returns_it(secret: Secret) -> None:
    assert secret.reveal() == KEY
    assert Secret.of(f" {KEY} ") is secret and copy.deepcopy(secret) is secret and copy.copy(secret) is secret
    assert not shows_key(f"{secret} {secret!r} {[secret]}", KEY)
    with pytest.raises(TypeError):
        vars(secret)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="API key"):
            pickle.dumps(secret, protocol)


@pytest.mark.parametrize(
    "text", ["\\" * 20_000, "%25" * 20_000, "&#0000" * 20_000, "s \n" * 20_000, "sk\\n" * 20_000]
)
def test_the_search_takes_time_in_proportion(secret: Secret, text: str) -> None:
    """A hostile text of 20,000 characters takes milliseconds; a search that goes back takes minutes."""
    assert hide_keys(text) == text
    assert hide_keys(f"{KEY}{text}") == f"***{text}"
