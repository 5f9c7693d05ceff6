"""What the lint says: which files there are, and what is wrong with them."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class Severity(Enum):
    """How bad it is."""

    ERROR = "error"
    """A peer refuses the folder, or other peers refuse the identity."""
    WARNING = "warning"
    """It works today, or only a part of it does not."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    ``file`` is relative to the folder, with ``:LINE`` where a line is at fault. ``rule`` is a stable name. ``problem``
    says what is wrong, ``remedy`` what to do.
    """

    file: str
    rule: str
    severity: Severity
    problem: str
    remedy: str


@dataclass(frozen=True, slots=True)
class FileFacts:
    """One file: what it is read as, and whose it is and when it holds where it is a certificate or CRL."""

    file: str
    role: str
    subject: str | None = None
    not_before_at: datetime | None = None
    not_after_at: datetime | None = None


def error(file: str, rule: str, problem: str, remedy: str) -> Finding:
    """Make a finding that keeps a peer from working."""
    return Finding(file, rule, Severity.ERROR, problem, remedy)


def warning(file: str, rule: str, problem: str, remedy: str) -> Finding:
    """Make a finding that does not, yet."""
    return Finding(file, rule, Severity.WARNING, problem, remedy)
