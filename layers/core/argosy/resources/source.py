"""`spec.source` of an Application (argoproj.io/v1alpha1): where manifests come from and how they are made.

Follows `ApplicationSource` in `pkg/apis/application/v1alpha1/types.go` of Argo CD 3.6. Every field is modelled, also
those that nothing serves yet, so that a type that does not fit is told and `argosy.gitops.sources` can name what is not
served.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from argosy.resources.base import Model

__all__ = ["Directory", "Helm", "Jsonnet", "JsonnetVariable", "Kustomize", "Source", "SourcePlugin", "are_same"]


class HelmParameter(Model):
    """An entry of `helm.parameters`: `--set`, or `--set-string` with `forceString`."""

    name: str = ""
    value: str = ""
    force_string: bool = False


class HelmFileParameter(Model):
    """An entry of `helm.fileParameters`: `--set-file`."""

    name: str = ""
    path: str = ""


class Helm(Model):
    """`source.helm`."""

    value_files: Sequence[str] = ()
    parameters: Sequence[HelmParameter] = ()
    release_name: str = ""
    values: str = ""
    file_parameters: Sequence[HelmFileParameter] = ()
    version: str = ""
    pass_credentials: bool = False
    ignore_missing_value_files: bool = False
    skip_crds: bool = False
    values_object: Mapping[str, Any] | None = None
    namespace: str = ""
    kube_version: str = ""
    api_versions: Sequence[str] = ()
    skip_tests: bool = False
    skip_schema_validation: bool = False


class KustomizeReplica(Model):
    """An entry of `kustomize.replicas`; the count may be a text that holds a number."""

    name: str
    count: int | str


class KustomizeTarget(Model):
    """Which objects a patch is for; the names are patterns."""

    group: str = ""
    version: str = ""
    kind: str = ""
    name: str = ""
    namespace: str = ""
    annotation_selector: str = ""
    label_selector: str = ""


class KustomizePatch(Model):
    """An entry of `kustomize.patches`: a file of the source's folder, or the patch itself."""

    path: str = ""
    patch: str = ""
    target: KustomizeTarget | None = None
    options: Mapping[str, bool] = {}


class Kustomize(Model):
    """`source.kustomize`."""

    name_prefix: str = ""
    name_suffix: str = ""
    images: Sequence[str] = ()
    common_labels: Mapping[str, str] = {}
    version: str = ""
    common_annotations: Mapping[str, str] = {}
    force_common_labels: bool = False
    force_common_annotations: bool = False
    namespace: str = ""
    common_annotations_envsubst: bool = False
    replicas: Sequence[KustomizeReplica] = ()
    patches: Sequence[KustomizePatch] = ()
    components: Sequence[str] = ()
    ignore_missing_components: bool = False
    label_without_selector: bool = False
    kube_version: str = ""
    api_versions: Sequence[str] = ()
    label_include_templates: bool = False


class JsonnetVariable(Model):
    """An external variable or a top-level argument; `code` says that the value is Jsonnet and no text."""

    name: str
    value: str = ""
    code: bool = False


class Jsonnet(Model):
    """`directory.jsonnet`; `libs` are folders from the repository's root."""

    ext_vars: Sequence[JsonnetVariable] = ()
    tlas: Sequence[JsonnetVariable] = ()
    libs: Sequence[str] = ()


class Directory(Model):
    """`source.directory`."""

    recurse: bool = False
    jsonnet: Jsonnet = Jsonnet()
    exclude: str = ""
    include: str = ""
    disable_extension_filter: bool = False


class Variable(Model):
    """An entry of `plugin.env`."""

    name: str
    value: str = ""


class SourcePlugin(Model):
    """`source.plugin`; a parameter has a `name` and one of `string`, `array` and `map`."""

    name: str = ""
    env: Sequence[Variable] = ()
    parameters: Sequence[Mapping[str, Any]] | None = None


class Source(Model):
    """`spec.source`, or an entry of `spec.sources`."""

    repo_url: str = Field(default="", alias="repoURL")
    path: str = ""
    target_revision: str = ""
    helm: Helm | None = None
    kustomize: Kustomize | None = None
    directory: Directory | None = None
    plugin: SourcePlugin | None = None
    chart: str = ""
    ref: str = ""
    name: str = ""
    tag_prefix: str = ""


def are_same(one: Sequence[Source], other: Sequence[Source]) -> bool:
    """Whether sources say the same. A null, as in `valuesObject`, counts for none: no merge patch of a status keeps it."""
    return list(one) == list(other) or [_bare(each.model_dump()) for each in one] == [
        _bare(each.model_dump()) for each in other
    ]


def _bare(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _bare(one) for name, one in value.items() if one is not None}
    return [_bare(one) for one in value] if isinstance(value, list | tuple) else value
