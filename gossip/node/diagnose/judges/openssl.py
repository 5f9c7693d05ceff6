"""Judges a certificate that OpenSSL refuses and Go may take: of interest where there is nothing that both refuse."""

from collections.abc import Iterator

from gossip.msp.tls_facts import TlsCertificate, find_issuer_key_id, is_for_any_usage_alone, lacks_digital_signature
from gossip.node.diagnose.diagnosis import Cause, Side
from gossip.node.diagnose.evidence import Evidence
from gossip.node.diagnose.judges.issuer import THEIR_FILE, Blamed
from gossip.transport.tls.errors import CA_UNKNOWN


def judge_by_openssl(evidence: Evidence, leaf: TlsCertificate) -> Iterator[Blamed]:
    """What may be behind it, the likeliest first."""
    yield from _two_of_a_name(evidence, leaf)
    yield from _for_any_usage(evidence, leaf)
    yield from _no_signatures(leaf)
    if evidence.verify_code in CA_UNKNOWN:
        yield from judge_other_way(evidence)
        yield from _named_as_its_issuer(leaf)


def judge_other_way(evidence: Evidence) -> Iterator[Blamed]:
    """Where several certificates of one CA are sent, OpenSSL tries one alone."""
    way = evidence.looked.other_way
    if way is not None:
        text = (
            f"the peer sends several certificates of {way.name}, of which one alone was tried, and another leads to "
            f"our {way.top.subject}: the peer must send that one alone, or we need the CA above the other one too"
        )
        yield Side.THEIRS, Cause("tls-several-ways", text, THEIR_FILE)


def _named_as_its_issuer(leaf: TlsCertificate) -> Iterator[Blamed]:
    if leaf.certificate.raw_subject == leaf.certificate.raw_issuer:
        text = (
            f"the certificate of {leaf.subject} has the name of the CA that issued it, so it was taken for "
            "self-signed: have it issued for a name of its own"
        )
        yield Side.THEIRS, Cause("tls-own-issuer", text, THEIR_FILE)


def _two_of_a_name(evidence: Evidence, leaf: TlsCertificate) -> Iterator[Blamed]:
    """Where the leaf does not say which CA of a name issued it, OpenSSL tries one alone."""
    named = find_issuer_key_id(leaf.certificate)
    namesakes = [ca for ca in evidence.own.tls_cas if ca.raw_subject == leaf.certificate.raw_issuer]
    alike = [ca for ca in namesakes if named is None or ca.key_id in (None, named)]
    others = [ca for ca in alike if not leaf.certificate.is_signed_by(ca)]
    if others and len(others) < len(alike):
        text = (
            f"we have two TLS CAs named {leaf.issuer} with different keys, and no key identifier tells which of them "
            f"issued the certificate of {leaf.subject}, so one alone was tried: leave out the one that is no longer "
            "used, or give both the certificate and its CA key identifiers"
        )
        yield Side.OURS, Cause("tls-ca-namesakes", text, evidence.own.shown_holders(others[0]))


def _for_any_usage(evidence: Evidence, leaf: TlsCertificate) -> Iterator[Blamed]:
    for each in evidence.looked.certification_path:
        is_leaf = each == leaf.certificate
        if is_for_any_usage_alone(each, "server") and (is_leaf or each not in evidence.own.tls_cas):
            text = (
                f"the certificate of {each.subject} is for any extended key usage, which OpenSSL takes of a TLS CA's "
                "list alone: have it issued for serverAuth and clientAuth, or list it itself among our TLS CAs"
                f"{' in place of its CA' if is_leaf else ''}"
            )
            yield Side.THEIRS, Cause("tls-usage", text, THEIR_FILE)


def _no_signatures(leaf: TlsCertificate) -> Iterator[Blamed]:
    if lacks_digital_signature(leaf.certificate):
        text = (
            f"the certificate of {leaf.subject} has key usages without digital signature, which OpenSSL wants: have it "
            "issued again, with digitalSignature among them"
        )
        yield Side.THEIRS, Cause("tls-usage", text, THEIR_FILE)
