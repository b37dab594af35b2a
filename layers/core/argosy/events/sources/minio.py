"""Event source `minio`: an event of an S3 bucket in, the event's payload out.

Follows `pkg/eventsources/sources/minio/start.go` of Argo Events 1.9, whose payload is the list of notification records
that MinIO and S3 write. Here a bucket's events come through EventBridge, because a bucket has one notification
configuration and writing ours would overwrite others'; the record is made of what EventBridge tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

import orjson

from argosy.events.sources.bodies import with_metadata
from argosy.resources.eventsource import MinioSource

__all__ = ["DETAIL_TYPES", "payload", "wants"]

_CREATED: Final = {
    "PutObject": "Put",
    "POST Object": "Post",
    "CopyObject": "Copy",
    "CompleteMultipartUpload": "CompleteMultipartUpload",
}
_NAMES: Final = {
    "Object Restore Initiated": "s3:ObjectRestore:Post",
    "Object Restore Completed": "s3:ObjectRestore:Completed",
    "Object Restore Expired": "s3:ObjectRestore:Delete",
    "Object Tags Added": "s3:ObjectTagging:Put",
    "Object Tags Deleted": "s3:ObjectTagging:Delete",
    "Object ACL Updated": "s3:ObjectAcl:Put",
    "Object Storage Class Changed": "s3:LifecycleTransition",
    "Object Access Tier Changed": "s3:IntelligentTiering",
}
DETAIL_TYPES: Final = ("Object Created", "Object Deleted", *_NAMES)


def wants(entry: MinioSource, event: Mapping[str, Any]) -> bool:
    """Whether the entry is meant: its bucket, event names (`s3:ObjectCreated:*`), prefix and suffix."""
    detail = event["detail"]
    key: str = detail["object"]["key"]
    name = _event_name(event)
    return (
        entry.bucket is not None
        and detail["bucket"]["name"] == entry.bucket.name
        and (not entry.events or any(fnmatchcase(name, wanted) for wanted in entry.events))
        and key.startswith(entry.filter.prefix)
        and key.endswith(entry.filter.suffix)
    )


def payload(entry: MinioSource, event: Mapping[str, Any]) -> str:
    """The payload of one S3 event of EventBridge."""
    head = orjson.dumps({"notification": [_record(event)]})
    return with_metadata(head[:-1], entry.metadata)


def _event_name(event: Mapping[str, Any]) -> str:
    kind: str = event["detail-type"]
    detail = event["detail"]
    if kind == "Object Created":
        return f"s3:ObjectCreated:{_CREATED.get(detail.get('reason', ''), 'Put')}"
    if kind == "Object Deleted":
        marker = detail.get("deletion-type") == "Delete Marker Created"
        return f"s3:ObjectRemoved:{'DeleteMarkerCreated' if marker else 'Delete'}"
    return _NAMES.get(kind, kind)


def _record(event: Mapping[str, Any]) -> dict[str, Any]:
    detail = event["detail"]
    bucket, thing = detail["bucket"]["name"], detail["object"]
    requester = detail.get("requester", "")
    entity = {"principalId": requester}
    found = {"key": thing["key"], "size": thing.get("size"), "eTag": thing.get("etag")}
    found |= {"versionId": thing.get("version-id"), "sequencer": thing.get("sequencer", "")}
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": event.get("region", ""),
        "eventTime": event.get("time", ""),
        "eventName": _event_name(event),
        "userIdentity": entity,
        "requestParameters": {"principalId": requester, "sourceIPAddress": detail.get("source-ip-address", "")},
        "responseElements": {"x-amz-request-id": detail.get("request-id", "")},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "EventBridge",
            "bucket": {"name": bucket, "ownerIdentity": entity, "arn": f"arn:aws:s3:::{bucket}"},
            "object": {name: value for name, value in found.items() if value is not None},
        },
    }
