"""Who may be connected: how many, from where, and how long each step up to authentication may take."""

from collections import Counter
from collections.abc import Iterator
from enum import IntEnum, StrEnum
from typing import Protocol

from gossip.transport.limits import ServerLimits


class Offence(StrEnum):
    """Why a connection was cut; a metric's label."""

    CROWD = "crowd"
    SLOW = "slow"
    FLOOD = "flood"
    UNREAD = "unread"
    TLS = "tls"
    BREACH = "breach"


class Progress(IntEnum):
    """How far a connection has come."""

    TCP = 0
    TLS = 1
    STREAM = 2
    AUTHENTICATED = 3


class Visitor(Protocol):
    """What the gate knows of a connection."""

    address: str
    arrived_at_s: float
    last_received_at_s: float
    progress: Progress

    def punish(self, offence: Offence, reason: str) -> None:
        """Cut it."""
        ...

    def ask_whether_alive(self) -> None:
        """Ping it."""
        ...


class Gate:
    """Counts connections and finds those whose time is up; what it refuses, it cuts. Time is an argument."""

    def __init__(self, limits: ServerLimits) -> None:
        self._limits = limits
        self._inside: dict[Visitor, None] = {}
        self._unauthenticated: dict[Visitor, None] = {}
        self._of_address: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._inside)

    def __iter__(self) -> Iterator[Visitor]:
        return iter(tuple(self._inside))

    def enter(self, visitor: Visitor) -> None:
        """Let a connection in, or cut it, or another one that has had more time."""
        limits = self._limits
        self._inside[visitor] = None
        self._of_address[visitor.address] += 1
        self._unauthenticated[visitor] = None
        if len(self._inside) > limits.max_connections:
            visitor.punish(Offence.CROWD, f"more than {limits.max_connections} connections")
        elif self._of_address[visitor.address] > limits.max_per_address:
            visitor.punish(Offence.CROWD, f"more than {limits.max_per_address} connections from {visitor.address}")
        else:
            self._make_room()

    def authenticate(self, visitor: Visitor) -> None:
        """Let a connection stay."""
        visitor.progress = Progress.AUTHENTICATED
        self._unauthenticated.pop(visitor, None)

    def estrange(self, visitor: Visitor, now_s: float) -> None:
        """Count a connection among the strangers again, since nobody is authenticated on it any more."""
        if visitor in self._inside:
            visitor.progress = Progress.TLS
            visitor.arrived_at_s = now_s
            self._unauthenticated[visitor] = None
            self._make_room()

    def leave(self, visitor: Visitor) -> None:
        """Forget a connection that is gone; further calls do nothing."""
        self._unauthenticated.pop(visitor, None)
        if visitor in self._inside:
            del self._inside[visitor]
            self._of_address[visitor.address] -= 1
            if not self._of_address[visitor.address]:
                del self._of_address[visitor.address]

    def quiet(self, now_s: float) -> Iterator[Visitor]:
        """Authenticated connections that have been silent for half as long as they may."""
        limit_s = self._limits.idle_timeout_s / 2
        for visitor in self._inside:
            if visitor.progress is Progress.AUTHENTICATED and now_s - visitor.last_received_at_s > limit_s:
                yield visitor

    def overdue(self, now_s: float) -> dict[Visitor, str]:
        """Every connection whose time is up, and what it took too long for."""
        found: dict[Visitor, str] = {}
        for visitor in self._unauthenticated:
            limit_s, what = self._next_step(visitor)
            if now_s - visitor.arrived_at_s > limit_s:
                found[visitor] = f"{what} after {limit_s:g} s"
        for visitor in self._inside:
            if now_s - visitor.last_received_at_s > self._limits.idle_timeout_s:
                found.setdefault(visitor, f"silent for {self._limits.idle_timeout_s:g} s")
        return found

    def _make_room(self) -> None:
        limit = self._limits.max_unauthenticated
        if len(self._unauthenticated) > limit:
            oldest = next(iter(self._unauthenticated))
            del self._unauthenticated[oldest]  # it leaves only later, and several may come until then
            oldest.punish(Offence.CROWD, f"more than {limit} unauthenticated connections")

    def _next_step(self, visitor: Visitor) -> tuple[float, str]:
        match visitor.progress:
            case Progress.TCP:
                return self._limits.tls_timeout_s, "TLS handshake not finished"
            case Progress.TLS:
                return self._limits.stream_timeout_s, "no request"
            case _:
                return self._limits.authenticate_timeout_s, "the peer is not authenticated"
