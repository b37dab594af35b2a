"""The Applications and AppProjects of a cluster, read and written as a client of the Kubernetes API.

In: a cluster, the control namespace, which has the projects, and the namespace of the Applications whose names come without
one, which is the control namespace where none is said.
Out: objects. An object is changed by reading it, deciding anew and writing it back under its version, as often as somebody
else writes in between; the status of an Application is no subresource, so that its controller is such a somebody.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from argosy.errors import Conflict, InvalidObject, NotFound
from argosy.gitops.projects.windows import matching
from argosy.ports.cluster import Cluster
from argosy.resources.application import Application
from argosy.resources.appproject import DEFAULT_PROJECT, AppProject, SyncWindow
from argosy.resources.definitions import GROUP, VERSION

__all__ = ["API", "Applications", "application"]

type Json = dict[str, Any]
type Edit = Callable[[Json], object]
"""Changes an object in place. May raise to leave it alone."""

API: Final = f"{GROUP}/{VERSION}"
_ATTEMPTS: Final = 8


class Applications:
    """Those of one cluster."""

    def __init__(self, cluster: Cluster, control: str, namespace: str = "") -> None:
        self.cluster, self.control, self.namespace = cluster, control, namespace or control

    def place(self, name: str) -> tuple[str, str]:
        """Namespace and name of `NAME` or `NAMESPACE/NAME`. Raises InvalidObject for what is neither."""
        namespace, slash, bare = name.rpartition("/")
        if not bare or "/" in namespace or (slash and not namespace):
            raise InvalidObject(f"{name!r} names no application: NAME or NAMESPACE/NAME")
        return namespace or self.namespace, bare

    def get(self, name: str) -> Json:
        """An Application. Raises NotFound."""
        return self._get("Application", *self.place(name))

    def listing(self, selector: str = "", projects: Sequence[str] = (), *, everywhere: bool = False) -> list[Json]:
        """Applications by their labels and projects, in order of their names."""
        found = self.cluster.list(API, "Application", "" if everywhere else self.namespace, label_selector=selector)
        chosen = [one for one in found if not projects or (one["spec"].get("project") or "default") in projects]
        return sorted(chosen, key=lambda one: (one["metadata"]["namespace"], one["metadata"]["name"]))

    def chosen(self, names: Sequence[str], selector: str = "", projects: Sequence[str] = ()) -> list[str]:
        """The Applications that a command is for: those named, else those that have the labels and projects."""
        if names and (selector or projects):
            raise InvalidObject("give names, or -l SELECTOR and --project, not both")
        if names:
            return ["/".join(self.place(name)) for name in names]
        if not selector and not projects:
            raise InvalidObject("which application? Give its NAME, or -l SELECTOR")
        found = self.listing(selector, projects)
        if not found:
            raise NotFound(f"no application in namespace {self.namespace} has labels {selector!r}")
        return [f"{one['metadata']['namespace']}/{one['metadata']['name']}" for one in found]

    def change(self, name: str, edit: Edit) -> Json:
        """Change an Application; what it is then. Raises NotFound, and whatever `edit` raises."""
        return self._change("Application", *self.place(name), edit)

    def patch(self, name: str, body: Any, how: Any = "merge") -> Json:
        """Patch an Application. Raises NotFound, InvalidObject."""
        self.get(name)
        return self.cluster.patch(API, "Application", *self.place(name), body, how=how)

    def project(self, name: str) -> Json:
        """A project as it is written. Raises NotFound."""
        return self._get("AppProject", self.control, name)

    def projects(self) -> list[Json]:
        """All projects, in order of their names."""
        return sorted(self.cluster.list(API, "AppProject", self.control), key=lambda one: str(one["metadata"]["name"]))

    def change_project(self, name: str, edit: Edit) -> Json:
        """Change a project; what it is then. Raises NotFound, and whatever `edit` raises."""
        return self._change("AppProject", self.control, name, edit)

    def project_of(self, app: Application) -> AppProject:
        """The project of an Application; `default` is there without being declared. Raises NotFound."""
        try:
            return AppProject.of(self.project(app.spec.project_name))
        except NotFound:
            if app.spec.project_name == "default":
                return DEFAULT_PROJECT
            raise

    def windows(self, app: Application) -> list[SyncWindow]:
        """The sync windows that apply to an Application.

        Raises NotFound where its project is not there: nobody knows then what it forbids.
        """
        return matching(self.project_of(app).spec.sync_windows, app.metadata.name, app.spec.destination)

    def known_windows(self, app: Application) -> list[SyncWindow] | None:
        """The same, to be shown; None where its project is not there."""
        try:
            return self.windows(app)
        except NotFound:
            return None

    def _get(self, kind: str, namespace: str, name: str) -> Json:
        try:
            return self.cluster.get(API, kind, namespace, name)
        except NotFound as x:
            if "serves no" in str(x):
                raise
            if (kind, name) == ("AppProject", DEFAULT_PROJECT.name):
                made = "`argosy proj create default -s '*' -d '*,*' --allow-cluster-resource '*/*'` writes it down as it is"
                raise NotFound(
                    f"project 'default' is not written in namespace {namespace} and permits everything; {made}"
                ) from x
            what, flag = ("application", "-N") if kind == "Application" else ("project", "--argocd-namespace")
            there = f"{flag} NAMESPACE names another namespace"
            raise NotFound(f"{what} '{name}' is not in namespace {namespace}; {there}") from x

    def _change(self, kind: str, namespace: str, name: str, edit: Edit) -> Json:
        for _ in range(_ATTEMPTS):
            body = self._get(kind, namespace, name)
            edit(body)
            try:
                return self.cluster.replace(body)
            except Conflict:
                continue
        raise Conflict(f"{kind} {namespace}/{name} was changed {_ATTEMPTS} times while it was written: try again")


def application(body: Json) -> Application:
    """Read an Application. Raises InvalidObject for one whose fields have other types."""
    try:
        return Application.of(body)
    except ValueError as x:
        title = f"Application/{body['metadata'].get('namespace')}/{body['metadata'].get('name')}"
        first: Any = getattr(x, "errors", list)()
        place = ".".join(str(part) for part in first[0]["loc"]) if first else "spec"
        raise InvalidObject(first[0]["msg"] if first else str(x), obj=title, field=place) from x
