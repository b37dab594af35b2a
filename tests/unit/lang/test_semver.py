"""Versions and constraints as Masterminds/semver reads them; the cases were tried with the Go library."""

from __future__ import annotations

import pytest

from argosy.errors import EvaluationError
from argosy.lang import semver


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1.2.3", "1.2.3"),
        ("v1.2.3", "1.2.3"),
        ("1.2", "1.2.0"),
        ("v1", "1.0.0"),
        ("01.2.3", "1.2.3"),
        ("v1.2-beta", "1.2.0-beta"),
        ("1.2.3-rc.1+b.5", "1.2.3-rc.1+b.5"),
        ("1.2.3--", "1.2.3--"),
    ],
)
def test_reading_a_version(text: str, shown: str) -> None:
    found = semver.parse(text)
    assert (str(found), found.original) == (shown, text)


@pytest.mark.parametrize(
    "text",
    ["", "abc", "1.2.3.4", "1.2.3-", "1.2.3+", "1.2.3-01", " 1.2.3", "-1", "V1", "99999999999999999999.0.0", "1" * 300],
)
def test_what_is_no_version(text: str) -> None:
    assert not semver.is_version(text)
    with pytest.raises(EvaluationError, match="no version"):
        semver.parse(text)


def test_order() -> None:
    before = "1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1"
    ordered = [*before.split(), "1.0.0", "v1.5", "1.9.0", "1.10.0"]
    assert [one.original for one in sorted(map(semver.parse, reversed(ordered)))] == ordered
    assert semver.parse("1.2.3+a") == semver.parse("1.2.3")
    assert hash(semver.parse("1.2.3+a")) == hash(semver.parse("v1.2.3"))


@pytest.mark.parametrize(
    ("constraint", "fits", "fails"),
    [
        ("1.2.3", "1.2.3 v1.2.3 1.2.3+b", "1.2.2 1.2.3-beta"),
        ("=1.2", "1.2.0 1.2.9", "1.1.9 1.3.0"),
        ("1", "1.0.0 1.9.9", "2.0.0 0.9.0"),
        ("*", "0.0.1 9.9.9", "1.0.0-beta"),
        ("*-0", "1.0.0 1.0.0-beta", ""),
        ("!=1.2.3", "1.2.4", "1.2.3"),
        ("!=1", "2.0.0 0.9.0", "1.0.0 1.9.0"),
        (">1", "2.0.0", "1.9.0 1.0.0"),
        (">1.2", "1.3.0", "1.2.9"),
        (">=1.x", "1.0.0 2.0.0", "0.9.0"),
        ("<=1", "1.9.0 0.1.0", "2.0.0"),
        ("<=1.2", "1.2.9 1.1.0", "1.3.0"),
        ("~1.2.3", "1.2.3 1.2.9", "1.3.0 1.2.2"),
        ("~>1", "1.9.0", "2.0.0"),
        ("^1.2", "1.2.0 1.9.9", "2.0.0 1.1.9"),
        ("^0.2.3", "0.2.3 0.2.9", "0.3.0 0.2.2"),
        ("^0.0.3", "0.0.3", "0.0.4"),
        ("^0.0", "0.0.5", "0.1.0"),
        (">=1.0.0, <2.0.0", "1.5.0", "2.0.0"),
        (">=1.0.0 <2.0.0 || 3.x", "1.5.0 3.1.0", "2.5.0"),
        ("1.2 - 2", "1.2.0 2.9.0", "3.0.0 1.1.0"),
        (">1.0.0-0", "1.2.3-alpha 2.0.0", "1.0.0-0"),
        ("=>1.0.0", "1.0.0", "0.9.0"),
    ],
)
def test_a_constraint(constraint: str, fits: str, fails: str) -> None:
    asked = semver.constraint(constraint)
    assert [text for text in fits.split() if not asked.allows(semver.parse(text))] == []
    assert [text for text in fails.split() if asked.allows(semver.parse(text))] == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "main",
        ">",
        ">>1",
        "==1",
        "~=1.2",
        "1.2.3.4",
        "1.0.0 ||",
        ">=1.0.0,",
        "[1.0,2.0)",
        "1.2.3-01",
        "^^1",
        ">1 x" * 400,
    ],
)
def test_what_is_no_constraint(text: str) -> None:
    with pytest.raises(EvaluationError):
        semver.constraint(text)
