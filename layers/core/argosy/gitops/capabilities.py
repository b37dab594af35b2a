"""What charts and plugins are told of the cluster that they are rendered for.

In: the kinds that a cluster serves, and its version as it tells it. Out: what `helm template` is given as `--api-versions`
and `--kube-version`, and what decides whether a source is made of them at all. Called by whoever asks for a render. Follows
`APIResourcesToStrings` of `util/argo/argo.go` in Argo CD 3.6.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from argosy.gitops.requests import AppInfo, Manner
from argosy.resources.source import Source

__all__ = ["api_versions", "kube_version", "trimmed"]

_VERSION: Final = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?")
_HELMED: Final = "--enable-helm"


def api_versions(kinds: Iterable[tuple[str, str]]) -> Sequence[str]:
    """Of each apiVersion and kind `group/version` and `group/version/Kind`, in one order."""
    return sorted({text for version, kind in kinds for text in (version, f"{version}/{kind}")})


def kube_version(told: str) -> str:
    """`vMAJOR.MINOR.PATCH`, whatever a distribution adds to it; "" for what is no version."""
    found = _VERSION.match(told)
    return f"v{found[1]}.{found[2]}.{found[3] or 0}" if found else ""


def trimmed(about: AppInfo, source: Source, manner: Manner, *, may_be_other: bool) -> AppInfo:
    """The same without the cluster's versions, unless the source may be made of them: what is not renders alike everywhere.

    `may_be_other`: it does not say what it is, and may be a chart, or a plugin's.
    """
    if source.helm or source.plugin or source.chart or may_be_other:
        return about
    if _HELMED in manner.build_options and not source.directory:
        return about
    return about.model_copy(update={"kube_version": "", "api_versions": ()})
