"""What an agent may do in AWS (infra/agent.yaml), and what the stack's functions may do about agents."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import pytest

from argosy.adapters.aws.agentlink import agent_queue
from argosy.services.agents.manifests import ACCOUNT
from argosy.services.queues import AGENT_COMMANDS, AGENT_REPORTS, LOCAL_QUEUES
from support import template as t

AGENT: Final = t.template("infra/agent.yaml")
SPECS: Final = {spec.name: spec for spec in LOCAL_QUEUES}
SECRET: Final = ":secret:argosy/${Stage}/agent-keys-*"
COMMAND_QUEUES: Final = ":argosy-${Stage}-agent-*-commands.fifo"


def properties(name: str) -> Any:
    return AGENT["Resources"][name]["Properties"]


def trusts() -> dict[str, Any]:
    """Who may be the agent, by how it proves it."""
    _, pod, others = properties("Role")["AssumeRolePolicyDocument"]["Fn::If"]
    _, elsewhere, here = pod["Fn::If"]
    _, token, certificate = others["Fn::If"]
    text = re.sub(r"\$\{(\w+)\}", r"\1", token["Fn::Sub"][0])
    found = {"elsewhere": elsewhere, "pod": here, "token": json.loads(text), "certificate": certificate}
    return {name: document["Statement"][0] for name, document in found.items()}


# The agent


@pytest.mark.parametrize(
    ("queue", "kind", "spec"), [("CommandQueue", "commands", AGENT_COMMANDS), ("ReportQueue", "reports", AGENT_REPORTS)]
)
def test_a_queue_is_as_the_code_has_it(queue: str, kind: str, spec: str) -> None:
    made = properties(queue)
    dead = properties(t.target(made["RedrivePolicy"]["deadLetterTargetArn"]))
    filled = made["QueueName"]["Fn::Sub"].replace("${Stage}", "prod").replace("${Cluster}", "edge")
    assert filled == agent_queue("prod", "edge", kind)
    assert dead["QueueName"]["Fn::Sub"] == made["QueueName"]["Fn::Sub"].replace(".fifo", "-dlq.fifo")
    assert (made["FifoQueue"], dead["FifoQueue"]) == (True, True)
    assert (made["SqsManagedSseEnabled"], dead["SqsManagedSseEnabled"]) == (True, True)
    assert made["VisibilityTimeout"] == SPECS[spec].visibility
    assert made["RedrivePolicy"]["maxReceiveCount"] == SPECS[spec].max_receives


def test_reports_are_mapped_to_the_function_that_takes_them() -> None:
    mapping = properties("Reports")
    assert (t.target(mapping["EventSourceArn"]), t.target(mapping["FunctionName"])) == ("ReportQueue", "AgentInboxArn")
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BatchSize"] <= 10
    assert properties("ReportQueue")["VisibilityTimeout"] >= 2 * t.properties("AgentInboxFunction")["Timeout"]


def test_all_that_an_agent_may() -> None:
    statements = properties("Rights")["PolicyDocument"]["Statement"]
    allowed = {
        (action, t.target(one["Resource"]) or one["Resource"]["Fn::Sub"].rpartition(":")[2])
        for one in statements
        for action in t.listed(one["Action"])
    }
    assert allowed == {
        ("sqs:ReceiveMessage", "CommandQueue"),
        ("sqs:DeleteMessage", "CommandQueue"),
        ("sqs:ChangeMessageVisibility", "CommandQueue"),
        ("sqs:SendMessage", "ReportQueue"),
        ("s3:GetObject", "${Bucket}/agents/${Cluster}/*"),
        ("s3:PutObject", "${Bucket}/agents/${Cluster}/*"),
    }
    assert "ManagedPolicyArns" not in properties("Role")


def test_who_may_be_the_agent() -> None:
    found = trusts()
    assert found["pod"]["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    assert found["pod"]["Condition"]["StringEquals"] == {
        "aws:SourceAccount": {"Ref": "AWS::AccountId"},
        "aws:RequestTag/kubernetes-namespace": {"Ref": "Namespace"},
        "aws:RequestTag/kubernetes-service-account": ACCOUNT,
    }
    assert found["elsewhere"]["Principal"] == {"AWS": {"Ref": "TrustedRoleArn"}}
    assert found["token"]["Principal"] == {"Federated": "OidcProviderArn"}
    subject = f"system:serviceaccount:Namespace:{ACCOUNT}"
    assert found["token"]["Condition"] == {"StringEquals": {"Issuer:aud": "sts.amazonaws.com", "Issuer:sub": subject}}
    assert found["certificate"]["Principal"] == {"Service": "rolesanywhere.amazonaws.com"}
    assert found["certificate"]["Condition"]["ArnEquals"] == {"aws:SourceArn": {"Ref": "TrustAnchorArn"}}


def test_a_user_is_made_as_a_last_resort_alone() -> None:
    assert AGENT["Resources"]["User"]["Condition"] == "ByKey"
    assert AGENT["Parameters"]["Identity"]["Default"] == "PodIdentity"
    assert not [body for body in AGENT["Resources"].values() if body["Type"] == "AWS::IAM::AccessKey"], (
        "its secret would stand in the stack"
    )


@pytest.mark.parametrize("name", sorted(AGENT["Parameters"]))
def test_a_parameter_says_what_it_is(name: str) -> None:
    assert AGENT["Parameters"][name]["Description"].endswith(".")


@pytest.mark.parametrize("dead", ["CommandDeadLetters", "ReportDeadLetters"])
def test_dead_letters_raise_an_alarm(dead: str) -> None:
    alarms = [body["Properties"] for body in AGENT["Resources"].values() if body["Type"] == "AWS::CloudWatch::Alarm"]
    wanted = [{"Name": "QueueName", "Value": {"Fn::GetAtt": f"{dead}.QueueName"}}]
    assert len([one for one in alarms if one["Dimensions"] == wanted]) == 1


# The functions


def texts(function: str, action: str) -> list[str]:
    """The resources of an action that are texts."""
    found = [one for one in t.statements(function) if action in t.listed(one["Action"])]
    return [
        resource["Fn::Sub"]
        for one in found
        for resource in t.listed(one["Resource"])
        if isinstance(resource, dict) and "Fn::Sub" in resource
    ]


def test_who_sends_work_can_sign_it() -> None:
    sending = {f for f in t.resources(t.FUNCTION) if any(COMMAND_QUEUES in x for x in texts(f, "sqs:SendMessage"))}
    signing = {
        f for f in t.resources(t.FUNCTION) if any(SECRET in x for x in texts(f, "secretsmanager:GetSecretValue"))
    }
    assert sending == {
        "AgentInboxFunction",
        "ClusterTriggerFunction",
        "ReconcileDoorFunction",
        "ReconcileRolloutFunction",
        "ReconcileAppFunction",
    }
    assert signing == {*sending, "ApiFunction"}, "the API tells the public keys"


def test_who_opens_values_of_agents() -> None:
    """Those that read secrets of declarations and what Applications need; nobody reads all that lies below the stage."""
    read = {f: texts(f, "secretsmanager:GetSecretValue") for f in t.resources(t.FUNCTION)}
    opening = {f for f, resources in read.items() if any(one.endswith("/agent-seal-*") for one in resources)}
    events, applications = {"WebhookFunction", "TriggerFunction", "ReconcileSourceFunction"}, {"GitWebhookFunction"}
    assert opening == events | applications | {"ReconcileAppFunction", "FetchFunction"}
    assert [one for resources in read.values() for one in resources if one.endswith("${Stage}/*")] == []


def test_one_function_takes_reports_and_no_commands() -> None:
    reports = {f: texts(f, "sqs:ReceiveMessage") for f in t.resources(t.FUNCTION)}
    (taken,) = [resources for resources in reports.values() if resources]
    assert reports["AgentInboxFunction"] == taken
    assert [one.rpartition(":")[2] for one in taken] == ["argosy-${Stage}-agent-*-reports.fifo"]


def test_large_messages_outlive_their_queue() -> None:
    rules = t.properties("Blobs")["LifecycleConfiguration"]["Rules"]
    (rule,) = [one for one in rules if one["Prefix"] == "agents/"]
    assert rule["ExpirationInDays"] * 86_400 > 14 * 86_400


def test_the_agents_template_asks_for_what_the_stack_tells() -> None:
    outputs = t.template()["Outputs"]
    assert outputs["AgentInboxArn"]["Value"] == {"Fn::GetAtt": "AgentInboxFunction.Arn"}
    assert outputs["Stage"]["Value"] == {"Ref": "Stage"}
    assert {"Stage", "Bucket", "AgentInboxArn", "Cluster"} <= AGENT["Parameters"].keys()
