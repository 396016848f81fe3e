"""Rule, path, limit, value, and the message that they make: at least one for every kind."""

from typing import Any

from wanlib.base.identifiers import Hints, RuleName
from wanlib.base.values import Ratio

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
        "Say what to draw or what to change.",
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
    (
        "tea/size.keywords",
        "/size",
        ("1K", "2K"),
        "2k",
        "size at /size is '2k'; allowed: 1K, 2K, or width*height; did you mean '2K'? "
        "(tea/size.keywords) Write a size such as 1280*1280 or a keyword.",
    ),
    (
        "tea/size.keywords",
        "/size",
        ("1K", "2K"),
        "1024x1024",
        "size at /size is '1024x1024'; allowed: 1K, 2K, or width*height; did you mean "
        "'1024*1024'? (tea/size.keywords) Write a size such as 1280*1280 or a keyword.",
    ),
    (
        "tea/size.keywords",
        "/size",
        ("1K", "2K"),
        "2048\u00d72048",
        "size at /size is '2048\u00d72048'; allowed: 1K, 2K, or width*height; did you mean "
        "'2048*2048'? (tea/size.keywords) Write a size such as 1280*1280 or a keyword.",
    ),
    (
        "tea/size.keywords",
        "/size",
        ("1K", "2K"),
        " 1024 X 1024 ",
        "size at /size is ' 1024 X 1024 '; allowed: 1K, 2K, or width*height; did you mean "
        "'1024*1024'? (tea/size.keywords) Write a size such as 1280*1280 or a keyword.",
    ),
    (
        "tea/size.keywords",
        "/size",
        ("1K", "2K"),
        "large",
        "size at /size is 'large'; allowed: 1K, 2K, or width*height (tea/size.keywords). Write a "
        "size such as 1280*1280 or a keyword.",
    ),
    (
        "tea/size.keywords",
        "/size",
        (),
        "1K",
        "size at /size is '1K'; allowed: width*height (tea/size.keywords). Write a size such as 1280*1280.",
    ),
    (
        "tea/size.min_pixels",
        "/size",
        589_824,
        "768*767",
        "size at /size is 768*767 (589,056 pixels); at least 589,824 pixels (768*768) "
        "(tea/size.min_pixels). Ask for a larger size.",
    ),
    (
        "tea/size.max_pixels",
        "/size",
        100_000,
        "1000*101",
        "size at /size is 1000*101 (101,000 pixels); at most 100,000 pixels "
        "(tea/size.max_pixels). Ask for a smaller size.",
    ),
    (
        RuleName("tea/size.max_pixels", Hints("", ((16_777_216, "no input image"),))),
        "/size",
        4_194_304,
        "4096*2304",
        "size at /size is 4096*2304 (9,437,184 pixels); at most 4,194,304 pixels (2048*2048) "
        "(tea/size.max_pixels). Ask for a smaller size. 4096*2304 needs no input image.",
    ),
    (
        "tea/size.min_ratio",
        "/size",
        Ratio(1, 8),
        "100*801",
        "size at /size is 100*801; width:height must be at least 1:8 (tea/size.min_ratio). Make "
        "it wider or less high.",
    ),
    (
        "tea/size.max_ratio",
        "/size",
        Ratio(8, 1),
        "801*100",
        "size at /size is 801*100; width:height must be at most 8:1 (tea/size.max_ratio). Make it"
        " higher or less wide.",
    ),
    (
        "tea/images.each.schemes",
        "/images/0",
        ("http", "https"),
        "cup.png",
        "images at /images/0 is 'cup.png'; it must begin with http: or https: "
        "(tea/images.each.schemes). Send a URL, or the file as a data URI.",
    ),
    (
        "tea/images.each.chars",
        "/images/0",
        "ascii",
        "http://茶",
        "images at /images/0 is 'http://茶'; a URL may hold ascii characters only "
        "(tea/images.each.chars). Percent-encode the others.",
    ),
    (
        "tea/images.each.public",
        "/images/0",
        ("-internal.example.com",),
        "http://0x7f.1/cup.png?Signature=secret",
        "images at /images/0 is 'http://0x7f.1/cup.png?…', which the service cannot download: "
        "127.0.0.1 is not a public address (loopback); allowed: a URL that is open to the "
        "internet (tea/images.each.public). Put the image on a public host, upload it for an "
        "oss:// URL, or send it as a data URI.",
    ),
    (
        "tea/images.each.public",
        "/images/0",
        ("-internal.example.com",),
        "https://tea-internal.example.com/cup.png",
        "images at /images/0 is 'https://tea-internal.example.com/cup.png', which the service "
        "cannot download: tea-internal.example.com is a name of a private network; allowed: a URL"
        " that is open to the internet (tea/images.each.public). Put the image on a public host, "
        "upload it for an oss:// URL, or send it as a data URI.",
    ),
    (
        "tea/images.each.public",
        "/images/0",
        (),
        "oss://",
        "images at /images/0 is 'oss://', which the service cannot download: it has no key; "
        "allowed: a URL that is open to the internet (tea/images.each.public). Put the image on a"
        " public host, upload it for an oss:// URL, or send it as a data URI.",
    ),
    (
        "tea/images.each.public",
        "/images/0",
        (),
        "https://tea.example/a cup.png",
        "images at /images/0 is 'https://tea.example/a cup.png', which the service cannot "
        "download: it has a blank or control character (U+0020); allowed: a URL that is open to "
        "the internet (tea/images.each.public). Put the image on a public host, upload it for an "
        "oss:// URL, or send it as a data URI.",
    ),
    (
        "tea/images.each.unexpired",
        "/images/0",
        (("Expires",),),
        "2001-09-09T01:46:40Z",
        "images at /images/0 is signed until 2001-09-09T01:46:40Z, which has passed; allowed: a "
        "URL whose signature is valid (tea/images.each.unexpired). Sign the URL again, for longer"
        " than the task can wait.",
    ),
    (
        "tea/images.each.encoding",
        "/images/0",
        "base64",
        "the base64 text has 3 characters",
        "images at /images/0 is not a data URI in base64: the base64 text has 3 characters "
        "(tea/images.each.encoding). Write data:{MIME};base64,{data} with complete, padded "
        "base64.",
    ),
    (
        "tea/images.each.mime",
        "/images/0",
        ("image/png",),
        "image/jpeg",
        "images at /images/0 is labeled 'image/jpeg'; expected image/png (tea/images.each.mime). "
        "Use the MIME type of the bytes.",
    ),
    (
        "tea/images.each.formats",
        "/images/0",
        ("jpeg", "png"),
        "gif",
        "images at /images/0 holds gif; allowed: jpeg, png (tea/images.each.formats). Send a "
        "complete file in one of these formats.",
    ),
    (
        "tea/images.each.min_side",
        "/images/0",
        240,
        "239*400",
        "images at /images/0 is 239*400 pixels; each side must have at least 240 "
        "(tea/images.each.min_side). Use a larger one.",
    ),
    (
        "tea/images.each.max_side",
        "/images/0",
        8000,
        "8001*400",
        "images at /images/0 is 8001*400 pixels; each side may have at most 8000 "
        "(tea/images.each.max_side). Use a smaller one.",
    ),
    (
        "tea/images.each.max_bytes",
        "/images/0",
        20_971_520,
        20_971_521,
        "images at /images/0 has 20,971,521 bytes; at most 20 MB (tea/images.each.max_bytes). "
        "Compress or scale the image.",
    ),
    (
        "tea/boxes.same_count_as",
        "/boxes",
        "images",
        (2, 3),
        "boxes at /boxes has 2 items, images has 3; expected as many (tea/boxes.same_count_as). "
        "Give one item for each of images; [] where it needs none.",
    ),
    (
        "tea/mask.same_pixels_as",
        "/mask",
        "images",
        ("512*600", "600*512"),
        "mask at /mask is 512*600, images is 600*512; expected the same size "
        "(tea/mask.same_pixels_as). Scale one to the other.",
    ),
    (
        "tea/palette.total",
        "/palette",
        "100.00",
        "99.99",
        "palette at /palette adds up to 99.99%; expected exactly 100.00% (tea/palette.total). "
        "Change a ratio by the difference.",
    ),
    (
        "tea/boxes.each.ordered",
        "/boxes/0",
        ("x1", "y1", "x2", "y2"),
        [3, 2, 1, 4],
        "boxes at /boxes/0 is [3, 2, 1, 4]; expected x1, y1, x2, y2 with x1 < x2 and y1 < y2 "
        "(tea/boxes.each.ordered). Give the top-left corner first.",
    ),
    (
        "tea/boxes.each.inside",
        "/boxes/0",
        "images",
        ([0, 0, 301, 400], "300*400"),
        "boxes at /boxes/0 is [0, 0, 301, 400], which is beyond its image (300*400) "
        "(tea/boxes.each.inside). Give pixels of the image as stored.",
    ),
]
