"""Servers that a peer should never meet, each on a loopback port, served by a thread."""

import asyncio
import queue
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

from gossip.api.options import TlsFiles
from gossip.transport.base import StreamHandler
from gossip.transport.grpc import server as grpc_server

Handler = Callable[[socket.socket], None]
EMPTY_SETTINGS = b"\0\0\0\4\0\0\0\0\0"
"""What an HTTP/2 server begins with, and nothing more."""


@contextmanager
def tcp_server(handle: Handler) -> Iterator[str]:
    """Hand each connection to ``handle``, one after the other; yields the endpoint."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with suppress(OSError):  # the end
                while True:
                    connection, _ = listening.accept()
                    with connection, suppress(OSError):
                        handle(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"127.0.0.1:{listening.getsockname()[1]}"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


@contextmanager
def full_backlog() -> Iterator[str]:
    """A port where the system drops what would connect, since nobody accepts and no more may wait; its endpoint."""
    with ExitStack() as opened:
        listening = opened.enter_context(socket.socket())
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(4):
            filler = opened.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listening.getsockname())
        yield f"127.0.0.1:{listening.getsockname()[1]}"


def say_nothing(connection: socket.socket) -> None:
    """Take everything and never answer."""
    while connection.recv(65536):
        pass


def speak_http1(connection: socket.socket) -> None:
    """Answer anything like a web server."""
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


def send_garbage(connection: socket.socket) -> None:
    """Answer with bytes that are no protocol's."""
    connection.recv(65536)
    connection.sendall(bytes(range(256)) * 64)
    say_nothing(connection)


def present(certificate: bytes) -> Handler:
    """Answer the first message of TLS as a server of TLS 1.2 with this certificate, and go no further."""
    hello = b"\x03\x03" + bytes(32) + b"\0" + b"\xc0\x2b\0" + b"\0\x05\xff\x01\0\x01\0"
    listed = _counted(certificate)
    messages = [bytes([kind]) + len(body).to_bytes(3) + body for kind, body in ((2, hello), (11, _counted(listed)))]

    def handle(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"".join(b"\x16\x03\x03" + len(each).to_bytes(2) + each for each in messages))
        say_nothing(connection)

    return handle


def _counted(content: bytes) -> bytes:
    return len(content).to_bytes(3) + content


def refuse_tls(alert: int) -> Handler:
    """Answer the first message of TLS with a fatal alert, by its number."""

    def handle(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(bytes([21, 3, 3, 0, 2, 2, alert]))
        say_nothing(connection)

    return handle


def over_tls(files: TlsFiles, handle: Handler, *, alpn: str | None, takes_weak_signatures: bool = False) -> Handler:
    """The same behind TLS, with or without offering a protocol."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if takes_weak_signatures:
        context.set_ciphers("ALL:@SECLEVEL=0")
    context.load_cert_chain(files.certificate, files.key)
    if alpn is not None:
        context.set_alpn_protocols([alpn])

    def handle_tls(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            handle(secured)

    return handle_tls


def begin_http2_and_stop(connection: socket.socket) -> None:
    """Speak HTTP/2 well enough for a dial to succeed, and answer nothing."""
    connection.sendall(EMPTY_SETTINGS)
    say_nothing(connection)


@contextmanager
def grpc_peer(files: TlsFiles, handler: StreamHandler) -> Iterator[str]:
    """A gRPC server that answers Ping and leaves streams to ``handler``; yields the endpoint."""
    started: queue.Queue[tuple[str, asyncio.AbstractEventLoop, asyncio.Event]] = queue.Queue()

    async def serve() -> None:
        listener = await grpc_server.listen("127.0.0.1:0", handler, tls=files)
        end = asyncio.Event()
        started.put((listener.endpoint, asyncio.get_running_loop(), end))
        await end.wait()
        await listener.close()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    endpoint, loop, end = started.get(timeout=10)
    try:
        yield endpoint
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join()
