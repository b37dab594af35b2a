"""Which values an agent is to tell: what the declarations of its cluster name, and Applications need.

Called when its subscription is made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from argosy.control.agents.values import CONFIG_MAP, SECRET, Named, Place, merged
from argosy.errors import EvaluationError
from argosy.events.effects import Reference
from argosy.events.named import named_by_entry, named_by_sensor
from argosy.gitops.settings import CONTROL_SECRET
from argosy.gitops.webhooks.pullrequests import HOSTS, token_setting
from argosy.gitops.webhooks.receiving import SETTINGS
from argosy.resources.homes import home_of
from argosy.services.agents.registry import HOME, Entry
from argosy.services.declarations import Declarations

__all__ = ["named_in"]


def named_in(
    declarations: Declarations, entry: Entry, secrets: Mapping[str, Sequence[str]] | None, *, ports: bool
) -> tuple[Named, ...]:
    """What declarations of a cluster name there, and, where it has Applications, what these need.

    `secrets`: the Secrets of repositories and clusters with the keys that are wanted, None where there are no Applications.
    `ports`: with the certificates of event sources' own ports. A name that Kubernetes cannot have given out is left out: who
    reads it is told that it is not there.
    """
    control = _control(entry, secrets) if secrets is not None else ()
    return merged(chain(_pairs(declarations, entry.name, ports=ports), control))


def _control(entry: Entry, secrets: Mapping[str, Sequence[str]]) -> Iterator[tuple[Place, str]]:
    keys = {key for keys in SETTINGS.values() for key in keys} | {token_setting(host) for host in HOSTS}
    yield from ((Place.control(entry.argocd_namespace, CONTROL_SECRET), key) for key in sorted(keys))
    for name, wanted in secrets.items():
        yield from ((Place.control(entry.argocd_namespace, name), key) for key in wanted)


def _pairs(declarations: Declarations, cluster: str, *, ports: bool) -> Iterator[tuple[Place, str]]:
    for namespace, ref in _references(declarations, ports=ports):
        own, home = home_of(namespace)
        if (home or HOME) != cluster:
            continue
        try:
            yield Place.of(CONFIG_MAP if ref.kind == "config" else SECRET, own, ref.name, ref.account), ref.key
        except EvaluationError:
            continue


def _references(declarations: Declarations, *, ports: bool) -> Iterator[tuple[str, Reference]]:
    """(namespace, reference) of every declaration."""
    for hook in declarations.all_hooks():
        yield from ((hook.namespace, ref) for ref in named_by_entry(hook.entry, hook.account, ports=ports))
    for sensor in declarations.all_sensors():
        yield from ((sensor.namespace, ref) for ref in named_by_sensor(sensor.sensor))
