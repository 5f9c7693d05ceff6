"""Every identity, signature and TLS certificate in tests/vectors: the verdict of Fabric's own code."""

import hashlib
from collections.abc import Callable
from functools import partial

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gossip.errors import GossipError, IdentityError, IdentityRevokedError, SignatureError, UntrustedIdentityError
from gossip.msp.pem import find_pem_block
from gossip.msp.signature import sign
from tests.support.fabric_peers import VIEWS, fabric_peer, identity_of, identity_records
from tests.support.vectors import Record, load_vectors, names_of

MESSAGE = b"a message that each identity signs"
SIGNATURES = load_vectors("signatures.json")
TLS_CERTIFICATES = load_vectors("tls_certs.json")

each_view = pytest.mark.parametrize("view", VIEWS)
each_identity = pytest.mark.parametrize("name", identity_records())


def is_fine(call: Callable[[], object]) -> bool:
    """Whether ``call`` returns; any error but ours is a bug and comes up."""
    try:
        call()
    except GossipError:
        return False
    return True


def key_of(name: str) -> ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey:
    """The key of an identity; those that only wrap peer1's certificate another way have peer1's."""
    records = identity_records()
    pem = records[name].get("key_pem") or records[f"{name.split('/')[0]}/peer1"]["key_pem"]
    key = load_pem_private_key(pem.encode(), password=None)
    assert isinstance(key, (ec.EllipticCurvePrivateKey, rsa.RSAPrivateKey))
    return key


@each_view
@each_identity
def test_pki_id(view: str, name: str) -> None:
    expected = identity_records()[name]["views"][view]["pkiid_hex"]
    pki_id = fabric_peer(view).crypto.get_pki_id_of_cert(identity_of(name))
    assert (pki_id.hex() if pki_id is not None else None) == expected


@each_view
@each_identity
def test_organization(view: str, name: str) -> None:
    expected = identity_records()[name]["views"][view]["org"]
    org = fabric_peer(view).advisor.org_by_peer_identity(identity_of(name))
    assert (org.decode() if org is not None else None) == expected


@each_view
@each_identity
def test_validity(view: str, name: str) -> None:
    expected = identity_records()[name]["views"][view]["validate"]["ok"]
    assert is_fine(lambda: fabric_peer(view).crypto.validate_identity(identity_of(name))) == expected


@each_view
@each_identity
def test_expiration(view: str, name: str) -> None:
    expected = identity_records()[name]["views"][view]["expiration"]
    crypto = fabric_peer(view).crypto
    if expected["ok"]:
        expires_at = crypto.expiration(identity_of(name))
        assert expires_at is not None
        assert expires_at.timestamp() == expected["unix"]
    else:
        with pytest.raises(IdentityError, match=f"^{expected['error_prefix_of_validate']}"):
            crypto.expiration(identity_of(name))


@each_view
@each_identity
def test_verify(view: str, name: str) -> None:
    record = identity_records()[name]["views"][view]
    crypto, identity = fabric_peer(view).crypto, identity_of(name)
    if "verify_low_s" in record:
        key = key_of(name)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        signature = sign(key, MESSAGE)
        assert is_fine(lambda: crypto.verify(identity, signature, MESSAGE)) == record["verify_low_s"]["ok"]
        # A remembered identity must not stand in for the check of the signature.
        assert not is_fine(lambda: crypto.verify(identity, signature, MESSAGE + b"!"))
    if "verify_rsa_pss" in record:
        key = key_of(name)
        assert isinstance(key, rsa.RSAPrivateKey)
        pss = padding.PSS(padding.MGF1(hashes.SHA256()), hashes.SHA256.digest_size)
        for scheme, kind in ((padding.PKCS1v15(), "verify_rsa_pkcs1v15"), (pss, "verify_rsa_pss")):
            signature = key.sign(MESSAGE, scheme, hashes.SHA256())
            verify = partial(crypto.verify, identity, signature, MESSAGE)
            assert is_fine(verify) == record[kind]["ok"]


@pytest.mark.parametrize("record", SIGNATURES, ids=[f"{record['identity']}-{record['name']}" for record in SIGNATURES])
def test_signature(record: Record) -> None:
    crypto = fabric_peer("local_org1_channel_org1_org2").crypto
    signature, message = bytes.fromhex(record["signature_hex"]), bytes.fromhex(record["message_hex"])
    if record["go_verify"]["ok"]:
        crypto.verify(identity_of(record["identity"]), signature, message)
    else:
        with pytest.raises(SignatureError):
            crypto.verify(identity_of(record["identity"]), signature, message)


@pytest.mark.parametrize("record", TLS_CERTIFICATES, ids=names_of(TLS_CERTIFICATES))
def test_tls_certificate_hash(record: Record) -> None:
    block = find_pem_block(record["cert_pem"].encode())
    assert block is not None
    assert hashlib.sha256(block.body).hexdigest() == record["sha256_hex"]
    key = load_pem_private_key(record["key_pem"].encode(), password=None)
    assert key.public_key() == x509.load_der_x509_certificate(block.body).public_key()


REFUSALS = {
    "bad_ca_signature": "the signature was not made with that CA's key",
    "ca_certificate": "Certificate Authority equals true cannot be used as an identity",
    "ca_flag": "Certificate Authority equals true cannot be used as an identity",
    "der_not_pem": "could not decode the PEM structure",
    "der_trailing": "not an X.509 certificate",
    "ed25519_key": "public key type not recognized",
    "empty_id_bytes": "could not decode the PEM structure",
    "empty_identity": "Invalid Peer Identity. It must be different from nil.",
    "empty_mspid": r"claims \(no MSP-ID\), but its issuer ca.org1.public.example.com is a root of Org1MSP",
    "garbage_pem": "not an X.509 certificate",
    "no_ou": "does not have an OU that resolves to client, peer, orderer, or admin role",
    "other_ou": r"does not have an OU that resolves to .* OUs: \[department-",
    "pem_trailing_bytes": "identity is not well formed: it has trailing bytes",
    "pem_trailing_newline": "identity is not well formed: it has trailing bytes: 1 after the END line",
    "pem_two_blocks": "identity is not well formed: it has trailing bytes",
    "pem_wrong_type": "pem type is 'X509 CERT', should be 'CERTIFICATE' or missing",
    "random_bytes": "error unmarshalling SerializedIdentity",
    "revoked": "The certificate has been revoked",
    "root_with_intermediate": "Parent certificate should be a leaf of the certification tree",
    "serialized_identity_bad_utf8": "error unmarshalling SerializedIdentity: .*UTF-8",
    "serialized_identity_truncated": "error unmarshalling SerializedIdentity: .*truncated",
    "two_role_ous": "not a combination of them: it has peer and client",
    "unknown_ca": "No MSP found able to do that: .*its issuer ca.unknown.public.example.com is not one of this MSP",
    "unknown_mspid": "claims Org9MSP, but its issuer ca.org1.public.example.com is a root of Org1MSP",
    "wrong_mspid": "claims Org2MSP, but its issuer ca.org1.public.example.com is a root of Org1MSP",
}
"""For each category that is refused, words that operators search for, or that tell them what to do."""


@pytest.mark.parametrize("name", [name for name in identity_records() if not name.startswith("org2/")])
def test_refusal_says_why(name: str) -> None:
    record = identity_records()[name]
    crypto = fabric_peer("local_org1_channel_org1_org2").crypto
    if record["views"]["local_org1_channel_org1_org2"]["validate"]["ok"]:
        crypto.validate_identity(identity_of(name))
        return
    kind = IdentityRevokedError if record["category"] == "revoked" else UntrustedIdentityError
    with pytest.raises(kind, match=REFUSALS[record["category"]]):
        crypto.validate_identity(identity_of(name))
