"""Whom we may attack."""

from ipaddress import ip_address

from gossip.errors import ConfigurationError
from gossip.transport.endpoint import parse_endpoint


def check_target(endpoint: str, *, is_ours: bool) -> None:
    """Return when ``endpoint`` is on this machine, or whoever asks says that the network is theirs.

    Raises:
        ConfigurationError: It is not, or has not the form ``host:port``.
    """
    try:
        host, _ = parse_endpoint(endpoint)
    except ValueError as error:
        raise ConfigurationError(f"{endpoint!r} is not an endpoint: {error}") from error
    if not is_ours and not is_loopback(host):
        raise ConfigurationError(f"{host} is another machine: misbehave there with --i-own-this-network only")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by its name or address alone."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
