"""Endpoints out of connection profiles and core.yaml."""

import json
from pathlib import Path

import pytest

from gossip.errors import ConfigurationError
from gossip.node.diagnose.targets import find_endpoints
from tests.support.core_yaml import write_core_yaml

PEERS = {
    "peer0.org1.example.com": {"url": "grpcs://localhost:7051", "tlsCACerts": {"pem": "-----BEGIN"}},
    "peer0.org2.example.com": {"url": "grpc://localhost:9051/"},
    "plain": {"url": "localhost:7051"},
    "loud": {"url": "GRPCS://localhost:9051"},
}


def test_the_peers_of_a_profile_in_json(tmp_path: Path) -> None:
    path = tmp_path / "connection-org1.json"
    path.write_text(json.dumps({"name": "test-network", "peers": PEERS}, indent=1))

    assert find_endpoints(path, {}) == {"localhost:7051": f"{path}:5", "localhost:9051": f"{path}:11"}


def test_the_peers_of_a_profile_in_yaml(tmp_path: Path) -> None:
    path = tmp_path / "connection-org1.yaml"
    path.write_text("peers:\n  peer0.org1.example.com:\n    url: grpcs://peer0:7051\n")

    assert find_endpoints(path, {}) == {"peer0:7051": f"{path}:3"}


def test_the_peers_of_a_core_yaml(tmp_path: Path) -> None:
    path = tmp_path / "core.yaml"
    path.write_text("peer:\n  gossip:\n    bootstrap: a:1 b:2\n    endpoint: a:1\n    externalEndpoint: c:3\n")

    assert list(find_endpoints(path, {}).items()) == [("a:1", f"{path}:3"), ("b:2", f"{path}:3"), ("c:3", f"{path}:5")]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{}", "names no peer"),
        ("", "names no peer"),
        ("peers:\n  peer0:\n    tls: x\n", r"peers\.peer0 has no url"),
        ("peers: [", "is not YAML"),
        ("peers:\n  - url: grpcs://a:1\n", r":2: peers: expected a mapping, with a name before each entry"),
        ("peers: grpcs://a:1\n", r":1: peers: expected a mapping, with a name before each entry"),
    ],
)
def test_a_file_without_peers_is_named(text: str, what: str, tmp_path: Path) -> None:
    path = tmp_path / "profile.yaml"
    path.write_text(text)

    with pytest.raises(ConfigurationError, match=what) as refusal:
        find_endpoints(path, {})
    assert str(refusal.value).startswith(str(path))


def test_a_broken_profile_in_json_is_not_called_yaml(tmp_path: Path) -> None:
    path = tmp_path / "connection-org1.json"
    path.write_text('{"peers":\n{"peer0": {"url": "grpcs://a:1",}}')

    with pytest.raises(ConfigurationError, match="is not JSON: ") as refusal:
        find_endpoints(path, {})
    assert str(refusal.value).startswith(f"{path}:2: ")


def test_variables_win_over_a_core_yaml_and_not_over_a_profile(tmp_path: Path) -> None:
    environ = {"CORE_PEER_GOSSIP_BOOTSTRAP": "a:1 b:2"}
    core = write_core_yaml(tmp_path)
    assert list(find_endpoints(core, environ)) == ["a:1", "b:2", "peer0.org1.example.com:7051"]
    assert find_endpoints(core, environ)["b:2"] == "CORE_PEER_GOSSIP_BOOTSTRAP"

    profile = tmp_path / "profile.yaml"
    profile.write_text("peers:\n  peer0:\n    url: grpcs://c:3\n")
    assert find_endpoints(profile, environ) == {"c:3": f"{profile}:3"}
