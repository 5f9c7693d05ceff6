"""Judges the TLS certificate that the peer presents, where we refuse it."""

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise

from gossip.msp.certificate import Certificate
from gossip.msp.chain_fault import find_limit_fault
from gossip.msp.tls_facts import TlsCertificate, find_misnamed_issuer, find_missing_purposes, find_weak_key
from gossip.node.diagnose.diagnosis import Blame, Cause, Side
from gossip.node.diagnose.evidence import Evidence
from gossip.node.diagnose.judges.issuer import THEIR_FILE, Blamed, judge_missing_issuer
from gossip.node.diagnose.judges.openssl import judge_by_openssl, judge_other_way
from gossip.node.diagnose.judges.unspecified import find_unspecified_address
from gossip.shown import shown_time

UNVERIFIABLE = "tls-unverifiable"
"""The cause where nothing is found that is wrong with what was seen."""
_CONSTRAINED = range(47, 54)
_WEAK_KEY, _WEAK_KEY_OF_CA = 66, 67
"""OpenSSL's X509_V_ERR codes of names that are not allowed, and of short keys."""


def judge_their_certificate(evidence: Evidence) -> Blame:
    """Why did we refuse it? What can be seen comes before what can only be guessed."""
    leaf = evidence.looked.leaf
    if leaf is None:
        text = "the peer's certificate was refused for what the error above says, and cannot be inspected"
        if evidence.looked.unreadable is not None:
            text += f": {evidence.looked.unreadable}"
        return Side.THEIRS, (Cause(UNVERIFIABLE, text, THEIR_FILE),)
    certain = [*_weak_signature(evidence), *_out_of_date(evidence.now, leaf), *_out_of_date_issuers(evidence)]
    found = [(Side.THEIRS, cause) for cause in certain]
    if evidence.looked.missing_issuer is not None and evidence.looked.certification_path[-1].weak_hash is None:
        found += [*judge_other_way(evidence), *judge_missing_issuer(evidence, leaf, evidence.looked.missing_issuer)]
    found += [(Side.THEIRS, cause) for cause in _wrong_purpose(evidence)]
    found += _other_host(evidence, leaf)
    found += [(Side.THEIRS, cause) for cause in _misnamed_issuers(evidence)]
    broken = (Side.THEIRS, _broken_chain(evidence, leaf))
    found = found or [*judge_by_openssl(evidence, leaf), broken][:1]
    return found[0][0], tuple(cause for _, cause in found)


def _broken_chain(evidence: Evidence, leaf: TlsCertificate) -> Cause:
    path = evidence.looked.certification_path
    fault = find_limit_fault(path)
    if fault is not None:
        where = evidence.own.holder_or(fault.certificate, THEIR_FILE)
        return Cause(UNVERIFIABLE, f"{fault.problem}: {fault.remedy}", where)
    constrains = next((ca for ca in path[1:] if ca.has_name_constraints), None)
    if constrains is not None and evidence.verify_code in _CONSTRAINED:
        text = (
            f"the TLS CA {constrains.subject} constrains the names of what is issued below it, and one of "
            f"{leaf.subject} is not allowed: have it issued for other names, or by a CA that allows them"
        )
        return Cause("tls-name-constraints", text, evidence.own.holder_or(constrains, THEIR_FILE))
    weak = find_weak_key(path[1:] if evidence.verify_code == _WEAK_KEY_OF_CA else path[:1])
    if weak is not None and evidence.verify_code in (_WEAK_KEY, _WEAK_KEY_OF_CA):
        text = (
            f"the RSA key of {weak.subject} has fewer than 2,048 bits, which OpenSSL does not take: have it made anew"
        )
        return Cause("tls-weak-key", text, evidence.own.holder_or(weak, THEIR_FILE))
    names = ", ".join(each.subject for each in path)
    text = f"one of {names} breaks a rule of X.509, which the error above names"
    return Cause(UNVERIFIABLE, text, THEIR_FILE)


def _weak_signature(evidence: Evidence) -> Iterator[Cause]:
    """Of the last on the path: nothing is taken for its issuer's signature."""
    top = evidence.looked.certification_path[-1]
    if evidence.looked.missing_issuer is not None and top.weak_hash is not None:
        text = (
            f"the certificate of {top.subject} is signed with {top.weak_hash}, which is too weak for TLS: have "
            "it issued again with SHA-256"
        )
        yield Cause("tls-weak-signature", text, THEIR_FILE)


def _out_of_date(now: datetime, leaf: TlsCertificate) -> Iterator[Cause]:
    if leaf.not_after_at < now:
        text = f"the certificate of {leaf.subject} ended at {shown_time(leaf.not_after_at)}: it must be renewed"
        yield Cause("tls-expired", text, THEIR_FILE)
    if leaf.not_before_at > now:
        text = f"the certificate of {leaf.subject} begins at {shown_time(leaf.not_before_at)}, which is in the future"
        yield Cause("tls-not-yet-valid", text, f"this machine's clock, then {THEIR_FILE}")


def _out_of_date_issuers(evidence: Evidence) -> Iterator[Cause]:
    """CAs that are over, or are still to begin; what they issued holds no longer than they do."""
    for below, ca in pairwise(evidence.looked.certification_path):
        where = evidence.own.holder_or(ca, THEIR_FILE)
        named = f"the TLS CA {ca.subject}, which issued the certificate of {below.subject},"
        if ca.not_after_at < evidence.now:
            mend = "we need the new one" if evidence.own.holders(ca) else "the peer must send the new one"
            text = f"{named} ended at {shown_time(ca.not_after_at)}: its organisation must renew it, and {mend}"
            yield Cause("tls-ca-expired", text, where)
        if ca.not_before_at > evidence.now:
            text = f"{named} begins at {shown_time(ca.not_before_at)}, which is in the future"
            yield Cause("tls-ca-not-yet-valid", text, f"this machine's clock, then {where}")


def _other_host(evidence: Evidence, leaf: TlsCertificate) -> Iterator[Blamed]:
    if leaf.is_for(evidence.host):
        return
    unspecified = find_unspecified_address(evidence)
    yield (Side.THEIRS, _not_for(evidence, leaf)) if unspecified is None else (Side.OURS, unspecified)


def _not_for(evidence: Evidence, leaf: TlsCertificate) -> Cause:
    host = evidence.host
    again = "have it issued again with that name (SANS, --csr.hosts)"
    names = ", ".join(map(str, leaf.names))
    if leaf.has_as_dns_name(host):
        why = f"is for {names}: {host} stands there as a DNS name; have it issued again with the address IP:{host}"
    elif leaf.has_odd_wildcard_for(host):
        why = (
            f"is for {names}: OpenSSL takes a wildcard with two labels behind it, for letters, digits and hyphens "
            f"alone; {again}"
        )
    elif leaf.names:
        why = f"is for {names}: dial one of those, or {again}"
    else:
        why = f"has no alternative names, and its common name does not count: {again}"
    text = f"{host} was dialled, and the certificate of {leaf.subject} {why}"
    return Cause("host-name", text, f"{THEIR_FILE}, and the endpoint that was dialled{evidence.named}")


def _misnamed_issuers(evidence: Evidence) -> Iterator[Cause]:
    """A CA that signed a certificate and is not the one that it names is none to OpenSSL."""
    path = evidence.looked.certification_path
    for each in path:
        signers = [ca for ca in (*evidence.own.tls_cas, *path) if ca != each and each.is_signed_by(ca)]
        misnamed = [find_misnamed_issuer(each, ca) for ca in signers]
        if each in evidence.own.tls_cas or not signers or None in misnamed:
            continue
        whose = "our " if signers[0] in evidence.own.tls_cas else ""
        text = (
            f"{whose}{each.issuer} signed the certificate of {each.subject}, but has {misnamed[0]}: have it issued "
            "again, or take the certificate of the CA that it was issued by"
        )
        yield Cause("tls-key-id", text, f"{THEIR_FILE}, then our copy of its TLS CA")


def _wrong_purpose(evidence: Evidence) -> Iterator[Cause]:
    leaf, *cas = evidence.looked.certification_path
    if "server" in find_missing_purposes(leaf):
        text = (
            f"the certificate of {leaf.subject} may not be used by servers: it must be issued for serverAuth and "
            "clientAuth, since a gossip peer is both"
        )
        yield Cause("tls-usage", text, THEIR_FILE)
    for ca in cas:
        if "server" in find_missing_purposes(ca):
            yield Cause("tls-usage", ca_without("server", ca), evidence.own.holder_or(ca, THEIR_FILE))


def ca_without(purpose: str, ca: Certificate) -> str:
    """That a CA's extended key usages leave out a side of TLS, and all that it issued with it."""
    return (
        f"the TLS CA {ca.subject} has extended key usages without {purpose}Auth, so nothing that it issued is for "
        f"{purpose}s: have it issued again over its key, with serverAuth and clientAuth among them or without any"
    )


def shown_key_id(key_id: bytes | None) -> str:
    """What tells a CA from others of its name, for texts, behind the name; nothing where it has none."""
    return f" (subject key id {key_id.hex()})" if key_id is not None else ""
