"""What a fault is."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from gossip.misbehave.attacker import Attacker
from gossip.misbehave.ending import Ending
from gossip.transport.gate import Offence


class Layer(StrEnum):
    """Where the rules are broken."""

    TCP = "tcp"
    TLS = "tls"
    HTTP2 = "http2"
    GRPC = "grpc"
    HANDSHAKE = "handshake"
    MESSAGES = "messages"


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to misbehave.

    Attributes:
        name: As on the command line.
        layer: Where the rules are broken.
        description: What is done, in a sentence.
        expected: How it should end against this implementation.
        limit: The setting or check that catches it.
        offence: As what the other side counts it; None where nobody is cut off.
        needs_authority: Whether it takes the key of our organisation's CA.
        run: Does it, and tells how it ended.
    """

    name: str
    layer: Layer
    description: str
    expected: Ending
    limit: str
    offence: Offence | None
    needs_authority: bool
    run: Callable[[Attacker], Awaitable[Ending]]


def describe(function: Callable[..., object]) -> str:
    """The first sentence of a function's docstring, which is the description of its fault."""
    return (function.__doc__ or "").strip().split(".\n")[0].rstrip(".").replace("\n    ", " ")


def fault(
    name: str,
    layer: Layer,
    expected: Ending,
    *,
    limit: str,
    offence: Offence | None = None,
    needs_authority: bool = False,
) -> Callable[[Callable[[Attacker], Awaitable[Ending]]], Fault]:
    """Make a function a fault; its docstring describes it."""

    def register(run: Callable[[Attacker], Awaitable[Ending]]) -> Fault:
        return Fault(name, layer, describe(run), expected, limit, offence, needs_authority, run)

    return register
