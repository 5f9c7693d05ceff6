"""What a Ping and its answer may hold."""

from gossip.errors import MalformedMessageError
from gossip.messages import Empty
from gossip.wire.codec import decode

MAX_PING_BYTES = 1024
"""A Ping has no fields, and may have some that we do not know."""


def find_fault_of_ping(message: bytes) -> str | None:
    """Why a message is no Ping, in words; None where it is one, as nearly always when it is empty."""
    if not message:
        return None
    if len(message) > MAX_PING_BYTES:
        return f"{len(message)} bytes are more than {MAX_PING_BYTES}"
    try:
        decode(Empty, message)
    except MalformedMessageError as fault:
        return str(fault)
    return None
