"""Certificate revocation lists: which serial numbers which CA has really revoked."""

from collections.abc import Iterable

from cryptography import x509

from gossip.der import INTEGER, SEQUENCE, read_element, read_elements
from gossip.errors import ConfigurationError, SignatureError
from gossip.msp.certificate import UNREADABLE, Certificate, find_extension, without_warnings
from gossip.msp.crl_signature import check_readable, is_signed_by
from gossip.msp.distinguished_name import parse_name
from gossip.msp.parser_text import readable
from gossip.msp.pem import find_pem_block

_PEM_TYPE = "X509 CRL"


def parse_crl(data: bytes, path: str) -> x509.CertificateRevocationList:
    """Read one CRL, in PEM or DER; how old it is plays no part.

    Raises:
        ConfigurationError: It is none, or names no authority key, with which Fabric refuses every identity.

    Mirrors: crypto/x509, ParseCRL, and msp/mspimplsetup.go, setupCRLs.
    """
    block = find_pem_block(data) if data.startswith(b"-----BEGIN X509 CRL") else None
    try:
        with without_warnings():
            crl = x509.load_der_x509_crl(block.body if block is not None and block.type == _PEM_TYPE else data)
            key_id = find_authority_key_id(crl)
        check_readable(crl)
    except (*UNREADABLE, SignatureError) as error:
        raise ConfigurationError(f"could not parse RevocationList: {readable(str(error))}", path=path) from error
    if key_id is None:
        raise ConfigurationError(
            "could not obtain Authority Key Identifier for crl: the CRL does not say which CA made it; "
            "have the CA issue it again with that extension",
            path=path,
        )
    return crl


class Revocations:
    """What the CRLs of an MSP say, by the CA that signed them.

    A CRL that carries a CA's key identifier but not its signature says nothing.

    Mirrors: msp/mspimplvalidate.go, validateCertAgainstChain.
    """

    def __init__(self, crls: Iterable[tuple[str, x509.CertificateRevocationList]], cas: Iterable[Certificate]) -> None:
        """Read CRLs, each with the file that it came from, by the CAs that they may be of."""
        crls = tuple(crls)
        self._files_by_serial = {
            ca: {entry.serial_number: file for file, crl in crls if counts_for(crl, ca) for entry in crl} for ca in cas
        }

    def find_crl(self, certificate: Certificate, issuer: Certificate) -> str | None:
        """Find the file of a CRL with which ``issuer`` revoked ``certificate``; from when on plays no part."""
        return self._files_by_serial[issuer].get(certificate.serial_number)


def counts_for(crl: x509.CertificateRevocationList, ca: Certificate) -> bool:
    """Whether the CRL names this CA's key, by identifier, and is signed with it."""
    return find_authority_key_id(crl) == ca.key_id and is_signed_by(crl, ca)


def find_authority_key_id(crl: x509.CertificateRevocationList) -> bytes | None:
    """The key identifier of the CA that the CRL names; None where it names none."""
    named = find_extension(crl.extensions, x509.AuthorityKeyIdentifier)
    return None if named is None else named.key_identifier or b""


def describe_issuer(crl: x509.CertificateRevocationList) -> str:
    """Whom the CRL names as its issuer, who need not have signed it."""
    fields = read_elements(read_element(crl.tbs_certlist_bytes, SEQUENCE).content)
    _, issuer, *_ = fields[1:] if fields[0].tag == INTEGER else fields
    try:
        return parse_name(issuer.encoded).rfc4514_string()
    except ValueError:
        return "(unreadable name)"
