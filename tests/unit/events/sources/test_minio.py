"""Event source `minio`: S3 events of EventBridge as notification records, and which of them an entry wants."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from argosy.events.sources.minio import payload, wants
from argosy.resources.eventsource import MinioSource


def recorded(name: str) -> Any:
    """What the function `sources` finds in the message of a recorded batch."""
    (record,) = json.loads((Path(__file__).parents[4] / "events" / f"{name}.json").read_text())["Records"]
    return json.loads(record["body"])["event"]


def entry(**more: Any) -> MinioSource:
    return MinioSource.model_validate({"bucket": {"name": "orders"}, **more})


def test_a_recorded_event() -> None:
    got = json.loads(payload(entry(metadata={"k": "v"}), recorded("minio")))
    (record,) = got["notification"]
    assert record["eventName"] == "s3:ObjectCreated:Put"
    assert record["eventSource"] == "aws:s3"
    assert record["s3"]["bucket"]["name"] == "orders"
    assert record["s3"]["object"] == {
        "key": "in/a 1.csv",
        "size": 5,
        "eTag": "b1946ac92492d2347c6235b4d2611184",
        "versionId": "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e",
        "sequencer": "617f08299329d189",
    }
    assert got["metadata"] == {"k": "v"}


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({}, True),
        ({"events": ["s3:ObjectCreated:Put"]}, True),
        ({"events": ["s3:ObjectCreated:*"]}, True),
        ({"events": ["s3:ObjectRemoved:*", "s3:ObjectCreated:Copy"]}, False),
        ({"filter": {"prefix": "in/", "suffix": ".csv"}}, True),
        ({"filter": {"prefix": "out/", "suffix": ""}}, False),
        ({"filter": {"prefix": "", "suffix": ".txt"}}, False),
        ({"bucket": {"name": "others"}}, False),
    ],
)
def test_what_an_entry_wants(more: dict[str, Any], wanted: bool) -> None:
    assert wants(entry(**more), recorded("minio")) is wanted


@pytest.mark.parametrize(
    ("kind", "detail", "name"),
    [
        ("Object Created", {"reason": "CopyObject"}, "s3:ObjectCreated:Copy"),
        ("Object Created", {"reason": "CompleteMultipartUpload"}, "s3:ObjectCreated:CompleteMultipartUpload"),
        ("Object Deleted", {"deletion-type": "Permanently Deleted"}, "s3:ObjectRemoved:Delete"),
        ("Object Deleted", {"deletion-type": "Delete Marker Created"}, "s3:ObjectRemoved:DeleteMarkerCreated"),
        ("Object Restore Completed", {}, "s3:ObjectRestore:Completed"),
    ],
)
def test_event_names(kind: str, detail: dict[str, str], name: str) -> None:
    event = recorded("minio")
    event |= {"detail-type": kind, "detail": {**event["detail"], "reason": "", **detail}}
    (record,) = json.loads(payload(entry(), event))["notification"]
    assert record["eventName"] == name
