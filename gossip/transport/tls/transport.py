"""TLS between a TCP transport and a protocol.

asyncio's own layer keeps a buffer of 256 KiB for each connection, waits up to 30 s for a hostile peer to close, cannot
change the certificate of a running server, and costs more CPU in a handshake. This one does what the ``ssl`` module's
memory interface needs, and no more.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Iterable
from functools import partial
from typing import cast

from gossip.transport.record_size import BYTES_AT_ONCE, HEADER_BYTES, RECORD_BYTES
from gossip.transport.tcp.turn_transport import TurnTransport
from gossip.transport.tls.application import TlsApplication
from gossip.transport.tls.contexts import TlsSide
from gossip.transport.tls.hello import FirstWords, asks_again, refusal, refuse_costly
from gossip.transport.tls.key import has_long_rsa_key, long_rsa_key_error
from gossip.transport.tls.records import NO_END, Records
from gossip.transport.tls.session import forget_session, is_kept
from gossip.transport.tls.steps import shared_steps
from gossip.transport.tls.threads import Waiting

WRITE_BYTES = 64 * 1024
MAX_ANSWER_BYTES = 16 * 1024
"""How much a server may say until TLS stands: its chain, and the names of all the CAs that it takes clients of."""
LINGER_S = 1.0
"""How long a connection whose TLS failed may stay, for the peer to read why."""


class TlsTransport(TurnTransport):
    """To the TCP transport a protocol, to the application a transport."""

    _application: TlsApplication
    _tls: ssl.SSLObject
    """There from TLS's first step until it fails or the connection is lost."""

    def __init__(
        self,
        side: TlsSide,
        application: TlsApplication,
        *,
        server_side: bool,
        server_hostname: str | None = None,
        max_handshake_bytes: int = MAX_ANSWER_BYTES,
    ) -> None:
        super().__init__(application)
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._side = side
        self._server_side = server_side
        self._server_hostname = server_hostname
        self._first_words: FirstWords | None = FirstWords()
        self._handshake_bytes_left = max_handshake_bytes
        self._flight_bytes = 0
        self._steps = shared_steps()
        self._step: Waiting | None = None
        self._address: str | None = None
        self._reads_certificate = not server_side
        self._records = Records()
        self._stands = False
        self._error: BaseException | None = None
        self._lingering: asyncio.TimerHandle | None = None

    # -- the TCP transport calls these

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin TLS, which a server does when the client has said something."""
        self._tcp = cast("asyncio.Transport", transport)  # asyncio promises a transport that writes
        peername = transport.get_extra_info("peername")
        self._address = str(peername[0]) if peername else None
        self._application.tcp_connected(self._tcp)
        if not self._server_side and not self._tcp.is_closing():
            self._begin(self._side.context)
            self._stepped(self._steps.take(self._tls))

    def eof_received(self) -> bool:
        """Let the connection be closed, which needs no turn once TLS has failed."""
        if self._error is None:
            return super().eof_received()
        self._has_ended = True
        return self._waits_for_turn

    def connection_lost(self, exc: BaseException | None) -> None:
        """Hand on the end."""
        self._stands = False
        if self._lingering is not None:
            self._lingering.cancel()
        self._application.connection_lost(self._error or exc)
        self._error = None
        self._release_tls()
        del self._incoming, self._outgoing, self._application  # which refers back to this

    def pause_writing(self) -> None:
        """Hand on the back-pressure."""
        if self._stands:
            self._application.pause_writing()

    def resume_writing(self) -> None:
        """Hand on that it ended."""
        if self._stands:
            self._application.resume_writing()

    # -- the application calls these

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Encrypt and write at once; what the connection cannot take any more is dropped."""
        self.writelines((data,))

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        """Encrypt and write each, one of up to 16 KiB as one record; what the connection cannot take is dropped."""
        if not self._stands or self._error is not None or self.is_closing():
            return
        for data in list_of_data:
            self._tls.write(data)
            if self._outgoing.pending >= WRITE_BYTES:
                self._flush()
        self._flush()

    def close(self) -> None:
        """Say goodbye in TLS and close once everything is written; the peer's goodbye is not waited for.

        A client of TLS 1.2 sees no more than the connection's end: OpenSSL keeps the session of whoever it said goodbye
        to.
        """
        if self._tcp is None or self._tcp.is_closing():
            return
        if self._stands and self._error is None and not is_kept(self._tls):
            with contextlib.suppress(ssl.SSLError):  # it wants the peer's goodbye
                self._tls.unwrap()
            self._flush()
        self._tcp.close()

    def get_extra_info(self, name: str, default: object = None) -> object:
        """As asyncio's TLS transport: ``ssl_object``, once TLS has begun, and what the TCP transport knows."""
        if name == "ssl_object":
            return vars(self).get("_tls", default)
        return super().get_extra_info(name, default)

    # --

    def _take(self, data: memoryview) -> None:
        """Decrypt, not all at once, so that OpenSSL's own buffer stays small; what is not wanted yet is held back."""
        start = 0
        while start < len(data) and self._error is None and not self._records.is_over:
            if self._is_paused:
                self._rest = bytes(data[start:])
                return
            most = BYTES_AT_ONCE if self._stands else min(BYTES_AT_ONCE, self._handshake_bytes_left)
            within = NO_END if self._stands else self._steps.room_for(self._flight_bytes)
            end = self._records.piece(data, start, most, within)
            is_fed = self._feed(data[start:end])
            start = end
            has_just_stood_up = False
            if is_fed and not self._stands:
                if not self._steps.may_be_here(
                    self._flight_bytes, self._address, reads_certificate=self._reads_certificate
                ):
                    self._step_in_thread(data[start:])
                    return
                has_just_stood_up = self._stepped(self._steps.take(self._tls, self._address))
            if self._has_said_too_much():
                return
            if has_just_stood_up and self._incoming.pending and not self._application.is_trusted:
                self._wait_for_turn(data[start:])  # the end of a handshake is enough for one turn
                return
            if self._stands and not (self._read() and (start == len(data) or self._has_time())):
                self._wait_for_turn(data[start:])
                return

    def _has_finished(self) -> bool:
        return not self._stands or self._read()

    def _begin(self, context: ssl.SSLContext) -> None:
        self._tls = context.wrap_bio(
            self._incoming, self._outgoing, server_side=self._server_side, server_hostname=self._server_hostname
        )

    def _feed(self, piece: memoryview) -> bool:
        """Give OpenSSL what came, but for what would make it exchange costly keys; whether it got something."""
        if not self._stands:
            self._handshake_bytes_left -= len(piece)
            self._flight_bytes += len(piece)
        words = self._first_words
        if words is None:
            self._incoming.write(piece)
            return True
        try:
            said = words.take(bytes(piece))
            if not self._server_side:
                refuse_costly(words.message)
        except ssl.SSLError as error:
            self._fail(error)
            return False
        if words.is_whole:
            self._first_words = None
        if self._server_side and said:
            openings = self._side.openings
            self._begin(openings.fitting(said) if openings is not None else self._side.context)
        self._incoming.write(said)
        return bool(said)

    def _stepped(self, error: ssl.SSLError | None) -> bool:
        """Go on after a step of the handshake; whether TLS stands now."""
        if isinstance(error, ssl.SSLWantReadError):
            if self._outgoing.pending:
                self._flight_bytes = 0
                said = self._outgoing.read()
                if not asks_again(said[HEADER_BYTES:]):
                    self._tls.context = self._side.context  # our certificate is on its way, the peer's is to come
                    self._reads_certificate = True
                self._write(said)
                self._application.tls_begun(self)
            return False
        if error is not None:
            self._fail(error)
            return False
        certificate = self._tls.getpeercert(binary_form=True)
        if certificate is not None:
            if has_long_rsa_key(certificate):
                self._fail(long_rsa_key_error())
                return False
            self._steps.stood(self._address)
        self._stands = True
        self._records.stand(ends_at_alert=is_kept(self._tls))
        self._application.connection_made(self)  # what it writes leaves together with the end of the handshake
        self._flush()
        return True

    def _step_in_thread(self, rest: memoryview) -> None:
        self._waits_for_turn = True
        self._hold(bytes(rest))
        self._step = self._steps.take_in_thread(self._tls, self._flight_bytes, self._address, self._stepped_in_thread)

    def _stepped_in_thread(self, error: ssl.SSLError | None) -> None:
        self._step = None
        self._stepped(error)
        self._has_said_too_much()
        self._wait_for_next_turn()

    def _has_said_too_much(self) -> bool:
        if self._stands or self._error is not None or self._handshake_bytes_left:
            return False
        self._fail(refusal("HANDSHAKE_TOO_LONG"))
        return True

    def _read(self) -> bool:
        """Hand on what is there to be decrypted; whether there was time for all of it."""
        has_time = True
        try:
            while has_time and (self._incoming.pending or self._tls.pending()) and self._stands and not self._is_paused:
                data = self._tls.read(RECORD_BYTES)
                if 0 < len(data) < RECORD_BYTES:
                    self._records.were_read(1, len(data))
                    self._application.data_received(data)
                elif not self._hand_on_in_a_row(data):
                    self._said_goodbye()
                    return True
                has_time = not self._incoming.pending or self._has_time()
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self._said_goodbye()
            return True
        except ssl.SSLError as error:
            self._fail(error)
            return True
        return has_time if self._incoming.pending else self._look_behind_data(has_time=has_time)

    def _look_behind_data(self, *, has_time: bool) -> bool:
        """Count what was no data, and answer it, or see that it was the end; whether there was time for that."""
        if self._records.is_over:
            self._said_goodbye()
            return True
        has_answered = bool(self._outgoing.pending)
        if has_answered:
            self._flush()
        empty = self._records.count_empty()
        if empty or has_answered:
            self._application.empty_records_came(empty)
            return self._has_time()
        return has_time

    def _hand_on_in_a_row(self, data: bytes) -> bool:
        """Hand on what full records hold, and the one behind them; whether the peer has not said goodbye.

        There are no more of them than OpenSSL was given at once.
        """
        parts = [data]
        try:
            while len(data) == RECORD_BYTES:
                data = self._tls.read(RECORD_BYTES)
                parts.append(data)
            return bool(data)
        finally:
            joined = b"".join(parts)
            if joined:
                self._records.were_read(len(parts) if data else len(parts) - 1, len(joined))
                self._application.data_received(joined)

    def _said_goodbye(self) -> None:
        """Close as the peer did, which does not read any more, when the application has taken what came before."""
        self._has_ended = True
        if self._tcp is not None and not self._is_paused:
            self._tcp.close()

    def _fail(self, error: ssl.SSLError) -> None:
        """Send the alert and give the peer a moment to close: closing first could keep the alert from arriving."""
        self._error = error.with_traceback(None)  # its frames hold OpenSSL's memory
        self._stands = False  # what still comes may wait for a turn, and must not be read then
        self._flush()
        self._release_tls()
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._application.tls_failed(error)
        if self._tcp is None or self._tcp.is_closing():
            return
        if self._server_side and self._tcp.can_write_eof():
            with contextlib.suppress(OSError):  # the peer may have reset it, which is not seen yet
                self._tcp.write_eof()
            self._lingering = asyncio.get_running_loop().call_later(LINGER_S, self._tcp.abort)
        else:
            self._tcp.close()

    def _release_tls(self) -> None:
        """Free some 100 KB at once, instead of when a garbage collector looks or a peer leaves."""
        tls = vars(self).pop("_tls", None)
        if tls is None:
            return
        forget = partial(forget_session, tls, self._incoming)
        if self._step is None:
            forget()
        else:
            self._step.give_up(forget)
            self._step = None

    def _flush(self) -> None:
        if self._outgoing.pending:
            self._write(self._outgoing.read())

    def _write(self, encrypted: bytes) -> None:
        if self._tcp is not None:
            self._tcp.write(encrypted)
