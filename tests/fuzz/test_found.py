"""Inputs that fuzzing found, each of which once came up as something else than our own error."""

from pathlib import Path

import pytest

from gossip.errors import ConfigurationError
from gossip.msp.config_yaml import parse_ou_settings
from gossip.node.core_yaml import load_core_yaml

NO_YAML = [
    pytest.param(b'a: "\\UFFFFFFFF"', id="character past the last one"),
    pytest.param(b"%YAML " + b"9" * 5000 + b".1\n---\na: 1", id="version of 5000 digits"),
]


@pytest.mark.parametrize("text", NO_YAML)
def test_config_yaml_that_is_no_yaml(text: bytes) -> None:
    with pytest.raises(ConfigurationError, match=r"^msp/config\.yaml: failed unmarshalling configuration file: "):
        parse_ou_settings(text, "msp/config.yaml")


@pytest.mark.parametrize("text", NO_YAML)
def test_core_yaml_that_is_no_yaml(text: bytes, tmp_path: Path) -> None:
    path = tmp_path / "core.yaml"
    path.write_bytes(text)
    with pytest.raises(ConfigurationError, match=r"core\.yaml: is not YAML: "):
        load_core_yaml(path, {})


@pytest.mark.parametrize("value", [b"!!bool [a]", b"!!bool maybe", b"!!bool {a: b}"])
def test_truth_that_is_none(value: bytes) -> None:
    with pytest.raises(ConfigurationError, match=r"config\.yaml:2: .* expected Enable: true or false"):
        parse_ou_settings(b"NodeOUs:\n  Enable: " + value + b"\n  PeerOUIdentifier: {}", "config.yaml")


@pytest.mark.parametrize("value", [b'"\\ud800"', b'"a\\0b"'], ids=["surrogate", "NUL"])
def test_text_that_no_path_can_hold(value: bytes, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"config\.yaml:1: .* expected Certificate: a text"):
        parse_ou_settings(b"OrganizationalUnitIdentifiers: [{Certificate: " + value + b"}]", "config.yaml")
    path = tmp_path / "core.yaml"
    path.write_bytes(b"peer:\n  mspConfigPath: " + value)
    with pytest.raises(ConfigurationError, match=r"core\.yaml:2: peer\.mspConfigPath: '.*' is no text"):
        load_core_yaml(path, {})


def test_a_client_ca_whose_name_is_too_long(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path, name = tmp_path / "core.yaml", 300 * "x"
    path.write_text(
        f"peer:\n  localMspId: Org1MSP\n  mspConfigPath: msp\n  tls:\n    clientRootCAs:\n      files: [{name}]\n"
    )
    assert load_core_yaml(path, {}).tls_roots == ()
    text = f"{tmp_path / name}, which peer.tls.clientRootCAs.files names, is ignored: File name too long"
    assert caplog.messages == [text]
