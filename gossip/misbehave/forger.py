"""Identities, true and false, and what they say of themselves."""

from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from gossip.comm.handshake.machine import certificate_hash
from gossip.errors import ConfigurationError
from gossip.misbehave.costly_certificate import make_costly
from gossip.msp.authority import Authority, Validity, generate_key, read_authority
from gossip.msp.certificate import parse_certificate_pem, pki_id_of
from gossip.msp.config import load_signing_identity
from gossip.msp.pem import encode_certificate_pem
from gossip.msp.roles import Role
from gossip.msp.signature import sign
from gossip.types import PeerIdentityType, PkiId
from gossip.wire.conn_establish import encode_conn_establish
from gossip.wire.serialized import encode_serialized_identity

COSTLY_BYTES = 2900
"""Of each half of a costly certificate: within what a listener reads in TLS, with a ClientHello of OpenSSL 3.5."""


@dataclass(frozen=True, slots=True)
class Persona:
    """Somebody to speak as."""

    pki_id: PkiId
    identity: PeerIdentityType
    sign: Callable[[bytes], bytes]


def persona_of(mspid: str, certificate_pem: bytes, sign_by: Callable[[bytes], bytes]) -> Persona:
    """Whoever has this certificate in this MSP, if it is one of its certificates."""
    identity = encode_serialized_identity(mspid, certificate_pem)
    return Persona(pki_id_of(mspid, certificate_pem), identity, sign_by)


class Forger:
    """Makes ConnEstablish messages with whatever is wrong with them."""

    def __init__(self, mspid: str, msp_dir: Path, tls_certificate: bytes, ca_dir: Path | None = None) -> None:
        """Speak, where nothing else is wanted, as the owner of a local MSP folder.

        Args:
            mspid: Of our organisation.
            msp_dir: With our certificate and key.
            tls_certificate: The leaf, in DER, that our connections present.
            ca_dir: With our organisation's CA, for identities that are valid and yet new.

        Raises:
            ConfigurationError: The folder cannot be used.
        """
        signer = load_signing_identity(msp_dir, mspid)
        self.mspid = mspid
        self.own = persona_of(mspid, encode_certificate_pem(signer.certificate.der), signer.sign)
        self.bound_to = certificate_hash(tls_certificate)
        self._authority = read_authority(ca_dir) if ca_dir is not None else None
        self._key = generate_key()

    def conn_establish(
        self,
        persona: Persona | None = None,
        *,
        pki_id: bytes | None = None,
        identity: bytes | None = None,
        bound_to: bytes | None = None,
        probe: bool = False,
        sign_by: Callable[[bytes], bytes] | None = None,
    ) -> bytes:
        """A ConnEstablish, right but for what is given."""
        persona = persona or self.own
        return encode_conn_establish(
            persona.pki_id if pki_id is None else PkiId(pki_id),
            persona.identity if identity is None else PeerIdentityType(identity),
            self.bound_to if bound_to is None else bound_to,
            probe=probe,
            sign=sign_by or persona.sign,
        )

    def stranger(self, mspid: str = "MalloryMSP") -> Persona:
        """Somebody whom no CA of the network vouches for."""
        validity = Validity.running(datetime.now(UTC))
        return self._issue(_unknown_authority(validity), mspid, "peer0", validity)

    def expired(self) -> Persona:
        """A peer of our organisation whose certificate ended a minute ago.

        Raises:
            ConfigurationError: We have no CA.
        """
        return self._issue(self._require_authority(), self.mspid, "expired", Validity.expired(datetime.now(UTC)))

    def newcomers(self, count: int) -> Iterator[Persona]:
        """So many valid peers of our organisation that nobody has heard of.

        Raises:
            ConfigurationError: We have no CA.
        """
        authority, validity = self._require_authority(), Validity.running(datetime.now(UTC))
        return (self._issue(authority, self.mspid, f"newcomer{number}", validity) for number in range(count))

    def as_newcomer(self, name: str) -> "Forger":
        """Another peer of our organisation, over the same TLS certificate.

        Raises:
            ConfigurationError: We have no CA.
        """
        forger = copy(self)
        validity = Validity.running(datetime.now(UTC))
        forger.own = self._issue(self._require_authority(), self.mspid, name, validity)
        return forger

    def _require_authority(self) -> Authority:
        if self._authority is None:
            raise ConfigurationError("this fault needs the key of our organisation's CA")
        return self._authority

    def _issue(self, authority: Authority, mspid: str, name: str, validity: Validity) -> Persona:
        issued = authority.issue_identity(name, validity=validity, units=(Role.PEER.value,), key=self._key)
        return persona_of(mspid, issued.certificate_pem, partial(sign, self._key))


def make_stranger_tls() -> tuple[bytes, bytes]:
    """A TLS certificate that no TLS CA of the network issued, and its key, in PEM."""
    validity = Validity.running(datetime.now(UTC))
    issued = _unknown_authority(validity).issue_tls("mallory", validity=validity, hosts=("localhost",))
    return issued.certificate_pem, issued.key_pem


def make_costly_tls() -> tuple[bytes, bytes]:
    """The same, with a certificate that takes long to read."""
    certificate_pem, key_pem = make_stranger_tls()
    certificate, _ = parse_certificate_pem(certificate_pem)
    return encode_certificate_pem(make_costly(certificate.der, COSTLY_BYTES)), key_pem


def _unknown_authority(validity: Validity) -> Authority:
    return Authority.create("ca.mallory.example.net", "mallory.example.net", validity=validity)
