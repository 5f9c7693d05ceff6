"""What stands in TLS certificates, for whom they are, and which issuer a chain lacks."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from gossip.errors import UntrustedIdentityError
from gossip.msp.authority import Authority, Validity
from gossip.msp.certificate import Certificate, parse_certificate
from gossip.msp.tls_facts import find_missing_issuer, read_tls_certificate, trace_certification_path
from tests.support.certificates import like, make_ca, make_leaf
from tests.support.organizations import NOW

VALIDITY = Validity.running(NOW)
ROOT = Authority.create("tlsca.example.com", "example.com", validity=VALIDITY)
NAMESAKE = Authority.create("tlsca.example.com", "example.com", validity=VALIDITY)
INTERMEDIATE = ROOT.issue_authority("tlsca1.example.com", "example.com", validity=VALIDITY)


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def ca(authority: Authority) -> Certificate:
    return parse_certificate(der(authority.certificate))


def leaf(*hosts: str, issuer: Authority = ROOT) -> bytes:
    return der(issuer.issue_tls("peer0.example.com", validity=VALIDITY, hosts=hosts).certificate)


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


@pytest.mark.parametrize("trusted", [[ca(ROOT)], [ca(NAMESAKE), ca(ROOT)]])
def test_nobody_is_missing_when_the_issuer_is_trusted(trusted: list[Certificate]) -> None:
    assert find_missing_issuer([leaf("a")], trusted) is None


def test_a_trusted_leaf_needs_no_issuer() -> None:
    own = leaf("a")
    assert find_missing_issuer([own], [parse_certificate(own)]) is None


def test_the_way_leads_over_what_was_presented() -> None:
    chain = [leaf("a", issuer=INTERMEDIATE), der(INTERMEDIATE.certificate)]

    assert find_missing_issuer(chain, [ca(ROOT)]) is None
    assert find_missing_issuer(chain, [ca(INTERMEDIATE)]) is None
    missing = find_missing_issuer(chain, [])
    assert missing is not None
    assert (missing.certificate, missing.issuer) == ("tlsca1.example.com", "tlsca.example.com")


def test_an_intermediate_that_was_not_presented_is_missing() -> None:
    missing = find_missing_issuer([leaf("a", issuer=INTERMEDIATE)], [ca(ROOT)])

    assert missing is not None
    assert (missing.issuer, missing.namesake) == ("tlsca1.example.com", None)


def test_a_root_that_is_presented_but_not_trusted_is_missing() -> None:
    missing = find_missing_issuer([leaf("a"), der(ROOT.certificate)], [])

    assert missing is not None
    assert (missing.certificate, missing.issuer) == ("peer0.example.com", "tlsca.example.com")


def test_a_ca_of_the_same_name_is_told() -> None:
    missing = find_missing_issuer([leaf("a")], [ca(NAMESAKE)])

    assert missing is not None
    assert missing.namesake == ca(NAMESAKE)


def test_without_a_certificate_there_is_nothing_to_tell() -> None:
    with pytest.raises(UntrustedIdentityError, match="no certificate was presented"):
        find_missing_issuer([], [ca(ROOT)])


def test_the_way_ends_at_what_is_trusted_and_lasts_longest() -> None:
    root = make_ca("tlsca")
    earlier = make_ca("tlsca", key=root.key, not_after=NOW)
    between = make_ca("tlsica", root)
    chain = [make_leaf("a", between).certificate, between.certificate]
    presented = [certificate.der for certificate in chain]

    assert trace_certification_path(presented, [earlier.certificate, root.certificate]) == (*chain, root.certificate)
    assert trace_certification_path(presented, []) == tuple(chain)


def test_an_intermediate_of_the_name_with_another_key_is_told() -> None:
    other = ROOT.issue_authority("tlsca1.example.com", "example.com", validity=VALIDITY)
    missing = find_missing_issuer([leaf("a", issuer=INTERMEDIATE), der(other.certificate)], [ca(ROOT)])

    assert missing is not None
    assert (missing.namesake, missing.presented_namesake) == (None, ca(other))
