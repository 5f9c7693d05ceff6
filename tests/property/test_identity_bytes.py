"""Whatever bytes claim to be an identity, they are judged or refused with our errors, and never take the peer down."""

from hypothesis import given, settings
from hypothesis import strategies as st

from gossip.errors import IdentityError
from gossip.msp.pem import encode_certificate_pem, find_pem_block
from gossip.types import PeerIdentityType
from gossip.wire.serialized import encode_serialized_identity, parse_serialized_identity
from tests.support.fabric_peers import fabric_peer, identity_of

PEER = fabric_peer("local_org1_channel_org1_org2")
IDENTITIES = [identity_of(f"org1/{name}") for name in ("peer1", "rsa", "p384", "viaica", "cabit", "twoou", "ed25519")]


def der_of(identity: PeerIdentityType) -> bytes:
    block = find_pem_block(parse_serialized_identity(identity).id_bytes)
    assert block is not None
    return block.body


CERTIFICATES = [der_of(identity) for identity in IDENTITIES]
EDITS = st.lists(st.tuples(st.integers(0, 1500), st.integers(0, 3), st.binary(max_size=3)), min_size=1, max_size=4)


def edited(original: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    """Replace ``length`` bytes by others, at each place in turn."""
    data = bytearray(original)
    for place, length, replacement in edits:
        at = place % len(data)
        data[at : at + length] = replacement
    return bytes(data)


def is_taken(identity: PeerIdentityType) -> bool:
    """Whether the peer takes it; nothing but an IdentityError may come up where it does not."""
    organization = PEER.advisor.org_by_peer_identity(identity)
    try:
        PEER.crypto.validate_identity(identity)
    except IdentityError:
        return False
    assert organization is not None
    assert PEER.crypto.get_pki_id_of_cert(identity) is not None
    return True


@settings(max_examples=1000, deadline=None)
@given(st.sampled_from(CERTIFICATES), EDITS)
def test_edited_certificate(certificate: bytes, edits: list[tuple[int, int, bytes]]) -> None:
    changed = edited(certificate, edits)
    taken = is_taken(encode_serialized_identity("Org1MSP", encode_certificate_pem(changed)))
    assert not taken or changed == certificate


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(IDENTITIES), EDITS)
def test_edited_identity(identity: PeerIdentityType, edits: list[tuple[int, int, bytes]]) -> None:
    """Some edits do no harm, such as one of a PEM line's end; none may do more than make it refused."""
    is_taken(PeerIdentityType(edited(identity, edits)))


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    assert not is_taken(PeerIdentityType(data))
    assert not is_taken(encode_serialized_identity("Org1MSP", data))
    assert not is_taken(encode_serialized_identity("Org1MSP", encode_certificate_pem(data)))
