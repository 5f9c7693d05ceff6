"""What the communication layer lets a user choose; the defaults are a Fabric peer's where it has the same setting."""

from dataclasses import dataclass

from gossip.api.options import MIB
from gossip.checks import check_numbers


@dataclass(frozen=True, slots=True)
class CommConfig:
    """Time-outs and buffers.

    Attributes:
        conn_timeout_s: How long the other side's ConnEstablish, and after a probe its verdict, may take.
            ``peer.gossip.connTimeout``.
        send_buffer: Messages that wait for one connection, or for the dial that makes it; one more is dropped. As many
            may wait for one peer's acknowledgement at once. ``peer.gossip.sendBuffSize``.
        subscription_buffer: Messages that wait for one subscriber before it holds the readers up. A Fabric peer's
            holds 10, behind the ``peer.gossip.recvBuffSize`` of each connection.
        subscription_buffer_bytes: The same in bytes; a single message may be longer.
        max_message_bytes: The longest message taken from an authenticated peer that dialled us, and how much of
            messages may be under way on all streams of its connection together.
        linger_s: How long a connection that was replaced is still read from, and longer while something comes or waits;
            so long after each other two peers may dial and count as having dialled at once, at which nothing is lost.
            With 0, what is on its way then may be lost, as with Fabric.
        drain_s: How long ``stop`` lets messages that are queued leave, those that wait for a dial included, and peers
            that we dialled read them.

    Raises:
        ConfigurationError: A number cannot be used; it is named.

    Mirrors: gossip/comm, CommConfig.
    """

    conn_timeout_s: float = 2.0
    send_buffer: int = 200
    subscription_buffer: int = 256
    subscription_buffer_bytes: int = MIB
    max_message_bytes: int = 100 * MIB
    linger_s: float = 2.0
    drain_s: float = 5.0

    def __post_init__(self) -> None:
        check_numbers(self, may_be_zero=("linger_s", "drain_s"))
