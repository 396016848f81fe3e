"""A diff as one self-contained HTML page: no scripts, no external resources."""

from collections.abc import Iterator
from html import escape as escape_html

from wanlib.base.redaction import printable
from wanlib.diff.change import ChangeClass, Diff, DiffChange, Witness
from wanlib.diff.report.text import HEADINGS, NO_REQUESTS, REQUESTS, short_body, summary

_STYLE = """
:root { color-scheme: light dark; --text: #1a1d21; --muted: #57606a; --page: #ffffff; --card: #f5f6f8;
  --line: #d0d5db; --breaking: #b3261e; --behaviour: #8a5300; --additive: #1b6e3c; --editorial: #57606a; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e8eb; --muted: #a3abb5; --page: #16181c;
  --card: #202329; --line: #3a4048; --breaking: #ff8a80; --behaviour: #f0b866; --additive: #7fd3a0;
  --editorial: #a3abb5; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
.counts { display: flex; flex-wrap: wrap; gap: .5rem; list-style: none; margin: 1rem 0; padding: 0; }
.counts a { display: block; padding: .35rem .75rem; border: 1px solid var(--line); border-radius: .5rem;
  color: var(--text); text-decoration: none; }
.counts a:focus-visible, summary:focus-visible, pre:focus-visible { outline: 3px solid var(--additive);
  outline-offset: 2px; }
article { background: var(--card); border: 1px solid var(--line); border-left: .3rem solid var(--accent);
  border-radius: .5rem; padding: .75rem 1rem; margin: .6rem 0; }
article p { margin: 0; }
.id { color: var(--muted); font-size: .875rem; overflow-wrap: anywhere; }
.breaking { --accent: var(--breaking); } .behaviour { --accent: var(--behaviour); }
.additive { --accent: var(--additive); } .editorial { --accent: var(--editorial); }
h2 { color: var(--accent); }
summary { cursor: pointer; font-size: .875rem; margin-top: .4rem; }
pre { overflow: auto; background: var(--page); border: 1px solid var(--line); border-radius: .4rem;
  padding: .6rem; font-size: .8125rem; max-height: 22rem; white-space: pre-wrap; overflow-wrap: anywhere; }
"""


def _escape(text: str) -> str:
    """Return text for HTML, with control characters escaped."""
    return escape_html(printable(text))


def html_page(diff: Diff) -> str:
    """Return the page."""
    title = _escape(summary(diff))
    parts = [
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>",
        f"<h1>{_escape(diff.old)} → {_escape(diff.new)}</h1>",
        f"<p>{_verdict(diff)}</p>",
        *_counts(diff),
        *(line for change_class in ChangeClass for line in _section(diff, change_class)),
        *_requests(diff),
        "</main>\n</body>\n</html>\n",
    ]
    return "\n".join(parts)


def _verdict(diff: Diff) -> str:
    if diff.is_breaking:
        return "Some requests that worked are refused."
    return "Nothing that worked before breaks." if diff.changes else "Nothing changed."


def _counts(diff: Diff) -> Iterator[str]:
    sections = [change_class for change_class in ChangeClass if diff.of_class(change_class)]
    if sections:
        yield '<ul class="counts">'
        for change_class in sections:
            count = len(diff.of_class(change_class))
            yield f'<li><a href="#{change_class}">{_escape(HEADINGS[change_class])}: {count}</a></li>'
        yield "</ul>"


def _section(diff: Diff, change_class: ChangeClass) -> Iterator[str]:
    changes = diff.of_class(change_class)
    if changes:
        yield f'<section class="{change_class}" aria-labelledby="{change_class}">'
        yield f'<h2 id="{change_class}">{_escape(HEADINGS[change_class])}</h2>'
        for change in changes:
            yield from _article(change)
        yield "</section>"


def _requests(diff: Diff) -> Iterator[str]:
    """Yield the user's requests that are treated differently."""
    if diff.requests is None:
        return
    yield f'<section class="editorial" aria-labelledby="requests">\n<h2 id="requests">{REQUESTS}</h2>'
    if not diff.requests:
        yield f"<p>{NO_REQUESTS}</p>"
    for request in diff.requests:
        name = "breaking" if request.is_breaking else "behaviour"
        place = _escape(request.request.place)
        yield f'<article class="{name}"><p>{_escape(request.effect)}</p>\n<p class="id">{place}</p></article>'
    yield "</section>"


def _article(change: DiffChange) -> Iterator[str]:
    yield f'<article id="{change.fingerprint}">\n<p>{_escape(change.text)}</p>'
    places = [
        f"{side} {_escape(place.file)}:{place.line}"
        for side, place in (("old", change.old_location), ("new", change.new_location))
        if place is not None
    ]
    details = " · ".join(filter(None, (str(change.relation), ", ".join(places))))
    yield f'<p class="id"><code>{_escape(change.id)}</code> · {details}</p>'
    for witness in change.witnesses:
        yield _witness(witness)
    yield "</article>"


def _witness(witness: Witness) -> str:
    other = "new" if witness.accepted_by == "old" else "old"
    call = f", call {witness.call}" if witness.call else ""
    heading = f"A request that the {witness.accepted_by} side accepts and the {other} side refuses{call}"
    body = "\n".join(map(_escape, short_body(witness, indent=2).splitlines()))
    return f'<details>\n<summary>{heading}</summary>\n<pre tabindex="0">{body}</pre>\n</details>'
