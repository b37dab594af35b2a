"""Implementations of the ports and of effects: the only place for boto3, kubernetes, git and HTTP clients.

Nothing but entry points (`functions/`, `argosy.local`, `argosy.cli`, `argosy.agent`, `argosy.api`) imports from here.
"""
