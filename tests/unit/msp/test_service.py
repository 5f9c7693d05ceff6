"""The crypto service and the security advisor; the first tests have the names that Fabric's own have."""

import hashlib
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from gossip.api.crypto import BlockVerifier, MessageCryptoService
from gossip.api.security import SecurityAdvisor
from gossip.errors import ConfigurationError, SignatureError, UntrustedIdentityError
from gossip.msp.config import load_msp_config, load_signing_identity
from gossip.msp.membership import Msp
from gossip.msp.registry import MspRegistry
from gossip.msp.service import MspCryptoService, MspSecurityAdvisor
from gossip.msp.signature import sign
from gossip.msp.signing import SigningIdentity
from gossip.types import ChannelId, OrgIdentityType, PeerIdentityType
from gossip.wire.serialized import encode_serialized_identity, parse_serialized_identity
from tests.support.certificates import Issued, make_ca, make_leaf, make_msp
from tests.support.vectors import VECTORS

CHANNEL = ChannelId(b"mychannel")
ROOTS = {mspid: make_ca(f"ca.{mspid}") for mspid in ("Org1MSP", "Org2MSP")}
LOCAL, SECOND = (make_msp([root], mspid=mspid) for mspid, root in ROOTS.items())
REGISTRY = MspRegistry(LOCAL, {CHANNEL: [LOCAL, SECOND]})
OURSELVES = make_leaf("peer0", ROOTS["Org1MSP"])
MESSAGE = b"message"


def key_of(issued: Issued) -> ec.EllipticCurvePrivateKey:
    assert isinstance(issued.key, ec.EllipticCurvePrivateKey)
    return issued.key


def service(issued: Issued = OURSELVES, registry: MspRegistry = REGISTRY) -> MspCryptoService:
    return MspCryptoService(registry, SigningIdentity("Org1MSP", issued.certificate, key_of(issued)))


CRYPTO = service()


def test_it_is_what_gossip_asks_for() -> None:
    crypto: MessageCryptoService = CRYPTO
    advisor: SecurityAdvisor = MspSecurityAdvisor(REGISTRY)
    assert not isinstance(crypto, BlockVerifier)
    assert advisor.org_by_peer_identity(CRYPTO.identity) == OrgIdentityType(b"Org1MSP")


# -- Fabric's tests, internal/peer/gossip/mcs_test.go


def test_pki_id_of_cert() -> None:
    serialized = parse_serialized_identity(CRYPTO.identity)
    expected = hashlib.sha256(serialized.mspid.encode() + serialized.id_bytes).digest()
    assert CRYPTO.get_pki_id_of_cert(CRYPTO.identity) == expected
    assert len(expected) == 32


def test_pki_id_of_nil() -> None:
    assert CRYPTO.get_pki_id_of_cert(PeerIdentityType(b"")) is None


def test_validate_identity() -> None:
    CRYPTO.validate_identity(CRYPTO.identity)
    CRYPTO.validate_identity(make_leaf("peer0", ROOTS["Org2MSP"]).identity("Org2MSP"))
    with pytest.raises(UntrustedIdentityError, match="It must be different from nil"):
        CRYPTO.validate_identity(PeerIdentityType(b""))
    with pytest.raises(UntrustedIdentityError, match="error unmarshalling SerializedIdentity"):
        CRYPTO.validate_identity(PeerIdentityType(b"\x00\x01\x02"))
    with pytest.raises(UntrustedIdentityError, match="No MSP found able to do that"):
        CRYPTO.validate_identity(make_leaf("peer0", make_ca("stranger")).identity("Org1MSP"))


def test_a_pem_block_may_have_no_type_but_no_other() -> None:
    """Mirrors: TestIsWellFormed."""
    for block_type, is_valid in ((b"CERTIFICATE", True), (b"", True), (b"foo", False)):
        pem = OURSELVES.pem.replace(b"CERTIFICATE", block_type)
        identity = encode_serialized_identity("Org1MSP", pem)
        with nullcontext() if is_valid else pytest.raises(UntrustedIdentityError, match="not well formed: pem type"):
            CRYPTO.validate_identity(identity)


def test_sign() -> None:
    signature = CRYPTO.sign(MESSAGE)
    CRYPTO.verify(CRYPTO.identity, signature, MESSAGE)
    assert CRYPTO.sign(b"") != b""


@pytest.mark.parametrize("mspid", ROOTS)
def test_verify(mspid: str) -> None:
    peer = make_leaf("peer1", ROOTS[mspid])
    signature = sign(key_of(peer), MESSAGE)
    CRYPTO.verify(peer.identity(mspid), signature, MESSAGE)
    CRYPTO.verify_by_channel(CHANNEL, peer.identity(mspid), signature, MESSAGE)
    for other_signature, other_message in ((signature, b"other"), (CRYPTO.sign(MESSAGE), MESSAGE), (b"", MESSAGE)):
        with pytest.raises(SignatureError):
            CRYPTO.verify(peer.identity(mspid), other_signature, other_message)
        with pytest.raises(SignatureError):
            CRYPTO.verify_by_channel(CHANNEL, peer.identity(mspid), other_signature, other_message)
    with pytest.raises(UntrustedIdentityError):
        CRYPTO.verify(PeerIdentityType(b""), signature, MESSAGE)


def test_after_a_replacement_the_new_identity_signs() -> None:
    crypto = service(registry=MspRegistry(LOCAL))
    renewed = make_leaf("peer0", ROOTS["Org1MSP"])
    crypto.replace(LOCAL, {}, SigningIdentity("Org1MSP", renewed.certificate, key_of(renewed)))
    assert crypto.identity != CRYPTO.identity
    crypto.verify(crypto.identity, crypto.sign(MESSAGE), MESSAGE)


def test_expiration() -> None:
    end = datetime(2025, 3, 4, 5, 6, 7, tzinfo=UTC)
    peer = make_leaf("peer1", ROOTS["Org1MSP"], not_after=end)
    assert CRYPTO.expiration(peer.identity()) == end
    with pytest.raises(
        UntrustedIdentityError, match=r"^Unable to extract msp.Identity from peer Identity: .*unmarshalling"
    ):
        CRYPTO.expiration(PeerIdentityType(b"\xff"))


# -- readers


def test_orderer_speaks_in_its_own_organization_only() -> None:
    for mspid in ROOTS:
        orderer = make_leaf("orderer", ROOTS[mspid], units=("orderer",))
        identity, signature = orderer.identity(mspid), sign(key_of(orderer), MESSAGE)
        CRYPTO.validate_identity(identity)
        if mspid == "Org1MSP":
            CRYPTO.verify(identity, signature, MESSAGE)
        else:
            with pytest.raises(UntrustedIdentityError, match="0 sub-policies were satisfied"):
                CRYPTO.verify(identity, signature, MESSAGE)
        with pytest.raises(UntrustedIdentityError, match="0 sub-policies were satisfied"):
            CRYPTO.verify_by_channel(CHANNEL, identity, signature, MESSAGE)


def test_channel_asks_nothing_of_the_pem() -> None:
    """As in Fabric, where only the validation of an identity does."""
    peer = make_leaf("peer1", ROOTS["Org2MSP"])
    identity, signature = encode_serialized_identity("Org2MSP", peer.pem + b"\n"), sign(key_of(peer), MESSAGE)
    CRYPTO.verify_by_channel(CHANNEL, identity, signature, MESSAGE)
    with pytest.raises(UntrustedIdentityError, match="identity is not well formed"):
        CRYPTO.verify(identity, signature, MESSAGE)


def test_channel_that_we_do_not_know() -> None:
    with pytest.raises(UntrustedIdentityError, match="Could not acquire policy manager for channel nowhere"):
        CRYPTO.verify_by_channel(ChannelId(b"nowhere"), CRYPTO.identity, CRYPTO.sign(MESSAGE), MESSAGE)


def test_rsa_key_cannot_sign_gossip() -> None:
    peer = make_leaf("peer1", ROOTS["Org1MSP"], key=rsa.generate_private_key(65537, 2048))
    CRYPTO.validate_identity(peer.identity())
    with pytest.raises(SignatureError, match="Unsupported 'VerifyKey' provided: peer1 has an RSA key"):
        CRYPTO.verify(peer.identity(), b"\0", MESSAGE)


# -- our own identity


def test_our_identity_is_plain_and_has_a_low_s() -> None:
    for number in range(6):
        leaf = make_leaf(f"peer{number}", ROOTS["Org1MSP"])
        low = Issued(leaf.certificate.with_low_s(ROOTS["Org1MSP"].certificate), leaf.key)
        assert service(leaf).identity == low.identity("Org1MSP")


def test_our_certificate_must_be_of_our_msp() -> None:
    with pytest.raises(ConfigurationError, match=r"our own certificate peer0 is not of Org1MSP: .*unknown authority"):
        service(make_leaf("peer0", ROOTS["Org2MSP"]))


def test_our_mspid_must_be_that_of_our_msp() -> None:
    with pytest.raises(ConfigurationError, match="we sign as a member of Org1MSP, but the local MSP is Org2MSP"):
        service(registry=MspRegistry(SECOND))


@pytest.mark.parametrize("org", ["org1", "org2"])
@pytest.mark.parametrize("peer", ["peer0", "viaica", "admin", "expired", "revoked"])
def test_folders_that_fabric_runs_with(org: str, peer: str) -> None:
    folder, mspid = VECTORS / "crypto" / org / "peers" / peer / "msp", f"{org.capitalize()}MSP"
    registry = MspRegistry(Msp(load_msp_config(folder, mspid)))
    crypto = MspCryptoService(registry, load_signing_identity(folder, mspid))
    certificate = next((folder / "signcerts").iterdir()).read_bytes()
    assert crypto.identity == encode_serialized_identity(mspid, certificate)


def test_folder_of_a_stranger_is_named() -> None:
    folder: Path = VECTORS / "crypto" / "org1" / "peers" / "unknownca" / "msp"
    registry = MspRegistry(Msp(load_msp_config(folder, "Org1MSP")))
    with pytest.raises(ConfigurationError, match=f"^{folder}: our own certificate unknownca"):
        MspCryptoService(registry, load_signing_identity(folder, "Org1MSP"))


# -- the security advisor


def test_organization_of_an_identity() -> None:
    advisor = MspSecurityAdvisor(REGISTRY)
    assert advisor.org_by_peer_identity(make_leaf("x", ROOTS["Org2MSP"]).identity("Org2MSP")) == b"Org2MSP"
    assert advisor.org_by_peer_identity(make_leaf("x", ROOTS["Org2MSP"], units=()).identity("Org2MSP")) == b"Org2MSP"
    assert advisor.org_by_peer_identity(make_leaf("x", ROOTS["Org2MSP"]).identity("Org1MSP")) is None
    assert advisor.org_by_peer_identity(PeerIdentityType(b"")) is None
