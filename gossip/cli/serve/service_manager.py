"""Tells who started us, systemd say, when a peer is ready. Spec: sd_notify(3)."""

import logging
import os
import socket

VARIABLE = "NOTIFY_SOCKET"
READY, STOPPING = b"READY=1", b"STOPPING=1"
_ABSTRACT = "@"

logger = logging.getLogger("peer.gossip")


def notify(state: bytes) -> None:
    """Send ``state`` to the socket that ``NOTIFY_SOCKET`` names, if it names one; that it cannot be sent is logged."""
    address = os.environ.get(VARIABLE)
    if not address:
        return
    if address.startswith(_ABSTRACT):
        address = "\0" + address.removeprefix(_ABSTRACT)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.setblocking(False)
            manager.sendto(state, address)
    except OSError as error:
        logger.warning("Could not send %s to the service manager, %s=%r: %s", state.decode(), VARIABLE, address, error)
