"""The way from a TLS certificate up to a CA, and which issuer it lacks."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gossip.errors import UntrustedIdentityError
from gossip.msp.authority import Authority, Validity
from gossip.msp.certificate import Certificate, parse_certificate
from gossip.msp.tls_path import find_missing_issuer, trace_certification_path
from tests.support.certificates import make_ca, make_leaf
from tests.support.organizations import NOW

VALIDITY = Validity.running(NOW)
ROOT = Authority.create("tlsca.example.com", "example.com", validity=VALIDITY)
NAMESAKE = Authority.create("tlsca.example.com", "example.com", validity=VALIDITY)
INTERMEDIATE = ROOT.issue_authority("tlsca1.example.com", "example.com", validity=VALIDITY)


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def ca(authority: Authority) -> Certificate:
    return parse_certificate(der(authority.certificate))


def leaf(issuer: Authority = ROOT) -> bytes:
    return der(issuer.issue_tls("peer0.example.com", validity=VALIDITY, hosts=("a",)).certificate)


@pytest.mark.parametrize("trusted", [[ca(ROOT)], [ca(NAMESAKE), ca(ROOT)]])
def test_nobody_is_missing_when_the_issuer_is_trusted(trusted: list[Certificate]) -> None:
    assert find_missing_issuer([leaf()], trusted) is None


def test_a_trusted_leaf_needs_no_issuer() -> None:
    own = leaf()
    assert find_missing_issuer([own], [parse_certificate(own)]) is None


def test_the_way_leads_over_what_was_presented() -> None:
    chain = [leaf(INTERMEDIATE), der(INTERMEDIATE.certificate)]

    assert find_missing_issuer(chain, [ca(ROOT)]) is None
    assert find_missing_issuer(chain, [ca(INTERMEDIATE)]) is None
    missing = find_missing_issuer(chain, [])
    assert missing is not None
    assert (missing.certificate, missing.issuer) == ("tlsca1.example.com", "tlsca.example.com")


def test_an_intermediate_that_was_not_presented_is_missing() -> None:
    missing = find_missing_issuer([leaf(INTERMEDIATE)], [ca(ROOT)])

    assert missing is not None
    assert (missing.issuer, missing.namesake) == ("tlsca1.example.com", None)


def test_a_root_that_is_presented_but_not_trusted_is_missing() -> None:
    missing = find_missing_issuer([leaf(), der(ROOT.certificate)], [])

    assert missing is not None
    assert (missing.certificate, missing.issuer) == ("peer0.example.com", "tlsca.example.com")


def test_a_ca_of_the_same_name_is_told() -> None:
    missing = find_missing_issuer([leaf()], [ca(NAMESAKE)])

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
    missing = find_missing_issuer([leaf(INTERMEDIATE), der(other.certificate)], [ca(ROOT)])

    assert missing is not None
    assert (missing.namesake, missing.presented_namesake) == (None, ca(other))


def test_what_is_presented_and_cannot_be_read_is_passed_over() -> None:
    chain = [leaf(INTERMEDIATE), b"no certificate", der(INTERMEDIATE.certificate)]

    assert trace_certification_path(chain, [ca(ROOT)])[1:] == (ca(INTERMEDIATE), ca(ROOT))
