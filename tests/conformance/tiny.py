"""A spec of two rules, its cases, and targets that are wrong in one way each."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from wan_conformance.engine.runner import Runner
from wan_conformance.engine.sources import CaseSource
from wan_conformance.model import ExpectedAnswer, Observation, Target, Verdict

from wanlib.base.violation import REFUSED
from wanlib.boundary.case import Case, Question
from wanlib.spec import Rule

MODEL = "tea-1"
MAX, WORD = "tea/cups.max", "tea/sort.one_of"
OUTCOMES = {MAX: "rejected", WORD: "unspecified"}
RULES = [
    Rule(id=MAX, kind="max", limit=4, outcome="rejected", file="tea.yaml", line=1, source="menu#1"),
    Rule(
        id=WORD,
        kind="one_of",
        limit=("black",),
        outcome="unspecified",
        file="tea.yaml",
        line=2,
        source="menu#1",
    ),
]


def right(body: Any) -> list[str]:
    """The rules of tea: at most four cups; black."""
    return [MAX] * (body["cups"] > 4) + [WORD] * (body["sort"] != "black")


def observed(rules: Sequence[str]) -> Observation:
    """The answer of a target that names these rules."""
    return Observation(not any(OUTCOMES[rule] in REFUSED for rule in rules), tuple(sorted(rules)))


class Tiny:
    """A target that answers by a function of the body."""

    refuses = REFUSED

    def __init__(
        self,
        answers: Callable[[Any], Any],
        name: str = "tiny",
        kinds: Sequence[str] = ("max", "one_of"),
        leaves_out: Sequence[str] = (),
    ) -> None:
        self.name, self.answers, self.kinds = name, answers, kinds
        self.leaves_out = frozenset(leaves_out)
        self.asked: list[Question] = []

    def claims(self, kind: str) -> bool:
        return kind in self.kinds

    def observe(self, question: Question) -> Observation:
        self.asked.append(question)
        answer: Any = self.answers(question.body)
        return observed(answer) if isinstance(answer, list) else answer  # None where it is mute


def raises(body: Any) -> list[str]:
    raise KeyError("no tea\x1b[31m")


def case(cups: int, sort: str = "black", about: str | None = MAX, side: str = "keeps") -> Case:
    """A case with its answer."""
    body = {"model": MODEL, "cups": cups, "sort": sort}
    breaks = tuple((rule, OUTCOMES[rule]) for rule in right(body))
    return Case(f"edge:{about}/{side}/{cups}{sort}@{MODEL}", about, Question(body, None), breaks)


def all_cases() -> list[Case]:
    """Both edges of both rules."""
    return [
        case(4),
        case(5, side="breaks"),
        case(1, "black", WORD),
        case(1, "green", WORD, "breaks"),
    ]


def source(cases: Iterable[Any], name: str = "edges") -> CaseSource:
    return CaseSource(name, "rules", 2, cases)


def run(targets: Sequence[Target], cases: Sequence[Any] | None = None, **more: Any) -> list[Verdict]:
    """The verdicts of a run; the rules are covered unless `rules` says others."""
    sources = [source(all_cases() if cases is None else cases)]
    return list(
        Runner(
            **{"sources": sources, "targets": targets, "models": [MODEL], "rules": RULES, **more}
        ).verdicts()
    )


def verdict(word: str = "pass", about: str | None = MAX, name: str = "edge:1", **more: Any) -> Verdict:
    """A verdict as a log holds it."""
    expected = ExpectedAnswer(False, (MAX,)) if word != "pass" else ExpectedAnswer(True, ())
    observed_answer = more.pop("observed", Observation(True, ()))
    return Verdict(about, name, more.pop("target", "tiny"), word, expected, observed_answer, ms=1.5, **more)


HEAD = {
    "spec": "5" * 64,
    "versions": {"python": "3.11"},
    "started": "2026-01-31T10:00:00+00:00",
    "seed": 0,
    "arguments": {},
    "targets": ["tiny"],
    "models": [MODEL],
    "rules": {rule.id: {"limit": str(rule.limit), "outcome": rule.outcome} for rule in RULES},
    "facts": {"tea/cups.default": 2},
}


def saved(path: Path, *lines: str) -> Path:
    """A file with these lines."""
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path
