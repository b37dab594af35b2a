"""`argosy agent manifests`, `run`, `uninstall` and `keys rotate`: the part of Argosy that stands in a cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from argosy.cli.options import Data, connected
from argosy.errors import InvalidObject, Unsupported

if TYPE_CHECKING:
    from argosy.services.agents.identities import Identity

__all__ = ["Namespaces", "Proof", "app", "identity_of", "print_manifests"]

app = typer.Typer(help="The agent: the one part of Argosy that runs in a cluster.", no_args_is_help=True)
keys = typer.Typer(help="The keys that sign work for agents, and open what they have sealed.", no_args_is_help=True)
app.add_typer(keys, name="keys")

Cluster = Annotated[str, typer.Option("--cluster", help="The cluster's name here: argosy cluster list.")]
Kubeconfig = Annotated[Path | None, typer.Option("--kubeconfig", help="Default: as kubectl finds it.")]
KubeContext = Annotated[
    str, typer.Option("--kube-context", help="Context of the kubeconfig (--context names an installation).")
]
Namespaces = Annotated[
    list[str] | None,
    typer.Option("--http-namespace", help="Namespace whose services the agent may call; may be repeated, * for all."),
]


@app.callback()
def agent() -> None:
    """The agent: the one part of Argosy that runs in a cluster."""


@app.command()
def manifests(
    context: typer.Context,
    cluster: Cluster,
    namespace: Annotated[str, typer.Option("--namespace", "-n", help="Namespace of the agent.")] = "argosy",
    image: Annotated[str, typer.Option(help="The agent's image (infra/agent.Dockerfile).")] = "",
    read_only: Annotated[bool, typer.Option("--read-only", help="No right to write or to act for anybody.")] = False,
    namespaces: Annotated[str, typer.Option(help="a,b: rights in these namespaces alone.")] = "",
    watch: Annotated[
        list[str] | None, typer.Option(help="RESOURCE or RESOURCE.GROUP to watch as well; may be repeated.")
    ] = None,
    secret: Annotated[
        list[str] | None,
        typer.Option(help="NAMESPACE/NAME of a Secret that the agent may watch, so that a change counts at once."),
    ] = None,
    watch_only: Annotated[
        bool, typer.Option("--watch-only", help="Watch what --watch names and nothing else.")
    ] = False,
    without_rollouts: Annotated[
        bool, typer.Option("--without-rollouts", help="No right to change what rollouts consist of.")
    ] = False,
    gitops: Annotated[bool, typer.Option("--gitops", help="All rights, to sync whatever Applications hold.")] = False,
    http_namespace: Namespaces = None,
    role_arn: Annotated[str, typer.Option(help="IRSA with this role, whatever the agent's stack says.")] = "",
    certificate_secret: Annotated[str, typer.Option(help="Roles Anywhere: Secret of type kubernetes.io/tls.")] = "",
    helper_image: Annotated[str, typer.Option(help="Roles Anywhere: image with AWS's aws_signing_helper.")] = "",
    keys_secret: Annotated[str, typer.Option(help="Secret with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.")] = "",
    data: Data = None,
) -> None:
    """Print the agent's manifests, for `kubectl apply -f -`; who it is to AWS is as its stack says."""
    print_manifests(
        context,
        data,
        cluster,
        http_namespaces=tuple(http_namespace or ()),
        namespace=namespace,
        read_only=read_only,
        namespaces=tuple(one.strip() for one in namespaces.split(",") if one.strip()),
        watch=tuple(watch or ()),
        only=watch_only,
        secrets=tuple(secret or ()),
        without_rollouts=without_rollouts,
        gitops=gitops,
        proof=Proof(role_arn, certificate_secret, helper_image, keys_secret),
        **({"image": image} if image else {}),
    )


@app.command()
def run(kubeconfig: Kubeconfig = None, kube_context: KubeContext = "") -> None:
    """Run an agent outside of its cluster, until Ctrl-C; its environment is that of the manifests' Deployment."""
    from argosy.adapters.kube.client import connect
    from argosy.agent.__main__ import run as run_agent
    from argosy.agent.settings import Settings
    from argosy.local.console import configure_logging

    configure_logging()
    settings = Settings.read()
    run_agent(settings, connect(kubeconfig, kube_context or None))


@app.command()
def uninstall(
    cluster: Cluster,
    kubeconfig: Kubeconfig = None,
    kube_context: KubeContext = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove an agent from its cluster: what its manifests made, and definitions of Argo's kinds that are ours."""
    from argosy.adapters.kube.client import connect
    from argosy.services.agents import uninstalling

    there = connect(kubeconfig, kube_context or None)
    found = uninstalling.found(there, cluster)
    if not found:
        typer.echo(f"nothing of an agent of {cluster} is in this cluster", err=True)
        return
    if not yes:
        for one in found:
            typer.echo(f"  {one}", err=True)
        objects = uninstalling.declared_there(there, found)
        also = f", and {objects} objects that users have declared of these kinds" if objects else ""
        typer.confirm(f"Remove these {len(found)} objects{also}?", abort=True)
    namespaces = [one for one in found if one.kind == "Namespace"]
    for one in uninstalling.remove(there, [one for one in found if one not in namespaces]):
        typer.echo(f"{one} removed")
    for space in namespaces:
        if uninstalling.is_empty(there, space.name):
            for one in uninstalling.remove(there, [space]):
                typer.echo(f"{one} removed")
        else:
            typer.echo(f"{space} holds something of others, and stays", err=True)


@keys.callback()
def _keys() -> None:
    """The keys that sign work for agents, and open what they have sealed."""


@keys.command()
def rotate(
    context: typer.Context,
    finish: Annotated[bool, typer.Option("--finish", help="All agents know the new key: drop the old one.")] = False,
    seal: Annotated[bool, typer.Option("--seal", help="The key that opens what agents have sealed.")] = False,
    data: Data = None,
) -> None:
    """Announce a new key; once all agents have manifests that name it, sign with it alone (--finish).

    With --seal agents learn of the new key by themselves, and seal anew; the old one opens until --finish.
    """
    from argosy.adapters.signing.rotation import announced, finished
    from argosy.cli.client.agentstacks import AgentStacks
    from argosy.cli.client.target import choose, data_directory
    from argosy.local.devcluster.files import write_private

    target, change = choose(context.obj, data), finished if finish else announced
    if seal:
        _rotate_seal(context, data, finish=finish)
        return
    if target.server:
        raise Unsupported(f"keys are rotated where they lie: use --stack, or do it on the machine of the {target}")
    if target.stack:
        AgentStacks(target).change_keys(change)
    else:
        from argosy.local.datadir import DataDir

        with connected(context, data) as client:
            client.agent_keys()  # makes the first one
        path = DataDir(data_directory(target)).agent_keys
        write_private(path, change(path.read_text()) + "\n")
    if finish:
        typer.echo("the new key signs, within five minutes everywhere")
    else:
        typer.echo(
            "a new key is announced; in five minutes apply `argosy agent manifests` of every cluster, then run this again "
            "with --finish"
        )


def _rotate_seal(context: typer.Context, data: Path | None, *, finish: bool) -> None:
    from argosy.adapters.signing.sealing import renewed_keys, without_old
    from argosy.cli.client.agentstacks import AgentStacks
    from argosy.cli.client.target import choose, data_directory
    from argosy.local.datadir import DataDir
    from argosy.local.devcluster.files import write_private

    target, change = choose(context.obj, data), without_old if finish else renewed_keys
    if target.server:
        raise Unsupported(f"keys are rotated where they lie: use --stack, or do it on the machine of the {target}")
    if target.stack:
        AgentStacks(target).change_seal(change)
    else:
        with connected(context, data) as client:
            client.agent_keys()  # makes the first ones
        path = DataDir(data_directory(target)).agent_seal
        write_private(path, change(path.read_text()) + "\n")
    if finish:
        typer.echo("the old key opens nothing any more, within five minutes everywhere")
    else:
        typer.echo(
            "agents seal for a new key, within six minutes everywhere; what they sealed before still opens. Once all are "
            "connected and have had that time (argosy cluster list), run this again with --finish"
        )


@dataclass(frozen=True, slots=True)
class Proof:
    """What the manifests need to know of an identity beyond the agent's stack: a role, Secrets in the cluster, an image."""

    role: str = ""
    certificate: str = ""
    helper: str = ""
    keys: str = ""


def print_manifests(
    context: typer.Context, data: Path | None, cluster: str, *, proof: Proof | None = None, **options: Any
) -> None:
    """Print the manifests of a cluster's agent on standard output. Raises NotFound for a cluster without one."""
    from argosy.cli.client.agentstacks import AgentStacks
    from argosy.cli.client.target import choose
    from argosy.resources.yamlwriter import write_value
    from argosy.services.agents.manifests import AgentOptions, Hub, agent_manifests

    target = choose(context.obj, data)
    if not target.stack:
        raise Unsupported(
            f"the {target} is reached by no agent from outside: agents of `argosy up` run in it "
            f"(argosy cluster add CONTEXT --agent {cluster}); name a stack with --stack"
        )
    stacks = AgentStacks(target)
    told = stacks.outputs(cluster)
    identity = identity_of(told, proof or Proof())
    with connected(context, data) as client:
        keys = tuple(client.agent_keys())
    hub = Hub(cluster, stacks.region, told["CommandsUrl"], told["ReportsUrl"], told["BucketName"], keys)
    found = agent_manifests(hub, AgentOptions(identity=identity, **options))
    typer.echo("---\n".join(write_value(body) for body in found), nl=False)


def identity_of(told: Mapping[str, str], proof: Proof) -> Identity:
    """Who the agent is, by the outputs of its stack. Raises InvalidObject when something has to be said as well."""
    from argosy.services.agents.identities import access_key, pod_identity, roles_anywhere, web_identity

    kind = "IRSA" if proof.role else told["Identity"]
    needed = {
        "RolesAnywhere": {"--certificate-secret": proof.certificate, "--helper-image": proof.helper},
        "Keys": {"--keys-secret": proof.keys},
    }.get(kind, {})
    missing = [option for option, value in needed.items() if not value]
    if missing:
        raise InvalidObject(f"the agent's identity is {kind}: argosy agent manifests needs {', '.join(missing)}")
    if kind == "RolesAnywhere":
        anchor, profile, role = (told[name] for name in ("TrustAnchorArn", "ProfileArn", "Principal"))
        return roles_anywhere(anchor, profile, role, proof.certificate, proof.helper)
    if kind == "Keys":
        return access_key(proof.keys)
    return web_identity(proof.role or told["Principal"]) if kind == "IRSA" else pod_identity()
