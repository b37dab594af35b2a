"""Health of GitOps Promoter's kinds but the two that promote (`resource_customizations/promoter.argoproj.io`).

All go through the same gates: being deleted, not yet seen, seen in an older generation, Ready or not. `gate` is these, in
the words of a kind; what is Ready is judged by the kind's own function.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from argosy.gitops.health.verdict import Check, Health, Object, at, degraded, find, healthy, items, progressing, said

__all__ = [
    "Words",
    "argocd",
    "cluster_scm",
    "commit_status",
    "gate",
    "git_commit",
    "pull_request",
    "repository",
    "scm",
    "timed",
    "web_request",
]

_AT = "promoter.argoproj.io"
_FINALIZERS = {
    f"clusterscmprovider.{_AT}/finalizer": (
        "Waiting until no GitRepository still references this cluster-wide SCM provider.",
        "GitRepository objects can reference a provider that no longer exists.",
    ),
    f"scmprovider.{_AT}/finalizer": (
        "Waiting until no GitRepository still references this SCM provider.",
        "GitRepository objects can reference a provider that no longer exists.",
    ),
    f"gitrepository.{_AT}/finalizer": (
        "Waiting until no PullRequest still references this Git repository.",
        "PullRequest objects can reference a repository that no longer exists.",
    ),
    f"changetransferpolicy.{_AT}/finalizer": (
        "Waiting to clear related PullRequest finalizers and finish cleanup before this policy is removed.",
        f"The 'changetransferpolicy.{_AT}/pullrequest-finalizer' finalizer may not be cleaned up from PullRequests owned by "
        "this ChangeTransferPolicy.",
    ),
    f"pullrequest.{_AT}/finalizer": (
        "Waiting for SCM closure or reconciliation of the pull request.",
        "the real PR can stay open after the CR is gone.",
    ),
    f"changetransferpolicy.{_AT}/pullrequest-finalizer": (
        "Waiting for the ChangeTransferPolicy to observe PR identity and state.",
        "promotion status or history can be wrong or racy.",
    ),
}


@dataclass(frozen=True, slots=True)
class Words:
    """How the sentences about a kind name it."""

    deleted: str  # ... is being deleted
    begins: str  # Initializing ...
    stale: str  # Waiting for ... spec update to be observed
    missing: str  # the sentence while there is no condition Ready
    failed: str  # ... : why
    unready: str  # ... (reason): why, for reasons that are no error of the reconciliation
    unknown: str  # ... (reason): why


def gate(words: Words, then: Callable[[Object], Health]) -> Check:
    """The check of a kind: `then` judges what is Ready."""

    def check(obj: Object) -> Health:
        if at(obj, "metadata", "deletionTimestamp") is not None:
            return progressing(_leaving(words, at(obj, "metadata", "finalizers")))
        if not at(obj, "status"):
            return progressing(f"Initializing {words.begins}")
        found, there = find(obj, "Ready"), at(obj, "metadata", "generation")
        if found is None:
            return progressing(words.missing)
        if found.get("observedGeneration") not in (None, there) and there is not None:
            return progressing(f"Waiting for {words.stale} spec update to be observed")
        reason, state = said(found, "reason"), str(found.get("status")).lower()
        if state == "false":
            expected = reason in ("ReconciliationError", "")
            return degraded(f"{words.failed if expected else f'{words.unready} ({reason})'}: {said(found)}")
        if state == "unknown":
            return progressing(f"{words.unknown} ({reason}): {said(found)}")
        return then(obj)

    return check


def _leaving(words: Words, finalizers: object) -> str:
    parts = [f"{words.deleted} is being deleted"]
    for name in finalizers if isinstance(finalizers, list) else ():
        if name in _FINALIZERS:
            why, risk = _FINALIZERS[name]
            parts.append(f"{name}: {why} Risk if removed manually: {risk}")
    return ". ".join(parts[:1]) + (". " + " ".join(parts[1:]) if parts[1:] else "")


def _older(title: str) -> Words:
    name = title[0].lower() + title[1:] if not title.startswith("Argo") else title
    failed = f"{title} reconciliation failed"
    return Words(title, name, name, f"{title} is not ready yet", failed, failed, f"{title} is not ready")


def _newer(kind: str, begins: str, title: str, failed: str, unknown: str) -> Words:
    return Words(kind, begins, kind, f"{kind} Ready condition is missing", failed, f"{title} not ready", unknown)


def _environments(title: str, passed: str, reconciled: str) -> Callable[[Object], Health]:
    """Kinds that check environments one by one: a failure beats what is pending."""

    def judged(obj: Object) -> Health:
        found = items(obj, "status", "environments")
        for phase, verdict, word in (("failure", degraded, "failed"), ("pending", progressing, "pending")):
            branches = [str(one.get("branch")) for one in found if one.get("phase") == phase]
            if branches:
                return verdict(f"{title} {word} for branch(es): {', '.join(branches)}")
        return healthy(f"{title} {passed} for {len(found)} environment(s)") if found else healthy(reconciled)

    return judged


def _argocd(obj: Object) -> Health:
    title, found = "Argo CD commit status", at(obj, "status", "applicationsSelected")
    if not found:
        return degraded(f"{title} has no applications configured")
    return healthy(f"{title} is healthy and is tracking {len(found)} applications")


def _commit_status(obj: Object) -> Health:
    sha, phase = at(obj, "status", "sha"), at(obj, "status", "phase")
    if not sha or not phase:
        return progressing("Commit status is not ready yet")
    text = f"Commit status for commit {sha[:7]} reports {phase}"
    if phase == "success":
        return healthy(text)
    return progressing(text) if phase == "pending" else degraded(text)


def _pull_request(obj: Object) -> Health:
    number, state = at(obj, "status", "id"), at(obj, "status", "state")
    if not number or not state:
        return progressing("Pull request is not ready yet")
    return healthy(f"Pull request is {state} as PR {number}")


argocd = gate(_older("Argo CD commit status"), _argocd)
commit_status = gate(_older("Commit status"), _commit_status)
pull_request = gate(_older("Pull request"), _pull_request)
repository = gate(
    _newer(
        "GitRepository",
        "git repository",
        "Git repository",
        "Git repository validation failed",
        "Git repository readiness unknown",
    ),
    lambda _: healthy("Git repository is ready"),
)
scm = gate(
    _newer(
        "ScmProvider",
        "SCM provider",
        "SCM provider",
        "SCM provider validation failed",
        "SCM provider readiness unknown",
    ),
    lambda _: healthy("SCM provider is ready"),
)
cluster_scm = gate(
    _newer(
        "ClusterScmProvider",
        "cluster SCM provider",
        "Cluster SCM provider",
        "Cluster SCM provider validation failed",
        "Cluster SCM provider readiness unknown",
    ),
    lambda _: healthy("Cluster SCM provider is ready"),
)
git_commit = gate(
    _newer(
        "GitCommitStatus",
        "git commit validation",
        "Git commit validation",
        "Git commit validation failed",
        "Git commit validation status unknown",
    ),
    _environments("Git commit validation", "passed", "Git commit validation reconciled"),
)
timed = gate(
    _newer(
        "TimedCommitStatus",
        "timed commit gate",
        "Timed commit gate",
        "Timed commit gate failed",
        "Timed commit gate status unknown",
    ),
    _environments("Timed commit gate", "satisfied", "Timed commit gate reconciled"),
)
web_request = gate(
    _newer(
        "WebRequestCommitStatus",
        "web request commit validation",
        "Web request commit validation",
        "Web request commit validation failed",
        "Web request commit validation status unknown",
    ),
    _environments("Web request validation", "passed", "Web request commit validation reconciled"),
)
