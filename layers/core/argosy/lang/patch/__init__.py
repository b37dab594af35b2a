"""Patches of JSON documents: RFC 6902 (operations), RFC 7386 (a document laid over another), strategic merge patches.

In: documents and patches as decoded JSON. Out: a new document; what was given is not changed. As Kubernetes' API server and
Argo do it, with github.com/evanphx/json-patch v5.9 (v4 answers alike) and k8s.io/apimachinery v0.34.
"""

from argosy.lang.patch.jsonpatch import json_patch
from argosy.lang.patch.mergepatch import create_merge_patch, merge_patch
from argosy.lang.patch.strategic import strategic_merge_patch
from argosy.lang.patch.strategic_diff import create_strategic_patch, three_way_patches

__all__ = [
    "create_merge_patch",
    "create_strategic_patch",
    "json_patch",
    "merge_patch",
    "strategic_merge_patch",
    "three_way_patches",
]
