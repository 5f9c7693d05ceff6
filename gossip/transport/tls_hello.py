"""The groups over which keys are exchanged, as the first messages of TLS name them. Spec: RFC 8446, 4.1 and 4.2.8.

Of the groups that OpenSSL knows some take 100 ms a connection, and Python can leave all in, or name one alone. So a
listener has a context for each of the two that everybody uses, and a dialler looks at what a server asks for.
"""

import hashlib
import ssl
from typing import NamedTuple

from gossip.transport.tls_records import HEADER_BYTES

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
        """The one for what a client says first; one that lies is refused, and no more."""
        return self.x25519 if X25519_SHARE in client_hello else self.p256


class FirstWords:
    """Holds back what the other side says first until its first message is whole, to see what it asks for.

    ``message`` is that one, as far as it has come.
    """

    def __init__(self) -> None:
        self.is_whole = False
        self.message = b""
        self._held = b""
        self._enough_bytes = 0

    def take(self, data: bytes) -> bytes:
        """Everything that has come, once the first message is whole; nothing before.

        Raises:
            ssl.SSLError: It is longer than there is a reason for.
        """
        self._held += data
        if len(self._held) >= self._enough_bytes:
            self.message, missing_bytes = _first_message(self._held)
            self._enough_bytes = len(self._held) + missing_bytes
            self.is_whole = not missing_bytes
        if not self.is_whole:
            if len(self._held) > MAX_FIRST_BYTES:
                raise refusal("HANDSHAKE_TOO_LONG")
            return b""
        said, self._held = self._held, b""
        return said


def refuse_costly(first_message: bytes) -> None:
    """Return unless a server asks for a key exchange over a finite field.

    Raises:
        ssl.SSLError: It does.
    """
    if asks_again(first_message) and FINITE_FIELD_WANTED in first_message:
        raise refusal("KEY_EXCHANGE_TOO_COSTLY")


def asks_again(first_message: bytes) -> bool:
    """Whether it is a HelloRetryRequest, after which a server's certificate is still to come."""
    return first_message[RANDOM_AT : RANDOM_AT + len(HELLO_RETRY)] == HELLO_RETRY


class _Message(NamedTuple):
    """A message as far as it has come, and how many bytes are missing at least."""

    body: bytes
    missing_bytes: int


def _first_message(records: bytes) -> _Message:
    """The first message of a handshake; what is no handshake has none."""
    body, start, size = b"", 0, MESSAGE_HEADER_BYTES
    while start + HEADER_BYTES <= len(records):
        if records[start] != HANDSHAKE:
            return _Message(b"", 0)
        end = start + HEADER_BYTES + int.from_bytes(records[start + 3 : start + HEADER_BYTES])
        body += records[start + HEADER_BYTES : end]
        if len(body) >= MESSAGE_HEADER_BYTES:
            size = MESSAGE_HEADER_BYTES + int.from_bytes(body[1:MESSAGE_HEADER_BYTES])
        if len(body) >= size:
            return _Message(body[:size], 0)
        start = end
    return _Message(body, size - len(body))


def refusal(reason: str) -> ssl.SSLError:
    """An error as OpenSSL would name it."""
    error = ssl.SSLError(ssl.SSLErrorNumber.SSL_ERROR_SSL, reason)
    error.reason = reason
    return error
