"""Actions of GitOps Promoter (`resource_customizations/promoter.argoproj.io`)."""

from __future__ import annotations

from argosy.gitops.actions.action import Action, lacks, put

__all__ = ["PULL_REQUEST"]

PULL_REQUEST = {
    "merge": Action(
        put("spec", "state", value="merged"),
        lacks("spec", "state", value="open"),
        display_name="Merge PR",
        icon="fa fa-fw fa-code-merge",
    )
}
