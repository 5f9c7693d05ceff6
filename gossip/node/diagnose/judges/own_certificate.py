"""Judges our own TLS certificate, where the peer refuses it: an alert is all that it says."""

from collections.abc import Iterator
from itertools import pairwise

from gossip.msp.certificate import Certificate
from gossip.msp.chain_fault import find_limit_fault
from gossip.msp.tls_facts import (
    TlsCertificate,
    find_issuer_key_id,
    find_misnamed_issuer,
    find_missing_purposes,
    is_for_any_usage_alone,
    lacks_digital_signature,
)
from gossip.msp.tls_path import MissingIssuer, find_missing_issuer, trace_certification_path
from gossip.node.diagnose.diagnosis import Blame, Cause, Side
from gossip.node.diagnose.evidence import Evidence
from gossip.node.diagnose.judges.certificate import ca_without, shown_key_id
from gossip.node.diagnose.judges.issuer import find_identity_issuer
from gossip.node.diagnose.own_side import OwnSide
from gossip.node.diagnose.tls_content import find_broken_certificate
from gossip.shown import shown_time

THEIR_ROOTS = "their peer.tls.clientRootCAs.files, and the tls_root_certs of our organisation in their channels"

_EXPIRED = "certificate expired"
_UNSUPPORTED = "unsupported certificate"
_OF_NAMES = ("bad certificate", "certificate unknown")
"""What Go and OpenSSL say where names are not allowed, and of other things."""


def judge_own_certificate(evidence: Evidence) -> Blame:
    """Why did the peer refuse it? What can be seen comes before what can only be guessed."""
    own, leaf, alert = evidence.own, evidence.own.client_leaf, evidence.alert
    unreadable = find_unreadable(own)
    if unreadable is not None:
        return Side.OURS, (unreadable,)
    if leaf is None:
        cause = Cause("no-client-certificate", "the peer wants a certificate of ours", own.certificate_file())
        return Side.OURS, (cause,)
    missing = find_missing_issuer([each.der for each in own.presented], own.tls_cas)
    ended = [*_out_of_date(evidence, leaf), *_out_of_date_issuers(evidence)]
    wrong = [*_wrong(evidence, leaf), *_wrong_chain(own, missing)]
    is_explained = bool(wrong) or (bool(ended) and alert == _EXPIRED)
    certain = [*ended, *wrong]
    if not is_explained and alert != _EXPIRED:
        certain += _other_issuer(own, leaf, missing)
    certain += _misnamed_issuers(evidence)
    guesses = () if is_explained else _guesses(evidence, leaf, missing)
    told = {cause.rule for cause in certain}
    causes = (*certain, *(guess for guess in guesses if guess.rule not in told))
    return (Side.OURS if certain else Side.THEIRS), causes


def find_unreadable(own: OwnSide) -> Cause | None:
    """What OpenSSL presents for us and Go does not read: a Fabric peer refuses it, whoever issued it."""
    files = own.dial_tls
    found = find_broken_certificate(files.certificate) if files is not None else None
    if found is None:
        return None
    number, reason = found
    which = "our TLS certificate" if number == 1 else f"certificate {number} of those that we present"
    text = f"a Fabric peer cannot read {which}: {reason}; have it issued again without that"
    return Cause("own-tls-unreadable", text, own.certificate_file())


def judge_decode_error(own: OwnSide) -> Cause:
    """What did Go not read? Nothing of ours but certificates is written by anybody but OpenSSL."""
    cause = find_unreadable(own)
    if cause is not None:
        return cause
    for root in own.roots:
        found = find_broken_certificate(root.path)
        if found is not None:
            text = f"a Fabric peer cannot read certificate {found[0]} of our TLS CAs, which may go along with ours"
            return Cause("own-tls-unreadable", f"{text}: {found[1]}", str(root))
    text = (
        "the peer cannot read a certificate that we present: a Fabric peer's log says what is wrong with it, behind "
        "'failed to parse client certificate'"
    )
    return Cause("own-tls-unreadable", text, f"the peer's log at that time, then {own.certificate_file()}")


def trace_own_certification_path(own: OwnSide) -> tuple[Certificate, ...]:
    """Our certificate and the CAs above it, as far as we have them; none without TLS."""
    return trace_certification_path([each.der for each in own.presented], own.tls_cas) if own.presented else ()


def _out_of_date(evidence: Evidence, leaf: TlsCertificate) -> Iterator[Cause]:
    where = evidence.own.certificate_file()
    if leaf.not_after_at < evidence.now:
        text = f"our TLS certificate {leaf.subject} ended at {shown_time(leaf.not_after_at)}: renew it"
        yield Cause("own-tls-expired", text, where)
    if leaf.not_before_at > evidence.now:
        text = f"our TLS certificate {leaf.subject} begins at {shown_time(leaf.not_before_at)}, which is in the future"
        yield Cause("own-tls-not-yet-valid", text, f"this machine's clock, then {where}")


def _out_of_date_issuers(evidence: Evidence) -> Iterator[Cause]:
    own = evidence.own
    for below, ca in pairwise(trace_own_certification_path(own)):
        where = own.holder_or(ca, own.certificate_file())
        named = f"the TLS CA {ca.subject}, which issued our certificate {below.subject},"
        if ca.not_after_at < evidence.now:
            text = (
                f"{named} ended at {shown_time(ca.not_after_at)}: our organisation must renew it, and every peer needs "
                "the new one"
            )
            yield Cause("own-tls-ca-expired", text, where)
        if ca.not_before_at > evidence.now:
            text = f"{named} begins at {shown_time(ca.not_before_at)}, which is in the future"
            yield Cause("own-tls-ca-not-yet-valid", text, f"this machine's clock, then {where}")


def _wrong(evidence: Evidence, leaf: TlsCertificate) -> Iterator[Cause]:
    """What no peer takes that minds it as this alert says."""
    alert, where = evidence.alert, evidence.own.certificate_file()
    if leaf.certificate.weak_hash is not None:
        text = (
            f"our TLS certificate {leaf.subject} is signed with {leaf.certificate.weak_hash}, which is too "
            "weak for TLS: have it issued again with SHA-256"
        )
        yield Cause("own-tls-weak-signature", text, where)
    if leaf.certificate.is_signed_by(leaf.certificate):
        text = f"our TLS certificate {leaf.subject} is self-signed: have a TLS CA issue it (alert: {alert})"
        yield Cause("own-tls-self-signed", text, where)
    if alert != _EXPIRED:
        yield from _broken_chain(evidence.own)
    mspid = find_identity_issuer(evidence, leaf)
    if mspid is not None and alert != _EXPIRED:
        text = f"our TLS certificate was issued by {leaf.issuer}, a CA of {mspid} for identities: TLS has its own CAs"
        yield Cause("identity-ca", text, where)
    yield from _wrong_purpose(evidence, leaf)


def _wrong_purpose(evidence: Evidence, leaf: TlsCertificate) -> Iterator[Cause]:
    own, alert, where = evidence.own, evidence.alert, evidence.own.certificate_file()
    if alert == "unknown ca":
        return
    if "client" in find_missing_purposes(leaf.certificate):
        text = (
            f"our TLS certificate {leaf.subject} may not be used by clients: have it issued for serverAuth and "
            f"clientAuth, since a gossip peer is both (alert: {alert})"
        )
        yield Cause("tls-usage", text, where)
    for ca in trace_own_certification_path(own)[1:]:
        if "client" in find_missing_purposes(ca):
            yield Cause("tls-usage", ca_without("client", ca), own.holder_or(ca, where))
    if alert != _UNSUPPORTED:
        return
    for each in own.presented:
        if is_for_any_usage_alone(each, "client"):
            text = (
                f"the certificate of {each.subject}, which we present, is for any extended key usage: a peer with "
                "OpenSSL takes it where it lists it in place of its CA; have it issued for serverAuth and clientAuth"
            )
            yield Cause("tls-usage", text, where)
    if lacks_digital_signature(leaf.certificate):
        text = (
            f"our TLS certificate {leaf.subject} has key usages without digital signature, which a peer with OpenSSL "
            "wants: have it issued again, with digitalSignature among them"
        )
        yield Cause("tls-usage", text, where)


def _broken_chain(own: OwnSide) -> Iterator[Cause]:
    fault = find_limit_fault(trace_own_certification_path(own))
    if fault is not None:
        where = own.holder_or(fault.certificate, own.certificate_file())
        text = f"no peer takes our TLS certificate: {fault.problem}; {fault.remedy}"
        yield Cause("own-tls-broken-chain", text, where)


def _wrong_chain(own: OwnSide, missing: MissingIssuer | None) -> Iterator[Cause]:
    if missing is not None and missing.presented_namesake is not None:
        text = (
            f"our TLS certificate {missing.certificate} was not signed with the key of the {missing.issuer} "
            "behind it in its file, which is the intermediate CA of another generation"
        )
        yield Cause("own-tls-intermediate-outdated", text, own.certificate_file())


def _other_issuer(own: OwnSide, leaf: TlsCertificate, missing: MissingIssuer | None) -> Iterator[Cause]:
    """None of the CAs that we know by the issuer's name did it, or none of our organisation."""
    if missing is not None and missing.namesake is not None:
        yield _other_generation(own, missing, missing.namesake)
        return
    cas = own.own_tls_cas
    foreign = find_missing_issuer([each.der for each in own.presented], cas) if cas else None
    if foreign is not None and foreign.namesake is None:
        names = ", ".join(dict.fromkeys(ca.subject for ca in cas))
        text = (
            f"our TLS certificate {leaf.subject} was issued by {leaf.issuer}, and by none of our own TLS CAs "
            f"({names}): name the certificate that one of those issued, and its key"
        )
        yield Cause("own-tls-ca", text, own.certificate_file())


def _other_generation(own: OwnSide, missing: MissingIssuer, namesake: Certificate) -> Cause:
    text = (
        f"our TLS certificate {missing.certificate} was not signed with the key of our "
        f"{missing.issuer}{shown_key_id(namesake.key_id)}: the certificate and the CA's file are of two "
        "generations; have the certificate issued again, or give every peer the newer CA"
    )
    return Cause("own-tls-generations", text, f"{own.certificate_file()}; {own.shown_holders(namesake)}")


def _misnamed_issuers(evidence: Evidence) -> Iterator[Cause]:
    """A peer with OpenSSL does not find a CA by the wrong name; a Fabric peer does."""
    own = evidence.own
    for below, ca in pairwise(trace_own_certification_path(own)):
        misnamed = find_misnamed_issuer(below, ca)
        if misnamed is not None and evidence.alert == "unknown ca":
            text = (
                f"{ca.subject} signed our certificate {below.subject}, but has {misnamed}: a peer with OpenSSL does "
                "not find it; have the certificate issued again"
            )
            yield Cause("tls-key-id", text, own.certificate_file())


def _guesses(evidence: Evidence, leaf: TlsCertificate, missing: MissingIssuer | None) -> Iterator[Cause]:
    if evidence.alert == _EXPIRED:
        yield Cause(
            "their-clock", "their clock is wrong, so that certificates end early there", "their machine's clock"
        )
        yield _unknown_to_them(evidence)
        return
    own, where = evidence.own, evidence.own.certificate_file()
    constrains = next((ca for ca in trace_own_certification_path(own)[1:] if ca.has_name_constraints), None)
    if constrains is not None and evidence.alert in _OF_NAMES:
        text = (
            f"the TLS CA {constrains.subject} constrains the names of what is issued below it, and one of "
            f"{leaf.subject} may not be allowed"
        )
        yield Cause("own-tls-name-constraints", text, f"{where}, and {own.holder_or(constrains, 'the CA above it')}")
    yield _unknown_to_them(evidence)
    if len(own.presented) == 1 and missing is not None and missing.namesake is None:
        text = (
            f"if {leaf.issuer} is an intermediate CA, it must be sent, but we send only our own certificate: "
            "the file must hold that of the intermediate after it"
        )
        yield Cause("own-tls-intermediate-not-sent", text, where)
    text = (
        f"our certificate was issued by another TLS CA than our organisation has given to its channels: {leaf.issuer}"
    )
    yield Cause("own-tls-ca", text, where)


def _unknown_to_them(evidence: Evidence) -> Cause:
    """The CA above what we send, which a peer has to have."""
    own = evidence.own
    last = trace_certification_path([each.der for each in own.presented], ())[-1]
    key_id = next((ca.key_id for ca in own.tls_cas if last.is_signed_by(ca)), None) or find_issuer_key_id(last)
    text = (
        f"they do not have {last.issuer}{shown_key_id(key_id)}, the TLS CA that issued our certificate {last.subject}, "
        f"or have one of that name with another key (alert: {evidence.alert})"
    )
    return Cause("tls-ca-unknown-to-them", text, THEIR_ROOTS)
