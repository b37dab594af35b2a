"""Trigger parameters: values taken from the events of a firing, written into a resource or a payload.

Follows `pkg/sensors/triggers/params.go` of Argo Events 1.9 (ResolveParamValue, ApplyParams, ConstructPayload). On
purpose different: a payload entry whose dependency took no part in the firing and that has a `dest` is an error here;
the original crashes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from argosy.errors import EvaluationError, InvalidObject
from argosy.events.effects import Assignment
from argosy.events.envelope import Event
from argosy.events.jsontext import read_json, write_json
from argosy.lang import gjson, gotemplate, sjson
from argosy.lang.gjson import Kind
from argosy.resources.manifests import read_value
from argosy.resources.sensor import Parameter, ParameterSource

__all__ = ["Value", "apply_parameters", "build_payload", "resolve", "resolved", "write_values"]

Events = Mapping[str, Event]


@dataclass(frozen=True, slots=True)
class Value:
    """A resolved value as text; `raw` is True when the text is JSON other than a string (a number, object, …)."""

    text: str
    raw: bool = False


def resolve(src: ParameterSource, events: Events) -> Value | None:
    """The value of a parameter source for a firing with these events (dependency name → event).

    None when the dependency took no part and no default is given. Raises EvaluationError when neither template, key nor
    default gives a value.
    """
    event = events.get(src.dependency_name)
    if event is None:
        return None if src.value is None else Value(src.value)
    from_data = bool(src.data_key or src.data_template)
    key, template = (src.data_key, src.data_template) if from_data else (src.context_key, src.context_template)
    if not key and not template:
        return Value(event.whole_text if src.value is None else src.value)
    try:
        found = _lookup(key, template, _document(event) if from_data else event.context_text)
    except EvaluationError as x:
        if src.value is not None:
            return Value(src.value)
        raise EvaluationError(f"dependency {src.dependency_name}: {x}") from x
    if found is not None:
        return found
    if src.value is not None:
        return Value(src.value)
    raise EvaluationError(
        f"dependency {src.dependency_name}: {key or template!r} is not in the event and there is no default"
    )


def apply_parameters(resource: str, parameters: Sequence[Parameter], events: Events) -> str:
    """Return `resource` (JSON text) with every parameter written at its `dest`, in order. Raises EvaluationError."""
    return write_values(resource, resolved(parameters, events))


def resolved(parameters: Sequence[Parameter], events: Events) -> list[Assignment]:
    """What the parameters write, for a resource that is known later. Raises EvaluationError."""
    made = []
    for parameter in parameters:
        src = parameter.src or ParameterSource()
        value = resolve(src, events)
        if value is not None:
            raw = value.raw and src.use_raw_data
            made.append(Assignment(parameter.dest, value.text, raw=raw, operation=parameter.operation))
    return made


def write_values(resource: str, values: Iterable[Assignment]) -> str:
    """Return `resource` (JSON text) with every value written at its place, in order. Raises EvaluationError."""
    for one in values:
        text, raw = one.text, one.raw
        if one.operation in ("append", "prepend"):
            current = gjson.get(resource, one.dest)
            if current.exists:
                before = current.string()
                text, raw = before + text if one.operation == "append" else text + before, False
        elif one.operation not in ("", "overwrite"):
            raise EvaluationError(f"parameter operation {one.operation!r} is not append, overwrite or prepend")
        resource = _set(resource, one.dest, text, raw)
    return resource


def build_payload(payload: Sequence[Parameter], events: Events) -> str | None:
    """Return the payload of a trigger as text, None when it is empty.

    An entry without `dest` is the whole payload and ends it. Raises EvaluationError.
    """
    document = ""
    for entry in payload:
        src = entry.src or ParameterSource()
        value = resolve(src, events)
        if not entry.dest:
            if value is not None:
                return value.text
            continue
        if value is None:
            raise EvaluationError(
                f"payload {entry.dest!r}: dependency {src.dependency_name} took no part in this firing; "
                "give it a default value"
            )
        document = _set(document, entry.dest, value.text, value.raw and src.use_raw_data)
    return document or None


def _set(document: str, dest: str, text: str, raw: bool) -> str:
    return sjson.set_raw(document, dest, text) if raw else sjson.set_string(document, dest, text)


def _lookup(key: str, template: str, document: str) -> Value | None:
    if template:
        try:
            text = gotemplate.compile(template).render({"Input": gotemplate.as_float64(read_json(document))})
        except (EvaluationError, RecursionError) as x:
            if not key:
                raise EvaluationError(f"its template fails: {x}") from x
            text = ""
        if text not in ("", "<no value>"):
            return Value(text)
    if not key:
        return None
    result = gjson.compile(key).get(document)
    if not result.exists:
        return None
    if result.kind is Kind.STRING:
        return Value(result.string())
    return Value("null" if result.kind is Kind.NULL else result.string(), raw=True)


def _document(event: Event) -> str:
    data = event.data or ""
    if event.datacontenttype == "application/json":
        if not event.is_json:
            raise EvaluationError("the payload is not valid JSON")
        return data
    if event.datacontenttype == "application/yaml":
        return _from_yaml(data)
    raise EvaluationError(f"a payload of type {event.datacontenttype!r} has no keys; JSON and YAML have")


def _from_yaml(text: str) -> str:
    try:
        return write_json(read_value(text))
    except (InvalidObject, EvaluationError) as x:
        raise EvaluationError(f"the payload is not valid YAML: {x}") from x
