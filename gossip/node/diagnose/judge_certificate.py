"""Judges the TLS certificate that the peer presents, where we refuse it."""

from collections.abc import Iterator
from datetime import datetime

from gossip.msp.issuers import find_mspids_of_issuer, find_tls_issuing_mspids
from gossip.msp.tls_facts import TlsCertificate, find_issuer_key_id, find_missing_purposes
from gossip.node.diagnose.diagnosis import Cause, Side
from gossip.node.diagnose.evidence import Evidence


def judge_their_certificate(evidence: Evidence) -> tuple[Side, tuple[Cause, ...]]:
    """Why did we refuse it?"""
    leaf, missing = evidence.looked.leaf, evidence.looked.missing_issuer
    if leaf is None:
        return Side.THEIRS, (Cause("tls-unverifiable", "the peer's certificate was refused, and cannot be looked at"),)
    causes: list[Cause] = []
    side = Side.THEIRS
    mspid = find_identity_issuer(evidence, leaf)
    if missing is not None and mspid is not None:
        text = f"their TLS certificate was issued by {leaf.issuer}, a CA of {mspid} for identities: TLS has its own CAs"
        causes.append(Cause("identity-ca", text, "the peer's peer.tls.cert.file"))
    elif missing is not None and leaf.certificate.is_signed_by(leaf.certificate):
        causes.append(_self_signed(leaf))
    elif missing is not None:
        side = Side.OURS
        causes += _unknown_issuer(evidence, leaf)
    causes += [*_out_of_date(evidence.now, leaf), *_expired_issuers(evidence, leaf), *_wrong_purpose(leaf)]
    causes += [*_other_host(evidence.host, leaf), *_other_key_id(evidence, leaf)]
    unclear = Cause(
        "tls-unverifiable",
        f"the chain of {leaf.subject} breaks a rule of X.509, which the error above names",
        "the peer's peer.tls.cert.file",
    )
    return side, tuple(causes) or (unclear,)


def _self_signed(leaf: TlsCertificate) -> Cause:
    text = (
        f"the certificate of {leaf.subject} is self-signed, and no TLS CA issued it: a proxy or ingress answers in the "
        "peer's place with one that it made for want of another, or the peer's file is a wrong one"
    )
    return Cause("tls-self-signed", text, "the proxy or ingress in front of the peer, then its peer.tls.cert.file")


def _unknown_issuer(evidence: Evidence, leaf: TlsCertificate) -> Iterator[Cause]:
    missing = evidence.looked.missing_issuer
    assert missing is not None  # the caller has looked
    if missing.namesake is not None:
        holders = [str(root) for root in evidence.own.roots if missing.namesake in root.certificates]
        text = (
            f"{missing.certificate} was signed by another key than that of our {missing.issuer}: the organisation's "
            "TLS CA was made anew, and we have the old one"
        )
        yield Cause("tls-ca-outdated-here", text, ", ".join(holders))
        return
    text = (
        f"{missing.issuer}, which issued {missing.certificate}, is in none of our TLS CA files: add its certificate, "
        "which its organisation has in msp/tlscacerts"
    )
    yield Cause("tls-ca-unknown-here", text, evidence.own.root_files())
    if evidence.looked.presented == 1 and leaf.subject != leaf.issuer:
        text = (
            f"{missing.issuer} is an intermediate CA, and the peer sends its own certificate alone: the file must hold "
            "that of the intermediate behind it"
        )
        yield Cause("tls-intermediate-not-sent", text, "the peer's peer.tls.cert.file")


def find_identity_issuer(evidence: Evidence, leaf: TlsCertificate) -> str | None:
    """The organisation that has the leaf's issuer among its CAs of identities, and not among those of TLS."""
    msps = evidence.own.registry.msps if evidence.own.registry is not None else ()
    owners = find_mspids_of_issuer(msps, leaf.certificate)
    return owners[0] if owners and not find_tls_issuing_mspids(msps, leaf.certificate) else None


def _out_of_date(now: datetime, leaf: TlsCertificate) -> Iterator[Cause]:
    if leaf.not_after_at < now:
        text = f"the certificate of {leaf.subject} ended at {at(leaf.not_after_at)}: it must be renewed"
        yield Cause("tls-expired", text, "the peer's peer.tls.cert.file")
    if leaf.not_before_at > now:
        text = f"the certificate of {leaf.subject} begins at {at(leaf.not_before_at)}, which is still to come"
        yield Cause("tls-not-yet-valid", text, "this machine's clock, then the peer's peer.tls.cert.file")


def _expired_issuers(evidence: Evidence, leaf: TlsCertificate) -> Iterator[Cause]:
    """CAs that we have and that are over; what they issued ends with them, whatever stands in it."""
    for root in evidence.own.roots:
        for ca in root.certificates:
            if ca.not_after_at < evidence.now and leaf.certificate.is_signed_by(ca):
                text = (
                    f"the TLS CA {ca.subject}, which issued the certificate of {leaf.subject}, ended at "
                    f"{at(ca.not_after_at)}: its organisation must renew it, and we need the new one"
                )
                yield Cause("tls-ca-expired", text, str(root))


def _other_host(host: str, leaf: TlsCertificate) -> Iterator[Cause]:
    if leaf.is_for(host):
        return
    again = "have it issued again with that name (SANS, --csr.hosts)"
    names = ", ".join(map(str, leaf.names))
    if leaf.has_as_dns_name(host):
        why = f"is for {names}: {host} stands there as a DNS name; have it issued again with the address IP:{host}"
    elif leaf.names:
        why = f"is for {names}: dial one of those, or {again}"
    else:
        why = f"has no alternative names, and its common name does not count: {again}"
    text = f"{host} was dialled, and the certificate of {leaf.subject} {why}"
    yield Cause("host-name", text, "the peer's peer.tls.cert.file, and the endpoint that was dialled")


def _other_key_id(evidence: Evidence, leaf: TlsCertificate) -> Iterator[Cause]:
    """A CA that signed the leaf and has another key identifier than the leaf names is none to OpenSSL."""
    named = find_issuer_key_id(leaf.certificate)
    issuers = [ca for root in evidence.own.roots for ca in root.certificates if leaf.certificate.is_signed_by(ca)]
    if named is None or not issuers or any(ca.key_id in (None, named) for ca in issuers):
        return
    ours = (issuers[0].key_id or b"").hex()
    text = (
        f"our {leaf.issuer} signed the certificate of {leaf.subject}, but has the key identifier {ours} where that one "
        f"names {named.hex()}: have it issued again, or take the certificate of the CA that it was issued by"
    )
    yield Cause("tls-key-id", text, "the peer's peer.tls.cert.file, then our copy of its TLS CA")


def _wrong_purpose(leaf: TlsCertificate) -> Iterator[Cause]:
    if "server" in find_missing_purposes(leaf.certificate):
        text = (
            f"the certificate of {leaf.subject} may not be used by servers: it must be issued for serverAuth and "
            "clientAuth, since a gossip peer is both"
        )
        yield Cause("tls-usage", text, "the peer's peer.tls.cert.file")


def at(moment: datetime) -> str:
    """A moment, for texts."""
    return f"{moment:%Y-%m-%d %H:%M:%SZ}"
