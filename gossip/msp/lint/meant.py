"""Which of several certificates in signcerts is the one to keep, where enrolling again left those before it."""

from datetime import datetime

from gossip.msp.lint.folder import Folder, LintedCertificate
from gossip.msp.lint.kinds import is_for_tls

_MERITS = ("is not for TLS", "is in force", "was issued later")
"""What one certificate has over another that has a key as well, the weightiest first."""


def find_meant(folder: Folder, now: datetime) -> LintedCertificate | None:
    """The best certificate that there is a key for, of equals the first by name; None where there is no such key.

    A peer itself uses the first by name, whatever it is.
    """
    candidates = filter(folder.has_key_of, folder.in_folder("signcerts"))
    return max(candidates, key=lambda entry: _rank(entry, now), default=None)


def merit_over(meant: LintedCertificate, other: LintedCertificate, now: datetime) -> str:
    """What ``meant`` has over ``other``, which is worse."""
    ranks = zip(_MERITS, _rank(meant, now), _rank(other, now), strict=True)
    return next(merit for merit, one, another in ranks if one != another)


def _rank(entry: LintedCertificate, now: datetime) -> tuple[bool, bool, datetime]:
    certificate = entry.certificate
    is_in_force = certificate.not_before_at <= now <= certificate.not_after_at
    return not is_for_tls(certificate), is_in_force, certificate.not_before_at
