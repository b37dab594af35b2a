"""Repository port on dulwich: HTTPS (and HTTP), SSH where its client is, and folders of this machine where that is allowed.

In: addresses; out: references and `Snapshot`s. No git binary is used, no configuration of the machine is read, nothing is
kept on disk but one large pack for the length of a call. A commit is fetched alone, without its history, from servers that
can (all of today's); its hash is checked by how it is found, and so are its submodules. Called by
`argosy.services.fetching`.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote, urlsplit

from argosy.adapters.git.apps import AppTokens
from argosy.adapters.git.budget import Budget, Limits
from argosy.errors import (
    ArgosyError,
    Denied,
    EvaluationError,
    InvalidObject,
    NotFound,
    Placed,
    Unavailable,
    Unsupported,
)
from argosy.ports.repository import Credentials, Signature, Snapshot
from argosy.ports.repository import Ref as Named

if TYPE_CHECKING:
    from dulwich.object_store import BaseObjectStore, DiskObjectStore, MemoryObjectStore
    from dulwich.objects import Commit, ObjectID
    from dulwich.refs import Ref
    from dulwich.repo import Repo

    from argosy.adapters.git.archives import Files
    from argosy.adapters.git.lfs import LargeFiles

__all__ = ["GitRepository"]

_PEELED: Final = b"^{}"
_MOST_WORDS: Final = 600
_DEEPEST: Final = 10


class _InSubmodule(Exception):
    """What is wrong with a submodule, on its way past what its parents' errors are told by."""

    def __init__(self, error: ArgosyError) -> None:
        super().__init__(str(error))
        self.error = error


@dataclass(frozen=True, slots=True)
class _Asked:
    """A commit that is wanted; of a submodule with its folder (`top`) in the outermost repository.

    `alone`: without its submodules and large files.
    """

    url: str
    commit: str
    credentials: Credentials
    budget: Budget
    top: str = ""
    depth: int = 0
    alone: bool = False


class GitRepository:
    """Asks repositories. `files`: whether `file:///…` and folders of this machine may be read."""

    def __init__(self, *, files: bool = False, limits: Limits | None = None) -> None:
        self._files, self._limits = files, limits or Limits()
        self._apps = AppTokens()

    def refs(self, url: str, credentials: Credentials) -> Sequence[Named]:
        """See `Repository.refs`."""
        budget = Budget(self._limits)
        with self._signed_in(url, credentials) as signed_in:
            folder = self._folder(url)
            if folder is not None:
                return _local_refs(folder)
            with _client(url, signed_in, budget) as (asked, path):
                told = asked.get_refs(path)
            return _listed(told.refs, told.symrefs)

    def snapshot(self, url: str, commit: str, credentials: Credentials, *, alone: bool = False) -> Snapshot:
        """See `Repository.snapshot`."""
        from argosy.adapters.git.archives import archive_of

        asked = _Asked(url, commit, credentials, Budget(self._limits), alone=alone)
        try:
            with self._files_of(asked) as files:
                return archive_of(files, asked.budget)
        except _InSubmodule as x:
            raise type(x.error)(f"repository {_shown(url)}: {x.error}") from x

    def signature(
        self, url: str, commit: str, credentials: Credentials, keys: Mapping[str, str], tag: str = ""
    ) -> Signature:
        """See `Repository.signature`."""
        from dulwich.objects import Commit, Tag

        from argosy.adapters.git.signatures import verified

        asked = _Asked(url, tag or commit, credentials, Budget(self._limits), alone=True)
        with self._signed_in(url, credentials) as signed_in, self._stored(asked, signed_in) as store:
            if _peeled(store, asked.commit).id.decode() != commit:
                raise EvaluationError(f"the tag {tag} stands for another commit than {commit}")
            found = store[_hash(asked.commit)]
            if not isinstance(found, Commit | Tag):
                raise NotFound(f"{asked.commit} is neither commit nor tag")
            signature = found.gpgsig if isinstance(found, Commit) else found.signature
            return verified(found.raw_without_sig(), signature, keys)

    @contextmanager
    def _files_of(self, asked: _Asked) -> Iterator[Files]:
        from argosy.adapters.git.archives import Files
        from argosy.adapters.git.submodules import declared

        with self._signed_in(asked.url, asked.credentials) as signed_in, self._stored(asked, signed_in) as store:
            tree = _tree(store, asked.commit)
            known = None if asked.alone else declared(store, tree)

            def submodule(path: str, commit: str) -> AbstractContextManager[Files] | None:
                if known is None or known.get(path) == "":
                    return None
                return self._submodule(replace(asked, credentials=signed_in), path, commit, known.get(path))

            yield Files(store, tree, submodule, self._large(asked, signed_in, store, tree))

    def _large(
        self, asked: _Asked, signed_in: Credentials, store: BaseObjectStore, tree: ObjectID
    ) -> LargeFiles | None:
        if asked.alone or asked.depth or not asked.credentials.lfs:
            return None
        from argosy.adapters.git.lfs import LargeFiles

        return LargeFiles(store, tree, asked.url, signed_in, asked.budget)

    @contextmanager
    def _submodule(self, parent: _Asked, path: str, commit: str, told: str | None) -> Iterator[Files]:
        """The files of a submodule; errors name its path and address."""
        from argosy.adapters.git.submodules import address_of, credentials_at

        shown, where = _shown(told or ""), f"{parent.top}{path}"
        try:
            if told is None:
                raise InvalidObject("no address is told for it", field=".gitmodules")
            if parent.depth >= _DEEPEST:
                raise EvaluationError(f"submodules lie deeper than {_DEEPEST} levels")
            parent.budget.submodule()
            url = address_of(parent.url, told)
            shown = _shown(url)
            if self._folder(url) is not None and self._folder(parent.url) is None:
                raise Denied("a repository of the network has no submodules on this machine's disk")
            credentials = credentials_at(parent.url, parent.credentials, url)
            with self._files_of(
                _Asked(url, commit, credentials, parent.budget, f"{where}/", parent.depth + 1)
            ) as files:
                yield files
        except ArgosyError as x:
            place = "" if shown in str(x) else f"{shown}: "
            raise _InSubmodule(type(x)(f"submodule {where}: {place}{x}")) from x

    @contextmanager
    def _stored(self, asked: _Asked, signed_in: Credentials) -> Iterator[BaseObjectStore]:
        """A commit's objects, for the length of a `with`."""
        folder = self._folder(asked.url)
        if folder is not None:
            with _opened(folder) as repo:
                yield repo.object_store
            return
        with tempfile.SpooledTemporaryFile(asked.budget.limits.memory) as pack:
            _fetch_pack(asked.url, asked.commit, signed_in, asked.budget, pack)
            with _unpacked(pack, asked.budget) as store:
                yield store

    @contextmanager
    def _signed_in(self, url: str, credentials: Credentials) -> Iterator[Credentials]:
        """With a token where an App asks, which submodules are asked with, too; errors are told as `_telling` does."""
        if credentials.app is not None and urlsplit(url).scheme in ("http", "https"):
            with _telling(url, credentials):
                token = self._apps.token(credentials.app, url)
            credentials = replace(credentials, username="x-access-token", password=token, app=None)
        with _telling(url, credentials):
            yield credentials

    def _folder(self, url: str) -> Path | None:
        """The folder that an address means, None for one of the network."""
        scheme = urlsplit(url).scheme if "://" in url else ""
        if scheme in ("http", "https"):
            return None
        if scheme == "file" or (not scheme and url.startswith("/")):
            if not self._files:
                raise Denied("repositories on this machine's disk are not read here")
            return Path(unquote(urlsplit(url).path)) if scheme else Path(url)
        from argosy.adapters.git.ssh import place_of

        if place_of(url) is not None:
            return None
        raise Unsupported("repositories are fetched over https or SSH, not by this kind of address", field="url")


@contextmanager
def _client(url: str, credentials: Credentials, budget: Budget) -> Iterator[tuple[Any, bytes]]:
    """A client of dulwich's for an address of the network, and the path that it asks for."""
    if urlsplit(url).scheme in ("http", "https"):
        from argosy.adapters.git.http import client

        with client(url, credentials, budget) as asked:
            yield asked, b""
        return
    from argosy.adapters.git import ssh

    place = ssh.place_of(url)
    if place is None:
        raise Unsupported("not an address of the network", field="url")
    with ssh.client(place, credentials, budget) as over:
        yield over, place.path.encode()


def _fetch_pack(url: str, commit: str, credentials: Credentials, budget: Budget, pack: IO[bytes]) -> None:
    from dulwich.errors import GitProtocolError, HangupException

    try:
        with _client(url, credentials, budget) as (asked, path):
            asked.fetch_pack(path, _Wants(_hash(commit)), _Nothing(), pack.write, depth=1)
    except HangupException as x:
        raise NotFound(f"commit {commit}: it is not there, or the server hands out branches and tags alone") from x
    except GitProtocolError as x:
        if "not our ref" in str(x):
            raise NotFound(f"commit {commit}") from x
        raise


@contextmanager
def _unpacked(pack: IO[bytes], budget: Budget) -> Iterator[BaseObjectStore]:
    """The objects of a pack; of a large one in a folder, where each is inflated again whenever it is looked at."""
    from dulwich.object_store import DiskObjectStore, MemoryObjectStore

    from argosy.adapters.git.packs import check_pack

    pack.seek(0)
    size = check_pack(pack, budget)
    pack.seek(0)
    if size <= budget.limits.memory:
        memory = MemoryObjectStore()
        _add(memory, pack)
        yield memory
        return
    with tempfile.TemporaryDirectory(prefix="argosy-fetch-") as scratch:
        store = DiskObjectStore.init(str(Path(scratch) / "objects"))
        try:
            _add(store, pack)
            yield store
        finally:
            store.close()


def _add(store: DiskObjectStore | MemoryObjectStore, pack: IO[bytes]) -> None:
    file, keep, drop = store.add_pack()
    try:
        shutil.copyfileobj(pack, file)
    except BaseException:
        drop()
        raise
    keep()


class _Wants:
    """What is wanted, whatever the server advertises."""

    def __init__(self, commit: ObjectID) -> None:
        self._commit = commit

    def __call__(self, refs: Mapping[Ref, ObjectID], depth: int | None = None) -> list[ObjectID]:
        del refs, depth
        return [self._commit]


class _Nothing:
    """What is here already, for the negotiation: nothing."""

    shallow: frozenset[bytes] = frozenset()

    def __next__(self) -> None:
        return None

    def next(self) -> None:
        """See dulwich's graph walkers."""

    def ack(self, _sha: bytes) -> None:
        """See dulwich's graph walkers."""

    def nak(self) -> None:
        """See dulwich's graph walkers."""


def _hash(commit: str) -> ObjectID:
    from dulwich.objects import ObjectID

    return ObjectID(commit.encode())


def _tree(store: BaseObjectStore, commit: str) -> ObjectID:
    """The root of a commit's files."""
    tree: ObjectID = _peeled(store, commit).tree
    return tree


def _peeled(store: BaseObjectStore, commit: str) -> Commit:
    """A commit, also by the hash of an annotated tag."""
    from dulwich.objects import Commit, Tag

    try:
        found = store[_hash(commit)]
        for _ in range(5):
            if not isinstance(found, Tag):
                break
            found = store[found.object[1]]
    except KeyError:
        raise NotFound(f"commit {commit}") from None
    if not isinstance(found, Commit):
        raise NotFound(f"{commit} is no commit")
    return found


@contextmanager
def _opened(folder: Path) -> Iterator[Repo]:
    from dulwich.repo import Repo

    with Repo(str(folder)) as repo:
        yield repo


def _local_refs(folder: Path) -> Sequence[Named]:
    with _opened(folder) as repo:
        found: dict[bytes, bytes | None] = {}
        for name in repo.refs.allkeys():
            hash_ = repo.refs[name]
            found[name] = hash_
            peeled = repo.get_peeled(name)
            if peeled != hash_:
                found[name + _PEELED] = peeled
        return _listed(found, {bytes(name): bytes(to) for name, to in repo.refs.get_symrefs().items()})


def _listed(told: Mapping[Any, Any], symbolic: Mapping[Any, Any]) -> list[Named]:
    """References as Git lists them: HEAD, then by name; a tag with what it stands for in the end."""
    listed = []
    for name in sorted(told, key=lambda name: (name != b"HEAD", name)):
        peeled = told.get(name + _PEELED)
        hash_ = peeled or told[name]
        if name.endswith(_PEELED) or (hash_ is None and name not in symbolic):
            continue
        shown = name.decode("utf-8", "replace")
        if name in symbolic:
            listed.append(Named(shown, target=symbolic[name].decode("utf-8", "replace")))
        elif hash_ is not None:
            tag = told[name].decode("ascii", "replace") if peeled else ""
            listed.append(Named(shown, hash_.decode("ascii", "replace"), object=tag))
    return listed


@contextmanager
def _telling(url: str, credentials: Credentials) -> Iterator[None]:
    """Errors of this project, which name the repository without whoever asks, and no credential."""
    from dulwich.client import HTTPUnauthorized
    from dulwich.errors import NotGitRepository

    shown = _shown(url)

    def said(x: BaseException | str) -> str:
        text = f"repository {shown}: " + (str(x).replace(url, shown) or type(x).__name__)[:_MOST_WORDS]
        for secret in (credentials.password, quote(credentials.password, safe=""), credentials.bearer):
            text = text.replace(secret, "***") if secret else text
        return text

    try:
        yield
    except _InSubmodule:
        raise
    except ArgosyError as x:
        if isinstance(x, Placed):
            raise
        raise type(x)(said(x)) from x
    except HTTPUnauthorized as x:
        given = credentials.password or credentials.bearer
        asked = "the credentials are refused" if given else "it asks for credentials"
        raise Denied(said(asked)) from x
    except NotGitRepository as x:
        raise NotFound(said("there is none at this address, or not for these credentials")) from x
    except MemoryError as x:
        raise EvaluationError(said("too large")) from x
    # dulwich raises many kinds for what a server may say, also bare ValueErrors and assertions
    except Exception as x:
        raise Unavailable(said(_root(x))) from x


def _root(x: BaseException) -> BaseException:
    """What went wrong in the end: urllib3 and dulwich wrap it, one in the other."""
    below = getattr(x, "reason", None)
    cause = below if isinstance(below, BaseException) else x.__cause__
    return x if cause is None else _root(cause)


def _shown(url: str) -> str:
    """An address without user, password, query and fragment."""
    before, separator, rest = url.partition("://")
    place = re.split(r"[?#]", rest if separator else before)[0]
    host, slash, path = place.partition("/")
    return f"{before}://{host.rpartition('@')[2]}{slash}{path}" if separator else place
