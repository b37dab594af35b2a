"""The objects that `k8s` and `argoWorkflow` triggers are about: where they come from, and what Argo puts on them.

Follows `pkg/sensors/artifacts` and `pkg/sensors/triggers` of Argo Events 1.9: the first source of a fixed order counts, the
trigger's parameters are written into its object, what is created is labelled. On purpose different: the name for a
`generateName` is derived from the firing, and the firing's id is kept as an annotation, so that a repeated firing makes
no second object. What stands elsewhere (a ConfigMap, a file, a URL, Git, S3) cannot be read while deciding: the trigger
stays a draft until it is carried out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from argosy.errors import ArgosyError, EvaluationError
from argosy.events.effects import Draft, Reference
from argosy.events.jsontext import read_json, write_json
from argosy.events.parameters import resolved, write_values
from argosy.events.triggers.context import FiringContext
from argosy.resources.artifacts import OUTSIDE, ArtifactSource, first_of
from argosy.resources.manifests import read_value
from argosy.resources.sensor import ArgoWorkflowTrigger, KubernetesTrigger

__all__ = [
    "FIRING_ANNOTATION",
    "derived_name",
    "drafted",
    "group_version_resource",
    "is_of",
    "labelled",
    "read_object",
    "source_text",
    "stamped",
    "texts",
]

FIRING_ANNOTATION: Final = "argosy.dev/firing"
_GENERATED_LENGTH: Final = 10
_LONGEST_NAME: Final = 63
_VOWELS: Final = "aeiou"


def drafted(trigger: KubernetesTrigger | ArgoWorkflowTrigger, context: FiringContext, kind: str) -> Draft:
    """What a trigger is to do, before its object is read. Raises EvaluationError."""
    source = trigger.source or ArtifactSource()
    where = first_of(source)
    config = source.configmap if where == "configmap" else None
    outside = source.model_dump(by_alias=True, exclude_defaults=True, include={where}) if where in OUTSIDE else None
    return Draft(
        Reference("config", config.name, config.key, context.service_account) if config else None,
        context.namespace,
        context.service_account,
        context.sensor,
        context.template.name,
        int(context.now.timestamp() * 1000),
        operation=trigger.operation,
        patch=trigger.patch_strategy if isinstance(trigger, KubernetesTrigger) else "",
        live=isinstance(trigger, KubernetesTrigger) and trigger.live_object and trigger.operation == "update",
        args=tuple(trigger.args) if isinstance(trigger, ArgoWorkflowTrigger) else (),
        values=tuple(resolved(trigger.parameters, context.events)),
        cluster=trigger.cluster,
        artifact=outside,
        kind=kind,
    )


def source_text(source: ArtifactSource | None) -> str:
    """The text (YAML) of an object that the manifest itself holds. Raises EvaluationError."""
    if source is None or not first_of(source):
        raise EvaluationError("the trigger has no source")
    return source.inline if source.inline is not None else write_json(source.resource)


def read_object(draft: Draft, text: str) -> dict[str, Any]:
    """The object that `text` holds, the parameters written into it unless they are for the live one.

    Raises EvaluationError.
    """
    try:
        body = read_value(text)
    except ArgosyError as x:
        raise EvaluationError(f"the trigger's source: {x}") from x
    written = write_json(body)
    if not draft.live:
        written = write_values(written, draft.values)
        body = read_json(written)
    if not isinstance(body, dict) or not body.get("kind") or not body.get("apiVersion"):
        raise EvaluationError("the trigger's source is no object with apiVersion and kind")
    write_json(body)  # what a parameter has put in may be more than a message carries
    if not isinstance(body.get("metadata"), dict):
        body["metadata"] = {}
    return body


def labelled(body: dict[str, Any], draft: Draft, firing: str) -> dict[str, Any]:
    """Put Argo's labels, the firing's id and a name into the object's metadata, which is returned.

    Raises EvaluationError when the object has neither name nor generateName.
    """
    metadata = stamped(body, firing)
    metadata["labels"] = {
        **texts(metadata, "labels"),
        "events.argoproj.io/sensor": draft.sensor,
        "events.argoproj.io/trigger": draft.trigger,
        "events.argoproj.io/action-timestamp": str(draft.at),
    }
    if not metadata.get("name"):
        prefix = metadata.get("generateName")
        if not prefix or not isinstance(prefix, str):
            raise EvaluationError(
                f"the {body.get('kind')} to create has neither metadata.name nor metadata.generateName"
            )
        metadata["name"] = derived_name(prefix, firing)
    return metadata


def derived_name(prefix: str, firing: str) -> str:
    """A name that begins with `prefix` and is the same in every attempt of a firing."""
    return f"{prefix[: _LONGEST_NAME - _GENERATED_LENGTH]}{firing[:_GENERATED_LENGTH]}"


def stamped(body: dict[str, Any], firing: str) -> dict[str, Any]:
    """Put the firing's id into the object's metadata, which is returned. Raises EvaluationError."""
    metadata: dict[str, Any] = body["metadata"]
    metadata["annotations"] = {**texts(metadata, "annotations"), FIRING_ANNOTATION: firing}
    return metadata


def is_of(live: Mapping[str, Any] | None, firing: str) -> bool:
    """Whether an object of the cluster was written by this firing."""
    annotations = ((live or {}).get("metadata") or {}).get("annotations") or {}
    return bool(annotations.get(FIRING_ANNOTATION) == firing)


def texts(metadata: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The labels or annotations in `metadata`. Raises EvaluationError when they are no object."""
    found = metadata.get(name) or {}
    if not isinstance(found, dict):
        raise EvaluationError(f"metadata.{name} of the trigger's object is no object")
    return found


def group_version_resource(api_version: str, kind: str) -> tuple[str, str, str]:
    """(group, version, resource) as Argo guesses them: the resource is the kind's English plural.

    As `GetGroupVersionResource` of Argo Events 1.9, by the plural namer of k8s.io/gengo.
    """
    group, _, version = api_version.rpartition("/")
    return group, version, "eventbus" if kind == "EventBus" else _plural(kind).lower()


def _plural(word: str) -> str:
    if len(word) < 2:
        return word
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return f"{word}es"
    if word.endswith("y") and word[-2] not in _VOWELS:
        return f"{word[:-1]}ies"
    if word.endswith(("f", "fe")):
        return f"{word.removesuffix('e')[:-1]}ves"
    return f"{word}s"
