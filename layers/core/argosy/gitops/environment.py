"""The build environment: variables that parameters, value files and images of a source may use.

In: an application and the commit that is rendered; out: names and values in Argo's order, and texts with them put in. Called
by the modules beside this one. Matches `newEnv` of `reposerver/repository/repository.go` and `Env.Envsubst` of
`pkg/apis/application/v1alpha1/types.go` in Argo CD 3.6, which expands as Go's `os.Expand` does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

__all__ = ["plugin_parameters", "substitute", "variables"]

_NO_NAME = re.compile(r"[^A-Z0-9_]")
_SHORT: Final = 7
_SHORT_8: Final = 8
_REFERENCE = re.compile(r"\$(?:\{([^}]*)\}|\{|([A-Za-z0-9_]+|[*#$@!?\-]))", re.ASCII)


def variables(
    *, app: str, namespace: str, project: str, revision: str, url: str, path: str, target: str
) -> dict[str, str]:
    """The variables of one build; `namespace` is the destination's, `revision` the commit, `target` what was asked for."""
    return {
        "ARGOCD_APP_NAME": app,
        "ARGOCD_APP_NAMESPACE": namespace,
        "ARGOCD_APP_PROJECT_NAME": project,
        "ARGOCD_APP_REVISION": revision,
        "ARGOCD_APP_REVISION_SHORT": revision[:_SHORT],
        "ARGOCD_APP_REVISION_SHORT_8": revision[:_SHORT_8],
        "ARGOCD_APP_SOURCE_REPO_URL": url,
        "ARGOCD_APP_SOURCE_PATH": path,
        "ARGOCD_APP_SOURCE_TARGET_REVISION": target,
    }


def plugin_parameters(parameters: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """What a config management plugin is told of `spec.source.plugin.parameters`: all of them as JSON, and one by one.

    Follows `ApplicationSourcePluginParameters.Environ` of the same file.
    """
    env = {"ARGOCD_APP_PARAMETERS": orjson.dumps(list(parameters)).decode()}
    for one in parameters:
        name = f"PARAM_{_name(one.get('name') or '')}"
        if one.get("string") is not None:
            env[name] = str(one["string"])
        parts = [*enumerate(one.get("array") or ()), *(one.get("map") or {}).items()]
        env |= {f"{name}_{_name(key)}": str(value) for key, value in parts}
    return env


def _name(text: object) -> str:
    return _NO_NAME.sub("_", str(text).upper())


def substitute(text: str, env: Mapping[str, str]) -> str:
    """`text` with `$NAME` and `${NAME}` replaced; unknown names become empty, `$$` stands for one dollar."""

    def value(found: re.Match[str]) -> str:
        name = found[1] if found[1] is not None else found[2]
        if name is None:
            return ""  # a brace that is never closed: Go drops it with the dollar
        return "$" if name == "$" else env.get(name, "")

    return _REFERENCE.sub(value, text) if "$" in text else text
