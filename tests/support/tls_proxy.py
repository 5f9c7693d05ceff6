"""Load balancers in front of peers: one that terminates TLS, as where it was not told to let it through; and one that
lets it through, to several."""

import asyncio
import itertools
import queue
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from gossip.api.options import TlsFiles
from tests.support.stream_server import Serve, stream_server


@contextmanager
def tls_proxy(front: TlsFiles, upstream: str, back: TlsFiles | None) -> Iterator[str]:
    """Present ``front`` to clients, and ``back``, if anything, to the peer at ``upstream``; yields the endpoint."""

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _relay(reader, writer, upstream, _client_context(back))

    with _serving(relay, _server_context(front)) as endpoint:
        yield endpoint


@contextmanager
def tcp_balancer(*upstreams: str) -> Iterator[str]:
    """Pass each connection through to the next peer in turn; yields the endpoint."""
    turns = itertools.cycle(upstreams)

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _relay(reader, writer, next(turns), None)

    with _serving(relay, None) as endpoint:
        yield endpoint


@contextmanager
def _serving(relay: Serve, context: ssl.SSLContext | None) -> Iterator[str]:
    started: queue.Queue[tuple[str, asyncio.AbstractEventLoop, asyncio.Event]] = queue.Queue()

    async def serve() -> None:
        end = asyncio.Event()
        async with stream_server(relay, context) as endpoint:
            started.put((endpoint, asyncio.get_running_loop(), end))
            await end.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    endpoint, loop, end = started.get(timeout=10)
    try:
        yield endpoint
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join()


async def _relay(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, upstream: str, context: ssl.SSLContext | None
) -> None:
    host, _, port = upstream.rpartition(":")
    name = None if context is None else host
    opening = asyncio.create_task(asyncio.open_connection(host, int(port), ssl=context, server_hostname=name))
    try:
        up_reader, up_writer = await asyncio.shield(opening)
        await asyncio.gather(_pump(reader, up_writer), _pump(up_reader, writer))
    except OSError:
        pass
    finally:
        with suppress(OSError):  # where it was cancelled, asyncio would leave it open until the peer says goodbye
            _, up_writer = await opening
            up_writer.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on what comes, and drop it once the other side is gone, of which this side hears nothing."""
    with suppress(OSError):
        while data := await reader.read(65536):
            with suppress(OSError):
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
