"""Git LFS: what the pointers of a commit stand for.

In: a commit's objects, its repository's address and credentials. Out: `LargeFiles`, which gives content for pointers. Called
by `repository` where a repository's Secret says `enableLfs`, as Argo CD 3.6 runs `git lfs checkout` then
(`util/git/client.go`): every file that is a pointer counts, whatever `.gitattributes` says, and those of submodules stay
pointers. The batch API with the transfer `basic`, of `<repository>.git/info/lfs` or the `lfs.url` of `.lfsconfig`; of a
repository over SSH, where its host's `git-lfs-authenticate` says and with what that gives: docs/api in
github.com/git-lfs/git-lfs.

The repository's credentials go to its own host alone. What comes must have the size and SHA-256 that the pointer tells.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin, urlsplit

from argosy.adapters.git.budget import Budget
from argosy.adapters.git.configs import config_of, text_of
from argosy.adapters.git.http import pools_for, some_of
from argosy.adapters.git.ssh import Place, place_of, printed
from argosy.adapters.git.submodules import credentials_at
from argosy.errors import Denied, EvaluationError, NotFound, Unavailable, Unsupported
from argosy.ports.repository import Credentials

if TYPE_CHECKING:
    from dulwich.object_store import BaseObjectStore
    from dulwich.objects import ObjectID

__all__ = ["LargeFiles"]

type _Pointer = tuple[str, int]

_POINTER: Final = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\noid sha256:([0-9a-f]{64})\nsize (\d{1,18})\n?\Z"
)
_MOST_POINTER: Final = 1024
_JSON: Final = "application/vnd.git-lfs+json"
_AT_ONCE: Final = 100
_MOST_ANSWER: Final = 4_000_000
_CHUNK: Final = 1 << 16
_SIGN_IN: Final = "git-lfs-authenticate"
_MOST_TOLD: Final = 100_000


class LargeFiles:
    """Content for the pointers of one commit; where it lies is asked at once, each is fetched in its turn."""

    def __init__(
        self, store: BaseObjectStore, tree: ObjectID, url: str, credentials: Credentials, budget: Budget
    ) -> None:
        self._credentials, self._budget, self._url = credentials, budget, url
        self._actions: dict[str, Mapping[str, Any]] = {}
        pointers = sorted(set(_pointers(store, tree)))
        if not pointers:
            return
        if sum(size for _, size in pointers) > budget.limits.size:
            raise EvaluationError(f"the Git LFS files of the commit hold more than {budget.limits.size} bytes")
        self._server, self._given = _server(store, tree, url, credentials, budget)
        for start in range(0, len(pointers), _AT_ONCE):
            self._ask(pointers[start : start + _AT_ONCE])

    def content(self, path: str, data: bytes) -> bytes | None:
        """What a file's data stands for, None if it is no pointer. Raises what the server says, with the path."""
        found = _pointer(data)
        if found is None:
            return None
        oid, size = found
        told = self._actions.get(oid, {})
        if "error" in told:
            said = f"Git LFS: {path} ({oid[:12]}): {str(told['error'].get('message'))[:200]}"
            raise (NotFound if told["error"].get("code") in (404, 410) else EvaluationError)(said)
        try:
            action = told["actions"]["download"]
            href, headers = urljoin(f"{self._server}/", str(action["href"])), dict(action.get("header") or {})
        except (KeyError, TypeError, ValueError):
            raise EvaluationError(
                f"Git LFS: {path} ({oid[:12]}): the server tells no address to fetch it from"
            ) from None
        content = bytearray()
        with self._answer("GET", href, headers) as chunks:
            for chunk in chunks:
                content += chunk
                if len(content) > size:
                    break
        if len(content) != size or hashlib.sha256(content).hexdigest() != oid:
            raise EvaluationError(f"Git LFS: {path} ({oid[:12]}): what comes is not the content that the pointer tells")
        return bytes(content)

    def _ask(self, pointers: Sequence[_Pointer]) -> None:
        wanted = [{"oid": oid, "size": size} for oid, size in pointers]
        body = {"operation": "download", "transfers": ["basic"], "objects": wanted, "hash_algo": "sha256"}
        headers = {**self._given, "Accept": _JSON, "Content-Type": _JSON}
        data = bytearray()
        with self._answer("POST", f"{self._server}/objects/batch", headers, json.dumps(body).encode()) as chunks:
            for chunk in chunks:
                data += chunk
                if len(data) > _MOST_ANSWER:
                    raise EvaluationError(f"the Git LFS server answers more than {_MOST_ANSWER} bytes")
        try:
            told = json.loads(data)
            if told.get("transfer", "basic") != "basic":
                raise Unsupported("the Git LFS server offers other transfers than basic alone")
            self._actions |= {str(one["oid"]): one for one in told["objects"]}
        except (ValueError, KeyError, TypeError, AttributeError) as x:
            raise EvaluationError(f"what the Git LFS server answers is no list of files: {x!r}") from x

    @contextmanager
    def _answer(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Iterator[Iterator[bytes]]:
        """What comes, as it comes. Raises Denied, NotFound, EvaluationError, Unavailable."""
        host = urlsplit(url).netloc.rpartition("@")[2]
        if urlsplit(url).scheme not in (("https", "http") if self._url.startswith("http://") else ("https",)):
            raise Denied(f"Git LFS at {host}: content is fetched over https")
        shown = credentials_at(self._url, self._credentials, url)
        given = {**_authorization(shown), **headers}
        with pools_for(shown, self._budget) as pools:
            answer = pools.request(method, url, body=body, headers=given, preload_content=False)
            if answer.status != 200:
                said = f"Git LFS at {host} answers {answer.status}"
                kinds = {401: Denied, 403: Denied, 404: NotFound}
                retried = answer.status == 429 or answer.status >= 500
                raise kinds.get(answer.status, Unavailable if retried else EvaluationError)(said)
            yield iter(lambda: some_of(answer, _CHUNK, self._budget), b"")


def _authorization(credentials: Credentials) -> Mapping[str, str]:
    if credentials.bearer:
        return {"Authorization": f"Bearer {credentials.bearer}"}
    if credentials.password:
        text = f"{credentials.username}:{credentials.password}"
        return {"Authorization": f"Basic {base64.b64encode(text.encode()).decode()}"}
    return {}


def _server(
    store: BaseObjectStore, tree: ObjectID, url: str, credentials: Credentials, budget: Budget
) -> tuple[str, Mapping[str, str]]:
    """Where the batch API is, and headers to ask it with. Raises Unsupported for a repository on a disk."""
    config = config_of(store, tree, ".lfsconfig")
    section = dict(config.items((b"lfs",))) if config is not None and config.has_section((b"lfs",)) else {}
    told = text_of(section.get(b"url", b""))
    where = told or url
    place = place_of(where) if place_of(url) is not None else None
    if place is not None:
        return _signed_in(place, credentials_at(url, credentials, where), budget)
    server = told or _beside(url)
    if urlsplit(server).scheme not in ("https", "http"):
        way = "give the repository's address over https or SSH, or an lfs.url in .lfsconfig"
        raise Unsupported(f"the content of Git LFS files is fetched over https alone: {way}", field="enableLfs")
    return server.rstrip("/"), {}


def _beside(url: str) -> str:
    """Where the batch API of a repository is unless somebody says otherwise."""
    return f"{url.removesuffix('/').removesuffix('.git')}.git/info/lfs"


def _signed_in(place: Place, credentials: Credentials, budget: Budget) -> tuple[str, Mapping[str, str]]:
    """What the host of a repository over SSH says: the address of its batch API, and headers that let in there."""
    path = place.path.lstrip("/")
    said = printed(place, credentials, budget, [_SIGN_IN, path, "download"], _MOST_TOLD)
    try:
        told = json.loads(said)
        headers = {str(name): str(value) for name, value in (told.get("header") or {}).items()}
        server = str(told.get("href") or _beside(f"https://{place.host}/{path}"))
    except (ValueError, AttributeError) as x:
        raise EvaluationError(f"what {_SIGN_IN} at {place.host} prints is no answer of its kind: {x!r}") from x
    return server.rstrip("/"), headers


def _pointers(store: BaseObjectStore, tree: ObjectID) -> Iterator[_Pointer]:
    """The pointers among a commit's objects, each of which is looked at once."""
    from dulwich.objects import S_ISGITLINK, Blob, Tree

    seen, left = {tree}, [tree]
    while left:
        found = store[left.pop()]
        if isinstance(found, Tree):
            below = {hash_ for _, mode, hash_ in found.iteritems() if not S_ISGITLINK(mode)} - seen
            seen |= below
            left += below
        elif isinstance(found, Blob) and (pointer := _pointer(found.as_raw_string())) is not None:
            yield pointer


def _pointer(data: bytes) -> _Pointer | None:
    match = _POINTER.match(data) if len(data) <= _MOST_POINTER else None
    return (match[1].decode(), int(match[2])) if match is not None else None
