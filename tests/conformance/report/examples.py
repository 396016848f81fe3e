"""Logs for the tests of reports: failures of every kind, hostile texts, and secrets."""

from dataclasses import replace
from typing import Any

from wan_conformance.engine.runner import Runner
from wan_conformance.model import ExpectedAnswer, Observation, Reproduction, ServerAnswer, SizePoint, Verdict
from wan_conformance.report.causes.template import template_of
from wan_conformance.report.log import VerdictLog
from wan_conformance.report.run_facts import run_facts
from wan_conformance.report.spec_changes import spec_header

from wanlib.boundary.case import Case, Question
from wanlib.spec import load

SPEC = load()
RULE = "wan2.7/n.max"
OTHER = "wan2.7/size.max_pixels"
_RULES = [rule for rule in SPEC.rules.values() if rule.id.startswith(("wan2.7/", "wan2.6/"))]
RUN: dict[str, Any] = {
    "spec": SPEC.digest,
    "versions": {"python": "3.11", "wanlib": "0.1.0"},
    "started": "2026-01-31T10:00:00+00:00",
    "seed": 7,
    "arguments": {"base_url": "http://127.0.0.1:9", "api_key_env": "MY_KEY", "examples": 10},
    "targets": ["generated", "http"],
    "models": list(SPEC.models),
    "families": {family.name: list(family.models) for family in SPEC.families},
    **spec_header(SPEC, _RULES),
    **run_facts(SPEC, _RULES, base_url="http://127.0.0.1:9"),
}


def body(**parameters: Any) -> dict[str, Any]:
    """A body with these parameters."""
    content = [{"text": "Paint the door green, it's old"}]
    messages = [{"role": "user", "content": content}]
    return {"model": "wan2.7-image", "input": {"messages": messages}, "parameters": parameters}


def failing(number: int = 5, rule: str | None = RULE, **changes: Any) -> Verdict:
    """A server accepts too many pictures."""
    violates = changes.pop("violates", (RULE,))
    base = Verdict(
        rule,
        f"edge:{rule}/breaks/{number}",
        "http",
        "fail",
        ExpectedAnswer(False, violates),
        Observation(True, (), answer=ServerAnswer(200, request_id="r-1"), states=("PENDING", "SUCCEEDED")),
        body=body(n=number),
        model="wan2.7-image",
        reproduction=Reproduction("async", violates, template_of(body(n=number))),
    )
    return replace(base, **changes)


def passing(number: int, rule: str = RULE, target: str = "generated", **changes: Any) -> Verdict:
    """A target does what it has to."""
    answer = ExpectedAnswer(True, ())
    name = f"edge:{rule}/keeps/{number}"
    return Verdict(rule, name, target, "pass", answer, Observation(True, ()), model="wan2.7-image", **changes)


MIXED = VerdictLog(
    RUN,
    (
        *(passing(number, target=target) for number in (1, 4) for target in ("generated", "http")),
        replace(passing(5), case="edge:wan2.7/n.max/breaks/5"),
        failing(5),
        failing(6),
        failing(1, OTHER, violates=(OTHER,), size=SizePoint(0, 4096, 4096), body=body(size="4096*4096")),
        *(
            passing(7, OTHER, size=SizePoint(0, 1024, 1024), target=target)
            for target in ("generated", "http")
        ),
        replace(passing(8, OTHER, "http"), verdict="skip", reason="the server takes no such file"),
        failing(
            9,
            None,
            case="vector:odd",
            verdict="error",
            observed=Observation(
                None,
                (),
                error="a query was answered 500",
                answer=ServerAnswer(500, "Oops", "it broke"),
                states=("PENDING", "RUNNING", "PENDING"),
            ),
        ),
    ),
)

EVIL = "</script><script>document.title='owned'</script><img src=x onerror=alert(1)>\"'`&\x1b[31m\u202e\ud800"
HOSTILE = VerdictLog(
    {
        **RUN,
        "targets": [EVIL],
        "models": [EVIL],
        "families": {},
        "started": EVIL,
        "spec": EVIL,
        "versions": {EVIL: EVIL},
        "rules": {EVIL: {"limit": EVIL, "outcome": EVIL}},
        "places": {EVIL: EVIL},
        "statements": {EVIL: EVIL},
        "task": {"initial": EVIL, "states": {EVIL: [EVIL + "2"], EVIL + "2": []}},
        "left_out": [EVIL],
        "sizes": [{**RUN["sizes"][0], "model": EVIL, "mode": EVIL}],
    },
    (
        failing(
            5,
            EVIL,
            target=EVIL,
            violates=(EVIL,),
            case=EVIL,
            model=EVIL,
            place=EVIL,
            size=SizePoint(0, 5000, 5000),
            body={EVIL: EVIL},
            observed=Observation(
                True, (), answer=ServerAnswer(200, EVIL, EVIL, EVIL), states=(EVIL, EVIL + "3")
            ),
        ),
        failing(6, EVIL, target="b", verdict="error", observed=Observation(None, (), error=EVIL)),
        replace(passing(1, EVIL, EVIL), verdict="skip", reason=EVIL),
        failing(7, None, target="c", reason=EVIL, body=EVIL, reproduction=Reproduction(EVIL, (), EVIL)),
    ),
)

KEY = "sk-5ec2e7000000000000000000deadbeef"
SIGNATURE = "c2lnbmF0dXJlLW9mLWEtdXJs"
PIXELS = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ" * 40
SECRETS = (KEY, SIGNATURE, PIXELS[:80])


def secret_log(observation: Observation) -> VerdictLog:
    """The log of a run in which body and target hold secrets."""
    url = f"https://example.com/a.png?OSSAccessKeyId=k&Expires=32503680000&Signature={SIGNATURE}"
    content = [{"image": url}, {"image": f"data:image/png;base64,{PIXELS}"}, {"text": f"key {KEY}"}]
    secret = body(n=5)
    secret["input"]["messages"][0]["content"] = content

    class Leaky:
        name, refuses, leaves_out = "http", frozenset({"rejected"}), frozenset[str]()

        def claims(self, kind: str) -> bool:
            return True

        def observe(self, question: Question) -> Observation:
            return observation

    case = Case(f"edge:{RULE}/breaks/5", RULE, Question(secret, "async"), ((RULE, "rejected"),))
    run = Runner([], [], SPEC.models, [])
    return VerdictLog(RUN, (run.judge_case(case, Leaky()),))
