"""Invented families beside the small spec: with the kinds that no packaged model has, and without images."""

from pathlib import Path

from tests.spec.small import FILES, WIRE, write
from wanlib.spec import Spec, load

CUP = "wan2.0.yaml"
MODEL = "cup-1"

_CUP = """\
wan: "2.0"
models: [cup-1]
source: page#limits
body: messages
calls:
  sync: POST /draw
  stream: {is: POST /draw, only_in: {is: hot, outcome: unspecified}}
regions:
  here: [sync, stream]
rates: {submit_per_second: 1, running: 1}
prices: {here: "0.30"}

modes:
  hot:      given(heat) and heat > 40
  sweet:    given(sugar)
  iced:     not given(heat) or heat <= 40
  hot_sync: hot and call == "sync"
  long:     steep > 90

fields:
  prompt: {type: text, required: true}
  images:
    type: list
    max_count: 2
    each:
      type: image
      schemes: [https, data]
      encoding: base64
      mime: {gif: image/gif, tiff: image/tiff}
      formats: [gif, tiff]
      min_side: 8
      max_side: 64
      max_bytes: 1 MB
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
  leaves: {type: integer, min: 0, max: 9, when long: {max: 6}}
  lemon: {type: text, excludes: [milk]}
  honey: {type: integer, requires: lemon}
  cream: {type: boolean, requires: images, excludes: [sugar, petals]}
  petals:
    type: list
    max_count: 4
    each: {type: text}
  steep: {type: integer, min: 10, max: 120, step: 5, default: 60}
  ratio: {type: number, min: 0.2, max: 2.0, step: 0.1}
  time_limit: {type: integer, as: timeout, min: 1, max: 60}
  most_sips: {type: integer, as: maxSips, place: input, max: 9, requires: time_limit}
  cups: {type: integer, one_of: [1, 2, 4, 6]}
  depth: {type: number, one_of: [0.5, 1, 2.5]}
  size:
    type: size
    default: 600*512
    keywords: {}
    min_side: 512
    max_side: 2048
    when hot: {max_side: 1024}
  tray:
    type: size
    keywords: {}
    min_pixels: 30*30
    max_pixels: 80*80
    min_side: 20
    max_side: 120
    min_ratio: 1:3
  foam:
    type: boolean
    when hot: {requires: milk}

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


POT = "wan3.0.yaml"
POT_MODEL = "pot-1"

_POT = """\
wan: "3.0"
models: [pot-1]
source: page#limits
body: messages
calls: {sync: POST /draw}
regions: {here: [sync]}
rates: {submit_per_minute: 2, running: unlimited}
prices: {here: "0.30"}

fields:
  prompt: {type: text, required: true, max_chars: 40}
  n: {type: integer, min: 1, max: 4, default: 1}

verbs:
  generate: {}

output:
  format: png
  result: choices
  images_of_a_set: {otherwise: a choice each}
  size:
    otherwise: {ratio: square, pixels: 64*64}
  multiple_of: 1
  usage: {pictures: images, width: width, height: height}
  count_of: {otherwise: n}
  count_is: {otherwise: exact}
"""


def kinds_files() -> dict[str, str]:
    """Return the files of the small spec with the family of cups."""
    wire = FILES[WIRE].replace("image: images,", 'image: "images?",')
    return {POT: _POT, CUP: _CUP, **FILES, WIRE: wire}


def load_kinds(folder: Path) -> Spec:
    """Write the files to a folder and load them."""
    return load(write(folder, kinds_files()))
