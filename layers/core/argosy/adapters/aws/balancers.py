"""Balancers port on Elastic Load Balancing v2.

The balancer of a host name, its listeners' rules that forward to several target groups, and the groups by the tag that the
AWS Load Balancer Controller gives them (`ingress.k8s.aws/resource`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from argosy.adapters.aws.clients import Clients
from argosy.adapters.aws.errors import telling
from argosy.errors import NotFound
from argosy.ports.balancers import Share

__all__ = ["RESOURCE_TAG", "AwsBalancers"]

RESOURCE_TAG: Final = "ingress.k8s.aws/resource"
_MOST_TAGGED: Final = 20

type Json = Mapping[str, Any]


class AwsBalancers:
    """See `Balancers`."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._named: dict[str, str] = {}

    def look(self, hostname: str, groups: Collection[str]) -> Mapping[str, Share]:
        """See `Balancers.look`."""
        with telling(f"load balancer {hostname}"):
            balancer = self._balancer(hostname)
            arns = self._groups(balancer, groups)
            weights: dict[str, int] = {}
            for rule in self._rules(balancer):
                for name, arn in arns.items():
                    weight = _weights(rule).get(arn)
                    if weight is not None:
                        weights[name] = min(weight, weights.get(name, weight))
            return {name: self._share(arns[name], weight) for name, weight in weights.items()}

    def share(self, hostname: str, weights: Mapping[str, int]) -> None:
        """See `Balancers.share`."""
        with telling(f"load balancer {hostname}"):
            balancer = self._balancer(hostname)
            arns = self._groups(balancer, weights)
            missing = sorted(weights.keys() - arns.keys())
            if missing:
                raise NotFound(f"load balancer {hostname} has no target group tagged {RESOURCE_TAG}={missing[0]}")
            wanted = {arns[name]: weight for name, weight in weights.items()}
            for rule in self._rules(balancer):
                known = _weights(rule)
                if wanted.keys() <= known.keys() and any(known[arn] != weight for arn, weight in wanted.items()):
                    self._modify(rule, wanted)

    def _modify(self, rule: Json, wanted: Mapping[str, int]) -> None:
        actions = []
        for action in rule["Actions"]:
            forward = action.get("ForwardConfig") or {}
            groups = [
                {**group, "Weight": wanted.get(group["TargetGroupArn"], group.get("Weight", 0))}
                for group in forward.get("TargetGroups") or ()
            ]
            if groups:  # a group beside the list of them would be a contradiction
                kept = {name: value for name, value in action.items() if name != "TargetGroupArn"}
                actions.append({**kept, "ForwardConfig": {**forward, "TargetGroups": groups}})
            else:
                actions.append(dict(action))
        if rule.get("IsDefault"):
            self._client.modify_listener(ListenerArn=rule["Listener"], DefaultActions=actions)
        else:
            self._client.modify_rule(RuleArn=rule["RuleArn"], Actions=actions)

    def _share(self, arn: str, weight: int) -> Share:
        found = self._client.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        states = [one["TargetHealth"]["State"] for one in found]
        counted = [state for state in states if state != "draining"]
        return Share(weight, len(counted), counted.count("healthy"))

    def _balancer(self, hostname: str) -> str:
        if hostname not in self._named:
            for one in _pages(self._client, "describe_load_balancers", "LoadBalancers"):
                self._named[one["DNSName"]] = one["LoadBalancerArn"]
        if hostname not in self._named:
            raise NotFound(f"no load balancer has the name {hostname}")
        return self._named[hostname]

    def _groups(self, balancer: str, names: Collection[str]) -> dict[str, str]:
        """Name → ARN of the balancer's target groups that carry these."""
        arns = [
            one["TargetGroupArn"]
            for one in _pages(self._client, "describe_target_groups", "TargetGroups", LoadBalancerArn=balancer)
        ]
        found: dict[str, str] = {}
        for start in range(0, len(arns), _MOST_TAGGED):
            told = self._client.describe_tags(ResourceArns=arns[start : start + _MOST_TAGGED])["TagDescriptions"]
            for one in told:
                tags = {tag["Key"]: tag.get("Value", "") for tag in one["Tags"]}
                if tags.get(RESOURCE_TAG) in names:
                    found[tags[RESOURCE_TAG]] = one["ResourceArn"]
        return found

    def _rules(self, balancer: str) -> Iterator[Json]:
        for listener in _pages(self._client, "describe_listeners", "Listeners", LoadBalancerArn=balancer):
            for rule in _pages(self._client, "describe_rules", "Rules", ListenerArn=listener["ListenerArn"]):
                yield {**rule, "Listener": listener["ListenerArn"]}

    @property
    def _client(self) -> Any:
        return self._clients.regional("elbv2", "")


def _weights(rule: Json) -> dict[str, int]:
    """ARN → weight of the groups that a rule forwards to."""
    found = {}
    for action in rule["Actions"]:
        for group in (action.get("ForwardConfig") or {}).get("TargetGroups") or ():
            found[group["TargetGroupArn"]] = int(group.get("Weight", 1))
    return found


def _pages(client: Any, operation: str, key: str, **arguments: Any) -> Iterator[Any]:
    marker: dict[str, str] = {}
    while True:
        page = getattr(client, operation)(**arguments, **marker)
        yield from page[key]
        if not page.get("NextMarker"):
            return
        marker = {"Marker": page["NextMarker"]}
