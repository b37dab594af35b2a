"""Sources of triggers: which one counts, and what is told when it is applied."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.resources.artifacts import ArtifactSource, check_source, first_of
from support.events import model

REF = {"name": "n", "key": "k"}
S3 = {"endpoint": "e", "bucket": {"name": "b", "key": "k"}, "accessKey": REF, "secretKey": REF}


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ({}, ""),
        ({"inline": "", "resource": {}}, "inline"),
        ({"resource": {}, "configmap": REF, "git": {}, "url": {}, "file": {}, "inline": "", "s3": {}}, "s3"),
        ({"resource": {}, "configmap": REF, "git": {}, "url": {}, "file": {}}, "file"),
        ({"resource": {}, "configmap": REF, "git": {}}, "git"),
    ],
)
def test_the_first_counts(source: dict[str, Any], kind: str) -> None:
    assert first_of(model(ArtifactSource, source)) == kind


@pytest.mark.parametrize(
    ("source", "fields"),
    [
        ({}, []),
        ({"inline": "x", "git": {}}, []),
        ({"file": {"path": "a"}}, []),
        ({"file": {}}, ["file.path"]),
        ({"configmap": {"name": "n"}}, ["configmap"]),
        ({"url": {"path": "https://example.org/"}}, []),
        ({"url": {"path": "ftp://example.org/"}}, ["url.path"]),
        ({"git": {"url": "https://example.org/r", "filePath": "a"}}, []),
        ({"git": {"remote": {"name": "r", "urls": ["https://example.org/r"]}, "filePath": "a"}}, []),
        ({"git": {}}, ["git.url", "git.filePath"]),
        ({"git": {"url": "u", "filePath": "a", "githubApp": {"appID": 1}}}, ["git.githubApp.privateKey"]),
        ({"s3": S3}, []),
        ({"s3": {}}, ["s3.endpoint", "s3.bucket.name", "s3.bucket.key", "s3.accessKey", "s3.secretKey"]),
    ],
)
def test_what_can_never_be_read(source: dict[str, Any], fields: list[str]) -> None:
    problems = list(check_source(model(ArtifactSource, source), "source"))
    assert [one.field for one in problems] == [f"source.{field}" for field in fields]
    assert all(one.unsupported for one in problems), "Argo takes them"
