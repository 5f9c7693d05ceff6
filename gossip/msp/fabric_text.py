"""An identity as Fabric writes it into its own log."""

import json
from base64 import b64encode

from gossip.checks import check_argument
from gossip.errors import MalformedMessageError, UntrustedIdentityError
from gossip.msp.certificate import parse_certificate
from gossip.msp.distinguished_name import ORGANIZATIONAL_UNIT, DistinguishedName, parse_name
from gossip.msp.pem import find_pem_block
from gossip.types import PeerIdentityType
from gossip.wire.serialized import parse_serialized_identity

LOCALITY, STREET, COUNTRY = "2.5.4.7", "2.5.4.9", "2.5.4.6"
_NOT_IN_HTML = str.maketrans({character: f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"})
"""What Go's encoding/json writes out, so that JSON can stand in a page."""


def identity_text(identity: PeerIdentityType) -> str:
    """Write an identity as Fabric's log has it: facts of its certificate in JSON, or the bytes where there is none.

    Nothing of it is verified.

    Raises:
        InvalidArgumentError: ``identity`` is not bytes.

    Mirrors: gossip/api/crypto.go, PeerIdentityType.String.
    """
    check_argument("identity", identity, bytes)
    encoded = b64encode(identity).decode()
    try:
        serialized = parse_serialized_identity(identity)
    except MalformedMessageError:
        return f"non SerializedIdentity: {encoded}"
    block = find_pem_block(serialized.id_bytes)
    if block is None:
        return f"non PEM encoded identity: {encoded}"
    try:
        certificate = parse_certificate(block.body)
    except UntrustedIdentityError:
        return f"non x509 identity: {encoded}"
    subject, issuer = parse_name(certificate.raw_subject), parse_name(certificate.raw_issuer)
    facts = {
        "CN": subject.common_name,
        "Issuer-CN": issuer.common_name,
        "Issuer-L-ST-C": _places(issuer),
        "Issuer-OU": issuer.values_of(ORGANIZATIONAL_UNIT) or None,
        "L-ST-C": _places(subject),
        "MSP": serialized.mspid,
        "OU": subject.values_of(ORGANIZATIONAL_UNIT) or None,
    }
    return json.dumps(facts, ensure_ascii=False, separators=(",", ":")).translate(_NOT_IN_HTML)


def _places(name: DistinguishedName) -> str:
    """What Fabric calls L-ST-C, where ST is the street, and not the state."""
    return "-".join(f"[{' '.join(name.values_of(kind))}]" for kind in (LOCALITY, STREET, COUNTRY))
