"""The connector of `sftp` on OpenSSH's server, and with a password on ProFTPD's."""

from __future__ import annotations

import pytest

from argosy.adapters.brokers.listing import Seen, differences
from contracts.brokers import ConnectorContract
from support.brokers.sftp import Sftp, SftpPassword

ONE = Seen(1, 1.0, 0o644, (1, 1))


class TestSftp(ConnectorContract):
    broker_type = Sftp


class TestSftpPassword(ConnectorContract):
    broker_type = SftpPassword


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ({}, {"a": ONE}, [("a", "CREATE")]),
        ({"a": ONE}, {}, [("a", "REMOVE")]),
        ({"a": ONE}, {"a": ONE}, []),
        ({"a": ONE}, {"a": Seen(2, 1.0, 0o644, (1, 1))}, [("a", "WRITE")]),
        ({"a": ONE}, {"a": Seen(1, 2.0, 0o644, (1, 1))}, [("a", "WRITE")]),
        ({"a": ONE}, {"a": Seen(1, 1.0, 0o600, (1, 1))}, [("a", "CHMOD")]),
        ({"a": ONE}, {"b": ONE}, [("a", "RENAME")]),
        ({"a": Seen(1, 1.0, 0)}, {"b": Seen(1, 1.0, 0)}, [("a", "REMOVE"), ("b", "CREATE")]),
    ],
)
def test_what_two_looks_tell(before: dict[str, Seen], now: dict[str, Seen], expected: list[tuple[str, str]]) -> None:
    assert list(differences(before, now)) == expected
