"""How long the other machine may leave unacknowledged what we sent.

PINGs go out in silence alone: who sends to a machine that is gone would learn of it much later.
Mirrors: grpc-go/internal/transport, newHTTP2Client and NewServerTransport.
"""

import socket
import sys
from math import ceil

MAX_MS = 2**31 - 1
"""The highest value that the system takes."""


def limit_unacknowledged(connected: socket.socket, timeout_s: float) -> None:
    """End the connection when TCP's acknowledgement of something did not come for so long; on Linux, as in gRPC."""
    if sys.platform == "linux":
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, min(ceil(timeout_s * 1000), MAX_MS))
