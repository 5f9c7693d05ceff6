"""What happens in the demo, as records: the screen draws them, and with ``--json`` each is one line."""

import dataclasses
import re
from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    """The parts of the demo, in order."""

    ORGANIZATIONS = "organisations"
    PROCESSES = "processes"
    HANDSHAKES = "handshakes"
    MESSAGES = "messages"
    IMPOSTORS = "impostors"
    DEATH = "death"
    RETURN = "return"


@dataclass(frozen=True, slots=True)
class Happening:
    """Anything that happens in the demo."""

    def facts(self) -> dict[str, object]:
        """The JSON form: the name as ``event``, and the facts of the record."""
        return {"event": re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__).lower()} | dataclasses.asdict(self)


@dataclass(frozen=True, slots=True)
class StepBegan(Happening):
    """A part of the demo begins, and the one before it is done."""

    step: Step


@dataclass(frozen=True, slots=True)
class Made(Happening):
    """An organisation has its CAs, and its peers their certificates."""

    mspid: str
    peers: list[str]


@dataclass(frozen=True, slots=True)
class Ready(Happening):
    """A peer process listens."""

    peer: str
    mspid: str
    pki_id: str
    endpoint: str
    pid: int


@dataclass(frozen=True, slots=True)
class Handshake(Happening):
    """Two peers accepted each other; ``ms`` is all of it, from TCP to the verdict."""

    initiator: str
    responder: str
    tls_version: str
    ms: float


@dataclass(frozen=True, slots=True)
class Acknowledged(Happening):
    """A message arrived and was acknowledged."""

    sender: str
    receiver: str


@dataclass(frozen=True, slots=True)
class Refused(Happening):
    """An impostor was refused: ``error`` is the class that it met, ``reason`` what the peer told it."""

    impostor: str
    by: str
    error: str
    reason: str


@dataclass(frozen=True, slots=True)
class Killed(Happening):
    """A peer process was killed with SIGKILL."""

    peer: str


@dataclass(frozen=True, slots=True)
class PresumedDead(Happening):
    """A peer noticed that another one is gone."""

    peer: str
    by: str


@dataclass(frozen=True, slots=True)
class Back(Happening):
    """A peer that was dead has been accepted by everybody again."""

    peer: str


@dataclass(frozen=True, slots=True)
class Summary(Happening):
    """The end, always last; ``failure`` says what went wrong where ``ok`` is false."""

    ok: bool
    handshakes: int
    acknowledged: int
    refused: int
    seconds: float
    failure: str | None
