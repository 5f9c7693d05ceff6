"""Messages as JSON, for people and their tools.

Spec: protobuf's JSON mapping with the proto's own field names: bytes in base64, 64-bit integers as strings, enums by
name or, when they have none, by number; what is not set is left out.
"""

from base64 import b64encode
from typing import Final, cast

import betterproto

from gossip.wire.presence import is_set
from gossip.wire.schema import BYTES, ENUM, MESSAGE, UINT64, Field, schema_of
from gossip.wire.values import values_of

JsonValue = str | int | bool | list["JsonValue"] | dict[str, "JsonValue"]

PROTO_NAMES: Final = {
    "private_req": "privateReq",
    "private_res": "privateRes",
    "internal_endpoint": "internalEndpoint",
    "channel_mac": "channel_MAC",
}
"""The fields whose name betterproto changes."""


def to_json(message: betterproto.Message) -> dict[str, JsonValue]:
    """The message as a JSON object, fields in the order of their numbers; unknown fields have no place in it."""
    values = values_of(message)
    return {
        PROTO_NAMES.get(field.name, field.name): _field_to_json(field, values[field.name])
        for field in schema_of(type(message)).fields.values()
        if is_set(message, field.name)
    }


def _field_to_json(field: Field, value: object) -> JsonValue:
    if field.repeated:
        return [_value_to_json(field, item) for item in cast("list[object]", value)]
    return _value_to_json(field, value)


def _value_to_json(field: Field, value: object) -> JsonValue:
    if field.kind == MESSAGE:
        return to_json(cast("betterproto.Message", value))
    if field.kind == BYTES:
        return b64encode(cast("bytes", value)).decode("ascii")
    if field.kind == UINT64:
        return str(value)
    if field.kind == ENUM:
        return cast("betterproto.Enum", value).name or int(cast("int", value))
    return cast("JsonValue", value)
