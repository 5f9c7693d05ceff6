"""What the screen shows, gathered from what happens; it knows nothing of drawing."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from gossip.cli.demo.happenings import (
    Acknowledged,
    Back,
    Handshake,
    Happening,
    Killed,
    Made,
    PresumedDead,
    Ready,
    Refused,
    Step,
    StepBegan,
    Summary,
)


class State(StrEnum):
    """How a peer is."""

    STARTING = "starting"
    READY = "ready"
    KILLED = "killed"
    BACK = "back"


@dataclass(slots=True)
class PeerSoFar:
    """One peer: how often it was accepted as initiator and as responder, and how many of its messages arrived."""

    mspid: str
    state: State = State.STARTING
    pki_id: str = ""
    tls_version: str = ""
    initiated_ms: list[float] = field(default_factory=list)
    responded: int = 0
    acknowledged: int = 0


@dataclass(slots=True)
class StepSoFar:
    """One step and what has happened in it."""

    step: Step
    count: Counter[type[Happening]] = field(default_factory=Counter)
    peer: str = ""
    noticed_by: list[str] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    def take(self, happening: Happening) -> None:
        """Take in what happened."""
        self.count[type(happening)] += 1
        match happening:
            case Killed() | Ready():
                self.peer = happening.peer
            case PresumedDead():
                self.noticed_by.append(happening.by)
            case Refused():
                self.refused.append(happening)

    def __str__(self) -> str:
        count = self.count
        match self.step:
            case Step.ORGANIZATIONS:
                return f"{_number(count[Made], 'organisation')}, with keys and certificates made for this run"
            case Step.PROCESSES:
                return f"{_number(count[Ready], 'peer')}, each a process of its own"
            case Step.HANDSHAKES:
                return f"{_number(count[Handshake], 'handshake')} over mutual TLS, accepted by both sides"
            case Step.MESSAGES:
                return f"{_number(count[Acknowledged], 'message')} sent and acknowledged"
            case Step.IMPOSTORS:
                return f"{_number(count[Refused], 'impostor')} refused"
            case Step.DEATH:
                return f"{self.peer} killed, presumed dead by {', '.join(self.noticed_by) or 'nobody yet'}"
            case Step.RETURN:
                accepted = f", accepted {_times(count[Handshake])}" if count[Handshake] else ""
                return f"{self.peer or 'it'} started again{accepted}"


@dataclass(slots=True)
class Progress:
    """All of it."""

    peers: dict[str, PeerSoFar] = field(default_factory=dict)
    steps: list[StepSoFar] = field(default_factory=list)
    summary: Summary | None = None

    def take(self, happening: Happening) -> None:
        """Take in what happened."""
        if isinstance(happening, StepBegan):
            self.steps.append(StepSoFar(happening.step))
        elif isinstance(happening, Summary):
            self.summary = happening
        else:
            self.steps[-1].take(happening)
            self._take_of_peers(happening)

    def _take_of_peers(self, happening: Happening) -> None:
        match happening:
            case Made():
                self.peers |= {peer: PeerSoFar(happening.mspid) for peer in happening.peers}
            case Ready():
                peer = self.peers[happening.peer]
                peer.pki_id, peer.state = happening.pki_id, State.READY
            case Handshake():
                initiator = self.peers[happening.initiator]
                initiator.tls_version = happening.tls_version
                initiator.initiated_ms.append(happening.ms)
                self.peers[happening.responder].responded += 1
            case Acknowledged():
                self.peers[happening.sender].acknowledged += 1
            case Killed():
                self.peers[happening.peer].state = State.KILLED
            case Back():
                self.peers[happening.peer].state = State.BACK


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
