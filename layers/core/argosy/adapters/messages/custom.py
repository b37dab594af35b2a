"""Carries `custom` effects out: calls of the gRPC service `triggers.Trigger`, on grpcio.

The service is Argo's (`pkg/sensors/triggers/custom-trigger/…/trigger.proto`): FetchResource(resource) → resource,
Execute(resource, payload) → response, ApplyPolicy(request) → success, message. Its messages hold nothing but a few bytes
fields, so they are read and written here, and no protobuf library is needed. As in Argo a policy that says no is told and
fails nothing. The calls carry the firing and its trace as metadata, so that the server can know a firing again.
"""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import grpc

from argosy.adapters.brokers.common import address
from argosy.adapters.http.egress import check_address
from argosy.adapters.messages.shared import marks, secret_of
from argosy.errors import ArgosyError, Denied, EvaluationError, InvalidObject, Permanent, Unavailable
from argosy.events.effects import SendMessage
from argosy.events.parameters import write_values
from argosy.ports.executor import FiringInfo
from argosy.ports.secrets import Secrets
from argosy.resources.sensor import CustomTrigger
from argosy.resources.yamlwriter import write_value

__all__ = ["CustomSender", "read_message", "write_message"]

_SERVICE: Final = "/triggers.Trigger/"
_SECONDS: Final = 110.0
"""For all three calls: the function that makes them ends after 120 seconds."""

_DENIED: Final = (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED)
_FOR_GOOD: Final = (
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.OUT_OF_RANGE,
    grpc.StatusCode.UNIMPLEMENTED,
)


class CustomSender:
    """See `Executor`."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    async def execute(self, effect: SendMessage, firing: FiringInfo) -> str:
        """See `MessageExecutor.execute`."""
        return await asyncio.to_thread(self._calls, effect, firing)

    def _calls(self, effect: SendMessage, firing: FiringInfo) -> str:
        trigger = CustomTrigger.model_validate(effect.trigger)
        authority = secret_of(self._secrets, effect, firing, trigger)(trigger.cert_secret)
        end = time.monotonic() + _SECONDS
        # HTTP/2 takes names of headers in small letters only.
        metadata = [(name.lower(), value) for name, value in marks(firing).items()]

        with _channel(trigger, authority) as channel:

            def call(method: str, **fields: bytes) -> Mapping[int, bytes]:
                asked = channel.unary_unary(_SERVICE + method)
                numbered = dict(enumerate(fields.values(), start=1))
                try:
                    answer = asked(write_message(numbered), timeout=end - time.monotonic(), metadata=metadata)
                except grpc.RpcError as x:
                    raise _problem(x)(f"{trigger.server_url}: {method}: {x.code().name}: {x.details()}") from x
                return read_message(answer)

            spec = write_value(dict(sorted((trigger.spec or {}).items())))
            resource = call("FetchResource", resource=spec.encode()).get(1, b"")
            if effect.values:
                resource = _written(resource, effect).encode()
            response = call("Execute", resource=resource, payload=(effect.body or "").encode()).get(1, b"")
            verdict = call("ApplyPolicy", request=response)
        said = verdict.get(2, b"").decode("utf-8", "replace")
        return f"{trigger.server_url}: executed; policy {'holds' if verdict.get(1) else 'does not hold'}: {said}"


def _written(resource: bytes, effect: SendMessage) -> str:
    try:
        text = resource.decode()
        json.loads(text)
    except ValueError as x:
        raise EvaluationError("custom.parameters: the resource that the server gave is no JSON") from x
    return write_values(text, effect.values)


def _channel(trigger: CustomTrigger, authority: str) -> Any:
    """A channel to addresses that may be reached, found before it is made, so that the name is asked for once."""
    host, port = address(trigger.server_url.removeprefix("dns:///"), 0)
    if not (host and port):
        raise InvalidObject(f"{trigger.server_url!r} is no host:port", field="custom.serverURL")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as x:
        raise Unavailable(f"{host}: {x.strerror or x}") from x
    places = [str(one[4][0]) for one in found if one[0] == found[0][0]]
    for place in places:
        check_address(place)
    v6 = found[0][0] == socket.AF_INET6
    listed = ",".join(f"[{place}]:{port}" if v6 else f"{place}:{port}" for place in places)
    name = trigger.server_name_override or host
    options = [("grpc.default_authority", f"{name}:{port}"), ("grpc.enable_http_proxy", 0)]
    target = f"{'ipv6' if v6 else 'ipv4'}:{listed}"
    if not trigger.secure:
        return grpc.insecure_channel(target, options)
    options.append(("grpc.ssl_target_name_override", name))
    return grpc.secure_channel(target, grpc.ssl_channel_credentials(authority.encode()), options)


def _problem(x: Any) -> Callable[[str], ArgosyError]:
    return Denied if x.code() in _DENIED else Permanent if x.code() in _FOR_GOOD else Unavailable


def write_message(fields: Mapping[int, bytes]) -> bytes:
    """A protobuf message of bytes fields by their numbers, empty ones left out."""
    made = bytearray()
    for number, value in fields.items():
        if value:
            made += _varint(number << 3 | 2) + _varint(len(value)) + value
    return bytes(made)


def read_message(data: bytes) -> Mapping[int, bytes]:
    """Bytes and texts of a protobuf message by their numbers; a true flag is `b"\\1"`. Raises EvaluationError."""
    found: dict[int, bytes] = {}
    at = 0
    try:
        while at < len(data):
            tag, at = _read_varint(data, at)
            if tag & 7 == 0:
                value, at = _read_varint(data, at)
                found[tag >> 3] = b"\1" if value else b""
            elif tag & 7 == 2:
                length, at = _read_varint(data, at)
                if at + length > len(data):
                    raise IndexError
                found[tag >> 3], at = data[at : at + length], at + length
            else:
                raise IndexError
    except IndexError as x:
        raise EvaluationError("the server's answer is no message of triggers.Trigger") from x
    return found


def _varint(number: int) -> bytes:
    made = bytearray()
    while number > 0x7F:
        made.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*made, number])


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[at]
        number, at, shift = number | (byte & 0x7F) << shift, at + 1, shift + 7
        if not byte & 0x80:
            return number, at
