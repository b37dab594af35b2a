"""What every `Secrets` does, run on the fake and on files by subclasses that give the fixtures.

`make`: gives the port with these values, `{namespace: {name: {key: value}}}` for Secrets and for ConfigMaps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from argosy.errors import NotFound
from argosy.ports.secrets import Secrets

Values = Mapping[str, Mapping[str, Mapping[str, str]]]
Make = Callable[[Values, Values], Secrets]

SECRETS = {"ns": {"token": {"value": "s3cret", "empty": ""}, "tls.crt": {"ca_1.pem": "a\nb\n"}}, "other": {}}
CONFIGS = {"ns": {"settings": {"colour": "blue\n", "double": "x\n\n"}}}


class SecretsContract:
    """The suite."""

    @pytest.mark.parametrize(
        ("name", "key", "value"),
        [("token", "value", "s3cret"), ("token", "empty", ""), ("tls.crt", "ca_1.pem", "a\nb")],
    )
    def test_a_secret(self, make: Make, name: str, key: str, value: str) -> None:
        assert make(SECRETS, CONFIGS).secret("ns", name, key) == value

    @pytest.mark.parametrize(("key", "value"), [("colour", "blue"), ("double", "x\n")])
    def test_a_config_value_loses_one_newline(self, make: Make, key: str, value: str) -> None:
        assert make(SECRETS, CONFIGS).config("ns", "settings", key) == value

    @pytest.mark.parametrize(
        ("namespace", "name", "key"),
        [
            ("ns", "token", "other"),
            ("ns", "other", "value"),
            ("other", "token", "value"),
            ("nowhere", "token", "value"),
            ("ns", "settings", "colour"),
            ("ns", "", "value"),
            ("ns", "token", ""),
            ("ns", "..", "token"),
            ("ns", "../ns", "token"),
            ("ns", "token", "../token/value"),
            ("", "token", "value"),
        ],
    )
    def test_a_secret_that_is_not_there(self, make: Make, namespace: str, name: str, key: str) -> None:
        with pytest.raises(NotFound):
            make(SECRETS, CONFIGS).secret(namespace, name, key)

    def test_secrets_are_no_config_values(self, make: Make) -> None:
        with pytest.raises(NotFound):
            make(SECRETS, CONFIGS).config("ns", "token", "value")

    def test_a_refusal_says_what_is_missing_and_tells_no_value(self, make: Make) -> None:
        with pytest.raises(NotFound) as refusal:
            make(SECRETS, CONFIGS).secret("ns", "token", "other")
        text = str(refusal.value)
        assert "ns/token" in text
        assert "other" in text
        assert "s3cret" not in text
