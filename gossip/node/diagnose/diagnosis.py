"""What a diagnosis says: stages in order, and for the first that failed whose side it is and what to look at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gossip.errors import GossipError
from gossip.types import PkiId


class Stage(StrEnum):
    """What has to succeed, in order."""

    NAME = "name"
    TCP = "tcp"
    TLS = "tls"
    HTTP2 = "http2"
    PING = "ping"
    OWN_IDENTITY = "own_identity"
    CONN_ESTABLISH = "conn_establish"
    IDENTITY = "identity"
    BINDING = "tls_binding"
    SIGNATURE = "signature"
    EXPECTED = "expected_peer"
    VERDICT = "verdict"
    BUFFERS = "buffers"


class Outcome(StrEnum):
    """How a stage ended."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"
    """It was not come to, or not asked for."""


class Side(StrEnum):
    """Who has to change something."""

    OURS = "ours"
    THEIRS = "theirs"
    BETWEEN = "between"


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that may be behind a problem; ``rule`` is a stable name, ``look_at`` a file and line, key or log."""

    rule: str
    text: str
    look_at: str | None = None


Blame = tuple[Side, tuple[Cause, ...]]
"""Who has to change something, and why, with the likeliest first."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a stage failed; ``causes`` has the likeliest first, and is never empty."""

    side: Side
    error: GossipError
    causes: tuple[Cause, ...]


@dataclass(frozen=True, slots=True)
class StageReport:
    """One stage: how it ended, how long it took, and what was seen."""

    stage: Stage
    outcome: Outcome
    took_s: float | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All that was found out about one endpoint.

    Attributes:
        mspid, pki_id: What the peer claims to be; None where it was not heard.
        we_accept, they_accept: Each side's verdict on the other; None where it is not known.
    """

    endpoint: str
    stages: tuple[StageReport, ...]
    mspid: str | None = None
    pki_id: PkiId | None = None
    we_accept: bool | None = None
    they_accept: bool | None = None

    @property
    def first_failure(self) -> StageReport | None:
        """The first stage that failed; None when none did."""
        return next((report for report in self.stages if report.outcome is Outcome.FAILED), None)

    @property
    def told_failures(self) -> tuple[StageReport, ...]:
        """The first failure, and those behind it that are another matter, since each side may be wrong for itself."""
        failures = [report for report in self.stages if report.outcome is Outcome.FAILED]
        told = failures[:1]
        for report in failures[1:]:
            if report.stage in _INDEPENDENT and all(_is_another_matter(report, before) for before in told):
                told.append(report)
        return tuple(told)


_INDEPENDENT = (Stage.OWN_IDENTITY, Stage.IDENTITY, Stage.VERDICT)
"""What does not follow from the failures before it."""


def _is_another_matter(report: StageReport, before: StageReport) -> bool:
    if report.problem is None or before.problem is None:
        return False
    if report.problem.side is not before.problem.side:
        return True
    if before.stage is Stage.OWN_IDENTITY and report.stage is Stage.VERDICT:
        return False  # what we found wrong with us ourselves is what the peer minds
    return {cause.rule for cause in report.problem.causes}.isdisjoint(cause.rule for cause in before.problem.causes)


def passed(stage: Stage, took_s: float | None = None, facts: Mapping[str, str] | None = None) -> StageReport:
    """A stage that went well."""
    return StageReport(stage, Outcome.OK, took_s, facts or {})


def skipped(stage: Stage) -> StageReport:
    """A stage that was not come to."""
    return StageReport(stage, Outcome.SKIPPED)


def failed(
    stage: Stage,
    side: Side,
    error: GossipError,
    *causes: Cause,
    took_s: float | None = None,
    facts: Mapping[str, str] | None = None,
) -> StageReport:
    """A stage that failed."""
    return StageReport(stage, Outcome.FAILED, took_s, facts or {}, Problem(side, error, causes))
