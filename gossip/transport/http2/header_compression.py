"""HPACK in blocks that are self-contained, so that each is encoded and decoded once. Spec: RFC 7541."""

from collections.abc import Iterable
from functools import lru_cache

from h2.errors import ErrorCodes
from h2.exceptions import ProtocolError
from hpack import Decoder, Encoder, HeaderTuple, HPACKError, NeverIndexedHeaderTuple, OversizedHeaderListError

from gossip.transport.http2.table_updates import has_too_many_updates

MAX_HUFFMAN_BYTES = 512
"""More is not compressed: what hpack spends on it grows with the square, to 12 ms for a reason in characters of four
bytes, which strangers may have us write."""
MAX_REMEMBERED = 256
MAX_REMEMBERED_BYTES = 512
"""How many blocks of all connections are remembered, and how long one may be: 8 MiB of memory in the worst case."""

_TABLE_SIZE_0 = b"\x20"
_decoded: dict[bytes, tuple[tuple[HeaderTuple, ...], int]] = {}


class SelfContainedEncoder(Encoder):
    """Encodes each header block without the dynamic table, so that a block can be encoded once and used everywhere.

    Each block begins by setting the table's size to 0, which is what a peer that allows no table wants to hear.
    Spec: RFC 7541 section 6.3.
    """

    @property
    def header_table_size(self) -> int:
        """Nothing, whatever the peer allows; h2 tells it, and the one encoder of all connections need not remember."""
        return 0

    @header_table_size.setter
    def header_table_size(self, _allowed: int) -> None:
        pass

    def encode(self, headers: Iterable[tuple[bytes, bytes]], _huffman: bool = True) -> bytes:  # type: ignore[override]  # h2 passes pairs of bytes
        """The block for these header fields."""
        return encode_block(tuple(headers))


@lru_cache(maxsize=256)
def encode_block(headers: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """The block for these header fields, which means the same whatever was sent before it."""
    is_short = sum(len(value) for _, value in headers) <= MAX_HUFFMAN_BYTES
    fields = [NeverIndexedHeaderTuple(name, value) for name, value in headers]
    return _TABLE_SIZE_0 + Encoder().encode(fields, is_short)


ENCODER = SelfContainedEncoder()
"""The one that all connections share."""


class RememberingDecoder(Decoder):
    """Decodes blocks that are self-contained, as those of :class:`SelfContainedEncoder`, once.

    A block that begins by setting the table's size to 0, and leaves it so, means the same whatever came before it, and
    leaves the same behind. A Ping and a stream cost 0.14 ms of decoding otherwise.
    """

    def recall(self, data: bytes) -> tuple[HeaderTuple, ...]:
        """What ``decode`` gives for a block that is remembered; nothing for any other."""
        fields, size_bytes = _decoded.get(data, ((), 0))
        if not fields or size_bytes > self.max_header_list_size:
            return ()
        self.header_table_size = 0
        return fields

    def decode(self, data: bytes, raw: bool = False) -> Iterable[HeaderTuple]:
        """The header fields of one block."""
        fields = self.recall(data)
        if fields:
            return list(fields)
        fields = tuple(super().decode(data, raw))
        is_alone = data.startswith(_TABLE_SIZE_0) and not self.header_table_size and len(data) <= MAX_REMEMBERED_BYTES
        if raw and is_alone and not any(map(_changes_what_follows, fields)):
            if len(_decoded) >= MAX_REMEMBERED:
                _decoded.clear()
            _decoded[bytes(data)] = fields, sum(32 + len(name) + len(value) for name, value in fields)
        return list(fields)


def _changes_what_follows(field: tuple[bytes, bytes]) -> bool:
    """Whether h2 has to see this one: it announces how long the message is, or that the answer is still to come."""
    name, value = field
    return name == b"content-length" or (name == b":status" and value.startswith(b"1"))


class CompressionError(ProtocolError):
    """A header block cannot be read, for which h2 has no error with the right code. Spec: RFC 9113 section 4.3."""

    error_code = ErrorCodes.COMPRESSION_ERROR


class ReportingDecoder(RememberingDecoder):
    """Says COMPRESSION_ERROR where h2 would say PROTOCOL_ERROR; a list that is too long stays what it is."""

    def decode(self, data: bytes, raw: bool = False) -> Iterable[HeaderTuple]:
        """The header fields of one block.

        Raises:
            CompressionError: It cannot be read, or changes the table's size too often.
            OversizedHeaderListError: Its fields are too long together.
        """
        if has_too_many_updates(data):
            raise CompressionError("a header block that changes the size of its table again and again")
        try:
            return super().decode(data, raw)
        except OversizedHeaderListError:
            raise
        except HPACKError as error:
            raise CompressionError(f"a header block that cannot be read: {error}") from error
