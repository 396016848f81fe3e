"""Faults of every kind, drawn by Hypothesis, as the steps of a free play name them."""

from functools import lru_cache

from hypothesis import strategies as st

from conformance.lifecycle.stage import spec
from wanlib.emulator.fault import KINDS, WHERE

_ERRORS = spec().wire["errors"]
# Of the codes without a blank: a step of a play is written in words.
_CODES = st.sampled_from(sorted(code for code in _ERRORS if " " not in code))
# A task fails by none of the others: they are about a call, and a query that says them is believed so.
_FAILURES = st.sampled_from(
    [
        code
        for code, told in sorted(_ERRORS.items())
        if told["class"] not in ("rate", "authentication") and " " not in code
    ]
)
_ASKED = st.sampled_from(("", ",retry_after=2", ",retry_after=30", ",retry_after=5000"))
_GATEWAY = st.sampled_from(("", ",status=504", ",status=503", ",status=429"))
_WORDS = st.sampled_from(("", ",word=HIBERNATING"))
_COUNT = st.sampled_from(("", ",count=2", ",count=9"))
_PACE = st.sampled_from(("", ",pace=0.5", ",pace=2"))
_DONE = st.sampled_from(("", ",done"))


@lru_cache
def faults(call: str) -> st.SearchStrategy[str]:
    """Faults for an exchange of CALLS.

    A create that is refused in the vendor's own words was not carried out: a service that lies in this can
    make any client pay twice.
    """
    done = st.just("") if call in ("any", "async") else _DONE
    parts = _parts(done)
    drawn = [*parts.values(), parts["cut"]]  # what matters most comes most
    return st.one_of(*(st.builds("".join, st.tuples(*each)) for each in drawn))


def _parts(done: st.SearchStrategy[str]) -> dict[str, tuple[st.SearchStrategy[str], ...]]:
    kinds = {name: st.just(name) for name in KINDS}
    code = st.builds(",code={}".format, _CODES)
    return {
        "error": (kinds["error"], code, _ASKED, done),
        "html": (kinds["html"], _GATEWAY, _DONE),
        "inside": (kinds["inside"], code, done),
        "cut": (kinds["cut"], st.builds(",where={}".format, st.sampled_from(WHERE)), _DONE),
        "trickle": (kinds["trickle"], _PACE),
        "again": (kinds["again"],),
        "doubled": (kinds["doubled"],),
        "status": (kinds["status"], _WORDS),
        "fail": (kinds["fail"], st.builds(",code={}".format, _FAILURES)),
        "partial": (kinds["partial"], _COUNT),
        "short": (kinds["short"], _COUNT),
        "download": (kinds["download"], st.sampled_from(("", ",where=after"))),
    }
