"""Who attacks: where, with which certificate and identity, how patiently, and how much."""

import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from gossip.api.options import TlsFiles
from gossip.errors import DialError
from gossip.misbehave.conversation import Conversation
from gossip.misbehave.dial import C, dial
from gossip.misbehave.forger import Forger
from gossip.misbehave.http2_peer import Http2Peer
from gossip.misbehave.session import Session
from gossip.transport.endpoint import format_endpoint, parse_endpoint
from gossip.transport.tls.contexts import client_side


@dataclass(frozen=True, slots=True)
class Attacker:
    """What a fault works with.

    Attributes:
        host, port: The other side.
        context: TLS with our certificate.
        forger: Makes what we say of ourselves.
        patience_s: How long an ending is waited for.
        pace_s: Between two bytes, where bytes are said one by one.
        amount: How many times a thing is done that may be done any number of times.
    """

    host: str
    port: int
    context: ssl.SSLContext
    forger: Forger
    patience_s: float = 30.0
    pace_s: float = 0.1
    amount: int = 1000

    @asynccontextmanager
    async def tcp(self) -> AsyncIterator[Conversation]:
        """A connection on which nothing has been said.

        Raises:
            DialError: Nobody listens.

        Cancellation: it is cut.
        """
        async with self._connected(Conversation, None) as conversation:
            yield conversation

    @asynccontextmanager
    async def tls(self, context: ssl.SSLContext | None = None) -> AsyncIterator[Conversation]:
        """A connection on which TLS stands, and nothing else has been said.

        Raises:
            DialError: Nothing listens, or TLS fails.

        Cancellation: it is cut.
        """
        async with self._connected(Conversation, context or self.context) as conversation:
            yield conversation

    @asynccontextmanager
    async def http2(
        self, wanted: dict[int, int] | None = None, context: ssl.SSLContext | None = None
    ) -> AsyncIterator[Http2Peer]:
        """An HTTP/2 connection with our SETTINGS said.

        Raises:
            DialError: Nothing listens, or TLS fails.

        Cancellation: it is cut.
        """
        async with self._connected(Http2Peer, context or self.context) as peer:
            peer.begin(wanted)
            yield peer

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """A GossipStream on which we have authenticated.

        Raises:
            DialError: Nothing listens, or TLS fails.
            NotServedError: We were not accepted.

        Cancellation: the connection is cut.
        """
        async with self.http2() as peer:
            session = Session(peer, 1, self.patience_s)
            await session.authenticate(self.forger.conn_establish())
            yield session

    def dial_error(self, stage: str, text: str) -> DialError:
        """No connection came about that a fault could happen on."""
        return DialError(format_endpoint((self.host, self.port)), stage, text)

    @asynccontextmanager
    async def _connected(self, make: Callable[[], C], context: ssl.SSLContext | None) -> AsyncIterator[C]:
        conversation = await dial(self.host, self.port, make, context)
        try:
            yield conversation
        finally:
            conversation.abort()


def make_attacker(endpoint: str, *, mspid: str, msp_dir: Path, tls: TlsFiles, ca_dir: Path | None = None) -> Attacker:
    """Attack ``endpoint`` as the owner of a local MSP folder and a TLS certificate.

    Args:
        endpoint: ``host:port``.
        mspid: Of our organisation.
        msp_dir: With our certificate and key.
        tls: What our connections present, and whom they trust.
        ca_dir: With certificate and key of our organisation's CA, as cryptogen writes it, for faults that need it.

    Raises:
        ConfigurationError: A file or folder cannot be used.
        ValueError: ``endpoint`` is not ``host:port``.
    """
    host, port = parse_endpoint(endpoint)
    side = client_side(tls)
    return Attacker(host, port, side.context, Forger(mspid, msp_dir, side.own_certificate, ca_dir))
