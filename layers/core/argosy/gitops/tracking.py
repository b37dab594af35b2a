"""Which application an object belongs to: labels and annotations (`util/argo/resource_tracking.go` of Argo CD 3.6).

In: objects as decoded JSON. Out: tracking ids, marked objects, owners. Rendering marks what it makes; the inventory of
a cluster reads owners; the comparison asks whether a live object is the one its id names, as annotations are copied by
other controllers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from argosy.errors import InvalidObject
from argosy.gitops.annotations import INSTALLATION_ID, TRACKING_ID
from argosy.gitops.identity import Key, key_of
from argosy.lang.copying import copied

__all__ = ["Method", "Tracked", "Tracking", "is_owned", "is_self_referenced", "parse", "tracking_id"]

type Object = dict[str, Any]
type Method = Literal["annotation", "label", "annotation+label"]

_LONGEST: Final = 63  # characters of a label's value
_LEGACY: Final = "applications.argoproj.io/app-name"  # the label that once went to pods, too
_WORKLOADS: Final = {
    ("apps", "Deployment"),
    ("apps", "ReplicaSet"),
    ("apps", "StatefulSet"),
    ("apps", "DaemonSet"),
    ("batch", "Job"),
}


@dataclass(frozen=True, slots=True)
class Tracked:
    """What a tracking id says."""

    application: str
    key: Key

    def __str__(self) -> str:
        key = self.key
        return f"{self.application}:{key.group}/{key.kind}:{key.namespace}/{key.name}"


def tracking_id(application: str, obj: Mapping[str, Any], namespace: str) -> str:
    """The id of an object of an application; `namespace`: the destination's, for an object that names none."""
    key = key_of(obj)
    return str(Tracked(application, Key(key.group, key.kind, key.namespace or namespace, key.name)))


def parse(value: str) -> Tracked:
    """What an id says. Raises InvalidObject for what is none."""
    parts = value.split(":", 2)
    if len(parts) != 3 or any(part.count("/") != 1 for part in parts[1:]):
        raise InvalidObject(f"{value[:100]!r} is no tracking id")
    group, kind = parts[1].split("/")
    namespace, name = parts[2].split("/")
    return Tracked(parts[0], Key(group, kind, namespace, name))


@dataclass(frozen=True, slots=True)
class Tracking:
    """How an installation tracks. `installation`: set when several installations write to one cluster."""

    method: Method = "annotation"
    label: str = "app.kubernetes.io/instance"
    installation: str = ""

    def mark(self, obj: Mapping[str, Any], application: str, namespace: str) -> Object:
        """The object as the application's. Raises InvalidObject when the name makes no label."""
        made = copied(dict(obj))
        metadata = made.setdefault("metadata", {})
        if self.method != "label":
            notes = dict(metadata.get("annotations") or {})
            notes[TRACKING_ID] = tracking_id(application, obj, namespace)
            notes.pop(INSTALLATION_ID, None)
            if self.installation:
                notes[INSTALLATION_ID] = self.installation
            metadata["annotations"] = notes
        if self.method != "annotation":
            name = application if self.method == "label" else _shortened(application)
            metadata["labels"] = {**(metadata.get("labels") or {}), self.label: name}
            if self.label == _LEGACY:
                _label_pods(made, name)
        return made

    def owner(self, obj: Mapping[str, Any]) -> str:
        """The application that the object says it belongs to; "" for none, and for other installations'."""
        metadata = obj.get("metadata") or {}
        if self.method == "label":
            return str((metadata.get("labels") or {}).get(self.label) or "")
        notes = metadata.get("annotations") or {}
        if self.installation and notes.get(INSTALLATION_ID) != self.installation:
            return ""
        try:
            return parse(str(notes.get(TRACKING_ID) or "")).application
        except InvalidObject:
            return ""

    def moved(self, live: Mapping[str, Any], config: Mapping[str, Any]) -> Object:
        """The live object without what only moving from labels to annotations would change."""
        found = copied(dict(live))
        labels = (found.get("metadata") or {}).get("labels") or {}
        if self.method == "label" or not labels.get(self.label):
            return found
        wanted = config.get("metadata") or {}
        notes = found["metadata"].setdefault("annotations", {})
        notes[TRACKING_ID] = (wanted.get("annotations") or {}).get(TRACKING_ID, "")
        if not (wanted.get("labels") or {}).get(self.label):
            del labels[self.label]
        return found


def is_self_referenced(
    live: Mapping[str, Any], config: Mapping[str, Any] | None, application: str, method: Method
) -> bool:
    """Whether a live object is the one that its tracking id names, not a copy of its annotations."""
    if method == "label":
        return True
    if config is not None:
        named = Tracked(application, key_of(config)).key
    else:
        notes = (live.get("metadata") or {}).get("annotations") or {}
        try:
            named = parse(str(notes.get(TRACKING_ID) or "")).key
        except InvalidObject:
            return True
    key = key_of(live)
    # What has no namespace carries its application's in the id.
    return key.namespace in ("", named.namespace) and (key.name, key.group, key.kind) == (
        named.name,
        named.group,
        named.kind,
    )


def _shortened(name: str) -> str:
    text = name
    if len(text) > _LONGEST:
        text = text[:_LONGEST]
        while text and not (text[-1].isascii() and text[-1].isalnum()):
            text = text[:-1]
    if not text:
        raise InvalidObject(f"the application's name {name[:80]!r} makes no label of {_LONGEST} characters")
    return text


def _label_pods(obj: Object, name: str) -> None:
    key = key_of(obj)
    if (key.group.replace("extensions", "apps"), key.kind) in _WORKLOADS:
        template = obj.setdefault("spec", {}).setdefault("template", {}).setdefault("metadata", {})
        template["labels"] = {**(template.get("labels") or {}), _LEGACY: name}


def is_owned(obj: Mapping[str, Any]) -> bool:
    """Whether it has an owner: what carries a copied id is no object of the application's own (`GetManagedLiveObjs`)."""
    return bool((obj.get("metadata") or {}).get("ownerReferences"))
