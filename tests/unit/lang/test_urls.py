"""Addresses as Go reads and prints them."""

from __future__ import annotations

import pytest

from argosy.errors import EvaluationError
from argosy.lang import urls


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("https://h/a b", "https://h/a%20b"),
        ("https://h/a%20b", "https://h/a%20b"),
        ("https://h/a%2Fb", "https://h/a%2Fb"),
        ("https://h/{a}*", "https://h/%7Ba%7D%2A"),
        ("https://h/[a]*", "https://h/[a]*"),
        ("HTTPS://u:p@H:80/a?b#c", "https://u:p@H:80/a?b#c"),
        ("https://h?", "https://h?"),
        ("mailto:x@y", "mailto:x@y"),
        ("file:///a", "file:///a"),
        ("file:/a", "file:/a"),
        ("a/b:c", "a/b:c"),
        ("//h/a", "//h/a"),
        ("https://[::1]:80/a", "https://[::1]:80/a"),
        ("https://h/é", "https://h/%C3%A9"),
        ("*", "*"),
        ("", ""),
    ],
)
def test_printing(text: str, printed: str) -> None:
    assert str(urls.parse(text)) == printed


@pytest.mark.parametrize(
    "text",
    ["git@h:a/b", ":a", "https://h:x/", "https://{h}/", "https://h[/", "https://[h]/", "https://h/%zz", "https://h/\n"],
)
def test_no_addresses(text: str) -> None:
    with pytest.raises(EvaluationError):
        urls.parse(text)


@pytest.mark.parametrize(("text", "name"), [("https://u@h:80/", "h"), ("https://[::1]:80/", "::1"), ("a", "")])
def test_names_of_hosts(text: str, name: str) -> None:
    assert urls.parse(text).hostname == name
