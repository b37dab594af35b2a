"""Webhooks at Git hosts, registered by the deployed stack: with the token that the installation keeps."""

from __future__ import annotations

from argosy.services.runtime import Runtime
from argosy.services.status import with_status
from support.awsflow import Apply, patiently
from support.events import event_source
from support.localstack import LocalStack, Stack


def test_a_host_that_cannot_be_reached_is_told(
    stack: Stack, localstack: LocalStack, apply: Apply, runtime: Runtime
) -> None:
    stack.client("ssm").put_parameter(Name="/argosy/it/ns/github/token", Value="t0ken", Type="SecureString")
    base = f"http://{localstack.host_address}:1/"  # nobody listens there
    entry = {
        "repositories": [{"owner": "argosy-dev", "names": ["argosy"]}],
        "webhook": {"url": "https://hooks.example.com", "endpoint": "/push", "port": "12000", "method": "POST"},
        "events": ["push"],
        "apiToken": {"name": "github", "key": "token"},
        "githubBaseURL": base,
        "githubUploadURL": base,
        "contentType": "json",
    }
    apply(event_source({"github": {"push": entry}}, name="registered"))

    def problem() -> str:
        body = with_status(runtime.store, runtime.objects.get("EventSource", "ns", "registered"))
        (condition,) = [one for one in body["status"]["conditions"] if one["type"] == "SourcesProvided"]
        return str(condition.get("message", ""))

    assert patiently(runtime, lambda: bool(problem()))
    assert localstack.host_address in problem()
    assert "t0ken" not in problem()
