"""Cases: conditions with an unknown mode, and variants that can hold together."""

from tests.spec.broken.case import Broken
from tests.spec.small import FAMILY

BROKEN_CONDITIONS = [
    Broken(
        "misspelt mode of a variant",
        FAMILY,
        "when grand: {max",
        "when grnad: {max",
        "the mode 'grnad' does not exist, expected grand",
    ),
    Broken(
        "misspelt mode of a default alone",
        FAMILY,
        "when grand: {max: 12, default: 12}",
        "when grnad: {default: 3}",
        "the mode 'grnad' does not exist, expected grand",
    ),
    Broken(
        "misspelt mode of effective",
        FAMILY,
        "effective: bare",
        "effective: bear",
        "the mode 'bear' does not exist, expected bare",
    ),
    Broken(
        "misspelt mode of needs",
        FAMILY,
        "not bare, outcome",
        "not bear, outcome",
        "the mode 'bear' does not exist, expected bare",
    ),
    Broken(
        "field as a mode",
        FAMILY,
        "effective: bare",
        "effective: quick",
        "the mode 'quick' does not exist, expected one of bare, grand, bare_grand, fast",
    ),
    Broken(
        "condition with and",
        FAMILY,
        "when grand: {max: 12, default: 12}",
        "when grand and bare: {default: 12}",
        "'grand and bare' is not a condition, expected a mode or not a mode",
    ),
    Broken(
        "two nots",
        FAMILY,
        "when grand: {max",
        "when not not grand: {max",
        "'not not grand' is not a condition, expected a mode or not a mode",
    ),
    Broken(
        "variants that hold together",
        FAMILY,
        "    when grand: {max: 12, default: 12}",
        "    when grand: {max: 12, default: 12}\n⟵    when bare: {max: 3}",
        "max varies by grand and by bare, which hold together (model=tea-1-pro, images=0)"
        ", expected modes of which one holds",
    ),
    Broken(
        "a mode and not another",
        FAMILY,
        "    when grand: {max: 12, default: 12}",
        "    when grand: {max: 12, default: 12}\n⟵    when not bare: {max: 3}",
        "max varies by grand and by not bare, which hold together (model=tea-1-pro, images=1)"
        ", expected modes of which one holds",
    ),
    Broken(
        "a mode within another",
        FAMILY,
        "    when grand: {max: 12, default: 12}",
        "    when grand: {max: 12, default: 12}\n⟵    when bare_grand: {max: 3}",
        "max varies by grand and by bare_grand, which hold together (model=tea-1-pro, images=0)"
        ", expected modes of which one holds",
    ),
    Broken(
        "defaults that hold together",
        FAMILY,
        "    when grand: {max: 12, default: 12}",
        "    when grand: {max: 12, default: 12}\n⟵    when bare: {default: 3}",
        "default varies by grand and by bare, which hold together (model=tea-1-pro, images=0)"
        ", expected modes of which one holds",
    ),
    Broken(
        "the same mode twice",
        FAMILY,
        "    when grand: {max: 12, default: 12}",
        "    when grand: {max: 12, default: 12}\n⟵    when  grand: {max: 3}",
        "'when  grand' has too many spaces, expected when grand",
        also=1,
    ),
    Broken(
        "mode below",
        FAMILY,
        "  bare: count(images) == 0\n",
        "  first: grand\n  bare: count(images) == 0\n",
        "the boolean field or mode above 'grand' does not exist, expected quick",
    ),
    Broken(
        "mode of itself",
        FAMILY,
        "bare: count(images) == 0",
        "bare: bare or count(images) == 0",
        "the boolean field or mode above 'bare' does not exist, expected quick",
    ),
    Broken(
        "modes in a ring",
        FAMILY,
        "  bare: count(images) == 0\n",
        "  one: not two\n  two: not one\n  bare: count(images) == 0\n",
        "the boolean field or mode above 'two' does not exist, expected quick",
    ),
    Broken(
        "modes on modes on modes",
        FAMILY,
        '  fast: quick and call in ("sync", "stream")\n',
        "".join(f"{'⟵' if i == 7 else ''}  m{i}: {f'm{i - 1}' if i else 'grand'}\n" for i in range(10)),
        "the mode 'm7' depends on a chain of 8 others, expected fewer",
    ),
]
