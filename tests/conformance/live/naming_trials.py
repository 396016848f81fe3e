"""Plants every single change, pairs of changes, and none at all, and counts what is named.

`python -m tests.conformance.live.naming_trials [single|double|clean]…`; `make live` runs all of them, in a
process for each core. `single/10` takes every tenth trial only.

A trial fails if a change is visible and not named, or if naming takes more than R + P + 2k requests
(`wan_conformance.live.session`).
"""

import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from itertools import islice
from pathlib import Path

import httpx
from wan_conformance.live.connection import live_server
from wan_conformance.live.ledger import ProbeLedger
from wan_conformance.live.planning.plan import ProbePlan, make_plan
from wan_conformance.live.sender import LiveSender
from wan_conformance.live.session import run_plan

from tests.conformance.live.trials import IMAGE_URL, differs, run_trial
from tests.support.program_arguments import chosen_names
from wanlib.base.clock import ManualClock
from wanlib.emulator import Emulator, Settings
from wanlib.emulator.transport import EmulatorTransport
from wanlib.spec import load
from wanlib.spec.mutations import list_mutations, mutate_spec

SPEC = load()
SEED = 20261129
PAIRS = 400
"""Pairs that are drawn; those of which one change is not visible alone are no trials."""
CLEAN_RUNS = 200
FAULTY = 0.03
_NEEDED = {"single": 1.0, "double": 0.95}
_CHUNK = 4

UNNAMEABLE = {
    "place": "the outcome of a wrong place is unspecified; the value shows through its other rules",
    "effective": "where a field has no effect is not checked; the change shows through its other rules",
    "needs": "the outcome is unspecified",
}
"""Kinds of rules of which a change shows through other rules, or not at all, and why."""


@dataclass(frozen=True)
class Outcome:
    """The result of a trial.

    Attributes:
        name: The injected changes.
        group: `named`, `missed`, `through others` or `not visible`.
        more: How many requests it took beyond the plan.
        allowed: How many it may take.
        searched: How many of them searched for what no message stated.
        hidden: How many edges stayed hidden behind a change.
        found: The reported changes.
    """

    name: str
    group: str
    more: int
    allowed: int
    searched: int
    hidden: int
    found: str


def main(parts: list[str]) -> int:
    """Run the trials and return the exit code."""
    runs: dict[str, Callable[[int], bool]] = {"single": _single, "double": _double, "clean": _clean}
    chosen_names("trial", [part.partition("/")[0] for part in parts], [*runs])
    results = []
    for part in parts or runs:
        name, _, step = part.partition("/")
        results.append(runs[name](int(step or 1)))
    return 0 if all(results) else 1


@cache
def _plan(models: tuple[str, ...]) -> ProbePlan:
    return make_plan(SPEC, models, (), IMAGE_URL)


def _models(rule: str) -> tuple[str, ...]:
    """Return the models that a rule is about."""
    file, _, path = rule.partition("/")
    families = [
        family
        for family in SPEC.families
        if family.name == file
        or (file == "wire" and path.split(".")[0] in (family.body, "model", "endpoints"))
    ]
    return tuple(model for family in families for model in family.models)


def _all_mutants() -> Iterator[str]:
    for rule in SPEC.rules.values():
        if rule.scope == "body":
            yield from (f"{rule.id}={way}" for way in list_mutations(SPEC, rule.id))


def _all_pairs() -> Iterator[str]:
    """Yield pairs of changes of two rules of the same models."""
    generator = random.Random(SEED)
    mutants = [name for name in _all_mutants() if SPEC.rules[name.partition("=")[0]].kind not in UNNAMEABLE]
    while True:
        pair = generator.sample(mutants, 2)
        first, second = (name.partition("=")[0] for name in pair)
        if first != second and _models(first) == _models(second):
            yield " ".join(pair)


def _single(step: int) -> bool:
    return _run("single", islice(_all_mutants(), 0, None, step))


def _double(step: int) -> bool:
    return _run("double", islice(_all_pairs(), PAIRS // step))


def _run(kind: str, names: Iterable[str]) -> bool:
    """Run trials in several processes; print what is not as it should be."""
    outcomes = []
    with ProcessPoolExecutor() as pool:
        for outcome in pool.map(run_one, names, chunksize=_CHUNK):
            if outcome is None:
                continue
            outcomes.append(outcome)
            if outcome.group != "named":
                print(f"{outcome.group}: {outcome.name}: {outcome.found}", flush=True)
            if outcome.more > outcome.allowed:
                print(f"too many requests: {outcome}", flush=True)
    return _report(kind, outcomes)


def run_one(name: str) -> Outcome | None:
    """Run the trial of one change or of a pair; None if a change of a pair is not visible alone."""
    mutants = name.split()
    rules = [mutant.partition("=")[0] for mutant in mutants]
    plan, changed = _plan(_models(rules[0])), SPEC
    if len(mutants) > 1 and not all(differs(SPEC, mutate_spec(SPEC, one), plan) for one in mutants):
        return None
    try:
        for mutant in mutants:
            changed = mutate_spec(changed, mutant)
    except (ValueError, IndexError):  # the first change leaves nothing for the second one
        return None
    trial = run_trial(name, SPEC, changed, plan, *rules)
    findings = trial.result.findings
    is_through_others = findings and any(SPEC.rules[rule].kind in UNNAMEABLE for rule in rules)
    group = "named" if trial.named else "through others" if is_through_others else "missed"
    found = ", ".join(f"{finding.rule} {finding.change} {finding.new}" for finding in findings)
    return Outcome(
        name,
        group if trial.visible else "not visible",
        trial.requests - trial.planned,
        trial.allowed - trial.planned,
        trial.result.searched,
        len(trial.result.hidden),
        found,
    )


def _report(kind: str, outcomes: list[Outcome]) -> bool:
    """Print the counts; return whether enough was named, within the bound."""
    counts = Counter(outcome.group for outcome in outcomes)
    over = sum(outcome.more > outcome.allowed for outcome in outcomes)
    searches = sum(outcome.searched > 0 for outcome in outcomes)
    hidden = sum(outcome.hidden > 0 for outcome in outcomes)
    share = counts["named"] / max(1, counts["named"] + counts["missed"])
    print(
        f"{kind}: {len(outcomes)} trials, {dict(counts)}, {share:.1%} named; {over} over R + P + 2k, "
        f"{searches} with a search, {hidden} with edges left hidden",
        flush=True,
    )
    return share >= _NEEDED[kind] and not over


def _clean(step: int) -> bool:
    """Run without a change, with failures and rate limits among the answers; count false alarms."""
    alarms = unanswered = requests = 0
    runs = CLEAN_RUNS // step
    for number in range(runs):
        generator = random.Random(SEED + number)
        family = SPEC.families[number % len(SPEC.families)]
        plan = _plan(family.models)
        with tempfile.TemporaryDirectory() as folder:
            clock = ManualClock()
            ledger = ProbeLedger(Path(folder) / "ledger.db", Decimal(1000), SPEC.wire["currency"])
            emulator = Emulator(
                SPEC, settings=Settings(waiting=60.0, spool_cap=0, local_images=False), clock=clock
            )
            send = _with_faults(EmulatorTransport(emulator).handle_request, generator)
            server = live_server(SPEC, send, "http://emulator.invalid", "sk-trial", clock)
            sender = LiveSender(SPEC, server, ledger, clock, None)
            result = run_plan(SPEC, plan, sender, image_url=IMAGE_URL)
            ledger.close()
        alarms += bool(result.findings)
        unanswered += len(result.unanswered)
        requests += len(result.exchanges)
        for finding in result.findings:
            print(f"false alarm: run {number}: {finding.text}", flush=True)
    print(
        f"clean: {CLEAN_RUNS} runs, {requests:,} probes, {unanswered} unanswered, {alarms} alarms", flush=True
    )
    return not alarms


def _with_faults(
    send: Callable[[httpx.Request], httpx.Response], generator: random.Random
) -> Callable[[httpx.Request], httpx.Response]:
    """Return a function that answers some requests with a failure or a rate limit instead."""
    codes = (("InternalError", 500), ("ModelServingError", 503), ("Throttling.RateQuota", 429))

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST" and generator.random() < FAULTY:
            code, status = generator.choice(codes)
            return httpx.Response(status, json={"code": code, "message": "no", "request_id": "r-1"})
        return send(request)

    return answer


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
