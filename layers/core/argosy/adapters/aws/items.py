"""A row of the Store port as a DynamoDB item, and back.

Attributes:

    pk, sk            S  the primary key
    version           N
    format            N  of the release that wrote the item (`argosy.formats`)
    data              S  JSON, up to 1 KB; above that B, compressed by zlib
    blob              S  in place of data above 100 KB: the key of the blob that holds the compressed JSON
    due_at            N  with due_shard, S "00" to "15", the key of the index `due`
    expires_at        N  whole seconds, rounded up: DynamoDB's own expiry removes the item some time after
    expires_exact     N  the time itself
    nonce             S  of the conditional write that made the item
    counts, fields    M  what tallies have added (N) and set (S, JSON), apart from data: see `DynamoStore.tally`
"""

from __future__ import annotations

import hashlib
import math
import zlib
from collections.abc import Mapping
from typing import Any, Final

import orjson

from argosy import formats
from argosy.errors import InvalidObject, Unavailable
from argosy.ports.blobs import Blobs
from argosy.ports.store import Row

__all__ = ["SHARDS", "Item", "expiry", "key_of", "number", "pack", "row_attributes", "shard_of", "unpack"]

type Item = dict[str, Any]

_PLAIN: Final = 1_024
_INLINE: Final = 100_000
_SHARDS: Final = 16
SHARDS: Final = tuple(f"{number:02}" for number in range(_SHARDS))


def key_of(pk: str, sk: str) -> Item:
    """The primary key of an item."""
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def shard_of(pk: str, sk: str) -> str:
    """Which part of the index `due` a row is in: one alone would be one partition, and that takes 1,000 writes a second."""
    return SHARDS[zlib.crc32(f"{pk}\0{sk}".encode()) % _SHARDS]


def number(value: float) -> Item:
    """A number as DynamoDB takes it: 38 digits, more than a float has."""
    return {"N": repr(value)}


def pack(row: Row, blobs: Blobs | None) -> Item:
    """The attribute that holds the data of `row`; a large one is written to `blobs` first.

    The blob's key names row and content, so it is never changed and writing it twice is harmless. Raises InvalidObject for
    what JSON cannot hold and for data above 100 KB compressed without `blobs`, Unavailable when the blob cannot be written.
    """
    try:
        text = orjson.dumps(row.data)
    except orjson.JSONEncodeError as x:
        raise InvalidObject(f"row {row.pk}/{row.sk} is no JSON: {x}") from x
    if len(text) <= _PLAIN:
        return {"data": {"S": text.decode()}}
    small = zlib.compress(text)
    if len(small) <= _INLINE:
        return {"data": {"B": small}}
    if blobs is None:
        raise InvalidObject(
            f"row {row.pk}/{row.sk} has {len(small):,} bytes of compressed data: at most {_INLINE:,} without a blob store"
        )
    place = hashlib.sha256(f"{row.pk}\0{row.sk}".encode()).hexdigest()[:32]
    key = f"rows/{place}/{hashlib.sha256(small).hexdigest()}"
    blobs.put(key, small)
    return {"blob": {"S": key}}


def row_attributes(row: Row) -> Item:
    """What an item has beside its key, its version and its data."""
    item: Item = {"format": number(formats.ROWS)}
    if row.due_at is not None:
        item |= {"due_at": number(row.due_at), "due_shard": {"S": shard_of(row.pk, row.sk)}}
    if row.expires_at is not None:
        item |= {"expires_at": number(math.ceil(row.expires_at)), "expires_exact": number(row.expires_at)}
    return item


def unpack(item: Mapping[str, Any], blobs: Blobs | None) -> Row:
    """The row of an item.

    Raises NotFound when its blob is gone, Unavailable when it cannot be read or a newer release wrote it.
    """
    pk, sk = item["pk"]["S"], item["sk"]["S"]
    formats.check(int(item.get("format", {"N": "0"})["N"]), formats.ROWS, f"row {pk}/{sk}")
    data = _data(item, blobs, f"{pk}/{sk}")
    for name, value in item.get("fields", {}).get("M", {}).items():
        data[name] = orjson.loads(value["S"])
    for name, value in item.get("counts", {}).get("M", {}).items():
        data[name] = data.get(name, 0) + _exact(value["N"])
    return Row(pk, sk, data, int(item["version"]["N"]), _float(item, "due_at"), expiry(item))


def expiry(item: Mapping[str, Any]) -> float | None:
    """When the time of an item is over, in epoch seconds."""
    return _float(item, "expires_exact")


def _data(item: Mapping[str, Any], blobs: Blobs | None, name: str) -> dict[str, Any]:
    if "blob" in item:
        if blobs is None:
            raise Unavailable(f"row {name} lies in the blob store, and none is configured")
        text = zlib.decompress(blobs.get(item["blob"]["S"]))
    elif "data" not in item:
        return {}
    elif "B" in item["data"]:
        text = zlib.decompress(item["data"]["B"])
    else:
        text = item["data"]["S"].encode()
    data: dict[str, Any] = orjson.loads(text)
    return data


def _float(item: Mapping[str, Any], name: str) -> float | None:
    return float(item[name]["N"]) if name in item else None


def _exact(text: str) -> float:
    return int(text) if text.lstrip("-").isdigit() else float(text)
