"""A proxy that terminates TLS in front of a peer, as load balancers do that were not told to let it through."""

import asyncio
import queue
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from gossip.api.options import TlsFiles


@contextmanager
def tls_proxy(front: TlsFiles, upstream: str, back: TlsFiles | None) -> Iterator[str]:
    """Present ``front`` to clients, and ``back``, if anything, to the peer at ``upstream``; yields the endpoint."""
    started: queue.Queue[tuple[str, asyncio.AbstractEventLoop, asyncio.Event]] = queue.Queue()

    async def serve() -> None:
        end = asyncio.Event()
        relays: set[asyncio.Task[None]] = set()

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            relay = asyncio.current_task()
            assert relay is not None
            relays.add(relay)
            await _relay(reader, writer, upstream, _client_context(back))

        server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=_server_context(front))
        host, port = server.sockets[0].getsockname()
        started.put((f"{host}:{port}", asyncio.get_running_loop(), end))
        await end.wait()
        server.close()
        for relay in relays:
            relay.cancel()
        await asyncio.gather(*relays, return_exceptions=True)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    endpoint, loop, end = started.get(timeout=10)
    try:
        yield endpoint
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join()


async def _relay(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, upstream: str, context: ssl.SSLContext
) -> None:
    host, _, port = upstream.rpartition(":")
    up_reader, up_writer = await asyncio.open_connection(host, int(port), ssl=context, server_hostname=host)
    try:
        await asyncio.gather(_pump(reader, up_writer), _pump(up_reader, writer))
    finally:
        writer.transport.abort()
        up_writer.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()


def _server_context(files: TlsFiles) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    context.set_alpn_protocols(["h2"])
    return context


def _client_context(files: TlsFiles | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # what such proxies do towards their own network
    context.set_alpn_protocols(["h2"])
    if files is not None:
        context.load_cert_chain(files.certificate, files.key)
    return context
