"""Cases: `output:` with unknown words, incomplete entries, and words without an effect."""

from tests.spec.broken.case import Broken
from tests.spec.small import FAMILY

_BARE = "bare: {ratio: square, pixels: keyword}"
_OTHER = "otherwise: {ratio: last image, pixels: keyword, without_image: square}"
_SET = "images_of_a_set: {grand: one choice, otherwise: a choice each}"
_NEEDED = "    max_count: 3\n"


def _other(name: str, form: str, words: str, also: int = 0) -> Broken:
    """Return a case with another entry of `otherwise`."""
    return Broken(name, FAMILY, _OTHER, f"otherwise: {form}", words, also=also)


BROKEN_OUTPUT = [
    Broken(
        "a format that is not drawn",
        FAMILY,
        "format: png",
        "format: gif",
        'format is "gif", expected one of png',
    ),
    Broken(
        "output without format",
        FAMILY,
        "  format: png\n",
        "",
        "output lacks format, expected it",
        at=(FAMILY, "output:"),
    ),
    Broken(
        "a set in strange words",
        FAMILY,
        "grand: one choice",
        "grand: a single choice",
        'grand is "a single choice", expected one of one choice, a choice each',
    ),
    Broken(
        "a set without otherwise",
        FAMILY,
        ", otherwise: a choice each}",
        "}",
        "images_of_a_set lacks otherwise, expected it",
    ),
    Broken(
        "a set in modes that meet",
        FAMILY,
        _SET,
        _SET.replace("grand:", "bare: one choice, grand:"),
        "images_of_a_set varies by bare and by grand, which hold together (images=0, model=tea-1-pro)"
        ", expected modes of which one holds",
    ),
    Broken(
        "choices without the form of a set",
        FAMILY,
        f"  {_SET}\n",
        "",
        "the result choices without images_of_a_set, expected images_of_a_set beside it",
        at=(FAMILY, "  result: choices"),
    ),
    Broken(
        "results with the form of a set",
        FAMILY,
        "result: choices",
        "result: results",
        "the result results with images_of_a_set, expected it left out",
        at=(FAMILY, f"  {_SET}"),
    ),
    Broken(
        "sizes without otherwise",
        FAMILY,
        f"    {_OTHER}\n",
        "",
        "size lacks otherwise, expected it",
        at=(FAMILY, f"  size:\n    {_BARE}"),
    ),
    Broken(
        "sizes in a strange mode",
        FAMILY,
        _BARE,
        _BARE.replace("bare", "bar"),
        "the mode 'bar' does not exist, expected bare",
    ),
    Broken(
        "sizes in modes that meet",
        FAMILY,
        _BARE,
        f"{_BARE}\n⟵    grand: {{ratio: square, pixels: keyword}}",
        "size varies by bare and by grand, which hold together (images=0, model=tea-1-pro)"
        ", expected modes of which one holds",
    ),
    _other(
        "a ratio in strange words",
        "{ratio: first image, pixels: keyword, without_image: square}",
        'ratio is "first image", expected one of last image, square',
    ),
    _other(
        "sides in prose", "{sides: the input image}", 'sides is "the input image", expected one of last image'
    ),
    _other(
        "pixels in strange words",
        "{ratio: last image, pixels: 1K, without_image: square}",
        'pixels is "1K", expected the form ^(keyword|[1-9][0-9]{0,5}\\*[1-9][0-9]{0,5})$',
    ),
    _other(
        "a strange word of a size",
        "{ratio: square, pixel: keyword}",
        "'pixel' is not known here, expected pixels",
    ),
    _other("a size of nothing", "{}", "a size states neither ratio nor sides, expected one of them"),
    _other(
        "a size of two forms",
        "{ratio: square, sides: last image, pixels: keyword}",
        "a size states both ratio and sides, expected one of them",
    ),
    _other(
        "a ratio without pixels",
        "{ratio: square}",
        "a size states ratio without pixels, expected pixels beside ratio",
    ),
    _other(
        "sides with pixels",
        "{sides: last image, pixels: keyword}",
        "a size states pixels beside sides, expected it left out",
    ),
    _other(
        "a ratio with another bound",
        "{ratio: square, pixels: keyword, max_pixels: 64*64}",
        "a size states max_pixels beside ratio, expected it left out",
    ),
    _other(
        "sides changed twice",
        "{sides: last image, max_pixels: 64*64, scaled_by: n}",
        "a size states max_pixels and scaled_by, expected one of them",
    ),
    _other(
        "a square without image",
        "{ratio: square, pixels: keyword, without_image: square}",
        "without_image beside the ratio square, expected it left out",
    ),
    _other(
        "nothing for a call without image",
        "{ratio: last image, pixels: keyword}",
        "a size does not say what it is without an image, expected without_image",
    ),
    Broken(
        "something for a call that has an image",
        FAMILY,
        _NEEDED,
        f"{_NEEDED}    min_count: 1\n",
        "without_image where a call always has an image, expected it left out",
        at=(FAMILY, f"    {_OTHER}"),
    ),
    _other(
        "sides of no image",
        "{sides: last image, without_image: square}",
        "sides where a call may have no image, expected max_pixels beside it",
        also=1,
    ),
    _other(
        "keywords ignored",
        "{ratio: square, pixels: 64*64}",
        "a size ignores the keywords that the field size has, expected pixels: keyword",
    ),
    Broken(
        "keywords that are not there",
        FAMILY,
        "    default: 1K\n    keywords: {1K: 64*64}\n",
        "",
        "pixels is keyword where size has no keywords, expected width*height",
        at=(FAMILY, f"    {_BARE}"),
        also=1,
    ),
    Broken(
        "scaled by a strange field",
        FAMILY,
        _OTHER,
        "otherwise: {sides: last image, scaled_by: m, without_image: square}",
        "the field 'm' does not exist, expected one of n, strength",
        also=2,
    ),
    Broken(
        "extended by a field of another type",
        FAMILY,
        _OTHER,
        "otherwise: {sides: last image, extended_by: {width: [n], height: [style]}, without_image: square}",
        "a size depends on style of type text, expected a number with a default",
        also=2,
    ),
]
