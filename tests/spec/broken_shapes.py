"""What spec.schema.json refuses."""

from tests.spec.broken import Broken
from tests.spec.small import FAMILY, SOURCES, TASK, WIRE

BROKEN_SHAPES = [
    Broken(
        "misspelt kind", FAMILY, "max_chars", "max_char", "'max_char' is not known here, expected max_chars"
    ),
    Broken(
        "misspelt kind of an item",
        FAMILY,
        "      min_side: 10",
        "      min_sides: 10",
        "'min_sides' is not known here, expected min_side",
    ),
    Broken(
        "misspelt kind of a member",
        FAMILY,
        "          decimals: 2",
        "          decimal: 2",
        "'decimal' is not known here, expected decimals",
    ),
    Broken(
        "misspelt section",
        FAMILY,
        "fields:\n  prompt",
        "feilds:\n  prompt",
        "'feilds' is not known here, expected fields",
        also=1,
    ),
    Broken("misspelt modes", FAMILY, "modes:\n", "mode:\n", "'mode' is not known here, expected modes"),
    Broken(
        "misspelt when",
        FAMILY,
        "    when grand: {max: 12",
        "    wenn grand: {max: 12",
        "'wenn grand' is not known here, expected when and a mode",
    ),
    Broken(
        "when without a mode",
        FAMILY,
        "    when grand: {max: 12",
        "    when: {max: 12",
        "'when' is not known here, expected when and a mode",
    ),
    Broken(
        "misspelt kind in a variant",
        FAMILY,
        "{max: 12, default: 12}",
        "{maximum: 12, default: 12}",
        "'maximum' is not known here, expected max",
    ),
    Broken(
        "kind that can't vary",
        FAMILY,
        "{max: 12, default: 12}",
        "{type: integer}",
        "'type' is not known here, expected one of required, …more",
    ),
    Broken(
        "empty variant",
        FAMILY,
        "{max: 12, default: 12}",
        "{}",
        "when grand is {}, expected at least one member",
    ),
    Broken("type missing", FAMILY, "  n:\n    type: integer\n", "  n:\n", "n lacks type, expected it"),
    Broken(
        "misspelt type",
        FAMILY,
        "  n:\n    type: integer",
        "  n:\n⟵    type: int",
        'type is "int", expected one of text, integer, number, boolean, list, object, image, size, percent',
    ),
    Broken(
        "field without mapping",
        FAMILY,
        "  n:\n    type: integer\n    min: 1\n"
        "    max: 4\n    default: 4\n    when grand: {max: 12, default: 12}\n",
        "  n: integer\n",
        'n is "integer", expected a mapping',
    ),
    Broken("models no list", FAMILY, "[tea-1, tea-1-pro]", "tea-1", 'models is "tea-1", expected a list'),
    Broken("no model", FAMILY, "[tea-1, tea-1-pro]", "[]", "models is [], expected at least one item"),
    Broken(
        "model no text", FAMILY, "[tea-1, tea-1-pro]", "[tea-1, 1]", "item 2 of models is 1, expected text"
    ),
    Broken("version a number", FAMILY, '"1.0"', "1.0", 'wan is 1.0, expected "1.0", as the file is named'),
    Broken(
        "version of another", FAMILY, '"1.0"', '"1.1"', "wan is '1.1', expected \"1.0\", as the file is named"
    ),
    Broken("wan missing", FAMILY, 'wan: "1.0"\n', "", 'lacks wan, expected "1.0", as the file is named'),
    Broken("mode no text", FAMILY, "bare: count(images) == 0", "bare: 5", "bare is 5, expected text"),
    Broken(
        "state without mapping",
        TASK,
        "  DONE: {terminal: true}",
        "  DONE: terminal",
        'DONE is "terminal", expected a mapping',
    ),
    Broken(
        "terminal false",
        TASK,
        "  DONE: {terminal: true}",
        "  DONE: {terminal: false}",
        "terminal is false, expected true",
    ),
    Broken(
        "misspelt key of a state",
        TASK,
        "{next: [DONE]}",
        "{nxt: [DONE]}",
        "'nxt' is not known here, expected next",
    ),
    Broken(
        "term without unit",
        TASK,
        "{is: 24 h, of: end}",
        "{is: 24, of: end}",
        "links_expire is 24, expected text",
    ),
    Broken(
        "term of a strange unit",
        TASK,
        "{is: 24 h, of: end}",
        "{is: 1 d, of: end}",
        'links_expire is "1 d", expected the form ^[1-9][0-9]* (s|h)$',
    ),
    Broken(
        "section of task missing",
        TASK,
        "initial: WAITING\n",
        "",
        "the file lacks initial, expected it",
        at=(TASK, "wan: task"),
    ),
    Broken(
        "misspelt section of wire",
        WIRE,
        "base_path:",
        "basepath:",
        "'basepath' is not known here, expected base_path",
        also=1,
    ),
    Broken(
        "misspelt call",
        WIRE,
        "{sync: POST /draw}",
        "{sinc: POST /draw}",
        "'sinc' is not known here, expected sync",
    ),
    Broken(
        "endpoint without method",
        WIRE,
        "{sync: POST /draw}",
        "{sync: /draw}",
        'sync is "/draw", expected the form ^POST /',
    ),
    Broken("price a number", WIRE, '{here: "0.10"}', "{here: 0.10}", "here is 0.1, expected text"),
    Broken(
        "rate of zero",
        WIRE,
        "tea-1: {submit_per_second: 1,",
        "tea-1: {submit_per_second: 0,",
        "submit_per_second is 0, expected at least 1",
    ),
    Broken(
        "rate missing",
        WIRE,
        "tea-1: {submit_per_second: 1, running: 1}",
        "tea-1: {running: 1}",
        "tea-1 lacks submit_per_second, expected it",
    ),
    Broken(
        "page without sections",
        SOURCES,
        ", sections: [limits, texts]",
        "",
        "page lacks sections, expected it",
    ),
    Broken(
        "misspelt kind twice",
        FAMILY,
        "    min_pixels: 8*8\n    max_pixels: 64*64\n    min",
        "    min_pixel: 8*8\n    max_pixels: 64*64\n    min",
        "'min_pixel' is not known here, expected min_pixels",
    ),
]
