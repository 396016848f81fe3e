"""Ids of fine-tuned models and their base; proposals for the names of models."""

import time

import pytest

from wanlib.base.identifiers import base_model
from wanlib.base.text import suggest, unknown_model_message

MODELS = ("tea-image", "tea-image-pro", "tea.5")
ENDING = r"(?:-[a-z0-9]+)*-(?:ft-[0-9]{12}-[a-z0-9]+|c[0-9]+)"


@pytest.mark.parametrize(
    ("model", "base"),
    [
        ("tea-image", "tea-image"),
        ("tea-image-pro", "tea-image-pro"),
        ("tea-image-pro-ft-202606030110-ab12", "tea-image-pro"),
        ("tea-image-pro-ft-202606030110-ab12-c160", "tea-image-pro"),
        ("tea-image-pro-my-cup-c7", "tea-image-pro"),
        ("tea-image-ft-202606030110-ab12", "tea-image"),
        ("tea-image-prox-c1", "tea-image"),
        ("tea-image-c160", "tea-image"),
        ("tea.5-c1", "tea.5"),
    ],
)
def test_base(model: str, base: str) -> None:
    assert base_model(model, MODELS, ENDING) == base


@pytest.mark.parametrize(
    "model",
    [
        *("", "tea", "tea-image-", "tea-image-c", "tea-image-pro-cup", "teax5-c1", "Tea-image-c1"),
        *("tea-image-c1\n", " tea-image-c1", "tea-image-ft-2026-ab12", "tea-image-ft-202606030110-"),
        *("tea-imagec1", "tea-image-\u0663-c1", "tea-image-c\u0661", None, 5, ["tea-image"], {"a": 1}),
    ],
)
def test_no_model(model: object) -> None:
    assert base_model(model, MODELS, ENDING) is None


def test_without_an_ending_only_listed_models_count() -> None:
    assert base_model("tea-image", MODELS, "") == "tea-image"
    assert base_model("tea-image-c1", MODELS, "") is None


def test_a_hostile_id_ends_soon() -> None:
    start = time.process_time()
    assert base_model("tea-image" + "-a" * 1_000_000, MODELS, ENDING) is None
    assert base_model("tea-image" + "-c" * 90, MODELS, ENDING) is None
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("Tea-Image", ["tea-image"]),
        ("tea-image-Pro", ["tea-image-pro"]),
        ("teaimage", ["tea-image"]),
        ("tea-imag", ["tea-image"]),
        ("tea-t2i", []),
        ("pot-image-edit", []),
        ("", []),
        (None, []),
        ("tea-image" * 100_000, []),
    ],
)
def test_names_of_models_are_proposed_for_slips_alone(name: object, near: list[str]) -> None:
    assert suggest(name, ("tea-image", "tea-image-pro"), strict=True) == near


def test_an_unknown_model_as_an_argument() -> None:
    assert unknown_model_message("Tea.5", MODELS) == (
        "no model 'Tea.5'; did you mean 'tea.5'? Known: tea-image, tea-image-pro, tea.5"
    )
    assert unknown_model_message("pot", MODELS) == "no model 'pot'; known: tea-image, tea-image-pro, tea.5"
