"""CRLs: whose word counts, and for what."""

import warnings

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from gossip.der import SEQUENCE, encode_element, read_element
from gossip.errors import ConfigurationError, IdentityRevokedError
from gossip.msp.config import CrlFile
from gossip.msp.membership import Msp
from gossip.msp.revocation import find_authority_key_id, parse_crl
from tests.support.certificates import (
    NOT_AFTER,
    NOT_BEFORE,
    Issued,
    make_ca,
    make_config,
    make_crl,
    make_leaf,
    make_msp,
)


def make_doubtful_list() -> bytes:
    """A CRL in DER with two extensions that nobody knows, which a test makes the same one."""
    root = make_ca("root")
    builder = x509.CertificateRevocationListBuilder().issuer_name(root.certificate.parsed.subject)
    builder = builder.last_update(NOT_BEFORE).next_update(NOT_AFTER)
    for last in (4, 5):
        unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier(f"1.2.3.{last}"), b"")
        builder = builder.add_extension(unknown, critical=False)
    return builder.sign(root.key, hashes.SHA256()).public_bytes(Encoding.DER)


LIST = make_doubtful_list()


def crl_files(*crls: bytes) -> list[CrlFile]:
    return [CrlFile(f"crls/{at}.pem", parse_crl(crl, f"crls/{at}.pem")) for at, crl in enumerate(crls)]


def is_revoked(msp: Msp, leaf: Issued) -> bool:
    try:
        msp.check_identity(msp.place(leaf.certificate))
    except IdentityRevokedError:
        return True
    return False


def test_listed_serial_number_is_revoked() -> None:
    root = make_ca("root")
    revoked, other = make_leaf("revoked", root), make_leaf("other", root)
    msp = make_msp([root], crls=crl_files(make_crl(root, [1, revoked.certificate.serial_number])))
    with pytest.raises(
        IdentityRevokedError, match="The certificate has been revoked: a CRL of root names revoked, serial"
    ) as caught:
        msp.check_identity(msp.place(revoked.certificate))
    assert caught.value.source == "crls/0.pem"
    assert not is_revoked(msp, other)


def test_second_list_of_the_same_ca_counts_too() -> None:
    root = make_ca("root")
    leaf = make_leaf("leaf", root)
    crls = crl_files(make_crl(root, []), make_crl(root, [leaf.certificate.serial_number]))
    assert is_revoked(make_msp([root], crls=crls), leaf)


def test_list_with_the_cas_key_id_that_another_key_signed_is_skipped() -> None:
    root = make_ca("root")
    leaf = make_leaf("leaf", root)
    forged = make_crl(root, [leaf.certificate.serial_number], signer=make_ca("root"))
    assert not is_revoked(make_msp([root], crls=crl_files(forged)), leaf)


def test_list_with_another_key_id_is_skipped_though_the_ca_signed_it() -> None:
    root = make_ca("root")
    leaf = make_leaf("leaf", root)
    misnamed = make_crl(make_ca("other"), [leaf.certificate.serial_number], signer=root)
    assert not is_revoked(make_msp([root], crls=crl_files(misnamed)), leaf)


def test_list_of_another_ca_of_the_msp_is_skipped() -> None:
    root, other = make_ca("root"), make_ca("other")
    leaf = make_leaf("leaf", root)
    crls = crl_files(make_crl(other, [leaf.certificate.serial_number]))
    assert not is_revoked(make_msp([root, other], crls=crls), leaf)


def test_list_of_the_intermediate_ca_counts() -> None:
    root = make_ca("root")
    intermediate = make_ca("intermediate", root)
    leaf = make_leaf("leaf", intermediate)
    crls = crl_files(make_crl(intermediate, [leaf.certificate.serial_number]))
    assert is_revoked(make_msp([root], [intermediate], crls=crls), leaf)


def test_msp_with_a_revoked_intermediate_does_not_start() -> None:
    root = make_ca("root")
    intermediate = make_ca("intermediate", root)
    crls = crl_files(make_crl(root, [intermediate.certificate.serial_number]))
    with pytest.raises(ConfigurationError, match="intermediate CA intermediate has been revoked"):
        Msp(make_config([root], [intermediate], crls=crls))


def test_msp_with_a_revoked_tls_intermediate_does_not_start() -> None:
    root, tls_root = make_ca("root"), make_ca("tls root")
    intermediate = make_ca("tls intermediate", tls_root)
    crls = crl_files(make_crl(tls_root, [intermediate.certificate.serial_number]))
    Msp(make_config([root], tls_roots=[tls_root], tls_intermediates=[intermediate]))
    with pytest.raises(ConfigurationError, match=r"^tlsintermediatecerts/0\.pem: .*tls intermediate has been revoked"):
        Msp(make_config([root], tls_roots=[tls_root], tls_intermediates=[intermediate], crls=crls))


def test_list_out_of_date_still_counts() -> None:
    """The lists of the other tests have their next update in 2024."""
    root = make_ca("root")
    crl = parse_crl(make_crl(root, [5]), "crl")
    assert crl.next_update_utc is not None
    assert crl.next_update_utc.year == 2024


def test_list_in_der() -> None:
    root = make_ca("root")
    der = x509.load_pem_x509_crl(make_crl(root, [5])).public_bytes(Encoding.DER)
    assert parse_crl(der, "crl").get_revoked_certificate_by_serial_number(5) is not None


def test_list_without_an_authority_key_id_is_named() -> None:
    root = make_ca("root")
    with pytest.raises(ConfigurationError, match=r"^crls/x\.pem: could not obtain Authority Key Identifier for crl"):
        parse_crl(make_crl(root, [], has_key_id=False), "crls/x.pem")


def test_list_in_pem_of_another_type_is_none() -> None:
    pem = make_crl(make_ca("root"), [5]).replace(b" X509 CRL-", b" X509 CRLS-")
    with pytest.raises(ConfigurationError, match=r"^crls/x\.pem: could not parse RevocationList"):
        parse_crl(pem, "crls/x.pem")


def test_list_whose_authority_key_id_names_no_key_revokes_nothing() -> None:
    """It does not stop the MSP, as one without that extension would."""
    root = make_ca("root")
    leaf = make_leaf("leaf", root)
    issuer = x509.AuthorityKeyIdentifier(None, [x509.DirectoryName(root.certificate.parsed.subject)], 1)
    entry = x509.RevokedCertificateBuilder(leaf.certificate.serial_number, NOT_BEFORE).build()
    builder = x509.CertificateRevocationListBuilder().issuer_name(root.certificate.parsed.subject)
    builder = builder.last_update(NOT_BEFORE).next_update(NOT_AFTER).add_revoked_certificate(entry)
    crl = builder.add_extension(issuer, critical=False).sign(root.key, hashes.SHA256()).public_bytes(Encoding.PEM)
    assert not is_revoked(make_msp([root], crls=crl_files(crl)), leaf)


def test_no_list_hangs_on_a_warning_filter() -> None:
    """Its authority key identifier names a serial number of zero, which cryptography warns of."""
    names = x509.SubjectAlternativeName([x509.DNSName("ca")]).public_bytes()
    issuer = encode_element(0x80, b"key") + encode_element(0xA1, read_element(names).content) + b"\x82\1\0"
    value = x509.UnrecognizedExtension(x509.AuthorityKeyIdentifier.oid, encode_element(SEQUENCE, issuer))
    root = make_ca("root")
    builder = x509.CertificateRevocationListBuilder().issuer_name(root.certificate.parsed.subject)
    builder = builder.last_update(NOT_BEFORE).next_update(NOT_AFTER).add_extension(value, critical=False)
    der = builder.sign(root.key, hashes.SHA256()).public_bytes(Encoding.DER)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert find_authority_key_id(parse_crl(der, "crls/x.pem")) == b"key"


@pytest.mark.parametrize(
    "data",
    [
        b"garbage",
        b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n",
        make_ca("root", key=ec.generate_private_key(ec.SECP256R1())).pem,
        b"text before\n" + make_crl(make_ca("root"), []),
        LIST.replace(b"\x02\x01\x01\x30", b"\x02\x01\x09\x30", 1),
        LIST.replace(b"\x2a\x03\x05", b"\x2a\x03\x04"),
    ],
    ids=["garbage", "no DER", "certificate", "text before", "unknown version", "duplicate extension"],
)
def test_no_list_is_named(data: bytes) -> None:
    with pytest.raises(ConfigurationError, match=r"^crls/x\.pem: could not parse RevocationList"):
        parse_crl(data, "crls/x.pem")
