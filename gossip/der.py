"""DER elements, for the few places where the exact bytes count and cryptography does not show them."""

from typing import Final, NamedTuple

INTEGER: Final = 0x02
BIT_STRING: Final = 0x03
OBJECT_IDENTIFIER: Final = 0x06
SEQUENCE: Final = 0x30
SET: Final = 0x31

_VERSION_TAG = 0xA0
_LONG_FORM = 0x80
_MAX_LENGTH_BYTES = 3


class Element(NamedTuple):
    """One element and what follows it; ``tag`` is the identifier octet, ``encoded`` the element with its header."""

    tag: int
    content: bytes
    encoded: bytes
    rest: bytes


def read_element(data: bytes, tag: int | None = None) -> Element:
    """Split the first element off ``data``; it must have ``tag`` where one is given.

    Raises:
        ValueError: It is truncated, has another tag, is longer than 16 MiB, or its length is not in the shortest form.

    Mirrors: encoding/asn1, parseTagAndLength.
    """
    if len(data) < 2:
        raise ValueError("data truncated")
    if tag is not None and data[0] != tag:
        raise ValueError(f"tags don't match: expected {tag:#04x}, found {data[0]:#04x}")
    start, length = 2, data[1]
    if length & _LONG_FORM:
        count = length & ~_LONG_FORM
        if not 1 <= count <= _MAX_LENGTH_BYTES:
            raise ValueError("indefinite or too large length")
        start += count
        length = int.from_bytes(data[2:start])
        if len(data) < start or not data[2] or length < _LONG_FORM:
            raise ValueError("truncated or non-minimal length")
    end = start + length
    if len(data) < end:
        raise ValueError("data truncated")
    return Element(data[0], data[start:end], data[:end], data[end:])


def read_elements(content: bytes) -> list[Element]:
    """Split all of ``content`` into its elements.

    Raises:
        ValueError: As for ``read_element``.
    """
    elements = []
    while content:
        elements.append(read_element(content))
        content = elements[-1].rest
    return elements


def read_tbs_fields(content: bytes) -> list[bytes]:
    """Split the content of a TBSCertificate: its fields from the serial number on, whether it tells its version or not.

    Raises:
        ValueError: As for ``read_element``.

    Spec: RFC 5280 section 4.1.
    """
    return [element.encoded for element in read_elements(content) if element.tag != _VERSION_TAG]


def read_certificate_fields(certificate: bytes) -> list[bytes]:
    """The same of a whole certificate in DER.

    Raises:
        ValueError: As for ``read_element``.
    """
    signed = read_element(read_element(certificate, SEQUENCE).content, SEQUENCE)
    return read_tbs_fields(signed.content)


def read_integer(data: bytes) -> tuple[int, bytes]:
    """Split an INTEGER off ``data``; give its value and what follows it.

    Raises:
        ValueError: Not one, or not in its shortest form.
    """
    element = read_element(data, INTEGER)
    content = element.content
    if not content:
        raise ValueError("empty integer")
    if len(content) > 1 and (content[0], content[1] & 0x80) in ((0x00, 0x00), (0xFF, 0x80)):
        raise ValueError("integer not minimally-encoded")
    return int.from_bytes(content, signed=True), element.rest


def encode_element(tag: int, content: bytes) -> bytes:
    """Put the header before ``content``."""
    length = len(content)
    if length < _LONG_FORM:
        return bytes((tag, length)) + content
    length_bytes = length.to_bytes((length.bit_length() + 7) // 8)
    return bytes((tag, _LONG_FORM | len(length_bytes))) + length_bytes + content
