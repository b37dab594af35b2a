"""Routes of `/api/v1/clusters` and `/api/v1/agents`: the clusters of the installation, and what their agents are told.

No credential passes here in either direction: a token of a cluster lies with the secrets, and of keys only the public ones
are shown.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import BaseModel, ConfigDict, Field

from argosy.api.answers import responses
from argosy.services.agents.administration import Administration, Change, ClusterState
from argosy.services.agents.registry import Entry
from argosy.services.runtime import current

__all__ = ["router"]

router = Router()  # type: ignore[no-untyped-call]  # untyped in Powertools 3

Name = Annotated[str, Path()]


class ScopeAnswer(BaseModel):
    """What is watched, or listed at each check: `state` in words, `listed` whether a complete list has come."""

    resource: str
    namespace: str
    labels: str
    purpose: str
    state: str
    listed: bool


class AgentAnswer(BaseModel):
    """An agent by its last heartbeat, `lag` seconds ago.

    `waiting`: bytes that it could not report yet. `refused`: how much work it would not do, `refusal` why not last.
    `offset`: seconds by which its clock is behind its API server's. `counts`: what its watches have been through.
    """

    connected: bool
    heard: str
    lag: float
    version: str
    kubernetes: str
    objects: int
    waiting: int
    refused: int
    refusal: str
    offset: float
    counts: dict[str, int]
    scopes: list[ScopeAnswer]


class CheckAnswer(BaseModel):
    """The last check of a cluster without an agent, `lag` seconds ago.

    `listed`: when it last answered, empty for never. `failed`: how often it was asked in vain since, `problem` why.
    """

    tried: str
    lag: float
    listed: str
    failed: int
    problem: str
    scopes: list[ScopeAnswer]


class ClusterAnswer(BaseModel):
    """A cluster. `way` is how it is reached, `settings` are those of the way; `agent` is null for one never heard of.

    `check` is null for one with an agent, and as long as no Application goes there.
    """

    name: str
    way: str
    settings: dict[str, str]
    management: bool
    door: bool
    httpNamespaces: list[str]
    added: str
    claimed: bool = False
    namespaces: list[str] = []
    instanceId: str = ""
    argocdNamespace: str = "argocd"
    applicationNamespaces: list[str] = []
    agent: AgentAnswer | None = None
    check: CheckAnswer | None = None


class ClusterList(BaseModel):
    """Every cluster."""

    items: list[ClusterAnswer]


class ClusterRequest(BaseModel):
    """A cluster to add.

    `settings` by `way`: `arn`, `role_arn` and `external_id` of `eks`; `server` and `ca` (base64 of PEM) of `server`;
    `context` and `kubeconfig` of an `agent` that runs in `argosy up` itself. `replace`: it may be there already.
    """

    model_config = ConfigDict(extra="forbid")

    name: str
    way: str
    settings: dict[str, str] = {}
    management: bool = False
    door: bool = True
    httpNamespaces: list[str] = []
    claimed: bool = False
    namespaces: list[str] = []
    instanceId: str = ""
    argocdNamespace: str = "argocd"
    applicationNamespaces: list[str] = []
    replace: bool = False


class ClusterChange(BaseModel):
    """What is to be different; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    management: bool | None = None
    door: bool | None = None
    httpNamespaces: list[str] | None = None
    claimed: bool | None = None
    namespaces: list[str] | None = None
    instanceId: str | None = None
    argocdNamespace: str | None = None
    applicationNamespaces: list[str] | None = None


class Removed(BaseModel):
    """The name of a cluster that was removed."""

    name: str


class AgentKeys(BaseModel):
    """The public keys that agents are to trust, the one that signs now first."""

    keys: list[str] = Field(min_length=1)


@router.get("/api/v1/clusters", summary="The clusters", tags=["clusters"], responses=responses(ClusterList))
def listing() -> ClusterList:
    """List."""
    return ClusterList(items=[_answer(one) for one in Administration(current()).listing()])


@router.post(
    "/api/v1/clusters",
    summary="Add a cluster",
    tags=["clusters"],
    responses=responses(ClusterAnswer, HTTPStatus.OK, HTTPStatus.CONFLICT),
)
def add(request: ClusterRequest) -> ClusterAnswer:
    """Add."""
    entry = Entry(
        request.name,
        request.way,
        request.settings,
        request.management,
        request.door,
        tuple(request.httpNamespaces),
        claimed=request.claimed,
        namespaces=tuple(request.namespaces),
        instance_id=request.instanceId,
        argocd_namespace=request.argocdNamespace,
        application_namespaces=tuple(request.applicationNamespaces),
    )
    return _answer(Administration(current()).add(entry, _actor(), replaces=request.replace))


@router.get(
    "/api/v1/clusters/<name>",
    summary="One cluster with its agent's state",
    tags=["clusters"],
    responses=responses(ClusterAnswer, HTTPStatus.OK, HTTPStatus.NOT_FOUND),
)
def get(name: Name) -> ClusterAnswer:
    """Get."""
    return _answer(Administration(current()).one(name))


@router.patch(
    "/api/v1/clusters/<name>",
    summary="Change what a cluster is to the installation",
    tags=["clusters"],
    responses=responses(ClusterAnswer, HTTPStatus.OK, HTTPStatus.NOT_FOUND),
)
def change(name: Name, request: ClusterChange) -> ClusterAnswer:
    """Change."""
    lists = (request.httpNamespaces, request.namespaces, request.applicationNamespaces)
    http, namespaces, applications = (tuple(given) if given is not None else None for given in lists)
    wanted = Change(
        request.management,
        request.door,
        http,
        request.claimed,
        namespaces,
        request.instanceId,
        request.argocdNamespace,
        applications,
    )
    return _answer(Administration(current()).change(name, wanted, _actor()))


@router.delete(
    "/api/v1/clusters/<name>",
    summary="Forget a cluster, and what was declared in it",
    tags=["clusters"],
    responses=responses(Removed, HTTPStatus.OK, HTTPStatus.NOT_FOUND),
)
def remove(name: Name) -> Removed:
    """Remove."""
    Administration(current()).remove(name, _actor())
    return Removed(name=name)


@router.get(
    "/api/v1/agents/keys",
    summary="The public keys that agents are to trust",
    tags=["clusters"],
    responses=responses(AgentKeys, HTTPStatus.OK, HTTPStatus.NOT_FOUND),
)
def keys() -> AgentKeys:
    """Keys."""
    return AgentKeys(keys=Administration(current()).keys())


def _actor() -> str:
    return str(router.context["actor"])


def _answer(state: ClusterState) -> ClusterAnswer:
    return ClusterAnswer.model_validate(state.as_json())
