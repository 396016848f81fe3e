"""A small valid spec with every kind of rule, for tests that change one thing."""

from collections.abc import Mapping
from pathlib import Path

from wanlib.base.wire_names import GROUPS, roles

_FAMILY = """\
wan: "1.0"
models: [tea-1, tea-1-pro]
source: page#limits
body: messages

modes:
  bare: count(images) == 0
  grand: model == "tea-1-pro"
  bare_grand: bare and grand
  fast: quick and call in ("sync", "stream")

fields:
  prompt:
    type: text
    required: true
    max_chars: {is: 50, outcome: truncated, source: page#texts}
  images:
    type: list
    max_count: 3
    each:
      type: image
      schemes: [http, https, data]
      chars: ascii
      encoding: base64
      mime: {png: image/png}
      formats: [png]
      min_side: 10
      max_side: 100
      max_ratio: 8:1
      max_bytes: 1 MB
  size:
    type: size
    default: 1K
    keywords: {1K: 64*64}
    min_pixels: 8*8
    max_pixels: 64*64
    min_ratio: 1:2
    when grand:
      keywords: {1K: 64*64, 2K: 128*128}
      max_pixels: 128*128
  n:
    type: integer
    min: 1
    max: 4
    default: 4
    when grand: {max: 12, default: 12}
  quick:
    type: boolean
    default: false
    when grand: {one_of: [false]}
  style:
    type: text
    default: green
    one_of: [green, black, white]
  strength:
    type: number
    min: 0.0
    max: 1.0
    default: 0.5
    effective: bare
  guard:
    type: text
    place: input
    needs: {is: not bare, outcome: unspecified}
  mask:
    type: image
    same_pixels_as: images
  boxes:
    type: list
    same_count_as: images
    each:
      type: list
      each:
        type: list
        count: 4
        ordered: [x1, y1, x2, y2]
        inside: images
        each: {type: integer, min: 0}
  palette:
    type: list
    min_count: 1
    total: {is: "100.00", of: share}
    each:
      type: object
      fields:
        hex:
          type: text
          pattern: {is: "#[0-9a-f]{6}", keeps: ["#c2d1e6"], breaks: ["c2d1e6"]}
        share:
          type: percent
          required: true
          decimals: 2

verbs:
  edit: {means: {quick: true}, starts: {strength: 0.2}}
  generate: {}

output:
  format: png
  result: choices
  images_of_a_set: {grand: one choice, otherwise: a choice each}
  size:
    bare: {ratio: square, pixels: keyword}
    otherwise: {ratio: last image, pixels: keyword, without_image: square}
  multiple_of: 1
  count_of: {bare: n, otherwise: n}
  count_is: {grand: at most, otherwise: exact}
"""

_TASK = """\
wan: task
source: page#limits
initial: WAITING
states:
  WAITING: {next: [DONE]}
  DONE: {terminal: true}
  LOST: {terminal: true}
cancelable: [WAITING]
outcomes: {succeeded: DONE, failed: DONE, canceled: DONE, unknown: LOST}
expires: {is: 24 h, of: submission, into: LOST}
links_expire: {is: 24 h, of: end}
"""

_WIRE = """\
wan: wire
extends: none
source: page#limits
base_path: /api
model: {is: listed}
bodies:
  messages:
    input:
      messages:
        count: 1
        each:
          role: {one_of: [user]}
          content:
            parts: {image: images, text: prompt}
            text: {max_count: 1}
    parameters: "*"
endpoints:
  tea-1: {sync: POST /draw}
  tea-1-pro: {sync: POST /draw, async: POST /later}
paths: {query: GET /tasks/1, list: GET /tasks, cancel: POST /cancel, policy: GET /policy, token: POST /token}
default_region: here
regions:
  here:
    workspace_host: https://here.example
    calls: {tea-1: [sync], tea-1-pro: [sync, async]}
headers:
  X-Store: {is: open, schemes: [store]}
task_id: {is: "[0-9]+"}
queries:
  list:
    since: {type: text, form: YYYY-MM-DD}
    page_size: {type: integer, default: 7}
  policy:
    action: {type: text, one_of: [ask]}
answers:
  all: {NAMES}
  choices:
    output:
      members:
        choices: {type: list, each: {members: {message: {members: {role: {type: text, one_of: [waiter]}}}}}}
answer_of: {async: all, query: all, list: all, cancel: all, policy: all, token: all}
times: {query: {form: "YYYY-MM-DD hh:mm", zone: "-01:30"}, list: {form: epoch ms}}
streaming:
  content_type: text/event-stream
  parts_of_a_chunk: 1
  finish_reason: {before_the_last: more, last: stop}
  usage: last
errors:
  Bad: {status: 400, class: invalid, means: It is bad.}
  bad: {status: 400, class: invalid, alias_of: Bad}
error_prefixes: {is: [Bad]}
error_wordings:
  cold: {codes: [Bad], contains: is cold, means: It is cold., advice: heat it}
statuses: {4xx: invalid, 5xx: service}
rates:
  tea-1: {submit_per_second: 1, running: 1}
  tea-1-pro: {submit_per_second: 1, running: 1}
account_rates: {}
polling: {max_interval: 10 s, min_interval: 5 s}
timeouts: {sync: 298 s, internal: 3 h, internal_code: Bad}
currency: CNY
prices:
  tea-1: {here: "0.10"}
  tea-1-pro: {here: "0.20"}
upload: {expires: 48 h, policy_expires: 300 s, form: [key, file]}
"""

_NAMES = "\n".join(
    f"  {group}: {{{', '.join(f'{role}: {role}' for role in roles(group))}}}" for group in GROUPS
)
_ROLES = {role for group in GROUPS for role in roles(group) if group != "storage"}
_SERVICE = f"""\
wan: service
source: page#texts
names:
{_NAMES}
fields: {{prompt: style, images: images, size: size, seed: n, watermark: quick, rewriting: quick}}
watermark: {{is: Drawn}}
headers:
  x-id: {{is: "{{request_id}}"}}
upload:
  {{max_file_mb: 1, capacity_mb: 9, folder: cups, acl: private,
   forbid_overwrite: "true", accepted_status: "200"}}
errors:
  no_key: {{code: Bad, message: No key., source: page#texts}}
refusals:
  - {{kinds: [max], field: n, limit: 4, code: Bad, message: "At most {{limit}}", source: page#texts}}
  - {{kinds: [], code: Bad, message: "{{detail}}", ours: true}}
messages:
  Bad:
    - {{is: It is bad., source: page#texts}}
failure: Bad
download: {{refused: Bad, failed: Bad}}
error: Bad
storage:
  retry_statuses: [403]
  answers:
    absent: {{status: 404, code: None, message: There is none., ours: true}}
"""

_SOURCES = """\
wan: sources
pages:
  page: {title: A page, read: "2026", sections: [limits, texts]}
statements:
  page#n: {section: limits, says: At most four., rules: [wan1.0/n.max]}
"""

_WIRE = _WIRE.replace("{NAMES}", "{" + ", ".join(f"{role}: {{type: text}}" for role in sorted(_ROLES)) + "}")

FAMILY, TASK, WIRE, SOURCES = "wan1.0.yaml", "task.yaml", "wire.yaml", "sources.yaml"
SERVICE = "service.yaml"
FILES = {FAMILY: _FAMILY, TASK: _TASK, WIRE: _WIRE, SERVICE: _SERVICE, SOURCES: _SOURCES}


def write(folder: Path, files: Mapping[str, str] = FILES) -> Path:
    """Write the files of a spec to a folder and return it."""
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    return folder
