"""Judges what we bring to TLS ourselves: files that cannot be used, and what will go wrong with those that can."""

from collections.abc import Iterator
from pathlib import Path

from gossip.errors import ConfigurationError
from gossip.msp.lint.entries import ALLOW_READING
from gossip.node.diagnose.diagnosis import Cause
from gossip.node.diagnose.end_notice import find_end_notice
from gossip.node.diagnose.evidence import Evidence
from gossip.node.diagnose.judges.own import find_broken_organization
from gossip.node.diagnose.judges.own_certificate import trace_own_certification_path
from gossip.node.diagnose.judges.several import find_several
from gossip.node.diagnose.own_side import OwnSide
from gossip.node.diagnose.tls_fault import (
    describe_ca_before_own,
    describe_fault,
    describe_lost_link,
    describe_other_key,
)
from gossip.node.diagnose.tls_sources import TlsRole, role_of

_TOLD = ("cannot be read", "is larger than")
"""Of a file that is not read to its end the error has told everything but where a link leads."""


def judge_own_files(own: OwnSide, error: ConfigurationError) -> Cause:
    """Which of our TLS files cannot be used, and why?"""
    files = own.dial_tls
    if error.path is None or files is None:
        return Cause("own-tls-files", "a TLS file of ours cannot be used")
    path = Path(error.path)
    where = own.tls_file(files, path)
    role = role_of(files, path)
    if isinstance(error.__cause__, PermissionError):
        broken = find_broken_organization(own) if own.find_organization(error.path) is not None else None
        return broken or Cause("own-tls-files", f"{role.value} cannot be used: {ALLOW_READING}", where)
    fault = (
        describe_lost_link(path) if any(words in str(error) for words in _TOLD) else describe_fault(role, path, files)
    )
    text = f"{role.value} cannot be used" if fault is None else f"{role.value} cannot be used: it {fault}"
    if role is TlsRole.KEY and fault is not None:
        if fault == describe_ca_before_own(files):
            where = own.certificate_file()
        elif fault == describe_other_key(files):
            where += f"; {own.certificate_file()}"  # either may be of somebody else
    return Cause("own-tls-files", text, where)


def find_notices(evidence: Evidence) -> Iterator[str]:
    """What will go wrong, or goes wrong with others, while TLS stands here."""
    own, now = evidence.own, evidence.now
    several = find_several(evidence)
    if several is not None:
        yield f"not always the same answers here: {several}; a peer needs an endpoint of its own"
    yield from find_end_notice("the certificate", evidence.leaf, now)
    yield from find_end_notice("our certificate", own.client_leaf, now)
    for ca in trace_own_certification_path(own)[1:]:
        yield from find_end_notice(f"the TLS CA {ca.subject} of our certificate", ca, now)
    if own.server_leaf is not None and own.server_leaf != own.client_leaf:
        yield from find_end_notice("our server's certificate", own.server_leaf, now)
    for path in own.marked_files:
        yield f"{path} starts with a byte order mark, so a Fabric peer finds nothing in it"
