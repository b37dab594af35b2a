"""The flags of `argocd app create` and `app set`, one row each.

In: the flags that somebody has given, by their names, and a spec. Out: the spec, changed. Called by `argosy app create` and
`set`, which make their options of this table. Follows `cmd/util/app.go` (`AddAppFlags`, `SetAppSpecOptions`) of Argo CD 3.6.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from argosy.errors import InvalidObject
from argosy.gitops.editing.choosing import check_helm, source_at
from argosy.gitops.editing.puts import Put, entries, field, image_name, items, length, mapped
from argosy.resources.manifests import read_value

__all__ = ["FLAGS", "Flag", "put_flags"]

type Json = dict[str, Any]

_COUNT: Final = re.compile(r"[+-]?[0-9]+")


@dataclass(frozen=True, slots=True)
class Flag:
    """`type`: str, int, bool, list (may be repeated), or Path (a file, of which the text is put).

    `short`: another name of it. `source`: whether it changes a source, else the spec.
    """

    name: str
    help: str
    put: Put
    type: type = str
    short: str = ""
    source: bool = True

    @property
    def key(self) -> str:
        """Its name as Python has it."""
        return self.name.removeprefix("--").replace("-", "_")


def _sync_policy(spec: Json, value: str) -> None:
    if value == "none":
        field("syncPolicy.automated")(spec, None)
    elif value in ("automated", "automatic", "auto"):
        field("syncPolicy.automated")(spec, (spec.get("syncPolicy") or {}).get("automated") or {})
    else:
        raise InvalidObject(f"invalid sync-policy: {value!r}: none, automated, automatic or auto")


def _automated(name: str) -> Put:
    """Of what is synced by itself alone."""

    def put(spec: Json, value: bool) -> None:
        automated = (spec.get("syncPolicy") or {}).get("automated")
        if automated is None:
            raise InvalidObject("application not configured with automatic sync: give --sync-policy automated, too")
        automated[name] = value

    return put


def _retry_limit(spec: Json, limit: int) -> None:
    if limit < 0:
        raise InvalidObject(f"Invalid sync-retry-limit [{limit}]")
    field("syncPolicy.retry.limit" if limit else "syncPolicy.retry")(spec, limit or None)


def _retry(path: str, read: Callable[[Any], Any] = lambda value: value) -> Put:
    def put(spec: Json, value: Any) -> None:
        if not (spec.get("syncPolicy") or {}).get("retry"):
            raise InvalidObject("there are no retries: give --sync-retry-limit, too")
        field(f"syncPolicy.retry.{path}")(spec, read(value))

    return put


def _destination(name: str, other: str) -> Put:
    """A cluster is named in one way: by its server, or its name."""

    def put(spec: Json, value: str) -> None:
        field(f"destination.{other}")(spec, None)
        field(f"destination.{name}")(spec, value)

    return put


def _replicas(source: Json, values: Sequence[str]) -> None:
    entries("kustomize.replicas", value="count")(source, values)
    for one in (source.get("kustomize") or {}).get("replicas") or ():
        if not _COUNT.fullmatch(str(one["count"])):
            raise InvalidObject(f"expected integer value for count. Received: {one['count']}")
        one["count"] = int(one["count"])


def _values(source: Json, text: str) -> None:
    """Values have one place, `valuesObject`, which would win over a text beside it (SetValuesString)."""
    field("helm.values")(source, None)
    if not text.strip():
        field("helm.valuesObject")(source, None)
        return
    found = read_value(text)
    if not isinstance(found, dict):
        raise InvalidObject("Helm values are a map; the file holds none")
    source.setdefault("helm", {})["valuesObject"] = found


def _variables(kind: str, *, code: bool = False) -> Put:
    return entries(f"directory.jsonnet.{kind}", more={"code": True} if code else None)


FLAGS: Final = (
    Flag("--project", "Its project.", field("project"), source=False),
    Flag("--dest-server", "URL of the cluster that it goes to.", _destination("server", "name"), source=False),
    Flag("--dest-name", "Name of the cluster that it goes to.", _destination("name", "server"), source=False),
    Flag("--dest-namespace", "Namespace of objects that name none.", field("destination.namespace"), source=False),
    Flag("--sync-policy", "none or automated (auto).", _sync_policy, source=False),
    Flag("--auto-prune", "Automated syncs prune.", _automated("prune"), bool, source=False),
    Flag("--self-heal", "Sync when the cluster drifts.", _automated("selfHeal"), bool, source=False),
    Flag("--allow-empty", "Automated syncs may prune everything.", _automated("allowEmpty"), bool, source=False),
    Flag(
        "--sync-option",
        "Add a sync option, `!OPTION` removes it.",
        items("syncPolicy.syncOptions", lambda one: one.partition("=")[0]),
        list,
        source=False,
    ),
    Flag("--sync-retry-limit", "How often a sync is tried again.", _retry_limit, int, source=False),
    Flag("--sync-retry-refresh", "Tries take the newest revision.", _retry("refresh"), bool, source=False),
    Flag("--sync-retry-backoff-duration", "The first wait.", _retry("backoff.duration", length), source=False),
    Flag("--sync-retry-backoff-factor", "How waits grow.", _retry("backoff.factor"), int, source=False),
    Flag("--sync-retry-backoff-max-duration", "The longest wait.", _retry("backoff.maxDuration", length), source=False),
    Flag("--revision-history-limit", "How many deployments to keep.", field("revisionHistoryLimit"), int, source=False),
    Flag("--repo", "Repository URL.", field("repoURL")),
    Flag("--path", "Folder in the repository.", field("path")),
    Flag("--revision", "Branch, tag, commit or version to follow.", field("targetRevision")),
    Flag("--helm-chart", "Name of a chart of a Helm repository.", field("chart")),
    Flag("--ref", "Name by which other sources refer to this one.", field("ref")),
    Flag("--source-name", "Name of the source.", field("name")),
    Flag("--release-name", "Helm's release name.", field("helm.releaseName")),
    Flag("--values", "Helm's values files.", field("helm.valueFiles"), list),
    Flag("--helm-set", "Helm values: KEY=VALUE.", entries("helm.parameters"), list),
    Flag("--helm-set-string", "Helm texts.", entries("helm.parameters", more={"forceString": True}), list),
    Flag("--helm-set-file", "Helm values from files.", entries("helm.fileParameters", value="path"), list),
    Flag("--values-literal-file", "A file of Helm values to keep in the spec.", _values, Path),
    Flag("--helm-version", "Helm's version.", field("helm.version")),
    Flag("--helm-pass-credentials", "Pass credentials to all domains.", field("helm.passCredentials"), bool),
    Flag("--ignore-missing-value-files", "Skip what is not there.", field("helm.ignoreMissingValueFiles"), bool),
    Flag("--helm-skip-crds", "Without CRDs.", field("helm.skipCrds"), bool),
    Flag("--helm-skip-tests", "Without tests.", field("helm.skipTests"), bool),
    Flag("--helm-skip-schema-validation", "No validation.", field("helm.skipSchemaValidation"), bool),
    Flag("--helm-namespace", "Helm's namespace.", field("helm.namespace")),
    Flag("--helm-kube-version", "The Kubernetes version for Helm.", field("helm.kubeVersion")),
    Flag("--helm-api-versions", "What the cluster serves.", field("helm.apiVersions"), list),
    Flag("--nameprefix", "Kustomize's name prefix.", field("kustomize.namePrefix")),
    Flag("--namesuffix", "Kustomize's name suffix.", field("kustomize.nameSuffix")),
    Flag("--kustomize-version", "Kustomize's version.", field("kustomize.version")),
    Flag("--kustomize-namespace", "Kustomize's namespace.", field("kustomize.namespace")),
    Flag("--kustomize-image", "Kustomize images.", items("kustomize.images", image_name), list),
    Flag("--kustomize-replica", "Kustomize replicas: NAME=COUNT.", _replicas, list),
    Flag("--kustomize-common-label", "Labels of all objects.", mapped("kustomize.commonLabels"), list),
    Flag("--kustomize-common-annotation", "Annotations.", mapped("kustomize.commonAnnotations"), list),
    Flag("--kustomize-force-common-label", "Over those there.", field("kustomize.forceCommonLabels"), bool),
    Flag("--kustomize-force-common-annotation", "Over those.", field("kustomize.forceCommonAnnotations"), bool),
    Flag("--kustomize-label-without-selector", "No selectors.", field("kustomize.labelWithoutSelector"), bool),
    Flag("--kustomize-label-include-templates", "Pods', too.", field("kustomize.labelIncludeTemplates"), bool),
    Flag(
        "--ignore-missing-components",
        "Skip Kustomize components that are not there.",
        field("kustomize.ignoreMissingComponents"),
        bool,
        "--kustomize-ignore-missing-components",
    ),
    Flag("--kustomize-kube-version", "The Kubernetes version.", field("kustomize.kubeVersion")),
    Flag("--kustomize-api-versions", "What the cluster serves.", field("kustomize.apiVersions"), list),
    Flag("--directory-recurse", "Folders inside, too.", field("directory.recurse"), bool),
    Flag("--directory-include", "Only files of this glob.", field("directory.include")),
    Flag("--directory-exclude", "No files of this glob.", field("directory.exclude")),
    Flag("--jsonnet-ext-var-str", "External variables.", _variables("extVars"), list),
    Flag("--jsonnet-ext-var-code", "The same, as code.", _variables("extVars", code=True), list),
    Flag("--jsonnet-tla-str", "Top-level arguments.", _variables("tlas"), list),
    Flag("--jsonnet-tla-code", "The same, as code.", _variables("tlas", code=True), list),
    Flag("--jsonnet-libs", "Folders of libraries.", items("directory.jsonnet.libs"), list),
    Flag("--config-management-plugin", "Name of the plugin.", field("plugin.name")),
    Flag("--plugin-env", "The plugin's variables: NAME=VALUE.", entries("plugin.env"), list),
    Flag("--parameter", "Helm values: KEY=VALUE.", entries("helm.parameters"), list, "-p"),
)
"""In the order in which they are put: what others need comes first."""


def put_flags(spec: Json, given: Mapping[str, Any], position: int = 0, kind: str = "") -> None:
    """Change a spec by the flags that are given (by `Flag.key`; None = not given).

    `position`: see `source_at`. `kind`: of the source, as the status tells it. Raises InvalidObject, which names the flag.
    """
    for flag in FLAGS:
        value = given.get(flag.key)
        if value is None:
            continue
        try:
            where = source_at(spec, position) if flag.source else spec
            if flag.key == "parameter":
                check_helm(where, kind)
            flag.put(where, value)
        except InvalidObject as x:
            raise InvalidObject(x.reason, field=flag.name) from x
