"""What routes may answer, as the OpenAPI document shows it."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from argosy.api.models import ProblemAnswer

__all__ = ["responses"]

_SAID: Final[Mapping[HTTPStatus, str]] = {
    HTTPStatus.BAD_REQUEST: "What was sent is wrong",
    HTTPStatus.UNAUTHORIZED: "Nobody has said who asks, or not so that it can be believed",
    HTTPStatus.FORBIDDEN: "Not allowed",
    HTTPStatus.NOT_FOUND: "Not there",
    HTTPStatus.CONFLICT: "Somebody else changed the same meanwhile",
    HTTPStatus.UNPROCESSABLE_ENTITY: "Not of the shape asked for, or not served by this installation",
    HTTPStatus.SERVICE_UNAVAILABLE: "Something that is needed cannot be reached for now",
}


def responses(model: type[Any], status: HTTPStatus = HTTPStatus.OK, *more: HTTPStatus) -> dict[int, Any]:
    """What a route may answer: `model` with `status`, or the problems that every route may have, and `more`."""
    problems = (
        HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.SERVICE_UNAVAILABLE, *more,
    )  # fmt: skip
    made: dict[int, Any] = {status.value: {"description": "Done", "content": {"application/json": {"model": model}}}}
    for code in sorted(problems):
        made[code.value] = {"description": _SAID[code], "content": {"application/json": {"model": ProblemAnswer}}}
    return made
