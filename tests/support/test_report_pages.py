"""The checks of HTML reports: they find every kind of fault."""

from pathlib import Path

from tests.support.browser import browsing
from tests.support.report_pages import report_problems

_FAULTY_PAGE = """<!doctype html><html lang="en"><head><title>Faulty</title><style>
a { outline: none } p { color: #aaa; background: #fff; width: 2000px }</style></head>
<body><main><h1>Faulty</h1><img src="http://127.0.0.1:9/pixel.png"><p>Faint</p>
<a href="#one">One</a> <a href="#two" tabindex="1">Two</a></main></body></html>"""


def test_the_checks_of_a_page_find_every_fault(tmp_path: Path) -> None:
    path = tmp_path / "faulty.html"
    path.write_text(_FAULTY_PAGE, encoding="utf-8")
    with browsing() as browser:
        text = "\n".join(report_problems(browser, path))
    for fault in ("image-alt", "contrast", "sideways", "loads http://", "logs:", "Tab goes to"):
        assert fault in text
    assert "the focus of" in text
