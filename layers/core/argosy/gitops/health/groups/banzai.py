"""Health of Koperator's Kafka clusters (`resource_customizations/kafka.banzaicloud.io`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, at, degraded, healthy, progressing

__all__ = ["check"]


_GOOD = ("GracefulUpscaleSucceeded", "GracefulDownscaleSucceeded", "GracefulDownScaleSucceeded")


def check(obj: Object) -> Health:
    status = at(obj, "status")
    if at(status, "brokersState") is None:
        return progressing("Waiting for KafkaCluster")
    brokers = [one for one in status["brokersState"].values() if isinstance(one, dict)]
    fine = status.get("cruiseControlTopicStatus") == "CruiseControlTopicReady" and all(
        one.get("configurationState") == "ConfigInSync"
        and at(one, "gracefulActionState", "cruiseControlState") in _GOOD
        for one in brokers
    )
    match status.get("state"):
        case "ClusterReconciling":
            return progressing("Kafka Cluster is Reconciling.")
        case "ClusterRollingUpgrading":
            return progressing("Kafka Cluster is Rolling Upgrading.")
        case "ClusterRunning" if fine:
            return healthy("Kafka Brokers, CruiseControl and cluster are in Healthy State.")
    return degraded("Broker Config is out of Sync or CruiseControlState is not Ready")
