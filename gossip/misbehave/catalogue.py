"""Every fault there is, by name."""

from collections.abc import Mapping
from types import ModuleType

from gossip.misbehave import (
    grpc,
    handshake_forgeries,
    handshake_misplaced,
    http2_breaches,
    http2_floods,
    http2_headers,
    http2_life,
    messages,
    tcp,
    tls,
)
from gossip.misbehave.fault import Fault


def _faults_of(module: ModuleType) -> list[Fault]:
    return [found for found in vars(module).values() if isinstance(found, Fault)]


_ROOMS = (
    tcp,
    tls,
    http2_life,
    http2_headers,
    http2_floods,
    http2_breaches,
    grpc,
    handshake_forgeries,
    handshake_misplaced,
    messages,
)

FAULTS: Mapping[str, Fault] = {fault.name: fault for room in _ROOMS for fault in _faults_of(room)}
"""In the order of layers."""
