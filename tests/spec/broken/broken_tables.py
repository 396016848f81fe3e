"""Cases: tables that a model file carries itself, and words of other languages for a kind."""

from tests.spec.broken.case import Broken
from tests.spec.small import FAMILY, SOURCES, WIRE

_BODY = "body: messages\n"


def _table(name: str, text: str, words: str, also: int = 0) -> Broken:
    """Return a case that adds a table to the model file."""
    return Broken(name, FAMILY, _BODY, f"{_BODY}{text}", words, also=also)


def _meant(word: str, old: str, new: str, kind: str) -> Broken:
    return Broken(
        f"{word} instead of {kind}", FAMILY, old, new, f"{word!r} is not known here, expected {kind}"
    )


BROKEN_TABLES = [
    _table(
        "calls in both files",
        "⟵calls: {sync: POST /draw, async: POST /later}\n",
        "the calls of tea-1 are in wire.yaml:18 too, expected them once",
        also=1,
    ),
    _table(
        "prices in both files",
        '⟵prices: {here: "0.10"}\n',
        "the prices of tea-1 are in wire.yaml:63 too, expected them once",
        also=1,
    ),
    _table(
        "misspelt rate",
        "⟵rates: {submit_per_second: 1, runing: 1}\n",
        "'runing' is not known here, expected running",
        also=1,
    ),
    _table(
        "rates of one model",
        "rates:\n⟵  tea-1: {submit_per_second: 1}\n",
        "tea-1 lacks running, expected it",
    ),
    _table(
        "rates of a strange model",
        "rates:\n  tea-1-pro: {submit_per_second: 1, running: 1}\n"
        "⟵  tea-2: {submit_per_second: 1, running: 1}\n",
        "the model of rates, 'tea-2' does not exist, expected tea-1",
        also=2,
    ),
    _table(
        "call that is none",
        "⟵calls: {sink: POST /draw}\n",
        "'sink' is not known here, expected one of sync, async, stream",
    ),
    _table("path without method", "⟵calls: {sync: /draw}\n", 'sync is "/draw", expected the form ^POST /'),
    _table(
        "region that is none",
        "⟵regions: {there: [sync]}\n",
        "the region 'there' does not exist, expected here",
        also=2,
    ),
    _table(
        "call of a region that is none",
        "⟵regions: {here: [sink]}\n",
        'item 1 of here is "sink", expected one of sync, async, stream',
    ),
    _table("regions as a list", "⟵regions: [here]\n", 'regions is ["here"], expected a mapping'),
    _table("price as a number", "⟵prices: {here: 0.10}\n", "here is 0.1, expected text"),
    _table(
        "page in both files",
        'sources: {pages: {⟵page: {title: A page, read: "2026", sections: []}}}\n',
        "the pages of page are in sources.yaml:3 too, expected them once",
    ),
    Broken(
        "model without region",
        WIRE,
        "{tea-1: [sync], tea-1-pro: [sync, async]}",
        "{tea-1-pro: [sync, async]}",
        "the model tea-1 has no region, expected regions in this file, or its calls in a region of wire.yaml",
        at=(FAMILY, "models:"),
        also=1,
    ),
    Broken(
        "region without a price",
        WIRE,
        "    calls: {tea-1: [sync], tea-1-pro: [sync, async]}\n",
        "    calls: {tea-1: [sync], tea-1-pro: [sync, async]}\n"
        "  there:\n    host: https://there.example\n    calls: {tea-1: [sync]}\n",
        "the model tea-1 has no price in there, expected one, since it is offered there",
        at=(WIRE, "  tea-1: {here"),
    ),
    Broken(
        "unused body form",
        WIRE,
        "endpoints:\n",
        "⟵  single: {input: {words: prompt}}\nendpoints:\n",
        "no model file has the body form single, expected `body: single` in one, or the form left out",
    ),
    Broken(
        "answer_of without a call",
        WIRE,
        "list: all, cancel: all, policy: all, token: all",
        "list: all, policy: all, token: all",
        "answer_of lacks cancel, expected async, query, list, cancel, policy, token",
    ),
    Broken(
        "answer_of a form that is none",
        WIRE,
        "list: all, cancel: all, policy: all, token: all",
        "list: all, cancel: al, policy: all, token: all",
        "the form of answers 'al' does not exist, expected all",
    ),
    Broken(
        "header of a call that is none",
        WIRE,
        "schemes: [store]",
        "call: [stream, synch]",
        'item 2 of call is "synch", expected one of sync, async, stream, query, list, cancel, policy, token',
    ),
    Broken(
        "unit of times that is none", WIRE, "epoch ms", "epoch us", 'form is "epoch us", expected one of …'
    ),
    Broken(
        "path that is none",
        WIRE,
        "cancel: POST",
        "stop: POST",
        "'stop' is not known here, expected …",
        also=1,
    ),
    Broken(
        "page among the statements",
        SOURCES,
        "statements:\n",
        'statements:\n⟵  other: {title: Another page, read: "2026", sections: [limits]}\n',
        "'read' is not known here, expected one of section, says, rules, sha256, not_encoded",
        also=3,
    ),
    Broken(
        "statement of a page that is none",
        SOURCES,
        "page#n:",
        "paper#n:",
        "the page of the statement 'paper#n' does not exist, expected page#…",
    ),
    Broken(
        "statement of a section that is none",
        SOURCES,
        "{section: limits,",
        "{section: limit,",
        "the section of page, 'limit' does not exist, expected limits",
    ),
    Broken(
        "extends in a model file", FAMILY, _BODY, f"{_BODY}⟵extends: none\n", "'extends' is not known here, …"
    ),
    Broken(
        "field with the name of an option",
        FAMILY,
        "  guard:\n",
        "⟵  timeout:\n",
        "the field name 'timeout' is an argument of the client's methods, expected another name",
    ),
    _meant("enum", "one_of: [green", "enum: [green", "one_of"),
    _meant("maximum", "    max: 4\n", "    maximum: 4\n", "max"),
    _meant("maxLength", "max_chars: {", "maxLength: {", "max_chars"),
    _meant("max_items", "max_count: 3", "max_items: 3", "max_count"),
    _meant("regex", "pattern: {", "regex: {", "pattern"),
]
