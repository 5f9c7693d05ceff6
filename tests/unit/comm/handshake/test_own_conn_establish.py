"""Our own ConnEstablish is signed once for each certificate that it names."""

from gossip.comm.handshake.machine import certificate_hash
from gossip.comm.handshake.own_conn_establish import OwnConnEstablish
from gossip.messages import GossipMessageTag
from gossip.transport.base import Link
from gossip.wire.envelope import parse_envelope
from gossip.wire.signed import check_signature
from tests.support.hmac_crypto import HmacCrypto, identity_of, pki_id_of

ALICE = identity_of("alice")


class CountingCrypto(HmacCrypto):
    signatures = 0

    def sign(self, message: bytes) -> bytes:
        self.signatures += 1
        return super().sign(message)


def link(certificate: bytes | None) -> Link:
    return Link(remote="bob:7051", peer_certificate=b"bob's leaf", own_certificate=certificate)


def own_conn_establish(crypto: CountingCrypto) -> OwnConnEstablish:
    return OwnConnEstablish(pki_id_of(ALICE), ALICE, crypto.sign)


def test_it_names_us_and_the_certificate_and_is_signed() -> None:
    crypto = CountingCrypto(ALICE)
    signed = parse_envelope(own_conn_establish(crypto).naming(b"leaf", probe=True))
    conn = signed.message.conn
    assert (conn.pki_id, conn.identity, conn.probe) == (pki_id_of(ALICE), ALICE, True)
    assert conn.tls_cert_hash == certificate_hash(b"leaf")
    assert (signed.nonce, signed.tag) == (0, GossipMessageTag(1))
    check_signature(signed, lambda signature, payload: crypto.verify(ALICE, signature, payload))


def test_without_tls_it_names_no_certificate() -> None:
    signed = parse_envelope(own_conn_establish(CountingCrypto(ALICE)).naming(None))
    assert (signed.message.conn.tls_cert_hash, signed.message.conn.probe) == (b"", False)


def test_each_certificate_and_flag_costs_one_signature() -> None:
    crypto = CountingCrypto(ALICE)
    made = own_conn_establish(crypto)
    for _ in range(3):
        frames = {made.naming(leaf, probe=probe) for leaf in (b"1", b"2") for probe in (True, False)}
        assert len(frames) == 4
    assert crypto.signatures == 4


def test_sixteen_are_kept_at_most() -> None:
    crypto = CountingCrypto(ALICE)
    made = own_conn_establish(crypto)
    for number in range(17):
        made.naming(number.to_bytes(2))
    made.naming(b"\0\x10")
    assert crypto.signatures == 17
    made.naming(b"\0\0")
    assert crypto.signatures == 18
