"""PEM as Go's encoding/pem reads and writes it, because a Fabric peer judges the exact bytes of an identity.

Python's readers are stricter in some places (headers, text before the block) and laxer in others (what follows it).
"""

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass

PRIVATE_KEY = "PRIVATE KEY"
"""What the type of every private key's block ends in."""

_BEGIN = b"-----BEGIN "
_END = b"\n-----END "
_DASHES = b"-----"
_BLANKS = b" \t"
_COLUMNS = 64


@dataclass(frozen=True, slots=True)
class PemBlock:
    """One block: its type as it stands in the BEGIN line, the decoded bytes, and every byte after its END line."""

    type: str
    body: bytes
    rest: bytes


class _EndLineIsAHeaderError(Exception):
    """There is a colon in the END line, and nothing but headers before it; Go then gives up on all that follows."""


def find_pem_block(data: bytes) -> PemBlock | None:
    """Find the first well-formed block; text before it and headers in it are skipped, as Go does.

    Returns:
        The block, or None when there is none.

    Mirrors: encoding/pem, Decode (Go 1.26).
    """
    start = 0
    while (end := data.find(_END, start)) >= 0:
        begin = data.rfind(_BEGIN, start, end)
        if begin == start or (begin > start and data[begin - 1 : begin] == b"\n"):
            try:
                block = _find_block_at(data, begin + len(_BEGIN), end)
            except _EndLineIsAHeaderError:
                return None
            if block is not None:
                return block
        start = end + len(_END)
    return None


def find_pem_blocks(data: bytes) -> Iterator[PemBlock]:
    """Every well-formed block, one after the other."""
    while (block := find_pem_block(data)) is not None:
        yield block
        data = block.rest


def encode_certificate_pem(der: bytes) -> bytes:
    """Write a certificate as Go does: 64 columns, LF, a final newline and nothing else."""
    text = base64.b64encode(der)
    lines = [text[at : at + _COLUMNS] for at in range(0, len(text), _COLUMNS)]
    return b"\n".join([b"-----BEGIN CERTIFICATE-----", *lines, b"-----END CERTIFICATE-----", b""])


def _find_block_at(data: bytes, at: int, end: int) -> PemBlock | None:
    type_line, at = _take_line(data, at)
    if not type_line.endswith(_DASHES):
        return None
    block_type = type_line.removesuffix(_DASHES)
    body_at = _skip_headers(data, at, end)
    if body_at is None:
        return None
    end_line, rest_at = _take_line(data, end + len(_END))
    if end_line != block_type + _DASHES:
        return None
    body = _decode_base64(data[body_at:end]) if end > body_at else b""
    return None if body is None else PemBlock(block_type.decode("utf-8", "replace"), body, data[rest_at:])


def _skip_headers(data: bytes, at: int, end: int) -> int | None:
    """Find where the body begins; None where headers reach up to the END line.

    Without headers the END line may follow the BEGIN line at once; with headers a newline must stand between.

    Raises:
        _EndLineIsAHeaderError: The END line reads as a header.
    """
    first = at
    line, next_at = _take_line(data, at)
    while b":" in line:
        if next_at > end + 1:
            raise _EndLineIsAHeaderError
        at = next_at
        line, next_at = _take_line(data, at)
    return at if at <= end or at == first else None


def _take_line(data: bytes, at: int) -> tuple[bytes, int]:
    newline = data.find(b"\n", at)
    if newline < 0:
        return data[at:].rstrip(_BLANKS), len(data)
    return data[at:newline].removesuffix(b"\r").rstrip(_BLANKS), newline + 1


def _decode_base64(text: bytes) -> bytes | None:
    compact = text.translate(None, b" \t\r\n")
    # Python passes over padding behind complete quads, Go does not.
    if len(compact) % 4 or compact.endswith(b"==="):
        return None
    try:
        return base64.b64decode(compact, validate=True)
    except binascii.Error:
        return None
