"""A peer's side of the protocol with nothing of ours: Google's protobuf, and cryptography used directly."""

import hashlib
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from tests.support.google import google_class
from tests.support.organizations import peer

ORDER_OF_P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
TAG_EMPTY = 1


class RefusedError(Exception):
    """What the other side said does not hold; the text goes into the stream's status."""


@dataclass(frozen=True)
class Introduction:
    """Who proved to be at the other end, and whether it only asks."""

    pki_id: bytes
    probe: bool


def parse(envelope: bytes) -> Any:
    """The GossipMessage in an envelope."""
    return google_class("gossip.GossipMessage").FromString(google_class("gossip.Envelope").FromString(envelope).payload)


def encode(message: Any, signature: bytes = b"") -> bytes:
    """An envelope around a GossipMessage."""
    payload = message.SerializeToString()
    encoded: bytes = google_class("gossip.Envelope")(payload=payload, signature=signature).SerializeToString()
    return encoded


def data_envelope(data: bytes, nonce: int = 0) -> bytes:
    """An unsigned data message."""
    message = google_class("gossip.GossipMessage")(nonce=nonce, tag=TAG_EMPTY)
    message.data_msg.payload.data = data
    return encode(message)


def ack_envelope(nonce: int, error: str = "") -> bytes:
    """An acknowledgement, or with a text a refusal."""
    message = google_class("gossip.GossipMessage")(nonce=nonce)
    message.ack.error = error
    return encode(message)


class GooglePeer:
    """A member of ``OrgNMSP`` that introduces itself and judges introductions."""

    def __init__(self, number: int, index: int = 0) -> None:
        self._member = peer(number, index)
        self._key = load_pem_private_key(self._member.identity.key_pem, None)
        mspid, pem = f"Org{number}MSP", self._member.identity.certificate_pem
        self.identity: bytes = google_class("msp.SerializedIdentity")(mspid=mspid, id_bytes=pem).SerializeToString()
        self.pki_id = hashlib.sha256(mspid.encode() + pem).digest()
        self.tls_key_pem = self._member.tls.key_pem
        self.tls_certificate_pem = self._member.tls.certificate_pem

    def conn_establish(self, *, probe: bool = False, tls_certificate_pem: bytes | None = None) -> bytes:
        """Our signed ConnEstablish; it names another TLS certificate than ours where one is given."""
        message = google_class("gossip.GossipMessage")(tag=TAG_EMPTY)
        message.conn.pki_id = self.pki_id
        message.conn.identity = self.identity
        message.conn.tls_cert_hash = _hash_of(tls_certificate_pem or self.tls_certificate_pem)
        message.conn.probe = probe
        return encode(message, self.sign(message.SerializeToString()))

    def sign(self, payload: bytes) -> bytes:
        """ECDSA over SHA-256 with S in the lower half of the order."""
        assert isinstance(self._key, ec.EllipticCurvePrivateKey)
        r, s = decode_dss_signature(self._key.sign(payload, ec.ECDSA(hashes.SHA256())))
        return encode_dss_signature(r, min(s, ORDER_OF_P256 - s))

    @staticmethod
    def judge(envelope: bytes, presented_pem: bytes) -> Introduction:
        """Check a ConnEstablish as a Fabric peer does, chains aside.

        Raises:
            RefusedError: It does not hold.
        """
        conn = parse(envelope).conn
        serialized = google_class("msp.SerializedIdentity").FromString(conn.identity)
        if conn.pki_id != hashlib.sha256(serialized.mspid.encode() + serialized.id_bytes).digest():
            raise RefusedError("identity doesn't match the computed pkiID")
        if conn.tls_cert_hash != _hash_of(presented_pem):
            raise RefusedError("Expected another hash of TLS cert")
        key = x509.load_pem_x509_certificate(serialized.id_bytes).public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        outer = google_class("gossip.Envelope").FromString(envelope)
        try:
            key.verify(outer.signature, outer.payload, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature as error:
            raise RefusedError("the signature does not hold") from error
        if decode_dss_signature(outer.signature)[1] > ORDER_OF_P256 // 2:
            raise RefusedError("the signature's S is high")
        return Introduction(conn.pki_id, conn.probe)


def _hash_of(certificate_pem: bytes) -> bytes:
    return hashlib.sha256(x509.load_pem_x509_certificate(certificate_pem).public_bytes(Encoding.DER)).digest()
