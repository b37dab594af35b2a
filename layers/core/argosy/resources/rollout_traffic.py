"""`canary.trafficRouting` of a Rollout: one model for each router.

Follows `pkg/apis/rollouts/v1alpha1/types.go` of Argo Rollouts. `plugins` hold whatever a plugin's configuration is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from argosy.resources.base import Model

__all__ = [
    "AlbRouting",
    "AmbassadorRouting",
    "ApisixRouting",
    "DestinationRule",
    "IstioRouting",
    "NginxRouting",
    "SmiRouting",
    "TraefikRouting",
    "TrafficRouting",
    "VirtualService",
]


class Stickiness(Model):
    """`alb.stickinessConfig`; `durationSeconds` from 1 to 604800 when enabled."""

    enabled: bool = False
    duration_seconds: int = 0


class AlbRouting(Model):
    """`alb`: an Ingress that the AWS Load Balancer Controller serves."""

    ingress: str = ""
    ingresses: Sequence[str] = ()
    service_port: int = 0
    root_service: str = ""
    annotation_prefix: str = ""
    stickiness_config: Stickiness | None = None

    @property
    def names(self) -> Sequence[str]:
        """The Ingresses."""
        return self.ingresses or ((self.ingress,) if self.ingress else ())


class NginxRouting(Model):
    """`nginx`: Ingresses that ingress-nginx serves."""

    stable_ingress: str = ""
    stable_ingresses: Sequence[str] = ()
    annotation_prefix: str = ""
    additional_ingress_annotations: Mapping[str, str] = {}
    canary_ingress_annotations: Mapping[str, str] = {}

    @property
    def names(self) -> Sequence[str]:
        """The Ingresses of the stable service."""
        return self.stable_ingresses or ((self.stable_ingress,) if self.stable_ingress else ())


class PortRoute(Model):
    """A TLS or TCP route of a VirtualService."""

    port: int = 0
    sni_hosts: Sequence[str] = ()


class VirtualService(Model):
    """A VirtualService, and which of its routes are managed."""

    name: str = ""
    routes: Sequence[str] = ()
    tls_routes: Sequence[PortRoute] = ()
    tcp_routes: Sequence[PortRoute] = ()


class DestinationRule(Model):
    """A DestinationRule whose subsets are the two versions."""

    name: str = ""
    canary_subset_name: str = ""
    stable_subset_name: str = ""
    additional_subset_names: Sequence[str] = ()


class IstioRouting(Model):
    """`istio`."""

    virtual_service: VirtualService | None = None
    virtual_services: Sequence[VirtualService] = ()
    destination_rule: DestinationRule | None = None

    @property
    def services(self) -> Sequence[VirtualService]:
        """The VirtualServices."""
        return self.virtual_services or ((self.virtual_service,) if self.virtual_service is not None else ())


class SmiRouting(Model):
    """`smi`."""

    root_service: str = ""
    traffic_split_name: str = ""


class TraefikRouting(Model):
    """`traefik`."""

    weighted_traefik_service_name: str = ""


class AmbassadorRouting(Model):
    """`ambassador`."""

    mappings: Sequence[str] = ()


class ApisixRoute(Model):
    """The ApisixRoute, and which of its rules are managed."""

    name: str = ""
    rules: Sequence[str] = ()


class ApisixRouting(Model):
    """`apisix`."""

    route: ApisixRoute | None = None


class ManagedRoute(Model):
    """A route that steps may set, in order of precedence."""

    name: str = ""


class TrafficRouting(Model):
    """`trafficRouting`."""

    alb: AlbRouting | None = None
    nginx: NginxRouting | None = None
    istio: IstioRouting | None = None
    smi: SmiRouting | None = None
    ambassador: AmbassadorRouting | None = None
    traefik: TraefikRouting | None = None
    apisix: ApisixRouting | None = None
    app_mesh: Mapping[str, Any] | None = None
    plugins: Mapping[str, Any] | None = None
    managed_routes: Sequence[ManagedRoute] = ()
    max_traffic_weight: int | None = None
