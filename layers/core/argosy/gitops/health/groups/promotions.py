"""Health of GitOps Promoter's ChangeTransferPolicy and PromotionStrategy (`resource_customizations/promoter.argoproj.io`).

A policy carries changes to one environment, a strategy through several: while what is proposed is not what is active, the
promotion is under way, and the commit statuses say what it waits for.
"""

from __future__ import annotations

from argosy.gitops.health.groups.promoter import Words, gate
from argosy.gitops.health.verdict import Health, Object, at, degraded, healthy, items, progressing

__all__ = ["strategy", "transfer"]

_SHOWN = (("pending", "Pending"), ("failure", "Failed"))


def _words(title: str) -> Words:
    name, failed = title.lower(), f"{title} reconciliation failed"
    missing = f"{title} is not ready yet"
    return Words(title, name, name, missing, failed, failed, f"{title} is not ready")


def _sha(side: Object, which: str) -> str:
    return str(at(side, which, "dry", "sha") or "")


def _counted(statuses: list[Object]) -> str:
    by_phase = {
        phase: [str(one.get("key")) for one in statuses if one.get("phase") == phase]
        for phase in ("pending", "success", "failure")
    }
    text = f"{len(by_phase['pending'])} pending, {len(by_phase['success'])} successful, {len(by_phase['failure'])} failed. "
    for phase, word in _SHOWN:
        if by_phase[phase]:
            text += f"{word} commit statuses: {', '.join(by_phase[phase])}. "
    return text


def _unsettled(side: Object, which: str) -> list[Object]:
    found = items(side, which, "commitStatuses")
    return found if any(one.get("phase") != "success" for one in found) else []


def _transfer(obj: Object) -> Health:
    status = at(obj, "status")
    for which in ("active", "proposed"):
        if not _sha(status, which):
            return progressing(f"The {which} commit DRY SHA is missing or empty.")
    active, proposed = _sha(status, "active"), _sha(status, "proposed")
    if active != proposed:
        return _moving(status, f"Promotion in progress from '{active[:7]}' to '{proposed[:7]}': ")
    open_ones = _unsettled(status, "active")
    if open_ones:
        text = "Environment is up-to-date, but there are non-successful active commit statuses: "
        return healthy(text + _counted(open_ones))
    return healthy(f"Environment is up-to-date on commit {active[:7]}.")


def _moving(side: Object, text: str, tail: str = "") -> Health:
    statuses = items(side, "proposed", "commitStatuses")
    failed = any(one.get("phase") == "failure" for one in statuses)
    verdict = degraded if failed and not any(one.get("phase") == "pending" for one in statuses) else progressing
    return verdict(text + _counted(statuses) + tail)


def _strategy(obj: Object) -> Health:
    found = items(obj, "status", "environments")
    if not found:
        return degraded("Promotion strategy has no environments configured")
    for one in found:
        for which in ("active", "proposed"):
            if not _sha(one, which):
                return progressing(
                    f"The {which} commit DRY SHA is missing or empty in environment '{one.get('branch')}'."
                )
    if len({_hydrated(one) for one in found}) > 1:
        return progressing(
            "Not all environments have the same proposed commit SHA. This likely means the hydrator has not run for all "
            "environments yet."
        )
    noted = str(at(found[0], "proposed", "note", "drySha") or "")
    for one in found:
        active, proposed = _sha(one, "active"), _sha(one, "proposed")
        if active != proposed:
            where = f"for environment '{one.get('branch')}' from '{active[:7]}' to '{proposed[:7]}': "
            tail = f"Hydrator has processed dry commit '{noted[:7]}'. " if noted and noted != proposed else ""
            return _moving(one, f"Promotion in progress {where}", tail)
    return _settled(found, noted)


def _hydrated(side: Object) -> str:
    """Up to which commit the hydrator has come, which may have changed nothing here."""
    return str(at(side, "proposed", "note", "drySha") or _sha(side, "proposed"))


def _settled(found: list[Object], noted: str) -> Health:
    for one in found:
        open_ones = _unsettled(one, "active")
        if open_ones:
            return healthy(
                f"Environment '{one.get('branch')}' is up-to-date, but there are non-successful active commit statuses: "
                + _counted(open_ones)
            )
    sha = _sha(found[0], "active")
    text = f"All environments are up-to-date on commit '{sha[:7]}'."
    if noted and noted != sha:
        text += f" Hydrator has processed dry commit '{noted[:7]}'."
    return healthy(text)


transfer = gate(_words("Change transfer policy"), _transfer)
strategy = gate(_words("Promotion strategy"), _strategy)
