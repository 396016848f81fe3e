"""Cases: inconsistent rows of error codes."""

from tests.spec.broken.case import Broken
from tests.spec.small import WIRE

_NO_BAT = "the code 'Bat' does not exist, expected Bad"
_ALIAS = "bad: {status: 400, class: invalid, alias_of: Bad}"

BROKEN_ERRORS = [
    Broken(
        "code without a meaning",
        WIRE,
        "class: invalid, means: It is bad.",
        "class: invalid",
        "Bad does not say what it means, expected means, or alias_of",
    ),
    Broken(
        "alias of nothing",
        WIRE,
        "alias_of: Bad",
        "alias_of: Bat",
        _NO_BAT,
    ),
    Broken(
        "alias of an alias",
        WIRE,
        _ALIAS,
        f"{_ALIAS}\n  worse: {{status: 400, class: invalid, alias_of: bad}}",
        "worse is an alias of an alias, expected Bad",
        at=(WIRE, "  worse:"),
    ),
    Broken(
        "alias of another class",
        WIRE,
        _ALIAS,
        _ALIAS.replace("invalid", "billing"),
        "bad has another class than Bad, expected invalid",
    ),
    Broken(
        "alias that may be retried",
        WIRE,
        _ALIAS,
        _ALIAS.replace("alias_of", "retry: true, alias_of"),
        "bad has another retry than Bad, expected none",
    ),
    Broken(
        "prefix that is not a code",
        WIRE,
        "is: [Bad]",
        "is: [Bat]",
        _NO_BAT,
    ),
    Broken(
        "wording of no code",
        WIRE,
        "codes: [Bad]",
        "codes: [Bat]",
        _NO_BAT,
    ),
    Broken(
        "wording in capitals",
        WIRE,
        "contains: is cold",
        "contains: Is cold",
        "contains has capitals, expected is cold",
    ),
    Broken(
        "retry of another word",
        WIRE,
        "class: invalid, means",
        "retry: twice, class: invalid, means",
        "retry is …",
    ),
]
