"""A message in one line, for logs: who, what and how much, never what is in a payload or a secret."""

from typing import Final, cast

import betterproto

from gossip.errors import MalformedMessageError
from gossip.messages import Envelope
from gossip.wire.kinds import MessageKind
from gossip.wire.presence import is_set
from gossip.wire.schema import BYTES, ENUM, MESSAGE, TEXT, Field, schema_of
from gossip.wire.serialized import parse_serialized_identity
from gossip.wire.signed import SignedMessage
from gossip.wire.values import values_of

_IN_HEX: Final = frozenset({"pki_id", "channel_mac", "tls_cert_hash"})
_IDENTITIES: Final = frozenset({"identity", "cert"})
_MAX_TEXT: Final = 100


def describe(signed: SignedMessage) -> str:
    """Describe a message: its kind, head and content, and the sizes of what is left out.

    PKI-IDs and hashes are in hex, identities by MSP-ID, lists by length, other bytes by length. What a peer wrote is
    escaped and cut, so that it cannot pass for another line of the log.
    """
    message = signed.message
    head = [f"{signed.kind.name}", f"tag={signed.tag.name or int(signed.tag)}", f"nonce={signed.nonce}"]
    if signed.channel:
        head.append(f"channel={_text(signed.channel.decode(errors='replace'))}")
    if signed.kind is not MessageKind.NONE:
        content = values_of(message)[signed.kind.field_name]
        head.append(_describe_message(cast("betterproto.Message", content)))  # the kind says that it is set
    sizes = [f"payload {len(signed.payload)} bytes", f"signature {len(signed.signature)} bytes"]
    secret = signed.secret_envelope
    if secret is not None:
        sizes.append(f"secret payload {len(secret.payload)} bytes, secret signature {len(secret.signature)} bytes")
    return f"{' '.join(head)} ({', '.join(sizes)})"


def _describe_message(message: betterproto.Message) -> str:
    values = values_of(message)
    fields = schema_of(type(message)).fields.values()
    set_fields = [field for field in fields if is_set(message, field.name)]
    return "{" + ", ".join(f"{field.name}={_describe_field(field, values[field.name])}" for field in set_fields) + "}"


def _describe_field(field: Field, value: object) -> str:
    if field.repeated:
        return f"[{len(cast('list[object]', value))}]"
    if field.kind == MESSAGE:
        if isinstance(value, Envelope):
            return f"{len(value.payload)} bytes"
        return _describe_message(cast("betterproto.Message", value))
    if field.kind == BYTES:
        return _describe_bytes(field.name, cast("bytes", value))
    if field.kind == TEXT:
        return _text(cast("str", value))
    if field.kind == ENUM:
        return cast("betterproto.Enum", value).name or str(int(cast("int", value)))
    return str(value)


def _describe_bytes(name: str, value: bytes) -> str:
    if name in _IN_HEX:
        return value[:32].hex() + ("…" if len(value) > 32 else "")
    if name in _IDENTITIES:
        try:
            return f"{_text(parse_serialized_identity(value).mspid)} {len(value)} bytes"
        except MalformedMessageError:
            pass
    return f"{len(value)} bytes"


def _text(text: str) -> str:
    return repr(text if len(text) <= _MAX_TEXT else text[:_MAX_TEXT] + "…")
