"""OCI registries: tags, manifests and layers, by the distribution API.

In: a `Place` of a registry; out: tags, digests and the bytes of the layer that holds what was published. Called by
`repository`. A registry is asked without credentials first and tells how it wants to be signed in at: by a password, or by
a token that is had at an address of its choice. Every digest is checked. Matches `util/oci/client.go` and the OCI part of
`util/helm/client.go` in Argo CD 3.6 (one layer that counts, media types that are taken, `_` in a tag for `+`).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote, urlencode, urljoin, urlsplit

from argosy.adapters.charts import web
from argosy.errors import EvaluationError, InvalidObject, NotFound, Unavailable, Unsupported
from argosy.ports.charts import Place
from argosy.ports.repository import Credentials

__all__ = ["CHART_LAYERS", "Registry", "is_digest"]

CHART_LAYERS: Final = ("application/vnd.cncf.helm.chart.content.v1.tar+gzip", "application/tar+gzip")
_OTHER_LAYERS: Final = ("application/vnd.oci.image.layer.v1.tar", "application/vnd.oci.image.layer.v1.tar+gzip")
_MANIFESTS: Final = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_PAGES: Final = 100
_MOST_TAGS: Final = 100_000
_NAME: Final = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*\Z")
_TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}\Z")
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}\Z")
_CHALLENGE: Final = re.compile(r'([a-zA-Z]+)="([^"]*)"')


def is_digest(text: str) -> bool:
    """Whether a reference is a digest and no tag."""
    return _DIGEST.match(text) is not None


class Registry:
    """One registry for the length of a call."""

    def __init__(self, asked: web.Web, place: Place, credentials: Credentials) -> None:
        self._asked, self._credentials = asked, credentials
        host, _, path = place.url.removeprefix("oci://").strip("/").partition("/")
        self._name = "/".join(part for part in (path, place.chart) if part)
        if not host or "@" in host or (self._name and not _NAME.match(self._name)):
            raise InvalidObject(f"{web.shown(place.url)!r} is no address in a registry", field="url")
        host = "registry-1.docker.io" if host in ("docker.io", "index.docker.io") else host
        self._api = f"{'http' if credentials.plain_http else 'https'}://{host}/v2/"
        self._root = f"{self._api}{self._name}"
        self._signed: dict[str, str] = {}

    def check(self) -> None:
        """Raises what asking the registry does, whatever it holds."""
        self._get(self._api, {}, self._asked.budget.limits.manifest)

    def tags(self) -> Sequence[str]:
        """All tags, page by page."""
        found: list[str] = []
        url = f"{self._root}/tags/list?n=1000"
        for _ in range(_PAGES):
            answer = self._get(url, {}, self._asked.budget.limits.manifest)
            body = _json(answer.data, "its list of tags")
            tags = body.get("tags")
            found += [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []
            following = _next(answer.headers.get("link", ""))
            if not following or len(found) > _MOST_TAGS:
                return found[:_MOST_TAGS]
            url = urljoin(url, following)
            if web.host_of(url) != web.host_of(self._root):
                raise EvaluationError("its list of tags goes on at another host")
        raise EvaluationError(f"its list of tags has more than {_PAGES} pages")

    def digest(self, reference: str) -> str:
        """What a tag or a digest stands for."""
        return self._manifest(reference)[0]

    def layer(self, reference: str, *, chart: bool) -> tuple[bytes, bool]:
        """What was published under a tag or a digest, and whether it is a chart."""
        manifest = self._manifest(reference)[1]
        layers = manifest.get("layers")
        taken = CHART_LAYERS if chart else (*CHART_LAYERS, *_OTHER_LAYERS)
        given = [one for one in layers if isinstance(one, dict)] if isinstance(layers, list) else []
        fitting = [one for one in given if one.get("mediaType") in taken]
        if len(fitting) != 1 or (not chart and len(given) != 1):
            kinds = ", ".join(sorted({str(one.get("mediaType"))[:80] for one in given})) or "none"
            raise EvaluationError(f"expected only a single layer with files, got {len(given)} layers ({kinds})")
        digest, media = str(fitting[0].get("digest")), fitting[0]["mediaType"]
        if not is_digest(digest):
            raise Unsupported(f"layers are known by SHA-256 here, and by nothing else ({digest[:20]})")
        answer = self._get(f"{self._root}/blobs/{digest}", {}, self._asked.budget.limits.package, raw=True)
        if f"sha256:{hashlib.sha256(answer.data).hexdigest()}" != digest:
            raise EvaluationError("a layer is not what its manifest promises: its SHA-256 differs")
        return answer.data, media in CHART_LAYERS

    def _manifest(self, reference: str) -> tuple[str, Mapping[str, Any]]:
        if not is_digest(reference) and not _TAG.match(reference):
            raise NotFound(f"{reference!r} is no tag")
        url = f"{self._root}/manifests/{quote(reference, safe=':')}"
        answer = self._get(url, {"Accept": ", ".join(_MANIFESTS)}, self._asked.budget.limits.manifest)
        digest = f"sha256:{hashlib.sha256(answer.data).hexdigest()}"
        if is_digest(reference) and digest != reference:
            raise EvaluationError("a manifest is not the one that was asked for: its SHA-256 differs")
        body = _json(answer.data, "a manifest")
        if "manifests" in body:
            raise Unsupported("an index of several manifests is no chart; name one of them by its digest")
        return digest, body

    def _get(self, url: str, headers: Mapping[str, str], most: int, *, raw: bool = False) -> web.Answer:
        answer = self._asked.get(url, {**headers, **self._signed}, most, raw=raw)
        own = web.host_of(answer.url) == web.host_of(self._root)  # where a redirect led has no claim to credentials
        if answer.status == 401 and own and not self._signed:
            self._signed = self._sign_in(answer.headers.get("www-authenticate", ""))
            if self._signed:
                answer = self._asked.get(url, {**headers, **self._signed}, most, raw=raw)
        told = f"{answer.status} {answer.reason}".strip()
        if answer.status in (401, 403):
            raise web.refused(answer, self._credentials)
        if answer.status == 404:
            raise NotFound(f"not found ({told}): {_said(answer.data) or web.shown(answer.url)}")
        if answer.status == 429 or answer.status >= 500:
            raise Unavailable(f"it answers {told}")
        if answer.status != 200:
            raise EvaluationError(f"it answers {told}: {_said(answer.data)}")
        return answer

    def _sign_in(self, challenge: str) -> dict[str, str]:
        """The header that a challenge asks for; none where there is nothing to sign in with."""
        way, _, rest = challenge.partition(" ")
        if way.lower() == "basic":
            return web.basic(self._credentials)
        told = dict(_CHALLENGE.findall(rest))
        if way.lower() != "bearer" or not told.get("realm"):
            return {}
        query = {name: told[name] for name in ("service", "scope") if told.get(name)}
        if self._name:
            query.setdefault("scope", f"repository:{self._name}:pull")
        realm = told["realm"]
        if urlsplit(realm).scheme != "https" and not self._credentials.plain_http:
            raise EvaluationError("it wants to be signed in at an address without TLS")
        url = f"{realm}{'&' if '?' in realm else '?'}{urlencode(query)}"
        answer = self._asked.get(url, web.basic(self._credentials), self._asked.budget.limits.manifest)
        if answer.status in (401, 403):
            raise web.refused(answer, self._credentials)
        if answer.status != 200:
            raise Unavailable(f"its token service answers {answer.status} {answer.reason}")
        body = _json(answer.data, "the answer of its token service")
        token = body.get("token") or body.get("access_token")
        return {"Authorization": f"Bearer {token}"} if isinstance(token, str) and token.isprintable() else {}


def _json(data: bytes, what: str) -> Mapping[str, Any]:
    try:
        body = json.loads(data)
    except (ValueError, RecursionError) as x:
        raise EvaluationError(f"{what} is no JSON") from x
    if not isinstance(body, dict):
        raise EvaluationError(f"{what} is none")
    return body


def _next(link: str) -> str:
    """The address of the next page in a Link header, "" for none."""
    for url, parameters in _links(link):
        if re.search(r'rel="?next"?', parameters):
            return url
    return ""


def _links(link: str) -> Iterator[tuple[str, str]]:
    for found in re.finditer(r"<([^>]*)>([^<]*)", link):
        yield found[1], found[2]


def _said(data: bytes) -> str:
    """What a registry says of an error, shortened."""
    try:
        errors = json.loads(data)["errors"]
        return "; ".join(f"{one.get('code')}: {one.get('message')}" for one in errors)[:300]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ""
