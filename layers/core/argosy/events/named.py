"""Which keys of Secrets and ConfigMaps a declaration names, of those that are read for it.

Pure: in goes an entry of an EventSource, or a Sensor; out come references, as `HttpCall` and others have them. What an agent
sends to its hub is this and nothing else. A name that a trigger's parameters make of an event is not among it: nobody knows
it before the event is there. A new kind of declaration adds a function here and a line in `services/agents/subscribing`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from argosy.events.effects import Reference
from argosy.resources.base import KeyRef, Model
from argosy.resources.sensor import Sensor

__all__ = ["named_by_entry", "named_by_sensor"]

_CONFIGS: Final = frozenset({"configmap", "config_map_key_ref"})
"""Fields that name a key of a ConfigMap; all others name one of a Secret."""

_PORTS: Final = frozenset({"server_cert_secret", "server_key_secret"})


def named_by_entry(entry: Any, account: str, *, ports: bool) -> Iterator[Reference]:
    """What an entry of an EventSource names; `ports`: with the certificates of ports of its own, which a stack has not."""
    return _found(entry, account, frozenset() if ports else _PORTS)


def named_by_sensor(sensor: Sensor) -> Iterator[Reference]:
    """What the triggers of a Sensor name, those for dead letters among them."""
    for trigger in sensor.spec.triggers:
        yield from _found(trigger, sensor.service_account, frozenset())


def _found(value: Any, account: str, but: frozenset[str], field: str = "") -> Iterator[Reference]:
    match value:
        case KeyRef():
            if value.name and value.key:
                yield Reference("config" if field in _CONFIGS else "secret", value.name, value.key, account)
        case Model():
            for name in type(value).model_fields:
                if name not in but:
                    yield from _found(getattr(value, name), account, but, name)
        case list() | tuple():
            for one in value:
                yield from _found(one, account, but, field)
        case Mapping():
            for one in value.values():
                yield from _found(one, account, but, field)
