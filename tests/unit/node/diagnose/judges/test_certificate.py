"""Why we refused the certificate that a server presents, by what a second look showed."""

from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from gossip.msp.authority import Validity
from gossip.msp.tls_facts import TlsCertificate, read_tls_certificate
from gossip.msp.tls_path import MissingIssuer, find_missing_issuer
from gossip.node.diagnose.diagnosis import Side
from gossip.node.diagnose.evidence import Evidence, Looked
from gossip.node.diagnose.judges.certificate import judge_their_certificate
from gossip.node.diagnose.own_side import load_own_side
from gossip.transport.tls.errors import CA_UNKNOWN
from tests.support.in_thread import peer_settings
from tests.support.organizations import organization

NOW = datetime.now(UTC)


def presented(leaf: TlsCertificate, *, host: str, missing: MissingIssuer | None = None) -> Evidence:
    looked = Looked(leaf=leaf, presented=1, certification_path=(leaf.certificate,), missing_issuer=missing)
    return Evidence("peer:7051", load_own_side(peer_settings(2), NOW), NOW, host=host, looked=looked)


@pytest.mark.parametrize(
    ("name", "host", "why"),
    [
        ("*.local", "peer0.local", "OpenSSL takes a wildcard with two labels behind it"),
        ("*.example.com", "peer_0.example.com", "for letters, digits and hyphens alone"),
        ("peer0.example.com.", "peer0.example.com", "dial one of those"),
        ("*.example.com", "example.com", "dial one of those"),
    ],
)
def test_a_name_that_openssl_does_not_take_is_told(name: str, host: str, why: str) -> None:
    issued = organization(1).tls_ca.issue_tls("peer0", validity=Validity.running(NOW), hosts=(name,))
    leaf = read_tls_certificate(issued.certificate.public_bytes(Encoding.DER))

    side, (cause,) = judge_their_certificate(presented(leaf, host=host))

    assert (side, cause.rule) == (Side.THEIRS, "host-name")
    assert f"for DNS:{name}" in cause.text
    assert why in cause.text


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_an_address_to_listen_on_is_no_name_that_a_certificate_lacks(host: str) -> None:
    issued = organization(1).tls_ca.issue_tls("peer0", validity=Validity.running(NOW), hosts=("127.0.0.1",))
    leaf = read_tls_certificate(issued.certificate.public_bytes(Encoding.DER))

    side, (cause,) = judge_their_certificate(presented(leaf, host=host))

    assert (side, cause.rule) == (Side.OURS, "unspecified-address")
    assert cause.text == f"{host} is an address to listen on, and dialling it reaches this machine: dial the peer's own"
    assert cause.look_at == "the endpoint as it was given; the peer's peer.gossip.externalEndpoint"


def issued_by(issuer: list[tuple[x509.ObjectIdentifier, str]]) -> bytes:
    """A certificate for 127.0.0.1 whose issuer has this name, and nobody else has."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(*each) for each in issuer])
    builder = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=x509.Name([x509.NameAttribute(NameOID.SERIAL_NUMBER, "3141")]),
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=NOW - timedelta(days=1),
        not_valid_after=NOW + timedelta(days=1),
    )
    names = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    signer = ec.generate_private_key(ec.SECP256R1())
    return builder.add_extension(names, critical=False).sign(signer, SHA256()).public_bytes(Encoding.DER)


@pytest.mark.parametrize(
    ("issuer", "rules"),
    [
        ([(NameOID.SERIAL_NUMBER, "2718")], ["other-node"]),
        (
            [(NameOID.SERIAL_NUMBER, "2718"), (NameOID.COMMON_NAME, "tlsca")],
            ["tls-ca-unknown-here", "tls-intermediate-not-sent", "other-node"],
        ),
    ],
)
def test_a_certificate_of_fabric_s_tlsgen_is_that_of_a_chaincode_port(
    issuer: list[tuple[x509.ObjectIdentifier, str]], rules: list[str]
) -> None:
    """Its CA lives in a peer's memory, so nobody can add it."""
    leaf = read_tls_certificate(issued_by(issuer))
    missing = find_missing_issuer([leaf.certificate.der], ())

    _, causes = judge_their_certificate(presented(leaf, host="127.0.0.1", missing=missing))

    assert [cause.rule for cause in causes] == rules


def test_the_chaincode_port_is_named() -> None:
    leaf = read_tls_certificate(issued_by([(NameOID.SERIAL_NUMBER, "2718")]))
    missing = find_missing_issuer([leaf.certificate.der], ())

    side, (cause,) = judge_their_certificate(presented(leaf, host="127.0.0.1", missing=missing))

    assert (side, cause.look_at) == (
        Side.BETWEEN,
        "the port of the endpoint, and the peer's peer.chaincodeListenAddress",
    )
    assert cause.text == (
        "another node answers in the peer's place, such as a peer's chaincode port (usually 7052): 2.5.4.5=2718 is "
        "the CA that a peer makes for its chaincode at each start, and no organisation has it"
    )


def test_without_a_second_look_the_error_alone_tells() -> None:
    evidence = Evidence("peer:7051", load_own_side(peer_settings(2), NOW), NOW, host="peer")

    side, (cause,) = judge_their_certificate(evidence)

    assert (side, cause.rule) == (Side.THEIRS, "tls-unverifiable")
    assert cause.text == "the peer's certificate was refused for what the error above says, and cannot be inspected"


def test_a_name_of_its_own_is_no_reason_why_no_ca_was_found() -> None:
    issued = organization(1).tls_ca.issue_tls("peer0", validity=Validity.running(NOW), hosts=("peer",))
    evidence = presented(read_tls_certificate(issued.certificate.public_bytes(Encoding.DER)), host="peer")
    evidence.verify_code = min(CA_UNKNOWN)

    _, (cause,) = judge_their_certificate(evidence)

    assert (cause.rule, cause.text) == (
        "tls-unverifiable",
        "one of peer0 breaks a rule of X.509, which the error above names",
    )
