"""Identities as Fabric's own log has them."""

from base64 import b64decode

import pytest

from gossip.errors import InvalidArgumentError
from gossip.msp.fabric_text import identity_text
from gossip.msp.pem import encode_certificate_pem
from gossip.types import PeerIdentityType
from gossip.wire.serialized import encode_serialized_identity
from tests.support.certificates import make_der
from tests.support.vectors import Record, load_vectors, names_of

IDENTITIES = load_vectors("identities.json")


@pytest.mark.parametrize("record", IDENTITIES, ids=names_of(IDENTITIES))
def test_fabrics_words(record: Record) -> None:
    identity = PeerIdentityType(b64decode(record["serialized_identity_b64"]))
    assert identity_text(identity) == record["string"]


def test_an_identity_is_bytes() -> None:
    with pytest.raises(InvalidArgumentError, match=r"^identity must be bytes, not 'Org1MSP'$"):
        identity_text("Org1MSP")  # type: ignore[arg-type]


def test_texts_are_written_as_go_writes_json() -> None:
    der, _ = make_der('<ü&"\u2028>')
    told = identity_text(encode_serialized_identity("A<B", encode_certificate_pem(der)))
    assert told.startswith('{"CN":"\\u003cü\\u0026\\"\\u2028\\u003e",')
    assert '"MSP":"A\\u003cB"' in told
