"""What stands in the certificates of a TLS connection; nothing here trusts any."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gossip.msp.certificate import Certificate, find_extension, parse_certificate, shown

_PURPOSES = {
    ExtendedKeyUsageOID.SERVER_AUTH: "server",
    ExtendedKeyUsageOID.CLIENT_AUTH: "client",
}

_RSA_BITS = 2048
MAX_CERTIFICATES = 1_000
"""How many certificates one file may hold; no organisation has as many CAs."""


_DNS, _IP = "DNS", "IP"
_LABEL = re.compile(r"[a-z0-9-]+")
_WILDCARD = re.compile(r"\*(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?){2,}")
"""OpenSSL wants two labels behind a wildcard, and host names' letters in its place and behind it."""


class AlternativeName(NamedTuple):
    """A name that a certificate is for, as OpenSSL shows it; ``kind`` is ``DNS`` or ``IP``."""

    kind: str
    value: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"


@dataclass(frozen=True, slots=True)
class TlsCertificate:
    """A leaf in words; ``names`` are its alternative names, DNS names and addresses."""

    certificate: Certificate
    subject: str
    issuer: str
    names: tuple[AlternativeName, ...]
    not_before_at: datetime
    not_after_at: datetime

    def is_for(self, host: str) -> bool:
        """Whether a client that dials ``host`` takes the certificate for that name."""
        try:
            address = ip_address(host)
        except ValueError:
            return any(name.kind == _DNS and _covers(name.value, host) for name in self.names)
        return any(name.kind == _IP and _as_address(name.value) == address for name in self.names)

    def has_odd_wildcard_for(self, host: str) -> bool:
        """Whether a wildcard stands there that is for ``host`` in the eyes of Go alone."""
        return not self.is_for(host) and any(
            name.kind == _DNS and _covers_by_wildcard(name.value, host) for name in self.names
        )

    def has_as_dns_name(self, host: str) -> bool:
        """Whether an address stands there as a DNS name, by which no client finds it."""
        address = _as_address(host)
        return address is not None and any(
            name.kind == _DNS and _as_address(name.value) == address for name in self.names
        )


def read_tls_certificate(der: bytes) -> TlsCertificate:
    """Read a leaf.

    Raises:
        UntrustedIdentityError: It is no certificate.
    """
    certificate = parse_certificate(der)
    return TlsCertificate(
        certificate,
        certificate.subject,
        certificate.issuer,
        tuple(_alternative_names(certificate)),
        certificate.not_before_at,
        certificate.not_after_at,
    )


def find_missing_purposes(certificate: Certificate) -> tuple[str, ...]:
    """Name the sides of TLS, ``server`` and ``client``, for which a certificate may not be used."""
    usages = find_extension(certificate.parsed.extensions, x509.ExtendedKeyUsage)
    if usages is None or ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE in usages:
        return ()
    return tuple(name for oid, name in _PURPOSES.items() if oid not in usages)


def is_for_any_usage_alone(certificate: Certificate, purpose: str) -> bool:
    """Whether it may be used for everything, and does not name ``purpose``, a side of TLS: OpenSSL does not take it."""
    usages = find_extension(certificate.parsed.extensions, x509.ExtendedKeyUsage) or ()
    wanted = next(oid for oid, name in _PURPOSES.items() if name == purpose)
    return ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE in usages and wanted not in usages


def lacks_digital_signature(certificate: Certificate) -> bool:
    """Whether its key usages, if it has any, are without digital signature: Go does not look at them, OpenSSL does."""
    usage = find_extension(certificate.parsed.extensions, x509.KeyUsage)
    return usage is not None and not usage.digital_signature


def find_weak_key(certificates: Iterable[Certificate]) -> Certificate | None:
    """The first of an RSA key of less than 2,048 bits, which Go takes and OpenSSL does not."""
    keys = ((each, each.key) for each in certificates)
    return next((each for each, key in keys if isinstance(key, rsa.RSAPublicKey) and key.key_size < _RSA_BITS), None)


def find_issuer_key_id(certificate: Certificate) -> bytes | None:
    """The key identifier by which a certificate names its issuer; None where it names none."""
    named = find_extension(certificate.parsed.extensions, x509.AuthorityKeyIdentifier)
    return None if named is None else named.key_identifier


def find_misnamed_issuer(certificate: Certificate, ca: Certificate) -> str | None:
    """How a certificate names another CA than this one, which signed it; None where it does not.

    OpenSSL then looks for that other one, and Go does not.
    """
    named = find_extension(certificate.parsed.extensions, x509.AuthorityKeyIdentifier)
    if named is None:
        return None
    if named.key_identifier is not None and ca.key_id not in (None, named.key_identifier):
        return f"the key identifier {_hex(ca.key_id)} where that one names {_hex(named.key_identifier)}"
    if named.authority_cert_serial_number not in (None, ca.serial_number):
        return f"the serial number {ca.serial_number} where that one names {named.authority_cert_serial_number}"
    names = [name.value for name in named.authority_cert_issuer or () if isinstance(name, x509.DirectoryName)]
    if names and names[0] != ca.parsed.issuer:
        return f"the issuer {ca.issuer} where that one names {shown(names[0].rfc4514_string())}"
    return None


def _hex(key_id: bytes | None) -> str:
    return key_id.hex() if key_id else "of no bytes"


def is_issued_by_tlsgen(certificate: Certificate) -> bool:
    """Whether its issuer's name is a serial number alone, as of a CA that a peer makes for its chaincode.

    Mirrors: common/crypto/tlsgen/key.go, newCertTemplate.
    """
    return [attribute.oid for attribute in certificate.parsed.issuer] == [NameOID.SERIAL_NUMBER]


def has_purposes(certificate: Certificate) -> bool:
    """Whether it says what it is for, as a TLS certificate does and an identity does not."""
    return find_extension(certificate.parsed.extensions, x509.ExtendedKeyUsage) is not None


def _alternative_names(certificate: Certificate) -> Iterable[AlternativeName]:
    for name in find_extension(certificate.parsed.extensions, x509.SubjectAlternativeName) or ():
        if isinstance(name, x509.DNSName | x509.IPAddress):
            yield AlternativeName(_DNS if isinstance(name, x509.DNSName) else _IP, shown(str(name.value)))


def _covers(name: str, host: str) -> bool:
    """As OpenSSL judges it, for which a dot at the end of a name in a certificate belongs to the name."""
    name, host = name.lower(), _plain(host)
    if not name.startswith("*."):
        return name == host
    label = host.partition(".")[0]
    return bool(_WILDCARD.fullmatch(name) and _LABEL.fullmatch(label)) and _covers_by_wildcard(name, host)


def _covers_by_wildcard(name: str, host: str) -> bool:
    """As Go judges it, whatever the label is and however many stand behind it."""
    label, dot, rest = _plain(host).partition(".")
    return bool(label and dot) and f"*.{rest}" == name.lower()


def _plain(host: str) -> str:
    return host.lower().removesuffix(".")


def _as_address(name: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(name)
    except ValueError:
        return None
