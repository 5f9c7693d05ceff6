"""Finds endpoints to diagnose in the files that operators have: a connection profile, or a core.yaml."""

from collections.abc import Mapping
from pathlib import Path

from gossip.errors import ConfigurationError
from gossip.node.setting_layers import Layers
from gossip.node.yaml_values import YamlFile

_SCHEMES = ("grpcs://", "grpc://")
_CORE_KEYS = ("peer.gossip.bootstrap", "peer.gossip.externalEndpoint", "peer.gossip.endpoint")


def find_endpoints(path: Path, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Every peer's endpoint that a file names, each once, in its order.

    A connection profile, in JSON or YAML, has ``peers`` with a ``url`` each; a core.yaml has ``peer.gossip.bootstrap``
    and its own endpoints.

    Args:
        path: The file.
        environ: Holds ``CORE_PEER_GOSSIP_BOOTSTRAP`` and so on, which win over a core.yaml.

    Raises:
        ConfigurationError: It cannot be read, or names no peer; names the file.
    """
    file = YamlFile(path)
    names = tuple(file.entries("peers"))
    found = [_endpoint_of(file, name) for name in names]
    layers = Layers(file, {} if names else environ, {})
    for key in _CORE_KEYS:
        found += layers.texts(key)
    if not found:
        raise ConfigurationError("names no peer: neither peers with a url nor peer.gossip.bootstrap", path=str(path))
    return tuple(dict.fromkeys(found))


def _endpoint_of(file: YamlFile, name: str) -> str:
    url = file.find_below(("peers", name, "url"))
    if url is None:
        raise ConfigurationError(f"peers.{name} has no url", path=str(file.path))
    return _without_scheme(str(url.content))


def _without_scheme(url: str) -> str:
    for scheme in _SCHEMES:
        if url.lower().startswith(scheme):
            return url[len(scheme) :].rstrip("/")
    return url
