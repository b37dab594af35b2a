"""Files at addresses over real HTTP."""

from __future__ import annotations

import pytest

from argosy.adapters.http.downloads import HttpDownloads
from argosy.errors import ArgosyError, Denied, EvaluationError, NotFound, Permanent, Unavailable
from support.plainserver import Asked, plain_server


def answer(asked: Asked) -> tuple[int, bytes]:
    known = {"/values.yaml?x=1": (200, b"a: 1"), "/large": (200, b"x" * (3 << 20) + b"y"), "/410": (410, b"")}
    return {**known, "/503": (503, b""), "/403": (403, b"")}.get(asked.path, (404, b""))


def test_a_file() -> None:
    with plain_server(answer) as url:
        assert HttpDownloads().file(f"{url}values.yaml?x=1") == b"a: 1"


@pytest.mark.parametrize(
    ("path", "kind"),
    [("no", NotFound), ("large", EvaluationError), ("410", Permanent), ("503", Unavailable), ("403", Denied)],
)
def test_a_file_that_is_not_had(path: str, kind: type[ArgosyError]) -> None:
    with plain_server(answer) as url, pytest.raises(kind):
        HttpDownloads().file(f"{url}{path}")


def test_addresses_of_the_machine_itself_are_refused() -> None:
    with pytest.raises(Denied):
        HttpDownloads().file("http://169.254.169.254/latest/meta-data")
