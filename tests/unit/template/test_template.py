"""template.yaml holds what it must: least privilege, dead letters, retention, and what the code says of the same things."""

from __future__ import annotations

import importlib
import json
import os
import re
from typing import Any, Final

import pytest

from argosy.adapters.aws.runtime import Settings
from argosy.errors import InvalidObject
from argosy.ports.queue import QueueSpec
from argosy.services.queues import AWS_QUEUES, CLUSTER_TRIGGERS, TRIGGERS
from support import template as t

FUNCTIONS: Final = sorted(t.resources(t.FUNCTION))
QUEUES: Final = sorted(t.resources(t.QUEUE))
MAPPINGS: Final = t.mappings()
CONSUMED: Final = sorted(queue for _, queue, _ in MAPPINGS)
TALKING: Final = ["ClusterTriggerFunction", "ReconcileAppFunction"]
STATEMENTS: Final = [(function, statement) for function in FUNCTIONS for statement in t.statements(function)]
FOURTEEN_DAYS: Final = 14 * 86_400

# The only actions that may stand on the resource "*", and why.
ON_EVERYTHING: Final = {
    **dict.fromkeys(
        [
            "ec2:AssignPrivateIpAddresses",
            "ec2:CreateNetworkInterface",
            "ec2:DeleteNetworkInterface",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSubnets",
            "ec2:UnassignPrivateIpAddresses",
        ],
        "Lambda makes the network interfaces of a function in a VPC with its role, and asks for all resources: "
        "docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html; denied to what runs in the function",
    ),
    "cloudwatch:GetMetricData": "metrics are no resource: AWS documents no resource type for it",
    **dict.fromkeys(
        [f"elasticloadbalancing:Describe{what}" for what in ("Listeners", "LoadBalancers", "Rules", "Tags")]
        + [f"elasticloadbalancing:Describe{what}" for what in ("TargetGroups", "TargetHealth")],
        "AWS documents no resource type for them; only with the parameter ManageLoadBalancers",
    ),
    "lambda:ListEventSourceMappings": "a list is of no one resource: AWS documents no resource type for it",
    "sns:Unsubscribe": "AWS documents no resource type for it; a subscription's ARN is not known beforehand",
    "xray:PutTraceSegments": "traces are no resource: AWS documents no resource type for it",
    "xray:PutTelemetryRecords": "traces are no resource: AWS documents no resource type for it",
}

# Logical names of the queues' specs in the template.
NAMES: Final = {
    "bus": "BusQueue",
    "bus-dlq": "BusDeadLetters",
    "triggers": "TriggerQueue",
    "triggers-dlq": "TriggerDeadLetters",
    "cluster-triggers": "ClusterTriggerQueue",
    "cluster-triggers-dlq": "ClusterTriggerDeadLetters",
    "sources": "SourceQueue",
    "sources-dlq": "SourceDeadLetters",
    "timers": "TimerQueue",
    "timers-dlq": "TimerDeadLetters",
    "reconcile-source": "ReconcileSourceQueue",
    "reconcile-source-dlq": "ReconcileSourceDeadLetters",
    "reconcile-door": "ReconcileDoorQueue",
    "reconcile-door-dlq": "ReconcileDoorDeadLetters",
    "reconcile-rollout": "ReconcileRolloutQueue",
    "reconcile-rollout-dlq": "ReconcileRolloutDeadLetters",
    "reconcile-app": "ReconcileAppQueue",
    "reconcile-app-dlq": "ReconcileAppDeadLetters",
    "agent-reports-dlq": "AgentReportDeadLetters",
}

# Dead letters of queues that are not of this template: those of infra/agent.yaml.
SET_ASIDE: Final = ["AgentReportDeadLetters"]


def dead_letters(queue: str) -> str:
    return t.target(t.properties(queue).get("RedrivePolicy", {}).get("deadLetterTargetArn"))


def plain(function: str) -> str:
    """`ReconcileSourceFunction` as `reconcile-source`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", function.removesuffix("Function")).lower()


def variable(queue: str) -> str:
    return f"ARGOSY_QUEUE_{queue.upper().replace('-', '_')}"


# What a function may do


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_a_role_of_its_own_and_no_managed_policies(function: str) -> None:
    role = t.properties(t.role(function))
    assert [one for one in FUNCTIONS if t.role(one) == t.role(function)] == [function], "one role for each function"
    assert "ManagedPolicyArns" not in role, "they allow more than a function needs"
    assert "Policies" not in t.properties(function), "with a role of its own SAM ignores them"
    (trusted,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert (trusted["Principal"], trusted["Action"]) == ({"Service": "lambda.amazonaws.com"}, "sts:AssumeRole")


def test_a_role_is_of_a_function() -> None:
    assert sorted(t.resources("AWS::IAM::Role")) == sorted(map(t.role, FUNCTIONS))


@pytest.mark.parametrize(("function", "statement"), STATEMENTS)
def test_no_statement_allows_every_action(function: str, statement: dict[str, Any]) -> None:
    assert statement["Effect"] == "Allow"
    assert "NotAction" not in statement
    wide = [action for action in t.listed(statement["Action"]) if "*" in action]
    assert wide == [], f"{function}: name each action"


@pytest.mark.parametrize(("function", "statement"), STATEMENTS)
def test_no_statement_is_on_everything_without_a_reason(function: str, statement: dict[str, Any]) -> None:
    assert "NotResource" not in statement
    if "*" not in t.listed(statement["Resource"]) or statement.get("Condition"):
        return
    bare = [action for action in t.listed(statement["Action"]) if not ON_EVERYTHING.get(action)]
    assert bare == [], f"{function}: on every resource, without a condition or a reason in ON_EVERYTHING"


@pytest.mark.parametrize(("function", "statement"), STATEMENTS)
def test_what_is_on_a_part_of_a_service_names_the_service(function: str, statement: dict[str, Any]) -> None:
    """`arn:aws:*`, `arn:*:…` or the like is everything in disguise; so is a secret without the stage."""
    texts = [one["Fn::Sub"] for one in t.listed(statement["Resource"]) if isinstance(one, dict) and "Fn::Sub" in one]
    for text in texts:
        named = re.sub(r"\$\{[^}]*\}", "x", text).split(":", 5)
        assert len(named) == 1 or (len(named) == 6 and named[2] and "*" not in "".join(named[:5])), (
            f"{function}: {text}"
        )
        if ":secret:" in text or ":parameter/" in text:
            assert "/${Stage}/" in text, f"{function}: {text}"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_what_lambda_does_for_a_function_in_a_vpc_the_function_may_not(function: str) -> None:
    network = {action for one in t.statements(function) for action in t.listed(one["Action"]) if action[:4] == "ec2:"}
    assert bool(network) == ("VpcConfig" in t.properties(function))
    denied = t.denials(function)
    assert {action for one in denied for action in one["Action"]} == network
    wanted = {"ArnLike": {"lambda:SourceFunctionArn": {"Fn::Sub": "arn:${AWS::Partition}:lambda:*:*:function:*"}}}
    assert all((one["Resource"], one["Condition"]) == ("*", wanted) for one in denied)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_may_send_to_the_queues_that_it_sets_messages_aside_in(function: str) -> None:
    """Standard queues that a function consumes: what is none of ours goes to their dead letters at once."""
    for consumer, queue, _ in MAPPINGS:
        if consumer == function and not t.properties(queue).get("FifoQueue"):
            assert "sqs:SendMessage" in t.actions(function, dead_letters(queue)), f"{function} sets aside in {queue}'s"


@pytest.mark.parametrize(("function", "queue", "mapping"), MAPPINGS)
def test_lambda_may_take_what_it_maps(function: str, queue: str, mapping: dict[str, Any]) -> None:
    del mapping
    assert t.actions(function, queue) >= {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}


# Queues


@pytest.mark.parametrize(("function", "queue", "mapping"), MAPPINGS)
def test_a_mapping(function: str, queue: str, mapping: dict[str, Any]) -> None:
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"], "one bad message would repeat a whole batch"
    assert mapping["ScalingConfig"]["MaximumConcurrency"] >= 2, "AWS takes no fewer"
    assert mapping["BatchSize"] >= 1
    window = mapping.get("MaximumBatchingWindowInSeconds", 0)
    assert mapping["BatchSize"] <= 10 or window >= 1, "Lambda refuses batches above 10 without a window"


@pytest.mark.parametrize(("function", "queue", "mapping"), MAPPINGS)
def test_the_visibility_of_what_a_function_consumes(function: str, queue: str, mapping: dict[str, Any]) -> None:
    times = 2 if t.properties(queue).get("FifoQueue") else 6
    timeout = t.properties(function)["Timeout"]
    assert t.properties(queue)["VisibilityTimeout"] >= times * timeout, (
        f"{queue}: {times} x the {timeout} s of {function}"
    )


def test_each_queue_has_one_consumer() -> None:
    assert len(CONSUMED) == len(set(CONSUMED)), "consumers of one queue take messages from each other"


@pytest.mark.parametrize("queue", CONSUMED)
def test_a_consumed_queue_has_dead_letters(queue: str) -> None:
    dead = dead_letters(queue)
    assert dead in QUEUES, f"{queue} has no dead-letter queue of this template"
    assert t.properties(dead)["MessageRetentionPeriod"] == FOURTEEN_DAYS
    assert bool(t.properties(dead).get("FifoQueue")) == bool(t.properties(queue).get("FifoQueue"))
    assert [one for one in QUEUES if dead_letters(one) == dead] == [queue], "a redrive must know where they belong"


@pytest.mark.parametrize("queue", QUEUES)
def test_a_queue_is_consumed_or_holds_dead_letters_and_is_encrypted(queue: str) -> None:
    assert queue in [*CONSUMED, *SET_ASIDE] or queue in {dead_letters(one) for one in CONSUMED}
    assert t.properties(queue)["SqsManagedSseEnabled"] is True


@pytest.mark.parametrize("dead", [*map(dead_letters, CONSUMED), *SET_ASIDE])
def test_dead_letters_raise_an_alarm(dead: str) -> None:
    wanted = [{"Name": "QueueName", "Value": {"Fn::GetAtt": f"{dead}.QueueName"}}]
    alarms = [body["Properties"] for body in t.resources("AWS::CloudWatch::Alarm").values()]
    (alarm,) = [one for one in alarms if one["Dimensions"] == wanted]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/SQS", "ApproximateNumberOfMessagesVisible")
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (0, "GreaterThanThreshold")
    assert alarm["AlarmActions"] == {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}], []]}


@pytest.mark.parametrize("name", [*CONSUMED, *map(dead_letters, CONSUMED), *SET_ASIDE, *FUNCTIONS])
def test_the_dashboard_shows_it(name: str) -> None:
    body, names = t.dashboard()
    shown = json.dumps(body)
    known = [short for short, logical in names.items() if logical == name] or [name]
    assert any(f"${{{short}}}" in shown for short in known), f"{name} stands nowhere in the dashboard"


def test_the_dashboard_names_nothing_that_is_not_there() -> None:
    _, names = t.dashboard()
    assert set(names.values()) <= set(QUEUES)


@pytest.mark.parametrize("spec", AWS_QUEUES, ids=lambda spec: spec.name)
def test_the_code_and_the_template_agree_on_a_queue(spec: QueueSpec) -> None:
    queue = t.properties(NAMES[spec.name])
    assert queue.get("VisibilityTimeout", 30) == spec.visibility
    assert bool(queue.get("FifoQueue")) == spec.fifo
    assert dead_letters(NAMES[spec.name]) == (NAMES[spec.dlq] if spec.dlq else "")
    if spec.dlq:
        assert queue["RedrivePolicy"]["maxReceiveCount"] == spec.max_receives


def test_the_code_knows_all_queues() -> None:
    assert sorted(NAMES) == sorted(spec.name for spec in AWS_QUEUES)
    assert sorted(NAMES.values()) == QUEUES


# Functions


def test_every_folder_is_deployed() -> None:
    folders = sorted(path.parent.name for path in (t.ROOT / "functions").glob("*/app.py"))
    assert sorted({t.folder(function) for function in FUNCTIONS}) == folders


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_is_called_like_its_folder(function: str) -> None:
    """But for the one that is deployed twice."""
    assert t.folder(function) == {"cluster-trigger": "trigger"}.get(plain(function), plain(function).replace("-", "_"))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_a_log_group_that_forgets(function: str) -> None:
    group = t.target(t.properties(function)["LoggingConfig"]["LogGroup"])
    assert t.properties(group)["LogGroupName"] == {"Fn::Sub": f"/argosy/${{Stage}}/{plain(function)}"}
    assert t.properties(group)["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    assert t.actions(function, group) == {"logs:CreateLogStream", "logs:PutLogEvents"}


def test_a_log_group_is_of_a_function() -> None:
    assert len(t.resources("AWS::Logs::LogGroup")) == len(FUNCTIONS)


def test_all_functions_run_alike() -> None:
    shared = t.template()["Globals"]["Function"]
    assert (shared["Runtime"], shared["Architectures"]) == ("python3.13", [{"Ref": "Architecture"}])
    assert t.template()["Parameters"]["Architecture"]["Default"] == "arm64"
    assert shared["Tracing"] == "Active", "X-Ray takes the first request of a second and 5 % of all others"
    assert [f for f in FUNCTIONS if "ReservedConcurrentExecutions" in t.properties(f)] == [], "new accounts have 10"


def test_two_functions_talk_to_clusters() -> None:
    """They alone are in the VPC and have the client."""
    assert [f for f in FUNCTIONS if "VpcConfig" in t.properties(f)] == TALKING
    assert [f for f in FUNCTIONS if "KubeLayer" in t.layers(f)] == TALKING
    inside = {"SubnetIds": {"Ref": "VpcSubnetIds"}, "SecurityGroupIds": {"Ref": "VpcSecurityGroupIds"}}
    for function in TALKING:
        assert t.layers(function) == ["CoreLayer", "KubeLayer"]
        assert t.properties(function)["VpcConfig"] == {"Fn::If": ["HasVpc", inside, {"Ref": "AWS::NoValue"}]}


def test_clients_of_brokers_and_git_are_where_triggers_need_them() -> None:
    assert [f for f in FUNCTIONS if "TriggersLayer" in t.layers(f)] == ["TriggerFunction"]


def test_who_tells_of_a_sensors_state_knows_whether_there_is_a_home_cluster() -> None:
    given = {f: t.environment(f).get("ARGOSY_EKS_CLUSTERS") for f in FUNCTIONS}
    named = {"Fn::Join": [",", {"Ref": "EksClusterArns"}]}
    knowing = ("ApiFunction", "ClusterTriggerFunction", "ReconcileDoorFunction")
    assert {f: value for f, value in given.items() if value} == dict.fromkeys(knowing, named)


@pytest.mark.parametrize("function", ["TriggerFunction", "ClusterTriggerFunction"])
def test_who_carries_out_firings_knows_whose(function: str) -> None:
    """What is none of ours goes to the dead letters of the queue that it came from."""
    own = t.environment(function).get("ARGOSY_TRIGGER_QUEUE", TRIGGERS)
    assert [queue for consumer, queue, _ in MAPPINGS if consumer == function] == [NAMES[own]]
    assert own in (TRIGGERS, CLUSTER_TRIGGERS)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_starts_with_its_environment(function: str) -> None:
    given = {name: value if isinstance(value, str) else "set" for name, value in t.environment(function).items()}
    settings = Settings.read(given)
    assert (settings.table, settings.bucket, settings.stage) == ("set", "set", "set")
    for name in ("ARGOSY_TABLE", "ARGOSY_BLOBS", "ARGOSY_STAGE", "ARGOSY_QUEUE_BUS", "ARGOSY_QUEUE_TRIGGERS"):
        with pytest.raises(InvalidObject, match=name):
            Settings.read({key: value for key, value in given.items() if key != name})


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_knows_every_queue_that_it_may_send_to(function: str) -> None:
    """The other way round: a URL without the right to send is for reading depths and for dead letters of others."""
    for name, queue in NAMES.items():
        if "sqs:SendMessage" in t.actions(function, queue):
            assert t.target(t.environment(function).get(variable(name))) == queue, f"{function}: {variable(name)}"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_variables_of_queues_point_to_the_queues_that_they_name(function: str) -> None:
    names = {variable(name): queue for name, queue in NAMES.items()}
    given = {k: t.target(v) for k, v in t.environment(function).items() if k.startswith("ARGOSY_QUEUE_")}
    assert given == {name: names[name] for name in given}


def test_who_wires_knows_what_to_wire() -> None:
    given = t.environment("ReconcileSourceFunction")
    assert given["ARGOSY_SQS_FUNCTION"] == {"Fn::GetAtt": "SqsFunction.Arn"}
    assert given["ARGOSY_SOURCES_ARN"] == {"Fn::GetAtt": "SourceQueue.Arn"}
    assert given["ARGOSY_ALLOWED_SOURCES"] == {"Fn::Join": [",", {"Ref": "AllowedSourceArns"}]}
    assert t.environment("TriggerFunction")["ARGOSY_ALLOWED_TARGETS"] == {
        "Fn::Join": [",", {"Ref": "AllowedTargetArns"}]
    }


def test_what_a_user_allows_is_what_the_roles_allow() -> None:
    allowed = {
        parameter: {
            function for function, statement in STATEMENTS if {"Ref": parameter} in t.listed(statement["Resource"])
        }
        for parameter in ("AllowedSourceArns", "AllowedTargetArns", "EksClusterArns", "EksRoleArns")
    }
    assert allowed == {
        "AllowedSourceArns": {"SqsFunction", "ReconcileSourceFunction"},
        "AllowedTargetArns": {"TriggerFunction"},
        "EksClusterArns": set(TALKING),
        "EksRoleArns": set(TALKING),
    }


# The API


def test_the_hooks_are_the_routes_of_the_app(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(os.fspath(t.ROOT))
    app = importlib.import_module("functions.webhook.app").app
    assert sorted(t.routes("WebhookFunction")) == sorted(app.routes)
    for path, methods in app.routes.items():
        assert t.routes("WebhookFunction")[path]["Method"] == "ANY"
        assert {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"} == set(methods)


def test_nobody_reaches_the_api_unsigned() -> None:
    routes = t.routes("ApiFunction")
    assert sorted(routes) == ["/api/{proxy+}"]
    assert all(route["Auth"]["Authorizer"] == "AWS_IAM" for route in routes.values())


def test_callers_of_the_api_need_no_right_to_the_function() -> None:
    """SAM's default, CALLER_CREDENTIALS, has the function invoked as the caller, and that for users alone, not for roles."""
    assert [route["Auth"].get("InvokeRole") for route in t.routes("ApiFunction").values()] == ["NONE"]


def test_no_other_function_has_routes() -> None:
    assert {function for function in FUNCTIONS if t.routes(function)} == {
        "WebhookFunction",
        "GitWebhookFunction",
        "ApiFunction",
    }
    every = [route for function in FUNCTIONS for route in t.routes(function).values()]
    assert all(t.target(route["RestApiId"]) == "Api" for route in every)


# State


@pytest.mark.parametrize("name", ["Table", "Blobs"])
def test_state_is_kept_when_the_stack_goes(name: str) -> None:
    resource = t.template()["Resources"][name]
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_the_table() -> None:
    table = t.properties("Table")
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["DeletionProtectionEnabled"] is True
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert [index["IndexName"] for index in table["GlobalSecondaryIndexes"]] == ["due"]
    assert table["SSESpecification"] == {"SSEEnabled": True}


def test_the_bucket() -> None:
    bucket = t.properties("Blobs")
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] in ("AES256", "aws:kms")
    blocked = bucket["PublicAccessBlockConfiguration"]
    assert len(blocked) == 4
    assert all(blocked.values())
    (sweep,) = [rule for rule in bucket["LifecycleConfiguration"]["Rules"] if rule["Prefix"] == "messages/"]
    assert sweep["ExpirationInDays"] * 86_400 >= 2 * FOURTEEN_DAYS, (
        "a claim check outlives its message and its dead letter"
    )


def test_the_sources_queue_takes_messages_of_two_services_alone() -> None:
    policy = t.properties("SourceQueuePolicy")
    found = [one for each in policy["PolicyDocument"]["Statement"] for one in t.unconditional(each)]
    assert {one["Principal"]["Service"] for one in found} == {"events.amazonaws.com", "sns.amazonaws.com"}
    assert all(one["Condition"]["ArnLike"]["aws:SourceArn"] for one in found)


# Parameters


@pytest.mark.parametrize("name", sorted(t.template()["Parameters"]))
def test_a_parameter_says_what_it_is_and_has_a_default(name: str) -> None:
    parameter = t.template()["Parameters"][name]
    assert parameter["Description"].endswith(".")
    assert "Default" in parameter


@pytest.mark.parametrize("name", sorted(t.template().get("Outputs", {})))
def test_an_output_says_what_it_is(name: str) -> None:
    assert t.template()["Outputs"][name]["Description"].endswith(".")


@pytest.mark.parametrize(
    ("name", "value", "works"),
    [
        ("Stage", "prod", True),
        ("Stage", "team-a2", True),
        ("Stage", "", False),
        ("Stage", "Prod", False),
        ("Stage", "2nd", False),
        ("Stage", "x" * 21, False),
        ("Stage", "a/b", False),
        ("AllowedSourceArns", "", True),
        ("AllowedSourceArns", "arn:aws:*", True),
        ("AllowedSourceArns", "arn:aws-cn:s3:::bucket", True),
        ("AllowedSourceArns", "*", False),
        ("AllowedSourceArns", "orders", False),
        ("AllowedSourceArns", " arn:aws:sqs:eu-central-1:123456789012:orders", False),
        ("AllowedTargetArns", "arn:aws:lambda:eu-central-1:123456789012:function:*", True),
        ("AllowedTargetArns", "https://example.com", False),
        ("EksClusterArns", "", True),
        ("EksClusterArns", "arn:aws:eks:eu-central-1:123456789012:cluster/main", True),
        ("EksClusterArns", "arn:aws-cn:eks:cn-north-1:123456789012:cluster/a_b-1", True),
        ("EksClusterArns", "arn:aws:eks:eu-central-1:123456789012:cluster/*", False),
        ("EksClusterArns", "arn:aws:eks:eu-central-1:123456789012:nodegroup/main/a/b", False),
        ("EksClusterArns", "main", False),
        ("EksRoleArns", "", True),
        ("EksRoleArns", "arn:aws:iam::210987654321:role/team/argosy", True),
        ("EksRoleArns", "arn:aws:iam::210987654321:user/argosy", False),
        ("VpcSubnetIds", "", True),
        ("VpcSubnetIds", "subnet-0123456789abcdef0", True),
        ("VpcSubnetIds", "vpc-0123456789abcdef0", False),
        ("VpcSecurityGroupIds", "", True),
        ("VpcSecurityGroupIds", "sg-01234567", True),
        ("VpcSecurityGroupIds", "default", False),
        ("WebAclArn", "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/a/b", True),
        ("WebAclArn", "arn:aws:waf::123456789012:webacl/a", False),
        ("AlarmTopicArn", "arn:aws:sns:eu-central-1:123456789012:alarms", True),
        ("AlarmTopicArn", "me@example.com", False),
    ],
)
def test_what_cannot_work_is_refused_at_deploy(name: str, value: str, *, works: bool) -> None:
    """CloudFormation matches the whole of a value, and of a list each element."""
    parameter = t.template()["Parameters"][name]
    assert bool(re.fullmatch(parameter["AllowedPattern"], value)) is works
    assert parameter["ConstraintDescription"].startswith("must be ")


CLUSTER, SUBNETS, GROUPS = ["arn:…:cluster/main"], ["subnet-1", "subnet-2"], ["sg-1"]


@pytest.mark.parametrize(
    ("given", "reasons"),
    [
        ({}, []),
        ({"EksClusterArns": CLUSTER}, []),
        ({"EksClusterArns": CLUSTER, "VpcSubnetIds": SUBNETS, "VpcSecurityGroupIds": GROUPS}, []),
        ({"EksClusterArns": CLUSTER, "VpcSubnetIds": SUBNETS}, ["VpcSubnetIds is given without VpcSecurityGroupIds"]),
        (
            {"EksClusterArns": CLUSTER, "VpcSecurityGroupIds": GROUPS},
            ["VpcSecurityGroupIds is given without VpcSubnet"],
        ),
        ({"VpcSecurityGroupIds": GROUPS}, ["VpcSecurityGroupIds is given without VpcSubnetIds"]),
        ({"VpcSubnetIds": SUBNETS, "VpcSecurityGroupIds": GROUPS}, ["VpcSubnetIds is given without EksClusterArns"]),
        ({"VpcSubnetIds": []}, []),
    ],
)
def test_parameters_that_do_not_go_together_are_refused_at_deploy(
    given: dict[str, list[str]], reasons: list[str]
) -> None:
    found = t.refusals(**given)
    assert len(found) == len(reasons)
    assert all(text.startswith(reason) for text, reason in zip(found, reasons, strict=True))
