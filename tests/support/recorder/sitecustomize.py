"""Writes down every call of AWS that an interpreter makes, with the function that it belongs to.

Python imports it at its start where its folder is on PYTHONPATH; `support.localstack` copies it to a folder of the test run,
and the calls are written beside the copy, a file for each process. A line holds function, service, operation and parameters;
values that are no names of anything (bodies, items) are left out.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import botocore

_LONGEST = 300
_FILE = Path(__file__).with_name(f"{os.getpid()}.calls")


def _names(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _names(one) for key, one in value.items() if key not in ("Item", "ExpressionAttributeValues")}
    if isinstance(value, list | tuple):
        return [_names(one) for one in value]
    return value if isinstance(value, str) and len(value) <= _LONGEST else None


def _write(params: Any, model: Any, **_: Any) -> None:
    line = {
        "function": os.environ.get("AWS_LAMBDA_FUNCTION_NAME", ""),
        "service": model.service_model.service_name,
        "operation": model.name,
        "params": _names(params),
    }
    with _FILE.open("a") as file:
        file.write(json.dumps(line) + "\n")


def _listen(session: Any) -> None:
    session.register("before-parameter-build", _write)


botocore.register_initializer(_listen)
