"""What the other side has said on the streams of one connection, and no more of it than a peer has to say."""

from dataclasses import dataclass, field

from gossip.api.options import MIB
from gossip.misbehave import frames
from gossip.shown import shown_text
from gossip.transport.grpc.headers import CallStatus

PREFIX_BYTES = 5
MAX_STREAMS = 10_000
"""How many streams are followed; no fault has as many open at once."""
MAX_UNFINISHED_BYTES = MIB
"""How much of messages may be under way on all streams; answers to faults, such as a ConnEstablish, are short."""
MAX_MESSAGES = 1000
"""Kept on all streams together until somebody takes them; more are dropped."""


class TooMuchError(Exception):
    """The other side says more than there is to say; the text says of what."""


@dataclass(slots=True)
class Call:
    """What was said on one stream."""

    status: CallStatus | None = None
    reset_code: int | None = None
    messages: list[bytes] = field(default_factory=list)
    unfinished: bytearray = field(default_factory=bytearray)

    @property
    def is_over(self) -> bool:
        """Whether the other side has ended it."""
        return self.status is not None or self.reset_code is not None


UNHEARD = Call()


class Heard:
    """Keeps account of calls, and finds the messages in their DATA."""

    def __init__(self) -> None:
        self._calls: dict[int, Call] = {}
        self._kept_messages = 0
        self._unfinished_bytes = 0

    def of(self, stream_id: int) -> Call:
        """What was said on a stream, to be read only."""
        return self._calls.get(stream_id, UNHEARD)

    def status_came(self, stream_id: int, status: CallStatus) -> None:
        """A call ended.

        Raises:
            TooMuchError: As :meth:`_call`.
        """
        self._call(stream_id).status = CallStatus(status.status, shown_text(status.reason))

    def reset_came(self, stream_id: int, code: int) -> None:
        """A stream was reset.

        Raises:
            TooMuchError: As :meth:`_call`.
        """
        self._call(stream_id).reset_code = code

    def data_came(self, stream_id: int, body: bytes) -> None:
        """Take a part of a message, or of many.

        Raises:
            TooMuchError: As :meth:`_call`; or more is under way than messages may be long.
        """
        call = self._call(stream_id)
        held = call.unfinished
        self._unfinished_bytes -= len(held)
        held += body
        while len(held) >= PREFIX_BYTES:
            end = PREFIX_BYTES + frames.UINT32.unpack_from(held, 1)[0]
            if len(held) < end:
                break
            if self._kept_messages < MAX_MESSAGES:
                call.messages.append(bytes(held[PREFIX_BYTES:end]))
                self._kept_messages += 1
            del held[:end]
        self._unfinished_bytes += len(held)
        if self._unfinished_bytes > MAX_UNFINISHED_BYTES:
            raise TooMuchError(f"messages of more than {MAX_UNFINISHED_BYTES} bytes are under way")

    def take_messages(self, stream_id: int) -> list[bytes]:
        """The messages of a call that nobody has taken."""
        call = self.of(stream_id)
        taken = call.messages.copy()
        call.messages.clear()
        self._kept_messages -= len(taken)
        return taken

    def forget(self, stream_id: int) -> None:
        """Drop what was said on a stream."""
        self.take_messages(stream_id)
        call = self._calls.pop(stream_id, UNHEARD)
        self._unfinished_bytes -= len(call.unfinished)

    def _call(self, stream_id: int) -> Call:
        """What was said on a stream, to be added to.

        Raises:
            TooMuchError: It is one of more streams than anybody opened.
        """
        call = self._calls.get(stream_id)
        if call is None:
            if len(self._calls) == MAX_STREAMS:
                raise TooMuchError(f"speaks of more than {MAX_STREAMS} streams")
            call = self._calls[stream_id] = Call()
        return call
