"""The control plane that an Application is decided by: who it belongs to, as the agent of its cluster has told.

In: the cluster that Applications live in. Out: objects of its control namespace, their projects, the settings. Reads the
hub's mirror alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from argosy.control.agents.scopes import Wanted
from argosy.control.keys import Key
from argosy.gitops import signatures
from argosy.gitops.projects.permissions import namespace_permitted
from argosy.gitops.settings import CONFIG_MAP, PARAMETERS_MAP, Settings
from argosy.gitops.signatures import Required
from argosy.ports.store import Store
from argosy.resources.application import Application
from argosy.resources.appproject import DEFAULT_PROJECT, AppProject
from argosy.services.agents.mirror import Copy, Mirror
from argosy.services.agents.registry import AGENTS_PK
from argosy.services.applications.watching import is_ours, settings_scope

if TYPE_CHECKING:
    from argosy.services.runtime import Runtime

__all__ = ["ControlPlane", "first_error", "settings_of", "states_of"]

_DEFAULTS: Final = Settings()


class ControlPlane:
    """That of the cluster `name`, as it is seen in one look. Raises NotFound for a cluster that is not registered."""

    def __init__(self, runtime: Runtime, name: str) -> None:
        self._runtime = runtime
        self.entry = runtime.registry.find(name)
        self.mirror = Mirror(runtime.store, runtime.blobs, name)

    @cached_property
    def scopes(self) -> Mapping[str, tuple[Wanted, str]]:
        """What is watched there: see `Mirror.scopes`."""
        return self.mirror.scopes()

    @property
    def settings(self) -> Settings:
        """See `settings_of`."""
        return settings_of(self._runtime, self.mirror.cluster, self.scopes)

    @cached_property
    def secrets_version(self) -> str:
        """See `ControlSecrets.version`."""
        return self._runtime.applications.secrets.version(self.entry, self.mirror, self.scopes)

    def untold(self) -> str:
        """What it is decided by and the agent has not told once yet; "" for nothing: without it all would be permitted."""
        for scope, listed in self.scopes.values():
            if not listed and is_ours(scope) and scope.resource in ("appprojects", "configmaps"):
                refused = states_of(self._runtime.store, self.entry.name).get(scope.key, "")
                why = f": {refused}" if refused.startswith("refused: ") else ""
                return (
                    f"cluster {self.entry.name}: its agent has not told {scope.resource} of {scope.namespace} yet{why}"
                )
        return ""

    def find(self, plural: str, namespace: str, name: str) -> Copy | None:
        """An object that Applications are decided by, None where nothing is known of it."""
        for scope, _ in self.scopes.values():
            if is_ours(scope) and scope.resource == plural and scope.namespace in ("", namespace):
                return self.mirror.find(scope.key, namespace, name)
        return None

    def has(self, instance: str) -> bool:
        """Whether there is an Application whose objects carry this name (see `instance_name`)."""
        namespace, _, name = instance.rpartition("_")
        copy = self.find("applications", namespace or self.entry.argocd_namespace, name)
        return copy is not None and copy.object is not None

    def project(self, app: Application, key: Key) -> tuple[AppProject, list[str]]:
        """That of an Application, and why it may not be used."""
        name = app.spec.project_name
        copy = self.find("appprojects", self.entry.argocd_namespace, name)
        if copy is None or copy.object is None:
            if name != "default":
                said = f"Application referencing project {name} which does not exist"
                return DEFAULT_PROJECT, [said]
            project = DEFAULT_PROJECT
        else:
            try:
                project = AppProject.of(copy.object)
            except ValueError as x:
                return DEFAULT_PROJECT, [f"project {name} cannot be read: {first_error(x)}"]
        if not namespace_permitted(project, key.namespace, self.entry.argocd_namespace):
            who = f"application '{key.name}' in namespace '{key.namespace}'"
            return project, [f"{who} is not permitted to use project '{name}'"]
        return project, []

    def required(self, project: AppProject) -> Required | None:
        """Which signatures a project wants commits to have; keys that have not been told of are not known."""
        if not project.spec.signature_keys:
            return None
        copy = self.mirror.find(settings_scope(self.entry).key, self.entry.argocd_namespace, signatures.CONFIG_MAP)
        keys = ((copy.object if copy is not None else None) or {}).get("data") or {}
        return Required([one.key_id for one in project.spec.signature_keys], keys)


def settings_of(runtime: Runtime, cluster: str, scopes: Mapping[str, tuple[Wanted, str]]) -> Settings:
    """The settings of the control plane in a cluster, read anew when they have changed; `scopes`: what is watched there."""
    mirror = Mirror(runtime.store, runtime.blobs, cluster)
    for scope, _ in scopes.values():
        if is_ours(scope) and scope.resource == "configmaps":
            places = [(scope.key, scope.namespace, name) for name in (CONFIG_MAP, PARAMETERS_MAP)]
            copies = mirror.find_all(places)
            found = [copies.get(place) for place in places]
            if all(copy is None or copy.object is None for copy in found):
                continue
            version = "|".join(f"{copy.uid}/{copy.version}" if copy is not None else "" for copy in found)
            known = runtime.applications.settings.get(cluster)
            if known is None or known.version != version:
                data, parameters = (((copy.object if copy else None) or {}).get("data") or {} for copy in found)
                known = Settings.of(data, version, parameters)
                runtime.applications.settings.put(cluster, known)
            return known
    return _DEFAULTS


def states_of(store: Store, cluster: str) -> Mapping[str, str]:
    """How the scopes of a cluster's agent fare, as it has told last."""
    row = store.get(AGENTS_PK, cluster)
    return (row.data.get("scopes") or {}) if row is not None else {}


def first_error(error: ValueError) -> str:
    """Where a body has another type than it should, and which."""
    first: list[Any] = getattr(error, "errors", list)()
    place = ".".join(str(part) for part in first[0]["loc"]) if first else "spec"
    return f"{place}: {first[0]['msg'] if first else error}"
