"""Finds endpoints to diagnose in the files that operators have: a connection profile, or a core.yaml."""

from pathlib import Path

from gossip.errors import ConfigurationError
from gossip.node.yaml_values import YamlFile

_SCHEMES = ("grpcs://", "grpc://")
_CORE_KEYS = ("peer.gossip.bootstrap", "peer.gossip.externalEndpoint", "peer.gossip.endpoint")


def find_endpoints(path: Path) -> tuple[str, ...]:
    """Every peer's endpoint that a file names, each once, in its order.

    A connection profile, in JSON or YAML, has ``peers`` with a ``url`` each; a core.yaml has ``peer.gossip.bootstrap``
    and its own endpoints.

    Raises:
        ConfigurationError: It cannot be read, or names no peer; names the file.
    """
    file = YamlFile(path)
    found: list[str] = []
    for name in file.entries("peers"):
        url = file.find_below(("peers", name, "url"))
        if url is None:
            raise ConfigurationError(f"peers.{name} has no url", path=str(path))
        found.append(_without_scheme(str(url.content)))
    for key in _CORE_KEYS:
        value = file.find(key)
        if value is not None:
            found += value.content if isinstance(value.content, tuple) else value.content.split()
    if not found:
        raise ConfigurationError("names no peer: neither peers with a url nor peer.gossip.bootstrap", path=str(path))
    return tuple(dict.fromkeys(found))


def _without_scheme(url: str) -> str:
    for scheme in _SCHEMES:
        if url.lower().startswith(scheme):
            return url[len(scheme) :].rstrip("/")
    return url
