"""Rule, path, limit, value, and the message that they make: at least one for every kind."""

from typing import Any

from tests.base.expected_image_messages import SIZE_AND_IMAGE_SENTENCES
from wanlib.base.identifiers import Hints, RuleName

MODELS = ("wan2.7-image", "wan2.6-image")
LIVE, CALM = "enable_live on", "enable_live off"
STRAYS = Hints(
    positions={"size": "/parameters/size", "prompt": '/input/content as {"text": …}'}, sizes=("size",)
)
FOREIGN = Hints(instead={"function": "Describe every step in the prompt"})
SENTENCES: list[tuple[str, str, Any, Any, str]] = [
    (
        "wire/model",
        "/model",
        MODELS,
        "wan2.7-imag",
        "model at /model is 'wan2.7-imag', which is not a model of this spec; did you mean "
        "'wan2.7-image'? (wire/model) This spec covers wan2.7-image and wan2.6-image.",
    ),
    (
        "wire/model",
        "/model",
        MODELS,
        "Wan27-Image",
        "model at /model is 'Wan27-Image', which is not a model of this spec; did you mean "
        "'wan2.7-image'? (wire/model) This spec covers wan2.7-image and wan2.6-image.",
    ),
    (
        "wire/model",
        "/model",
        MODELS,
        "qwen-image-edit",
        "model at /model is 'qwen-image-edit', which is not a model of this spec (wire/model). "
        "This spec covers wan2.7-image and wan2.6-image.",
    ),
    (
        "wire/model",
        "/model",
        MODELS,
        None,
        "model at /model is missing; expected the name of a model (wire/model). Name one of: "
        "wan2.7-image, wan2.6-image.",
    ),
    (
        "wire/model",
        "/model",
        MODELS,
        7,
        "model at /model is integer (7); expected the name of a model (wire/model). Name one of: "
        "wan2.7-image, wan2.6-image.",
    ),
    (
        "wire/endpoints",
        "/model",
        ("async",),
        "sync",
        "model at /model does not offer 'sync' calls; it offers: async (wire/endpoints). Make a "
        "call of the kind async.",
    ),
    (
        "tea/calls.stream.only_in",
        "/model",
        "quick on",
        "stream",
        "model at /model offers 'stream' calls only with quick on (tea/calls.stream.only_in). Change the "
        "request, or make a call of another kind.",
    ),
    (
        "tea/n.type",
        "/parameters/n",
        "integer",
        "4",
        "n at /parameters/n is text ('4'); expected a whole number (tea/n.type). Send 4 without quotes.",
    ),
    (
        "tea/n.type",
        "/parameters/n",
        "integer",
        "four",
        "n at /parameters/n is text ('four'); expected a whole number (tea/n.type). Send a whole number.",
    ),
    (
        "tea/n.type",
        "/parameters/n",
        "integer",
        None,
        "n at /parameters/n is null; expected a whole number (tea/n.type). Remove it: null is not a value.",
    ),
    (
        "tea/mark.type",
        "/mark",
        "boolean",
        "True",
        "mark at /mark is text ('True'); expected true or false (tea/mark.type). Send true without quotes.",
    ),
    (
        "tea/size.type",
        "/size",
        "size",
        4,
        "size at /size is integer (4); expected text: a keyword or width*height (tea/size.type). "
        "Send text: a keyword or width*height.",
    ),
    (
        "tea/prompt.required",
        "/input/prompt",
        True,
        None,
        "prompt at /input/prompt is missing or null; it is required (tea/prompt.required). Give "
        "it a value: null is not one.",
    ),
    (
        RuleName("tea/mask.required:masked", Hints("function masked")),
        "/mask",
        True,
        None,
        "mask at /mask is missing or null; it is required with function masked "
        "(tea/mask.required:masked). Give it a value: null is not one.",
    ),
    (
        "tea/unknown",
        "/parameters/seeed",
        ("n", "seed"),
        "seeed",
        "Unknown parameter 'seeed' at /parameters; did you mean 'seed'? (tea/unknown) It is not "
        "documented for this model. Remove it, or send it with extra= of the client.",
    ),
    (
        "tea/unknown",
        "/parameters/Seed",
        ("n", "seed"),
        "Seed",
        "Unknown parameter 'Seed' at /parameters; did you mean 'seed'? (tea/unknown) It is not "
        "documented for this model. Remove it, or send it with extra= of the client.",
    ),
    (
        "tea/unknown",
        "/parameters/quality",
        ("n", "seed"),
        "quality",
        "Unknown parameter 'quality' at /parameters (tea/unknown). It is not documented for this "
        "model. Remove it, or send it with extra= of the client.",
    ),
    (
        "wire/messages.unknown",
        "/foo",
        ("input", "model"),
        "foo",
        "Unknown member 'foo' at the top level (wire/messages.unknown). It is not documented for "
        "this model. Remove it.",
    ),
    (
        RuleName("wire/messages.input.unknown", STRAYS),
        "/input/size",
        ("messages",),
        "size",
        "Unknown member 'size' at /input; it belongs at /parameters/size "
        "(wire/messages.input.unknown). Move it there.",
    ),
    (
        RuleName("tea/unknown", STRAYS),
        "/parameters/prompt",
        ("n", "size"),
        "prompt",
        "Unknown parameter 'prompt' at /parameters; it belongs at /input/content as {\"text\": …} "
        "(tea/unknown). Move it there.",
    ),
    (
        RuleName("tea/unknown", STRAYS),
        "/parameters/height",
        ("n", "size"),
        "height",
        "Unknown parameter 'height' at /parameters; did you mean 'size'? (tea/unknown) Write "
        "width and height as one text at /parameters/size, such as 1280*1280.",
    ),
    (
        "tea/only_for",
        "/parameters/guard",
        ("wan2.5", "wan2.6"),
        "guard",
        "guard at /parameters/guard is only for wan2.5 and wan2.6 (tea/only_for). Remove it.",
    ),
    (
        RuleName("tea/only_for", FOREIGN),
        "/input/function",
        ("wanx2.1",),
        "function",
        "function at /input/function is only for wanx2.1 (tea/only_for). Describe every step in the prompt.",
    ),
    (
        "tea/guard.place",
        "/guard",
        "input",
        "x",
        "guard at /guard is in the wrong place; it belongs in input (tea/guard.place). Move it to input.",
    ),
    (
        "tea/thinking.effective",
        "/thinking",
        "no input image and enable_set off",
        True,
        "thinking at /thinking is true; it has an effect only with no input image and enable_set "
        "off (tea/thinking.effective). Leave it out.",
    ),
    (
        "tea/palette.needs",
        "/palette",
        "enable_set off",
        [{"a": 1}],
        "palette at /palette is [{…}]; it is only for requests with enable_set off "
        "(tea/palette.needs). Leave it out.",
    ),
    (
        "wire/tea.content.parts",
        "/content/0",
        ("image", "text"),
        {"img": "x"},
        "content at /content/0 is {'img': 'x'}; expected an object with one member: image or text"
        ' (wire/tea.content.parts). Write {"image": …} or {"text": …}.',
    ),
    (
        "tea/style.one_of",
        "/style",
        ("green", "black"),
        "red",
        "style at /style is 'red'; allowed: green, black (tea/style.one_of). Use one of these.",
    ),
    (
        "tea/style.one_of",
        "/style",
        ("green", "black"),
        "Green",
        "style at /style is 'Green'; allowed: green, black; did you mean 'green'? "
        "(tea/style.one_of) Use one of these.",
    ),
    (
        RuleName("tea/stream.one_of:live", Hints(LIVE, (((False,), CALM),))),
        "/stream",
        (True,),
        False,
        "stream at /stream is false; allowed: true with enable_live on (tea/stream.one_of:live). "
        "Use true. false needs enable_live off.",
    ),
    (
        "tea/box.count",
        "/box",
        4,
        3,
        "box at /box has 3 items; expected exactly 4 (tea/box.count). Send 4.",
    ),
    (
        RuleName("tea/images.min_count:not-live", Hints(CALM, ((None, LIVE),))),
        "/images",
        1,
        0,
        "images at /images has 0 items; at least 1 with enable_live off "
        "(tea/images.min_count:not-live). Send 1 or more. A request without them needs "
        "enable_live on.",
    ),
    (
        RuleName("tea/images.max_count:live", Hints(LIVE, ((4, CALM),))),
        "/images",
        1,
        2,
        "images at /images has 2 items; at most 1 with enable_live on "
        "(tea/images.max_count:live). Send 1 or fewer. 2 items need enable_live off.",
    ),
    (
        RuleName("tea/images.max_count:live", Hints(LIVE, ((4, CALM),))),
        "/images",
        1,
        5,
        "images at /images has 5 items; at most 1 with enable_live on "
        "(tea/images.max_count:live). Send 1 or fewer.",
    ),
    (
        "tea/prompt.max_chars",
        "/prompt",
        5000,
        5001,
        "prompt at /prompt has 5,001 characters; at most 5,000 (tea/prompt.max_chars). Shorten "
        "it: the service may cut off the rest without notice.",
    ),
    (
        "tea/prompt.not_blank",
        "/prompt",
        True,
        " ",
        "prompt at /prompt is ' '; expected more than white space (tea/prompt.not_blank). "
        "Describe what to draw or to change.",
    ),
    (
        "tea/honey.requires",
        "/parameters/honey",
        "lemon",
        3,
        "honey at /parameters/honey is 3; it requires lemon, which is missing (tea/honey.requires). Send "
        "lemon too, or leave it out.",
    ),
    (
        "tea/lemon.excludes",
        "/parameters/lemon",
        ("milk", "cream"),
        ("milk",),
        "lemon at /parameters/lemon excludes milk, which is given too (tea/lemon.excludes). Send one of them "
        "only.",
    ),
    (
        "tea/heat.step",
        "/parameters/heat",
        5,
        7,
        "heat at /parameters/heat is 7; expected a multiple of 5 (tea/heat.step). Round it to a "
        "multiple of 5.",
    ),
    (
        "tea/size.none_of:set",
        "/size",
        ("1K", "2K"),
        "1K",
        "size at /size is '1K'; 1K and 2K are not offered "
        "(tea/size.none_of:set). Give width*height, or leave it out.",
    ),
    (
        "tea/stream.one_of",
        "/stream",
        (False,),
        True,
        "stream at /stream is true, which tea does not offer (tea/stream.one_of). Leave it out.",
    ),
    (
        "tea/hex.pattern",
        "/hex",
        "#[0-9]",
        "x",
        "hex at /hex is 'x'; expected the form #[0-9] (tea/hex.pattern). Write it in this form.",
    ),
    (
        "tea/ratio.decimals",
        "/ratio",
        2,
        "25%",
        "ratio at /ratio is '25%'; expected 2 decimals (tea/ratio.decimals). Write 2 decimals.",
    ),
    (
        "tea/n.min",
        "/n",
        1,
        0,
        "n at /n is 0; at least 1 (tea/n.min). Send 1 or more.",
    ),
    (
        "tea/n.max",
        "/n",
        4,
        13.5,
        "n at /n is 13.5; at most 4 (tea/n.max). Send 4 or less.",
    ),
    (
        RuleName("tea/n.max", Hints("", ((12, "enable_set on"),))),
        "/n",
        4,
        6,
        "n at /n is 6; at most 4 (tea/n.max). Send 4 or less. 6 needs enable_set on.",
    ),
    (
        RuleName("tea/n.max:set", Hints("enable_set on", ((4, "enable_set off"),))),
        "/n",
        12,
        13,
        "n at /n is 13; at most 12 with enable_set on (tea/n.max:set). Send 12 or less.",
    ),
    (
        RuleName("tea/size.keywords", Hints("", ((("1K", "4K"), "no input image"),))),
        "/size",
        ("1K",),
        "4K",
        "size at /size is '4K'; allowed: 1K, or width*height (tea/size.keywords). Write a size "
        "such as 1280*1280 or a keyword. 4K needs no input image.",
    ),
    (
        RuleName("tea/size.keywords", Hints("", ((("1K", "4K"), "no input image"),))),
        "/size",
        ("1K",),
        "4k",
        "size at /size is '4k'; allowed: 1K, or width*height; did you mean '4K'? "
        "(tea/size.keywords) Write a size such as 1280*1280 or a keyword. 4K needs no input "
        "image.",
    ),
    *SIZE_AND_IMAGE_SENTENCES,
]
