"""Connects step by step, so that a failure is told by the stage at which it happened."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import TypeVar

from gossip.errors import DialError
from gossip.misbehave.conversation import Conversation
from gossip.transport.endpoint import certified_name, format_endpoint
from gossip.transport.grpc.errors import address_error
from gossip.transport.tcp.names import connect_to_any, look_up
from gossip.transport.tls.errors import describe

C = TypeVar("C", bound=Conversation)

DIAL_S = 5.0


async def dial(host: str, port: int, make: Callable[[], C], context: ssl.SSLContext | None) -> C:
    """A conversation over TCP, or over TLS where there is a context, within :data:`DIAL_S` seconds.

    Raises:
        DialError: There is no such host, nothing listens, or TLS fails; the stage says which.

    Cancellation: what was connected is cut.
    """
    endpoint = format_endpoint((host, port))
    stage = "address"
    try:
        async with asyncio.timeout(DIAL_S):
            addresses = await look_up(host, port)
            stage = "tcp"
            connected = await connect_to_any(addresses)
            stage = "tls" if context is not None else "tcp"
            return await _converse(connected, make, context, host)
    except socket.gaierror as error:
        raise address_error(endpoint, error) from error
    except TimeoutError as error:
        raise DialError(endpoint, stage, f"no answer within {DIAL_S:g} s") from error
    except OSError as error:
        raise DialError(endpoint, stage, describe(error) if str(error) else "the peer closed the connection") from error


async def _converse(connected: socket.socket, make: Callable[[], C], context: ssl.SSLContext | None, host: str) -> C:
    name = certified_name(host) if context is not None else None
    loop = asyncio.get_running_loop()
    _, conversation = await loop.create_connection(make, sock=connected, ssl=context, server_hostname=name)
    return conversation
