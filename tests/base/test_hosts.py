"""Hosts that strangers have no business to name."""

import pytest

from wanlib.base.hosts import host_of, is_private


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.9.9.9", "127.1", "0x7f000001", "2130706433", "017700000001", "0.0.0.0", "0",
        "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:a00:1", "64:ff9b::7f00:1", "2002:7f00:1::",
        "localhost", "LOCALHOST", "localhost.", "a.localhost", "printer.local", "db.internal", "printer", "",
        "metadata.google.internal",
    ],
)  # fmt: skip
def test_private(host: str) -> None:
    assert is_private(host)


@pytest.mark.parametrize(
    "host",
    [
        "pictures.example.com", "dashscope-result-bj.oss-cn-beijing.aliyuncs.com", "8.8.8.8", "172.32.0.1",
        "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "localhost.example.com", "local.example.com",
        "example.com.",
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
        ("", None),
    ],
)
def test_host_of(url: str, host: str | None) -> None:
    assert host_of(url) == host
