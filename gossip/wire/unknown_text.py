"""Fields that nobody here knows, as golang/protobuf writes them into its compact text format."""

from typing import Final

from gossip.wire.varint import END_GROUP, FIXED32, FIXED64, START_GROUP, VARINT, read_varint

_FIXED_BYTES: Final = {FIXED32: 4, FIXED64: 8}
_ESCAPES: Final = {
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
    '"': '\\"',
    "\\": "\\\\",
}


def unknown_text(data: bytes) -> bytes:
    """Write fields, which are well formed, by number, each with a blank behind it.

    Mirrors: golang/protobuf, textWriter.writeUnknownFields.
    """
    parts: list[bytes] = []
    pos = 0
    while pos < len(data):
        key, pos = read_varint(data, pos)
        number, wire_type = b"%d" % (key >> 3), key & 7
        if wire_type == END_GROUP:
            parts.append(b"} ")
        elif wire_type == START_GROUP:
            parts.append(number + b" { ")
        elif wire_type == VARINT:
            value, pos = read_varint(data, pos)
            parts.append(b"%b:%d " % (number, value))
        elif wire_type in _FIXED_BYTES:
            stop = pos + _FIXED_BYTES[wire_type]
            parts.append(b"%b:%d " % (number, int.from_bytes(data[pos:stop], "little")))
            pos = stop
        else:
            length, pos = read_varint(data, pos)
            parts.append(number + b":" + go_quoted(data[pos : pos + length]) + b" ")
            pos += length
    return b"".join(parts)


def go_quoted(data: bytes) -> bytes:
    """Write bytes as Go's ``%q`` does: what UTF-8 holds and can be printed as it is, the rest escaped."""
    text = data.decode("utf-8", "surrogateescape")
    return ('"' + "".join(map(_escaped, text)) + '"').encode()


def _escaped(character: str) -> str:
    code = ord(character)
    if character in _ESCAPES:
        return _ESCAPES[character]
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    if character.isprintable():
        return character
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
