"""An Application Load Balancer of moto's, as the AWS Load Balancer Controller would have made it for an Ingress."""

from __future__ import annotations

from typing import Any

from argosy.adapters.aws.balancers import RESOURCE_TAG
from argosy.adapters.aws.clients import Clients

__all__ = ["balanced"]


def balanced(clients: Clients, new: str, old: str) -> str:
    """The host name of a balancer whose one rule sends all of the traffic to the group tagged `old`, none to `new`."""
    ec2, elb = clients.regional("ec2", ""), clients.regional("elbv2", "")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{ec2.meta.region_name}{zone}")[
            "Subnet"
        ]["SubnetId"]
        for n, zone in enumerate("ab")
    ]
    balancer = elb.create_load_balancer(Name="web", Subnets=subnets)["LoadBalancers"][0]
    groups = [_group(elb, vpc, name, tag) for name, tag in (("new", new), ("old", old))]
    forward = {
        "TargetGroups": [
            {"TargetGroupArn": arn, "Weight": weight} for arn, weight in zip(groups, (0, 100), strict=True)
        ]
    }
    actions = [{"Type": "forward", "ForwardConfig": forward}]
    listener = elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=80, DefaultActions=actions
    )["Listeners"][0]["ListenerArn"]
    paths = [{"Field": "path-pattern", "Values": ["/shop"]}]
    elb.create_rule(ListenerArn=listener, Conditions=paths, Priority=1, Actions=actions)
    return str(balancer["DNSName"])


def _group(elb: Any, vpc: str, name: str, tag: str) -> str:
    found = elb.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip")
    arn: str = found["TargetGroups"][0]["TargetGroupArn"]
    elb.add_tags(ResourceArns=[arn], Tags=[{"Key": RESOURCE_TAG, "Value": tag}])
    elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": "10.0.0.7", "Port": 80}])
    return arn
