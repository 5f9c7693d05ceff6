"""Judges the peer's TLS certificate where none of our TLS CAs vouches for it: whose issuer is missing, and where."""

from collections.abc import Iterator

from gossip.msp.certificate import Certificate
from gossip.msp.issuers import find_mspids_of_issuer, find_tls_issuing_mspids
from gossip.msp.membership import Msp
from gossip.msp.tls_facts import TlsCertificate, has_purposes, is_issued_by_tlsgen
from gossip.msp.tls_path import MissingIssuer
from gossip.node.diagnose.diagnosis import Cause, Side
from gossip.node.diagnose.evidence import Evidence
from gossip.node.diagnose.own_side import OwnSide

Blamed = tuple[Side, Cause]

THEIR_FILE = "the peer's peer.tls.cert.file"


def judge_missing_issuer(evidence: Evidence, leaf: TlsCertificate, missing: MissingIssuer) -> list[Blamed]:
    """Who is to blame, the likeliest first?"""
    msp = _find_identity_msp(evidence, leaf)
    if msp is not None:
        return _issued_by_identity_ca(msp, leaf)
    if leaf.certificate.is_signed_by(leaf.certificate):
        return [(Side.THEIRS, _self_signed(leaf))]
    if missing.presented_namesake is not None:
        return [(Side.THEIRS, _other_intermediate(missing))]
    if missing.namesake is not None:
        return [(Side.OURS, _other_ca_of_the_name(evidence.own, missing, missing.namesake))]
    if is_issued_by_tlsgen(evidence.looked.certification_path[-1]):
        return [(Side.BETWEEN, _chaincode_port(missing))]
    known = [(Side.OURS, _unknown_here(evidence, missing)), *_not_sent(evidence, leaf, missing)]
    if leaf.is_for(evidence.host):
        return [*known, (Side.BETWEEN, _other_node(missing))]
    return [(Side.BETWEEN, _other_node(missing)), *known]


def find_identity_issuer(evidence: Evidence, leaf: TlsCertificate) -> str | None:
    """The organisation that has the leaf's issuer among its CAs of identities, and not among those of TLS."""
    msp = _find_identity_msp(evidence, leaf)
    return msp.mspid if msp is not None else None


def _find_identity_msp(evidence: Evidence, leaf: TlsCertificate) -> Msp | None:
    msps = evidence.own.msps
    owners = find_mspids_of_issuer(msps, leaf.certificate)
    if not owners or find_tls_issuing_mspids(msps, leaf.certificate):
        return None
    return evidence.own.find_msp(owners[0])


def _issued_by_identity_ca(msp: Msp, leaf: TlsCertificate) -> list[Blamed]:
    """What says that it is for TLS was hardly issued as an identity: then it is our copy that has the CAs exchanged."""
    text = f"their TLS certificate was issued by {leaf.issuer}, a CA of {msp.mspid} for identities: TLS has its own CAs"
    theirs = (Side.THEIRS, Cause("identity-ca", text, THEIR_FILE))
    cas = (*msp.config.roots, *msp.config.intermediates)
    held = [file.path for file in cas if leaf.certificate.is_signed_by(file.certificate)]
    tls_cas = [file.path for file in msp.config.tls_roots]
    text = (
        f"our copy of {msp.mspid} has {leaf.issuer}, which issued their TLS certificate, in cacerts and not in "
        "tlscacerts: perhaps CA and TLS CA were swapped there"
    )
    ours = (Side.OURS, Cause("identity-ca-here", text, ", ".join((*held, *tls_cas))))
    return [ours, theirs] if has_purposes(leaf.certificate) else [theirs, ours]


def _self_signed(leaf: TlsCertificate) -> Cause:
    text = (
        f"the certificate of {leaf.subject} is self-signed, and no TLS CA issued it: a proxy or ingress "
        "answers in the peer's place with a default certificate of its own, or the peer has the wrong file"
    )
    return Cause("tls-self-signed", text, "the proxy or ingress in front of the peer, then its peer.tls.cert.file")


def _other_intermediate(missing: MissingIssuer) -> Cause:
    text = (
        f"{missing.certificate} was not signed with the key of the {missing.issuer} that the peer sends behind "
        "it: its file holds the intermediate CA of another generation"
    )
    return Cause("tls-intermediate-outdated", text, THEIR_FILE)


def _other_ca_of_the_name(own: OwnSide, missing: MissingIssuer, namesake: Certificate) -> Cause:
    holders = own.shown_holders(namesake)
    signed = f"{missing.certificate} was not signed with the key of our {missing.issuer}"
    owner = next((msp.mspid for msp in own.msps if any(namesake == ca for ca in msp.tree.cas)), None)
    if owner is not None:
        text = f"{signed}, which is the CA of {owner} for identities: its TLS CA of the same name belongs there"
        return Cause("identity-ca-here", text, holders)
    text = f"{signed}: the organisation's TLS CA was created anew, and we have the old one"
    return Cause("tls-ca-outdated-here", text, holders)


def _unknown_here(evidence: Evidence, missing: MissingIssuer) -> Cause:
    text = (
        f"{missing.issuer}, which issued {missing.certificate}, is in none of our TLS CA files: add its certificate, "
        "which its organisation has in msp/tlscacerts"
    )
    return Cause("tls-ca-unknown-here", text, evidence.own.root_files())


def _not_sent(evidence: Evidence, leaf: TlsCertificate, missing: MissingIssuer) -> Iterator[Blamed]:
    if evidence.looked.presented == 1:
        text = (
            f"if {missing.issuer} is an intermediate CA, it must be sent, and the peer sends the certificate of "
            f"{leaf.subject} alone: the file must hold that of the intermediate behind it"
        )
        yield Side.THEIRS, Cause("tls-intermediate-not-sent", text, THEIR_FILE)


def _chaincode_port(missing: MissingIssuer) -> Cause:
    text = (
        "another node answers in the peer's place, such as a peer's chaincode port (usually 7052): "
        f"{missing.issuer} is the CA that a peer makes for its chaincode at each start, and no organisation has it"
    )
    return Cause("other-node", text, "the port of the endpoint, and the peer's peer.chaincodeListenAddress")


def _other_node(missing: MissingIssuer) -> Cause:
    text = (
        "another node answers in the peer's place, such as an orderer, or a proxy that looks into TLS: trust "
        f"{missing.issuer} only if it is the peer's TLS CA"
    )
    return Cause("other-node", text, "which node the endpoint belongs to, and what is in between")
