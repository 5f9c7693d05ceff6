"""Endpoints: ``host:port`` in text, and back."""

from functools import lru_cache
from ipaddress import ip_address

from gossip.shown import shown_text

MAX_HOST_CHARACTERS = 255
"""No name of the DNS is longer: an endpoint that another peer told may be megabytes, which take seconds to read."""
MAX_PORT_DIGITS = 6
"""One more than 65535 has, so that a leading zero is no error."""


@lru_cache(maxsize=256)
def parse_endpoint(endpoint: str, *, lowest_port: int = 1) -> tuple[str, int]:
    """Split ``host:port``; an IPv6 address stands in brackets.

    Raises:
        ValueError: It is not of that form; the text says what is wrong.
    """
    scheme, is_url, _ = endpoint.partition("://")
    if is_url:
        raise ValueError(f"an endpoint is host:port, without {shown_text(scheme)}://")
    if _is_of_a_list(endpoint):
        raise ValueError("an endpoint is host:port, without quotes, and without brackets but for an IPv6 address")
    host, colon, port_text = endpoint.rpartition(":")
    if not colon or endpoint.endswith("]"):
        raise ValueError("an endpoint is host:port, and there is no port")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif "," in host:
        raise ValueError("an endpoint is one host:port; between several stand blanks, not commas")
    elif ":" in host:
        raise ValueError("an IPv6 address must stand in brackets, as in [::1]:7051")
    if not 0 < len(host) <= MAX_HOST_CHARACTERS or any(
        character.isspace() or character in "/@[]\0" for character in host
    ):
        raise ValueError(f"{shown_text(repr(host))} is not a host name")
    try:
        host.encode("idna")
    except UnicodeError as error:
        raise ValueError(f"{host!r} is not a host name: between dots it takes 1 to 63 characters") from error
    is_number = port_text.isascii() and port_text.isdigit() and len(port_text) <= MAX_PORT_DIGITS
    if not (is_number and lowest_port <= int(port_text) <= 65535):
        raise ValueError(f"{shown_text(repr(port_text))} is not a port")
    return host, int(port_text)


def _is_of_a_list(endpoint: str) -> bool:
    """Whether it is written as a list of YAML or JSON, or as a text in one."""
    is_in_brackets = endpoint.startswith("[") and endpoint.endswith("]")
    is_quoted = endpoint.lstrip("[").startswith(('"', "'"))
    return is_quoted or (is_in_brackets and endpoint.count(":") == 1)


def format_endpoint(address: object) -> str:
    """``host:port`` of a socket's address; what has no such form becomes its text."""
    match address:
        case (str(host), int(port), *_):
            return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        case _:
            return str(address) if address else "unknown"


def certified_name(host: str) -> str:
    """What a server's certificate must be for, and what it is asked for in TLS: without the dot that ends a full name.

    Go's clients leave it out, and its servers refuse it.
    """
    name = host.removesuffix(".")
    return name if name and not is_address(name) else host


@lru_cache(maxsize=256)
def is_address(host: str) -> bool:
    """Whether ``host`` is an IP address, which needs no look-up."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
