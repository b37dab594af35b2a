"""Helm repositories: `index.yaml` over HTTP, and the packages that it names.

In: a `Place`; out: releases and the bytes of a package. Called by `repository`. An index is asked for again after a few
seconds, by its ETag where it has one, so that all who ask in one round cost one look. Matches `GetIndex` of
`util/helm/client.go` in Argo CD 3.6 and `ResolveReferenceURL` of `pkg/repo` in Helm 4.

Names and versions are texts here whatever YAML makes of them; where an index is laid out as Helm writes it, only the part
of the chart is read as YAML, since some indexes hold tens of megabytes.
"""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urljoin, urlsplit, urlunsplit

from argosy.adapters.charts import web
from argosy.errors import Denied, EvaluationError, InvalidObject, NotFound, Unavailable
from argosy.ports.charts import Place, Release
from argosy.ports.repository import Credentials
from argosy.resources.yamltexts import texts_of

__all__ = ["Indexes", "address_of", "releases_in"]

_FRESH: Final = 5.0
_MOST_KEPT: Final = 64_000_000
_MOST_READ: Final = 8_000_000
_ENTRY: Final = re.compile(r"  [A-Za-z0-9][A-Za-z0-9._-]*:[ \t]*\r?\n  - ")
_OTHER_LAYOUT: Final = re.compile(
    r"^(?! {3}|  - |[ \t]*\r?$|  [A-Za-z0-9][A-Za-z0-9._-]*:[ \t]*\r?$|[A-Za-z]+:|#)", re.MULTILINE
)
"""A line that Helm would not write into an index; where there is none, names of charts stand by themselves in a line."""


@dataclass(frozen=True, slots=True)
class _Index:
    text: str
    etag: str
    modified: str
    at: float


class Indexes:
    """Asks Helm repositories; the indexes of the last few are in memory, each for those credentials that it was got with."""

    def __init__(self, limits: web.Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits, self._clock = limits, clock
        self._known: OrderedDict[tuple[str, Credentials], _Index] = OrderedDict()
        self._mutex = threading.Lock()

    def check(self, place: Place, credentials: Credentials) -> None:
        """Raises what asking for the index does, and EvaluationError for what is none."""
        text = self._index(place.url, credentials).text
        if re.search(r"^\s*[{\"']*entries\b", text, re.MULTILINE) is None:
            raise EvaluationError(f"chart repository {web.shown(place.url)}: its index.yaml is none: it has no entries")

    def releases(self, place: Place, credentials: Credentials) -> Sequence[Release]:
        """The versions of a chart. Raises NotFound when the index has none of that name."""
        found = releases_in(self._index(place.url, credentials).text, place.chart)
        if not found:
            raise NotFound(f"chart '{place.chart}' not found in index of {web.shown(place.url)}")
        return found

    def package(self, place: Place, release: Release, credentials: Credentials) -> bytes:
        """The bytes of a release's package, which must be those that the index promises."""
        url = address_of(place.url, release.url)
        own = web.host_of(url) == web.host_of(place.url) or place.pass_credentials
        used = credentials if own else Credentials(insecure=credentials.insecure, ca=credentials.ca)
        with web.opened(f"chart {place.chart} {release.version} at {web.shown(url)}", used, self._limits) as asked:
            answer = asked.get(url, web.basic(used), self._limits.package, raw=True)
            _check(answer, used)
            digest = release.digest.removeprefix("sha256:").lower()
            if digest and hashlib.sha256(answer.data).hexdigest() != digest:
                raise EvaluationError("it is not what the index promises: its SHA-256 differs")
            return answer.data

    def _index(self, url: str, credentials: Credentials) -> _Index:
        key = url, credentials
        with self._mutex:
            known = self._known.get(key)
        if known is not None and self._clock() - known.at < _FRESH:
            return known
        found = self._asked(url, credentials, known)
        with self._mutex:
            self._known[key] = found
            self._known.move_to_end(key)
            while len(self._known) > 1 and sum(len(one.text) for one in self._known.values()) > _MOST_KEPT:
                self._known.popitem(last=False)
        return found

    def _asked(self, url: str, credentials: Credentials, known: _Index | None) -> _Index:
        headers = web.basic(credentials)
        if known is not None and known.etag:
            headers["If-None-Match"] = known.etag
        elif known is not None and known.modified:
            headers["If-Modified-Since"] = known.modified
        with web.opened(f"chart repository {web.shown(url)}", credentials, self._limits) as asked:
            answer = asked.get(_index_of(url), headers, self._limits.index)
            if known is not None and answer.status == 304:
                return replace(known, at=self._clock())
            _check(answer, credentials)
            try:
                text = answer.data.decode()
            except UnicodeDecodeError as x:
                raise EvaluationError("its index.yaml is not UTF-8") from x
            told = answer.headers
            return _Index(text, told.get("etag", ""), told.get("last-modified", ""), self._clock())


def releases_in(text: str, chart: str) -> list[Release]:
    """The releases of a chart in an index, those without a version or an address left out."""
    found: list[Release] = []
    for one in _entries(text, chart):
        urls = one.get("urls") if isinstance(one, dict) else None
        version = one.get("version") if isinstance(one, dict) else None
        if isinstance(version, str) and isinstance(urls, list) and urls and isinstance(urls[0], str):
            digest = one.get("digest")
            found.append(Release(version, urls[0], digest if isinstance(digest, str) else ""))
    return found


def address_of(repository: str, url: str) -> str:
    """Where a package lies: an absolute address, or one seen from the repository's folder, whose query it takes over."""
    if urlsplit(url).scheme:
        return url
    base = urlsplit(repository)
    folder = urlunsplit((base.scheme, base.netloc, base.path.rstrip("/") + "/", "", ""))
    found = urlsplit(urljoin(folder, url))
    return urlunsplit((*found[:3], found.query or base.query, ""))


def _index_of(url: str) -> str:
    base = urlsplit(url)
    if base.scheme not in ("http", "https"):
        raise InvalidObject(
            "a Helm repository is at an address of https, a registry at oci:// or no scheme", field="url"
        )
    return urlunsplit((base.scheme, base.netloc, base.path.rstrip("/") + "/index.yaml", base.query, ""))


def _entries(text: str, chart: str) -> Sequence[Any]:
    block = _block(text, chart)
    whole = _read(block if block is not None else text)
    if block is None:
        if not isinstance(whole, dict) or not isinstance(whole.get("entries") or {}, dict):
            raise EvaluationError("its index.yaml is none: it has no entries")
        whole = whole.get("entries") or {}
    found = whole.get(chart) if isinstance(whole, dict) else None
    return found if isinstance(found, list) else ()


def _block(text: str, chart: str) -> str | None:
    """The part of an index that is of this chart, "" when it has none, None where it is not laid out as Helm does."""
    start = re.search(r"^entries:[ \t]*\r?\n", text, re.MULTILINE)
    if start is None:
        return None
    begin = re.compile(rf"^  {re.escape(chart)}:[ \t]*\r?\n(?=  - )", re.MULTILINE).search(text, start.end())
    if begin is None:
        usual = _ENTRY.match(text, start.end()) and not _OTHER_LAYOUT.search(text, start.end())
        return "" if usual else None
    end = re.compile(r"^(?:  [^\s-]|[^\s#])", re.MULTILINE).search(text, begin.end())
    return text[begin.start() : end.start() if end else len(text)]


def _read(text: str) -> Any:
    if len(text) > _MOST_READ:
        raise EvaluationError(f"its index.yaml holds more than {_MOST_READ} bytes and is not laid out as Helm does")
    try:
        return texts_of(text, "index.yaml")
    except InvalidObject as x:
        raise EvaluationError(f"its index cannot be read: {x}") from x


def _check(answer: web.Answer, credentials: Credentials) -> None:
    told = f"{answer.status} {answer.reason}".strip()
    if answer.status in (401, 403):
        raise web.refused(answer, credentials)
    if answer.status in (404, 410):
        raise NotFound(f"it answers {told} for {web.shown(answer.url)}")
    if answer.status == 429 or answer.status >= 500:
        raise Unavailable(f"it answers {told}")
    if answer.status != 200:
        raise Denied(f"it answers {told}") if answer.status == 407 else EvaluationError(f"it answers {told}")
