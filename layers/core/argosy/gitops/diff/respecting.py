"""What is wanted, with the live values of what does not count: the sync option `RespectIgnoreDifferences=true`.

In: a desired and a live object, and the rules. Out: the desired one as it is applied, so that a sync leaves alone what a
comparison does. Called before a sync applies anything. Follows `normalizeTargetResources` of `controller/sync.go` in Argo CD
3.6.

On purpose different: `status` is not taken along, though nobody compares it. Live values of Secrets are not known where this
is decided, nor is whose a field is: it is said which keys of a Secret stay (`kept_keys`), and whose fields; whoever applies
puts the values in (`keeping`, `yielding`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from argosy.gitops.diff.kube import kind_type, merging
from argosy.gitops.diff.managers import without_managed
from argosy.gitops.diff.normal import folded_secret
from argosy.gitops.identity import key_of
from argosy.lang.patch import create_merge_patch, merge_patch, strategic_merge_patch, three_way_patches

if TYPE_CHECKING:
    from argosy.gitops.diff.ignored import IgnoreRules  # agents import this module, and know no models

__all__ = ["RESPECT", "keeping", "kept_keys", "respected", "yielding"]

RESPECT: Final = "RespectIgnoreDifferences=true"

_VALUES: Final = ("data", "stringData")

type Object = Mapping[str, Any]


def respected(target: Object, live: Object, rules: IgnoreRules) -> dict[str, Any]:
    """The desired object. Raises EvaluationError where lists cannot be merged by their keys."""
    apart = ("status", *_VALUES) if key_of(target).is_secret else ("status",)
    there = {name: value for name, value in live.items() if name not in apart}
    wanted = {name: value for name, value in target.items() if name not in apart}
    made = _with(rules.cleaned(wanted), rules.cleaned(there), there)
    return made | {name: target[name] for name in apart if name in target}


def _with(wanted: dict[str, Any], cleaned: dict[str, Any], there: dict[str, Any]) -> dict[str, Any]:
    """What is wanted and does count, with all that of the live object does not."""
    name = kind_type(wanted.get("apiVersion"), wanted.get("kind"))
    if name is None:
        found: dict[str, Any] = merge_patch(wanted, create_merge_patch(cleaned, there))
        return found
    kind = merging(name)
    _, new = three_way_patches(there, there, cleaned, kind)
    return strategic_merge_patch(wanted, new, kind)


def kept_keys(target: Object, live: Object, rules: IgnoreRules) -> list[str]:
    """Which keys of a Secret's data are as they live, and those that are not there stay away; [] for other kinds."""
    if not key_of(target).is_secret:
        return []
    names = {*(live.get("data") or ()), *(folded_secret(target).get("data") or ())}
    probe = {name: value for name, value in target.items() if name not in _VALUES}
    left = rules.cleaned({**probe, "data": dict.fromkeys(names, "")}).get("data") or {}
    return sorted(names - left.keys())


def keeping(secret: Object, live: Object, keys: Iterable[str]) -> dict[str, Any]:
    """The Secret with these keys as they live."""
    if not key_of(secret).is_secret:
        return dict(secret)
    found, there = folded_secret(secret), live.get("data") or {}
    data = {name: value for name, value in (found.get("data") or {}).items() if name not in set(keys)}
    return {**found, "data": data | {name: there[name] for name in keys if name in there}}


def yielding(target: Object, live: Object, managers: Iterable[str]) -> dict[str, Any]:
    """The desired object with what the live one has in fields of these managers. Raises as `respected`."""
    names = list(managers)
    if not names:
        return dict(target)
    wanted = folded_secret(target) if key_of(target).is_secret else dict(target)
    status = {"status": wanted.pop("status")} if "status" in wanted else {}
    there = {name: value for name, value in live.items() if name != "status"}
    cleaned, left = without_managed(there, wanted, names)
    return _with(left, cleaned, there) | status
