"""The settings of an installation: what `argocd-cm` says of comparing, tracking and refreshing.

In: the data of the ConfigMap. Out: `Settings`. Read at the beginning of each reconcile. A value that cannot be read counts
as not given. What is compared and synced hangs on most of them, so that with `problems` nothing is, and Applications say
why; a time is told by `warnings` and stops nothing. Follows `util/settings/settings.go` of Argo CD 3.6, and
`CompareAppState` in what an error there does to a comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import yaml

from argosy.errors import ArgosyError, EvaluationError
from argosy.gitops.diff.knowntypes import KnownField
from argosy.gitops.filters import Entry, ResourceFilter
from argosy.gitops.paths import SCHEMES
from argosy.gitops.requests import Manner
from argosy.gitops.tracking import Tracking
from argosy.lang import duration

__all__ = ["CONFIG_MAP", "CONTROL", "CONTROL_SECRET", "PARAMETERS_MAP", "Settings"]

CONFIG_MAP: Final = "argocd-cm"
PARAMETERS_MAP: Final = "argocd-cmd-params-cm"
CONTROL_SECRET: Final = "argocd-secret"  # noqa: S105 - the name of a Secret
CONTROL: Final = "argocd"
"""The namespace of the control plane, as Argo CD is installed."""

SOFT: Final = 120.0
JITTER: Final = 60.0

_CUSTOMIZATIONS: Final = "resource.customizations"
_CRD: Final = "apiextensions.k8s.io/CustomResourceDefinition"
_SWITCHES: Final = {"kustomize.enable": "Kustomize", "helm.enable": "Helm", "jsonnet.enable": "Directory"}
_ENTRY: Final = ("apiGroups", "kinds", "clusters")
_RULES: Final = ("jsonPointers", "jqPathExpressions", "managedFieldsManagers")
_METHODS: Final = ("annotation", "annotation+label", "label")

type Overrides = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Settings:
    """`overrides`: customizations by `<group>/<kind>`, or `<kind>` in the core group. Times are seconds; `soft` 0: never."""

    tracking: Tracking = field(default_factory=Tracking)
    filter: ResourceFilter = field(default_factory=ResourceFilter)
    overrides: Overrides = field(default_factory=lambda: _with_status({}, "all"))
    ignore_aggregated: bool = False
    soft: float = SOFT
    jitter: float = JITTER
    problems: tuple[str, ...] = ()
    version: str = ""
    """Which settings these are: the same text for the same ConfigMap."""
    manner: Manner = field(default_factory=Manner)
    impersonates: bool = False
    """Whether syncs are to have the rights of service accounts that projects name."""
    server_side: bool = False
    """Whether objects are compared by dry runs of server-side applies."""
    warnings: tuple[str, ...] = ()

    @classmethod
    def of(cls, data: Mapping[str, str], version: str = "", parameters: Mapping[str, str] | None = None) -> Settings:
        """What `argocd-cm` says, and `argocd-cmd-params-cm` in its `parameters`; {} = Argo's defaults."""
        reading = _Reading(data)
        options = reading.yaml("resource.compareoptions", dict) or {}
        overrides = _with_status(reading.overrides(), str(options.get("ignoreResourceStatusField") or "all"))
        method = data.get("application.resourceTrackingMethod", "")
        tracking = Tracking(
            method if method in _METHODS else "annotation",  # type: ignore[arg-type]
            data.get("application.instanceLabelKey") or "app.kubernetes.io/instance",
            data.get("installationID", ""),
        )
        kinds = ResourceFilter(reading.entries("resource.exclusions"), reading.entries("resource.inclusions"))
        return cls(
            tracking,
            kinds,
            overrides,
            bool(options.get("ignoreAggregatedRoles")),
            reading.seconds("timeout.reconciliation", SOFT),
            reading.seconds("timeout.reconciliation.jitter", JITTER),
            tuple(reading.problems),
            version,
            _manner(data),
            data.get("application.sync.impersonation.enabled") == "true",
            (parameters or {}).get("controller.diff.server.side") == "true",
            tuple(reading.warnings),
        )

    def known_fields(self, setting: str) -> list[KnownField]:
        """The fields of a kind that hold Kubernetes' own types."""
        given = self.overrides.get(setting, {}).get("knownTypeFields") or ()
        return [KnownField(str(one.get("field", "")), str(one.get("type", ""))) for one in given]


def _manner(data: Mapping[str, str]) -> Manner:
    """How sources are rendered (`GetKustomizeSettings`, `GetHelmSettings`, `GetEnabledSourceTypes`)."""
    schemes = data.get("helm.valuesFileSchemes")
    return Manner(
        build_options=data.get("kustomize.buildOptions") or "",
        value_file_schemes=SCHEMES
        if schemes is None
        else tuple(one.strip() for one in schemes.split(",") if one.strip()),
        off=tuple(kind for key, kind in _SWITCHES.items() if data.get(key) and data[key] != "true"),
    )


class _Reading:
    def __init__(self, data: Mapping[str, str]) -> None:
        self._data, self.problems, self.warnings = data, list[str](), list[str]()

    def yaml(self, key: str, kind: type) -> Any:
        return self._try(key, lambda text: _loaded(text, kind), self.problems)

    def entries(self, key: str) -> tuple[Entry, ...]:
        return self._try(key, _entries, self.problems) or ()

    def seconds(self, key: str, default: float) -> float:
        found = self._try(key, lambda text: duration.parse(text) / duration.SECOND, self.warnings)
        return default if found is None else float(found)

    def overrides(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for key, body in (self.yaml(_CUSTOMIZATIONS, dict) or {}).items():
            if not isinstance(body, dict):
                self.problems.append(f"{CONFIG_MAP}: {_CUSTOMIZATIONS}: {key} must hold a mapping")
                continue
            found[str(key)] = self._parts(f"{_CUSTOMIZATIONS}: {key}", body)
        for key in sorted(self._data):
            if key.startswith(f"{_CUSTOMIZATIONS}."):
                what, _, named = key.removeprefix(f"{_CUSTOMIZATIONS}.").partition(".")
                setting = "*/*" if named == "all" else named.replace("_", "/", 1)
                name = f"{what}.lua" if what in ("health", "actions") else what
                if name == "actions.lua":
                    name = "actions"
                body = {name: self._data[key]}
                found.setdefault(setting, {}).update(self._parts(key, body))
        return found

    def _parts(self, key: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """`ignoreDifferences` and `knownTypeFields` are texts of YAML themselves."""
        kinds = {"ignoreDifferences": dict, "knownTypeFields": list, "ignoreResourceUpdates": dict}
        made = dict(body)
        for name, kind in kinds.items():
            if made.get(name) is not None:
                made[name] = self._read(f"{key}.{name}", made[name], partial(_part, kind=kind), self.problems)
        return {name: value for name, value in made.items() if value is not None}

    def _try(self, key: str, read: Callable[[str], Any], problems: list[str]) -> Any:
        text = self._data.get(key)
        return self._read(key, text, read, problems) if text else None

    def _read(self, key: str, given: Any, read: Callable[[Any], Any], problems: list[str]) -> Any:
        try:
            return read(given)
        except (ArgosyError, yaml.YAMLError, ValueError) as x:
            problems.append(f"{CONFIG_MAP}: {key} cannot be read: {' '.join(str(x).split())}")
            return None


def _loaded(text: str, kind: type) -> Any:
    found = yaml.safe_load(text)
    if found is not None and not isinstance(found, kind):
        raise EvaluationError(f"it must hold a {'list' if kind is list else 'mapping'}")
    return found


def _entries(text: str) -> tuple[Entry, ...]:
    found = _loaded(text, list) or []
    for one in found:
        _check_lists(one, _ENTRY)
    return tuple(Entry.of(one) for one in found)


def _part(given: Any, kind: type) -> Any:
    """A part of a customization: YAML, or what that has in it."""
    found = _loaded(given, kind) if isinstance(given, str) else given
    if kind is dict and found is not None:
        _check_lists(found, _RULES)
    for one in found if kind is list and found is not None else ():
        _check_lists(one, ())
    return found


def _check_lists(body: Any, fields: Sequence[str]) -> None:
    """Raises EvaluationError for what is no mapping, or has something else than lists of texts in these fields."""
    if not isinstance(body, dict):
        raise EvaluationError(f"{body!r:.80} is no mapping")
    for name in fields:
        given = body.get(name)
        if given is not None and not (isinstance(given, list) and all(isinstance(one, str) for one in given)):
            raise EvaluationError(f"{name} must hold a list of texts")


def _with_status(overrides: dict[str, dict[str, Any]], ignored: str) -> Overrides:
    """Status is compared nowhere, unless settings say otherwise (`GetResourceOverrides`)."""
    pointers = {"all": {"*/*": ["/status"], _CRD: ["/spec/preserveUnknownFields"]}}
    pointers["crd"] = {_CRD: ["/status", "/spec/preserveUnknownFields"]}
    for setting, paths in pointers.get(ignored, {}).items():
        body = dict(overrides.get(setting, {}))
        rules = dict(body.get("ignoreDifferences") or {})
        rules["jsonPointers"] = [*(rules.get("jsonPointers") or ()), *paths]
        overrides[setting] = {**body, "ignoreDifferences": rules}
    return overrides
