"""Store port on one DynamoDB table.

Reads are strongly consistent, but for `due` and `next_due`: an index is a moment behind, so whoever acts on a due row writes
it with the version that was read. A change alone is one conditional call; several are one transaction.

A call whose answer is lost is made again by botocore. The repetition of a transaction is known by its token; that of a
single Put finds its own `nonce` in the row and knows that it was done. A repeated tally counts twice.
"""

from __future__ import annotations

import heapq
import itertools
import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Final, cast

import orjson

from argosy import formats
from argosy.adapters.aws.changes import Operation, operation
from argosy.adapters.aws.clients import Clients
from argosy.adapters.aws.errors import code_of, is_overload, telling
from argosy.adapters.aws.items import SHARDS, Item, expiry, key_of, number, pack, row_attributes, unpack
from argosy.adapters.aws.retries import pauses
from argosy.errors import Conflict, Permanent, Unavailable
from argosy.ports.blobs import Blobs
from argosy.ports.clock import Clock
from argosy.ports.store import Delete, Put, Row
from argosy.ports.storerules import check_changes

__all__ = ["DynamoStore"]

_INDEX: Final = "due"
_FAILED: Final = "ConditionalCheckFailed"
_PAGE: Final = 25
_BATCH: Final = 25
_READS: Final = 100


class DynamoStore:
    """Rows in `table`; data above 100 KB compressed in `blobs`, without which it is refused.

    Blobs of rows that are gone stay: they are few, and no lifecycle rule could tell them from the others.
    """

    def __init__(
        self,
        table: str,
        clients: Clients,
        clock: Clock,
        blobs: Blobs | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._table, self._clients, self._clock, self._blobs, self._sleep = table, clients, clock, blobs, sleep

    def get(self, pk: str, sk: str) -> Row | None:
        """See `Store.get`."""
        with telling(f"row {pk}/{sk} of table {self._table}"):
            answer = self._clients.dynamodb.get_item(TableName=self._table, Key=key_of(pk, sk), ConsistentRead=True)
        return self._living(answer["Item"]) if "Item" in answer else None

    def find(self, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], Row]:
        """See `Store.find`. In batches of a hundred; what DynamoDB leaves undone is asked for again."""
        left: list[Any] = [key_of(*key) for key in dict.fromkeys(keys)]
        found: dict[tuple[str, str], Row] = {}
        waits = pauses()
        while left:
            batch, left = left[:_READS], left[_READS:]
            with telling(f"{len(batch)} rows of table {self._table}"):
                asked: Any = {self._table: {"Keys": batch, "ConsistentRead": True}}
                answer = self._clients.dynamodb.batch_get_item(RequestItems=asked)
            rows = (self._living(item) for item in answer["Responses"].get(self._table, []))
            found |= {(row.pk, row.sk): row for row in rows if row is not None}
            undone = answer["UnprocessedKeys"].get(self._table)
            if undone:
                left = [*undone["Keys"], *left]
                self._pause(waits, f"{len(left)} rows")
        return found

    def query(
        self, pk: str, prefix: str = "", *, after: str = "", limit: int | None = None, newest_first: bool = False
    ) -> list[Row]:
        """See `Store.query`."""
        if after and not after.startswith(prefix):
            # DynamoDB refuses to start outside of what the condition lets through: either all of it follows, or nothing.
            if (after > prefix) != newest_first:
                return []
            after = ""
        request: dict[str, Any] = {
            "KeyConditionExpression": "pk = :pk" + (" AND begins_with(sk, :prefix)" if prefix else ""),
            "ExpressionAttributeValues": {":pk": {"S": pk}} | ({":prefix": {"S": prefix}} if prefix else {}),
            "ScanIndexForward": not newest_first,
            "ConsistentRead": True,
        }
        if after:
            request["ExclusiveStartKey"] = key_of(pk, after)
        if limit is not None:
            request["Limit"] = max(limit, 1)
        return list(itertools.islice(self._rows(request, f"rows of {pk} in table {self._table}"), limit))

    def write(self, changes: Sequence[Put | Delete], *, durable: bool = True) -> None:
        """See `Store.write`. Waits for other transactions on the rows for up to a second, then raises Unavailable."""
        del durable  # whatever DynamoDB has written is
        keys = check_changes(changes)
        data = [pack(change.row, self._blobs) if isinstance(change, Put) else {} for change in changes]
        fresh: set[int] = set()
        waits = pauses()
        while changes:
            now, nonce = self._clock.now().timestamp(), os.urandom(8).hex()
            operations = [
                operation(change, data[index], now, nonce, fresh=index in fresh) for index, change in enumerate(changes)
            ]
            codes = self._alone(operations[0], keys[0], nonce) if len(operations) == 1 else self._together(operations)
            if not codes:
                return
            failed = [index for index, code in enumerate(codes) if code == _FAILED]
            for index in failed:
                expect = changes[index].expect
                if expect is not None:
                    problem = f"has not version {expect}" if expect else "is there already"
                    raise Conflict(f"row {'/'.join(keys[index])} {problem}")
            fresh ^= set(failed)
            self._pause(waits, f"rows {', '.join('/'.join(key) for key in keys[:3])}", sleep=not failed)

    def tally(self, pk: str, sk: str, add: Mapping[str, float], put: Mapping[str, Any]) -> None:
        """See `Store.tally`. DynamoDB itself adds, in one call; the first tally of a row takes two.

        What is added stands in a map of its own beside the compressed data, and reading puts the two together. The other
        way, to read, add and write on condition, would try again and again just where many functions count at once.
        """
        waits = pauses()
        while True:
            for request in (_adding(add, put), _beginning(add, put)):
                code = self._call("Update", {"Key": key_of(pk, sk), **request}, f"row {pk}/{sk} of table {self._table}")
                if not code:
                    return
            self._pause(waits, f"row {pk}/{sk}")

    def keep(self, rows: Sequence[Row]) -> None:
        """See `Store.keep`. In batches of 25; what DynamoDB leaves undone is sent again."""
        items = {(row.pk, row.sk): self._item(row) for row in rows}
        waits = pauses()
        left: list[Any] = [{"PutRequest": {"Item": item}} for item in items.values()]
        while left:
            batch, left = left[:_BATCH], left[_BATCH:]
            with telling(f"rows of table {self._table}"):
                answer = self._clients.dynamodb.batch_write_item(RequestItems={self._table: batch})
            undone = answer["UnprocessedItems"].get(self._table, [])
            if undone:
                left = [*undone, *left]
                self._pause(waits, f"{len(left)} rows")

    def _item(self, row: Row) -> Item:
        return {**key_of(row.pk, row.sk), **pack(row, self._blobs), **row_attributes(row), "version": number(1)}

    def due(self, until: float, limit: int) -> list[Row]:
        """See `Store.due`. Asks the 16 parts of the index one after the other: about 0.1 s, once a minute."""
        return list(itertools.islice(self._due(min(limit, _PAGE), until), limit))

    def next_due(self) -> float | None:
        """See `Store.next_due`."""
        return next((row.due_at for row in self._due(1)), None)

    def _due(self, page: int, until: float | None = None) -> Iterator[Row]:
        def rows(shard: str) -> Iterator[Row]:
            return self._rows(
                {
                    "IndexName": _INDEX,
                    "KeyConditionExpression": "due_shard = :shard"
                    + (" AND due_at <= :until" if until is not None else ""),
                    "ExpressionAttributeValues": {":shard": {"S": shard}}
                    | ({":until": number(until)} if until is not None else {}),
                    "Limit": page,
                },
                f"due rows of table {self._table}",
            )

        return heapq.merge(*(rows(shard) for shard in SHARDS), key=lambda row: row.due_at or 0.0)

    def _rows(self, request: dict[str, Any], what: str) -> Iterator[Row]:
        """The living rows that a query finds, page by page."""
        while True:
            with telling(what):
                answer = self._clients.dynamodb.query(TableName=self._table, **request)
            for item in answer["Items"]:
                row = self._living(item)
                if row is not None:
                    yield row
            if "LastEvaluatedKey" not in answer:
                return
            request = {**request, "ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def _alone(self, what: Operation, key: tuple[str, str], nonce: str) -> list[str]:
        """One change by itself; empty when it was done, else why not."""
        code = self._call(*what, f"row {'/'.join(key)} of table {self._table}", nonce)
        return [code] if code else []

    def _call(self, kind: str, request: dict[str, Any], what: str, nonce: str = "") -> str:
        client = self._clients.dynamodb
        method: Callable[..., Any] = getattr(client, f"{kind.lower()}_item")
        with telling(what):
            try:
                method(TableName=self._table, **request)
            except client.exceptions.ConditionalCheckFailedException as x:
                stored = cast("Item", x.response.get("Item", {}))
                return "" if nonce and stored.get("nonce") == {"S": nonce} else _FAILED
            except client.exceptions.TransactionConflictException as x:
                return code_of(x)
        return ""

    def _together(self, operations: Sequence[Operation]) -> list[str]:
        """Several changes in one transaction; empty when they were done, else for each why not, "None" if not its fault."""
        client = self._clients.dynamodb
        entries: Any = [{kind: {"TableName": self._table, **request}} for kind, request in operations]
        with telling(f"{len(entries)} rows of table {self._table}"):
            try:
                client.transact_write_items(TransactItems=entries)
            except client.exceptions.TransactionCanceledException as x:
                reasons = x.response.get("CancellationReasons", [])
                codes = [str(reason.get("Code", "None")) for reason in reasons]
                for reason, code in zip(reasons, codes, strict=True):
                    if code not in ("None", _FAILED) and not is_overload(code):
                        raise Permanent(f"table {self._table}: {reason.get('Message')} ({code})") from x
                return codes
        return []

    def _pause(self, waits: Iterator[float], what: str, *, sleep: bool = True) -> None:
        pause = next(waits, None)
        if pause is None:
            raise Unavailable(f"{what} of table {self._table}: other transactions were in the way, time after time")
        if sleep:
            self._sleep(pause)

    def _living(self, item: Mapping[str, Any]) -> Row | None:
        end = expiry(item)
        if end is not None and end <= self._clock.now().timestamp():
            return None  # and its blob is not read
        return unpack(item, self._blobs)


def _adding(add: Mapping[str, float], put: Mapping[str, Any]) -> dict[str, Any]:
    """An update of a row that was tallied before. A field that is set begins to count from what it is set to."""
    names = {"#version": "version", "#counts": "counts"} | ({"#fields": "fields"} if put else {})
    values: Item = {":zero": number(0), ":one": number(1)}
    sets, removes = ["#version = if_not_exists(#version, :zero) + :one"], []
    for index, (name, amount) in enumerate(add.items()):
        before = "" if name in put else f"if_not_exists(#counts.#a{index}, :zero) + "
        sets.append(f"#counts.#a{index} = {before}:a{index}")
        names[f"#a{index}"], values[f":a{index}"] = name, number(amount)
    for index, (name, value) in enumerate(put.items()):
        sets.append(f"#fields.#p{index} = :p{index}")
        names[f"#p{index}"], values[f":p{index}"] = name, _json(value)
        if name not in add:
            removes.append(f"#counts.#p{index}")
    return {
        "UpdateExpression": f"SET {', '.join(sets)}" + (f" REMOVE {', '.join(removes)}" if removes else ""),
        "ConditionExpression": "attribute_exists(#counts)",
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
    }


def _beginning(add: Mapping[str, float], put: Mapping[str, Any]) -> dict[str, Any]:
    """An update of a row that is not there or was never tallied since it was written."""
    return {
        "UpdateExpression": (
            "SET #version = if_not_exists(#version, :zero) + :one, #format = :format, #counts = :counts, #fields = :fields"
        ),
        "ConditionExpression": "attribute_not_exists(#counts)",
        "ExpressionAttributeNames": {name: name[1:] for name in ("#version", "#format", "#counts", "#fields")},
        "ExpressionAttributeValues": {
            ":zero": number(0),
            ":one": number(1),
            ":format": number(formats.ROWS),
            ":counts": {"M": {name: number(amount) for name, amount in add.items()}},
            ":fields": {"M": {name: _json(value) for name, value in put.items()}},
        },
    }


def _json(value: Any) -> Item:
    return {"S": orjson.dumps(value).decode()}
