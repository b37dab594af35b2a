"""Which signatures a project takes, in Argo's words, and whose signature counts."""

from __future__ import annotations

import pytest

from argosy.gitops.revisions import Reference, signed_tag
from argosy.gitops.signatures import Required, Verdict, key_id

KEY = "4AEE18F83AFDEB23"
LONG = "5DE3E0509C47EA3CF04A42D34AEE18F83AFDEB23"
GOOD = Verdict("good", KEY, "RSA")
COMMIT, OTHER, TAG = "1" * 40, "2" * 40, "3" * 40


@pytest.mark.parametrize(
    ("found", "allowed", "problem"),
    [
        (GOOD, [KEY], ""),
        (GOOD, [LONG.lower(), "x"], ""),
        (GOOD, [], f"Found good signature made with RSA key {KEY}, but this key is not allowed in AppProject"),
        (
            GOOD,
            ["", KEY[:8]],
            f"Found good signature made with RSA key {KEY}, but this key is not allowed in AppProject",
        ),
        (Verdict("good"), [""], "Found good signature made with  key , but this key is not allowed in AppProject"),
        (
            Verdict("invalid", KEY, "RSA", "gpg: Can't check signature: No public key"),
            [KEY],
            f"Found signature made with RSA key {KEY}, but verification result was invalid: "
            "'gpg: Can't check signature: No public key'",
        ),
        (
            Verdict("bad", KEY, "RSA"),
            [KEY],
            f"Could not verify commit signature on revision '{COMMIT}', check logs for more information.",
        ),
        (
            Verdict("unknown"),
            [KEY],
            f"Could not verify commit signature on revision '{COMMIT}', check logs for more information.",
        ),
        (Verdict(), [KEY], f"Target revision {COMMIT} in Git is not signed, but a signature is required"),
    ],
)
def test_what_a_project_takes(found: Verdict, allowed: list[str], problem: str) -> None:
    """`TestSignedResponse…` and `TestUnsigned…` of controller/state_test.go."""
    assert Required(allowed).problem(found, COMMIT) == problem


@pytest.mark.parametrize(
    ("text", "name"),
    [(KEY, KEY), (LONG, KEY), (KEY.lower(), KEY), (KEY[1:], ""), (f"{LONG}0", ""), ("x" * 16, ""), ("", "")],
)
def test_names_of_keys(text: str, name: str) -> None:
    assert key_id(text) == name


@pytest.mark.parametrize(
    ("revision", "commit", "tag"),
    [
        ("v1.0.0", COMMIT, TAG),
        ("refs/tags/v1.0.0", COMMIT, TAG),
        ("1.*", COMMIT, TAG),
        ("main", COMMIT, ""),
        ("", COMMIT, ""),
        (COMMIT, COMMIT, ""),
        ("light", COMMIT, ""),
        ("v1.0.0", OTHER, ""),
        ("gone", COMMIT, ""),
    ],
)
def test_whose_signature_counts(revision: str, commit: str, tag: str) -> None:
    """That of an annotated tag alone when it is what was asked for, and stands for the commit."""
    references = [
        Reference("HEAD", target="refs/heads/main"),
        Reference("refs/heads/main", COMMIT),
        Reference("refs/tags/light", COMMIT),
        Reference("refs/tags/v1.0.0", COMMIT, object=TAG),
    ]
    assert signed_tag(revision, commit, references) == tag
