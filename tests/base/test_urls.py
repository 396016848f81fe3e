"""Hosts: private ones in every notation, the host of a URL, and the quick look at plain URLs."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wanlib.base.urls import (
    address_scope,
    get_host,
    is_private,
    normalize_host,
    parse_public_host,
    plain_url_mismatch,
    private_url_reason,
)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.9.9.9", "127.1", "0x7f000001", "2130706433", "017700000001", "0.0.0.0", "0",
        "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:a00:1", "64:ff9b::7f00:1", "2002:7f00:1::",
        "localhost", "LOCALHOST", "localhost.", "a.localhost", "printer.local", "db.internal", "printer", "",
        "metadata.google.internal", "::127.0.0.1", "::ffff:0:127.0.0.1", "::ffff:0:808:808", "64:ff9b:1::1",
        "64:ff9b:1:2::808:808", "fec0::1", "2001:db8::1", "0300.0250.0.1", "127.0.0.1.", "0x7f.1",
        "192.0.2.7",
        "a.localdomain", "localhost.localdomain", "web.default.svc", "web.default.svc.cluster.local",
        "emulator.test", "nas.home.arpa", "256.1.1.1", "1.2.3.4.5", "a..b", "a" * 64 + ".com", "%31%32%37.1",
        "127\u30020\u30020\u30021", "1:2",
    ],
)  # fmt: skip
def test_private(host: str) -> None:
    assert is_private(host)


@pytest.mark.parametrize(
    "host",
    [
        "pictures.example.com", "dashscope-result-bj.oss-cn-beijing.aliyuncs.com", "8.8.8.8", "172.32.0.1",
        "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "localhost.example.com", "local.example.com",
        "example.com.", "svc.example.com", "test.example", "0x08080808", "8.8.2056", "2620:fe::fe",
        "xn--fiqs8s.example", "a" * 63 + ".com",
    ],
)  # fmt: skip
def test_public(host: str) -> None:
    assert not is_private(host)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Pictures.example.com/a.png?Expires=1&Signature=a%2Bb", "pictures.example.com"),
        ("http://[::1]:80/a", "::1"),
        ("https://host.example:8443", "host.example"),
        ("https://good.example@127.0.0.1/a", None),
        ("https://good.example\\@127.0.0.1/a", None),
        ("https://good.example/a b", None),
        ("https://good.example/\n", None),
        ("https://g\u00f6od.example/", None),
        ("https://[::1/", None),
        ("ftp://good.example/a", None),
        ("file:///etc/passwd", None),
        ("data:image/png;base64,AAAA", None),
        ("//good.example/a", None),
        ("https:///a", None),
        ("https://0x7f.1/a", "127.0.0.1"),
        ("https://%6c%6fcalhost/a", None),
        ("https://good.example%2f@127.0.0.1/a", None),
        ("https://127\u30020\u30020\u30021/a", None),
        ("https://good.example./a", "good.example"),
        ("https://good..example/a", None),
        ("https://.good.example/a", None),
        ("https://" + "a" * 64 + ".example/a", None),
        ("https://good.example:0/a", None),
        ("https://good.example:65536/a", None),
        ("https://[fe80::1%25eth0]/a", None),
        ("https://[0:0:0:0:0:0:0:1]/a", "::1"),
        ("", None),
    ],
)
def test_host_of(url: str, host: str | None) -> None:
    assert get_host(url) == host


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://user:word@Example.com./a", "example.com"),
        ("http://example.com:80@127.1/a", "127.0.0.1"),
        ("http://%31%32%37.0.0.1/a", "127.0.0.1"),
        ("http://127\u30020\uff0e0\uff611/a", "127.0.0.1"),
        ("http://\uff4c\uff4f\uff43\uff41\uff4c\uff48\uff4f\uff53\uff54/a", "localhost"),
        ("http://\u4f8b\u3048.jp/a", "\u4f8b\u3048.jp"),
        ("http://a@b@c/", None),
        ("http://a\\b/", None),
        ("http://a%00b/", None),
        ("http://a b/", None),
    ],
)
def test_the_host_as_a_browser_reads_it(url: str, host: str | None) -> None:
    assert parse_public_host(url) == host


@pytest.mark.parametrize(
    ("host", "scope"),
    [
        ("127.0.0.1", "loopback"), ("10.0.0.1", "private"), ("169.254.0.1", "link-local"),
        ("0.0.0.0", "unspecified"),
        ("0.0.0.1", "reserved"), ("100.64.0.1", "shared"), ("224.0.0.1", "multicast"),
        ("192.0.2.1", "documentation"),
        ("::1", "loopback"), ("::", "unspecified"), ("fe80::1", "link-local"), ("fd00::1", "private"),
        ("::ffff:10.0.0.1", "private"), ("2002:7f00:1::", "loopback"), ("64:ff9b::a00:1", "private"),
        ("4000::1", "reserved"), ("8.8.8.8", None), ("2606:4700::1111", None),
        ("example.com", None), ("1a", None),
    ],
)  # fmt: skip
def test_the_word_for_an_address(host: str, scope: str | None) -> None:
    assert address_scope(str(normalize_host(host))) == scope


SUFFIXES = ("-internal.aliyuncs.com", "-internal.oss-data-acc.aliyuncs.com")
PLAIN = plain_url_mismatch(("http", "https", "data", "oss"), SUFFIXES)
URLS = st.builds(
    "{}://{}{}{}".format,
    st.sampled_from(("http", "https", "oss", "HTTP")),
    st.lists(st.text("a0-x.[]:@%\\", max_size=5) | st.sampled_from(
        ("localhost", "127.0.0.1", "com", "local", "arpa", "b-internal.aliyuncs.com", "e.com", ".", "a" * 62)
    ), max_size=6).map("".join),
    st.sampled_from(("", ":80", ":0")),
    st.sampled_from(("", "/", "/a.png", "/a b", "/a\n", "/?b", "/#c", "/\u00a0")),
)  # fmt: skip


@given(URLS)
@example("https://bucket-internal.aliyuncs.com/a")
@example("https://a.localhost/a")
@example("oss://")
def test_ordinary_urls_are_public(url: str) -> None:
    if PLAIN.match(url) is None:
        assert private_url_reason(url, SUFFIXES) is None and "?" not in url


@given(st.text())
def test_no_text_breaks_the_parser(text: str) -> None:
    for url in (text, f"http://{text}", f"http://[{text}]/", f"https://a@{text}:1/"):
        private_url_reason(url, SUFFIXES)
        host = parse_public_host(url)
        assert host is None or normalize_host(host) == host
        assert get_host(url) in (None, host)
        is_private(text)


def test_usual_urls_look_plain() -> None:
    """So that `check` needs one test for each of them."""
    for url in (
        "https://example.com/a.png",
        "http://pictures.example.co.uk/a/b-c_d.png",
        "https://bucket.oss-cn-beijing.aliyuncs.com/2026/a%20b.jpeg",
        "oss://dashscope-instant/0123/a.png",
    ):
        assert PLAIN.match(url) is None
