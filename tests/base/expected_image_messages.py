"""Rule, path, limit, value and message of the kinds about sizes and images; see `expected_messages.py`."""

from typing import Any

from wanlib.base.identifiers import Hints, RuleName
from wanlib.base.values import Ratio

SIZE_AND_IMAGE_SENTENCES: list[tuple[str, str, Any, Any, str]] = [
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
        "it wider or less tall.",
    ),
    (
        "tea/size.max_ratio",
        "/size",
        Ratio(8, 1),
        "801*100",
        "size at /size is 801*100; width:height must be at most 8:1 (tea/size.max_ratio). Make it"
        " taller or less wide.",
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
        "boxes at /boxes has 2 items, images has 3; expected the same number (tea/boxes.same_count_as). "
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
