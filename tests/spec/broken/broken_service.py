"""Cases: `service.yaml` with unknown names, unused rows and wrong placeholders."""

from tests.spec.broken.case import Broken
from tests.spec.small import SERVICE

BROKEN_SERVICE = [
    Broken(
        "a group left out",
        SERVICE,
        "  token: {token: token, expires_at: expires_at}\n",
        "",
        "names lacks token, expected every group",
        at=(SERVICE, "  answer:"),
    ),
    Broken(
        "a role left out",
        SERVICE,
        "token: {token: token, expires_at: expires_at}",
        "token: {token: token}",
        "token lacks expires_at, expected every role of the group",
    ),
    Broken(
        "a role that is none",
        SERVICE,
        "token: {token: token, expires_at: expires_at}",
        "token: {token: token, expires_at: expires_at, expires: expires_at}",
        "the role of token, 'expires' does not exist, expected expires_at",
    ),
    Broken(
        "a name that no answer has",
        SERVICE,
        "expires_at: expires_at",
        "expires_at: expires_ad",
        "the name of expires_at, 'expires_ad' does not exist, expected expires_at",
    ),
    Broken(
        "a field that is none",
        SERVICE,
        "{prompt: style,",
        "{prompt: stile,",
        "the field of prompt, 'stile' does not exist, expected style",
    ),
    Broken(
        "a code that is none",
        SERVICE,
        "no_key: {code: Bad,",
        "no_key: {code: Bed,",
        "the code 'Bed' does not exist, expected Bad",
    ),
    Broken(
        "wordings of a code that is none",
        SERVICE,
        "  Bad:\n",
        "  Bed:\n",
        "the code 'Bed' does not exist, expected Bad",
    ),
    Broken(
        "a download with a code that is none",
        SERVICE,
        "{refused: Bad, failed: Bad}",
        "{refused: Bad, failed: Bed}",
        "the code 'Bed' does not exist, expected Bad",
    ),
    Broken(
        "a fault of a code that is none",
        SERVICE,
        "failure: Bad",
        "failure: Bed",
        "the code 'Bed' does not exist, expected Bad",
    ),
    Broken(
        "a kind that is none",
        SERVICE,
        "kinds: [max]",
        "kinds: [mex]",
        "the kind 'mex' does not exist, expected max",
    ),
    Broken(
        "row for the other rules missing",
        SERVICE,
        "kinds: []",
        "kinds: [min]",
        "the last row of refusals has kinds, expected an empty list, so that every rule has a row",
    ),
    Broken(
        "a wording without a source",
        SERVICE,
        "message: No key., source: page#texts",
        "message: No key.",
        "the wording has no source and is not ours, expected a source, or ours: true",
    ),
    Broken(
        "a wording that is ours and has a source",
        SERVICE,
        "message: There is none., ours: true",
        "message: There is none., ours: true, source: page#texts",
        "the wording has a source and is ours, expected a source, or ours: true",
    ),
    Broken(
        "a bound that is none",
        SERVICE,
        "At most {limit}",
        "At most {top}",
        "the placeholder of refusals, 'top' does not exist"
        ", expected one of field, value, limit, low, high, detail",
    ),
    Broken(
        "a source that is none",
        SERVICE,
        "message: No key., source: page#texts",
        "message: No key., source: page#text",
        "the section of page, 'text' does not exist, expected texts",
    ),
    Broken(
        "a source of a row in a list",
        SERVICE,
        "is: It is bad., source: page#texts",
        "is: It is bad., source: page#text",
        "the section of page, 'text' does not exist, expected texts",
    ),
    Broken(
        "no failure",
        SERVICE,
        "failure: Bad\n",
        "",
        "the file lacks failure, expected it",
        at=(SERVICE, "wan: service"),
    ),
]
