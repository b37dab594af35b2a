"""Differences and manifests as the command line shows them."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.gitops.annotations import LAST_APPLIED
from argosy.gitops.diff.compare import Comparison, compare
from argosy.gitops.identity import key_of
from argosy.gitops.showing.differences import documents, texts

type Json = dict[str, Any]


def config_map(value: str, **annotations: str) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a", "namespace": "n", "annotations": annotations, "managedFields": [{"manager": "m"}]},
        "data": {"v": value},
    }


def secret(value: str) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s", "namespace": "n"},
        "stringData": {"p": value},
    }


def shown(found: Comparison) -> list[tuple[str, str]]:
    side = found.live if found.live is not None else found.predicted
    assert side is not None
    return list(texts([(key_of(side), found)]))


@pytest.mark.parametrize(
    ("wanted", "live", "lines"),
    [
        (config_map("2"), config_map("1", **{LAST_APPLIED: "{}"}), {"-  v: '1'", "+  v: '2'"}),
        (config_map("2"), None, {"+kind: ConfigMap", "+  v: '2'"}),
        (None, config_map("1"), {"-kind: ConfigMap", "-  v: '1'"}),
        (secret("one"), secret("two"), {"-  p: ++++++++++++", "+  p: ++++++++"}),
        (secret("one"), None, {"+  p: ++++++++"}),
    ],
)
def test_what_differs_is_shown_line_by_line(wanted: Json | None, live: Json | None, lines: set[str]) -> None:
    ((title, text),) = shown(compare(wanted, live))
    assert title.startswith("===== /")
    assert lines <= set(text.splitlines())
    assert not any(word in text for word in ("managedFields", "last-applied", "b25l", "dHdv"))


def test_what_is_the_same_is_not_shown() -> None:
    assert shown(compare(config_map("1"), config_map("1", **{LAST_APPLIED: "{}"}))) == []


def test_secrets_in_manifests_are_masked() -> None:
    body = secret("canary")
    (text,) = documents([(key_of(body), body)])
    assert text.startswith("---\n")
    assert "p: ++++++++\n" in text
    assert "canary" not in text
