"""`argosy cluster add`, `list`, `get`, `set` and `rm`, as `argocd cluster` has them."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from argosy.cli.agents import Namespaces, print_manifests
from argosy.cli.options import Data, connected
from argosy.cli.output import Column, OutputFormat, show
from argosy.errors import InvalidObject, Unsupported

if TYPE_CHECKING:
    from argosy.cli.client.contexts import Target
    from argosy.services.agents.managers import Account
    from argosy.services.agents.registry import Entry

__all__ = ["app"]

app = typer.Typer(help="The clusters of an installation, and how their agents fare.", no_args_is_help=True)

Output = Annotated[OutputFormat, typer.Option("--output", "-o", help="json, yaml, wide or name.")]
_INSTANCE_HELP: Final = (
    "Decide on the rollouts alone whose label argo-rollouts.argoproj.io/controller-instance-id says so."
)
_ARGOCD_HELP: Final = "The namespace of Argo CD's projects, settings and Applications (argocd)."
_APPS_HELP: Final = "A glob of namespaces where Applications may be besides; may be repeated."
Kubeconfig = Annotated[
    Path | None, typer.Option("--kubeconfig", help="The kubeconfig of CONTEXT (default: as kubectl finds it).")
]


@app.callback()
def clusters() -> None:
    """The clusters of an installation, and how their agents fare."""


@app.command()
def add(
    context: typer.Context,
    kube: Annotated[str, typer.Argument(metavar="CONTEXT", help="Context of your kubeconfig.")] = "",
    agent: Annotated[str, typer.Option("--agent", metavar="NAME", help="Reach it through an agent.")] = "",
    eks: Annotated[
        str, typer.Option("--eks", metavar="ARN", help="Reach it by EKS's API, with the stack's role.")
    ] = "",
    role_arn: Annotated[str, typer.Option(help="With --eks: a role to assume, of the cluster's account.")] = "",
    external_id: Annotated[str, typer.Option(help="With --role-arn: its external id.")] = "",
    name: Annotated[str, typer.Option("--name", help="Its name here (default: made of CONTEXT or ARN).")] = "",
    namespace: Annotated[
        list[str] | None,
        typer.Option(
            "--namespace",
            help="Act in this namespace alone, or with --agent take declarations from it alone; may be repeated.",
        ),
    ] = None,
    system_namespace: Annotated[str, typer.Option(help="Where the account is made that the cluster is reached by.")] = (
        "kube-system"
    ),
    client_certificate: Annotated[
        bool,
        typer.Option("--client-certificate", help="Keep the certificate of CONTEXT's user; no account is made."),
    ] = False,
    gitops: Annotated[
        bool, typer.Option("--gitops", help="The account gets all rights, to sync whatever Applications hold.")
    ] = False,
    parameter: Annotated[
        list[str] | None,
        typer.Option(
            help="With --agent on a stack: NAME=VALUE of infra/agent.yaml, as Identity=IRSA; may be repeated."
        ),
    ] = None,
    management: Annotated[bool, typer.Option("--management", help="Its declarations may name other clusters.")] = False,
    instance_id: Annotated[str, typer.Option("--instance-id", help=_INSTANCE_HELP)] = "",
    argocd_namespace: Annotated[str, typer.Option("--argocd-namespace", help=_ARGOCD_HELP)] = "argocd",
    application_namespace: Annotated[list[str] | None, typer.Option(help=_APPS_HELP)] = None,
    http_namespace: Namespaces = None,
    upsert: Annotated[bool, typer.Option("--upsert", help="Replace a cluster of this name.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    kubeconfig: Kubeconfig = None,
    data: Data = None,
) -> None:
    """Add a cluster: by a kubeconfig's CONTEXT, through an --agent, or by --eks.

    CONTEXT alone makes a service account there and keeps its token in this machine's data directory, or with
    --client-certificate what the kubeconfig has.
    """
    from argosy.cli.client.target import choose
    from argosy.services.agents.managers import Account
    from argosy.services.agents.registry import Entry

    if (bool(agent) + bool(eks) > 1) or not (kube or agent or eks):
        raise InvalidObject("name one way: a CONTEXT, --agent NAME, or --eks ARN")
    if gitops and (agent or eks or client_certificate):
        raise InvalidObject("--gitops is about the account that is made in the cluster of a CONTEXT")
    target = choose(context.obj, data)
    if agent:
        entry = Entry(agent, "agent", _agent_settings(target, kube, kubeconfig))
    elif eks:
        settings = {"arn": eks, "role_arn": role_arn, "external_id": external_id}
        made = name or _plain(eks.rpartition("/")[2])
        entry = Entry(made, "eks", {key: value for key, value in settings.items() if value})
    elif client_certificate:
        entry = _by_certificate(target, name or _plain(kube), kube, kubeconfig)
    else:
        account = Account(system_namespace, tuple(namespace or ()), gitops)
        entry = _by_token(target, name or _plain(kube), (kube, kubeconfig), account, yes=yes)
    if agent and target.stack:
        _deploy(target, agent, parameter or ())
    watched = tuple(namespace or ()) if agent or gitops else ()
    http = tuple(http_namespace or ())
    entry = replace(entry, management=management, http_namespaces=http, namespaces=watched, instance_id=instance_id)
    applications = tuple(application_namespace or ())
    entry = replace(entry, argocd_namespace=argocd_namespace, application_namespaces=applications)
    with connected(context, data, make=True) as client:
        client.add_cluster(entry, replaces=upsert)
    typer.echo(f"cluster {entry.name} added by {entry.way}", err=True)
    if agent and target.stack:
        try:
            print_manifests(context, data, agent, http_namespaces=tuple(http_namespace or ()))
        except InvalidObject as x:  # all else is done
            typer.echo(str(x), err=True)


@app.command(name="list")
def list_(context: typer.Context, output: Output = OutputFormat.TABLE, data: Data = None) -> None:
    """Show the clusters, how each is reached, and when its agent was last heard of."""
    with connected(context, data) as client:
        show(client.clusters(), _COLUMNS, output, single=False)


@app.command()
def get(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="As `argosy cluster list` shows it.")],
    output: Output = OutputFormat.TABLE,
    data: Data = None,
) -> None:
    """Show a cluster with all that its agent tells, or without one how its last check went."""
    with connected(context, data) as client:
        found = client.cluster(name)
    if output is not OutputFormat.TABLE:
        show([found], _COLUMNS, output, single=True)
        return
    for title, value in _details(found):
        typer.echo(f"{title:<20} {value}")
    scopes = (found.get("agent") or found.get("check") or {}).get("scopes")
    if scopes:
        typer.echo()
        show(scopes, _SCOPES, output, single=False)


@app.command(name="set")
def set_(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="As `argosy cluster list` shows it.")],
    management: Annotated[
        bool | None, typer.Option("--management/--no-management", help="Its declarations may name other clusters.")
    ] = None,
    door: Annotated[
        bool | None, typer.Option("--door/--no-door", help="What is declared in it with kubectl counts.")
    ] = None,
    claim: Annotated[
        bool | None, typer.Option("--claim/--no-claim", help="Its declarations count even beside a living Argo.")
    ] = None,
    namespace: Annotated[
        list[str] | None,
        typer.Option("--namespace", help="Take declarations from this namespace alone; may be repeated, '' for all."),
    ] = None,
    instance_id: Annotated[str | None, typer.Option("--instance-id", help=_INSTANCE_HELP + " '' for none.")] = None,
    argocd_namespace: Annotated[str | None, typer.Option("--argocd-namespace", help=_ARGOCD_HELP)] = None,
    application_namespace: Annotated[list[str] | None, typer.Option(help=_APPS_HELP + " '' for none.")] = None,
    http_namespace: Namespaces = None,
    data: Data = None,
) -> None:
    """Change what a cluster is to the installation."""
    from argosy.services.agents.administration import Change

    http, namespaces, applications = (
        tuple(one for one in given if one) if given is not None else None
        for given in (http_namespace, namespace, application_namespace)
    )
    change = Change(management, door, http, claim, namespaces, instance_id, argocd_namespace, applications)
    if change == Change():
        raise InvalidObject(
            "nothing to change: give --management, --door, --claim, --namespace, --instance-id, --http-namespace, "
            "--argocd-namespace, --application-namespace, or an opposite"
        )
    with connected(context, data) as client:
        client.change_cluster(name, change)
    typer.echo(f"cluster {name} changed")


@app.command()
def rm(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="As `argosy cluster list` shows it.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    data: Data = None,
) -> None:
    """Forget a cluster and what was declared in it; in the cluster itself nothing changes (`argosy agent uninstall`)."""
    from argosy.cli.client.target import choose

    target = choose(context.obj, data)
    if not yes:
        typer.confirm(f"Forget cluster {name} of the {target}, with all that was declared in it?", abort=True)
    with connected(context, data) as client:
        way = client.cluster(name)["way"]
        client.remove_cluster(name)
    if target.stack and way == "agent":
        from argosy.cli.client.agentstacks import AgentStacks

        typer.echo(f"removing the queues and the role of the agent of {name}", err=True)
        AgentStacks(target).delete(name)
    typer.echo(f"cluster {name} removed")


def _agent_settings(target: Target, kube: str, kubeconfig: Path | None) -> Mapping[str, str]:
    """Of an agent that runs in `argosy up`: the context that it goes by. One of a stack finds its cluster by itself."""
    if target.stack:
        if kube:
            raise InvalidObject(f"an agent of a stack runs in its cluster; leave {kube!r} out")
        return {}
    if not kube:
        raise InvalidObject(
            "an agent of `argosy up` runs on this machine: name the kubeconfig's CONTEXT that it goes by"
        )
    from argosy.adapters.kube.client import connect

    connect(kubeconfig, kube).close()
    path = str(kubeconfig.absolute()) if kubeconfig else os.environ.get("KUBECONFIG", "")
    return {"context": kube} | ({"kubeconfig": path} if path and os.pathsep not in path else {})


def _by_token(
    target: Target,
    name: str,
    kube: tuple[str, Path | None],
    account: Account,
    *,
    yes: bool,
) -> Entry:
    """Make an account in the cluster of a context, and keep its token."""
    from argosy.adapters.kube.client import connect
    from argosy.adapters.kube.kubeconfig import server_of
    from argosy.ports.clock import SystemClock
    from argosy.services.agents.managers import MANAGER, install
    from argosy.services.agents.registry import Entry

    _own_directory(target)
    context, kubeconfig = kube
    server, ca = server_of(kubeconfig, context)
    entry = Entry(name, "server", {"server": server, "ca": ca})
    if not yes:
        typer.confirm(
            f"Make service account {account.system_namespace}/{MANAGER} in the cluster of context {context} ({server}), "
            f"which may {account.rights}?",
            abort=True,
        )
    cluster = connect(kubeconfig, context)
    try:
        token = install(cluster, SystemClock(), account)
    finally:
        cluster.close()
    _keep(target, name, {"token": token})
    return entry


def _by_certificate(target: Target, name: str, context: str, kubeconfig: Path | None) -> Entry:
    """Keep what the kubeconfig has, and see that the cluster takes it."""
    from argosy.adapters.kube.client import connect
    from argosy.adapters.kube.kubeconfig import certificate_of, server_of
    from argosy.services.agents.registry import Entry

    _own_directory(target)
    server, ca = server_of(kubeconfig, context)
    certificate, key = certificate_of(kubeconfig, context)
    entry = Entry(name, "server", {"server": server, "ca": ca})
    cluster = connect(kubeconfig, context)
    try:
        cluster.kinds()
    finally:
        cluster.close()
    _keep(target, name, {"certificate": certificate, "key": key})
    return entry


def _own_directory(target: Target) -> None:
    if target.stack or target.server:
        raise Unsupported(f"the {target} keeps no token of a cluster: use --eks ARN, or --agent NAME")


def _keep(target: Target, name: str, credential: Mapping[str, str]) -> None:
    """A credential, where `FileSecrets` finds it, for its owner alone; what was kept before goes."""
    from argosy.adapters.kube.registered import CREDENTIALS, secret_name
    from argosy.cli.client.target import data_directory
    from argosy.local.datadir import DataDir
    from argosy.local.devcluster.files import private_directory, write_private

    root = DataDir(data_directory(target)).root
    folder = private_directory(root / "secrets" / CREDENTIALS / secret_name(name))
    for one in ("token", "certificate", "key"):
        if one in credential:
            write_private(folder / one, credential[one])
        else:
            (folder / one).unlink(missing_ok=True)


def _deploy(target: Target, cluster: str, parameters: list[str] | tuple[()]) -> None:
    from argosy.cli.client.agentstacks import AgentStacks

    given: dict[str, str] = {}
    for one in parameters:
        key, equals, value = one.partition("=")
        if not equals:
            raise InvalidObject(f"--parameter {one!r} is not NAME=VALUE")
        given[key] = value
    stacks = AgentStacks(target)
    if stacks.make_keys():
        typer.echo("made the key that signs work for agents", err=True)
    typer.echo(f"deploying the queues and the role of the agent of {cluster}; this takes a minute", err=True)
    for key, value in stacks.deploy(cluster, given).items():
        typer.echo(f"  {key} {value}", err=True)


def _plain(text: str) -> str:
    """A name made of a context's or a cluster's."""
    return re.sub("[^a-z0-9]+", "-", text.lower()).strip("-")[:40].strip("-")


def _agent(one: Mapping[str, Any], key: str) -> str:
    value = (one.get("agent") or {}).get(key)
    return "" if value is None else str(value)


def _status(one: Mapping[str, Any]) -> str:
    agent = one.get("agent")
    if agent is None:
        return "never heard of" if one["way"] in ("agent", "home") else ""
    return "connected" if agent["connected"] else "silent"


def _target(one: Mapping[str, Any]) -> str:
    settings = one["settings"]
    return str(settings.get("arn") or settings.get("server") or settings.get("context") or "")


def _lag(one: Mapping[str, Any]) -> str:
    agent = one.get("agent")
    return "" if agent is None else f"{agent['lag']:.0f}s"


def _details(one: Mapping[str, Any]) -> list[tuple[str, str]]:
    agent = one.get("agent")
    found = [
        ("name", one["name"]),
        ("reached by", " ".join(part for part in (one["way"], _target(one)) if part)),
        ("management", "yes" if one["management"] else "no"),
        ("door", "open" if one["door"] else "shut"),
        ("claimed", "yes" if one["claimed"] else "no"),
        ("namespaces", ", ".join(one["namespaces"]) or "all"),
        ("instance id", one["instanceId"] or "none"),
        ("Argo CD", ", ".join([one["argocdNamespace"], *one["applicationNamespaces"]])),
        ("HTTP namespaces", ", ".join(one["httpNamespaces"]) or "none"),
        ("added", one["added"] or "by the installation itself"),
        ("agent", _status(one) or "none"),
    ]
    if agent is None:
        return [*found, *_checked(one)]
    return [
        *found,
        ("agent version", agent["version"]),
        ("Kubernetes version", agent["kubernetes"] or "not told"),
        ("last heartbeat", f"{agent['heard']} ({_lag(one)} ago)"),
        ("waiting to report", f"{agent['waiting']} bytes"),
        ("objects in view", str(agent["objects"])),
        ("clock offset", f"{agent['offset']:+.1f} s"),
        ("refused work", f"{agent['refused']}" + (f", last: {agent['refusal']}" if agent["refusal"] else "")),
        ("watches", ", ".join(f"{count} {what}" for what, count in agent["counts"].items())),
    ]


def _checked(one: Mapping[str, Any]) -> list[tuple[str, str]]:
    """How a cluster without an agent fared at its last check."""
    check = one.get("check")
    if check is None:
        return [("last check", "none: no Application goes there")] if one["way"] in ("eks", "server") else []
    lines = [("last check", f"{check['tried']} ({check['lag']:.0f}s ago)"), ("last answer", check["listed"] or "never")]
    return [*lines, ("failed", f"{check['failed']} times: {check['problem']}")] if check["failed"] else lines


_COLUMNS = (
    Column("NAME", lambda one: str(one["name"])),
    Column("WAY", lambda one: str(one["way"])),
    Column("AGENT", _status),
    Column("LAG", _lag),
    Column("KUBERNETES", lambda one: _agent(one, "kubernetes")),
    Column("OBJECTS", lambda one: _agent(one, "objects")),
    Column("MANAGEMENT", lambda one: "yes" if one["management"] else ""),
    Column("DOOR", lambda one: "open" if one["door"] else ""),
    Column("VERSION", lambda one: _agent(one, "version"), wide=True),
    Column("REFUSED", lambda one: _agent(one, "refused"), wide=True),
    Column("TARGET", _target, wide=True),
)
_SCOPES = (
    Column("WATCHES", lambda one: str(one["resource"])),
    Column("NAMESPACE", lambda one: str(one["namespace"]) or "all"),
    Column("LABELS", lambda one: str(one["labels"])),
    Column("FOR", lambda one: str(one["purpose"])),
    Column("LISTED", lambda one: "yes" if one["listed"] else "not yet"),
    Column("STATE", lambda one: str(one["state"])),
)
