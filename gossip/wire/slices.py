"""The scan of a long envelope, slice by slice, so that whoever drives it can do something else in between.

It is the scan of every envelope, made to stop: what begins in a slice and goes on beyond it is put off, and then looked
into in slices of its own. When a slice is refused, the fault finder begins where the slice does.
"""

from codecs import utf_8_decode
from collections.abc import Iterator
from typing import Final

from gossip.errors import MalformedEnvelopeError, MalformedMessageError
from gossip.messages import Envelope, GossipMessage, SecretEnvelope
from gossip.wire.fault import Place
from gossip.wire.head import NO_HEAD, Head, contents_as_fields, scan_part
from gossip.wire.scan import LookInto, Skip, scan_fields
from gossip.wire.schema import MAX_DEPTH, TEXT, Field, Schema, schema_of
from gossip.wire.signed import SignedMessage
from gossip.wire.unknown import open_group, skip_field, skip_groups
from gossip.wire.varint import START_GROUP, NotWellFormed

SLICE_BYTES: Final = 512
"""Fields take two bytes at least, and each up to half a microsecond."""
MAX_PARTS: Final = 100_000
"""Sub-messages and repeated values together; what peers say to each other has some thousands.

Each takes two bytes on the wire and 340 in memory.
"""


def parse_in_slices(frame: bytes, slice_bytes: int = SLICE_BYTES) -> Iterator[SignedMessage | None]:
    """Do as `gossip.wire.envelope.parse_envelope` does, but not at once, and refuse what would be too many objects.

    Yields:
        None after each slice, which takes a tenth of a millisecond; in the end the message.

    Raises:
        MalformedEnvelopeError: Not an Envelope; it names the rule, the byte and the field.
        MalformedMessageError: What is in it is not a GossipMessage, or has more than :data:`MAX_PARTS` parts, which is
            noticed as soon as there is one too many.
    """
    outer = _EnvelopeScan(frame, 0, len(frame), slice_bytes)
    try:
        yield from outer.message(schema_of(Envelope), 0, len(frame), MAX_DEPTH, Envelope.__name__)
    except MalformedMessageError as error:
        raise MalformedEnvelopeError(error.what, offset=error.offset, field=error.field) from None
    start, end = outer.find(Envelope, "payload")
    inner = _MessageScan(frame, start, MAX_PARTS, slice_bytes)
    yield from inner.message(schema_of(GossipMessage), start, end, MAX_DEPTH, GossipMessage.__name__)
    signature = outer.read(Envelope, "signature")
    yield SignedMessage(frame, start, end, signature, outer.secret_envelope(), inner.head, frame, False)


class _Scan:
    """Scans messages slice by slice.

    Of the slice that is being read, ``_limit`` is the end, and ``_depth`` how many levels may be nested in its message;
    ``_owner`` is the class of whatever is read just then. What goes on beyond the slice is in ``_put_off``, a field and
    where its value begins, or in ``_open_groups``, their keys.
    """

    def __init__(self, data: bytes, base: int, max_parts: int, slice_bytes: int) -> None:
        """Errors count bytes from ``base`` on."""
        self._data = data
        self._base = base
        self._parts_left = max_parts
        self._slice_bytes = slice_bytes
        self._limit = self._depth = 0
        self._owner = schema_of(Envelope)
        self._put_off: tuple[Field, int] | None = None
        self._open_groups: list[int] = []

    def message(self, schema: Schema, pos: int, end: int, depth: int, name: str) -> Iterator[None]:
        """Prove the message in ``data[pos:end]`` well formed.

        Raises:
            MalformedMessageError: It is not.
        """
        while pos < end:
            began_at, groups = pos, self._open_groups
            open_before = tuple(groups)
            self._limit, self._depth, self._owner = pos + self._slice_bytes, depth, schema
            try:
                if groups:
                    pos = skip_groups(self._data, pos, min(end, self._limit), groups, depth)
                else:
                    pos = self._read(schema, pos, min(end, self._limit), end, depth)
            except (NotWellFormed, IndexError, UnicodeDecodeError):
                pos = end + 1
            if pos > end or (pos == end and groups):
                place = Place(began_at, end, depth, name, self._base, open_before)
                raise place.fault_of(schema, self._data)
            yield
            if self._put_off is not None:
                (field, start), self._put_off = self._put_off, None
                yield from self._value(field, start, pos, depth - 1, f"{name}.{field.name}")

    def _value(self, field: Field, pos: int, end: int, depth: int, name: str) -> Iterator[None]:
        if field.child is not None:
            yield from self.message(field.child, pos, end, depth, name)
            return
        while pos < end:
            stop = min(pos + self._slice_bytes + 4, end)  # a character takes up to four
            try:
                pos += utf_8_decode(self._data[pos:stop], "strict", stop == end)[1]
            except UnicodeDecodeError as error:
                raise MalformedMessageError(
                    "invalid UTF-8", offset=pos + error.start - self._base, field=name
                ) from None
            yield

    def _read(self, schema: Schema, pos: int, limit: int, _end: int, depth: int) -> int:
        return scan_fields(schema.fields, self._data, pos, limit, depth, self._look_into, self._skip)

    def _look_into(
        self,
        field: Field,
        data: bytes,
        pos: int,
        end: int,
        depth: int,
        look_into: LookInto[Field],
        skip: Skip,
    ) -> int:
        child = field.child
        if child is not None or field.repeated:
            self._parts_left -= 1
            if self._parts_left < 0:
                what = f"more than {MAX_PARTS} parts"
                raise MalformedMessageError(what, offset=pos - self._base, field=self._owner.name)
        if field.kind < TEXT:
            return end
        if child is not None and depth < 0:
            raise NotWellFormed
        if end > self._limit:
            self._put_off = field, pos
            return end
        if child is None:
            str(data[pos:end], "utf-8")
            return end
        owner, self._owner = self._owner, child
        pos = scan_fields(child.fields, data, pos, end, depth, look_into, skip)
        self._owner = owner
        return pos

    def _skip(self, data: bytes, pos: int, key: int, depth: int) -> int:
        if key & 7 != START_GROUP or key <= 7:
            return skip_field(data, pos, key, depth)
        open_group(self._open_groups, key, depth)
        pos = skip_groups(data, pos, self._limit, self._open_groups, depth)
        if self._open_groups and depth < self._depth:
            raise NotWellFormed  # what it is in has ended before
        return pos


class _EnvelopeScan(_Scan):
    """Also notes where the values of an Envelope and its secret envelope are."""

    def __init__(self, data: bytes, base: int, max_parts: int, slice_bytes: int) -> None:
        super().__init__(data, base, max_parts, slice_bytes)
        self._spans: dict[tuple[type, str], tuple[int, int]] = {}

    def find(self, cls: type, name: str) -> tuple[int, int]:
        """Where the last value of a field begins and ends."""
        return self._spans.get((cls, name), (0, 0))

    def read(self, cls: type, name: str) -> bytes:
        """The last value of a field."""
        start, end = self.find(cls, name)
        return self._data[start:end]

    def secret_envelope(self) -> SecretEnvelope | None:
        """The secret envelope without what is unknown in it."""
        if (Envelope, "secret_envelope") not in self._spans:
            return None
        payload, signature = self.read(SecretEnvelope, "payload"), self.read(SecretEnvelope, "signature")
        return SecretEnvelope(payload=payload, signature=signature)

    def _look_into(
        self,
        field: Field,
        data: bytes,
        pos: int,
        end: int,
        depth: int,
        look_into: LookInto[Field],
        skip: Skip,
    ) -> int:
        self._spans[self._owner.cls, field.name] = pos, end
        return super()._look_into(field, data, pos, end, depth, look_into, skip)


class _MessageScan(_Scan):
    """Also notes the head of a GossipMessage."""

    head: Head = NO_HEAD

    def _read(self, schema: Schema, pos: int, limit: int, end: int, depth: int) -> int:
        if depth < MAX_DEPTH:
            return super()._read(schema, pos, limit, end, depth)
        self.head = scan_part(self._data, pos, limit, end, self.head, contents_as_fields(), self._look_into, self._skip)
        return self.head[5]
