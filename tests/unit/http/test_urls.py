"""URLs that triggers may call, and addresses that they may not reach."""

from __future__ import annotations

import pytest

from argosy.adapters.http.client import Target, parse_url
from argosy.adapters.http.egress import check_address
from argosy.errors import Denied, Permanent


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("http://example.org", Target(False, "example.org", 80, "example.org", "/")),
        ("https://example.org/a/b?c=d", Target(True, "example.org", 443, "example.org", "/a/b?c=d")),
        ("http://example.org:8080/", Target(False, "example.org", 8080, "example.org:8080", "/")),
        ("http://EXAMPLE.org/", Target(False, "example.org", 80, "example.org", "/")),
        ("http://[::1]:81/x", Target(False, "::1", 81, "[::1]:81", "/x")),
        ("http://u:p%40@h/x", Target(False, "h", 80, "h", "/x", "u:p@")),
        ("http://h/a b/é?q=ü z", Target(False, "h", 80, "h", "/a%20b/%C3%A9?q=%C3%BC%20z")),
        ("http://h/%2F?a=%20", Target(False, "h", 80, "h", "/%2F?a=%20")),
        ("http://h?a=b#frag", Target(False, "h", 80, "h", "/?a=b")),
        ("http://bücher.example/", Target(False, "xn--bcher-kva.example", 80, "xn--bcher-kva.example", "/")),
    ],
)
def test_urls(url: str, target: Target) -> None:
    assert parse_url(url) == target


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org",
        "ftp://example.org/",
        "http://",
        "http:///x",
        "file:///etc/passwd",
        "http://h:port/",
        "http://[::1",
        "http://h:99999/",
    ],
)
def test_what_is_no_url(url: str) -> None:
    with pytest.raises(Permanent, match="URL"):
        parse_url(url)


def test_messages_show_neither_user_nor_query() -> None:
    assert parse_url("https://user:s3cret@h:1/x?token=s3cret").shown == "https://h:1/x"


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "169.254.0.1",
        "::ffff:169.254.169.254",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "0.0.0.0",
        "::",
        "224.0.0.1",
        "ff02::1",
    ],
)
def test_addresses_that_no_trigger_reaches(address: str) -> None:
    with pytest.raises(Denied, match="may not be reached from here"):
        check_address(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.0.0.1", "192.168.1.1", "93.184.216.34", "2606:4700::1111"])
def test_addresses_that_triggers_reach(address: str) -> None:
    check_address(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_loopback_is_closed_inside_lambda(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "trigger")
    with pytest.raises(Denied):
        check_address(address)
