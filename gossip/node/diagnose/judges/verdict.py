"""Judges what the peer said of us: its own words, from the status that ended the stream."""

from collections.abc import Callable
from dataclasses import dataclass

from gossip.comm.handshake.machine import certificate_hash
from gossip.errors import GossipError, RefusedByPeerError
from gossip.node.diagnose.diagnosis import Blame, Cause, Side, Stage, StageReport, failed, passed, skipped
from gossip.node.diagnose.evidence import Evidence
from gossip.node.diagnose.judges.status import find_other_server
from gossip.node.diagnose.judges.stranger_there import explain_no_msp, issuer_of, their_copy
from gossip.node.diagnose.seen_by_peer import NO_CERTIFICATE, find_hashes
from gossip.shown import shown_time


@dataclass(frozen=True, slots=True)
class _Reading:
    """What words of a refusal mean; each explains into side and causes, the likeliest first."""

    words: tuple[str, ...]
    explain: Callable[[Evidence, str], Blame]


def judge_verdict(evidence: Evidence) -> StageReport:
    """Does the peer accept us?"""
    error, took_s = evidence.errors.get(Stage.VERDICT), evidence.took_s.get(Stage.VERDICT)
    if error is None:
        return passed(Stage.VERDICT, took_s) if evidence.heard_verdict else skipped(Stage.VERDICT)
    if not isinstance(error, RefusedByPeerError):
        return _not_heard(error, took_s)
    facts = {"status": error.grpc_status, "reason": error.reason}
    for reading in _READINGS:
        if any(words in error.reason for words in reading.words):
            side, causes = reading.explain(evidence, error.reason)
            return failed(Stage.VERDICT, side, error, *causes, took_s=took_s, facts=facts)
    other = find_other_server(error)
    if other is not None:
        return failed(Stage.VERDICT, other[0], error, other[1], took_s=took_s, facts=facts)
    cause = Cause("refused", "the peer refused us, in words that do not say why", "the peer's log, gossip.comm")
    return failed(Stage.VERDICT, Side.THEIRS, error, cause, took_s=took_s, facts=facts)


def _not_heard(error: GossipError, took_s: float | None) -> StageReport:
    cause = Cause(
        "no-verdict", "the peer neither accepted nor refused: it broke off, or is too old to know probes", "its log"
    )
    return failed(Stage.VERDICT, Side.THEIRS, error, cause, took_s=took_s)


def _no_certificate(evidence: Evidence, _: str) -> Blame:
    if evidence.link is not None and evidence.link.own_certificate is not None:
        return Side.BETWEEN, (_proxy(evidence, "no certificate on its connection, and we presented ours"),)
    where = evidence.own.where("peer.tls.cert.file", "--tls-cert")
    return Side.OURS, (Cause("no-client-certificate", "no TLS certificate of ours came to the peer", where),)


def _binding(evidence: Evidence, reason: str) -> Blame:
    seen, bound = find_hashes(reason)
    link, server = evidence.link, evidence.own.server_leaf
    if bound is not None and link is not None and bound != certificate_hash(link.own_certificate):
        text = "the hash that came to the peer is not the one that we signed"
        return Side.BETWEEN, (Cause("altered", text, "what is between us"),)
    if server is not None and seen == certificate_hash(server.certificate.der):
        text = "the peer saw our server certificate where we bound our client certificate"
        where = evidence.own.where("peer.tls.clientCert.file", "the client certificate")
        return Side.OURS, (Cause("other-certificate-bound", text, where),)
    return Side.BETWEEN, (_proxy(evidence, "another certificate than ours on its connection"),)


def _proxy(evidence: Evidence, seen: str) -> Cause:
    leaf = evidence.leaf
    issuer = f": issuer {leaf.issuer}, certificate {leaf.subject}" if leaf is not None else ""
    text = f"a proxy terminates TLS here{issuer}; the peer behind it saw {seen}, so let it pass TLS through"
    return Cause("tls-proxy", text, "the load balancer, ingress or proxy in front of the peer")


def _expired(evidence: Evidence, _: str) -> Blame:
    verdict = evidence.own.verdict
    signcerts = str(evidence.own.settings.msp_dir / "signcerts")
    if verdict is not None and verdict.expires_at is not None and verdict.expires_at < evidence.now:
        text = f"our certificate ended at {shown_time(verdict.expires_at)}: enroll again"
        return Side.OURS, (Cause("identity-expired", text, signcerts),)
    return Side.THEIRS, (Cause("their-clock", "their clock is ahead of ours", "the clocks of both machines"),)


def _revoked(evidence: Evidence, _: str) -> Blame:
    text = "our CA has revoked our certificate, and the peer has the list: enroll again"
    return Side.OURS, (Cause("revoked", text, str(evidence.own.settings.msp_dir / "signcerts")),)


def _organizational_unit(evidence: Evidence, reason: str) -> Blame:
    mspid = evidence.own.settings.mspid
    config = f"NodeOUs in config.yaml of {mspid}: the peer's copy, then {evidence.own.settings.msp_dir / 'config.yaml'}"
    if "certifiersIdentifier" in reason:
        text = "in their copy of our MSP, the OU of our role is certified by another CA than the one that issued us"
        return Side.THEIRS, (Cause("node-ou-certifier", text, config),)
    msp, verdict = evidence.own.find_msp(mspid), evidence.own.verdict
    if verdict is not None and verdict.ok and msp is not None and msp.config.node_ous is not None:
        text = (
            "our own config.yaml has a role for the OU of our certificate, and their copy of our MSP has none: "
            "the channel's configuration names other OUs"
        )
        return Side.THEIRS, (Cause("node-ou-role", text, config),)
    text = "our certificate does not have exactly one OU that is a role: enroll again with one, such as peer"
    return Side.OURS, (Cause("node-ou-role", text, config),)


def _ca_twice(evidence: Evidence, _: str) -> Blame:
    mspid = evidence.own.settings.mspid
    text = (
        f"their copy of {mspid} has several certificates of {issuer_of(evidence.own)} over one key, or of a CA "
        "above it, and no peer accepts a member with several chains: one of them must go"
    )
    return Side.THEIRS, (Cause("ca-twice", text, their_copy(mspid)),)


def _reader(evidence: Evidence, _: str) -> Blame:
    text = "our certificate's role may not read channels of other organisations: it must be a peer, client or admin"
    return Side.OURS, (Cause("role-may-not-read", text, str(evidence.own.settings.msp_dir / "signcerts")),)


def _signature(evidence: Evidence, _: str) -> Blame:
    text = "the peer could not verify what we signed"
    return Side.BETWEEN, (Cause("signature", text, str(evidence.own.settings.msp_dir / "keystore")),)


def _not_understood(_: Evidence, __: str) -> Blame:
    text = (
        "the peer did not take what we sent for a ConnEstablish, or not for ours: something on the way changed it, "
        "or its version"
    )
    return Side.BETWEEN, (Cause("altered", f"{text} differs from Fabric's", "what is between us; the peer's log"),)


_READINGS = (
    _Reading((NO_CERTIFICATE,), _no_certificate),
    _Reading(("in remote hash of TLS cert",), _binding),
    _Reading(("identity expired",), _expired),
    _Reading(("has been revoked",), _revoked),
    _Reading(("validate identity's OUs",), _organizational_unit),
    _Reading(("single validation chain",), _ca_twice),
    _Reading(("'Readers'",), _reader),
    _Reading(("wrong type", "no PKI-ID", "doesn't match the computed pkiID"), _not_understood),
    _Reading(("The signature is invalid", "validity of the signature", "Empty signature"), _signature),
    _Reading(
        ("No MSP found", "cannot be validated", "classifying identity", "extract msp.Identity", "unknown authority"),
        explain_no_msp,
    ),
)
"""In this order: the more telling words come before those that every refused identity has."""
