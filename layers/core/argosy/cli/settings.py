"""`argosy admin settings rbac can` and `validate`, with the arguments and flags of `argocd admin settings rbac`.

Who may do what by the policies of a file, or of a cluster's `argocd-rbac-cm`; there the roles of its projects count too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from argosy.cli.kube import Kubeconfig, KubeContext, opened
from argosy.cli.switches import Verb
from argosy.errors import ArgosyError, InvalidObject, NotFound

if TYPE_CHECKING:
    from argosy.adapters.kube.direct import DirectCluster
    from argosy.resources.appproject import AppProject

__all__ = ["app"]

app = typer.Typer(help="What an Argo CD's settings say.", no_args_is_help=True)
rbac = typer.Typer(help="Who may do what, by the policies.", no_args_is_help=True)
app.add_typer(rbac, name="rbac")

PolicyFile = Annotated[
    Path | None, typer.Option("--policy-file", help="The policies: CSV, or a ConfigMap as argocd-rbac-cm.")
]
Namespace = Annotated[
    str, typer.Option("--namespace", "-n", help="Namespace of argocd-rbac-cm, in the cluster of the kubeconfig.")
]


@dataclass(frozen=True)
class _Policies:
    """What `argocd-rbac-cm` holds, and where projects are looked for."""

    data: Mapping[str, str]
    cluster: DirectCluster | None = None
    namespace: str = ""

    def project(self, name: str) -> AppProject | None:
        """A project of the cluster, None if there is none."""
        from argosy.cli.apps.store import Applications
        from argosy.resources.appproject import AppProject

        if self.cluster is None:
            return None
        try:
            return AppProject.of(Applications(self.cluster, self.namespace).project(name))
        except NotFound:
            return None


@rbac.command(cls=Verb)
def can(
    subject: Annotated[str, typer.Argument(metavar="ROLE/SUBJECT", help="A role, a user, a group.")],
    action: Annotated[str, typer.Argument(help="For example get, sync or action/apps/Deployment/restart.")],
    resource: Annotated[str, typer.Argument(help="For example applications or app.")],
    sub_resource: Annotated[str, typer.Argument(help="The object, of a project's as PROJECT/NAME.")] = "",
    policy_file: PolicyFile = None,
    namespace: Namespace = "",
    default_role: Annotated[
        str, typer.Option("--default-role", help="The role of everybody, in place of policy.default.")
    ] = "",
    use_builtin_policy: Annotated[
        bool, typer.Option(help="Whether role:readonly, role:admin and the user admin are there.")
    ] = True,
    strict: Annotated[bool, typer.Option(help="Refuse resources and actions that there are not.")] = True,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing; the exit code tells.")] = False,
    kube_context: KubeContext = "",
    kubeconfig: Kubeconfig = None,
) -> None:
    """Whether a role or subject may do something: prints Yes or No, and ends with 0 or 1."""
    from argosy.gitops.rbac import claims
    from argosy.gitops.rbac.asking import asked, enforcer_of

    request = asked(action, resource, sub_resource, strict=strict)
    with _policies(policy_file, namespace, kube_context, kubeconfig) as found:
        enforcer = enforcer_of(found.data, builtin=use_builtin_policy, default_role=default_role)
        allowed = claims.allows(enforcer, {"sub": subject}, request, found.project)
    if not quiet:
        typer.echo("Yes" if allowed else "No")
    raise typer.Exit(0 if allowed else 1)


@rbac.command(cls=Verb)
def validate(
    policy_file: PolicyFile = None,
    namespace: Namespace = "",
    kube_context: KubeContext = "",
    kubeconfig: Kubeconfig = None,
) -> None:
    """Whether all policies can be read; the first line that cannot is named."""
    from argosy.gitops.rbac.asking import enforcer_of

    with _policies(policy_file, namespace, kube_context, kubeconfig) as found:
        enforcer_of(found.data)
    typer.echo("Policy is valid.")


@contextmanager
def _policies(file: Path | None, namespace: str, context: str, kubeconfig: Path | None) -> Iterator[_Policies]:
    from argosy.gitops.rbac.asking import CONFIG_MAP

    if (file is None) == (not namespace):
        raise InvalidObject("give one of them, and not both", field="--policy-file, --namespace")
    if file is not None:
        yield _Policies(_read(file))
        return
    with opened(context, kubeconfig) as cluster:
        found = cluster.get("v1", "ConfigMap", namespace, CONFIG_MAP)
        yield _Policies(found.get("data") or {}, cluster, namespace)


def _read(file: Path) -> Mapping[str, str]:
    """The data of a ConfigMap, or policies alone."""
    from argosy.resources.manifests import read_value

    try:
        text = file.read_text()
    except (OSError, UnicodeDecodeError) as x:
        raise InvalidObject(f"{file} cannot be read: {x}", field="--policy-file") from x
    try:
        body = read_value(text)
    except ArgosyError:  # policies are no YAML, or none that means anything
        body = None
    if isinstance(body, dict) and body.get("kind") == "ConfigMap":
        data = body.get("data") or {}
        return {str(name): str(value) for name, value in data.items()}
    return {"policy.csv": text}
