"""Event source `webhook`: cases beside those of the shared conformance family `events/webhook-handler`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from argosy.events.sources import hooks
from argosy.events.sources.hooks import (
    AUTH,
    DEFAULT_MAX_PAYLOAD,
    MASK,
    Answer,
    Problem,
    Request,
    answered,
    canonical_header,
)
from argosy.events.sources.webhook import Webhook
from argosy.resources.eventsource import WebhookSource
from support.events import model

JSON = {"Content-Type": ["application/json"]}
FORM = {"Content-Type": ["application/x-www-form-urlencoded"]}


def entry(**fields: Any) -> WebhookSource:
    return model(WebhookSource, {"endpoint": "/example", "method": "POST", "port": "12000", **fields})


def answer(source: WebhookSource, token: str | None, request: Request) -> Answer:
    """The source's answer; `token` is its authSecret, None when it cannot be read."""
    return answered(Webhook(), source, request, {} if token is None else {AUTH: token})


def post(body: str | bytes = "{}", path: str = "/example", method: str = "POST", **headers: str) -> Request:
    raw = body if isinstance(body, bytes) else body.encode()
    return Request(method, path, {name: [value] for name, value in headers.items()}, "", raw)


def payload(given: Answer) -> Any:
    assert given.status == 200
    (data,) = given.events
    return json.loads(data)


# Path


@pytest.mark.parametrize(
    ("endpoint", "path", "status"),
    [
        ("/example", "/example", 200),
        ("example", "/example", 200),
        ("//example", "/example", 200),
        ("/", "/", 200),
        ("/example", "/", 404),
        ("/example", "/example/", 404),
        ("/example", "/Example", 404),
        ("/example", "/other", 404),
        ("/example/", "/example", 404),
    ],
)
def test_the_path_is_exactly_the_endpoint(endpoint: str, path: str, status: int) -> None:
    assert answer(entry(endpoint=endpoint), None, post(path=path)).status == status


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_health_publishes_nothing(method: str) -> None:
    assert answer(entry(authSecret={"name": "s", "key": "k"}), None, post(path="/health", method=method)) == Answer(200)


def test_an_endpoint_may_be_called_health() -> None:
    assert payload(answer(entry(endpoint="/health"), None, post('{"a":1}', path="/health")))["body"] == {"a": 1}


# Bearer token


@pytest.mark.parametrize(
    ("token", "given", "status"),
    [
        ("s3cret", "Bearer s3cret", 200),
        ("s3cret\n", "Bearer s3cret", 200),
        ("s3cret", "Bearer s3cret ", 401),
        ("s3cret", "Bearer  s3cret", 401),
        ("s3cret", "bearer s3cret", 401),
        ("s3cret", "s3cret", 401),
        ("s3cret", "Basic czNjcmV0", 401),
        ("s3cret", "", 401),
        ("s3cret", None, 401),
        ("s3cret", "Bearer wrong", 401),
        ("é", "Bearer é", 200),
        (None, "Bearer s3cret", 500),
    ],
)
def test_the_bearer_token(token: str | None, given: str | None, status: int) -> None:
    headers = {} if given is None else {"authorization": given}
    got = answer(entry(authSecret={"name": "s", "key": "k"}), token, post(**headers))
    assert got.status == status
    assert bool(got.events) == (status == 200)


def test_the_token_goes_before_the_method_and_the_body() -> None:
    secured = entry(authSecret={"name": "s", "key": "k"})
    assert answer(secured, "x", post("not json", method="PUT")).problem is Problem.UNAUTHORISED


@pytest.mark.parametrize("secured", [True, False])
def test_credentials_never_reach_the_event(secured: bool) -> None:
    source = entry(**({"authSecret": {"name": "s", "key": "k"}} if secured else {}))
    got = answer(source, "s3cret", post(authorization="Bearer s3cret"))
    assert payload(got)["header"]["Authorization"] == [MASK]
    assert "s3cret" not in str(got.events)


def test_an_empty_authorization_header_is_left() -> None:
    assert payload(answer(entry(), None, post(authorization="")))["header"]["Authorization"] == [""]


# Method and size


@pytest.mark.parametrize("configured", ["POST", "GET", "PUT", "post", ""])
@pytest.mark.parametrize("method", ["POST", "GET", "PUT", "HEAD", "post"])
def test_the_method(configured: str, method: str) -> None:
    got = answer(entry(method=configured), None, post(method=method))
    good = configured == method and method in ("GET", "POST")
    assert got.status == (200 if good else 400)
    assert got.problem is (None if good else Problem.METHOD)


@pytest.mark.parametrize(
    ("limit", "size", "status"),
    [
        (None, DEFAULT_MAX_PAYLOAD, 200),
        (None, DEFAULT_MAX_PAYLOAD + 1, 400),
        (10, 10, 200),
        (10, 11, 400),
        (0, 11, 200),
    ],
)
def test_the_size(limit: int | None, size: int, status: int) -> None:
    got = answer(entry(maxPayloadSize=limit), None, post('"' + "x" * (size - 2) + '"'))
    assert got.status == status
    assert got.problem is (None if status == 200 else Problem.SIZE)


@pytest.mark.parametrize(("limit", "expected"), [(None, DEFAULT_MAX_PAYLOAD), (0, DEFAULT_MAX_PAYLOAD), (7, 7)])
def test_the_size_limit(limit: int | None, expected: int) -> None:
    assert hooks.size_limit(entry(maxPayloadSize=limit)) == expected


# Body


@pytest.mark.parametrize(
    "body",
    [
        "",
        " ",
        "{",
        "{}x",
        "nope",
        "'a'",
        "{'a': 1}",
        '{"a": 1,}',
        "NaN",
        "01",
        "\ufeff{}",
        '{"a": "\n"}',
        "[1 2]",
        "tru",
    ],
)
def test_a_post_that_is_no_json(body: str) -> None:
    assert answer(entry(), None, post(body)) == Answer(400, problem=Problem.BODY)


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ("{}", "{}"),
        ('{"b": 1, "a": 2}', '{"b":1,"a":2}'),
        ('{"a":1,"a":2}', '{"a":1,"a":2}'),
        (" [ 1 , 2 ]\r\n\t", "[1,2]"),
        ('{"a": "x  y\\" z"}', '{"a":"x  y\\" z"}'),
        ('{ "a" : "\\\\" , "b" : " " }', '{"a":"\\\\","b":" "}'),
        ("1.50", "1.50"),
        ("1e2", "1e2"),
        ("12345678901234567890123", "12345678901234567890123"),
        ('"\\u00e9\\/"', '"\\u00e9\\/"'),
        ('"<a href=\\"x\\">&</a>"', '"\\u003ca href=\\"x\\"\\u003e\\u0026\\u003c/a\\u003e"'),
        ("null", "null"),
        ('"é"', '"é"'),
        ('{"a": "\\ud800"}', '{"a":"\\ud800"}'),
        ('{"a": 1e999}', '{"a":1e999}'),
        ("[" * 300 + " " + "]" * 300, "[" * 300 + "]" * 300),
        ("[" * 900 + " " + "]" * 900, "[" * 900 + "]" * 900),
        ("[" * 5000 + "]" * 5000, "[" * 5000 + "]" * 5000),
    ],
)
def test_a_json_body_is_kept_without_its_blanks(body: str, kept: str) -> None:
    got = answer(entry(), None, post(body))
    assert list(got.events) == [f'{{"header":{{}},"body":{kept}}}']


def test_bytes_that_are_no_text_are_replaced() -> None:
    assert payload(answer(entry(), None, post(b'{"a": "\xff"}')))["body"] == {"a": "\ufffd"}


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("a=1&b=2&a=3", {"a": ["1", "3"], "b": ["2"]}),
        ("a=b+c%20d&%C3%A9=%26", {"a": ["b c d"], "é": ["&"]}),
        ("a=&b", {"a": [""], "b": [""]}),
        ("", {}),
    ],
)
def test_forms_and_queries(text: str, body: Any) -> None:
    sent = Request("POST", "/example", FORM, "ignored=1", text.encode())
    asked = Request("GET", "/example", JSON, text, b"ignored")
    assert payload(answer(entry(), None, sent))["body"] == body
    assert payload(answer(entry(method="GET"), None, asked))["body"] == body


@pytest.mark.parametrize(
    "content_type",
    ["application/x-www-form-urlencoded; charset=utf-8", "APPLICATION/X-WWW-FORM-URLENCODED", "text/plain"],
)
def test_any_other_content_type_is_json(content_type: str) -> None:
    request = Request("POST", "/example", {"content-type": [content_type]}, "", b"a=1")
    assert answer(entry(), None, request).problem is Problem.BODY
    assert payload(answer(entry(), None, Request("POST", "/example", request.headers, "", b"[1]")))["body"] == [1]


# Payload


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("content-type", "Content-Type"),
        ("X-GITHUB-EVENT", "X-Github-Event"),
        ("x--y", "X--Y"),
        ("etag", "Etag"),
        ("x_y-z.w", "X_y-Z.w"),
        ("bad name", "bad name"),
        ("é", "é"),
    ],
)
def test_header_names_are_written_as_in_go(name: str, canonical: str) -> None:
    assert canonical_header(name) == canonical
    assert payload(answer(entry(), None, Request("POST", "/example", {name: ["v"]}, "", b"1")))["header"] == {
        canonical: ["v"]
    }


def test_headers_that_differ_in_case_are_one() -> None:
    headers = {"x-a": ["1"], "X-A": ["2", "3"]}
    assert payload(answer(entry(), None, Request("POST", "/example", headers, "", b"1")))["header"] == {
        "X-A": ["1", "2", "3"]
    }


def test_headers_that_go_keeps_elsewhere_are_left_out() -> None:
    got = answer(entry(), None, post(host="example.org", **{"transfer-encoding": "chunked", "accept": "*/*"}))
    assert payload(got)["header"] == {"Accept": ["*/*"]}


def test_headers_are_ordered_by_name() -> None:
    got = answer(entry(), None, post(b="1", a="2", c="3"))
    assert list(got.events) == ['{"header":{"A":["2"],"B":["1"],"C":["3"]},"body":{}}']


@pytest.mark.parametrize(("metadata", "found"), [({"b": "2", "a": "1"}, ',"metadata":{"a":"1","b":"2"}'), ({}, "")])
def test_metadata(metadata: dict[str, str], found: str) -> None:
    assert list(answer(entry(metadata=metadata), None, post("1")).events) == [f'{{"header":{{}},"body":1{found}}}']
