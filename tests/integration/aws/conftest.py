"""The real template.yaml on a LocalStack of this test run.

`localstack` and `stack` live as long as the run; all tests of this folder share them, in one process (loadgroup), so
each makes what it needs under names of its own. What the machine lacks is installed at the first start, which takes
minutes; its progress is shown with `-s`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError

from argosy.adapters.aws.clients import Clients
from argosy.adapters.aws.runtime import Settings, assemble
from argosy.services.runtime import Runtime
from support.awsflow import Apply, Template, applying, to_sink
from support.eks import EksApi
from support.localstack import LocalStack, Stack
from support.up import Sink
from support.up import sink as running_sink

_LAST_LINES = 60
HOME = "arn:aws:eks:us-east-1:000000000000:cluster/home"
PARAMETERS = {
    "AllowedSourceArns": "arn:aws:*",
    "AllowedTargetArns": "arn:aws:*",
    "AllowOpenWebhooks": "true",
    "EksClusterArns": HOME,
}


_FOLDER = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One process for this folder's tests but those with a LocalStack of their own; those that look at what all others did
    come last."""
    for item in items:
        if item.path.is_relative_to(_FOLDER) and item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group("localstack"))
    items.sort(key=lambda item: item.path == _FOLDER / "test_rights.py")


@pytest.fixture(scope="session")
def eks() -> Iterator[EksApi]:
    """EKS as functions see it; no cluster is there."""
    made = EksApi()
    yield made
    made.close()


@pytest.fixture(scope="session")
def localstack(tmp_path_factory: pytest.TempPathFactory, eks: EksApi) -> Iterator[LocalStack]:
    """A LocalStack with nothing on it."""
    running = LocalStack(tmp_path_factory.mktemp("localstack"), eks=eks.url)
    yield running
    running.stop()


@pytest.fixture(scope="session")
def stack(localstack: LocalStack) -> Iterator[Stack]:
    """template.yaml, deployed; at the end nothing may have been deployed that LocalStack does not know."""
    ec2 = localstack.client("ec2")
    subnets, groups = ec2.describe_subnets()["Subnets"], ec2.describe_security_groups()["SecurityGroups"]
    vpc = {
        "VpcSubnetIds": ",".join(one["SubnetId"] for one in subnets[:2]),
        "VpcSecurityGroupIds": groups[0]["GroupId"],
    }
    yield localstack.deploy("argosy", **PARAMETERS, **vpc)
    assert localstack.unsupported() == []


@pytest.fixture(scope="module")
def environment(localstack: LocalStack) -> Iterator[None]:
    """AWS is LocalStack while a module's tests run, and not for those that follow in the same process."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in localstack.environment.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def runtime(environment: None, localstack: LocalStack, stack: Stack) -> Runtime:
    """The stack's own store and queues, for applying objects as the API does."""
    del environment
    outputs = stack.outputs
    given = {
        "ARGOSY_TABLE": outputs["TableName"],
        "ARGOSY_BLOBS": outputs["BlobsName"],
        "ARGOSY_STAGE": "it",
        "ARGOSY_QUEUE_BUS": outputs["BusQueueUrl"],
        "ARGOSY_QUEUE_TRIGGERS": outputs["TriggerQueueUrl"],
        "ARGOSY_QUEUE_CLUSTER_TRIGGERS": outputs["ClusterTriggerQueueUrl"],
        "ARGOSY_QUEUE_SOURCES": stack.resources["SourceQueue"],
        "ARGOSY_QUEUE_TIMERS": stack.resources["TimerQueue"],
        "ARGOSY_QUEUE_RECONCILE_SOURCE": outputs["ReconcileSourceQueueUrl"],
        "ARGOSY_QUEUE_RECONCILE_DOOR": stack.resources["ReconcileDoorQueue"],
        "ARGOSY_QUEUE_RECONCILE_ROLLOUT": stack.resources["ReconcileRolloutQueue"],
        "ARGOSY_QUEUE_RECONCILE_APP": stack.resources["ReconcileAppQueue"],
        "ARGOSY_QUEUE_AGENT_REPORTS_DLQ": stack.resources["AgentReportDeadLetters"],
        "AWS_REGION": localstack.environment["AWS_REGION"],
    }
    return assemble(Settings.read(given), Clients())


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    """Where HTTP triggers arrive."""
    with running_sink() as running:
        yield running


@pytest.fixture(scope="module")
def apply(runtime: Runtime) -> Apply:
    """Applies objects to the stack."""
    return applying(runtime)


@pytest.fixture(name="to_sink")
def _to_sink(localstack: LocalStack, sink: Sink) -> Template:
    return to_sink(localstack, sink)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure comes with the logs of the functions and of LocalStack."""
    report = yield
    stack = getattr(item, "funcargs", {}).get("stack")
    if report.failed and report.when == "call" and isinstance(stack, Stack):
        with contextlib.suppress(BotoCoreError):  # when LocalStack is what failed, its own log has to do
            for name in stack.of_type("AWS::Lambda::Function"):
                _add(report, name, stack.logs(name))
        _add(report, "LocalStack", stack.localstack.log())
    return report


def _add(report: pytest.TestReport, name: str, log: str) -> None:
    if log:
        report.sections.append((f"log of {name}", "\n".join(log.splitlines()[-_LAST_LINES:])))
