"""asyncio's server with no connection left in the end: its own ``close`` leaves those of TLS that stand."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[None, None, None]]


@asynccontextmanager
async def stream_server(serve: Serve, context: ssl.SSLContext | None) -> AsyncIterator[str]:
    """Run ``serve`` for each connection, cut it afterwards, and raise what went wrong in one; yields the endpoint."""
    tasks: list[asyncio.Task[None]] = []

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not server.is_serving():
            writer.transport.abort()
            return
        task = asyncio.get_running_loop().create_task(serve(reader, writer))
        task.add_done_callback(lambda _: writer.transport.abort())
        tasks.append(task)

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)
    try:
        host, port = server.sockets[0].getsockname()
        yield f"{host}:{port}"
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended
