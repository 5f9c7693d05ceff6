"""Judges the peer's ConnEstablish: who it says it is, whose certificate that is, and what it is bound to."""

from gossip.errors import IdentityRevokedError, PeerSilentError, TlsBindingError, WrongPeerError
from gossip.msp.certificate import Certificate
from gossip.msp.chain_fault import find_chain_fault
from gossip.msp.claim import Claim, shown_mspid
from gossip.msp.membership import Msp
from gossip.node.diagnose.diagnosis import Blame, Cause, Outcome, Side, Stage, StageReport, failed, passed, skipped
from gossip.node.diagnose.end_notice import find_end_notice
from gossip.node.diagnose.evidence import Evidence, Theirs
from gossip.node.diagnose.judges.role import judge_role
from gossip.node.diagnose.judges.several import blame_several
from gossip.node.diagnose.judges.stranger import judge_stranger
from gossip.node.diagnose.seen_by_peer import has_seen_another
from gossip.shown import shown_time

_ORDER = (Stage.CONN_ESTABLISH, Stage.IDENTITY, Stage.BINDING, Stage.SIGNATURE, Stage.EXPECTED)


def judge_conn_establish(evidence: Evidence) -> StageReport:
    """Did it say who it is?"""
    error, took_s = evidence.errors.get(Stage.CONN_ESTABLISH), evidence.took_s.get(Stage.CONN_ESTABLISH)
    if error is not None:
        silent = Cause("handshake-hangs", "the peer hangs after Ping, or waits for another message", "the peer's log")
        odd = Cause(
            "no-conn-establish", "what answers is not a gossip peer, or speaks another protocol version", "its version"
        )
        causes = (silent, odd) if isinstance(error, PeerSilentError) else (odd,)
        return failed(Stage.CONN_ESTABLISH, Side.THEIRS, error, *causes, took_s=took_s)
    theirs = evidence.theirs
    if theirs is None:
        return skipped(Stage.CONN_ESTABLISH)
    facts = {"pki_id": theirs.pki_id.hex()}
    if theirs.claim is not None:
        certificate = theirs.claim.certificate
        facts |= {
            "msp": shown_mspid(theirs.claim.mspid),
            "subject": certificate.subject,
            "issuer": certificate.issuer,
            "units": ", ".join(certificate.organizational_units),
            "ends": shown_time(certificate.not_after_at),
        }
    own = evidence.own.verdict
    if own is not None and own.pki_id == theirs.pki_id:
        facts["note"] = "it is our own identity: we reach ourselves, or two peers have one MSP folder, or one echoes us"
        return StageReport(Stage.CONN_ESTABLISH, Outcome.WARNING, took_s, facts)
    return passed(Stage.CONN_ESTABLISH, took_s, facts)


def judge_their_identity(evidence: Evidence) -> StageReport:
    """Does one of our MSPs vouch for it?"""
    error, theirs = evidence.errors.get(Stage.IDENTITY), evidence.theirs
    if error is None:
        return _passed_identity(evidence)
    if theirs is None or theirs.claim is None:
        cause = Cause("no-identity", "what it presents is not a certificate in PEM", "the peer's signcerts")
        return failed(Stage.IDENTITY, Side.THEIRS, error, cause)
    side, causes = _explain_identity(evidence, theirs, theirs.claim)
    return failed(Stage.IDENTITY, side, error, *causes, facts={"claims": shown_mspid(theirs.claim.mspid)})


def _passed_identity(evidence: Evidence) -> StageReport:
    report, theirs = _passed(evidence, Stage.IDENTITY), evidence.theirs
    if report.outcome is Outcome.SKIPPED or theirs is None or theirs.claim is None:
        return report
    notice = next(find_end_notice("the certificate", theirs.claim.certificate, evidence.now), None)
    if notice is None:
        return report
    return StageReport(Stage.IDENTITY, Outcome.WARNING, None, {"note": notice})


def judge_binding(evidence: Evidence) -> StageReport:
    """Is its identity bound to the certificate on this very connection?"""
    error, theirs, leaf = evidence.errors.get(Stage.BINDING), evidence.theirs, evidence.leaf
    if not isinstance(error, TlsBindingError) or theirs is None:
        return _passed(evidence, Stage.BINDING)
    facts = {"presented": error.expected.hex(), "bound": error.got.hex() or "nothing"}
    claimed = theirs.claim.mspid if theirs.claim is not None else None
    issuer = leaf.issuer if leaf is not None else "nobody"
    subject = leaf.subject if leaf is not None else "nobody"
    is_proven = has_seen_another(evidence)
    proof = ", and the peer behind it did not see our certificate" if is_proven else ""
    proxy = Cause(
        "tls-proxy",
        f"a proxy terminates TLS here: issuer {issuer}, certificate {subject}{proof}; gossip needs TLS from peer to "
        "peer, so let it pass TLS through",
        f"the load balancer, ingress or proxy that holds the certificate {subject}",
    )
    other = Cause(
        "other-certificate-bound",
        f"the peer presents {subject} and bound another certificate: separate client and server certificates "
        "were confused, or files were replaced while it runs",
        "the peer's peer.tls.cert.file and peer.tls.clientCert.file; restart it after renewing",
    )
    if not error.got:
        other = Cause(
            "tls-off-there", "the peer itself runs without TLS, behind something that has it", "peer.tls.enabled"
        )
    is_their_own = claimed is not None and claimed in evidence.tls_issuing_mspids
    causes, side = ((other, proxy), Side.THEIRS) if is_their_own and not is_proven else ((proxy, other), Side.BETWEEN)
    return failed(Stage.BINDING, side, error, *causes, facts=facts)


def judge_signature(evidence: Evidence) -> StageReport:
    """Did its key sign all this?"""
    error = evidence.errors.get(Stage.SIGNATURE)
    if error is None:
        return _passed(evidence, Stage.SIGNATURE)
    causes = (
        Cause(
            "wrong-key",
            "the key in its keystore is not that of the certificate in its signcerts",
            "the peer's keystore",
        ),
        Cause("altered", "something on the way, or the peer's own code, changed what was signed", "the peer's version"),
    )
    return failed(Stage.SIGNATURE, Side.THEIRS, error, *causes)


def judge_expected(evidence: Evidence) -> StageReport:
    """Is it the peer that was asked for?"""
    error, theirs = evidence.errors.get(Stage.EXPECTED), evidence.theirs
    if evidence.expected is None:
        return skipped(Stage.EXPECTED)
    if not isinstance(error, WrongPeerError) or theirs is None or theirs.claim is None:
        return _passed(evidence, Stage.EXPECTED)
    certificate = theirs.claim.certificate
    name, begins = certificate.subject, shown_time(certificate.not_before_at)
    renewed = Cause(
        "renewed",
        f"the peer was renewed: a PKI-ID is made of the certificate, and that of {name} begins at {begins}; "
        f"use {error.got.hex()}, and let peers that remember {error.expected.hex()} forget it",
        "whatever names the old PKI-ID: --expect-pki-id, and the peers that still report it dead",
    )
    other = Cause("other-peer", "another peer answers at this endpoint", "the peer's peer.gossip.externalEndpoint")
    facts = {"expected": error.expected.hex(), "answered": error.got.hex()}
    side, causes = blame_several(evidence, (Side.OURS, (renewed, other)))
    return failed(Stage.EXPECTED, side, error, *causes, facts=facts)


def _explain_identity(evidence: Evidence, theirs: Theirs, claim: Claim) -> Blame:
    claimed, certificate, msp = claim.mspid, claim.certificate, evidence.own.find_msp(claim.mspid)
    name = shown_mspid(claimed)
    if theirs.issuing_mspids and claimed not in theirs.issuing_mspids:
        owner = theirs.issuing_mspids[0]
        text = f"it claims {name}, but {certificate.issuer} is a CA of {owner}: its MSP-ID or its folder is wrong"
        wrong = Cause("wrong-mspid", text, "the peer's peer.localMspId and peer.mspConfigPath")
        return (Side.OURS, (_misnamed(evidence, name, owner), wrong)) if msp is None else (Side.THEIRS, (wrong,))
    if msp is None:
        known = ", ".join(msp.mspid for msp in evidence.own.msps)
        text = f"we have no MSP of {name}, only {known}: add its MSP folder"
        return Side.OURS, (Cause("organization-unknown-here", text, f"--org {name}=DIR"),)
    if isinstance(evidence.errors[Stage.IDENTITY], IdentityRevokedError):
        text = f"{certificate.subject} was revoked: enroll it again"
        return Side.THEIRS, (Cause("revoked", text, theirs.rule_source or f"{msp.config.path}/crls"),)
    role = judge_role(msp, theirs, claim)
    if role is not None:
        return Side.OURS, (role,)
    if certificate.is_ca:
        text = f"{certificate.subject} is a CA's certificate, and a CA is never a member of its MSP"
        return Side.THEIRS, (Cause("ca-in-signcerts", text, "the peer's signcerts"),)
    if certificate.not_after_at < evidence.now:
        text = f"its certificate ended at {shown_time(certificate.not_after_at)}: enroll it again"
        return Side.THEIRS, (Cause("identity-expired", text, "the peer's signcerts"),)
    if not theirs.issuing_mspids:
        return judge_stranger(evidence.own.msps, msp, theirs, claim)
    broken = _explain_chain(msp, claim)
    if broken is not None:
        return broken
    reason = theirs.verdict.reason if theirs.verdict is not None else None
    return _explain_refusal(certificate, name, reason or "its PKI-ID is not that of its certificate", msp.config.path)


def _explain_chain(msp: Msp, claim: Claim) -> Blame | None:
    """What breaks the chain, where our copy has every issuer; with such CAs of its own the peer would not run."""
    cas = (*msp.config.roots, *msp.config.intermediates)
    fault = find_chain_fault(claim.certificate, [file.certificate for file in cas])
    if fault is None:
        return None
    if fault.certificate == claim.certificate:
        return Side.THEIRS, (Cause("broken-chain", f"{fault.problem}: {fault.remedy}", "the peer's signcerts"),)
    path = next(file.path for file in cas if file.certificate == fault.certificate)
    text = f"in our copy of {shown_mspid(claim.mspid)}, {fault.problem}: take the organisation's own, or {fault.remedy}"
    return Side.OURS, (Cause("broken-chain", text, path),)


def _explain_refusal(certificate: Certificate, name: str, reason: str, msp: str) -> Blame:
    """By the words of our own copy's refusal, where nothing else tells."""
    if "'Readers'" in reason:
        units = ", ".join(certificate.organizational_units)
        text = f"{certificate.subject} has the OU {units}, whose role may not read channels: enroll it again as a peer"
        return Side.THEIRS, (Cause("role-may-not-read", text, "the peer's signcerts"),)
    if "single validation chain" in reason:
        text = (
            f"our copy of {name} has several certificates of {certificate.issuer} over one key, or of a CA "
            "above it, and no peer accepts a member with several chains: leave one of them"
        )
        return Side.OURS, (Cause("ca-twice", text, f"{msp}/cacerts"),)
    text = f"our copy of {name} refuses it: {reason}"
    return Side.THEIRS, (Cause("refused-by-msp", text, f"the peer's signcerts, then {msp}"),)


def _misnamed(evidence: Evidence, claimed: str, owner: str) -> Cause:
    settings = evidence.own.settings
    text = (
        f"what we call {owner} is {claimed}: the peer's CA is in that folder, and we have no organisation of the "
        "name that the peer gives"
    )
    if owner == settings.mspid:
        return Cause("misnamed-here", text, evidence.own.where("peer.localMspId", "--mspid"))
    return Cause("misnamed-here", text, f"--org {owner}={settings.organizations[owner]}")


def _passed(evidence: Evidence, stage: Stage) -> StageReport:
    """Went well, if the checks came to it."""
    if evidence.theirs is None or any(before in evidence.errors for before in _ORDER[: _ORDER.index(stage)]):
        return skipped(stage)
    return passed(stage)
