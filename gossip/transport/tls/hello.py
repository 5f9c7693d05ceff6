"""The groups over which keys are exchanged, as the first messages of TLS name them. Spec: RFC 8446, 4.1 and 4.2.8.

Of the groups that OpenSSL knows some take 100 ms a connection, and Python can leave all in, or name one alone. So a
listener has a context for each of the two that everybody uses, and a dialler looks at what a server asks for.
"""

import hashlib
import ssl
from typing import NamedTuple

from gossip.transport.record_size import HEADER_BYTES

MESSAGE_HEADER_BYTES = 4
CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE = 20, 21, 22
WARNING, CLOSE_NOTIFY = 1, 0
SERVER_HELLO = 2
RANDOM_AT = MESSAGE_HEADER_BYTES + 2
HELLO_RETRY = hashlib.sha256(b"HelloRetryRequest").digest()
X25519_SHARE = bytes.fromhex("001d0020")
FINITE_FIELD_WANTED = bytes.fromhex("0033000201")
MAX_FIRST_BYTES = 16 * 1024
TOO_COSTLY = {"HANDSHAKE_TOO_LONG", "KEY_EXCHANGE_TOO_COSTLY"}
"""For which of our own reasons it is us who end TLS, though nothing is wrong with it."""


class Openings(NamedTuple):
    """A listener's contexts for the two groups that it takes; they trust nobody."""

    x25519: ssl.SSLContext
    p256: ssl.SSLContext

    def fitting(self, client_hello: bytes) -> ssl.SSLContext:
        """The one for what a client says first; one that lies is refused, and no more."""
        return self.x25519 if X25519_SHARE in client_hello else self.p256


class FirstWords:
    """Holds back what the other side says first until its first message is whole, to see what it asks for.

    ``message`` is that one, then; what is no handshake has none. However it is cut, each byte is looked at once.
    """

    def __init__(self) -> None:
        self.is_whole = False
        self.message = b""
        self._held = bytearray()
        self._body = bytearray()
        self._size = MESSAGE_HEADER_BYTES
        self._position = 0
        self._missing_of_record = 0

    def take(self, data: bytes) -> bytes:
        """Everything that has come, once the first message is whole; nothing before.

        Raises:
            ssl.SSLError: It is longer than there is a reason for, in a record that holds nothing, or behind an alert.
        """
        self._held += data
        self._look_on()
        if not self.is_whole:
            if len(self._held) > MAX_FIRST_BYTES:
                raise refusal("HANDSHAKE_TOO_LONG")
            return b""
        said, self._held = bytes(self._held), bytearray()
        return said

    def _ends_it(self, position: int) -> bool:
        """Whether OpenSSL has no more to do with what begins there; if not, more has to come.

        Raises:
            ssl.SSLError: It would go on to the message behind it, which nobody looks at.
        """
        held = self._held
        if held[position] == CHANGE_CIPHER_SPEC:
            raise refusal("UNEXPECTED_MESSAGE")
        if held[position] != ALERT:
            return True
        level_and_name = held[position + HEADER_BYTES : position + HEADER_BYTES + 2]
        if level_and_name[:1] == bytes([WARNING]) and level_and_name[1:] != bytes([CLOSE_NOTIFY]):
            if len(level_and_name) == 2:
                raise refusal("WARNING_ALERT")
            return False
        return bool(level_and_name)

    def _look_on(self) -> None:
        """Go on where the last look ended."""
        held, body, position, missing = self._held, self._body, self._position, self._missing_of_record
        while position + (0 if missing else HEADER_BYTES - 1) < len(held):
            if not missing:
                if held[position] != HANDSHAKE:
                    self.is_whole = self._ends_it(position)
                    break
                missing = held[position + 3] << 8 | held[position + 4]
                position += HEADER_BYTES
                if not missing:
                    raise refusal("EMPTY_RECORD")
            part = held[position : position + missing]
            position += len(part)
            missing -= len(part)
            body += part
            if len(body) >= self._size:
                self._size = MESSAGE_HEADER_BYTES + int.from_bytes(body[1:MESSAGE_HEADER_BYTES])
                if len(body) >= self._size:
                    self.message = bytes(body[: self._size])
                    self.is_whole = True
                    return
        self._position, self._missing_of_record = position, missing


def refuse_costly(first_message: bytes) -> None:
    """Return unless a server asks for a key exchange over a finite field.

    Raises:
        ssl.SSLError: It does, or begins with another message, behind which it may ask.
    """
    if first_message and first_message[0] != SERVER_HELLO:
        raise refusal("UNEXPECTED_MESSAGE")
    if asks_again(first_message) and FINITE_FIELD_WANTED in first_message:
        raise refusal("KEY_EXCHANGE_TOO_COSTLY")


def asks_again(first_message: bytes) -> bool:
    """Whether it is a HelloRetryRequest, after which a server's certificate is still to come."""
    return first_message[RANDOM_AT : RANDOM_AT + len(HELLO_RETRY)] == HELLO_RETRY


def refusal(reason: str) -> ssl.SSLError:
    """An error as OpenSSL would name it."""
    error = ssl.SSLError(ssl.SSLErrorNumber.SSL_ERROR_SSL, reason)
    error.reason = reason
    return error
