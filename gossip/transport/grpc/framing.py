"""gRPC's framing: each message has a prefix of five bytes, and DATA frames carry them cut anywhere.

Spec: grpc/doc/PROTOCOL-HTTP2.md, Length-Prefixed-Message.
"""

from collections.abc import Iterator, Sequence
from io import BytesIO
from struct import Struct

PREFIX = Struct(">BI")
PREFIX_BYTES = PREFIX.size
EMPTY_MESSAGE = PREFIX.pack(0, 0)
_prefix_of = PREFIX.pack
_parse_prefix = PREFIX.unpack_from

LONG_BYTES = 1024 * 1024
"""A message of so much is long, and gets memory for all of it when so much has come: a length that is only announced
reserves nothing."""
SHORT_BYTES = 1024
"""The next part is appended to one that is shorter: with many tiny parts, most memory would go into the objects."""


def encode_message(frame: bytes) -> bytes:
    """One message behind its prefix, not compressed."""
    return _prefix_of(0, len(frame)) + frame


def encode_messages(frames: Sequence[bytes], burst_bytes: int) -> Iterator[memoryview]:
    """Join messages, each behind its prefix and not compressed, into pieces of ``burst_bytes``; the last is shorter.

    Of a message that is longer, what does not fit is handed on as it is, not copied; an empty sequence yields nothing.
    """
    parts: list[bytes] = []
    size = 0
    for frame in frames:
        parts.append(_prefix_of(0, len(frame)))
        if len(frame) > burst_bytes:
            room = max(0, burst_bytes - size - PREFIX_BYTES)
            parts.append(frame[:room])
            yield memoryview(b"".join(parts))
            yield memoryview(frame)[room:]
            parts.clear()
            size = 0
            continue
        parts.append(frame)
        size += PREFIX_BYTES + len(frame)
        if size >= burst_bytes:
            joined = memoryview(b"".join(parts))
            while len(joined) >= burst_bytes:
                yield joined[:burst_bytes]
                joined = joined[burst_bytes:]
            parts = [bytes(joined)]
            size = len(joined)
    if size:
        yield memoryview(b"".join(parts))


class Inbox:
    """Cuts the bytes of one stream into messages, and keeps them until they are taken.

    A prefix that announces more than ``limit_bytes``, or compression, stops it: from there on bytes are held as they
    are, bounded by the flow-control window, until the limit is raised and :meth:`resume` is called.

    What has come of a message is held in its parts, and from ``LONG_BYTES`` on where it will be in the end: joining the
    parts of 90 MiB would take twice the memory, and stop everybody for 60 ms.
    """

    __slots__ = (
        "_head",
        "_held",
        "_long",
        "_messages",
        "_missing",
        "_parts",
        "_size",
        "has_long",
        "is_compressed",
        "limit_bytes",
        "oversized_bytes",
    )

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self.clear()

    def clear(self) -> None:
        """Forget everything that was not taken."""
        self.oversized_bytes = 0
        self.is_compressed = False
        self._messages: list[bytes] = []
        self._parts: list[bytes] = []
        self._long: BytesIO | None = None
        self.has_long = False
        """Whether a long message became whole; whoever takes it sets this back."""
        self._size = self._missing = 0
        self._head = b""
        self._held = bytearray()

    @property
    def is_stopped(self) -> bool:
        """Whether the next message cannot be taken as things stand."""
        return bool(self._held)

    @property
    def is_between_messages(self) -> bool:
        """Whether no message has begun and not ended."""
        return not (self._missing or self._head or self._held)

    @property
    def is_read(self) -> bool:
        """Whether everything was taken but, perhaps, a part of a message that is still coming."""
        return not (self._messages or self._held)

    @property
    def missing_bytes(self) -> int:
        """How much of the message under way has not come."""
        return self._missing

    @property
    def unfinished_bytes(self) -> int:
        """How much of it has come."""
        return self._size - self._missing if self._missing else 0

    def take(self) -> list[bytes]:
        """Every complete message, in order; they are not kept."""
        messages = self._messages
        if messages:
            self._messages = []
        return messages

    def put_back(self, messages: list[bytes]) -> None:
        """Keep messages that were taken, before all others."""
        self._messages[:0] = messages

    def give_up_unfinished(self) -> BytesIO | None:
        """Give up the message under way, which never will be whole; nothing may be fed any more.

        Returns:
            The memory of a long one; whoever drops it all at once waits for it.
        """
        self._parts.clear()
        memory, self._long = self._long, None
        if memory is not None:
            memory.truncate()  # what has not come
        return memory

    def resume(self) -> None:
        """Go on where an oversized message stopped it, if the limit allows that now."""
        if self._held and not self.is_compressed and self.oversized_bytes <= self.limit_bytes:
            held = bytes(self._held)
            self._held = bytearray()
            self.oversized_bytes = 0
            self._cut(held, 0, len(held))

    def feed(self, data: bytes, start: int, end: int) -> int:
        """Add ``data[start:end]``.

        Returns:
            How many messages it completed.
        """
        if self._held:
            self._held += data[start:end]
            return 0
        messages = self._messages
        before = len(messages)
        if self._missing:
            start = self._complete(data, start, end)
        elif self._head:
            data = self._head + data[start:end]
            start, end = 0, len(data)
            self._head = b""
        if start < end:
            self._cut(data, start, end)
        return len(messages) - before

    def _complete(self, data: bytes, start: int, end: int) -> int:
        """Add to the message under way, and return where it ends in ``data``."""
        stop = min(end, start + self._missing)
        parts = self._parts
        if self._long is not None:
            self._long.write(memoryview(data)[start:stop])
        elif len(parts[-1]) < SHORT_BYTES:
            parts[-1] += data[start:stop]
        else:
            parts.append(data[start:stop])
        self._missing -= stop - start
        if not self._missing:
            if self._long is None:
                self._messages.append(b"".join(parts))
                parts.clear()
            else:
                self._messages.append(self._long.getvalue())
                self._long = None
            self.has_long = self.has_long or self._size >= LONG_BYTES
        elif self._long is None and self._size - self._missing >= LONG_BYTES:
            self._long = BytesIO(bytes(self._size))  # zeros that the system does not make before they are written over
            self._long.writelines(parts)
            parts.clear()
        return stop

    def _cut(self, data: bytes, position: int, end: int) -> None:
        """Take the messages that begin at ``position``, and keep what there is of the one after them."""
        limit = self.limit_bytes
        add = self._messages.append
        while position + PREFIX_BYTES <= end:
            compressed, size = _parse_prefix(data, position)
            if compressed or size > limit:
                self.is_compressed = bool(compressed)
                self.oversized_bytes = 0 if compressed else size
                self._held += data[position:end]
                return
            body = position + PREFIX_BYTES
            position = body + size
            if position > end:
                self._size, self._missing = size, position - end
                self._parts.append(data[body:end])
                return
            add(data[body:position])
        self._head = data[position:end]
