"""Changes of the Store port as DynamoDB's conditional writes.

In: a `Put` or `Delete` and the time now. Out: the name of the operation and its parameters, which are the same alone and in
a transaction. A row whose time is over may still be in the table: every condition counts it as absent.
"""

from __future__ import annotations

from typing import Any

from argosy.adapters.aws.items import Item, key_of, number, row_attributes
from argosy.ports.store import ABSENT, Delete, Put, Row

__all__ = ["ALIVE", "Operation", "operation"]

type Operation = tuple[str, dict[str, Any]]

ALIVE = "(attribute_not_exists(#end) OR #end > :now)"
_ABSENT = "(attribute_not_exists(pk) OR #end <= :now)"
_OPTIONAL = ("blob", "counts", "data", "due_at", "due_shard", "expires_at", "expires_exact", "fields", "nonce")


def operation(change: Put | Delete, data: Item, now: float, nonce: str, *, fresh: bool) -> Operation:
    """What to ask of DynamoDB for `change`; `data` is the attribute that `items.pack` has made for a Put.

    A Put without expectation adds one to the version that is there, or with `fresh` takes the place of no row or of one
    whose time is over; which of the two it is, only the table knows, so the other is tried when the condition fails.
    """
    if isinstance(change, Delete):
        key: dict[str, Any] = {"Key": key_of(change.pk, change.sk)}
        return "Delete", key if change.expect is None else key | _expecting(change.expect, now)
    if change.expect is None and not fresh:
        return "Update", _replacing(change.row, data, now)
    expect = ABSENT if change.expect is None else change.expect
    row = change.row
    item = {
        **key_of(row.pk, row.sk),
        **data,
        **row_attributes(row),
        "version": number(expect + 1),
        "nonce": {"S": nonce},
    }
    return "Put", {"Item": item, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"} | _expecting(expect, now)


def _expecting(expect: int, now: float) -> dict[str, Any]:
    names, values = {"#end": "expires_exact"}, {":now": number(now)}
    if expect == ABSENT:
        condition = _ABSENT
    else:
        condition = f"#version = :expect AND {ALIVE}"
        names["#version"], values[":expect"] = "version", number(expect)
    return {
        "ConditionExpression": condition,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
    }


def _replacing(row: Row, data: Item, now: float) -> dict[str, Any]:
    """An update that leaves nothing of the item but its key and its version, which grows."""
    given = {**data, **row_attributes(row)}
    gone = [name for name in _OPTIONAL if name not in given]
    sets = ["#version = if_not_exists(#version, :zero) + :one", *(f"#{name} = :{name}" for name in given)]
    return {
        "Key": key_of(row.pk, row.sk),
        "UpdateExpression": f"SET {', '.join(sets)} REMOVE {', '.join(f'#{name}' for name in gone)}",
        "ConditionExpression": ALIVE,
        "ExpressionAttributeNames": {
            "#version": "version",
            "#end": "expires_exact",
            **{f"#{name}": name for name in (*_OPTIONAL, "format")},
        },
        "ExpressionAttributeValues": {
            ":now": number(now),
            ":zero": number(0),
            ":one": number(1),
            **{f":{name}": value for name, value in given.items()},
        },
    }
