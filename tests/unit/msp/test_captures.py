"""What real Fabric peers said to one another, judged by their organisations' MSPs."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from gossip.errors import SignatureError, UntrustedIdentityError
from gossip.messages import ConnEstablish
from gossip.msp.certificate import pki_id_of
from gossip.msp.config import load_msp_config
from gossip.msp.membership import Msp
from gossip.msp.registry import MspRegistry
from gossip.msp.signature import check_signature
from gossip.types import ChannelId, PeerIdentityType
from gossip.wire import signed
from gossip.wire.envelope import parse_envelope
from gossip.wire.serialized import encode_serialized_identity, parse_serialized_identity
from tests.support.vectors import VECTORS, load_vectors

CONNECTIONS = [record for record in load_vectors("captures/org1-peer2.jsonl") if record["kind"] == "conn"]
MSPS = [Msp(load_msp_config(VECTORS / "captures" / "msp" / f"org{n}", f"Org{n}MSP")) for n in (1, 2)]
REGISTRY = MspRegistry(MSPS[0], {ChannelId(b"mychannel"): MSPS})


def connection(at: int) -> tuple[signed.SignedMessage, ConnEstablish]:
    message = parse_envelope(base64.b64decode(CONNECTIONS[at]["envelope_b64"]))
    return message, message.message.conn


@pytest.mark.parametrize("at", range(len(CONNECTIONS)))
def test_first_message_of_a_real_peer(at: int) -> None:
    message, conn = connection(at)
    identity = PeerIdentityType(conn.identity)
    member = REGISTRY.judge(identity).member
    assert (member.mspid, member.certificate.organizational_units) == (
        parse_serialized_identity(identity).mspid,
        ("peer",),
    )
    serialized = parse_serialized_identity(identity)
    assert pki_id_of(serialized.mspid, serialized.id_bytes) == conn.pki_id
    key = member.certificate.key
    assert isinstance(key, ec.EllipticCurvePublicKey)
    signed.check_signature(message, lambda signature, payload: check_signature(key, signature, payload))
    with pytest.raises(SignatureError):
        signed.check_signature(message, lambda signature, payload: check_signature(key, signature, payload + b"!"))


def test_both_organizations_spoke() -> None:
    spoke = {parse_serialized_identity(connection(at)[1].identity).mspid for at in range(len(CONNECTIONS))}
    assert spoke == {"Org1MSP", "Org2MSP"}


def test_certifier_of_the_other_organization_does_not_vouch() -> None:
    _, conn = connection(0)
    id_bytes = parse_serialized_identity(conn.identity).id_bytes
    pretender = encode_serialized_identity("Org2MSP", id_bytes)
    with pytest.raises(
        UntrustedIdentityError, match=r"claims Org2MSP, but its issuer ca.org1.example.com is a root of Org1MSP"
    ):
        REGISTRY.judge(pretender)
