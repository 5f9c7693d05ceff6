"""SerializedIdentity: an MSP-ID and a certificate, which is what MSPs take for an identity."""

from gossip.messages import SerializedIdentity
from gossip.types import PeerIdentityType
from gossip.wire.codec import decode, encode


def parse_serialized_identity(identity: bytes) -> SerializedIdentity:
    """Read an identity's MSP-ID and certificate; neither is judged.

    Raises:
        MalformedMessageError: Not a SerializedIdentity.
    """
    return decode(SerializedIdentity, identity)


def encode_serialized_identity(mspid: str, id_bytes: bytes) -> PeerIdentityType:
    """Put an MSP-ID and a certificate in PEM together.

    Raises:
        InvalidMessageError: An argument has the wrong type, or ``mspid`` is not text that UTF-8 can hold.
    """
    return PeerIdentityType(encode(SerializedIdentity(mspid=mspid, id_bytes=id_bytes)))
