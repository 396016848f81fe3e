"""Rule, path, limit, value, and the sentence that they make: at least one for every kind."""

from typing import Any

from wanlib.base.ratio import Ratio

MODELS = ("wan2.7-image", "wan2.6-image")
SENTENCES: list[tuple[str, str, Any, Any, str]] = [
    (
        "wire/model",
        "/model",
        MODELS,
        "wan2.7",
        "model at /model is 'wan2.7'; known: wan2.7-image, wan2.6-image (wire/model). "
        "Name one of these in model.",
    ),
    (
        "wire/endpoints",
        "/model",
        ("async",),
        "sync",
        "model at /model takes no 'sync' call; it has: async (wire/endpoints). Make one of these calls.",
    ),
    (
        "tea/n.type",
        "/parameters/n",
        "integer",
        "4",
        "n at /parameters/n is text ('4'); due is a whole number (tea/n.type). Send a whole number.",
    ),
    (
        "tea/n.type",
        "/parameters/n",
        "integer",
        None,
        "n at /parameters/n is null; due is a whole number (tea/n.type). Remove it: null is not a value.",
    ),
    (
        "tea/size.type",
        "/size",
        "size",
        4,
        "size at /size is integer (4); due is text: a keyword or width*height (tea/size.type). "
        "Send text: a keyword or width*height.",
    ),
    (
        "tea/prompt.required",
        "/input/prompt",
        True,
        None,
        "prompt at /input/prompt is missing or null; it is required (tea/prompt.required). "
        "Give it a value: null is not one.",
    ),
    (
        "tea/unknown",
        "/parameters/seeed",
        ("n", "seed"),
        "seeed",
        "member at /parameters/seeed is 'seeed', which no page on this model knows here; "
        "did you mean seed? (tea/unknown). "
        "Leave it out, or send it knowingly.",
    ),
    (
        "wire/messages.unknown",
        "/foo",
        ("input", "model"),
        "foo",
        "member at /foo is 'foo', which no page on this model knows here (wire/messages.unknown). "
        "Leave it out, or send it knowingly.",
    ),
    (
        "tea/guard.place",
        "/guard",
        "input",
        "x",
        "guard at /guard stands in the wrong place; its place is input (tea/guard.place). Move it to input.",
    ),
    (
        "tea/thinking.effective",
        "/thinking",
        "plain_text",
        True,
        "thinking at /thinking is True and has no effect here; it acts only where plain_text "
        "(tea/thinking.effective). Leave it out, or change the mode.",
    ),
    (
        "tea/palette.needs",
        "/palette",
        "not sequential",
        [{"a": 1}],
        "palette at /palette is [{…}]; it is only for calls where not sequential (tea/palette.needs). "
        "Leave it out, or change the mode.",
    ),
    (
        "wire/tea.content.parts",
        "/content/0",
        ("image", "text"),
        {"img": "x"},
        "content at /content/0 is {'img': 'x'}; due is an object with one member: image, text "
        '(wire/tea.content.parts). Write {"image": …} or {"text": …}.',
    ),
    (
        "tea/style.one_of",
        "/style",
        ("green", "black"),
        "red",
        "style at /style is 'red'; allowed: green, black (tea/style.one_of). Use one of these.",
    ),
    (
        "tea/stream.one_of:live",
        "/stream",
        (True,),
        False,
        "stream at /stream is False; allowed: true when live (tea/stream.one_of:live). Use one of these.",
    ),
    (
        "tea/box.count",
        "/box",
        4,
        3,
        "box at /box has 3 items; due are exactly 4 (tea/box.count). Send 4.",
    ),
    (
        "tea/images.min_count:not-live",
        "/images",
        1,
        0,
        "images at /images has 0 items; at least 1 unless live (tea/images.min_count:not-live). Add items.",
    ),
    (
        "tea/images.max_count",
        "/images",
        9,
        10,
        "images at /images has 10 items; at most 9 (tea/images.max_count). Send fewer.",
    ),
    (
        "tea/prompt.max_chars",
        "/prompt",
        5000,
        5001,
        "prompt at /prompt has 5,001 characters; at most 5,000 (tea/prompt.max_chars). "
        "Shorten it: what is over may be cut without a sign.",
    ),
    (
        "tea/hex.pattern",
        "/hex",
        "#[0-9]",
        "x",
        "hex at /hex is 'x'; the form is #[0-9] (tea/hex.pattern). Write it in this form.",
    ),
    (
        "tea/ratio.decimals",
        "/ratio",
        2,
        "25%",
        "ratio at /ratio is '25%'; due are 2 decimals (tea/ratio.decimals). Write 2 decimals.",
    ),
    ("tea/n.min", "/n", 1, 0, "n at /n is 0; at least 1 (tea/n.min). Send 1 or more."),
    ("tea/n.max", "/n", 4, 13.5, "n at /n is 13.5; at most 4 (tea/n.max). Send 4 or less."),
    (
        "tea/size.keywords",
        "/size",
        ("1K", "2K"),
        "4K",
        "size at /size is '4K'; allowed: 1K, 2K, or width*height (tea/size.keywords). "
        "Write a size such as 1280*1280 or a keyword.",
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
        589_000,
        "size at /size has 589,000 pixels; at least 589,824 pixels (768*768) (tea/size.min_pixels). "
        "Ask for a larger size.",
    ),
    (
        "tea/size.max_pixels",
        "/size",
        4_194_304,
        4_200_000,
        "size at /size has 4,200,000 pixels; at most 4,194,304 pixels (2048*2048) (tea/size.max_pixels). "
        "Ask for a smaller size.",
    ),
    (
        "tea/size.min_ratio",
        "/size",
        Ratio(1, 8),
        "100:801",
        "size at /size is 100:801; width:height at least 1:8 (tea/size.min_ratio). "
        "Make it wider or less high.",
    ),
    (
        "tea/size.max_ratio",
        "/size",
        Ratio(8, 1),
        "801:100",
        "size at /size is 801:100; width:height at most 8:1 (tea/size.max_ratio). "
        "Make it higher or less wide.",
    ),
    (
        "tea/images.each.schemes",
        "/images/0",
        ("http", "https"),
        "cup.png",
        "images at /images/0 is 'cup.png'; it must begin with one of: http, https (tea/images.each.schemes). "
        "Send a URL, or the file as a data URI.",
    ),
    (
        "tea/images.each.chars",
        "/images/0",
        "ascii",
        "http://茶",
        "images at /images/0 is 'http://茶'; a URL holds ascii characters only (tea/images.each.chars). "
        "Percent-encode the rest.",
    ),
    (
        "tea/images.each.public",
        "/images/0",
        ("-internal.example.com",),
        "http://0x7f.1/cup.png?Signature=secret",
        "images at /images/0 is 'http://0x7f.1/cup.png?…', which the service can't download: "
        "127.0.0.1 is not a "
        "public address (loopback); allowed: a URL that is open to the internet "
        "(tea/images.each.public). Put the "
        "image on a public host, upload it for an oss:// URL, or send it as a data URI.",
    ),
    (
        "tea/images.each.public",
        "/images/0",
        ("-internal.example.com",),
        "https://tea-internal.example.com/cup.png",
        "images at /images/0 is 'https://tea-internal.example.com/cup.png', which the service "
        "can't download: "
        "tea-internal.example.com is a name of a private network; allowed: a URL that is open to "
        "the internet "
        "(tea/images.each.public). Put the image on a public host, upload it for an oss:// URL, or "
        "send it as a "
        "data URI.",
    ),
    (
        "tea/images.each.public",
        "/images/0",
        (),
        "oss://",
        "images at /images/0 is 'oss://', which the service can't download: it has no key; "
        "allowed: a URL that is "
        "open to the internet (tea/images.each.public). Put the image on a public host, upload it "
        "for an oss:// "
        "URL, or send it as a data URI.",
    ),
    (
        "tea/images.each.public",
        "/images/0",
        (),
        "https://tea.example/a cup.png",
        "images at /images/0 is 'https://tea.example/a cup.png', which the service can't download: "
        "it has a blank "
        "or control character (U+0020); allowed: a URL that is open to the internet "
        "(tea/images.each.public). Put "
        "the image on a public host, upload it for an oss:// URL, or send it as a data URI.",
    ),
    (
        "tea/images.each.unexpired",
        "/images/0",
        (("Expires",),),
        "2001-09-09T01:46:40Z",
        "images at /images/0 is signed until 2001-09-09T01:46:40Z, which has passed; allowed: a "
        "URL whose signature "
        "is valid (tea/images.each.unexpired). Sign the URL again, for longer than the task can wait.",
    ),
    (
        "tea/images.each.encoding",
        "/images/0",
        "base64",
        "the base64 text has 3 characters",
        "images at /images/0 is no data URI in base64: the base64 text has 3 characters "
        "(tea/images.each.encoding). Write data:{MIME};base64,{data} with whole, padded base64.",
    ),
    (
        "tea/images.each.mime",
        "/images/0",
        ("image/png",),
        "image/jpeg",
        "images at /images/0 is named 'image/jpeg'; due is image/png (tea/images.each.mime). "
        "Name the type that the bytes are.",
    ),
    (
        "tea/images.each.formats",
        "/images/0",
        ("jpeg", "png"),
        "gif",
        "images at /images/0 holds gif; allowed: jpeg, png (tea/images.each.formats). "
        "Send a whole file in one of these formats.",
    ),
    (
        "tea/images.each.min_side",
        "/images/0",
        240,
        "239*400",
        "images at /images/0 is 239*400 pixels; each side at least 240 (tea/images.each.min_side). "
        "Enlarge the image.",
    ),
    (
        "tea/images.each.max_side",
        "/images/0",
        8000,
        "8001*400",
        "images at /images/0 is 8001*400 pixels; each side at most 8000 (tea/images.each.max_side). "
        "Scale the image down.",
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
        "boxes at /boxes has 2 items where images has 3; due are as many (tea/boxes.same_count_as). "
        "Give one item for each of images, [] where there is nothing to say.",
    ),
    (
        "tea/mask.same_pixels_as",
        "/mask",
        "images",
        ("512*600", "600*512"),
        "mask at /mask is 512*600 where images is 600*512; due is the same size (tea/mask.same_pixels_as). "
        "Scale one to the other.",
    ),
    (
        "tea/palette.total",
        "/palette",
        "100.00",
        "99.99",
        "palette at /palette adds up to 99.99%; due is exactly 100.00% (tea/palette.total). "
        "Change a ratio by the difference.",
    ),
    (
        "tea/boxes.each.ordered",
        "/boxes/0",
        ("x1", "y1", "x2", "y2"),
        [3, 2, 1, 4],
        "boxes at /boxes/0 is [3, 2, 1, 4]; due is x1, y1, x2, y2 with x1 < x2 and y1 < y2 "
        "(tea/boxes.each.ordered). Give the top-left corner first.",
    ),
    (
        "tea/boxes.each.inside",
        "/boxes/0",
        "images",
        ([0, 0, 301, 400], "300*400"),
        "boxes at /boxes/0 is [0, 0, 301, 400], outside of its image (300*400) (tea/boxes.each.inside). "
        "Give pixels of the image as stored.",
    ),
]
