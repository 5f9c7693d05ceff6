"""ConnEstablish: the first message of each side of a connection."""

from itertools import islice
from typing import Final

from gossip.errors import MalformedMessageError, UnexpectedMessageError
from gossip.messages import ConnEstablish, GossipMessage, Tag
from gossip.types import PeerIdentityType, PkiId
from gossip.wire.envelope import parse_at_once
from gossip.wire.kinds import MessageKind
from gossip.wire.signed import Sign, SignedMessage, sign_message
from gossip.wire.slices import parse_in_slices

MAX_SLICES: Final = 12
"""A ConnEstablish takes up to six, however long its identity; each takes 0.1 ms, and 0.2 ms for its object."""


def encode_conn_establish(
    pki_id: PkiId, identity: PeerIdentityType, tls_cert_hash: bytes, *, probe: bool, sign: Sign
) -> bytes:
    """Encode and sign the envelope that authenticates our end of a connection.

    Args:
        pki_id: Ours.
        identity: Ours, as a marshalled SerializedIdentity.
        tls_cert_hash: SHA-256 over the DER of the certificate that we present on this connection; empty without TLS.
        probe: We only want to know whether we would be accepted.
        sign: Signs with the identity's key.

    Raises:
        InvalidMessageError: An argument is not bytes.
        Exception: Whatever ``sign`` raises.

    Mirrors: gossip/comm/comm_impl.go, createConnectionMsg.
    """
    conn_establish = ConnEstablish(pki_id=pki_id, identity=identity, tls_cert_hash=tls_cert_hash, probe=probe)
    return sign_message(GossipMessage(tag=Tag.EMPTY, conn=conn_establish), sign).envelope


def parse_first(frame: bytes) -> SignedMessage:
    """Read the first envelope of a stranger, as `gossip.wire.envelope.parse_envelope`, but not for long.

    Raises:
        MalformedEnvelopeError, MalformedMessageError: As there; or it has many more fields than a ConnEstablish.
    """
    signed = parse_at_once(frame) or next(filter(None, islice(parse_in_slices(frame), MAX_SLICES + 1)), None)
    if signed is None:
        raise MalformedMessageError("more fields than a ConnEstablish has", offset=0, field=GossipMessage.__name__)
    return signed


def parse_conn_establish(signed: SignedMessage) -> ConnEstablish:
    """The ConnEstablish in a message; nothing of it is checked yet.

    Raises:
        UnexpectedMessageError: The message is of another kind.

    Mirrors: gossip/comm/comm_impl.go, authenticateRemotePeer.
    """
    if signed.kind is not MessageKind.CONN:
        raise UnexpectedMessageError(f"wrong type: expected CONN, got {signed.kind.name}")
    return signed.message.conn
