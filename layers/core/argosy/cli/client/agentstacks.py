"""Agents of a stack on AWS, as who deploys it sees them: infra/agent.yaml once for each, and the keys that sign their work
and open what they have sealed.

Credentials, profile and region are those of AWS's own tools, as in `stacks`. Everything here needs the rights of somebody
who may deploy: CloudFormation acts as its caller.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from argosy.adapters.aws.errors import telling
from argosy.adapters.signing.ed25519 import new_keys
from argosy.adapters.signing.sealing import new_seal_keys, with_public_half
from argosy.cli.client.contexts import Target
from argosy.errors import InvalidObject, NotFound, Permanent
from argosy.local.locate import locate

if TYPE_CHECKING:
    from botocore.session import Session

__all__ = ["AgentStacks"]

_KEYS: Final = "agent-keys"
_SEAL: Final = "agent-seal"
_OPENS: Final = "Opens what Argosy's agents have sealed."
_OUTPUTS: Final = ("Stage", "AgentInboxArn", "BlobsName")


class AgentStacks:
    """The agents of the stack of a target. Methods raise what AWS refuses, and Unavailable when it does not answer."""

    def __init__(self, target: Target) -> None:
        self._target = target

    @cached_property
    def stage(self) -> str:
        """The installation's name."""
        return self._hub["Stage"]

    @property
    def region(self) -> str:
        """Where the stack is."""
        return str(self._cloudformation.meta.region_name)

    def deploy(self, cluster: str, parameters: Mapping[str, str]) -> dict[str, str]:
        """Create or update the agent's stack and wait for it; its outputs. What is not given stays as it was."""
        from argosy.adapters.aws.agentlink import agent_queue

        agent_queue(self.stage, cluster, "commands")  # raises for a name that is too long
        name = self._name(cluster)
        there = self._described(name) is not None
        given = {
            "Stage": self.stage,
            "Cluster": cluster,
            "Bucket": self._hub["BlobsName"],
            "AgentInboxArn": self._hub["AgentInboxArn"],
            **parameters,
        }
        arguments = {
            "StackName": name,
            "TemplateBody": locate("infra", "agent.yaml").read_text(),
            "Capabilities": ["CAPABILITY_IAM"],
            "Parameters": self._parameters(name, given, there=there),
        }
        with telling(f"stack {name}"):
            try:
                (self._cloudformation.update_stack if there else self._cloudformation.create_stack)(**arguments)
            except self._cloudformation.exceptions.ClientError as x:
                if "No updates are to be performed" not in str(x):
                    raise
            else:
                self._wait(name, "stack_update_complete" if there else "stack_create_complete")
        return self.outputs(cluster)

    def outputs(self, cluster: str) -> dict[str, str]:
        """What the agent's stack tells. Raises NotFound when there is none."""
        found = self._described(self._name(cluster))
        if found is None:
            raise NotFound(f"cluster {cluster} has no agent on this stack: argosy cluster add --agent {cluster}")
        return {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])}

    def delete(self, cluster: str) -> None:
        """Delete the agent's stack, if there is one, and wait."""
        name = self._name(cluster)
        if self._described(name) is not None:
            with telling(f"stack {name}"):
                self._cloudformation.delete_stack(StackName=name)
                self._wait(name, "stack_delete_complete")

    def make_keys(self) -> bool:
        """Make the key that signs and the one that opens, unless they are there; whether the first was made."""
        made = self._made(_KEYS, new_keys(), "Signs work for Argosy's agents.")
        self._made(_SEAL, new_seal_keys(), _OPENS)
        sealing = self._kept(_SEAL)
        before = self._kept(_KEYS)
        if (told := with_public_half(before, sealing)) != before:
            self._keep(_KEYS, told)
        return made

    def change_keys(self, change: Callable[[str], str]) -> None:
        """Put what `change` makes of the keys that sign in their place. Raises what it raises."""
        self._keep(_KEYS, change(self._kept(_KEYS)))

    def change_seal(self, change: Callable[[str], str]) -> None:
        """The same with those that open; agents are told afterwards, so that what they seal can be opened."""
        self._made(_SEAL, new_seal_keys(), _OPENS)  # a stack of an earlier release has none
        changed = change(self._kept(_SEAL))
        self._keep(_SEAL, changed)
        self._keep(_KEYS, with_public_half(self._kept(_KEYS), changed))

    def _made(self, name: str, text: str, description: str) -> bool:
        secrets = self._client("secretsmanager")
        with telling(f"secret {self._secret(name)}"):
            try:
                secrets.create_secret(Name=self._secret(name), SecretString=text, Description=description)
            except secrets.exceptions.ResourceExistsException:
                return False
        return True

    def _kept(self, name: str) -> str:
        with telling(f"secret {self._secret(name)}"):
            return str(self._client("secretsmanager").get_secret_value(SecretId=self._secret(name))["SecretString"])

    def _keep(self, name: str, text: str) -> None:
        with telling(f"secret {self._secret(name)}"):
            self._client("secretsmanager").put_secret_value(SecretId=self._secret(name), SecretString=text)

    def _secret(self, name: str) -> str:
        return f"argosy/{self.stage}/{name}"

    def _name(self, cluster: str) -> str:
        return f"argosy-{self.stage}-agent-{cluster}"

    @cached_property
    def _hub(self) -> dict[str, str]:
        stack = self._target.stack
        found = self._described(stack)
        if found is None:
            raise NotFound(f"no stack {stack} in {self.region}")
        outputs = {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])}
        missing = [name for name in _OUTPUTS if name not in outputs]
        if missing:
            raise InvalidObject(f"stack {stack} has no output {', '.join(missing)}: deploy this release first")
        return outputs

    def _parameters(self, name: str, given: Mapping[str, str], *, there: bool) -> Sequence[dict[str, Any]]:
        found = (self._described(name) or {}).get("Parameters", []) if there else []
        kept = [one["ParameterKey"] for one in found if one["ParameterKey"] not in given]
        return [
            *({"ParameterKey": key, "ParameterValue": value} for key, value in given.items()),
            *({"ParameterKey": key, "UsePreviousValue": True} for key in kept),
        ]

    def _described(self, name: str) -> dict[str, Any] | None:
        try:
            with telling(f"stack {name}"):
                found: dict[str, Any] = self._cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        except Permanent as x:
            if "does not exist" in str(x):
                return None
            raise
        return found

    def _wait(self, name: str, until: str) -> None:
        from botocore.exceptions import WaiterError

        try:
            self._cloudformation.get_waiter(until).wait(StackName=name, WaiterConfig={"Delay": 3, "MaxAttempts": 200})
        except WaiterError as x:
            events = self._cloudformation.describe_stack_events(StackName=name)["StackEvents"]
            failed = [one for one in events if str(one.get("ResourceStatus", "")).endswith("_FAILED")]
            why = failed[-1].get("ResourceStatusReason", "") if failed else str(x)
            what = failed[-1]["LogicalResourceId"] if failed else "it"
            raise Permanent(f"stack {name}: {what} could not be made: {why}") from x

    @cached_property
    def _session(self) -> Session:
        from botocore.session import Session

        with telling(f"profile {self._target.profile or '(default)'}"):
            return Session(profile=self._target.profile or None)

    @cached_property
    def _cloudformation(self) -> Any:
        return self._client("cloudformation")

    def _client(self, service: str) -> Any:
        from botocore.config import Config

        region = self._target.region or os.environ.get("AWS_REGION") or None
        config = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 3})
        with telling(f"client of {service}"):
            return self._session.create_client(service, region_name=region, config=config)
