"""What is valid in a Sensor and cannot work, where Argo finds it when an event comes, or never.

Refused when it is applied (`uncompilable`): a data type there is none of, a value or a pattern that cannot be read, an
expression that is none; so is a condition with an unknown dependency (`sensor_validation`). Told by `argosy lint`:

    filters that no event passes   a comparator that the type does not know, an expression that asks for what no field gives,
                                   a context that the dependency's own event cannot have
    parameters without a source    of a dependency that is not there, or that the trigger's condition does not name
    triggers that cannot be fired  of no type, or of two; templates and waits that cannot be read
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from argosy.errors import EvaluationError
from argosy.lang import gotemplate, govaluate, regex, strconv
from argosy.lang.conditions import compile_condition
from argosy.resources.base import Problem
from argosy.resources.sensor import DataFilter, Dependency, ExprFilter, Parameter, Sensor, Trigger
from argosy.resources.sources.common import check_duration

__all__ = ["late_problems", "uncompilable"]

_READERS: Final[dict[str, Callable[[str], object]]] = {
    "number": strconv.parse_float,
    "bool": strconv.parse_bool,
    "string": regex.compile,
}
_EQUALITY: Final = ("", "=", "!=")
_JSON: Final = "application/json"
_PARAMETERS: Final = ("parameters", "payload", "dynamic_headers")
_KINDS: Final = "k8s argo_workflow http aws_lambda aws slack email kafka nats open_whisk custom".split()
_NAMES: Final = {"argo_workflow": "argoWorkflow", "aws_lambda": "awsLambda", "open_whisk": "openWhisk"}
_TYPES: Final = "azureEventHubs azureServiceBus pulsar log".split()
"""The other types of triggers: those without parameters, and those that are not modelled."""


def uncompilable(sensor: Sensor) -> Iterator[Problem]:
    """What would fail for every event; Argo takes it, and says so in a log at each."""
    for index, dependency in enumerate(sensor.spec.dependencies):
        if dependency.filters is None:
            continue
        path = f"spec.dependencies[{index}].filters"
        for place, data in enumerate(dependency.filters.data):
            yield from _unreadable(data, f"{path}.data[{place}]")
        for place, one in enumerate(dependency.filters.exprs):
            try:
                govaluate.compile(one.expr)
            except EvaluationError as x:
                yield Problem(f"{path}.exprs[{place}].expr", str(x), True)


def _unreadable(one: DataFilter, path: str) -> Iterator[Problem]:
    read = _READERS.get(one.type)
    if read is None:
        if one.type:  # else told already
            yield Problem(f"{path}.type", f"{one.type!r} is not bool, number or string", True)
        return
    for index, value in enumerate(one.value):
        try:
            read(value)
        except EvaluationError as x:
            yield Problem(f"{path}.value[{index}]", str(x), True)


def late_problems(sensor: Sensor, body: Mapping[str, Any]) -> list[Problem]:
    """Return what cannot work in a sensor that is valid otherwise; `body`: as it is written."""
    found: list[Problem] = []
    names = [dependency.name for dependency in sensor.spec.dependencies]
    for index, dependency in enumerate(sensor.spec.dependencies):
        path = f"spec.dependencies[{index}]"
        if dependency.name in names[:index]:
            found.append(Problem(f"{path}.name", f"another dependency is called {dependency.name!r}, too"))
        found += _filters(dependency, f"{path}.filters")
    written = (body.get("spec") or {}).get("triggers") or ()
    for index, trigger in enumerate(sensor.spec.triggers):
        found += _trigger(trigger, names, f"spec.triggers[{index}]")
        found += _type(written[index], f"spec.triggers[{index}].template")
    return found


def _type(trigger: Mapping[str, Any], path: str) -> Iterator[Problem]:
    known = [*(_NAMES.get(kind, kind) for kind in _KINDS), *_TYPES]
    given = [kind for kind in known if (trigger.get("template") or {}).get(kind) is not None]
    if trigger.get("template") is not None and len(given) != 1:
        said = f"{' and '.join(given)} stand beside each other" if given else "none is given"
        yield Problem(path, f"a trigger has one type; {said}")


def _filters(dependency: Dependency, path: str) -> Iterator[Problem]:
    filters = dependency.filters
    if filters is None:
        return
    for index, data in enumerate(filters.data):
        yield from _data(data, f"{path}.data[{index}]")
        yield from _template(data.template, f"{path}.data[{index}].template")
    for index, one in enumerate(filters.exprs):
        yield from _expression(one, f"{path}.exprs[{index}]")
    given = {
        "source": dependency.event_source_name,
        "subject": dependency.event_name,
        "datacontenttype": _JSON,
    }
    for name, value in given.items():
        wanted = (filters.context or {}).get(name)
        if wanted and wanted != value:
            yield Problem(f"{path}.context.{name}", f"never true: every event of this dependency has {value!r}")


def _data(one: DataFilter, path: str) -> Iterator[Problem]:
    if one.type == "string" and one.comparator not in _EQUALITY:
        yield Problem(f"{path}.comparator", f"never true: texts are not compared by {one.comparator}")


def _template(text: str, path: str) -> Iterator[Problem]:
    if text:
        try:
            gotemplate.compile(text)
        except EvaluationError as x:
            yield Problem(path, str(x))


def _expression(one: ExprFilter, path: str) -> Iterator[Problem]:
    if not one.expr or not one.fields:
        return
    try:
        asked = govaluate.compile(one.expr).names
    except EvaluationError:
        return  # told already
    for name in sorted(asked - {field.name for field in one.fields}):
        yield Problem(f"{path}.expr", f"never true: no field is called {name}")


def _trigger(trigger: Trigger, dependencies: Sequence[str], path: str) -> Iterator[Problem]:
    template = trigger.template
    if template is None:
        return
    try:
        reached: Sequence[str] = compile_condition(template.conditions, dependencies).names
    except EvaluationError:
        reached = dependencies  # told already
    yield from _sources(trigger.parameters, dependencies, reached, f"{path}.parameters")
    for kind in _KINDS:
        part: Any = getattr(template, kind)
        for name in _PARAMETERS:
            listed = getattr(part, name, None) or []
            at = f"{path}.template.{_NAMES.get(kind, kind)}.{'dynamicHeaders' if name == 'dynamic_headers' else name}"
            yield from _sources(listed, dependencies, reached, at)
    wait = trigger.retry_strategy.duration if trigger.retry_strategy is not None else None
    if isinstance(wait, str):
        yield from check_duration(wait, f"{path}.retryStrategy.duration")
    if trigger.dlq_trigger is not None:
        yield from _trigger(trigger.dlq_trigger, dependencies, f"{path}.dlqTrigger")


def _sources(
    parameters: Sequence[Parameter], dependencies: Sequence[str], reached: Sequence[str], path: str
) -> Iterator[Problem]:
    for index, parameter in enumerate(parameters):
        name = parameter.src.dependency_name if parameter.src is not None else ""
        if parameter.src is not None:
            yield from _template(parameter.src.data_template, f"{path}[{index}].src.dataTemplate")
            yield from _template(parameter.src.context_template, f"{path}[{index}].src.contextTemplate")
        at = f"{path}[{index}].src.dependencyName"
        if name and name not in dependencies:
            yield Problem(at, f"no dependency is called {name!r}; known: {', '.join(dependencies)}")
        elif name and name not in reached:
            yield Problem(at, f"the trigger's conditions do not name {name!r}, so it never has an event")
