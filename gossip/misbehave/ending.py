"""How a fault may end."""

from dataclasses import dataclass
from enum import StrEnum


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
    BREACH = "breach"
    """The other side misbehaves itself: it cannot be understood, or says more than there is to say."""
    NOTHING = "nothing"
    """Nothing happened for as long as we waited."""
    UNREACHABLE = "unreachable"
    """We could not connect, so that no fault happened; no fault should end so."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a fault ended, or should end.

    Attributes:
        end: Of what kind.
        code: A name of HTTP/2 or gRPC, or the stage at which we could not connect.
        words: A part of the reason given.
    """

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
