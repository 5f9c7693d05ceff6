"""ConnEstablish messages that prove nothing."""

from collections.abc import Callable
from functools import partial

from gossip.messages import SecretEnvelope
from gossip.misbehave import frames
from gossip.misbehave.attacker import Attacker
from gossip.misbehave.contexts import context_without_certificate
from gossip.misbehave.conversation import one_by_one
from gossip.misbehave.ending import Ending, status
from gossip.misbehave.fault import Fault, Layer, describe, fault
from gossip.misbehave.forger import Forger
from gossip.misbehave.session import data_envelope
from gossip.transport.http2.frame import WINDOW_BYTES
from gossip.transport.limits import ServerLimits
from gossip.wire.acks import encode_ack
from gossip.wire.envelope import parse_envelope
from gossip.wire.envelope_bytes import encode_envelope
from gossip.wire.serialized import encode_serialized_identity, parse_serialized_identity
from gossip.wire.varint import encode_varint

HASH_BYTES = 32
CONN_KEY = b"\x72"
UNKNOWN_FIELD = b"\x78\x01"
HANDSHAKES = ServerLimits().max_handshakes


def opening(
    name: str, words: str, *, limit: str = "handshake", code: str = "UNKNOWN", needs_authority: bool = False
) -> Callable[[Callable[[Forger], bytes]], Fault]:
    """Make a function that makes a first message a fault; it must be refused with ``words``."""

    def register(forge: Callable[[Forger], bytes]) -> Fault:
        async def run(attacker: Attacker) -> Ending:
            return await open_with(attacker, forge(attacker.forger))

        return Fault(name, Layer.HANDSHAKE, describe(forge), status(code, words), limit, None, needs_authority, run)

    return register


async def open_with(attacker: Attacker, envelope: bytes) -> Ending:
    """Say this first, on a new connection, and wait for what comes of it.

    Cancellation: the connection is cut.
    """
    async with attacker.http2() as peer:
        peer.open()
        await peer.send(1, frames.message(envelope), attacker.patience_s)
        return await peer.ending(attacker.patience_s)


@opening("data-before-hello", "wrong type")
def data_before_hello(_: Forger) -> bytes:
    """Sends data before it has said who it is."""
    return data_envelope(b"let me in")


@opening("ack-before-hello", "wrong type")
def ack_before_hello(_: Forger) -> bytes:
    """Acknowledges something before it has said who it is."""
    return encode_ack(1)


@opening("empty-hello", "wrong type")
def empty_hello(_: Forger) -> bytes:
    """Sends an empty envelope in place of its ConnEstablish."""
    return b""


@opening("malformed-hello", "malformed Envelope", code="INTERNAL", limit="codec")
def malformed_hello(_: Forger) -> bytes:
    """Sends bytes that are not an envelope in place of its ConnEstablish."""
    return b"\xff" * 100


@opening("dense-hello", "more fields than a ConnEstablish has", limit="codec")
def dense_hello(_: Forger) -> bytes:
    """Sends a ConnEstablish of 30,000 fields."""
    fields = UNKNOWN_FIELD * 30_000
    return encode_envelope(CONN_KEY + encode_varint(len(fields)) + fields, b"")


@opening("no-pki-id", "no PKI-ID")
def no_pki_id(forger: Forger) -> bytes:
    """Leaves out its PKI-ID."""
    return forger.conn_establish(pki_id=b"")


@opening("foreign-pki-id", "identity doesn't match the computed pkiID")
def foreign_pki_id(forger: Forger) -> bytes:
    """Claims a PKI-ID that is not that of its identity."""
    return forger.conn_establish(pki_id=bytes(HASH_BYTES))


@opening("no-identity", "identity is nil")
def no_identity(forger: Forger) -> bytes:
    """Leaves out its identity."""
    return forger.conn_establish(identity=b"")


@opening("garbage-identity", "")
def garbage_identity(forger: Forger) -> bytes:
    """Sends bytes for an identity that are none."""
    return forger.conn_establish(identity=b"\xff" * 100)


@opening("huge-identity", "larger than the limit", code="RESOURCE_EXHAUSTED", limit="max_handshake_bytes")
def huge_identity(forger: Forger) -> bytes:
    """Sends a ConnEstablish of 70 KB."""
    return forger.conn_establish(identity=forger.own.identity + bytes(70_000))


@opening("unknown-organisation", "MalloryMSP")
def unknown_organization(forger: Forger) -> bytes:
    """Comes from an organisation that nobody knows."""
    return forger.conn_establish(forger.stranger())


@opening("usurped-organisation", "")
def usurped_organization(forger: Forger) -> bytes:
    """Claims our organisation, with a certificate of a CA of its own."""
    return forger.conn_establish(forger.stranger(forger.mspid))


@opening("wrong-mspid", "")
def wrong_mspid(forger: Forger) -> bytes:
    """Claims another MSP-ID than that of the CA that issued its certificate."""
    certificate = parse_serialized_identity(forger.own.identity).id_bytes
    return forger.conn_establish(identity=encode_serialized_identity("MalloryMSP", certificate))


@opening("expired", "gossipping peer identity expired", needs_authority=True)
def expired(forger: Forger) -> bytes:
    """Uses an identity that has ended."""
    return forger.conn_establish(forger.expired())


@opening("bad-signature", "signature is invalid", limit="signature")
def bad_signature(forger: Forger) -> bytes:
    """Signs something else."""
    return forger.conn_establish(sign_by=lambda message: forger.own.sign(message + b"!"))


@opening("no-signature", "Empty signature on the message", limit="signature")
def no_signature(forger: Forger) -> bytes:
    """Does not sign."""
    return forger.conn_establish(sign_by=lambda _: b"")


@opening("garbage-signature", "validity of the signature", limit="signature")
def garbage_signature(forger: Forger) -> bytes:
    """Signs with bytes that are no signature."""
    return forger.conn_establish(sign_by=lambda _: b"\x30" * 70)


@opening("unsigned-secret", "Empty signature on the secret envelope", limit="signature")
def unsigned_secret(forger: Forger) -> bytes:
    """Adds a secret envelope that it does not sign."""
    signed = parse_envelope(forger.conn_establish())
    return encode_envelope(signed.payload, signed.signature, SecretEnvelope(payload=b"localhost:7051"))


@opening("no-binding", "in remote hash of TLS cert", limit="TLS binding")
def no_binding(forger: Forger) -> bytes:
    """Names no TLS certificate."""
    return forger.conn_establish(bound_to=b"")


@opening("cross-bound", "in remote hash of TLS cert", limit="TLS binding")
def cross_bound(forger: Forger) -> bytes:
    """Says, with a true signature, what is meant for a connection with another TLS certificate."""
    return forger.conn_establish(bound_to=bytes(HASH_BYTES))


@fault("replayed", Layer.HANDSHAKE, status("UNKNOWN", "in remote hash of TLS cert"), limit="TLS binding")
async def replayed(attacker: Attacker) -> Ending:
    """Records a ConnEstablish, and says it on another connection."""
    async with attacker.session() as session:
        recorded = session.peer.messages(1)[0]
    return await open_with(attacker, recorded)


@fault("reflected", Layer.HANDSHAKE, status("UNKNOWN", "in remote hash of TLS cert"), limit="TLS binding")
async def reflected(attacker: Attacker) -> Ending:
    """Sends back the ConnEstablish that it received, on the same stream."""
    async with attacker.http2() as peer:
        peer.open()
        await peer.until(lambda: bool(peer.messages(1)) or peer.is_over(1), attacker.patience_s)
        for conn_establish in peer.messages(1):
            peer.write(frames.data(1, frames.message(conn_establish)))
        return await peer.ending(attacker.patience_s)


@fault("no-client-certificate", Layer.HANDSHAKE, status("UNKNOWN", "no TLS certificate"), limit="TLS binding")
async def no_client_certificate(attacker: Attacker) -> Ending:
    """Presents no certificate in TLS, and a right ConnEstablish."""
    async with attacker.http2(context=context_without_certificate()) as peer:
        peer.open()
        peer.write(frames.data(1, frames.message(attacker.forger.conn_establish())))
        return await peer.ending(attacker.patience_s)


@fault("silent-stream", Layer.HANDSHAKE, status("UNKNOWN", "timed out waiting"), limit="conn_timeout_s")
async def silent_stream(attacker: Attacker) -> Ending:
    """Opens a stream and sends nothing."""
    async with attacker.http2() as peer:
        peer.open()
        return await peer.ending(attacker.patience_s)


@fault("slow-handshake", Layer.HANDSHAKE, status("UNKNOWN", "timed out waiting"), limit="conn_timeout_s")
async def slow_handshake(attacker: Attacker) -> Ending:
    """Sends its ConnEstablish one byte at a time."""
    async with attacker.http2() as peer:
        peer.open()
        body = frames.message(attacker.forger.conn_establish())
        parts = map(partial(frames.data, 1), one_by_one(body))
        return await peer.ending(await peer.drip(parts, attacker.pace_s, attacker.patience_s, lambda: peer.is_over(1)))


@fault(
    "half-hellos", Layer.HANDSHAKE, status("UNKNOWN", "timed out waiting"), limit="conn_timeout_s, max_unauthenticated"
)
async def half_hellos(attacker: Attacker) -> Ending:
    """Sends half of a ConnEstablish on as many streams as may wait, as far as the window allows, and nothing more."""
    async with attacker.http2() as peer:
        await peer.greeted(attacker.patience_s)
        part_bytes = WINDOW_BYTES // HANDSHAKES - len(frames.message(b""))
        half = frames.message(bytes(part_bytes), announced_bytes=2 * part_bytes)
        for stream_id in range(1, 2 * HANDSHAKES, 2):
            peer.open(stream_id)
            if await peer.send(stream_id, half, attacker.patience_s) < len(half):
                break
        return await peer.ending(attacker.patience_s)
