"""Whether what counts for an Application (`manifest-generate-paths`) is another between two commits."""

from __future__ import annotations

import pytest

from argosy.gitops.refresh.paths import is_untouched

BEFORE = {"": ["1", False], "apps": ["2", False], "apps/a": ["3", True], "apps/b": ["4", True], "shared": ["5", True]}


@pytest.mark.parametrize(
    ("paths", "changed", "untouched"),
    [
        (["apps/a"], {"": "x", "apps": "x", "apps/b": "x"}, True),
        (["/apps/a/"], {"apps/b": "x"}, True),
        (["apps/a", "shared"], {"apps/b": "x"}, True),
        (["apps/a", "shared"], {"shared": "x"}, False),
        (["apps"], {"apps": "x"}, False),
        (["."], {"": "x"}, False),
        (["."], {}, True),
        ([], {}, False),
        (["apps/a/one.yaml"], {}, False),
        (["apps/*"], {}, False),
    ],
)
def test_the_folders_of_two_commits(paths: list[str], changed: dict[str, str], untouched: bool) -> None:
    after = BEFORE | {path: [digest, True] for path, digest in changed.items()}
    assert is_untouched(paths, BEFORE, after) is untouched
