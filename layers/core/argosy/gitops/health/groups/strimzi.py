"""Health of Strimzi's kinds (`resource_customizations/kafka.strimzi.io`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Check, Health, Object, degraded, find, healthy, progressing, said

__all__ = ["bridge", "connect", "connector", "kafka", "topic", "user"]


def _check(waiting: str) -> Check:
    def check(obj: Object) -> Health:
        bad = find(obj, "NotReady", "True")
        if bad is not None:
            return degraded(said(bad))
        return healthy() if find(obj, "Ready", "True") is not None else progressing(waiting)

    return check


kafka = _check("Waiting for Kafka")
bridge = _check("Waiting for KafkaBridge")
connect = _check("Waiting for Kafka Connect")
connector = _check("Waiting for KafkaConnector")
topic = _check("Waiting for Kafka Topic")
user = _check("Waiting for Kafka User")
