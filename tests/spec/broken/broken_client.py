"""Cases: what a client needs of a spec: verbs, picture counts, outcomes of a task, durations, prices."""

from tests.spec.broken.case import Broken
from tests.spec.small import FAMILY, TASK, WIRE

_EDIT = "edit: {means: {quick: true}, starts: {strength: 0.2}}"
_COUNT_OF = "count_of: {bare: n, otherwise: n}"
_COUNT_IS = "count_is: {grand: at most, otherwise: exact}"
_OUTCOMES = "{succeeded: DONE, failed: DONE, canceled: DONE, unknown: LOST}"

BROKEN_CLIENT = [
    # verbs
    Broken(
        "no verbs",
        FAMILY,
        f"verbs:\n  {_EDIT}\n  generate: {{}}\n",
        "",
        "the file lacks verbs, expected it",
        at=(FAMILY, 'wan: "1.0"'),
    ),
    Broken(
        "verbs of nothing",
        FAMILY,
        f"\n  {_EDIT}\n  generate: {{}}",
        " {}",
        "verbs is {}, expected at least one member",
        at=(FAMILY, "verbs: {}"),
    ),
    Broken(
        "strange verb",
        FAMILY,
        "generate: {}",
        "generat: {}",
        "'generat' is not known here, expected generate",
    ),
    Broken(
        "verb as text",
        FAMILY,
        "generate: {}",
        "generate: yes please",
        'generate is "yes please", expected a mapping',
    ),
    Broken(
        "strange part of a verb",
        FAMILY,
        "generate: {}",
        "generate: {mean: {}}",
        "'mean' is not known here, expected means",
    ),
    Broken(
        "verb that means a list",
        FAMILY,
        "generate: {}",
        "generate: {means: [quick]}",
        'means is ["quick"], expected a mapping',
    ),
    Broken(
        "verb that means a strange field",
        FAMILY,
        "means: {quick: true}",
        "means: {quik: true}",
        "the field 'quik' does not exist, expected quick",
    ),
    Broken(
        "verb that starts a strange field",
        FAMILY,
        "starts: {strength: 0.2}",
        "starts: {strengt: 0.2}",
        "the field 'strengt' does not exist, expected strength",
    ),
    Broken(
        "verb that means another type",
        FAMILY,
        "means: {quick: true}",
        "means: {quick: 1}",
        "quick of the type boolean is 1, expected a value of the type boolean",
    ),
    Broken(
        "verb that starts beyond a bound",
        FAMILY,
        "strength: 0.2",
        "strength: 1.2",
        "strength is 1.2, expected a value that satisfies wan1.0/strength.max",
    ),
    Broken(
        "verb that means a list field",
        FAMILY,
        "quick: true}, starts",
        "images: []}, starts",
        "images of the type list is [], expected none of it",
    ),
    Broken(
        "verb that means and starts one field",
        FAMILY,
        "starts: {strength: 0.2}",
        "starts: {quick: false}",
        "edit starts with quick, which it means too, expected it once",
    ),
    Broken(
        "verb with a strange source",
        FAMILY,
        "generate: {}",
        "generate: {source: page#text}",
        "the section of page, 'text' does not exist, expected texts",
    ),
    Broken(
        "verb that streams where nothing does",
        FAMILY,
        "generate: {}",
        "stream: {}",
        "no model of the verb stream has such an endpoint, expected one in wire.yaml",
    ),
    # output
    Broken(
        "no count_of",
        FAMILY,
        f"  {_COUNT_OF}\n",
        "",
        "output lacks count_of, expected it",
        at=(FAMILY, "output:"),
    ),
    Broken(
        "count_of without otherwise", FAMILY, ", otherwise: n}", "}", "count_of lacks otherwise, expected it"
    ),
    Broken(
        "strange output fact",
        FAMILY,
        _COUNT_OF,
        f"{_COUNT_OF}\n⟵  pixels: 3",
        "'pixels' is not known here, expected one of format, result,…",
    ),
    Broken(
        "strange result",
        FAMILY,
        "result: choices",
        "result: choice",
        'result is "choice", expected one of choices, results',
    ),
    Broken(
        "count_of a strange field",
        FAMILY,
        "{bare: n,",
        "{bare: m,",
        "the field 'm' does not exist, expected n",
    ),
    Broken(
        "count_of a number that is not an integer",
        FAMILY,
        "{bare: n,",
        "{bare: strength,",
        "count_of names strength, of the type number, expected an integer field with a default",
    ),
    Broken(
        "count_of a field without default",
        FAMILY,
        "    default: 4\n",
        "",
        "count_of names n, of the type integer, expected an integer field with a default",
        at=(FAMILY, _COUNT_OF),
        also=1,
    ),
    Broken(
        "count_of in a strange mode",
        FAMILY,
        "{bare: n,",
        "{bar: n,",
        "the mode 'bar' does not exist, expected bare",
    ),
    Broken(
        "count_of in no condition",
        FAMILY,
        "{bare: n,",
        "{bare and grand: n,",
        "'bare and grand' is not a condition, expected a mode or not a mode",
    ),
    Broken(
        "count_of in modes that meet",
        FAMILY,
        "{bare: n,",
        "{bare: n, grand: n,",
        "count_of varies by bare and by grand, which hold together (images=0, model=tea-1-pro)"
        ", expected modes of which one holds",
    ),
    Broken(
        "count_is of a strange word",
        FAMILY,
        "grand: at most",
        "grand: about",
        'grand is "about", expected one of exact, at most',
    ),
    Broken(
        "count_is in modes that meet",
        FAMILY,
        "{grand: at most,",
        "{grand: at most, not bare: at most,",
        "count_is varies by grand and by not bare, which hold together (model=tea-1-pro, images=1)"
        ", expected modes of which one holds",
    ),
    # the life of a task
    Broken(
        "no outcomes",
        TASK,
        f"outcomes: {_OUTCOMES}\n",
        "",
        "the file lacks outcomes, expected it",
        at=(TASK, "wan: task"),
    ),
    Broken("an outcome left out", TASK, "failed: DONE, ", "", "outcomes lacks failed, expected it"),
    Broken(
        "a state that follows itself",
        TASK,
        "WAITING: {next: [DONE]}",
        "WAITING: {next: [DONE, WAITING]}",
        "the state WAITING follows itself, expected other states",
    ),
    Broken(
        "a strange outcome",
        TASK,
        "failed: DONE, ",
        "failed: DONE, lost: LOST, ",
        "'lost' is not known here, expected one of succeeded, failed, canceled, unknown",
    ),
    Broken(
        "outcome of a strange state",
        TASK,
        "failed: DONE, ",
        "failed: BROKEN, ",
        "the terminal state 'BROKEN' does not exist, expected one of DONE, LOST",
    ),
    Broken(
        "outcome that goes on",
        TASK,
        "failed: DONE, ",
        "failed: WAITING, ",
        "the terminal state 'WAITING' does not exist, expected one of DONE, LOST",
    ),
    # wire.yaml
    Broken(
        "no currency",
        WIRE,
        "currency: CNY\n",
        "",
        "the file lacks currency, expected it",
        at=(WIRE, "wan: wire"),
    ),
    Broken("currency in words", WIRE, "CNY", "yuan", 'currency is "yuan", expected the form ^[A-Z]{3}$'),
    Broken(
        "interval without unit",
        WIRE,
        "max_interval: 10 s,",
        "max_interval: 10,",
        "max_interval is 10, expected text",
    ),
    Broken(
        "interval in strange units",
        WIRE,
        "max_interval: 10 s,",
        "max_interval: 10 min,",
        'max_interval is "10 min", expected the form ^[1-9][0-9]* (s|h)$',
    ),
    Broken(
        "strange timeout",
        WIRE,
        "{sync: 298 s, internal",
        "{sync: 298 s, syn: 1 s, internal",
        "'syn' is not known here, expected sync",
    ),
    Broken("upload without form", WIRE, ", form: [key, file]", "", "upload lacks form, expected it"),
    Broken(
        "zone by name", WIRE, '"-01:30"', "CET", 'zone is "CET", expected the form ^[-+][0-9]{2}:[0-9]{2}$'
    ),
    Broken(
        "a timeout with a strange code",
        WIRE,
        "internal_code: Bad",
        "internal_code: Worse",
        "the code 'Worse' does not exist, expected one of Bad, bad",
    ),
    Broken("stream without an end", WIRE, ", last: stop}", "}", "finish_reason lacks last, expected it"),
    Broken(
        "usage in strange words",
        WIRE,
        "usage: last",
        "usage: at the end",
        'usage is "at the end", expected one of cumulative, last',
    ),
    Broken(
        "no parts in a chunk",
        WIRE,
        "parts_of_a_chunk: 1",
        "parts_of_a_chunk: 0",
        "parts_of_a_chunk is 0, expected at least 1",
    ),
]
