"""JSON over HTTP as hosts of webhooks speak it, within the egress rule; a refusal becomes an error of ours in its words."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from urllib3 import Timeout
from urllib3.exceptions import HTTPError

from argosy.adapters.http.checked import CheckedPools
from argosy.errors import Denied, NotFound, Permanent, Unavailable

__all__ = ["MOST_PAGES", "JsonApi"]

MOST_PAGES: Final = 50
_MOST_BYTES: Final = 4 * 1024 * 1024
_SECONDS: Final = Timeout(connect=3.0, read=15.0)


class JsonApi:
    """The API at `base`; `headers` go with each request. `ca`: a certificate authority (PEM), `insecure`: check none."""

    def __init__(self, base: str, headers: Mapping[str, str], *, ca: str = "", insecure: bool = False) -> None:
        parts = urlsplit(base)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Permanent(f"{base!r} is not the address of an API: http:// or https:// and a host")
        self._base = base.rstrip("/")
        self._headers = {"Accept": "application/json", "User-Agent": "argosy", **headers}
        self._ca, self._insecure = ca, insecure

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        query: Mapping[str, str] | None = None,
        form: Sequence[tuple[str, str]] = (),
    ) -> Any:
        """The answer's JSON, None when it has none; `path` from the base on, or a whole URL of the same host.

        `form` is the body of a host that takes fields of a form in place of JSON.
        """
        url = path if path.startswith(self._base) else f"{self._base}/{path.lstrip('/')}"
        more: dict[str, Any] = {"json": body} if body is not None else {"fields": dict(query)} if query else {}
        headers = self._headers
        if form:
            more, headers = {"body": urlencode(form)}, {**headers, "Content-Type": "application/x-www-form-urlencoded"}
        try:
            with CheckedPools(retries=False, timeout=_SECONDS, ssl_context=self._context()) as pools:
                response = pools.request(method, url, headers=headers, redirect=False, preload_content=False, **more)
                text = response.read(_MOST_BYTES + 1)
                status = response.status
                response.close()
        except (HTTPError, OSError) as x:
            raise Unavailable(f"{method} {url}: {x}") from x
        if status >= 300:
            raise _refusal(f"{method} {url}", status, text)
        if len(text) > _MOST_BYTES:
            raise Permanent(f"{method} {url}: the answer is larger than {_MOST_BYTES} bytes")
        try:
            # Gerrit's begin with what no page can run as a script.
            return json.loads(text.removeprefix(b")]}'")) if text else None
        except ValueError as x:
            raise Permanent(f"{method} {url}: the answer is not JSON") from x

    def _context(self) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(cadata=self._ca or None)
        except ssl.SSLError as x:
            raise Permanent(f"the certificate authority of {self._base} cannot be used: {x}") from x
        if self._insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


def _refusal(what: str, status: int, text: bytes) -> Exception:
    said = f"{what}: answered {status}: {text[:300].decode('utf-8', 'replace')}"
    if status in (401, 403):
        return Denied(said)
    if status == 404:
        return NotFound(said)
    return Unavailable(said) if status == 429 or status >= 500 else Permanent(said)
