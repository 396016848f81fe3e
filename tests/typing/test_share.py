"""The share of the rules that the types detect, as the README states it."""

from tests.support.source_tree import ROOT
from tests.typing.share import share
from wanlib.spec import load


def test_the_types_detect_more_than_a_third_of_the_rules() -> None:
    parts = share(load())
    assert len(parts.caught) * 3 > len(parts.caught) + len(parts.left)
    text = " ".join((ROOT / "README.md").read_text("utf-8").split())
    assert "The type signatures alone cover more than a third of the rules that a call can violate." in text
