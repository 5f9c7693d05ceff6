"""What stands in TLS certificates, and for whom they are."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from gossip.msp.authority import Authority, Validity
from gossip.msp.tls_facts import find_misnamed_issuer, read_tls_certificate
from tests.support.certificates import like, make_ca, make_leaf
from tests.support.organizations import NOW

VALIDITY = Validity.running(NOW)
ROOT = Authority.create("tlsca.example.com", "example.com", validity=VALIDITY)


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def leaf(*hosts: str) -> bytes:
    return der(ROOT.issue_tls("peer0.example.com", validity=VALIDITY, hosts=hosts).certificate)


def test_the_facts_of_a_leaf() -> None:
    found = read_tls_certificate(leaf("peer0.example.com", "10.0.0.1", "::1"))

    assert (found.subject, found.issuer) == ("peer0.example.com", "tlsca.example.com")
    assert [str(name) for name in found.names] == ["DNS:peer0.example.com", "IP:10.0.0.1", "IP:::1"]
    assert (found.not_before_at, found.not_after_at) == (VALIDITY.not_before_at, VALIDITY.not_after_at)


@pytest.mark.parametrize(
    ("hosts", "host", "expected"),
    [
        (("peer0.example.com",), "peer0.example.com", True),
        (("peer0.example.com",), "PEER0.Example.com.", True),
        (("peer0.example.com",), "peer1.example.com", False),
        (("*.example.com",), "peer1.example.com", True),
        (("*.example.com",), "example.com", False),
        (("*.example.com",), "a.b.example.com", False),
        (("*.Example.com",), "peer1.EXAMPLE.com.", True),
        (("*.com",), "example.com", False),
        (("*.example.com",), "peer_1.example.com", False),
        (("*.org_1.example.com",), "peer1.org_1.example.com", False),
        (("peer_1.example.com",), "peer_1.example.com", True),
        (("peer0.example.com.",), "peer0.example.com", False),
        (("peer0.example.com.",), "peer0.example.com.", False),
        (("10.0.0.1",), "10.0.0.1", True),
        (("10.0.0.1",), "10.0.0.2", False),
        (("::1",), "0:0:0:0:0:0:0:1", True),
        (("localhost",), "127.0.0.1", False),
        ((), "peer0.example.com", False),
    ],
)
def test_whom_it_is_for(hosts: tuple[str, ...], host: str, expected: bool) -> None:
    assert read_tls_certificate(leaf(*hosts)).is_for(host) is expected


@pytest.mark.parametrize(
    ("name", "host", "expected"),
    [
        ("*.local", "peer0.local", True),
        ("*.example.com", "peer_0.example.com", True),
        ("*.example.com", "peer0.example.com", False),
        ("*.example.com", "example.com", False),
        ("peer0.local", "peer1.local", False),
    ],
)
def test_a_wildcard_that_only_go_takes_is_told_from_others(name: str, host: str, expected: bool) -> None:
    assert read_tls_certificate(leaf(name)).has_odd_wildcard_for(host) is expected


def test_an_address_that_stands_there_as_a_dns_name_is_no_address() -> None:
    names = x509.SubjectAlternativeName([x509.DNSName("10.0.0.1")])
    issued = ROOT.issue_tls("peer0.example.com", validity=VALIDITY, hosts=())
    builder = like(issued.certificate, without=x509.SubjectAlternativeName).add_extension(names, critical=False)
    found = read_tls_certificate(der(builder.sign(ROOT.key, SHA256())))

    assert [str(name) for name in found.names] == ["DNS:10.0.0.1"]
    assert not found.is_for("10.0.0.1")
    assert found.has_as_dns_name("10.0.0.1")
    assert not found.has_as_dns_name("10.0.0.2")


@pytest.mark.parametrize(
    ("named", "how"),
    [
        ((b"\x0a", None, None), "the key identifier {key_id} where that one names 0a"),
        ((b"", None, None), "the key identifier {key_id} where that one names of no bytes"),
        ((None, "ca", 5), "the serial number 7 where that one names 5"),
        ((None, "other", 7), "the issuer ca where that one names CN=other"),
        ((None, "ca", 7), None),
    ],
)
def test_a_certificate_that_names_another_ca_tells_how(
    named: tuple[bytes | None, str | None, int | None], how: str | None
) -> None:
    key_id, issuer, serial_number = named
    names = None if issuer is None else [x509.DirectoryName(make_ca(issuer).certificate.parsed.subject)]
    ca = make_ca("ca", serial_number=7)
    assert ca.certificate.key_id is not None
    found = make_leaf("leaf", ca, extensions=((x509.AuthorityKeyIdentifier(key_id, names, serial_number), False),))

    expected = how and how.format(key_id=ca.certificate.key_id.hex())
    assert find_misnamed_issuer(found.certificate, ca.certificate) == expected
