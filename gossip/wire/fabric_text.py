"""A message as Fabric writes it into its own log; for ours there is `gossip.wire.describe`.

Mirrors: gossip/protoext/stringers.go, and the ``String`` of golang/protobuf 1.5, which Fabric 2.5 prints messages with.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, cast

import betterproto

from gossip.checks import check_argument
from gossip.errors import MalformedMessageError
from gossip.messages import (
    AliveMessage,
    DataDigest,
    DataMessage,
    DataRequest,
    DataUpdate,
    Envelope,
    LeadershipMessage,
    Member,
    MembershipRequest,
    MembershipResponse,
    PullMsg,
    PullMsgType,
    RemotePvtDataResponse,
    RemoteStateResponse,
    StateInfo,
    StateInfoPullRequest,
    StateInfoSnapshot,
)
from gossip.wire.envelope import parse_envelope
from gossip.wire.envelope_bytes import encode_envelope
from gossip.wire.kinds import MessageKind
from gossip.wire.presence import is_set
from gossip.wire.schema import BOOL, BYTES, ENUM, MESSAGE, TEXT, Field, schema_of
from gossip.wire.serialized import parse_serialized_identity
from gossip.wire.signed import SignedMessage
from gossip.wire.to_json import PROTO_NAMES
from gossip.wire.unknown_text import unknown_text
from gossip.wire.values import values_of

_ESCAPES: Final = {ord("\n"): b"\\n", ord("\r"): b"\\r", ord("\t"): b"\\t", ord('"'): b'\\"', ord("\\"): b"\\\\"}
_NIL: Final = b"<nil>"
_DIGESTS: Final[dict[PullMsgType, Callable[[bytes], bytes]]] = {
    PullMsg.BLOCK_MSG: bytes,
    PullMsg.IDENTITY_MSG: lambda digest: digest.hex().encode(),
}
"""How the digests of blocks and of identities are told; of what else there is, Fabric tells none."""
MAX_NESTED: Final = 10


def fabric_text(signed: SignedMessage) -> bytes:
    """Write a message as Fabric's log has it, in bytes, since peers may put any into it: not for a log of ours.

    A membership request holds a message, which may itself be a membership request; below ten levels the rest is
    omitted.

    Raises:
        InvalidArgumentError: ``signed`` is no signed message.

    Mirrors: SignedGossipMessage.String.
    """
    check_argument("signed", signed, SignedMessage)
    return _text(signed, MAX_NESTED)


def _text(signed: SignedMessage, levels: int) -> bytes:
    write = _WRITERS.get(signed.kind)
    told = write(getattr(signed.message, signed.kind.field_name), levels) if write is not None else None
    if told is None:
        text = proto_text(signed.message)
    else:
        head = f", nonce: {signed.nonce}, tag: {signed.tag.name or ''} ".encode()
        text = b"Channel: " + signed.channel + head + told
    sizes = f", Envelope: {signed.payload_bytes} bytes, Signature: {len(signed.signature)} bytes"
    secret = signed.secret_envelope
    if secret is not None:
        sizes += f" Secret payload: {len(secret.payload)} bytes, Secret Signature: {len(secret.signature)} bytes"
    return b"GossipMessage: " + text + sizes.encode()


def proto_text(message: betterproto.Message) -> bytes:
    """Write any message in protobuf's compact text format, each field with a blank behind it.

    Mirrors: golang/protobuf 1.5, CompactTextString.
    """
    values = values_of(message)
    parts: list[bytes] = []
    for field in schema_of(type(message)).fields.values():
        if not is_set(message, field.name):
            continue
        name = PROTO_NAMES.get(field.name, field.name).encode()
        found = values[field.name]
        for value in cast("Iterable[object]", found if field.repeated else (found,)):
            parts += (name, b":", _value_text(field, value), b" ")
    parts.append(unknown_text(cast("bytes", values["_unknown_fields"])))
    return b"".join(parts)


def _value_text(field: Field, value: object) -> bytes:
    if field.kind == MESSAGE:
        return b"<" + proto_text(cast("betterproto.Message", value)) + b">"
    if field.kind == BYTES:
        return _quoted(cast("bytes", value))
    if field.kind == TEXT:
        return _quoted(cast("str", value).encode())
    if field.kind == ENUM:
        return _enum_text(cast("betterproto.Enum", value))
    if field.kind == BOOL:
        return b"true" if value else b"false"
    return str(value).encode()


def _enum_text(value: betterproto.Enum) -> bytes:
    return (value.name or str(int(value))).encode()


def _quoted(value: bytes) -> bytes:
    escaped = (
        _ESCAPES.get(byte) or (bytes((byte,)) if 0x20 <= byte < 0x7F else f"\\{byte:03o}".encode()) for byte in value
    )
    return b'"' + b"".join(escaped) + b'"'


def _or_nil(owner: betterproto.Message, name: str) -> bytes:
    return proto_text(getattr(owner, name)) if is_set(owner, name) else _NIL


def _alive(alive: AliveMessage) -> bytes:
    if not is_set(alive, "membership"):
        return b"nil Membership"
    try:
        identity = parse_serialized_identity(alive.identity)
        who = identity.mspid.encode() + identity.id_bytes
    except MalformedMessageError:
        who = b""
    timestamp = _or_nil(alive, "timestamp")
    return b"Alive Message:" + _member(alive.membership) + b"Identity:" + who + b"Timestamp:" + timestamp


def _member(member: Member) -> bytes:
    return f"Membership: Endpoint:{member.endpoint} PKI-id:{member.pki_id.hex()}".encode()


def _membership_request(request: MembershipRequest, levels: int) -> bytes:
    if not is_set(request, "self_information"):
        return b""
    try:
        told = _envelope(request.self_information, levels - 1)
    except MalformedMessageError:
        return b""
    return b"Membership Request with self information of " + told + b" "


def _envelope(envelope: Envelope, levels: int) -> bytes:
    if not levels:
        return b"..."
    secret = envelope.secret_envelope if is_set(envelope, "secret_envelope") else None
    return _text(parse_envelope(encode_envelope(envelope.payload, envelope.signature, secret)), levels)


def _membership_response(response: MembershipResponse) -> bytes:
    return f"MembershipResponse with Alive: {len(response.alive)}, Dead: {len(response.dead)}".encode()


def _block(data: DataMessage) -> bytes | None:
    if not is_set(data, "payload"):
        return None
    return b"Block message: {Data: %d bytes, seq: %d}" % (len(data.payload.data), data.payload.seq_num)


def _state_info(info: StateInfo) -> bytes:
    ids = f"PKI-id:{info.pki_id.hex()} channel MAC:{info.channel_mac.hex()} properties:".encode()
    return b"state_info_message: Timestamp:" + _or_nil(info, "timestamp") + ids + _or_nil(info, "properties")


def _digests(message: DataDigest | DataRequest) -> bytes:
    write = _DIGESTS.get(message.msg_type)
    digests = [write(digest) for digest in message.digests] if write is not None else []
    head = b"nonce: %d , Msg_type: %s, digests: " % (message.nonce, _enum_text(message.msg_type))
    return head + b"[" + b" ".join(digests) + b"]"


def _update(update: DataUpdate) -> bytes:
    kind = update.msg_type.name or ""
    return f"DataUpdate: Type: {kind}, items: {len(update.data)}, nonce: {update.nonce}".encode()


def _private_response(response: RemotePvtDataResponse) -> bytes:
    elements = [
        _or_nil(element, "digest") + f" with {len(element.payload)} elements".encode() for element in response.elements
    ]
    return b"[" + b" ".join(elements) + b"]"


def _leadership(message: LeadershipMessage) -> bytes:
    end = f"Is Declaration {str(message.is_declaration).lower()}".encode()
    pki_id = f"Leadership Message: PKI-id:{message.pki_id.hex()} Timestamp:".encode()
    return pki_id + _or_nil(message, "timestamp") + end


def _state_response(response: RemoteStateResponse) -> bytes:
    return b"StateResponse with %d items" % len(response.payloads)


def _snapshot(snapshot: StateInfoSnapshot) -> bytes:
    return b"StateInfoSnapshot with %d items" % len(snapshot.elements)


def _pull_request(request: StateInfoPullRequest) -> bytes:
    return f"state_info_pull_req: Channel MAC:{request.channel_mac.hex()}".encode()


_Write = Callable[[Any, int], bytes | None]
"""Writes a content; None where Fabric writes the message as protobuf does."""


def _flat(write: Callable[[Any], bytes | None]) -> _Write:
    """Write a content that holds no other message."""
    return lambda content, _levels: write(content)


_WRITERS: Final[dict[MessageKind, _Write]] = {
    MessageKind.MEM_REQ: _membership_request,
    MessageKind.ALIVE_MSG: _flat(_alive),
    MessageKind.MEM_RES: _flat(_membership_response),
    MessageKind.DATA_MSG: _flat(_block),
    MessageKind.DATA_DIG: _flat(lambda digest: b"data_dig: " + _digests(digest)),
    MessageKind.DATA_REQ: _flat(lambda request: b"data request: " + _digests(request)),
    MessageKind.DATA_UPDATE: _flat(_update),
    MessageKind.STATE_INFO: _flat(_state_info),
    MessageKind.STATE_SNAPSHOT: _flat(_snapshot),
    MessageKind.STATE_INFO_PULL_REQ: _flat(_pull_request),
    MessageKind.STATE_RESPONSE: _flat(_state_response),
    MessageKind.LEADERSHIP_MSG: _flat(_leadership),
    MessageKind.PRIVATE_RES: _flat(_private_response),
}
