"""The Makers port on Lambda: functions invoked by request and answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from argosy.adapters.aws.clients import Clients
from argosy.adapters.aws.errors import telling
from argosy.errors import Unavailable

__all__ = ["LambdaMakers"]

_SECONDS: Final = 100


class LambdaMakers:
    """`functions`: the name of each."""

    def __init__(self, clients: Clients, region: str, functions: Mapping[str, str]) -> None:
        self._clients, self._region, self._functions = clients, region, functions

    def call(self, name: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """See `Makers.call`."""
        with telling(f"function {name}"):
            functions = self._clients.regional("lambda", self._region, patience=_SECONDS, attempts=1)
            answer = functions.invoke(FunctionName=self._functions[name], Payload=json.dumps(request).encode())
            found: Mapping[str, Any] = json.loads(answer["Payload"].read())
        if answer.get("FunctionError"):
            raise Unavailable(f"function {name} ended early: {str(found.get('errorMessage') or found)[:300]}")
        return found
