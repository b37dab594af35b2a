"""Fetching: a repository's address and a revision become a commit, and its files an archive kept as a blob.

In: a `FetchRequest`; out: `Fetched`, and blobs below `fetch/<repository>/<commit>/`: the archive, what it holds, and a
summary that is written last. A commit's files never change, so what is there is not fetched again. Joined with files of
submodules and of Git LFS they lie one folder deeper, by who signs in: others may read the commit, and not these. Charts of
Helm repositories and registries (`argosy.services.charts`) are kept in the same way, with their version in place of the
commit. Called by `functions/fetch` and, in one process, by the embedded runtime. Matches what `runRepoOperation` of
`reposerver/repository/repository.go` does before it renders, in Argo CD 3.6; a working copy that is used again and again is
not kept here.

A single file at an http address becomes an archive as well, each time anew, since nothing says when it changes.

On purpose different: the beginning of a commit's hash means nothing.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from argosy.errors import Denied, InvalidObject, NotFound, Unsupported
from argosy.gitops import charts
from argosy.gitops.contents import contents_of
from argosy.gitops.remotes import file_at
from argosy.gitops.revisions import Reference, is_commit, normalised, resolve, signed_tag
from argosy.gitops.signatures import Verdict
from argosy.ports.blobs import Blobs
from argosy.ports.charts import Charts
from argosy.ports.downloads import Downloads
from argosy.ports.repository import Credentials, Repository, Snapshot
from argosy.ports.sealing import Opener
from argosy.ports.secrets import Secrets
from argosy.resources.base import Model, parse
from argosy.resources.manifests import Manifest
from argosy.services import summaries
from argosy.services.charts import ChartFetching, is_chart, where
from argosy.services.flights import Flights
from argosy.services.handover import opened

__all__ = [
    "FetchRequest",
    "Fetched",
    "Fetching",
    "keep",
    "kept",
    "kept_signature",
    "read",
    "read_charts",
    "read_folders",
]

_ANYBODY, _NOBODY = "anybody", "nobody"


class SecretRef(Model):
    """A Secret with the keys `username` and `password`, as Argo's repository Secrets have them."""

    namespace: str
    name: str


class FetchRequest(Model):
    """`revision` is a branch, a tag, a constraint on tags, a commit, or "" for HEAD. `only_commit`: no files are wanted.

    `file`: the address is that of a single file. `keys`: what the signature of `commit` is worth with these.

    `sealed`: what to sign in with, as `argosy.services.handover` has it; `reader` names who signs in so
    (`argosy.services.applications.access`), "" = what only they may read is not kept.

    With `chart`, `url` is that of a Helm repository or (`oci`, or an address without a scheme) of a registry, and `revision`
    a version or a constraint on versions. An address of `oci://` alone is that of an artifact. `plain_http`: the registry
    speaks no TLS; `pass_credentials`: they are for all hosts that an index names. `insecure`: certificates are not checked;
    `ca`: which are trusted instead of the system's; `known_hosts`: the keys of hosts of SSH. `lfs`: the content of
    Git LFS's pointers is wanted.
    """

    url: str
    revision: str = ""
    tag_prefix: str = ""
    credentials: SecretRef | None = None
    sealed: str = ""
    reader: str = ""
    only_commit: bool = False
    file: bool = False
    chart: str = ""
    oci: bool = False
    plain_http: bool = False
    insecure: bool = False
    ca: str = ""
    known_hosts: str = ""
    pass_credentials: bool = False
    lfs: bool = False
    keys: Mapping[str, str] | None = None
    commit: str = ""

    def asked_by(self, reader: str, credentials: Credentials) -> Self:
        """The same for somebody who signs in so: what is kept for them counts."""
        if (self.reader, self.lfs) == (reader, credentials.lfs):
            return self
        return self.model_copy(update={"reader": reader, "lfs": credentials.lfs})


@dataclass(frozen=True, slots=True)
class Fetched:
    """The commit, and where its files lie: `archive` is a blob of `size` unpacked bytes, `digest` the blob's SHA-256.

    `submodules` are those that are empty; `joined`: others' files are among these. `folders` is a blob that tells their
    contents apart (`read_folders`), `charts` one of the charts among them (`read_charts`), "" for none. `package` is the
    blob of a chart as it was published, `package_digest` its SHA-256.
    """

    commit: str
    archive: str
    digest: str
    files: int
    size: int
    submodules: tuple[str, ...] = ()
    joined: bool = False
    folders: str = ""
    charts: str = ""
    package: str = ""
    package_digest: str = ""

    def as_json(self) -> dict[str, Any]:
        """For answers and for the summary."""
        return asdict(self) | {"submodules": list(self.submodules)}

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Fetched:
        """The inverse. Raises TypeError or KeyError for anything else."""
        # `joined` must be there: a release that did not tell it has left submodules out.
        return cls(**{**body, "submodules": tuple(body["submodules"]), "joined": body["joined"]})


def read(body: Mapping[str, Any]) -> FetchRequest:
    """Read a request. Raises InvalidObject that names the first wrong field."""
    return parse(FetchRequest, Manifest(body))


class Fetching:
    """Fetches commits, files, and charts where something asks for those."""

    def __init__(
        self,
        blobs: Blobs,
        repository: Repository,
        secrets: Secrets,
        downloads: Downloads | None = None,
        charts: Charts | None = None,
        *,
        opener: Opener | None = None,
    ) -> None:
        self._blobs, self._repository, self._secrets, self._downloads = blobs, repository, secrets, downloads
        self._charts, self._opener = ChartFetching(charts), opener
        self._flights = Flights()

    def fetch(self, request: FetchRequest) -> Fetched:
        """Fetch a revision's files, unless they are there. Raises what `Repository` does, and NotFound for the revision."""
        _check_address(request.url)
        if request.file:
            return self._file(request.url)
        credentials = self._credentials(request)
        return self.take(request, self.resolve(request, credentials), lambda: credentials)

    def _file(self, url: str) -> Fetched:
        if self._downloads is None or not url.lower().startswith(("https://", "http://")):
            raise Unsupported("only https and http addresses are fetched", obj=url)
        data = self._downloads.file(url)
        archive = _archive_of(file_at(url).path, data)
        digest = hashlib.sha256(archive).hexdigest()
        place = f"fetch/files/{hashlib.sha256(url.encode()).hexdigest()[:32]}/{digest[:16]}.tar.gz"
        self._blobs.put(place, archive)
        return Fetched("", place, digest, 1, len(data))

    def kept(self, request: FetchRequest, commit: str) -> Fetched | None:
        """See `kept`."""
        return kept(self._blobs, request, commit)

    def take(self, request: FetchRequest, commit: str, credentials: Callable[[], Credentials] | None = None) -> Fetched:
        """The files of a commit that `resolve` has told; `credentials` are asked for when they are not there."""
        known = self.kept(request, commit)
        if known is not None:
            return known
        if not request.reader:
            return self._taken(request, commit, credentials)  # nobody knows who else may be given that
        name = f"{_place(request, commit)} {request.reader} {request.pass_credentials}"
        return self._flights.shared(
            name, lambda: self.kept(request, commit) or self._taken(request, commit, credentials)
        )

    def _taken(self, request: FetchRequest, commit: str, credentials: Callable[[], Credentials] | None) -> Fetched:
        given = credentials() if credentials is not None else self._credentials(request)
        package, reader = b"", ""
        if is_chart(request):
            published = self._charts.package(request, commit, given)
            taken, package = published.files, published.packed
        else:
            taken = self._repository.snapshot(request.url, commit, given)
            if taken.joined or given.lfs:
                reader = request.reader or (_NOBODY if given.secret else _ANYBODY)
        return keep(self._blobs, request, commit, taken, package, reader)

    def signature(
        self, request: FetchRequest, commit: str, credentials: Callable[[], Credentials] | None = None
    ) -> Verdict:
        """What the signature of a commit that `resolve` has told is worth; of the annotated tag that the revision names.

        A tag that is not signed well can be made anew, so that is kept for commits alone. Raises what `Repository` does.
        """
        known = kept_signature(self._blobs, request, commit)
        if known is not None:
            return known
        given = credentials() if credentials is not None else self._credentials(request)
        tag = signed_tag(request.revision, commit, self._references(request, given), request.tag_prefix)
        found = asdict(self._repository.signature(request.url, commit, given, request.keys or {}, tag))
        if not tag or found["result"] == "good":
            summaries.keep(self._blobs, _verdict_place(request, commit), found)
        return Verdict(**found)

    def _references(self, request: FetchRequest, credentials: Credentials) -> Sequence[Reference]:
        found = self._flights.anew((request.url, credentials), lambda: self._repository.refs(request.url, credentials))
        return [Reference(**asdict(one)) for one in found]

    def resolve(self, request: FetchRequest, credentials: Credentials | None = None) -> str:
        """The commit of a revision. Raises NotFound, and what `Repository.refs` raises.

        The repository is asked even for a whole hash: what one user has fetched is no other's who may not read it.
        """
        _check_address(request.url)
        given = credentials if credentials is not None else self._credentials(request)
        if is_chart(request):
            return self._charts.resolve(request, given)
        commit = resolve(request.revision, self._references(request, given), request.tag_prefix)
        if not is_commit(commit):
            raise NotFound(f"{request.revision!r} is no branch or tag; of a commit the whole hash is needed")
        return commit

    def _credentials(self, request: FetchRequest) -> Credentials:
        if request.sealed:
            if self._opener is None:
                raise Unsupported("sealed credentials are not opened here", obj=request.url, field="sealed")
            return opened(self._opener, request.url, request.sealed)
        given = {name: getattr(request, name) for name in ("oci", "plain_http", "insecure", "ca", "known_hosts", "lfs")}
        nobody = Credentials(**given)
        if request.credentials is None:
            return nobody
        place = request.credentials
        password = self._secrets.secret(place.namespace, place.name, "password")
        try:
            user = self._secrets.secret(place.namespace, place.name, "username")
        except NotFound:
            user = "git"  # a token of a host that does not look at the user
        return replace(nobody, username=user, password=password)


def _archive_of(name: str, data: bytes) -> bytes:
    """One file as an archive, the same bytes for the same file."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        info = tarfile.TarInfo(name)
        info.size = len(data)
        tar.addfile(info, io.BytesIO(data))
    return gzip.compress(raw.getvalue(), 1, mtime=0)


def read_folders(blobs: Blobs, fetched: Fetched) -> Mapping[str, list[Any]]:
    """What `gitops.folders` has told of a commit, {} when that is not there."""
    found: Mapping[str, list[Any]] = _told(blobs, fetched.folders)
    return found


def read_charts(blobs: Blobs, fetched: Fetched) -> Mapping[str, charts.Chart]:
    """The charts among the files by their folders, {} when that is not there."""
    try:
        return charts.from_json(_told(blobs, fetched.charts))
    except (TypeError, KeyError):
        return {}


def _told(blobs: Blobs, key: str) -> Mapping[str, Any]:
    if not key:
        return {}
    try:
        found: Mapping[str, Any] = json.loads(gzip.decompress(blobs.get(key)))
    except (NotFound, Denied, OSError, ValueError):
        return {}
    return found


def kept(blobs: Blobs, request: FetchRequest, commit: str) -> Fetched | None:
    """A commit or a version that was fetched before; nobody is asked whether it still may be read."""
    place = _place(request, commit)
    found = None if request.lfs else summaries.known(blobs, place, Fetched.from_json)
    if found is not None or is_chart(request):
        return found
    return summaries.known(blobs, f"{place}/{request.reader or _ANYBODY}", Fetched.from_json)


def keep(
    blobs: Blobs, request: FetchRequest, commit: str, taken: Snapshot, package: bytes = b"", reader: str = ""
) -> Fetched:
    """Keep the files of a commit or a version, and of a chart the package that it was published as.

    `reader`: for whom alone they are.
    """
    place, digest = _place(request, commit), hashlib.sha256(taken.archive).hexdigest()
    if reader:
        place = f"{place}/{reader}"
    archive = f"{place}/{digest[:16]}.tar.gz"
    blobs.put(archive, taken.archive)
    if package:
        blobs.put(f"{place}/package.tgz", package)
    contents = contents_of(taken.archive)
    fetched = Fetched(
        commit,
        archive,
        digest,
        taken.files,
        taken.size,
        tuple(taken.submodules),
        taken.joined,
        _put(blobs, f"{place}/folders.json.gz", contents.folders),
        _put(blobs, f"{place}/charts.json.gz", charts.as_json(contents.charts)),
        f"{place}/package.tgz" if package else "",
        hashlib.sha256(package).hexdigest() if package else "",
    )
    if reader != _NOBODY:
        summaries.keep(blobs, place, fetched.as_json())
    return fetched


def _put(blobs: Blobs, key: str, told: Mapping[str, Any]) -> str:
    """The blob of what an archive holds, "" for nothing."""
    if not told:
        return ""
    blobs.put(key, gzip.compress(json.dumps(told, separators=(",", ":")).encode(), 6, mtime=0))
    return key


def kept_signature(blobs: Blobs, request: FetchRequest, commit: str) -> Verdict | None:
    """What the signature of a commit was worth, for the same revision and with the same keys."""
    return summaries.known(blobs, _verdict_place(request, commit), lambda found: Verdict(**found))


def _verdict_place(request: FetchRequest, commit: str) -> str:
    asked = json.dumps([request.revision, request.tag_prefix, sorted((request.keys or {}).items())])
    return f"{_place(request, commit)}/signature-{hashlib.sha256(asked.encode()).hexdigest()[:32]}"


def _place(request: FetchRequest, commit: str) -> str:
    if is_chart(request):
        return where(request, commit)
    return f"fetch/{hashlib.sha256(normalised(request.url).encode()).hexdigest()[:32]}/{commit}"


def _check_address(url: str) -> None:
    """A password in an address would stand in every log and status that names the repository."""
    before, at, _ = url.partition("://")[2].partition("/")[0].rpartition("@")
    if at and ":" in before:
        raise InvalidObject("the address holds a password; put it into a Secret and name that", field="url")
