"""Plants every single change, pairs of changes, and none at all, and counts what is named.

`python -m tests.conformance.live.naming_trials [single|double|clean]…`; `make live` runs all of them.
`single/10` takes every tenth trial only.
"""

import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
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

from tests.conformance.live.trials import IMAGE_URL, Trial, differs, run_trial
from wanlib.base.clock import ManualClock
from wanlib.emulator import Emulator, Settings
from wanlib.emulator.transport import EmulatorTransport
from wanlib.spec import Spec, load
from wanlib.spec.mutations import list_mutations, mutate_spec

SPEC = load()
SEED = 20261129
PAIRS = 120
CLEAN_RUNS = 200
FAULTY = 0.03
_NEEDED = {"single": 1.0, "double": 0.95}

# Changes that a status shows only through other rules, or not at all, and why.
UNNAMEABLE = {
    "place": "the outcome of a wrong place is unspecified; the value shows through its other rules",
    "effective": "a field without effect is not checked; the change shows through its other rules",
    "needs": "the outcome is unspecified",
}


def main(parts: list[str]) -> int:
    """Run the trials and return the exit code."""
    runs: dict[str, Callable[[int], bool]] = {"single": _single, "double": _double, "clean": _clean}
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


def _single(step: int) -> bool:
    trials = []
    for name in islice(_all_mutants(), 0, None, step):
        rule = name.partition("=")[0]
        trials.append(_shown(run_trial(name, SPEC, mutate_spec(SPEC, name), _plan(_models(rule)), rule)))
    return _report("single", trials)


def _double(step: int) -> bool:
    generator = random.Random(SEED)
    nameable = [name for name in _all_mutants() if SPEC.rules[name.partition("=")[0]].kind not in UNNAMEABLE]
    trials: list[Trial] = []
    while len(trials) < PAIRS // step:
        first, second = generator.sample(nameable, 2)
        rules = [name.partition("=")[0] for name in (first, second)]
        if _models(rules[0]) != _models(rules[1]) or rules[0] == rules[1]:
            continue
        plan = _plan(_models(rules[0]))
        alone = [mutate_spec(SPEC, name) for name in (first, second)]
        if not all(_shows(spec, plan) for spec in alone):
            continue
        try:
            both = mutate_spec(mutate_spec(SPEC, first), second)
        except (ValueError, IndexError):  # the first change leaves nothing for the second one
            continue
        trials.append(_shown(run_trial(f"{first} {second}", SPEC, both, plan, *rules)))
    return _report("double", trials)


def _shows(changed: Spec, plan: ProbePlan) -> bool:
    return differs(SPEC, changed, plan)


def _shown(trial: Trial) -> Trial:
    """Print a trial whose visible change was not named."""
    if trial.visible and not trial.named:
        found = [f"{finding.rule} {finding.change} {finding.new}" for finding in trial.result.findings]
        print(f"not named: {trial.name}: {found}", flush=True)
    return trial


def _report(name: str, trials: list[Trial]) -> bool:
    """Print the counts and everything that was not named; return whether enough was."""
    counts: Counter[str] = Counter()
    for trial in trials:
        rules = [SPEC.rules[part.partition("=")[0]] for part in trial.name.split()]
        is_excused = any(rule.kind in UNNAMEABLE for rule in rules)
        group = "named" if trial.named else "unnameable" if is_excused and trial.visible else "missed"
        group = "not visible" if not trial.visible else group
        counts[group] += 1
        changes = sum(len(finding.models) for finding in trial.result.findings)
        counts["over the bound"] += trial.requests > trial.planned + 2 * changes
    share = counts["named"] / max(1, counts["named"] + counts["missed"])
    print(f"{name}: {len(trials)} trials, {dict(counts)}, {share:.1%} named", flush=True)
    return share >= _NEEDED[name]


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
