"""Kubernetes' own kinds: what fields they have, how they are written, merged and defaulted."""

from argosy.gitops.diff.kube.defaults import with_defaults
from argosy.gitops.diff.kube.encoding import Misfit, encoded, whole_numbers
from argosy.gitops.diff.kube.types import kind_type, merging, struct

__all__ = ["Misfit", "encoded", "kind_type", "merging", "struct", "whole_numbers", "with_defaults"]
