"""Entries of event sources that watch a place or the time: calendar, resource, file, SFTP, HDFS.

Follows `pkg/apis/events/v1alpha1/eventsource_types.go`, `pkg/eventsources/common/fsevent/config.go` and the `validate.go`
beside each source of Argo Events 1.9.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from pydantic import Field

from argosy.errors import ArgosyError, EvaluationError
from argosy.lang import cron, duration, instants
from argosy.lang.selectors import requirement
from argosy.resources.base import KeyRef, Model, Problem
from argosy.resources.sources.common import (
    Check,
    Filter,
    WatchPath,
    check_duration,
    check_path,
    check_present,
    check_set,
)

__all__ = [
    "CHECKS",
    "CalendarSource",
    "FieldSelector",
    "FileSource",
    "HdfsSource",
    "ResourceFilter",
    "ResourceSource",
    "SftpSource",
]

_HDFS_TYPES: Final = frozenset({"CREATE", "REMOVE", "WRITE", "RENAME", "CHMOD"})


class CatchupConfig(Model):
    """`persistence.catchup`."""

    enabled: bool = False
    max_duration: str = ""


class Persistence(Model):
    """`persistence`: whether times missed while nothing ran are made up for. The ConfigMap is not needed here."""

    catchup: CatchupConfig | None = None


class CalendarSource(Model):
    """One entry of `spec.calendar`; `schedule` (cron, five fields) wins over `interval` (Go duration)."""

    schedule: str = ""
    interval: str = ""
    timezone: str = ""
    exclusion_dates: list[str] = []
    metadata: Mapping[str, str] = {}
    persistence: Persistence | None = None
    filter: Filter = Filter()


class FieldSelector(Model):
    """One entry of `filter.labels` or `filter.fields`: `operation` "" means `=` for labels, and nothing for fields."""

    key: str = ""
    operation: str = ""
    value: str = ""


class ResourceFilter(Model):
    """`filter` of a resource entry; `createdBy` is the latest time of creation (RFC 3339)."""

    prefix: str = ""
    labels: list[FieldSelector] = []
    fields: list[FieldSelector] = []
    created_by: str = ""
    after_start: bool = False


class ResourceSource(Model):
    """One entry of `spec.resource`: changes of a kind, named by `resource` (its plural), in a namespace ("" = all)."""

    namespace: str = ""
    filter: ResourceFilter | None = None
    group: str = ""
    version: str = ""
    resource: str = ""
    event_types: list[str] | None = None
    metadata: Mapping[str, str] = {}


class FileSource(Model):
    """One entry of `spec.file`; `polling`: look again and again where the file system tells of no changes."""

    event_type: str = ""
    watch_path_config: WatchPath = WatchPath()
    metadata: Mapping[str, str] = {}
    filter: Filter = Filter()
    polling: bool = False


class SftpSource(FileSource):
    """One entry of `spec.sftp`; `pollIntervalDuration` is a Go duration, "" = 10s."""

    poll_interval_duration: str = ""
    username: KeyRef | None = None
    password: KeyRef | None = None
    ssh_key_secret: KeyRef | None = None
    address: KeyRef | None = None


class HdfsSource(WatchPath):
    """One entry of `spec.hdfs`."""

    type: str = ""
    check_interval: str = ""
    addresses: list[str] = []
    hdfs_user: str = ""
    krb_c_cache_secret: KeyRef | None = Field(default=None, alias="krbCCacheSecret")
    krb_keytab_secret: KeyRef | None = None
    krb_username: str = ""
    krb_realm: str = ""
    krb_config_config_map: KeyRef | None = None
    krb_service_principal_name: str = ""
    metadata: Mapping[str, str] = {}
    filter: Filter = Filter()


def _calendar(entry: CalendarSource, path: str) -> Iterator[Problem]:
    if not entry.schedule and not entry.interval:
        yield Problem(path, "needs a schedule (cron) or an interval (such as 10s)")
    try:
        if entry.schedule:
            cron.parse(entry.schedule, descriptors=False)
        elif entry.interval and duration.parse(entry.interval) < duration.SECOND:
            yield Problem(f"{path}.interval", "an interval shorter than 1s never moves on: fractions are dropped", True)
    except ArgosyError as x:
        yield Problem(f"{path}.{'schedule' if entry.schedule else 'interval'}", str(x))


def _resource(entry: ResourceSource, path: str) -> Iterator[Problem]:
    yield from check_set(path, version=entry.version, resource=entry.resource)
    if entry.event_types is None:
        yield Problem(f"{path}.eventTypes", "required, but missing; it lists ADD, UPDATE, DELETE")
    if entry.filter is None:
        return
    for index, label in enumerate(entry.filter.labels):
        try:
            requirement(label.key, label.operation, label.value)
        except EvaluationError as x:
            yield Problem(f"{path}.filter.labels[{index}]", str(x))
    for index, field in enumerate(entry.filter.fields):
        yield from check_set(f"{path}.filter.fields[{index}]", key=field.key)
    if entry.filter.created_by and instants.parse(entry.filter.created_by) is None:
        yield Problem(
            f"{path}.filter.createdBy", f"{entry.filter.created_by!r} is no time such as 2026-01-02T03:04:05Z"
        )


def _file(entry: FileSource, path: str) -> Iterator[Problem]:
    yield from check_set(path, eventType=entry.event_type)
    yield from check_path(entry.watch_path_config, f"{path}.watchPathConfig")


def _sftp(entry: SftpSource, path: str) -> Iterator[Problem]:
    yield from _file(entry, path)
    yield from check_duration(entry.poll_interval_duration, f"{path}.pollIntervalDuration")


def _hdfs(entry: HdfsSource, path: str) -> Iterator[Problem]:
    if not _HDFS_TYPES.intersection(entry.type.split("|")):
        yield Problem(f"{path}.type", f"{entry.type!r} holds none of {', '.join(sorted(_HDFS_TYPES))}, joined by |")
    yield from check_duration(entry.check_interval, f"{path}.checkInterval")
    yield from check_path(entry, path)
    if not entry.addresses:
        yield Problem(f"{path}.addresses", "required, but empty")
    yield from _hdfs_login(entry, path)


def _hdfs_login(entry: HdfsSource, path: str) -> Iterator[Problem]:
    keytab, cache = entry.krb_keytab_secret is not None, entry.krb_c_cache_secret is not None
    if not (entry.hdfs_user or keytab or cache):
        yield Problem(path, "needs hdfsUser, krbCCacheSecret or krbKeytabSecret")
    if keytab or cache:
        yield from check_set(path, krbServicePrincipalName=entry.krb_service_principal_name)
        yield from check_present(path, krbConfigConfigMap=entry.krb_config_config_map)
    if keytab:
        yield from check_set(path, krbUsername=entry.krb_username, krbRealm=entry.krb_realm)


CHECKS: Final[Mapping[str, Check]] = {
    "calendar": _calendar,
    "file": _file,
    "hdfs": _hdfs,
    "resource": _resource,
    "sftp": _sftp,
}
