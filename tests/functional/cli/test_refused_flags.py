"""Flags of `argosy app` whose values are refused before anything is written, on a cluster in memory."""

from __future__ import annotations

import pytest

from support.verbs import Verbs


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (
            "set a -p a=b",
            "--parameter: Parameters can only be set against Helm applications; this source is of kind Kustomize",
        ),
        ("set m --source-position 2 -p a=b", "this source is of kind Directory"),
        ("sync a --async --retry-backoff-duration abc", "--retry-backoff-duration: 'abc' is no length of time"),
        (
            "sync a --async --retry-limit 3 --retry-backoff-max-duration 5",
            "--retry-backoff-max-duration: '5' is no length",
        ),
        ("logs a --until-time 2020", "--until-time: '2020' is no time like"),
        ("sync m --async --revision v1", "does not work on multi-source app with --revision flag"),
    ],
)
def test_what_is_refused(words: str, reason: str) -> None:
    verbs = Verbs()
    verbs.put("a", source={"repoURL": "https://git/x", "path": "p"}, status={"sourceType": "Kustomize"})
    several = [{"repoURL": "https://git/x", "path": "p"}, {"repoURL": "https://git/x", "path": "q"}]
    verbs.put("m", sources=several, status={"sourceTypes": ["Helm", "Directory"]})
    before = verbs.app("a"), verbs.app("m")
    assert reason in verbs.fails(f"app {words}")
    assert (verbs.app("a"), verbs.app("m")) == before
