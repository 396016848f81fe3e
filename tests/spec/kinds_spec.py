"""An invented family beside the small spec, with the kinds of rules that the packaged spec does not use."""

from pathlib import Path

from tests.spec.small import FILES, SOURCES, WIRE, write
from wanlib.spec import Spec, load

CUP = "wan2.0.yaml"
MODEL = "cup-1"

_CUP = """\
wan: "2.0"
models: [cup-1]
source: page#limits
body: messages

modes:
  hot:      given(heat) and heat > 40
  sweet:    given(sugar)
  iced:     not given(heat) or heat <= 40
  hot_sync: hot and call == "sync"

calls:
  stream: {only_in: {is: hot, outcome: unspecified}}

fields:
  prompt: {type: text, required: true}
  images:
    type: list
    max_count: 2
    each: {type: image, schemes: [https, data], encoding: base64}
  n: {type: integer, min: 1, max: 4, default: 1}
  heat:
    type: integer
    min: 0
    max: 100
  sugar:
    type: text
    max_chars: 9
    when hot: {max_chars: 20}
  spoon:
    type: boolean
    effective: sweet
  milk:
    type: integer
    min: 1
    max: 5
    when iced: {max: 3}

verbs:
  generate: {}

output:
  format: png
  result: choices
  images_of_a_set: {otherwise: a choice each}
  size:
    otherwise: {ratio: square, pixels: 64*64}
  multiple_of: 1
  count_of: {otherwise: n}
  count_is: {otherwise: exact}
"""

_EDITS = (
    (
        "  tea-1-pro: {sync: POST /draw, async: POST /later}\n",
        "  cup-1: {sync: POST /draw, stream: POST /draw}\n",
    ),
    ("    calls: {tea-1: [sync], ", "    calls: {cup-1: [sync, stream], tea-1: [sync], "),
    ("  tea-1-pro: {submit_per_second: 1, running: 1}\n", "  cup-1: {submit_per_second: 1, running: 1}\n"),
    ('  tea-1-pro: {here: "0.20"}\n', '  cup-1: {here: "0.30"}\n'),
)


def kinds_files() -> dict[str, str]:
    """Return the files of the small spec with the family of cups."""
    wire = FILES[WIRE]
    for line, added in _EDITS:
        assert wire.count(line) == 1, line
        wire = wire.replace(line, added if added.startswith("    calls") else line + added)
    return {CUP: _CUP, **FILES, WIRE: wire, SOURCES: FILES[SOURCES]}


def load_kinds(folder: Path) -> Spec:
    """Write the files to a folder and load them."""
    return load(write(folder, kinds_files()))
