"""Whether somebody who knocked has left before we looked.

On a busy machine, those whose dials were given up wait in the system's line before those who dial anew. To shake hands
with them first, which takes milliseconds, lets the others be too late, too.
"""

import socket
import sys

CLOSE, CLOSE_WAIT = b"\x07", b"\x08"
"""States of TCP, with which TCP_INFO begins: the other side reset the connection, or closed its half of it."""


def has_departed(accepted: socket.socket) -> bool:
    """Whether the other side reads no answer any more; on Linux, elsewhere that shows when the connection is read."""
    state = b""
    if sys.platform == "linux":
        state = accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
    return state in {CLOSE, CLOSE_WAIT}
