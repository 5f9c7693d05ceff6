"""SerializedIdentity, there and back."""

import pytest

from gossip.errors import InvalidMessageError, MalformedMessageError
from gossip.wire.serialized import encode_serialized_identity, parse_serialized_identity


def test_identity_is_written_and_read_again() -> None:
    encoded = encode_serialized_identity("Org1MSP", b"-----BEGIN")

    assert encoded == b"\x0a\x07Org1MSP\x12\x0a-----BEGIN"
    identity = parse_serialized_identity(encoded)
    assert (identity.mspid, identity.id_bytes) == ("Org1MSP", b"-----BEGIN")


@pytest.mark.parametrize(
    ("encoded", "text"),
    [
        (b"\x0a\x07Org1", "malformed SerializedIdentity.mspid at byte 1: truncated: 7 bytes announced, 4 left"),
        (b"\x0a\x02a\xff", "malformed SerializedIdentity.mspid at byte 3: invalid UTF-8"),
        (b"-----BEGIN CERTIFICATE-----", "malformed SerializedIdentity"),
    ],
)
def test_malformed_identity_is_refused(encoded: bytes, text: str) -> None:
    with pytest.raises(MalformedMessageError) as refused:
        parse_serialized_identity(encoded)

    assert str(refused.value).startswith(text)


def test_an_mspid_that_utf8_cannot_hold_is_refused() -> None:
    with pytest.raises(InvalidMessageError, match=r"SerializedIdentity\.mspid"):
        encode_serialized_identity("Org\ud800", b"")
