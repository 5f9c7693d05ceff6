"""Finds endpoints to diagnose in the files that operators have: a connection profile, or a core.yaml."""

from collections.abc import Mapping
from pathlib import Path

from gossip.errors import ConfigurationError
from gossip.node.setting_layers import Layers
from gossip.node.yaml_values import YamlFile

_SCHEMES = ("grpcs://", "grpc://")
_CORE_KEYS = ("peer.gossip.bootstrap", "peer.gossip.externalEndpoint", "peer.gossip.endpoint")


def find_endpoints(path: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Every peer's endpoint that a file names, each once, in its order, with the line or variable that names it first.

    A connection profile, in JSON or YAML, has ``peers`` with a ``url`` each; a core.yaml has ``peer.gossip.bootstrap``
    and its own endpoints.

    Args:
        path: The file.
        environ: Holds ``CORE_PEER_GOSSIP_BOOTSTRAP`` and so on, which win over a core.yaml.

    Raises:
        ConfigurationError: It cannot be read, or names no peer; names the file.
    """
    file = YamlFile(path)
    file.check_section("peers")
    names = tuple(file.entries("peers"))
    found = dict[str, str]()
    for name in names:
        endpoint, place = _endpoint_of(file, name)
        found.setdefault(endpoint, place)
    layers = Layers(file, {} if names else environ, {})
    for key in _CORE_KEYS:
        for endpoint in layers.texts(key):
            found.setdefault(endpoint, layers.asked_for[-1].source)
    if not found:
        raise ConfigurationError("names no peer: neither peers with a url nor peer.gossip.bootstrap", path=str(path))
    return found


def _endpoint_of(file: YamlFile, name: str) -> tuple[str, str]:
    url = file.find_below(("peers", name, "url"))
    if url is None:
        raise ConfigurationError(f"peers.{name} has no url", path=str(file.path))
    return _without_scheme(str(url.content)), file.place(url.line)


def _without_scheme(url: str) -> str:
    for scheme in _SCHEMES:
        if url.lower().startswith(scheme):
            return url[len(scheme) :].rstrip("/")
    return url
