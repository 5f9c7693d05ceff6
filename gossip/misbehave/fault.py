"""What a fault is, how one may end, and the list of all of them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from gossip.transport.gate import Offence

if TYPE_CHECKING:
    from gossip.misbehave.attacker import Attacker


class Layer(StrEnum):
    """Where the rules are broken."""

    TCP = "tcp"
    TLS = "tls"
    HTTP2 = "http2"
    GRPC = "grpc"
    HANDSHAKE = "handshake"
    MESSAGES = "messages"


class End(StrEnum):
    """How the other side took it, as we see it."""

    SERVED = "served"
    """We are served as if nothing had happened."""
    CUT = "cut"
    """The connection was closed."""
    GOAWAY = "goaway"
    """The connection was closed with an HTTP/2 error code."""
    RESET = "reset"
    """The stream was reset with an HTTP/2 error code."""
    STATUS = "status"
    """The call ended with a gRPC status."""
    ALERT = "alert"
    """TLS was refused with an alert."""
    STALLED = "stalled"
    """We may send nothing more for now, and stay connected."""
    NOTHING = "nothing"
    """Nothing happened for as long as we waited."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a fault ended, or should end; ``code`` is a name of HTTP/2 or gRPC, ``words`` a part of the reason given."""

    end: End
    code: str = ""
    words: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, (self.end, self.code, f"({self.words})" if self.words else "")))

    def covers(self, observed: "Ending") -> bool:
        """Whether ``observed`` is such an ending. What a cut connection said last may get lost, so CUT covers it."""
        if self.end is End.CUT:
            return observed.end in (End.CUT, End.GOAWAY)
        is_same = self.end is observed.end and self.code in ("", observed.code)
        return is_same and self.words in observed.words


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
    run: "Callable[[Attacker], Awaitable[Ending]]"


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
) -> "Callable[[Callable[[Attacker], Awaitable[Ending]]], Fault]":
    """Make a function a fault; its docstring describes it."""

    def register(run: "Callable[[Attacker], Awaitable[Ending]]") -> Fault:
        return Fault(name, layer, describe(run), expected, limit, offence, needs_authority, run)

    return register


CUT = Ending(End.CUT)
SERVED = Ending(End.SERVED)
STALLED = Ending(End.STALLED)
ALERT = Ending(End.ALERT)


def goaway(code: str) -> Ending:
    """The connection ends with this HTTP/2 error code."""
    return Ending(End.GOAWAY, code)


def status(code: str, words: str = "") -> Ending:
    """The call ends with this gRPC status, and a reason that contains ``words``."""
    return Ending(End.STATUS, code, words)
