"""Validation of Sensors, as `pkg/reconciler/sensor/validate.go` of Argo Events 1.9 does it, with field paths.

Beyond Argo: a `conditions` text that cannot be used is told when the object is applied, not logged when it runs; so is a
script that is no Lua. Whoever has jq at hand checks its programs too (`services.objects.check`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, tzinfo
from typing import Any

from pydantic.alias_generators import to_camel

from argosy.errors import ArgosyError, EvaluationError
from argosy.lang import clock, cron, lua
from argosy.resources import workflowargs
from argosy.resources.artifacts import check_source
from argosy.resources.base import Problem
from argosy.resources.sensor import (
    ArgoWorkflowTrigger,
    AwsLambdaTrigger,
    AwsTrigger,
    ConditionsReset,
    Dependency,
    EmailTrigger,
    ExprFilter,
    Filters,
    KafkaTrigger,
    KubernetesTrigger,
    Parameter,
    Sensor,
    TimeFilter,
    Trigger,
    TriggerTemplate,
)

__all__ = ["KAFKA_MECHANISMS", "SERVED_TRIGGERS", "TRIGGER_TYPES", "validate"]

TRIGGER_TYPES = (
    "k8s argoWorkflow http awsLambda azureEventHubs azureServiceBus kafka pulsar nats slack openWhisk custom log email "
    "aws"
).split()
SERVED_TRIGGERS = frozenset(
    {"k8s", "argoWorkflow", "http", "log", "awsLambda", "aws", "slack", "email", "kafka", "nats", "custom"}
)
KAFKA_MECHANISMS = ("", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
_KAFKA_ACKS = (-1, 0, 1)
_INVOCATION_TYPES = ("", "RequestResponse", "Event", "DryRun")
_AWS_TARGETS = {
    "sns": ("topic_arn",),
    "sqs": ("queue_arn",),
    "event_bridge": ("source", "detail_type"),
    "step_functions": ("state_machine_arn",),
}
_NEEDED = {
    "kafka": ("url", "topic", "payload"),
    "nats": ("url", "subject", "payload"),
    "open_whisk": ("action_name", "host", "payload"),
    "custom": ("server_url", "spec"),
}
_UNCHECKED = ("kafka", "nats")
"""Whose `parameters` Argo does not look at."""

_OPERATORS = ("", "and", "or")
_COMPARATORS = ("", ">=", ">", "=", "!=", "<", "<=")
_PARAMETER_OPERATIONS = ("", "append", "overwrite", "prepend")
_METHODS = ("", "GET", "DELETE", "PATCH", "POST", "PUT")
_WORKFLOW_OPERATIONS = "submit submit-from suspend retry resume resubmit terminate stop".split()
_PATCH_STRATEGIES = (
    "",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
)


def validate(sensor: Sensor, body: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with the object, hard problems and unserved parts; `body` is its manifest."""
    return [*_dependencies(sensor.spec.dependencies), *_triggers(sensor.spec.triggers, body)]


def _dependencies(dependencies: Sequence[Dependency]) -> Iterator[Problem]:
    if not dependencies:
        yield Problem("spec.dependencies", "a sensor needs at least one dependency")
    for index, dependency in enumerate(dependencies):
        path = f"spec.dependencies[{index}]"
        for name, value in (
            ("name", dependency.name),
            ("eventSourceName", dependency.event_source_name),
            ("eventName", dependency.event_name),
        ):
            if not value:
                yield Problem(f"{path}.{name}", "required, but empty")
        yield from _one_of(dependency.filters_logical_operator, _OPERATORS, f"{path}.filtersLogicalOperator")
        if dependency.filters is not None:
            yield from _filters(dependency.filters, f"{path}.filters")
        if dependency.transform is not None:
            yield from _lua(dependency.transform.script, f"{path}.transform.script")


def _filters(filters: Filters, path: str) -> Iterator[Problem]:
    yield from _one_of(filters.data_logical_operator, _OPERATORS, f"{path}.dataLogicalOperator")
    yield from _one_of(filters.expr_logical_operator, _OPERATORS, f"{path}.exprLogicalOperator")
    for index, data in enumerate(filters.data):
        at = f"{path}.data[{index}]"
        yield from _one_of(data.comparator, _COMPARATORS, f"{at}.comparator")
        for name, value in (("path", data.path), ("type", data.type), ("value", data.value)):
            if not value:
                yield Problem(f"{at}.{name}", "required, but empty")
        if "" in data.value:
            yield Problem(f"{at}.value", "an empty text matches nothing that is meant; remove it")
    if filters.context is not None and not any(
        filters.context.get(k) for k in ("type", "subject", "source", "datacontenttype")
    ):
        yield Problem(f"{path}.context", "needs at least one of type, subject, source, datacontenttype")
    for index, one in enumerate(filters.exprs):
        yield from _expression(one, f"{path}.exprs[{index}]")
    if filters.time is not None:
        yield from _clock_times(filters.time, f"{path}.time")
    if filters.script:
        yield from _lua(filters.script, f"{path}.script")


def _lua(source: str, path: str) -> Iterator[Problem]:
    try:
        lua.check(source)
    except EvaluationError as x:
        yield Problem(path, str(x))


def _expression(one: ExprFilter, path: str) -> Iterator[Problem]:
    for name, value in (("expr", one.expr), ("fields", one.fields)):
        if not value:
            yield Problem(f"{path}.{name}", "required, but empty")
    for index, field in enumerate(one.fields):
        for name, value in (("name", field.name), ("path", field.path)):
            if not value:
                yield Problem(f"{path}.fields[{index}].{name}", "required, but empty")


def _clock_times(wanted: TimeFilter, path: str) -> Iterator[Problem]:
    for name, check, value in (
        ("start", clock.parse, wanted.start),
        ("stop", clock.parse, wanted.stop),
        ("timezone", cron.load_zone, wanted.timezone),
    ):
        try:
            check(value)
        except EvaluationError as x:
            yield Problem(f"{path}.{name}", str(x))
    if wanted.start == wanted.stop:
        yield Problem(f"{path}.stop", "the same as start: every time would pass")


def _triggers(triggers: Sequence[Trigger], body: Mapping[str, Any]) -> Iterator[Problem]:
    if not triggers:
        yield Problem("spec.triggers", "a sensor needs at least one trigger")
    seen: set[str] = set()
    raw = (body.get("spec") or {}).get("triggers") or []
    for index, trigger in enumerate(triggers):
        path = f"spec.triggers[{index}]"
        yield from _trigger(trigger, raw[index], path)
        name = trigger.template.name if trigger.template else ""
        if name and name in seen:
            yield Problem(f"{path}.template.name", f"the name {name} is taken by another trigger")
        seen.add(name)


def _trigger(trigger: Trigger, raw: Mapping[str, Any], path: str) -> Iterator[Problem]:
    if trigger.template is None or not trigger.template.name:
        yield Problem(f"{path}.template{'.name' if trigger.template else ''}", "required, but missing")
        return
    yield from _parameters(trigger.parameters, f"{path}.parameters")
    yield from _template(trigger, raw.get("template") or {}, f"{path}.template")
    yield from _policy(trigger, path)
    if trigger.rate_limit is not None and trigger.rate_limit.requests_per_unit < 1:
        yield Problem(f"{path}.rateLimit.requestsPerUnit", "at least 1: nothing could ever fire", True)
    if trigger.dlq_trigger is not None:
        if not (trigger.at_least_once and trigger.dlq_trigger.at_least_once):
            yield Problem(f"{path}.dlqTrigger", "the trigger and its dlqTrigger must both have atLeastOnce: true")
        yield from _trigger(trigger.dlq_trigger, raw.get("dlqTrigger") or {}, f"{path}.dlqTrigger")


def _template(trigger: Trigger, raw: Mapping[str, Any], path: str) -> Iterator[Problem]:
    template = trigger.template
    if template is None:
        return
    for index, reset in enumerate(template.conditions_reset):
        yield from _reset(reset, f"{path}.conditionsReset[{index}].byTime")
    for kind in TRIGGER_TYPES:
        if raw.get(kind) is not None and kind not in SERVED_TRIGGERS:
            yield Problem(f"{path}.{kind}", f"triggers of type {kind} are not served by this version", True)
    yield from _kinds(template, path)
    yield from _needed(template, path)


def _reset(reset: ConditionsReset, path: str) -> Iterator[Problem]:
    if reset.by_time is None:
        yield Problem(path, "required, but missing")
        return
    zone: tzinfo = UTC
    try:
        zone = cron.load_zone(reset.by_time.timezone)
    except EvaluationError as x:
        yield Problem(f"{path}.timezone", str(x))
    try:
        cron.parse(reset.by_time.cron, timezone=zone, descriptors=False)
    except EvaluationError as x:
        yield Problem(f"{path}.cron", str(x))


def _kinds(template: TriggerTemplate, path: str) -> Iterator[Problem]:
    if template.http is not None:
        yield from _http(template.http, f"{path}.http")
    if template.k8s is not None:
        yield from _resource(template.k8s, ("", "create", "patch", "update", "delete"), f"{path}.k8s")
        yield from _patch(template.k8s, f"{path}.k8s")
    if template.argo_workflow is not None:
        yield from _workflow(template.argo_workflow, f"{path}.argoWorkflow")
    if template.aws_lambda is not None:
        yield from _aws_lambda(template.aws_lambda, f"{path}.awsLambda")
    if template.aws is not None:
        yield from _aws(template.aws, f"{path}.aws")
    if template.slack is not None:
        if template.slack.slack_token is None:
            yield Problem(f"{path}.slack.slackToken", "required, but missing")
        yield from _parameters(template.slack.parameters, f"{path}.slack.parameters")
    if template.email is not None:
        yield from _email(template.email, f"{path}.email")


def _needed(template: TriggerTemplate, path: str) -> Iterator[Problem]:
    """What Argo asks of the types whose checks are alike; Argo checks only the payload of `kafka` and `nats`."""
    for name, fields in _NEEDED.items():
        trigger, at = getattr(template, name), f"{path}.{to_camel(name)}"
        if trigger is None:
            continue
        for field in fields:
            value = getattr(trigger, field)
            if value is None or value == "":
                alias = type(trigger).model_fields[field].alias
                yield Problem(f"{at}.{alias}", "required, but missing")
        if "payload" in fields:
            yield from _parameters(trigger.payload or [], f"{at}.payload")
        unchecked = name in _UNCHECKED
        for problem in _parameters(trigger.parameters, f"{at}.parameters"):
            yield replace(problem, unsupported=True) if unchecked else problem
    whisk, custom = template.open_whisk, template.custom
    if whisk is not None and whisk.auth_token is not None and not (whisk.auth_token.name and whisk.auth_token.key):
        yield Problem(f"{path}.openWhisk.authToken", "needs name and key")
    if custom is not None and custom.secure and custom.cert_secret is None:
        yield Problem(f"{path}.custom.certSecret", "required with secure, but missing")
    if template.kafka is not None:
        yield from _kafka(template.kafka, f"{path}.kafka")


def _kafka(trigger: KafkaTrigger, path: str) -> Iterator[Problem]:
    """What Argo takes and is not served here, or refused by every broker."""
    if trigger.sasl is not None and trigger.sasl.mechanism not in KAFKA_MECHANISMS:
        served = ", ".join(KAFKA_MECHANISMS[1:])
        yield Problem(f"{path}.sasl.mechanism", f"{trigger.sasl.mechanism!r} is not served; {served} are", True)
    if trigger.schema_registry is not None:
        yield Problem(f"{path}.schemaRegistry", "messages are sent as JSON; Avro is not served by this version", True)
    if trigger.required_acks not in _KAFKA_ACKS:
        yield Problem(f"{path}.requiredAcks", "1 (the leader), or 0 or -1 (all replicas in sync)", True)


def _email(trigger: EmailTrigger, path: str) -> Iterator[Problem]:
    if not trigger.host:
        yield Problem(f"{path}.host", "required, but empty")
    if not 0 <= trigger.port <= 65535:
        yield Problem(f"{path}.port", "is no port: 0 to 65535")
    yield from _parameters(trigger.parameters, f"{path}.parameters")


def _aws_lambda(trigger: AwsLambdaTrigger, path: str) -> Iterator[Problem]:
    for name, value in (("functionName", trigger.function_name), ("region", trigger.region)):
        if not value:
            yield Problem(f"{path}.{name}", "required, but empty")
    if trigger.payload is None:
        yield Problem(f"{path}.payload", "required, but missing; an empty list sends {}")
    yield from _one_of(trigger.invocation_type, _INVOCATION_TYPES, f"{path}.invocationType")
    yield from _parameters(trigger.parameters, f"{path}.parameters")
    yield from _parameters(trigger.payload or [], f"{path}.payload")
    if trigger.role_arn:
        yield Problem(f"{path}.roleARN", "assuming a role for one trigger is not served by this version", True)


def _aws(trigger: AwsTrigger, path: str) -> Iterator[Problem]:
    given = {name: target for name in _AWS_TARGETS if (target := getattr(trigger, name)) is not None}
    if len(given) != 1:
        yield Problem(path, "exactly one of sns, sqs, eventBridge, stepFunctions is needed")
    for name, target in given.items():
        at = f"{path}.{to_camel(name)}"
        for field in _AWS_TARGETS[name]:
            if not getattr(target, field):
                yield Problem(f"{at}.{to_camel(field)}", "required, but empty")
        if target.payload is None:
            yield Problem(f"{at}.payload", "required, but missing; an empty list sends {}")
        yield from _parameters(target.parameters, f"{at}.parameters")
        yield from _parameters(target.payload or [], f"{at}.payload")


def _patch(trigger: KubernetesTrigger, path: str) -> Iterator[Problem]:
    """What Argo takes and an API server then refuses every time."""
    if trigger.operation == "patch" and trigger.patch_strategy not in _PATCH_STRATEGIES:
        words = ", ".join(word for word in _PATCH_STRATEGIES if word)
        reason = f"{trigger.patch_strategy!r} cannot be used with the object that a source is; {words} can"
        yield Problem(f"{path}.patchStrategy", reason, True)


def _workflow(trigger: ArgoWorkflowTrigger, path: str) -> Iterator[Problem]:
    yield from _resource(trigger, _WORKFLOW_OPERATIONS, path)
    if trigger.operation in _WORKFLOW_OPERATIONS:
        try:
            workflowargs.parse(trigger.operation, trigger.args)
        except EvaluationError as x:
            yield Problem(f"{path}.args", str(x), True)


def _http(http: Any, path: str) -> Iterator[Problem]:
    if not http.url:
        yield Problem(f"{path}.url", "required, but empty")
    yield from _one_of(http.method, _METHODS, f"{path}.method")
    yield from _parameters(http.parameters, f"{path}.parameters")
    yield from _parameters(http.payload, f"{path}.payload", dest_needed=False)


def _resource(trigger: Any, operations: Sequence[str], path: str) -> Iterator[Problem]:
    if trigger.source is None:
        yield Problem(f"{path}.source", "required, but missing")
    else:
        yield from check_source(trigger.source, f"{path}.source")
    yield from _one_of(trigger.operation, operations, f"{path}.operation")
    yield from _parameters(trigger.parameters, f"{path}.parameters")


def _policy(trigger: Trigger, path: str) -> Iterator[Problem]:
    policy, template = trigger.policy, trigger.template
    if policy is None or template is None:
        return
    if policy.k8s is not None and (template.k8s is not None or template.argo_workflow is not None):
        if policy.k8s.labels is None:
            yield Problem(f"{path}.policy.k8s.labels", "required, but missing")
        if template.k8s is not None and template.k8s.operation == "delete":
            yield Problem(f"{path}.policy.k8s", "a deleted object has no labels: every firing would fail", True)
    if policy.status is not None and template.http is not None and policy.status.allow is None:
        yield Problem(f"{path}.policy.status.allow", "required, but missing")


def _parameters(parameters: Sequence[Parameter], path: str, *, dest_needed: bool = True) -> Iterator[Problem]:
    for index, parameter in enumerate(parameters):
        at = f"{path}[{index}]"
        if parameter.src is None:
            yield Problem(f"{at}.src", "required, but missing")
        elif not parameter.src.dependency_name:
            yield Problem(f"{at}.src.dependencyName", "required, but empty")
        if dest_needed and not parameter.dest:
            yield Problem(f"{at}.dest", "required, but empty")
        yield from _one_of(parameter.operation, _PARAMETER_OPERATIONS, f"{at}.operation")


def _one_of(value: str, allowed: Sequence[str], path: str) -> Iterator[Problem]:
    if value not in allowed:
        yield Problem(path, f"{value!r} is not one of {', '.join(word for word in allowed if word)}")


def conditions_problem(sensor: Sensor) -> Iterator[Problem]:
    """Problems of the `conditions` texts; kept apart because Argo does not look at them when it validates."""
    from argosy.lang.conditions import compile_condition

    names = [dependency.name for dependency in sensor.spec.dependencies]
    if not names or "" in names:
        return  # told already, and then nothing can be said about conditions
    for index, trigger in enumerate(sensor.spec.triggers):
        if trigger.template is not None:
            try:
                compile_condition(trigger.template.conditions, names)
            except ArgosyError as x:
                yield Problem(f"spec.triggers[{index}].template.conditions", str(x))
