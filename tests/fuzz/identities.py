"""SerializedIdentity, PEM and DER, down to an MSP's verdict."""

import base64
from random import Random

from cryptography import x509

from gossip.errors import IdentityError, SignatureError
from gossip.msp.pem import encode_certificate_pem, find_pem_block
from gossip.types import PeerIdentityType
from gossip.wire.serialized import encode_serialized_identity, parse_serialized_identity
from tests.fuzz.edits import edit
from tests.support.codec_fuzz import compare
from tests.support.fabric_peers import fabric_peer, identity_records
from tests.support.google import google_recode
from tests.support.wire_mutations import mutate

SERIALIZED = "msp.SerializedIdentity"
BEGIN, END = b"-----BEGIN CERTIFICATE-----\n", b"-----END CERTIFICATE-----\n"
PEM_PARTS = (
    BEGIN,
    END,
    b"-----BEGIN ",
    b"\n-----END ",
    b"-----",
    b"\r\n",
    b": ",
    b"Proc-Type: 4,ENCRYPTED\n",
    b"=",
    b"\n\n",
)
DER_PARTS = (b"\x30\x80", b"\x30\x84\xff\xff\xff\xff", b"\x00\x00", b"\x05\x00", b"\x02\x01\x00", b"\x03\x02\x07\x80")


def _records() -> list[tuple[str, PeerIdentityType]]:
    """The identities of the vectors that can be read, and the MSP that each claims."""
    identities = [base64.b64decode(record["serialized_identity_b64"]) for record in identity_records().values()]
    read = [each for each in identities if google_recode(SERIALIZED, each) is not None and len(each) < 10_000]
    return [(parse_serialized_identity(each).mspid, PeerIdentityType(each)) for each in read]


def _body_of(identity: PeerIdentityType) -> bytes | None:
    block = find_pem_block(parse_serialized_identity(identity).id_bytes)
    return block.body if block is not None else None


class Identities:
    """Refused with our errors alone; taken only where what a CA signed was left as it is."""

    def __init__(self) -> None:
        self._peer = fabric_peer("local_org1_channel_org1_org2")
        self._records = _records()
        self._bodies = [(mspid, body) for mspid, each in self._records if (body := _body_of(each))]
        self._signed = {body for _, body in self._bodies}
        self._signed_parts = {part for body in self._signed if (part := _signed_part(body))}

    def close(self) -> None:
        """Hold nothing."""

    def try_one(self, random: Random) -> str:
        mspid, identity = random.choice(self._records)
        match random.randrange(4):
            case 0:
                identity = PeerIdentityType(mutate(identity, random))
            case 1:
                identity = PeerIdentityType(edit(identity, random))
            case 2:
                serialized = parse_serialized_identity(identity)
                identity = encode_serialized_identity(mspid, edit(serialized.id_bytes, random, PEM_PARTS))
            case _:
                mspid, body = random.choice(self._bodies)
                identity = encode_serialized_identity(mspid, encode_certificate_pem(edit(body, random, DER_PARTS)))
        return self._judge(identity, random)

    def _judge(self, identity: PeerIdentityType, random: Random) -> str:
        case = identity.hex()
        compare(SERIALIZED, identity)
        crypto, organization = self._peer.crypto, self._peer.advisor.org_by_peer_identity(identity)
        assert crypto.get_pki_id_of_cert(identity) is not None or organization is None, case
        try:
            crypto.validate_identity(identity)
            crypto.expiration(identity)
        except IdentityError:
            verdict = "refused"
        else:
            verdict = "valid"
            body = _body_of(identity)
            assert body is not None, case
            assert _signed_part(body) in self._signed_parts, f"no CA signed this: {case}"
            assert organization is not None, case
        try:
            crypto.verify(identity, random.randbytes(70), b"message")
        except (IdentityError, SignatureError):
            return verdict
        raise AssertionError(f"a random signature holds: {case}")


def _signed_part(body: bytes) -> bytes | None:
    """What a CA signed of a certificate; None where there is no reading it."""
    try:
        return x509.load_der_x509_certificate(body).tbs_certificate_bytes
    except Exception:  # noqa: BLE001  # the oracle may fail as it likes
        return None
