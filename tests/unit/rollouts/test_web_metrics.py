"""Web metrics: the first value that a path of Kubernetes' JSONPath finds is the result."""

from __future__ import annotations

import pytest

from argosy.errors import EvaluationError
from argosy.rollouts.analysis.providers import Answer, Measured, read

BODY = '{"data": [{"name": "x", "v": 2}, {"name": "y", "v": 3}], "v": [1, 2], "list": [[1, 2], []]}'


def measured(path: str, condition: str = "true", body: str = BODY) -> Measured:
    web = {"url": "http://x", "jsonPath": path}
    return read({"name": "m", "successCondition": condition, "provider": {"web": web}}, Answer(body=body))


@pytest.mark.parametrize(
    ("path", "condition", "value"),
    [
        ("{$.data[?(@.name=='x')].v}", "result == 2", "2"),
        ("{$.data[?(@.v>2)].name}", "result == 'y'", '"y"'),
        ("{$.data[*].v}", "result == 2", "2"),
        ("{..name}", "result == 'x'", '"x"'),
        ("{$.v[-1:]}", "result == 2", "2"),
        ("{.v[1,0]}", "result == 2", "2"),
        ("{.list[0]}", "len(result) == 2", "[1,2]"),
        ("{range .data[*]}{.v}{end}", "result == 2", "2"),
        ("{ $.v[0] }", "result == 1", "1"),
        ("$.v[0]", "result == 1", "1"),
        ("v[0]", "result == 1", "1"),
    ],
)
def test_the_first_value(path: str, condition: str, value: str) -> None:
    found = measured(path, condition)
    assert (found.phase, found.value) == ("Successful", value), found.message


@pytest.mark.parametrize("path", ["{.none}", "{.data[?(@.name=='z')].v}", "{.list[1][*]}", "{.v[7]}", "{.v", "{word}"])
def test_none_is_an_error(path: str) -> None:
    with pytest.raises(EvaluationError):
        measured(path)


def test_without_a_path_all_of_it() -> None:
    assert measured("", "result.a == 1", '{"a": 1}').phase == "Successful"
    assert measured("{.a}", 'result == "fine"', "fine").phase == "Successful", "what is no JSON is a text"
