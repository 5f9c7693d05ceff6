"""What our own CAs issue, judged by OpenSSL and by the standard library's own reading."""

import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import NameOID

from gossip.msp.authority import Authority, IssuedMember, Organization, Role, Validity, generate_key
from tests.support.organizations import NOW, admin, client, organization, organization_folder, peer, peer_folder

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl command as the judge")
@pytest.mark.parametrize(
    "options",
    [
        ("-CAfile", "ca/ca.org1.example.com-cert.pem", "{peer}/msp/signcerts/peer0.org1.example.com-cert.pem"),
        (
            "-purpose",
            "sslserver",
            "-verify_hostname",
            "peer0.org1.example.com",
            "-CAfile",
            "{peer}/tls/ca.crt",
            "{tls}",
        ),
        ("-purpose", "sslserver", "-verify_hostname", "peer0", "-CAfile", "{peer}/tls/ca.crt", "{tls}"),
        ("-purpose", "sslserver", "-verify_hostname", "localhost", "-CAfile", "{peer}/tls/ca.crt", "{tls}"),
        ("-purpose", "sslserver", "-verify_ip", "127.0.0.1", "-CAfile", "{peer}/tls/ca.crt", "{tls}"),
        ("-purpose", "sslclient", "-verify_ip", "::1", "-CAfile", "{peer}/tls/ca.crt", "{tls}"),
    ],
)
def test_openssl_accepts_the_chains(options: tuple[str, ...]) -> None:
    places = {"peer": peer_folder(), "tls": peer_folder() / "tls" / "server.crt", "name": peer().name}
    done = subprocess.run(
        ["openssl", "verify", "-x509_strict", *(option.format(**places) for option in options)],
        cwd=organization_folder(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(": OK\n")


def test_the_ca_and_the_tls_ca_do_not_vouch_for_each_other() -> None:
    peer().identity.certificate.verify_directly_issued_by(organization().ca.certificate)
    peer().tls.certificate.verify_directly_issued_by(organization().tls_ca.certificate)
    with pytest.raises(ValueError, match="Issuer certificate subject does not match"):
        peer().tls.certificate.verify_directly_issued_by(organization().ca.certificate)


@pytest.mark.parametrize(("make", "unit"), [(peer, "peer"), (admin, "admin"), (client, "client")])
def test_an_identity_has_exactly_its_role_as_unit(make: Callable[[], IssuedMember], unit: str) -> None:
    subject = make().identity.certificate.subject
    assert [a.value for a in subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)] == [unit]


def test_key_usages_are_cryptogens() -> None:
    ca, identity, tls = organization().ca.certificate, peer().identity.certificate, peer().tls.certificate

    assert _usages(ca) == {"digital_signature", "key_encipherment", "key_cert_sign", "crl_sign"}
    assert _usages(identity) == {"digital_signature"}
    assert _usages(tls) == {"digital_signature", "key_encipherment"}
    assert _has(ca, x509.ExtendedKeyUsage)
    assert not _has(identity, x509.ExtendedKeyUsage)
    assert _has(tls, x509.ExtendedKeyUsage)
    assert not _has(identity, x509.SubjectAlternativeName)


def test_ca_signatures_have_a_low_s() -> None:
    organization = Organization.create("Org9MSP", "org9.example.com", now=NOW)
    certificates = [organization.issue_client(f"User{index}").identity.certificate for index in range(20)]

    for certificate in [organization.ca.certificate, *certificates]:
        assert decode_dss_signature(certificate.signature)[1] <= P256_ORDER // 2


def test_validity_is_where_it_was_put() -> None:
    now = datetime(2026, 3, 1, 12, 0, 0, 999_999, tzinfo=UTC)
    organization = Organization.create("Org9MSP", "org9.example.com", now=now)
    whole = now.replace(microsecond=0)

    running = organization.issue_peer("peer0").identity.certificate
    expired = organization.issue_peer("peer1", validity=Validity.expired(now)).identity.certificate
    not_yet = organization.issue_peer("peer2", validity=Validity.not_yet(now)).identity.certificate

    assert running.not_valid_before_utc == whole - timedelta(minutes=5)
    assert running.not_valid_after_utc == organization.ca.certificate.not_valid_after_utc
    assert expired.not_valid_before_utc > organization.ca.certificate.not_valid_before_utc
    assert expired.not_valid_after_utc == whole - timedelta(minutes=1)
    assert not_yet.not_valid_before_utc == whole + timedelta(days=1)


def test_an_intermediate_issues_below_its_root() -> None:
    root = Authority.create("root", "org", validity=Validity.running(NOW))
    intermediate = root.issue_authority("intermediate", "org", validity=Validity.running(NOW))
    leaf = intermediate.issue_identity("peer0", validity=Validity.running(NOW), units=["peer", "department"])

    intermediate.certificate.verify_directly_issued_by(root.certificate)
    leaf.certificate.verify_directly_issued_by(intermediate.certificate)
    units = leaf.certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
    assert [unit.value for unit in units] == ["peer", "department"]


def test_a_foreign_key_is_certified_as_it_is() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    credential = organization().ca.issue_identity("rsa", validity=organization().validity, key=key)

    assert credential.certificate.public_key() == key.public_key()
    assert load_pem_private_key(credential.key_pem, None).public_key() == key.public_key()


def test_a_crl_names_what_was_revoked_and_is_signed() -> None:
    ca, revoked = organization().ca, peer(1, 1).identity.certificate
    crl = x509.load_pem_x509_crl(ca.revoke([revoked], now=NOW))

    assert [entry.serial_number for entry in crl] == [revoked.serial_number]
    assert crl.is_signature_valid(ca.key.public_key())
    key_identifier = crl.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    assert key_identifier == ca.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest


def test_another_key_forges_a_crl_that_only_looks_right() -> None:
    ca = organization().ca
    forged = x509.load_pem_x509_crl(Authority(ca.certificate, generate_key()).revoke([], now=NOW))

    assert forged.issuer == ca.certificate.subject
    assert not forged.is_signature_valid(ca.key.public_key())


def test_orderers_are_nodes_too() -> None:
    orderer = organization().issue("orderer0.example.com", Role.ORDERER)
    names = orderer.tls.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value

    assert names.get_values_for_type(x509.DNSName) == ["orderer0.example.com"]


def _has(certificate: x509.Certificate, kind: type[x509.ExtensionType]) -> bool:
    return any(isinstance(extension.value, kind) for extension in certificate.extensions)


def _usages(certificate: x509.Certificate) -> set[str]:
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    return {name for name in (*names, "key_cert_sign", "crl_sign") if getattr(usage.value, name)}
