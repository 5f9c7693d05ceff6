"""Judges what we bring to TLS ourselves: files that cannot be used, and a certificate that the peer refuses."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from gossip.errors import ConfigurationError
from gossip.msp.tls_facts import TlsCertificate, find_missing_purposes
from gossip.node.diagnose.diagnosis import Cause, Side
from gossip.node.diagnose.evidence import Evidence
from gossip.node.diagnose.judge_certificate import at
from gossip.node.diagnose.judge_issuer import find_identity_issuer
from gossip.node.diagnose.own_side import OwnSide
from gossip.node.diagnose.tls_fault import describe_ca_before_own, describe_fault
from gossip.node.diagnose.tls_sources import TlsRole, find_role

EXPIRY_NOTICE = timedelta(days=30)

_CANNOT_BE_READ = "cannot be read"
"""Of a file that is not there, or may not be read, the error has told everything."""

THEIR_ROOTS = "their peer.tls.clientRootCAs.files, and the tls_root_certs of our organisation in their channels"


def judge_own_files(own: OwnSide, error: ConfigurationError) -> Cause:
    """Which of our TLS files cannot be used, and why?"""
    files = own.dial_tls
    if error.path is None or files is None:
        return Cause("own-tls-files", "a TLS file of ours cannot be used")
    path = Path(error.path)
    role = find_role(files, path)
    fault = None if _CANNOT_BE_READ in str(error) else describe_fault(role, path, files)
    text = f"{role.value} cannot be used" if fault is None else f"{role.value} cannot be used: it {fault}"
    is_behind_ca = role is TlsRole.KEY and fault is not None and fault == describe_ca_before_own(files)
    return Cause("own-tls-files", text, own.certificate_file() if is_behind_ca else own.tls_file(error.path))


def judge_own_certificate(evidence: Evidence) -> tuple[Side, tuple[Cause, ...]]:
    """Why did the peer refuse it?"""
    leaf, alert = evidence.own.client_leaf, evidence.alert
    if leaf is None:
        where = evidence.own.certificate_file()
        return Side.OURS, (Cause("no-client-certificate", "the peer wants a certificate of ours", where),)
    ours = _find_own_fault(evidence, leaf)
    if ours is not None:
        return Side.OURS, (ours,)
    unknown = Cause(
        "tls-ca-unknown-to-them",
        f"they do not have {leaf.issuer}, the TLS CA that issued our certificate {leaf.subject} (alert: {alert})",
        THEIR_ROOTS,
    )
    clock = Cause("their-clock", "their clock is wrong, so that certificates end early there", "their machine's clock")
    if alert == "certificate expired":
        return Side.THEIRS, (clock, unknown)
    return Side.THEIRS, (unknown, *_own_chain(evidence.own, leaf))


def _find_own_fault(evidence: Evidence, leaf: TlsCertificate) -> Cause | None:
    alert, where = evidence.alert, evidence.own.certificate_file()
    if leaf.not_after_at < evidence.now:
        text = f"our TLS certificate {leaf.subject} ended at {at(leaf.not_after_at)}: renew it"
        return Cause("own-tls-expired", text, where)
    if leaf.not_before_at > evidence.now:
        text = f"our TLS certificate {leaf.subject} begins at {at(leaf.not_before_at)}, which is still to come"
        return Cause("own-tls-not-yet-valid", text, f"this machine's clock, then {where}")
    if leaf.certificate.is_signed_by(leaf.certificate):
        text = f"our TLS certificate {leaf.subject} is self-signed: have a TLS CA issue it (alert: {alert})"
        return Cause("own-tls-self-signed", text, where)
    mspid = find_identity_issuer(evidence, leaf)
    if mspid is not None and alert != "certificate expired":
        text = f"our TLS certificate was issued by {leaf.issuer}, a CA of {mspid} for identities: TLS has its own CAs"
        return Cause("identity-ca", text, where)
    if "client" in find_missing_purposes(leaf.certificate) and alert != "unknown ca":
        text = (
            f"our TLS certificate {leaf.subject} may not be used by clients: have it issued for serverAuth and "
            f"clientAuth, since a gossip peer is both (alert: {alert})"
        )
        return Cause("tls-usage", text, where)
    return None


def _own_chain(own: OwnSide, leaf: TlsCertificate) -> Iterator[Cause]:
    """What may be wrong with our certificate's issuer, which we can tell apart only where we have it."""
    where = own.certificate_file()
    has_issuer = any(leaf.certificate.is_signed_by(ca) for root in own.roots for ca in root.certificates)
    if own.presents_leaf_alone and not has_issuer:
        text = (
            f"{leaf.issuer} is an intermediate CA, and we send our own certificate alone: the file must hold that of "
            "the intermediate behind it"
        )
        yield Cause("own-tls-intermediate-not-sent", text, where)
    text = (
        f"our certificate was issued by another TLS CA than our organisation has given to its channels: {leaf.issuer}"
    )
    yield Cause("own-tls-ca", text, where)


def find_notices(evidence: Evidence) -> Iterator[str]:
    """What will go wrong, or goes wrong with others, while TLS stands here."""
    own, now = evidence.own, evidence.now
    yield from _end_notice("the certificate", evidence.leaf, now)
    yield from _end_notice("our certificate", own.client_leaf, now)
    if own.server_leaf is not None and own.server_leaf != own.client_leaf:
        yield from _end_notice("our server's certificate", own.server_leaf, now)
    for path in own.marked_files:
        yield f"{path} begins with a byte order mark, behind which a Fabric peer finds nothing"


def _end_notice(name: str, leaf: TlsCertificate | None, now: datetime) -> Iterator[str]:
    if leaf is None:
        return
    if leaf.not_after_at < now:
        yield f"{name} ended at {at(leaf.not_after_at)}"
    elif leaf.not_before_at > now:
        yield f"{name} begins at {at(leaf.not_before_at)}, which is still to come"
    elif leaf.not_after_at - now < EXPIRY_NOTICE:
        yield f"{name} ends at {at(leaf.not_after_at)}"
