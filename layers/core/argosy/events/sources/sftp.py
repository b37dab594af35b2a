"""Event source `sftp`: `pkg/eventsources/sources/sftp/start.go` of Argo Events 1.9. Its messages are those of `file`."""

from __future__ import annotations

from argosy.events.sources.file import File

__all__ = ["Sftp"]


class Sftp(File):
    """See `ConnectedSource`."""

    kind = "sftp"
