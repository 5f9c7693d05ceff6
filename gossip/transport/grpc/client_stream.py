"""A call that we made."""

from collections.abc import Sequence

from h2.errors import ErrorCodes
from h2.exceptions import H2Error

from gossip.errors import RefusedByPeerError, StreamBrokenError
from gossip.transport.grpc.errors import again
from gossip.transport.grpc.headers import (
    CallStatus,
    find_verdict,
    is_malformed_answer,
    is_malformed_end,
    parse_trailers,
)
from gossip.transport.grpc.stream import GrpcStream


class ClientStream(GrpcStream):
    """A call that we made; behaves as :class:`gossip.transport.base.FrameStream` says."""

    _answered = False
    _is_asked = False
    _call_status: CallStatus | None = None

    async def ask(self, body: bytes) -> None:
        """Send the only message of a call, framed, as soon as the windows allow it, unless the server ends the call.

        Raises:
            StreamBrokenError: The call broke before that.

        Cancellation: nothing was sent; abort the stream.
        """
        while not (self._is_asked or self._peer_ended):
            self.check_sendable()
            if not self.ask_nowait(body):
                self.window_updated.clear()
                await self.window_updated.wait()

    def ask_nowait(self, body: bytes) -> bool:
        """Send the only message of a call, framed, unless it was sent before; says whether the windows allowed it."""
        http2 = self.connection.http2
        if self._is_asked:
            return True
        if http2.sendable_bytes(self.http2_stream) < len(body):
            return False
        self._is_asked = True
        http2.send_short(self.http2_stream, body, end_stream=True)
        self.connection.flush_soon()
        return True

    async def end(self) -> None:
        """Send END_STREAM; see base.

        Raises:
            StreamBrokenError: The call broke, or is over.

        Cancellation: the server may not have been told; abort the stream.
        """
        self.check_sendable()
        try:
            await super().end()
        except H2Error as error:
            raise StreamBrokenError(f"the stream with {self.link.remote} is closed") from error

    def headers_came(self, fields: Sequence[tuple[bytes, bytes]], *, ends: bool) -> None:
        """The answer begins, or ends; what follows one that is not gRPC's, a page of HTML, say, is not waited for."""
        if (is_malformed_end if self._answered else is_malformed_answer)(fields):
            self.leave(ErrorCodes.PROTOCOL_ERROR)
            self.fail(StreamBrokenError(f"{self.link.remote} answered with header fields that HTTP/2 forbids"))
            return
        headers = dict(fields)
        if self._answered:
            self._call_status = parse_trailers(headers)
            return
        self._answered = True
        self._call_status = find_verdict(headers, ends=ends)
        if self._call_status is not None:
            self.__ended__()
        elif self.connection.http2.receives_data(self.id) is not None:
            self.connection.reading[self.id] = self

    def __ended__(self) -> None:
        super().__ended__()
        self.leave()

    def check_sendable(self) -> None:
        """Raise StreamBrokenError if the call is over."""
        if self._failure is not None:
            raise again(self._failure)
        if self._peer_ended:
            raise StreamBrokenError(f"{self.link.remote} ended the stream")

    def check_ending(self) -> None:
        """Return when the status is OK.

        Raises:
            RefusedByPeerError: It is another one, with the server's own words.
            StreamBrokenError: There is none.
        """
        if self._call_status is None:
            raise StreamBrokenError(f"{self.link.remote} ended the stream without a status")
        if not self._call_status.is_ok:
            raise RefusedByPeerError(grpc_status=self._call_status.status, reason=self._call_status.reason)
