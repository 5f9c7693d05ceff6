"""Says a ConnEstablish of the caller's making to a peer: what an impostor does, to see it refused."""

from gossip.api.options import DialOptions, TlsFiles
from gossip.comm.handshake.patience import within
from gossip.transport.base import Channel
from gossip.transport.grpc.client import GrpcDialer

TIMEOUT_S = 2.0
"""How long the peer may take over its answer."""


async def present(endpoint: str, tls: TlsFiles, conn_establish: bytes) -> None:
    """Send ``conn_establish``, whatever it claims; return when the peer ends the stream well, as after a probe.

    Args:
        endpoint: Where the peer listens.
        tls: What this connection presents.
        conn_establish: An encoded envelope with a ConnEstablish; nothing of it is checked here.

    Raises:
        RefusedByPeerError: The peer refused it, in its own words.
        TransportError: The peer was not reached, fell silent or goes on talking.
        ConfigurationError: A TLS file cannot be used.

    Cancellation: the connection is cut.
    """
    channel = await GrpcDialer(DialOptions(tls=tls)).dial(endpoint)
    try:
        await within(TIMEOUT_S, _say_and_listen(channel, conn_establish), "verdict on our identity", endpoint)
    finally:
        channel.abort()


async def _say_and_listen(channel: Channel, conn_establish: bytes) -> None:
    stream = await channel.open_stream()
    await stream.send([conn_establish])
    while await stream.receive():
        pass  # its own ConnEstablish
