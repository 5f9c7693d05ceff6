"""The groups over which keys are exchanged, as the first messages of TLS name them. Spec: RFC 8446, 4.1 and 4.2.8.

Of the groups that OpenSSL knows some take 100 ms a connection, and Python can leave all in, or name one alone. So a
listener has a context for each of the two that everybody uses, and a dialler looks at what a server asks for.
"""

import hashlib
import ssl
from typing import NamedTuple

RECORD_HEADER_BYTES = 5
MESSAGE_HEADER_BYTES = 4
HANDSHAKE = 22
RANDOM_AT = MESSAGE_HEADER_BYTES + 2
HELLO_RETRY = hashlib.sha256(b"HelloRetryRequest").digest()
X25519_SHARE = bytes.fromhex("001d0020")
FINITE_FIELD_WANTED = bytes.fromhex("0033000201")
MAX_FIRST_BYTES = 16 * 1024


class Openings(NamedTuple):
    """A listener's contexts for the two groups that it takes; they trust nobody."""

    x25519: ssl.SSLContext
    p256: ssl.SSLContext

    def fitting(self, client_hello: bytes) -> ssl.SSLContext:
        """The one for what a client says first; where that is cut or lies, the client may be refused, and no more."""
        return self.x25519 if X25519_SHARE in client_hello else self.p256


class FirstAnswer:
    """Holds back a server's first message until it is whole, and what it asks for has been seen."""

    def __init__(self) -> None:
        self._held: bytes | None = b""

    def take(self, data: bytes) -> bytes:
        """What may go on to OpenSSL of that which came.

        Raises:
            ssl.SSLError: It asks for a key exchange over a finite field, or is longer than there is a reason for.
        """
        if self._held is None:
            return data
        self._held += data
        message = _first_message(self._held)
        if message is None and len(self._held) <= MAX_FIRST_BYTES:
            return b""
        if message is None or (asks_again(message) and FINITE_FIELD_WANTED in message):
            raise refusal("KEY_EXCHANGE_TOO_COSTLY")
        held, self._held = self._held, None
        return held


def asks_again(first_message: bytes) -> bool:
    """Whether it is a HelloRetryRequest, after which a server's certificate is still to come."""
    return first_message[RANDOM_AT : RANDOM_AT + len(HELLO_RETRY)] == HELLO_RETRY


def _first_message(records: bytes) -> bytes | None:
    """The first message of a handshake, once it is whole; of what is no handshake everything."""
    message, start = b"", 0
    while start + RECORD_HEADER_BYTES <= len(records):
        if records[start] != HANDSHAKE:
            return records
        end = start + RECORD_HEADER_BYTES + int.from_bytes(records[start + 3 : start + RECORD_HEADER_BYTES])
        message += records[start + RECORD_HEADER_BYTES : end]
        size = MESSAGE_HEADER_BYTES + int.from_bytes(message[1:MESSAGE_HEADER_BYTES])
        if len(message) >= max(size, MESSAGE_HEADER_BYTES):
            return message[:size]
        start = end
    return None


def refusal(reason: str) -> ssl.SSLError:
    """An error as OpenSSL would name it."""
    error = ssl.SSLError(ssl.SSLErrorNumber.SSL_ERROR_SSL, reason)
    error.reason = reason
    return error
